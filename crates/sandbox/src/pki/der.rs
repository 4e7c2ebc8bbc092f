//! The little DER that certificates of the sandbox need and rcgen does not write.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eidas::{Psd2Statement, QcStatements};

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
/// `uniformResourceIdentifier`, context tag 6 of `GeneralName` (RFC 5280, 4.2.1.6).
const URI: u8 = 0x86;

/// The value of a qcStatements extension (ETSI EN 319 412-5; ETSI TS 119 495, annex A).
pub(super) fn qc_statements(statements: &QcStatements) -> Vec<u8> {
    let mut written = Vec::new();
    if statements.compliance {
        written.push(sequence(&[oid("0.4.0.1862.1.1")]));
    }
    if !statements.types.is_empty() {
        let types: Vec<_> = statements.types.iter().map(|qc_type| oid(qc_type.oid())).collect();
        written.push(sequence(&[oid("0.4.0.1862.1.6"), sequence(&types)]));
    }
    if let Some(licence) = &statements.psd2 {
        written.push(sequence(&[oid("0.4.0.19495.2"), psd2_qc_type(licence)]));
    }
    sequence(&written)
}

fn psd2_qc_type(licence: &Psd2Statement) -> Vec<u8> {
    let roles: Vec<_> =
        licence.roles.iter().map(|role| sequence(&[oid(role.oid()), utf8(role.code())])).collect();
    sequence(&[sequence(&roles), utf8(&licence.nca_name), utf8(&licence.nca_id)])
}

/// The value of an authorityInfoAccess extension that names OCSP responders (RFC 5280, 4.2.2.1).
pub(super) fn authority_info_access(responders: &[String]) -> Vec<u8> {
    let description = |uri: &String| sequence(&[oid("1.3.6.1.5.5.7.48.1"), tlv(URI, uri.as_bytes())]);
    sequence(&responders.iter().map(description).collect::<Vec<_>>())
}

/// A value: tag, length, content.
pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    if let Ok(length @ ..=0x7f) = u8::try_from(content.len()) {
        der.push(length);
    } else {
        let bytes = content.len().to_be_bytes();
        let significant: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
        der.push(0x80 | u8::try_from(significant.len()).expect("a length has at most eight bytes"));
        der.extend_from_slice(&significant);
    }
    der.extend_from_slice(content);
    der
}

/// DER as text, between lines that say what it is (RFC 7468).
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in BASE64_STANDARD.encode(der).as_bytes().chunks(64) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

pub(super) fn sequence(items: &[Vec<u8>]) -> Vec<u8> {
    tlv(SEQUENCE, &items.concat())
}

fn utf8(text: &str) -> Vec<u8> {
    tlv(UTF8_STRING, text.as_bytes())
}

/// An object identifier of ours, written in dotted form.
pub(super) fn oid(dotted: &str) -> Vec<u8> {
    let mut arcs = dotted.split('.').map(|arc| arc.parse::<u32>().expect("our identifiers are numbers"));
    // The first two arcs share a byte (X.690, 8.19.4).
    let first = arcs.next().unwrap_or(0) * 40 + arcs.next().unwrap_or(0);
    let content: Vec<u8> = std::iter::once(first).chain(arcs).flat_map(base_128).collect();
    tlv(OBJECT_IDENTIFIER, &content)
}

/// Seven bits a byte, the highest first; all but the last have the top bit set (X.690, 8.19.2).
fn base_128(arc: u32) -> Vec<u8> {
    let groups = (0..5).rev().map(|nth| (nth, (arc >> (7 * nth)) & 0x7f));
    let needed = groups.skip_while(|(nth, group)| *nth > 0 && *group == 0);
    let byte = |(nth, group): (u32, u32)| {
        let group = u8::try_from(group).expect("seven bits fit a byte");
        if nth > 0 { group | 0x80 } else { group }
    };
    needed.map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use eidas::{QcType, Role};

    #[test]
    fn the_statements_of_a_qwac_are_these_bytes() {
        let statements = QcStatements {
            compliance: true,
            types: vec![QcType::Web],
            psd2: Some(Psd2Statement {
                roles: vec![Role::PaymentInitiation],
                nca_name: "A".to_owned(),
                nca_id: "FR-ACPR".to_owned(),
            }),
        };
        #[rustfmt::skip]
        let expected = [
            0x30, 0x4c,
            0x30, 0x08, 0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x01,
            0x30, 0x13, 0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x06, 0x30, 0x09, 0x06, 0x07, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x06, 0x03,
            0x30, 0x2b, 0x06, 0x06, 0x04, 0x00, 0x81, 0x98,
            0x27, 0x02,
            0x30, 0x21,
            0x30, 0x13,
            0x30, 0x11, 0x06, 0x07, 0x04, 0x00, 0x81, 0x98, 0x27,
            0x01, 0x02, 0x0c, 0x06, 0x50, 0x53, 0x50, 0x5f,
            0x50, 0x49, 0x0c,
            0x01, 0x41, 0x0c, 0x07, 0x46, 0x52, 0x2d, 0x41, 0x43, 0x50, 0x52,
        ];
        assert_eq!(qc_statements(&statements), expected);
    }

    #[test]
    fn lengths_take_as_many_bytes_as_they_need() {
        let table: [(usize, &[u8]); 5] = [
            (0, &[4, 0]),
            (127, &[4, 0x7f]),
            (128, &[4, 0x81, 0x80]),
            (255, &[4, 0x81, 0xff]),
            (256, &[4, 0x82, 1, 0]),
        ];
        for (length, start) in table {
            let der = tlv(4, &vec![0; length]);
            assert!(der.starts_with(start), "{length}");
            assert_eq!(der.len(), start.len() + length);
        }
    }
}
