//! Where revocation is asked about.

use std::path::PathBuf;

use serde::Deserialize;

/// Where revocation is asked about. What becomes of a certificate while nobody can say is for each
/// institution to decide.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether the locations in TPPs' certificates are fetched: their issuers' lists and OCSP responders.
    pub fetch: bool,
    /// Lists and a deny list in files, for banks without outbound access or with a list of their own.
    pub directory: Option<PathBuf>,
    /// Whether addresses of private networks and other ports than 80 and 443 may be fetched from. For tests
    /// and sandboxes: in production it would let an issuer's certificate point into the bank's own network.
    pub allow_private_addresses: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { fetch: true, directory: None, allow_private_addresses: false }
    }
}

impl Config {
    /// Whether anybody can be asked at all.
    pub fn has_a_source(&self) -> bool {
        self.fetch || self.directory.is_some()
    }
}
