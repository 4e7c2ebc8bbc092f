//! What every property is checked with: an instant, an authority, and a provider that it certified.

use eidas::{
    Certificate,
    revocation::{Candidate, Issuer},
};
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;

/// An authority, and a certificate that it issued with places for CRL and OCSP; both until 2036.
const ISSUER: &[u8] = include_bytes!("issuer.der");
const LEAF: &[u8] = include_bytes!("leaf.der");

/// The present of all properties.
pub fn now() -> Timestamp {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

/// The certificate of the authority.
pub fn issuer_certificate() -> Certificate {
    Certificate::parse(ISSUER).unwrap()
}

/// The authority, as who speaks about revocation.
pub fn issuer() -> Issuer {
    Issuer::from_der(&CertificateDer::from(ISSUER)).unwrap()
}

/// The certificate whose revocation is asked about.
pub fn candidate() -> Candidate {
    Candidate::of(&Certificate::parse(LEAF).unwrap()).unwrap()
}

/// Checks that a message may be shown and sent: on one line, of bounded length.
pub fn sendable(message: &impl ToString, most: usize) {
    let text = message.to_string();
    assert!(text.chars().count() <= most, "{} characters: {text}", text.chars().count());
    assert!(!text.chars().any(char::is_control), "{text:?}");
}
