//! Where in a certificate the bytes stop making sense.

use der::Decode;

use crate::tlv::{Fault, SEQUENCE, Tlv};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
/// The explicit tag around the version.
const VERSION: u8 = 0xa0;

/// Values in values that are looked into, at most.
const MAX_DEPTH: usize = 16;

const CERTIFICATE: [&str; 3] = ["tbsCertificate", "signatureAlgorithm", "signatureValue"];
/// RFC 5280, 4.1, after the version.
const TBS_CERTIFICATE: [&str; 6] =
    ["serialNumber", "signature", "issuer", "validity", "subject", "subjectPublicKeyInfo"];

/// What is wrong with bytes that are no certificate, and where.
pub(super) fn of_the_fault(der: &[u8]) -> String {
    match first_fault(der).or_else(|| misfit(der)) {
        Some(fault) => told(der, fault),
        None => match x509_cert::Certificate::from_der(der) {
            Err(error) => error.kind().to_string(),
            Ok(_) => "a certificate whose key cannot be read".to_owned(),
        },
    }
}

fn told(der: &[u8], fault: Fault) -> String {
    let place = structure(der, fault.at).unwrap_or_else(|| "Certificate".to_owned());
    let near = der.get(fault.at..der.len().min(fault.at + 8)).map(crate::text::hex).unwrap_or_default();
    let bytes = if near.is_empty() { String::new() } else { format!(" ({near}…)") };
    format!("{fault}{bytes}, in {place}")
}

/// The first part of a certificate that is of another type than it is to be (RFC 5280, 4.1).
fn misfit(der: &[u8]) -> Option<Fault> {
    let certificate = Tlv::first(der, 0).ok()?;
    if certificate.tag != SEQUENCE {
        return Some(certificate.fault("something else than a SEQUENCE"));
    }
    let parts = certificate.children().ok()?;
    let fits = match parts.as_slice() {
        [tbs, algorithm, signature] => {
            [tbs.tag, algorithm.tag, signature.tag] == [SEQUENCE, SEQUENCE, BIT_STRING]
        }
        _ => false,
    };
    if !fits {
        return Some(certificate.fault("something else than a certificate's three parts"));
    }
    let fields = parts.first()?.children().ok()?;
    let mut fields = fields.iter().skip_while(|field| field.tag == VERSION);
    for name in TBS_CERTIFICATE {
        let tag = if name == "serialNumber" { INTEGER } else { SEQUENCE };
        match fields.next() {
            Some(field) if field.tag == tag => {}
            Some(field) => return Some(field.fault("a value of another type than the certificate has here")),
            None => return Some(parts.first()?.fault("a tbsCertificate with parts missing")),
        }
    }
    None
}

/// The first value, at any depth, that is not DER.
fn first_fault(der: &[u8]) -> Option<Fault> {
    match Tlv::only(der, 0) {
        Ok(outer) => fault_within(&outer, MAX_DEPTH),
        // What the outermost length hides says more than that the bytes end too soon.
        Err(fault) => Some(fault),
    }
}

fn fault_within(value: &Tlv<'_>, depth: usize) -> Option<Fault> {
    if !value.is_constructed() || depth == 0 {
        return None;
    }
    match value.children() {
        Ok(children) => children.iter().find_map(|child| fault_within(child, depth - 1)),
        Err(fault) => Some(fault),
    }
}

/// The name of the structure around a byte.
fn structure(der: &[u8], at: usize) -> Option<String> {
    let certificate = Tlv::first(der, 0).ok()?;
    let (nth, part) = around(&certificate, at)?;
    let name = CERTIFICATE.get(nth)?;
    if nth > 0 {
        return Some((*name).to_owned());
    }
    let Some((nth, field)) = around(&part, at) else {
        return Some((*name).to_owned());
    };
    let versioned = part.content.first() == Some(&VERSION);
    Some(match field.tag {
        VERSION if nth == 0 => "tbsCertificate.version".to_owned(),
        0xa1 | 0x81 => "tbsCertificate.issuerUniqueID".to_owned(),
        0xa2 | 0x82 => "tbsCertificate.subjectUniqueID".to_owned(),
        0xa3 => extension(&field, at),
        _ => {
            let nth = nth.saturating_sub(usize::from(versioned));
            format!("tbsCertificate.{}", TBS_CERTIFICATE.get(nth).unwrap_or(&"extensions"))
        }
    })
}

fn extension(field: &Tlv<'_>, at: usize) -> String {
    let all = around(field, at);
    let one = all.and_then(|(_, all)| around(&all, at));
    let Some((nth, one)) = one else {
        return "tbsCertificate.extensions".to_owned();
    };
    let id = Tlv::first(one.content, one.content_at).ok();
    let id = id.and_then(|id| der::asn1::ObjectIdentifier::from_bytes(id.content).ok());
    let name = id.map(|id| format!(", {}", super::names::extension(&id.to_string()))).unwrap_or_default();
    format!("tbsCertificate.extensions[{nth}]{name}")
}

/// The value within another that holds this byte; the last that can be read, if none does.
fn around<'a>(value: &Tlv<'a>, at: usize) -> Option<(usize, Tlv<'a>)> {
    let (mut rest, mut start) = (value.content, value.content_at);
    let mut found = None;
    for nth in 0.. {
        let Ok(child) = Tlv::first(rest, start) else { break };
        start += child.whole.len();
        rest = rest.get(child.whole.len()..).unwrap_or_default();
        found = Some((nth, child));
        if at < start {
            return found.filter(|(_, child)| at >= child.at);
        }
    }
    found.filter(|_| at >= start && rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Leaf, TestCa};

    #[test]
    fn the_structure_around_a_byte_is_named() {
        let der = TestCa::new().issue(&Leaf::qwac());
        let at = |needle: &[u8]| der.windows(needle.len()).position(|w| w == needle).unwrap();
        let table = [
            (6, "tbsCertificate"),
            (9, "tbsCertificate.version"),
            (at(&[2, 3, 1, 2, 0xff]), "tbsCertificate.serialNumber"),
            (at(b"Test QTSP"), "tbsCertificate.issuer"),
            (at(b"260101000000Z"), "tbsCertificate.validity"),
            (at(b"PSDFR"), "tbsCertificate.subject"),
            (at(&[0x55, 0x1d, 0x0f]), "keyUsage"),
            (at(b"PSP_PI"), "qcStatements"),
            (der.len() - 1, "signatureValue"),
        ];
        for (at, expected) in table {
            let place = structure(&der, at).unwrap();
            assert!(place.contains(expected), "{at}: {place}");
        }
    }

    #[test]
    fn a_fault_is_told_with_its_byte_and_its_structure() {
        let der = TestCa::new().issue(&Leaf::qwac());
        let mut longer = der.clone();
        longer.push(0);
        let mut broken = der.clone();
        let serial = der.windows(5).position(|w| w == [2, 3, 1, 2, 0xff]).unwrap();
        broken[serial + 1] = 0x80;
        let mut null = der.clone();
        null[serial] = 0x05;
        let table = [
            (der[..100].to_vec(), "a value longer than the bytes that are left at byte 0".to_owned()),
            (longer, format!("bytes after the end of the value at byte {}", der.len())),
            (broken, format!("a length that is left open, which is BER and not DER at byte {serial}")),
            (null, format!("here at byte {serial} (05030102ff300a06…), in tbsCertificate.serialNumber")),
            (vec![0x30, 0], "three parts at byte 0 (3000…), in Certificate".to_owned()),
            (vec![5, 0], "something else than a SEQUENCE at byte 0 (0500…), in Certificate".to_owned()),
        ];
        for (der, expected) in table {
            let told = of_the_fault(&der);
            assert!(told.contains(&expected), "{told}");
        }
    }
}
