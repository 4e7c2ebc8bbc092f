//! A certificate revocation list (RFC 5280, 5).

use eidas::revocation::{Status, UnverifiedCrl};

use crate::given::{candidate, issuer, now, sendable};

/// Largest list that is read here, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// Nothing is taken but what the authority signed: of its two lists, one is empty and one has one entry.
pub fn check(bytes: &[u8]) {
    let unverified = match UnverifiedCrl::parse(bytes, MAX_BYTES) {
        Ok(unverified) => unverified,
        Err(invalid) => return sendable(&invalid, 256),
    };
    match unverified.verify(&issuer()) {
        Ok(crl) => {
            assert!(crl.len() <= 1, "nobody signed {} entries", crl.len());
            let evidence = crl.evidence(&candidate(), now()).unwrap();
            assert_eq!(matches!(evidence.status, Status::Revoked(_)), crl.len() == 1);
        }
        Err(invalid) => sendable(&invalid, 256),
    }
}
