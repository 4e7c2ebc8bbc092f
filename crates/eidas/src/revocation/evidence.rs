//! What a source said about a certificate, and when.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

/// How far an issuer's clock may be ahead of ours, in seconds.
pub const CLOCK_TOLERANCE_S: i64 = 300;

/// What a source said about one certificate; holding it means that the certificate's issuer said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What it said.
    pub status: Status,
    /// When that was known to be so (`thisUpdate`).
    pub as_of: Timestamp,
    /// From when newer information is to be had (`nextUpdate`).
    pub until: Timestamp,
    /// Who said it.
    pub source: Source,
}

impl Evidence {
    /// Whether no newer information is to be expected at `now`.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

/// What a source knows about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not revoked.
    Good,
    /// Revoked, or on hold.
    Revoked(Revoked),
    /// The source does not know the certificate (RFC 6960, 2.2).
    Unknown,
}

/// A revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// Where evidence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A certificate revocation list.
    Crl,
    /// An OCSP responder.
    Ocsp,
    /// One of these, earlier: it was remembered.
    Memory,
}

impl Source {
    /// The source in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crl => "crl",
            Self::Ocsp => "ocsp",
            Self::Memory => "memory",
        }
    }
}

/// `CRLReason` (RFC 5280, 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `unspecified`, or none is given.
    Unspecified,
    /// `keyCompromise`.
    KeyCompromise,
    /// `cACompromise`.
    CaCompromise,
    /// `affiliationChanged`.
    AffiliationChanged,
    /// `superseded`.
    Superseded,
    /// `cessationOfOperation`.
    CessationOfOperation,
    /// `certificateHold`: counts as revoked, and may be taken back.
    CertificateHold,
    /// `removeFromCRL`: the entry takes an earlier one back.
    RemoveFromCrl,
    /// `privilegeWithdrawn`: what an authority of the provider asks for when the licence ends.
    PrivilegeWithdrawn,
    /// `aACompromise`.
    AaCompromise,
    /// A number that the standard does not know.
    Other,
}

impl Reason {
    /// The reason with this number.
    pub(super) fn of(number: u8) -> Self {
        match number {
            0 => Self::Unspecified,
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            8 => Self::RemoveFromCrl,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AaCompromise,
            _ => Self::Other,
        }
    }

    /// The reason that is spelt so; [`Reason::Other`] if the standard has none.
    pub fn parse(text: &str) -> Self {
        (0..=10).map(Self::of).find(|reason| reason.as_str() == text).unwrap_or(Self::Other)
    }

    /// Whether the issuer may still take the revocation back.
    pub fn is_hold(self) -> bool {
        self == Self::CertificateHold
    }

    /// The reason as the standard spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::RemoveFromCrl => "removeFromCRL",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether `instant` lies further ahead of `now` than clocks may differ.
pub(super) fn is_in_the_future(instant: Timestamp, now: Timestamp) -> bool {
    now.checked_add(SignedDuration::from_secs(CLOCK_TOLERANCE_S)).is_ok_and(|latest| instant > latest)
}
