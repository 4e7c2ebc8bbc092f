//! `client_name`: what PSUs are shown as the one who asks for their money.

/// Longest name, in characters.
const MAX_CHARS: usize = 140;

/// What a name must be.
pub(super) const RULE: &str =
    "must have 1 to 140 letters of one script (Latin, Greek or Cyrillic), digits, spaces and common signs";

/// A name as it is kept: one space between words, none around them. So two names that look alike are alike.
///
/// Nothing that cannot be seen, is composed of parts, changes the direction of writing or mixes scripts is
/// taken: with it, a name could be made to look like another one that it is not equal to.
pub(super) fn parse(text: &str) -> Option<String> {
    let name = text.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut scripts: Vec<Script> = Vec::new();
    for c in name.chars() {
        match Script::of(c) {
            Some(script) if !scripts.contains(&script) => scripts.push(script),
            None if !is_sign(c) => return None,
            Some(_) | None => {}
        }
    }
    let has_length = (1..=MAX_CHARS).contains(&name.chars().count());
    (has_length && scripts.len() == 1).then_some(name)
}

/// The spaces of typography, the plain one first; line ends are none.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

fn is_sign(c: char) -> bool {
    matches!(
        c,
        ' '..='~' | '\u{2013}' | '\u{2014}' | '\u{2018}' | '\u{2019}' | '·' | '®' | '™' | '«' | '»' | '€'
    )
}

/// The scripts of the Union's languages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
}

impl Script {
    /// The script of a letter.
    fn of(c: char) -> Option<Self> {
        if !c.is_alphabetic() {
            return None;
        }
        match c {
            '\u{41}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Some(Self::Latin),
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some(Self::Greek),
            '\u{400}'..='\u{52f}' => Some(Self::Cyrillic),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_tidied_or_refused() {
        let long = "x".repeat(141);
        let table = [
            ("Exemple Paiement SAS", Some("Exemple Paiement SAS")),
            ("  Exemple \u{a0}\u{2009}Paiement ", Some("Exemple Paiement")),
            ("L’Été & Cie (Fr.) – 24/7 ®", Some("L’Été & Cie (Fr.) – 24/7 ®")),
            ("Дом 1", Some("Дом 1")),
            ("Ελλάδα Πληρωμές", Some("Ελλάδα Πληρωμές")),
            ("ı ſ ǆ", Some("ı ſ ǆ")),
            // A Cyrillic а in Latin company.
            ("P\u{430}ypal", None),
            // A Greek omicron.
            ("Exempl\u{3bf}", None),
            // Invisible: zero width space and joiner, soft hyphen, byte order mark, tag.
            ("Exem\u{200b}ple", None),
            ("Exem\u{200d}ple", None),
            ("Exem\u{ad}ple", None),
            ("\u{feff}Exemple", None),
            ("Exemple\u{e0041}", None),
            // Direction of writing.
            ("\u{202e}elpmexE", None),
            ("Exemple\u{2066}", None),
            // Composed of a letter and an accent; full width; mathematical letters.
            ("E\u{301}t\u{e9}", None),
            ("\u{ff25}xemple", None),
            ("\u{1d404}xemple", None),
            ("Exemple\nSAS", None),
            ("Exemple\0", None),
            ("Exemple\t", None),
            ("12345", None),
            ("   ", None),
            ("", None),
            (&long, None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text).as_deref(), expected, "{text:?}");
        }
        assert!(parse(&"é".repeat(140)).is_some());
    }
}
