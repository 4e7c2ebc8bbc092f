//! International bank account numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// International Bank Account Number of the SEPA area, in electronic form (ISO 13616-1).
///
/// To hold one is to know that its country, length and check digits are right; national keys inside
/// are not checked, because other banks' accounts are theirs to judge. It is personal data: `Debug`
/// masks it and there is no `Display`; call [`Iban::as_str`] where it must be shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Iban(String);

/// Why a text is not an IBAN we can pay to or from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIban {
    /// The first two characters are no country of the SEPA area.
    #[error("must begin with a country of the SEPA area")]
    Country,
    /// Not the number of characters the country prescribes.
    #[error("must have {expected} characters")]
    Length {
        /// What the country prescribes.
        expected: usize,
    },
    /// The ISO 7064 check (mod 97) fails, or a character is neither letter nor digit.
    #[error("has wrong check digits")]
    CheckDigits,
}

/// Countries of the SEPA area (EPC409-09) with the length of their IBAN (ISO 13616 registry) and whether
/// they belong to the euro area or use the euro by agreement with it.
const SEPA: [(&str, usize, bool); 42] = [
    ("AD", 24, true),
    ("AL", 28, false),
    ("AT", 20, true),
    ("BE", 16, true),
    ("BG", 22, true),
    ("CH", 21, false),
    ("CY", 28, true),
    ("CZ", 24, false),
    ("DE", 22, true),
    ("DK", 18, false),
    ("EE", 20, true),
    ("ES", 24, true),
    ("FI", 18, true),
    ("FR", 27, true),
    ("GB", 22, false),
    ("GI", 23, false),
    ("GR", 27, true),
    ("HR", 21, true),
    ("HU", 28, false),
    ("IE", 22, true),
    ("IS", 26, false),
    ("IT", 27, true),
    ("LI", 21, false),
    ("LT", 20, true),
    ("LU", 20, true),
    ("LV", 21, true),
    ("MC", 27, true),
    ("MD", 24, false),
    ("ME", 22, true),
    ("MK", 19, false),
    ("MT", 31, true),
    ("NL", 18, true),
    ("NO", 15, false),
    ("PL", 28, false),
    ("PT", 25, true),
    ("RO", 24, false),
    ("RS", 22, false),
    ("SE", 24, false),
    ("SI", 19, true),
    ("SK", 24, true),
    ("SM", 27, true),
    ("VA", 22, true),
];

fn registry(country: &str) -> Option<&'static (&'static str, usize, bool)> {
    SEPA.iter().find(|entry| entry.0 == country)
}

impl Iban {
    /// Parses the electronic or the printed form (groups of four, spaces allowed); letters become upper case.
    ///
    /// # Errors
    ///
    /// The first rule that fails, in this order: country, length, check digits.
    pub fn parse(text: &str) -> Result<Self, InvalidIban> {
        let iban: String = text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect();
        let country = iban.get(..2).ok_or(InvalidIban::Country)?;
        let (_, length, _) = registry(country).ok_or(InvalidIban::Country)?;
        if iban.len() != *length {
            return Err(InvalidIban::Length { expected: *length });
        }
        let check = iban.get(2..4).unwrap_or_default();
        if !check.bytes().all(|byte| byte.is_ascii_digit()) || mod_97(&iban) != Some(1) {
            return Err(InvalidIban::CheckDigits);
        }
        Ok(Self(iban))
    }

    /// The electronic form, for showing it to someone who may see it or sending it on.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The printed form, in groups of four (ISO 13616-1).
    pub fn printed(&self) -> String {
        let groups: Vec<String> =
            self.0.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        groups.join(" ")
    }

    /// The last four characters, enough for a PSU to recognise an account.
    pub fn last_four(&self) -> &str {
        self.0.get(self.0.len().saturating_sub(4)..).unwrap_or_default()
    }

    /// The two-letter country.
    pub fn country(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }

    /// The bank code of a French IBAN, its characters 5 to 9; nothing for other countries.
    pub fn french_bank_code(&self) -> Option<&str> {
        if self.country() == "FR" { self.0.get(4..9) } else { None }
    }

    /// Whether the account's country uses the euro: outside, a transfer must name the creditor's BIC.
    pub fn in_euro_area(&self) -> bool {
        registry(self.country()).is_some_and(|entry| entry.2)
    }
}

/// The ISO 7064 remainder, or nothing if a character is neither letter nor digit.
fn mod_97(iban: &str) -> Option<u32> {
    let (head, tail) = iban.split_at_checked(4)?;
    let mut remainder = 0;
    for character in tail.chars().chain(head.chars()) {
        let value = character.to_digit(36)?;
        remainder = if value < 10 { remainder * 10 + value } else { remainder * 100 + value } % 97;
    }
    Some(remainder)
}

impl fmt::Debug for Iban {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Iban({}…)", self.country())
    }
}

impl TryFrom<String> for Iban {
    type Error = InvalidIban;
    fn try_from(text: String) -> Result<Self, InvalidIban> {
        Self::parse(&text)
    }
}

impl From<Iban> for String {
    fn from(iban: Iban) -> Self {
        iban.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_iban_is_proven_by_country_length_and_check_digits() {
        let table = [
            ("FR7611425009000401234567877", Ok(())),
            ("FR76 1142 5009 0004 0123 4567 877", Ok(())),
            ("FR1420041010050500013M02606", Ok(())),
            ("fr1420041010050500013m02606", Ok(())),
            ("DE89370400440532013000", Ok(())),
            ("CH9300762011623852957", Ok(())),
            ("FR7611425009000401234567878", Err(InvalidIban::CheckDigits)),
            ("FRé611425009000401234567877", Err(InvalidIban::Length { expected: 27 })),
            ("FRAA11425009000401234567877", Err(InvalidIban::CheckDigits)),
            ("FR761142500900040123456787", Err(InvalidIban::Length { expected: 27 })),
            ("US64SVBKUS6S3300958879", Err(InvalidIban::Country)),
            ("", Err(InvalidIban::Country)),
            ("é", Err(InvalidIban::Country)),
        ];
        for (text, expected) in table {
            assert_eq!(Iban::parse(text).map(|_| ()), expected, "{text}");
        }
    }

    #[test]
    fn debug_shows_the_country_and_nothing_else() {
        let iban = Iban::parse("FR7611425009000401234567877").unwrap();
        assert_eq!(format!("{iban:?}"), "Iban(FR…)");
    }

    #[test]
    fn a_french_iban_names_its_bank() {
        let iban = Iban::parse("FR7617515900000800123456711").unwrap();
        assert_eq!(iban.french_bank_code(), Some("17515"));
        assert_eq!(iban.last_four(), "6711");
        assert_eq!(iban.printed(), "FR76 1751 5900 0008 0012 3456 711");
        assert_eq!(Iban::parse("DE89370400440532013000").unwrap().french_bank_code(), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = Iban::parse(&text);
        }

        #[test]
        fn one_wrong_digit_is_always_found(position in 4_usize..27, shift in 1_u8..10) {
            let mut digits = b"FR7617515900000800123456711".to_vec();
            digits[position] = b'0' + (digits[position] - b'0' + shift) % 10;
            prop_assert!(Iban::parse(std::str::from_utf8(&digits).unwrap()).is_err());
        }
    }
}
