//! The patterns of the standard, as predicates. They look at characters only: check digits, code lists and
//! what a bank accepts are decided elsewhere.

/// Whether `text` is an identifier of at most 35 characters (STET 1.4.0.47, `ResourceId` and the PISP's own
/// identifiers): `^([a-zA-Z0-9 /\-?:\()\.,']{1,35})$`.
pub fn is_id35(text: &str) -> bool {
    is_id(text, 35)
}

/// Whether `text` is an identifier of at most 36 characters, so that a UUID fits (STET 1.5.0.43).
pub fn is_id36(text: &str) -> bool {
    is_id(text, 36)
}

fn is_id(text: &str, longest: usize) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b" /-?:().,'".contains(&b);
    (1..=longest).contains(&text.len()) && text.bytes().all(allowed)
}

/// Whether `text` looks like a currency code, ISO 4217 alphabetic: `^[A-Z]{3}$`.
pub fn is_currency(text: &str) -> bool {
    text.len() == 3 && all_upper(text.as_bytes())
}

/// Whether `text` looks like a country code, ISO 3166 alpha-2: `^[A-Z]{2}$`.
pub fn is_country(text: &str) -> bool {
    text.len() == 2 && all_upper(text.as_bytes())
}

/// Whether `text` looks like a BIC (STET 1.4.0.47, `FinancialInstitutionIdentification`):
/// `^[A-Z]{6,6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3,3}){0,1}$`.
pub fn is_bic(text: &str) -> bool {
    let upper_or_digit = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    match text.as_bytes() {
        [institution_and_country @ .., location_1, location_2] if text.len() == 8 => {
            all_upper(institution_and_country) && is_bic_location(*location_1, *location_2)
        }
        [institution_and_country @ .., location_1, location_2, a, b, c] if text.len() == 11 => {
            all_upper(institution_and_country)
                && is_bic_location(*location_1, *location_2)
                && [a, b, c].into_iter().all(upper_or_digit)
        }
        _ => false,
    }
}

fn is_bic_location(first: u8, second: u8) -> bool {
    matches!(first, b'A'..=b'Z' | b'2'..=b'9') && matches!(second, b'A'..=b'N' | b'P'..=b'Z' | b'0'..=b'9')
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
    fn id35_follows_the_pattern() {
        for good in ["a", "PI-20260302-0001", " /-?:().,'", &"x".repeat(35)] {
            assert!(is_id35(good), "{good}");
        }
        for bad in ["", "a+b", "a_b", "a\\b", "é", "a\nb", "\"", &"x".repeat(36)] {
            assert!(!is_id35(bad), "{bad}");
        }
    }

    #[test]
    fn a_uuid_is_an_id36_and_no_id35() {
        let uuid = "7c9b1f2e-3a4d-4e5f-8a9b-0c1d2e3f4a5b";
        assert!(is_id36(uuid) && !is_id35(uuid));
    }

    #[test]
    fn currency_and_country_are_upper_case_letters() {
        assert!(is_currency("EUR") && is_country("FR"));
        for bad in ["", "eur", "EURO", "EU", "E1R", "€"] {
            assert!(!is_currency(bad), "{bad}");
        }
        for bad in ["", "fr", "FRA", "F", "F1", "é"] {
            assert!(!is_country(bad), "{bad}");
        }
    }

    #[test]
    fn a_bic_has_8_or_11_characters_in_their_places() {
        for good in ["CEPAFRPP", "CEPAFRPP751", "BNPAFR2N", "AAAAAA2A", "AAAAAAA0XXX"] {
            assert!(is_bic(good), "{good}");
        }
        let bad =
            ["", "CEPAFRP", "CEPAFRPP7", "CEPAFRPP75", "CEPAFRPP7511", "cepafrpp", "CEPAFRPO", "CEPAFR1P"];
        for bad in bad.into_iter().chain(["CEP1FRPP", "CEPAFRPP75a", "CEPAFRPé", "CEPAFR0P"]) {
            assert!(!is_bic(bad), "{bad}");
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
