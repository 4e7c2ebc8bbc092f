//! The alphabet SEPA messages are written in.

use std::fmt;

use deunicode::deunicode_with_tofu;

/// What stands for a character that has no likeness in the alphabet.
const SUBSTITUTE: char = '.';

/// Text of 1 to `MAX` characters of the SEPA Latin set, without space at either end
/// (EPC217-08, basic Latin character set). It may be personal data: `Debug` masks it.
#[derive(Clone, PartialEq, Eq)]
pub struct SepaText<const MAX: usize>(String);

/// The text is not one a SEPA message can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to {max} characters of the SEPA Latin set and no space at either end")]
pub struct InvalidSepaText {
    max: usize,
}

impl<const MAX: usize> SepaText<MAX> {
    /// Parses a text that is already in the alphabet.
    ///
    /// # Errors
    ///
    /// [`InvalidSepaText`] otherwise.
    pub fn parse(text: &str) -> Result<Self, InvalidSepaText> {
        let fits = (1..=MAX).contains(&text.len()) && text.trim() == text;
        if fits && text.chars().all(in_alphabet) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidSepaText { max: MAX })
        }
    }

    /// The nearest text the alphabet has: accents are dropped, other scripts transcribed, what is left
    /// becomes a full stop, and what is too long is cut.
    pub fn transliterate(text: &str) -> Self {
        let latin = deunicode_with_tofu(text, ".");
        let mapped: String = latin.chars().map(nearest).collect();
        let cut: String = mapped.trim().chars().take(MAX).collect();
        let trimmed = cut.trim_end();
        // Marks without a letter of their own can leave nothing, and an element must not be empty.
        Self(if trimmed.is_empty() { SUBSTITUTE.to_string() } else { trimmed.to_owned() })
    }

    /// The text, for sending it on.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn in_alphabet(character: char) -> bool {
    character.is_ascii_alphanumeric() || "/-?:().,'+ ".contains(character)
}

fn nearest(character: char) -> char {
    match character {
        _ if in_alphabet(character) => character,
        _ if character.is_whitespace() => ' ',
        _ => SUBSTITUTE,
    }
}

impl<const MAX: usize> fmt::Debug for SepaText<MAX> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SepaText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_the_alphabet_lacks_gets_its_nearest_likeness() {
        let table = [
            ("Boutique Exemple", "Boutique Exemple"),
            ("Société Générale – Œuvre", "Societe Generale - OEuvre"),
            ("Straße & Söhne #1", "Strasse . Sohne .1"),
            ("it's (ok): a/b?c.d,e+f", "it's (ok): a/b?c.d,e+f"),
            ("Ελλάδα", "Ellada"),
            ("  trimmed\u{a0}", "trimmed"),
            ("a_b@c", "a.b.c"),
            ("\u{301}", "."),
        ];
        for (text, expected) in table {
            assert_eq!(SepaText::<70>::transliterate(text).as_str(), expected, "{text}");
        }
    }

    #[test]
    fn a_long_text_is_cut_without_leaving_a_space_behind() {
        let text = format!("{} tail", "x".repeat(69));
        assert_eq!(SepaText::<70>::transliterate(&text).as_str(), "x".repeat(69));
        assert_eq!(SepaText::<3>::transliterate("€€").as_str(), "EUR");
    }

    #[test]
    fn debug_shows_nothing_of_the_text() {
        assert_eq!(format!("{:?}", SepaText::<70>::transliterate("Camille")), "SepaText(…)");
    }

    proptest! {
        #[test]
        fn every_transliteration_is_in_the_alphabet(text in any::<String>()) {
            let transliterated = SepaText::<70>::transliterate(&text);
            prop_assert_eq!(SepaText::<70>::parse(transliterated.as_str()).unwrap(), transliterated);
        }

        #[test]
        fn text_in_the_alphabet_is_left_alone(text in "[a-zA-Z0-9/?:().,'+-]{1,70}") {
            let transliterated = SepaText::<70>::transliterate(&text);
            prop_assert_eq!(transliterated.as_str(), text);
        }
    }
}
