//! The test authority's OCSP responder (RFC 6960): it answers with its own key.

use der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _, asn1::AnyRef};
use eidas::revocation::{Reason, Revoked, Status};
use jiff::Timestamp;
use rcgen::{KeyPair, SigningKey as _};

use super::{
    Ca, PkiError,
    der::{oid, sequence, tlv},
};

/// Certificates of one request answered at most.
const MAX_CERTIFICATES: usize = 8;

const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const GENERALIZED_TIME: u8 = 0x18;
/// `OCSPResponseStatus`: `successful` and `malformedRequest`.
const SUCCESSFUL: u8 = 0;
const MALFORMED_REQUEST: u8 = 1;

impl Ca {
    /// Answers a request: what `status_of` says of each serial number, good until `next_update`.
    ///
    /// # Errors
    ///
    /// [`PkiError::Issue`] if the answer cannot be signed.
    pub fn ocsp_answer(
        &self,
        request: &[u8],
        status_of: impl Fn(&[u8]) -> Status,
        this_update: Timestamp,
        next_update: Timestamp,
    ) -> Result<Vec<u8>, PkiError> {
        let Ok(asked) = asked(request) else {
            return Ok(sequence(&[tlv(ENUMERATED, &[MALFORMED_REQUEST])]));
        };
        let singles = asked.into_iter().map(|asked| {
            let times = [generalized(this_update), tlv(0xa0, &generalized(next_update))].concat();
            sequence(&[asked.cert_id.to_vec(), cert_status(status_of(asked.serial)), times])
        });
        let singles: Vec<_> = singles.collect();
        let key = KeyPair::from_pem(self.certified_key().key_pem())?;
        // byKey: SHA-1 of the key would be the field's way; the name says it as well and needs no SHA-1.
        let responder = tlv(0xa1, &subject_of(self.der()).unwrap_or_default());
        let data = sequence(&[responder, generalized(this_update), sequence(&singles)]);
        let signature = [&[0], key.sign(&data)?.as_slice()].concat();
        let basic = sequence(&[data, signature_algorithm(&key), tlv(BIT_STRING, &signature)]);
        let bytes = sequence(&[oid("1.3.6.1.5.5.7.48.1.1"), tlv(OCTET_STRING, &basic)]);
        Ok(sequence(&[tlv(ENUMERATED, &[SUCCESSFUL]), tlv(0xa0, &bytes)]))
    }
}

/// A certificate that is asked about.
struct Asked<'a> {
    /// Repeated in the answer as it came.
    cert_id: &'a [u8],
    serial: &'a [u8],
}

fn asked(request: &[u8]) -> der::Result<Vec<Asked<'_>>> {
    let mut tbs = fields(fields(request)?.tlv_bytes()?)?;
    let mut list = tbs.tlv_bytes()?;
    // The version and the requestor's name may come first.
    while AnyRef::from_der(list)?.tag() != Tag::Sequence {
        list = tbs.tlv_bytes()?;
    }
    let mut requests = fields(list)?;
    let mut found = Vec::new();
    while !requests.is_finished() && found.len() < MAX_CERTIFICATES {
        let cert_id = fields(requests.tlv_bytes()?)?.tlv_bytes()?;
        let mut id = fields(cert_id)?;
        for _ in ["hashAlgorithm", "issuerNameHash", "issuerKeyHash"] {
            id.tlv_bytes()?;
        }
        let serial = AnyRef::decode(&mut id)?.value();
        found.push(Asked { cert_id, serial });
    }
    Ok(found)
}

/// The fields of a value that holds others.
fn fields(der: &[u8]) -> der::Result<SliceReader<'_>> {
    SliceReader::new(AnyRef::from_der(der)?.value())
}

/// The subject's name in a certificate.
fn subject_of(certificate: &[u8]) -> der::Result<Vec<u8>> {
    let mut tbs = fields(fields(certificate)?.tlv_bytes()?)?;
    for _ in ["version", "serialNumber", "signature", "issuer", "validity"] {
        tbs.tlv_bytes()?;
    }
    Ok(tbs.tlv_bytes()?.to_vec())
}

fn cert_status(status: Status) -> Vec<u8> {
    match status {
        Status::Good => tlv(0x80, &[]),
        Status::Unknown => tlv(0x82, &[]),
        Status::Revoked(Revoked { at, reason }) => {
            let reason = tlv(0xa0, &tlv(ENUMERATED, &[number(reason)]));
            tlv(0xa1, &[generalized(at), reason].concat())
        }
    }
}

/// `CRLReason` (RFC 5280, 5.3.1).
fn number(reason: Reason) -> u8 {
    match reason {
        Reason::Unspecified | Reason::Other => 0,
        Reason::KeyCompromise => 1,
        Reason::CaCompromise => 2,
        Reason::AffiliationChanged => 3,
        Reason::Superseded => 4,
        Reason::CessationOfOperation => 5,
        Reason::CertificateHold => 6,
        Reason::RemoveFromCrl => 8,
        Reason::PrivilegeWithdrawn => 9,
        Reason::AaCompromise => 10,
    }
}

fn generalized(at: Timestamp) -> Vec<u8> {
    tlv(GENERALIZED_TIME, at.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
}

/// The authorities of the sandbox have P-256 keys.
fn signature_algorithm(key: &KeyPair) -> Vec<u8> {
    debug_assert!(key.algorithm() == &rcgen::PKCS_ECDSA_P256_SHA256, "an authority has a P-256 key");
    sequence(&[oid("1.2.840.10045.4.3.2")])
}

#[cfg(test)]
mod tests {
    use eidas::revocation::{Candidate, Issuer, ocsp};

    use super::*;
    use crate::pki::{KeyType, TppProfile, Validity};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn our_own_reader_takes_the_answers_and_the_list() {
        let now = at("2026-11-22T12:00:00Z");
        let later = at("2026-11-22T13:00:00Z");
        let ca = Ca::create("Test QTSP", Validity::days_from(now, 10)).unwrap();
        let oid = eidas::OrganizationIdentifier::parse("PSDFR-ACPR-12345").unwrap();
        let mut profile = TppProfile::new(
            eidas::Kind::Qwac,
            &oid,
            &[eidas::Role::PaymentInitiation],
            Validity::days_from(now, 5),
        );
        profile.key = KeyType::P256;
        let certificate = ca.issue_tpp(&profile).unwrap().certificate().unwrap();
        let candidate = Candidate::of(&certificate).unwrap();
        let issuer = Issuer::from_der(ca.der()).unwrap();
        let request = ocsp::request(&candidate, &issuer).unwrap();
        let revoked = Revoked { at: at("2026-11-20T09:00:00Z"), reason: Reason::KeyCompromise };
        for status in [Status::Good, Status::Unknown, Status::Revoked(revoked)] {
            let status_of = |serial: &[u8]| {
                let same = serial.iter().skip_while(|b| **b == 0).eq(candidate.serial().magnitude());
                assert!(same, "the serial number that was asked about");
                status
            };
            let answer = ca.ocsp_answer(&request, status_of, now, later).unwrap();
            let evidence = ocsp::read(&answer, &candidate, &issuer, now).unwrap();
            assert_eq!((evidence.status, evidence.as_of, evidence.until), (status, now, later));
        }
        let listed = super::super::Listed { serial: candidate.serial().magnitude().to_vec(), revoked };
        for (listed, expected) in [(vec![listed], Status::Revoked(revoked)), (vec![], Status::Good)] {
            let der = ca.crl(&listed, 7, now, later).unwrap();
            let crl = eidas::revocation::UnverifiedCrl::parse(&der, 10_000).unwrap().verify(&issuer).unwrap();
            assert_eq!(crl.evidence(&candidate, now).unwrap().status, expected);
        }
    }

    #[test]
    fn what_is_no_request_is_answered_as_malformed() {
        let now = at("2026-11-22T12:00:00Z");
        let ca = Ca::create("Test QTSP", Validity::days_from(now, 10)).unwrap();
        for request in [&[][..], &[0x30, 0], b"GET", &[0x30, 4, 0x30, 2, 0x30, 0xff]] {
            let answer = ca.ocsp_answer(request, |_| Status::Good, now, now).unwrap();
            assert_eq!(answer, [0x30, 3, 0x0a, 1, MALFORMED_REQUEST]);
        }
    }
}
