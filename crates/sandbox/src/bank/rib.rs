//! French account numbers: the RIB inside an IBAN and its two checks.

use payments::values::Iban;

/// The IBAN of an account at a French bank: `bank` and `branch` of 5 digits, `account` of 11 digits or
/// capital letters. Key and check digits are computed (relevé d'identité bancaire; ISO 13616-1). Nothing
/// if a part has another form.
pub fn french_iban(bank: &str, branch: &str, account: &str) -> Option<Iban> {
    let digits = |part: &str| part.len() == 5 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(bank) || !digits(branch) || account.len() != 11 {
        return None;
    }
    let rest = 89 * number(bank)? + 15 * number(branch)? + 3 * number(account)?;
    let key = 97 - rest % 97;
    let bban = format!("{bank}{branch}{account}{key:02}");
    // "FR00" behind the number, as the check wants it: F is 15, R is 27.
    let remainder = remainder_97(&format!("{bban}FR00"))?;
    Iban::parse(&format!("FR{:02}{bban}", 98 - remainder)).ok()
}

/// A part of a RIB as a number; letters stand for digits as on a French keyboard of old:
/// A J = 1, B K S = 2, … I R Z = 9.
fn number(part: &str) -> Option<u64> {
    part.chars().try_fold(0_u64, |number, character| {
        let digit = match character {
            '0'..='9' => character.to_digit(10)?,
            'A'..='I' => u32::from(character) - u32::from('A') + 1,
            'J'..='R' => u32::from(character) - u32::from('J') + 1,
            'S'..='Z' => u32::from(character) - u32::from('S') + 2,
            _ => return None,
        };
        Some(number * 10 + u64::from(digit))
    })
}

fn remainder_97(text: &str) -> Option<u32> {
    text.chars().try_fold(0_u32, |remainder, character| {
        let value = character.to_digit(36)?;
        let shift = if value < 10 { 10 } else { 100 };
        Some((remainder * shift + value) % 97)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_and_check_digits_of_known_accounts_are_found_again() {
        let table = [
            ("17515", "90000", "08001234567", "FR7617515900000800123456711"),
            ("17515", "90000", "08001234575", "FR7617515900000800123457584"),
            ("17515", "90000", "08002345678", "FR7617515900000800234567883"),
            ("17515", "90000", "22002345678", "FR7617515900002200234567813"),
            ("17515", "90000", "08003456789", "FR7617515900000800345678958"),
            ("17515", "90000", "08004567890", "FR7617515900000800456789063"),
            ("17515", "90000", "08005678901", "FR7617515900000800567890147"),
            ("17515", "90000", "08006789012", "FR7617515900000800678901215"),
            ("17515", "90000", "08007890123", "FR7617515900000800789012317"),
            ("17515", "90000", "08008901234", "FR7617515900000800890123468"),
            ("17515", "90000", "08009012345", "FR7617515900000800901234527"),
            ("11425", "00900", "04012345678", "FR7611425009000401234567877"),
            ("14505", "00001", "08112233445", "FR7614505000010811223344524"),
            ("20041", "01005", "0500013M026", "FR1420041010050500013M02606"),
        ];
        for (bank, branch, account, expected) in table {
            let iban = french_iban(bank, branch, account);
            assert_eq!(iban.as_ref().map(Iban::as_str), Some(expected), "{account}");
        }
    }

    #[test]
    fn a_part_of_another_form_gives_no_account() {
        for (bank, branch, account) in [
            ("1751", "90000", "08001234567"),
            ("17515", "9000A", "08001234567"),
            ("17515", "90000", "0800123456"),
            ("17515", "90000", "0800123456é"),
            ("17515", "90000", "0800123456a"),
        ] {
            assert_eq!(french_iban(bank, branch, account), None, "{account}");
        }
    }
}
