//! The authorisation number of a payment service provider, as eIDAS certificates carry it.

use std::fmt;

/// Longest identifier read. ETSI sets no bound on the number an authority gives; ours keeps keys small.
const MAX_LENGTH: usize = 128;

/// The organizationIdentifier of a payment service provider (ETSI TS 119 495, 5.2.1).
///
/// `PSD`, the country of the national competent authority, `-`, the authority, `-`, the number that the
/// authority gave: `PSDFR-ACPR-12345`. Kept as received; equality is byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrganizationIdentifier {
    text: String,
    /// Where the authority's letters end: the `-` before the number.
    nca_end: usize,
}

/// What in a text keeps it from being an [`OrganizationIdentifier`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrganizationIdentifier {
    /// More than 128 characters.
    #[error("organizationIdentifier is longer than 128 characters")]
    Length,
    /// It does not start with `PSD`.
    #[error("organizationIdentifier does not start with PSD (ETSI TS 119 495, 5.2.1)")]
    Prefix,
    /// `PSD` is not followed by two capital letters and `-`.
    #[error("organizationIdentifier has no two-letter country after PSD (ETSI TS 119 495, 5.2.1)")]
    Country,
    /// The authority is not 2 to 8 capital letters followed by `-`.
    #[error(
        "organizationIdentifier does not name the authority in 2 to 8 capital letters (ETSI TS 119 495, 5.2.1)"
    )]
    Authority,
    /// The number is empty or has a character other than letters, digits and `._/+-`.
    #[error("organizationIdentifier has no usable authorisation number (ETSI TS 119 495, 5.2.1)")]
    Number,
}

#[expect(clippy::missing_panics_doc, reason = "parse proved the parts that the accessors cut out")]
impl OrganizationIdentifier {
    /// Parses `PSDXX-AUTHORITY-NUMBER`.
    ///
    /// # Errors
    ///
    /// The first part that is wrong, read from the left.
    pub fn parse(text: &str) -> Result<Self, InvalidOrganizationIdentifier> {
        use InvalidOrganizationIdentifier as Invalid;
        if text.len() > MAX_LENGTH {
            return Err(Invalid::Length);
        }
        let rest = text.strip_prefix("PSD").ok_or(Invalid::Prefix)?;
        let (country, rest) = rest.split_once('-').ok_or(Invalid::Country)?;
        if country.len() != 2 || !is_capitals(country) {
            return Err(Invalid::Country);
        }
        let (authority, number) = rest.split_once('-').ok_or(Invalid::Authority)?;
        if !(2..=8).contains(&authority.len()) || !is_capitals(authority) {
            return Err(Invalid::Authority);
        }
        if number.is_empty() || !number.bytes().all(is_number_byte) {
            return Err(Invalid::Number);
        }
        Ok(Self { text: text.to_owned(), nca_end: text.len() - number.len() - 1 })
    }

    /// The identifier as received.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The country of the national competent authority, ISO 3166-1 alpha-2: `FR`.
    pub fn country(&self) -> &str {
        self.text.get(3..5).expect("parse saw two letters after PSD")
    }

    /// The national competent authority as a PSD2 statement names it: `FR-ACPR`.
    pub fn nca_id(&self) -> &str {
        self.text.get(3..self.nca_end).expect("parse saw where the authority ends")
    }

    /// The authorisation number that the authority gave: `12345`.
    pub fn number(&self) -> &str {
        self.text.get(self.nca_end + 1..).expect("parse saw a number after the authority")
    }
}

impl fmt::Display for OrganizationIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_capitals(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_uppercase())
}

fn is_number_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"._/+-".contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use InvalidOrganizationIdentifier as Invalid;

    type Parts<'a> = (&'a str, &'a str, &'a str);

    #[test]
    fn an_identifier_is_psd_country_authority_and_number() {
        let long = format!("PSDFR-ACPR-{}", "1".repeat(118));
        let table: &[(&str, Result<Parts<'_>, Invalid>)] = &[
            ("PSDFR-ACPR-12345", Ok(("FR", "FR-ACPR", "12345"))),
            ("PSDDE-BAFIN-99999", Ok(("DE", "DE-BAFIN", "99999"))),
            ("PSDNL-DNB-33031431-0", Ok(("NL", "NL-DNB", "33031431-0"))),
            ("PSDGB-FCA-a.b_c/d+e", Ok(("GB", "GB-FCA", "a.b_c/d+e"))),
            ("", Err(Invalid::Prefix)),
            ("VATFR-12345678901", Err(Invalid::Prefix)),
            ("psdFR-ACPR-12345", Err(Invalid::Prefix)),
            ("PSD", Err(Invalid::Country)),
            ("PSDfr-ACPR-12345", Err(Invalid::Country)),
            ("PSDFRA-ACPR-12345", Err(Invalid::Country)),
            ("PSDÉ-ACPR-12345", Err(Invalid::Country)),
            ("PSDFR", Err(Invalid::Country)),
            ("PSDFR-ACPR", Err(Invalid::Authority)),
            ("PSDFR-A-12345", Err(Invalid::Authority)),
            ("PSDFR-ABCDEFGHI-12345", Err(Invalid::Authority)),
            ("PSDFR-ACP1-12345", Err(Invalid::Authority)),
            ("PSDFR-ACPR-", Err(Invalid::Number)),
            ("PSDFR-ACPR-12 345", Err(Invalid::Number)),
            ("PSDFR-ACPR-12345\n", Err(Invalid::Number)),
            ("PSDFR-ACPR-é", Err(Invalid::Number)),
            (&long, Err(Invalid::Length)),
        ];
        for (text, expected) in table {
            let parsed = OrganizationIdentifier::parse(text);
            let parts = parsed.as_ref().map(|id| (id.country(), id.nca_id(), id.number()));
            assert_eq!(parts, expected.as_ref().map(|parts| *parts), "{text}");
            if let Ok(id) = parsed {
                assert_eq!(id.as_str(), *text);
                assert_eq!(id.to_string(), *text);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,140}") {
            let _ = OrganizationIdentifier::parse(&text);
        }

        #[test]
        fn what_the_rule_describes_is_accepted(text in "PSD[A-Z]{2}-[A-Z]{2,8}-[A-Za-z0-9._/+-]{1,40}") {
            let id = OrganizationIdentifier::parse(&text).unwrap();
            proptest::prop_assert_eq!(format!("PSD{}-{}", id.nca_id(), id.number()), text);
        }
    }
}
