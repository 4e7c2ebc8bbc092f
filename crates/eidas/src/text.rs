//! Texts that strangers wrote into certificates.

use std::borrow::Cow;
use std::fmt::Write as _;

pub(crate) const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const TELETEX_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const VISIBLE_STRING: u8 = 0x1a;
pub(crate) const BMP_STRING: u8 = 0x1e;

/// Longest text that is shown, in characters.
const MAX_SHOWN_CHARS: usize = 160;

/// Whether a DER tag is that of a character string which can be decoded here.
pub(crate) fn is_text(tag: u8) -> bool {
    matches!(tag, UTF8_STRING | PRINTABLE_STRING | TELETEX_STRING | IA5_STRING | VISIBLE_STRING | BMP_STRING)
}

/// The name of a character string type (X.680, 41).
pub(crate) fn type_name(tag: u8) -> &'static str {
    match tag {
        UTF8_STRING => "UTF8String",
        PRINTABLE_STRING => "PrintableString",
        TELETEX_STRING => "TeletexString",
        IA5_STRING => "IA5String",
        VISIBLE_STRING => "VisibleString",
        BMP_STRING => "BMPString",
        _ => "no text",
    }
}

/// Decodes a character string by its DER tag; `None` if it is none, or its bytes are not of its type.
pub(crate) fn decode(tag: u8, bytes: &[u8]) -> Option<String> {
    match tag {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING | VISIBLE_STRING => {
            std::str::from_utf8(bytes).ok().map(str::to_owned)
        }
        // Teletex text is read as Latin-1, as everyone does.
        TELETEX_STRING => Some(latin_1(bytes)),
        BMP_STRING => utf16(bytes),
        _ => None,
    }
}

/// Every byte is a character.
pub(crate) fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let (pairs, []) = bytes.as_chunks::<2>() else {
        return None;
    };
    let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
    char::decode_utf16(units).collect::<Result<String, _>>().ok()
}

/// Whether a character takes no room or turns the direction of writing: with such a text one can look like
/// somebody else.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// The text with one space between its words and nothing around or invisible in it.
///
/// Texts cut from forms keep line ends, and C programs write the zero byte that ends theirs.
pub(crate) fn tidy(text: &str) -> Cow<'_, str> {
    let ended = text.trim_end_matches('\0');
    let visible: String = ended.chars().filter(|c| !is_invisible(*c)).collect();
    let tidied = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    if tidied == text { Cow::Borrowed(text) } else { Cow::Owned(tidied) }
}

/// The text as it may be written to a terminal, a log or a page: one line, everything in it visible, cut
/// where it is endless.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (nth, c) in text.chars().enumerate() {
        if nth == MAX_SHOWN_CHARS {
            shown.push('…');
            break;
        }
        if c.is_control() || is_invisible(c) || c == char::REPLACEMENT_CHARACTER {
            write!(shown, "\\u{{{:x}}}", u32::from(c)).expect("a String takes all that is written to it");
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes all that is written to it");
        text
    })
}

/// A text on one line, without characters that steer a terminal or turn the reading direction, of at most
/// `max_chars` characters.
pub fn one_line(text: &str, max_chars: usize) -> String {
    let unseen = |character: char| {
        character.is_whitespace()
            || character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let words = text.split(unseen).filter(|word| !word.is_empty());
    let line: String = words.flat_map(|word| word.chars().chain([' '])).take(max_chars).collect();
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_character_string_is_decoded() {
        let table: &[(u8, &[u8], Option<&str>)] = &[
            (UTF8_STRING, "Société".as_bytes(), Some("Société")),
            (UTF8_STRING, &[0xff], None),
            (PRINTABLE_STRING, b"Acme", Some("Acme")),
            (TELETEX_STRING, b"Soci\xe9t\xe9", Some("Société")),
            (BMP_STRING, &[0, b'A', 0x20, 0xac], Some("A€")),
            (BMP_STRING, &[0], None),
            (BMP_STRING, &[0xd8, 0x00], None),
            (0x02, &[1], None),
        ];
        for (tag, bytes, expected) in table {
            assert_eq!(decode(*tag, bytes).as_deref(), *expected, "{tag:#x} {bytes:?}");
            assert_eq!(is_text(*tag), type_name(*tag) != "no text");
        }
    }

    #[test]
    fn tidying_takes_away_what_nobody_sees() {
        let table = [
            ("FR-ACPR", "FR-ACPR"),
            (" FR-ACPR ", "FR-ACPR"),
            ("Autorité  de\u{a0}contrôle\r\n", "Autorité de contrôle"),
            ("FR-\u{200b}ACPR\0", "FR-ACPR"),
            ("\u{feff}FR-ACPR", "FR-ACPR"),
            (" \t", ""),
        ];
        for (text, expected) in table {
            assert_eq!(tidy(text), expected);
        }
    }

    #[test]
    fn what_is_shown_is_one_visible_line() {
        assert_eq!(shown("Société"), "Société");
        assert_eq!(shown("a\nb\u{202e}c\u{1b}[31m"), "a\\u{a}b\\u{202e}c\\u{1b}[31m");
        assert_eq!(shown(&"é".repeat(1000)).chars().count(), MAX_SHOWN_CHARS + 1);
    }
}
