//! Patterns of the standard that a reader checks before the value itself is proven, as predicates. They look
//! at characters only: check digits, code lists and what a bank accepts are decided elsewhere.

/// Whether `text` looks like a country code, ISO 3166 alpha-2: `^[A-Z]{2}$`.
pub fn is_country(text: &str) -> bool {
    text.len() == 2 && all_upper(text.as_bytes())
}

/// Whether `text` looks like an IBAN (STET 1.4.0.47, `AccountIdentification`):
/// `^[A-Z]{2,2}[0-9]{2,2}[a-zA-Z0-9]{1,30}$`. Length by country and check digits are not looked at.
pub fn is_iban(text: &str) -> bool {
    match text.as_bytes() {
        [c1, c2, d1, d2, account @ ..] => {
            all_upper(&[*c1, *c2])
                && d1.is_ascii_digit()
                && d2.is_ascii_digit()
                && (1..=30).contains(&account.len())
                && account.iter().all(u8::is_ascii_alphanumeric)
        }
        _ => false,
    }
}

fn all_upper(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_two_upper_case_letters() {
        assert!(is_country("FR"));
        for bad in ["", "fr", "FRA", "F", "F1", "é"] {
            assert!(!is_country(bad), "{bad}");
        }
    }

    #[test]
    fn an_iban_pattern_is_country_digits_and_account() {
        for good in ["FR7611425009000401234567877", "FR761"] {
            assert!(is_iban(good), "{good}");
        }
        let too_long = format!("FR76{}", "1".repeat(31));
        for bad in ["", "FR76", "fr7611425", "FRX611425", "FR76 1142", "FR76é", too_long.as_str()] {
            assert!(!is_iban(bad), "{bad}");
        }
    }
}
