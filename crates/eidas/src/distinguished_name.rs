//! Texts in a distinguished name.

use der::asn1::{Any, ObjectIdentifier};
use der::{Tag, Tagged};
use x509_cert::name::Name;

pub(crate) const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
pub(crate) const COUNTRY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
pub(crate) const ORGANIZATION_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
pub(crate) const ORGANIZATION_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.97");

/// The first attribute of this type that holds a text.
pub(crate) fn first_text(name: &Name, attribute: ObjectIdentifier) -> Option<String> {
    name.iter().filter(|entry| entry.oid == attribute).find_map(|entry| text_of(&entry.value))
}

/// How many attributes of this type the name has.
pub(crate) fn count(name: &Name, attribute: ObjectIdentifier) -> usize {
    name.iter().filter(|entry| entry.oid == attribute).count()
}

/// Reads a `DirectoryString` (RFC 5280, 4.1.2.4).
///
/// Control characters become U+FFFD: these texts end in logs and on pages.
fn text_of(value: &Any) -> Option<String> {
    let bytes = value.value();
    let text = match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String => {
            std::str::from_utf8(bytes).ok()?.to_owned()
        }
        // Teletex text is read as Latin-1, as everyone does.
        Tag::TeletexString => bytes.iter().copied().map(char::from).collect(),
        Tag::BmpString => utf16(bytes)?,
        _ => return None,
    };
    Some(text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect())
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let (pairs, []) = bytes.as_chunks::<2>() else {
        return None;
    };
    let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
    char::decode_utf16(units).collect::<Result<String, _>>().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_directory_string_is_read() {
        let table: &[(Tag, &[u8], Option<&str>)] = &[
            (Tag::Utf8String, "Société".as_bytes(), Some("Société")),
            (Tag::PrintableString, b"Acme", Some("Acme")),
            (Tag::TeletexString, b"Soci\xe9t\xe9", Some("Société")),
            (Tag::BmpString, &[0, b'A', 0x20, 0xac], Some("A€")),
            (Tag::BmpString, &[0], None),
            (Tag::BmpString, &[0xd8, 0x00], None),
            (Tag::Utf8String, &[0xff], None),
            (Tag::Utf8String, b"two\r\nlines", Some("two\u{fffd}\u{fffd}lines")),
            (Tag::Integer, &[1], None),
        ];
        for (tag, bytes, expected) in table {
            let value = Any::new(*tag, *bytes).unwrap();
            assert_eq!(text_of(&value).as_deref(), *expected, "{tag:?} {bytes:?}");
        }
    }
}
