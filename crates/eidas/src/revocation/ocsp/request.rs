//! What a responder is asked.

use der::asn1::{AnyRef, IntRef, ObjectIdentifier, OctetString};
use der::{Encode, Sequence};
use x509_cert::spki::AlgorithmIdentifierRef;

use super::super::candidate::Candidate;
use super::super::issuer::Issuer;
use super::certificate_id::sha1;

const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");

/// `OCSPRequest` (RFC 6960, 4.1.1), unsigned and without extensions (RFC 5019, 2.1.1).
#[derive(Sequence)]
struct OcspRequest<'a> {
    tbs_request: TbsRequest<'a>,
}

#[derive(Sequence)]
struct TbsRequest<'a> {
    request_list: Vec<Request<'a>>,
}

#[derive(Sequence)]
struct Request<'a> {
    cert_id: CertId<'a>,
}

#[derive(Sequence)]
struct CertId<'a> {
    hash_algorithm: AlgorithmIdentifierRef<'a>,
    issuer_name_hash: OctetString,
    issuer_key_hash: OctetString,
    serial_number: IntRef<'a>,
}

/// The request about a certificate of this issuer, in DER.
///
/// The issuer is named by SHA-1, as every responder expects it (RFC 5019, 2.1.1). There is none for a serial
/// number that DER could not hold.
pub fn request(candidate: &Candidate, issuer: &Issuer) -> Option<Vec<u8>> {
    let cert_id = CertId {
        hash_algorithm: AlgorithmIdentifierRef { oid: SHA1, parameters: Some(AnyRef::NULL) },
        issuer_name_hash: OctetString::new(sha1(candidate.issuer())).ok()?,
        issuer_key_hash: OctetString::new(sha1(issuer.key())).ok()?,
        serial_number: IntRef::new(candidate.serial().as_der()).ok()?,
    };
    OcspRequest { tbs_request: TbsRequest { request_list: vec![Request { cert_id }] } }.to_der().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Certificate;
    use crate::testing::{Leaf, TestCa, oid, replace, sequence, tlv};

    #[test]
    fn a_request_names_the_certificate_by_two_hashes_and_its_serial_number() {
        let ca = TestCa::new();
        for serial in [[1, 2, 0xff], [0, 0x82, 0xff]] {
            let mut der = ca.issue(&Leaf::qwac());
            replace(&mut der, &[2, 3, 1, 2, 0xff], &[&[2, 3], serial.as_slice()].concat());
            let candidate = Candidate::of(&Certificate::parse(&der).unwrap()).unwrap();
            let issuer = Issuer::from_der(&ca.der()).unwrap();
            let key = Certificate::parse(&ca.der()).unwrap().public_key().key_bytes().to_vec();
            let expected = sequence(&[sequence(&[sequence(&[sequence(&[sequence(&[
                sequence(&[oid("1.3.14.3.2.26"), tlv(5, &[])]),
                tlv(4, &sha1(candidate.issuer())),
                tlv(4, &sha1(&key)),
                tlv(2, &serial),
            ])])])])]);
            assert_eq!(request(&candidate, &issuer), Some(expected));
        }
    }
}
