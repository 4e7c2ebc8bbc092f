//! What an OCSP responder answers (RFC 6960, 4.2).

use eidas::revocation::{CLOCK_TOLERANCE_S, ocsp};
use jiff::SignedDuration;

use crate::given::{candidate, issuer, now, sendable};

/// Where the answers of the seeds begin and end; everything else was never signed.
const SIGNED: (&str, &str) = ("2026-11-22T21:00:00Z", "2026-12-23T00:00:00Z");

/// Nothing is taken but what the authority signed, whatever stands around it.
pub fn check(bytes: &[u8]) {
    match ocsp::read(bytes, &candidate(), &issuer(), now()) {
        Ok(evidence) => {
            assert!(evidence.as_of <= now() + SignedDuration::from_secs(CLOCK_TOLERANCE_S));
            let (from, until) = (SIGNED.0.parse().unwrap(), SIGNED.1.parse().unwrap());
            assert!(evidence.as_of >= from && evidence.until <= until, "nobody signed {evidence:?}");
        }
        Err(invalid) => sendable(&invalid, 256),
    }
}
