//! Free text from outside: names, address lines, remittance.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Printable text of 1 to `MAX` characters, without control characters.
///
/// It may be personal data: `Debug` masks it and there is no `Display`; call [`Text::as_str`] where it
/// must be shown, and escape it there. The original is kept as written; what the SEPA character set
/// cannot carry is transliterated at the edge to the rail only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing but spaces.
    #[error("must not be empty")]
    Empty,
    /// Longer than allowed.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The limit, in characters.
        max: usize,
    },
    /// Contains a control character.
    #[error("must not contain control characters")]
    Control,
}

impl<const MAX: usize> Text<MAX> {
    /// Parses a text, keeping it exactly as written.
    ///
    /// # Errors
    ///
    /// The first rule that fails, in the order of [`InvalidText`].
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        if text.trim().is_empty() {
            return Err(InvalidText::Empty);
        }
        if text.chars().count() > MAX {
            return Err(InvalidText::TooLong { max: MAX });
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidText::Control);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text, for showing it or sending it on.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Text(…)")
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = InvalidText;
    fn try_from(text: String) -> Result<Self, InvalidText> {
        Self::parse(&text)
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_as_written_or_refused() {
        let table = [
            ("Boutique Exemple", Ok(())),
            ("Évil & <Co> 🦀", Ok(())),
            ("  ", Err(InvalidText::Empty)),
            ("a\u{0}b", Err(InvalidText::Control)),
            ("a\nb", Err(InvalidText::Control)),
            ("12345678901234567", Err(InvalidText::TooLong { max: 16 })),
            ("éééééééééééééééé", Ok(())),
        ];
        for (text, expected) in table {
            assert_eq!(Text::<16>::parse(text).map(|parsed| assert_eq!(parsed.as_str(), text)), expected);
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_text() {
        assert_eq!(format!("{:?}", Text::<16>::parse("Camille").unwrap()), "Text(…)");
    }
}
