//! The editions of the standard we speak.

use serde::{Deserialize, Serialize};

/// A wire version. What differs between versions is decided in the codecs and in per-version rules
/// held as data (products of an institution); nobody else compares versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Version {
    /// STET PSD2 API 1.4.0.47, under `/stet/psd2/v1`.
    V1_4_0,
    /// STET PSD2 API 1.4.2, under `/stet/psd2/v1.4.2`.
    V1_4_2,
}

impl Version {
    /// Every version we speak, oldest first.
    pub const ALL: [Self; 2] = [Self::V1_4_0, Self::V1_4_2];

    /// The path under which this version is served.
    pub fn base_path(self) -> &'static str {
        match self {
            Self::V1_4_0 => "/stet/psd2/v1",
            Self::V1_4_2 => "/stet/psd2/v1.4.2",
        }
    }
}
