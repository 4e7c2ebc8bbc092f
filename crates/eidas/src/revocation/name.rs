//! Distinguished names, compared as people write them.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Reader, Tag};

use super::reading::{content, next_fields};
use crate::distinguished_name::text_of;

/// Attribute types by the names that are in use (RFC 4519; ETSI EN 319 412-1 for the last but two).
const ATTRIBUTES: [(&str, &str); 21] = [
    ("cn", "2.5.4.3"),
    ("commonname", "2.5.4.3"),
    ("sn", "2.5.4.4"),
    ("serialnumber", "2.5.4.5"),
    ("c", "2.5.4.6"),
    ("countryname", "2.5.4.6"),
    ("l", "2.5.4.7"),
    ("localityname", "2.5.4.7"),
    ("st", "2.5.4.8"),
    ("street", "2.5.4.9"),
    ("o", "2.5.4.10"),
    ("organizationname", "2.5.4.10"),
    ("ou", "2.5.4.11"),
    ("organizationalunitname", "2.5.4.11"),
    ("title", "2.5.4.12"),
    ("postalcode", "2.5.4.17"),
    ("givenname", "2.5.4.42"),
    ("organizationidentifier", "2.5.4.97"),
    ("uid", "0.9.2342.19200300.100.1.1"),
    ("dc", "0.9.2342.19200300.100.1.25"),
    ("emailaddress", "1.2.840.113549.1.9.1"),
];

/// A distinguished name as a set of attributes, without regard to case, spaces, the kind of string, and the
/// order in which they are written: whoever lists an issuer may copy its name from any tool.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct CanonicalName(Vec<(String, String)>);

/// The text is not a distinguished name (RFC 4514).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InvalidName;

impl CanonicalName {
    /// Reads a `Name` in DER (RFC 5280, 4.1.2.4).
    pub(super) fn read(der: &[u8]) -> der::Result<Self> {
        let mut attributes = Vec::new();
        let mut names = content(der, Tag::Sequence)?;
        while !names.is_finished() {
            let mut set = next_fields(&mut names, Tag::Set)?;
            while !set.is_finished() {
                let mut attribute = next_fields(&mut set, Tag::Sequence)?;
                let oid: ObjectIdentifier = ObjectIdentifier::decode(&mut attribute)?;
                let value = attribute.tlv_bytes()?;
                attribute.finish()?;
                attributes.push((oid.to_string(), value_of(value)));
            }
        }
        Ok(Self::sorted(attributes))
    }

    /// Reads the form of RFC 4514, and the spaces and quotes that some tools add to it.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidName> {
        let attributes: Result<Vec<_>, InvalidName> = parts(text)?.into_iter().map(attribute).collect();
        let attributes = attributes?;
        if attributes.is_empty() { Err(InvalidName) } else { Ok(Self::sorted(attributes)) }
    }

    fn sorted(mut attributes: Vec<(String, String)>) -> Self {
        attributes.sort_unstable();
        Self(attributes)
    }
}

/// The text in a value, or the value itself in hexadecimal.
fn value_of(der: &[u8]) -> String {
    let text = AnyRef::from_der(der).ok().and_then(|value| text_of(&value.into()));
    match text {
        Some(text) => folded(&text),
        None => der.iter().fold("#".to_owned(), |hex, byte| format!("{hex}{byte:02x}")),
    }
}

/// Letters in lower case, runs of spaces as one.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// One attribute as it is written: its type, and its value with escapes taken out.
#[derive(Default)]
struct Written {
    kind: String,
    value: Vec<u8>,
    has_value: bool,
}

/// Splits at the commas and plus signs that are not escaped or quoted.
fn parts(text: &str) -> Result<Vec<Written>, InvalidName> {
    let mut found = Vec::new();
    let mut current = Written::default();
    let mut quoted = false;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => current.push(&unescaped(&mut rest)?),
            '"' => quoted = !quoted,
            ',' | '+' | ';' if !quoted => found.push(std::mem::take(&mut current)),
            '=' if !quoted && !current.has_value => current.has_value = true,
            other => current.push(other.to_string().as_bytes()),
        }
    }
    found.push(current);
    if quoted { Err(InvalidName) } else { Ok(found) }
}

impl Written {
    fn push(&mut self, bytes: &[u8]) {
        if self.has_value {
            self.value.extend_from_slice(bytes);
        } else {
            self.kind.push_str(&String::from_utf8_lossy(bytes));
        }
    }
}

/// What follows a backslash: two hexadecimal digits for a byte, or the character itself (RFC 4514, 2.4).
fn unescaped(rest: &mut std::str::Chars<'_>) -> Result<Vec<u8>, InvalidName> {
    let first = rest.next().ok_or(InvalidName)?;
    let second = rest.clone().next().and_then(|c| c.to_digit(16));
    if let (Some(high), Some(low)) = (first.to_digit(16), second) {
        rest.next();
        return Ok(vec![u8::try_from(high * 16 + low).map_err(|_| InvalidName)?]);
    }
    Ok(first.to_string().into_bytes())
}

fn attribute(written: Written) -> Result<(String, String), InvalidName> {
    let kind = written.kind.trim().to_ascii_lowercase();
    let kind = kind.strip_prefix("oid.").unwrap_or(&kind);
    let known = ATTRIBUTES.iter().find(|(name, _)| *name == kind);
    let oid = match known {
        Some((_, oid)) => (*oid).to_owned(),
        None => ObjectIdentifier::new(kind).map_err(|_| InvalidName)?.to_string(),
    };
    let value = String::from_utf8(written.value).map_err(|_| InvalidName)?;
    if !written.has_value || value.trim().is_empty() {
        return Err(InvalidName);
    }
    let hex = value.trim().strip_prefix('#').and_then(unhex);
    Ok((oid, hex.map_or_else(|| folded(&value), |der| value_of(&der))))
}

/// Bytes written as pairs of hexadecimal digits.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{oid, sequence, tlv, utf8};

    fn attribute(kind: &str, value: Vec<u8>) -> Vec<u8> {
        tlv(0x31, &sequence(&[oid(kind), value]))
    }

    fn qtsp() -> CanonicalName {
        let name = sequence(&[
            attribute("2.5.4.6", tlv(0x13, b"FR")),
            attribute("2.5.4.10", utf8("Société, Générale + Co")),
            attribute("2.5.4.97", utf8("VATFR-123")),
            attribute("2.5.4.3", utf8("Test  QTSP")),
        ]);
        CanonicalName::read(&name).unwrap()
    }

    #[test]
    fn a_name_is_found_however_a_tool_writes_it() {
        let spellings = [
            r"CN=Test QTSP,2.5.4.97=VATFR-123,O=Société\, Générale \+ Co,C=FR",
            r"cn=test qtsp, organizationIdentifier=vatfr-123, o=SOCIÉTÉ\2C Générale \2b Co, c=fr",
            r#"C = FR, O = "Société, Générale + Co", OID.2.5.4.97 = VATFR-123, CN = Test   QTSP"#,
            r"CN=Test QTSP+2.5.4.97=#0c0956415446522d313233,O=Soci\c3\a9t\c3\a9\, Générale \+ Co,C=FR",
        ];
        for spelling in spellings {
            assert_eq!(CanonicalName::parse(spelling), Ok(qtsp()), "{spelling}");
        }
    }

    #[test]
    fn another_name_is_another_name() {
        let others = [
            r"CN=Test QTSP,O=Société\, Générale \+ Co,C=FR",
            r"CN=Test QTSP 2,2.5.4.97=VATFR-123,O=Société\, Générale \+ Co,C=FR",
            r"OU=Test QTSP,2.5.4.97=VATFR-123,O=Société\, Générale \+ Co,C=FR",
        ];
        for other in others {
            assert_ne!(CanonicalName::parse(other).unwrap(), qtsp(), "{other}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", "CN", "CN=", "=x", "CN=a,", "nonsense=1", "CN=\"a", "CN=a\\", "CN=\\ff", "1.2.=3"] {
            assert_eq!(CanonicalName::parse(text), Err(InvalidName), "{text}");
        }
    }

    #[test]
    fn a_value_that_is_no_text_is_compared_as_it_is() {
        let name = CanonicalName::read(&sequence(&[attribute("1.2.3", vec![2, 1, 5])])).unwrap();
        assert_eq!(CanonicalName::parse("1.2.3=#020105"), Ok(name));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}") {
            let _ = CanonicalName::parse(&text);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            let _ = CanonicalName::read(&bytes);
        }
    }
}
