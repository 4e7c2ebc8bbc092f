//! Business identifier codes.

use serde::{Deserialize, Serialize};

/// Business Identifier Code (ISO 9362), 8 or 11 characters, in the form STET prescribes for `bicFi`:
/// `^[A-Z]{6,6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3,3}){0,1}$`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bic(String);

/// The text is not a BIC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a BIC of 8 or 11 characters")]
pub struct InvalidBic;

impl Bic {
    /// Parses a BIC.
    ///
    /// # Errors
    ///
    /// [`InvalidBic`] if the pattern is not met.
    pub fn parse(text: &str) -> Result<Self, InvalidBic> {
        let bytes = text.as_bytes();
        let known_length = matches!(bytes.len(), 8 | 11);
        let meets = |(index, byte): (usize, &u8)| match index {
            0..=5 => byte.is_ascii_uppercase(),
            6 => byte.is_ascii_uppercase() || (b'2'..=b'9').contains(byte),
            7 => (byte.is_ascii_uppercase() && *byte != b'O') || byte.is_ascii_digit(),
            _ => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        };
        if known_length && bytes.iter().enumerate().all(meets) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidBic)
        }
    }

    /// The country, ISO 3166-1 alpha-2: characters 5 and 6.
    pub fn country(&self) -> &str {
        self.0.get(4..6).expect("parse saw six letters first")
    }

    /// The BIC as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Bic {
    type Error = InvalidBic;
    fn try_from(text: String) -> Result<Self, InvalidBic> {
        Self::parse(&text)
    }
}

impl From<Bic> for String {
    fn from(bic: Bic) -> Self {
        bic.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pattern_of_the_standard_is_a_bic() {
        for good in ["CEPAFRPP751", "CEPAFRPP", "COBADEFF", "UBSWCHZH80A"] {
            assert!(Bic::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "CEPAFRPP75", "cepafrpp751", "CEPAFRP0751é", "CEPAFR1P", "CEPAFRPO", "CEPA1RPP"] {
            assert_eq!(Bic::parse(bad), Err(InvalidBic), "{bad}");
        }
    }
}
