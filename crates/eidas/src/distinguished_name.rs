//! Texts in a distinguished name.

use der::Tagged;
use der::asn1::{Any, ObjectIdentifier};
use x509_cert::name::Name;

use crate::text;

pub(crate) const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
pub(crate) const COUNTRY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
pub(crate) const ORGANIZATION_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
pub(crate) const ORGANIZATION_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.97");

/// The first attribute of this type that holds a text.
pub(crate) fn first_text(name: &Name, attribute: ObjectIdentifier) -> Option<String> {
    name.iter().filter(|entry| entry.oid == attribute).find_map(|entry| text_of(&entry.value))
}

/// The attributes of this type, in order; one that holds no text is empty.
pub(crate) fn raw_texts(name: &Name, attribute: ObjectIdentifier) -> Vec<String> {
    let found = name.iter().filter(|entry| entry.oid == attribute);
    found.map(|entry| decode(&entry.value).unwrap_or_default()).collect()
}

/// Reads a `DirectoryString` (RFC 5280, 4.1.2.4).
///
/// Characters that control a terminal or are invisible become U+FFFD: these texts end in logs and on pages.
pub(crate) fn text_of(value: &Any) -> Option<String> {
    let harmless =
        |c: char| if c.is_control() || text::is_invisible(c) { char::REPLACEMENT_CHARACTER } else { c };
    decode(value).map(|text| text.chars().map(harmless).collect())
}

fn decode(value: &Any) -> Option<String> {
    let tag = value.tag();
    let number = u8::try_from(tag.number().value()).ok().filter(|_| tag.is_universal());
    text::decode(number?, value.value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use der::Tag;

    #[test]
    fn every_kind_of_directory_string_is_read() {
        let table: &[(Tag, &[u8], Option<&str>)] = &[
            (Tag::Utf8String, "Société".as_bytes(), Some("Société")),
            (Tag::PrintableString, b"Acme", Some("Acme")),
            (Tag::TeletexString, b"Soci\xe9t\xe9", Some("Société")),
            (Tag::BmpString, &[0, b'A', 0x20, 0xac], Some("A€")),
            (Tag::Utf8String, &[0xff], None),
            (Tag::Utf8String, "a\u{202e}b".as_bytes(), Some("a\u{fffd}b")),
            (Tag::Utf8String, b"two\r\nlines", Some("two\u{fffd}\u{fffd}lines")),
            (Tag::Integer, &[1], None),
        ];
        for (tag, bytes, expected) in table {
            let value = Any::new(*tag, *bytes).unwrap();
            assert_eq!(text_of(&value).as_deref(), *expected, "{tag:?} {bytes:?}");
        }
    }
}
