//! Certificates that are known to be revoked, as they are remembered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A certificate that its issuer has revoked for good. One that is on hold is none: its issuer may take that
/// back (RFC 5280, 5.3.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedCertificate {
    /// SHA-256 of the certificate.
    #[serde(with = "crate::encoding::hex32")]
    pub sha256: [u8; 32],
    /// Since when it is revoked.
    pub revoked_at: Timestamp,
    /// Why, as the standard spells it: `keyCompromise` (RFC 5280, 5.3.1).
    pub reason: String,
    /// When we learned of it.
    pub learned_at: Timestamp,
    /// When the certificate expires; then nobody need remember that it was revoked.
    pub not_after: Timestamp,
}
