//! Whether a PSU could take one name for another.

use deunicode::deunicode_char;

/// What is left of a name for a hasty eye: names with the same skeleton pass for each other (after UTS 39, 4).
///
/// Case, accents, spaces and punctuation go; letters of other scripts become the Latin ones they look like, or
/// else sound like; and `0`/`o`, `1`/`i`/`l`, `rn`/`m` and `vv`/`w` are one. A name of signs only is its own
/// skeleton. Stores keep skeletons: whoever changes this function adds a migration that makes them anew.
pub fn skeleton(name: &str) -> String {
    let lower = name.to_lowercase();
    let letters: String = lower.chars().map(latin).collect();
    let folded: String = letters.to_lowercase().chars().filter_map(folded).collect();
    // Pairs come last: a space between their halves hides nobody.
    let skeleton = folded.replace("rn", "m").replace("vv", "w");
    if skeleton.is_empty() { lower } else { skeleton }
}

/// A lower-case character in ASCII: by its looks, where they differ from what it is transcribed to.
fn latin(c: char) -> &'static str {
    match c {
        // Cyrillic ВНРСУХ and older letters, Greek ΗΡΥΧ: Latin ones in small or in capital letters. The Greek
        // ones come with every accent and breathing.
        'в' => "b",
        'с' => "c",
        'н'
        | 'һ'
        | 'η'
        | 'ή'
        | '\u{1f20}'..='\u{1f2f}'
        | '\u{1f74}'
        | '\u{1f75}'
        | '\u{1f90}'..='\u{1f9f}'
        | '\u{1fc2}'..='\u{1fc7}' => "h",
        'ј' => "j",
        'р' | 'ρ' | '\u{1fe4}' | '\u{1fe5}' => "p",
        'ԛ' => "q",
        'ԝ' => "w",
        'х' | 'χ' => "x",
        'у'
        | 'ў'
        | 'ү'
        | 'ӯ'
        | 'ӱ'
        | 'ӳ'
        | 'υ'
        | 'ύ'
        | 'ϋ'
        | 'ΰ'
        | '\u{1f50}'..='\u{1f5f}'
        | '\u{1f7a}'
        | '\u{1f7b}'
        | '\u{1fe0}'..='\u{1fe3}'
        | '\u{1fe6}'
        | '\u{1fe7}' => "y",
        // Strokes, and signs that stand for letters.
        'ǀ' | 'ǃ' | '|' => "l",
        '@' => "a",
        '$' => "s",
        '€' => "e",
        _ if c.is_alphanumeric() => deunicode_char(c).unwrap_or_default(),
        _ => "",
    }
}

/// A character of ASCII as the one of its likes that stands for all of them; none if it is no letter or digit.
fn folded(c: char) -> Option<char> {
    match c {
        '0' => Some('o'),
        '1' | 'i' => Some('l'),
        _ => c.is_ascii_alphanumeric().then_some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_pass_for_each_other_have_one_skeleton() {
        let table: [(&str, &[&str]); 8] = [
            (
                "Essai Paiement",
                &[
                    "ESSAI PAIEMENT",
                    "Essai Paıement",
                    "Essai Paíement",
                    "Essai Paiement.",
                    "Essai-Paiement",
                    "EssaiPaiement",
                    "«Essai» Paiement™",
                    "Essai Paiernent",
                    "Essaİ Paiement",
                    "Ess@i Paiement",
                    "E\u{301}ssai Paiement",
                ],
            ),
            ("PayPal", &["PayPaI", "Paypa1", "PayPa|", "PAYPAL®", "PayPaǀ", "Р\u{430}уР\u{430}l"]),
            ("Google", &["G00gle", "GOOGIE", "Göögłe"]),
            ("Swan", &["Svvan", "SVVAN"]),
            ("Cope", &["Соре", "СОРЕ"]),
            ("PAYPA", &["ΡΑΥΡΑ", "ραύρα"]),
            ("Πληρωμή", &["ΠΛΗΡΩΜΗ", "Πληρωμὴ", "Πλἠρωμη"]),
            ("Société Été", &["SOCIETE ETE", "société\u{a0}été", "Societe\u{301} Ete\u{301}"]),
        ];
        for (name, likes) in table {
            for like in likes {
                assert_eq!(skeleton(like), skeleton(name), "{like:?} {name:?}");
            }
        }
    }

    #[test]
    fn names_that_differ_to_the_eye_have_different_skeletons() {
        let names = [
            "Exemple Paiement",
            "Exemple Paiements",
            "Exemple",
            "Exemple 2",
            "Exemple 3",
            "Ander Voorbeeld",
            "Société Été",
            "Société Hiver",
            "Дом",
            "Сад",
            "12345",
            "支付",
            "🦀",
            "!!!",
            "",
        ];
        for (index, name) in names.iter().enumerate() {
            for other in names.iter().skip(index + 1) {
                assert_ne!(skeleton(name), skeleton(other), "{name:?} {other:?}");
            }
        }
    }
}
