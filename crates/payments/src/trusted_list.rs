//! Trusted lists: the certificate authorities that a Member State supervises, as they were imported.
//!
//! A national list (eIDAS, Art. 22; ETSI TS 119 612) is read and its signature verified at import only;
//! this is what remains: which authorities it names, where that came from and when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A national trusted list that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedList {
    /// The country whose list it is (`SchemeTerritory`), ISO 3166-1 alpha-2 or `EL`, `UK`.
    pub territory: String,
    /// Number of the issue (`TSLSequenceNumber`); a later one replaces an earlier one.
    pub sequence_number: u64,
    /// When it was issued (`ListIssueDateTime`).
    pub issued_at: Timestamp,
    /// By when the next one is due (`NextUpdate`); none if the list is closed.
    pub next_update: Option<Timestamp>,
    /// The file it was read from, as its importer named it.
    pub file: String,
    /// SHA-256 of that file.
    #[serde(with = "crate::encoding::hex32")]
    pub sha256: [u8; 32],
    /// SHA-256 of the certificate that signed it: the one its importer pinned.
    #[serde(with = "crate::encoding::hex32")]
    pub signer_sha256: [u8; 32],
    /// When it was imported.
    pub imported_at: Timestamp,
    /// The authorities that it names and we trust for it.
    pub authorities: Vec<ListedAuthority>,
}

/// A certificate authority of a trusted list whose service is granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedAuthority {
    /// The trust service provider.
    pub provider: String,
    /// The service.
    pub service: String,
    /// Since when it has been granted.
    pub granted_since: Timestamp,
    /// Its certificate, DER.
    #[serde(with = "crate::encoding::base64")]
    pub der: Vec<u8>,
}
