//! The qcStatements extension (RFC 3739, 3.2.6), in a certificate where everything else is in order.

use crate::certificate;

/// A certificate in DER whose last extension is qcStatements.
const TEMPLATE: &[u8] = include_bytes!("template.der");
/// The identifier of the extension, 1.3.6.1.5.5.7.1.3, as it stands in DER.
const QC_STATEMENTS: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 1, 3];
const SEQUENCE: u8 = 0x30;
const OCTET_STRING: u8 = 0x04;
const EXTENSIONS: u8 = 0xa3;

/// What holds for a certificate holds for one with these qcStatements.
pub fn check(bytes: &[u8]) {
    if bytes.len() <= 8 * 1024 {
        certificate::check(&with_statements(bytes));
    }
}

/// The template with other qcStatements.
fn with_statements(statements: &[u8]) -> Vec<u8> {
    let (tbs, after_tbs) = element(content(TEMPLATE));
    let mut fields = content(tbs);
    let mut kept = Vec::new();
    while let (field, rest) = element(fields)
        && field[0] != EXTENSIONS
    {
        kept.extend_from_slice(field);
        fields = rest;
    }
    let mut others = content(content(fields));
    let mut extensions = Vec::new();
    while !others.is_empty() {
        let (extension, rest) = element(others);
        if !content(extension).starts_with(QC_STATEMENTS) {
            extensions.extend_from_slice(extension);
        }
        others = rest;
    }
    let ours = [QC_STATEMENTS, &tlv(OCTET_STRING, statements)].concat();
    extensions.extend(tlv(SEQUENCE, &ours));
    kept.extend(tlv(EXTENSIONS, &tlv(SEQUENCE, &extensions)));
    tlv(SEQUENCE, &[&tlv(SEQUENCE, &kept), after_tbs].concat())
}

/// The first element of DER that we made, and the rest.
fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let (head, length) = head(der);
    der.split_at(head + length)
}

fn content(element: &[u8]) -> &[u8] {
    &element[head(element).0..]
}

fn head(der: &[u8]) -> (usize, usize) {
    match der[1] {
        short @ ..=0x7f => (2, short.into()),
        0x81 => (3, der[2].into()),
        _ => (4, u16::from_be_bytes([der[2], der[3]]).into()),
    }
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match length {
        [0, short @ ..=0x7f] => vec![tag, short],
        [0, byte] => vec![tag, 0x81, byte],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [&head, content].concat()
}
