//! The value of a `Signature` header (draft-cavage-http-signatures, 4.1).

use http::{HeaderMap, HeaderValue, Method};
use server::{
    http_signature::{
        self, DateRule, DigestRule, Policy, Refusal, Rules, SignatureHeader, SignedMessage, digest_value,
    },
    seal_key::VerifyingKey,
};

use crate::given::{issuer_certificate, now, sendable};

const BODY: &[u8] = br#"{"paymentInformationId":"PI-0001"}"#;

/// It is read or refused with a short message that repeats nothing of it, and verifies under no rules.
pub fn check(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let mut headers = HeaderMap::new();
    headers.insert("signature", value);
    for (name, value) in [
        ("x-request-id", "request-1".to_owned()),
        ("date", "Tue, 24 Nov 2026 00:00:00 GMT".to_owned()),
        ("digest", digest_value(BODY)),
        ("content-type", "application/json".to_owned()),
        ("host", "www.17515.example".to_owned()),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let signature = match SignatureHeader::find(&headers) {
        Ok(signature) => signature,
        Err(refusal) => return refused(refusal),
    };
    let key = VerifyingKey::from_spki_der(issuer_certificate().public_key().spki_der()).unwrap();
    let target = "/stet/psd2/v1/payment-requests";
    let message = SignedMessage { method: &Method::POST, target, headers: &headers, body: BODY };
    for policy in [Policy::Lenient, Policy::Standard, Policy::Strict] {
        for date in [DateRule::WhenCovered, DateRule::Required] {
            let rules = Rules { policy, digest: DigestRule::AsPolicy, date_tolerance_s: 300, date };
            match http_signature::verify(&message, &signature, &[&key], rules, now()) {
                Ok(_) => panic!("nobody signed this"),
                Err(refusal) => refused(refusal),
            }
        }
    }
}

fn refused(refusal: Refusal) {
    sendable(&refusal, 110);
    assert!(matches!(refusal.status().as_u16(), 400 | 401));
}
