//! Trusted lists of the Member States, read (eIDAS, Art. 22; ETSI TS 119 612).
//!
//! [`read`] says which authorities a national list names, [`examine`] whether its signature has the form that
//! covers all of it. Whether that signature verifies is for a tool that knows XML signatures, at import.

mod reader;
mod signature;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod xml;

use jiff::Timestamp;

use crate::{Certificate, InvalidAnchor};

pub use signature::{ELEMENTS_WITH_ID, InvalidSignature, WholeSignature, examine};
pub use xml::MAX_LIST_BYTES;

/// A national trusted list, as far as it concerns certificates for payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedList {
    /// Whose list it is (`SchemeTerritory`, 5.3.10): `FR`.
    pub territory: String,
    /// Number of the issue (`TSLSequenceNumber`, 5.3.2).
    pub sequence_number: u64,
    /// When it was issued (`ListIssueDateTime`, 5.3.14).
    pub issued_at: Timestamp,
    /// By when the next one is due (`NextUpdate`, 5.3.15); none if the list is closed.
    pub next_update: Option<Timestamp>,
    /// The authorities for qualified certificates whose status is granted, for websites or seals, in the
    /// order of the list.
    pub authorities: Vec<Authority>,
    /// What should have been among them and cannot be.
    pub left_out: Vec<LeftOut>,
    /// How many authorities for qualified certificates have another status than granted.
    pub not_granted: usize,
    /// How many are granted for signatures of natural persons only.
    pub signatures_only: usize,
}

/// An authority for qualified certificates (`CA/QC`, 5.5.1.1) whose status is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// The trust service provider's name, the English one if there is one.
    pub provider: String,
    /// The service's name, the English one if there is one.
    pub service: String,
    /// Since when the status has been granted (`StatusStartingTime`, 5.5.5).
    pub granted_since: Timestamp,
    /// The authority's certificate (`ServiceDigitalIdentity`, 5.5.3).
    pub certificate: Certificate,
    /// Whether it may issue certificates for websites: a QWAC.
    pub for_websites: bool,
    /// Whether it may issue certificates for seals: a `QSealC`.
    pub for_seals: bool,
}

/// A granted service of which no anchor was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The trust service provider's name.
    pub provider: String,
    /// The service's name.
    pub service: String,
    /// Why.
    pub why: WhyLeftOut,
}

/// Why a granted service gives no anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyLeftOut {
    /// It has no certificate.
    #[error("the service has no certificate (ETSI TS 119 612, 5.5.3)")]
    NoCertificate,
    /// Its certificate is not in base64.
    #[error("the service's certificate is not base64")]
    Base64,
    /// Its certificate cannot be an anchor.
    #[error(transparent)]
    Anchor(#[from] InvalidAnchor),
    /// It has a critical extension that we do not know.
    #[error("the service has a critical extension that is not supported (ETSI TS 119 612, 5.5.9)")]
    CriticalExtension,
}

/// Why bytes are not a trusted list that we take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTrustedList {
    /// More than [`MAX_LIST_BYTES`].
    #[error("the trusted list is larger than 16 MiB")]
    TooLarge,
    /// Other characters than UTF-8, or another encoding declared.
    #[error("the trusted list is not in UTF-8 (ETSI TS 119 612, 5.1.4)")]
    NotUtf8,
    /// A document type, which could define entities.
    #[error("the trusted list has a document type, which is not accepted")]
    DocumentType,
    /// Elements too deep, or too many attributes.
    #[error("the trusted list nests elements too deep or repeats too many attributes")]
    TooDeep,
    /// Not XML.
    #[error("the trusted list is not well-formed XML 1.0 in line {line}")]
    Xml {
        /// The line, from 1.
        line: usize,
    },
    /// XML of another kind.
    #[error("the document is not a trusted list: its root is not TrustServiceStatusList")]
    Root,
    /// An element is not there.
    #[error("the trusted list has no {element} where it must have one")]
    Missing {
        /// Its name.
        element: &'static str,
    },
    /// An element comes twice.
    #[error("the trusted list has more than one {element} where it may have one")]
    Repeated {
        /// Its name.
        element: &'static str,
    },
    /// An element's value is not of its form.
    #[error("the trusted list's {element} is not well formed")]
    Malformed {
        /// Its name.
        element: &'static str,
    },
    /// A version of the format that we do not know.
    #[error("the trusted list's TSLVersionIdentifier is neither 5 nor 6 (ETSI TS 119 612, 5.3.1)")]
    Version,
    /// The list of the lists, or one of another kind.
    #[error("the trusted list's TSLType is not that of a national list, EUgeneric (ETSI TS 119 612, 5.3.3)")]
    NotNational,
    /// More authorities than any country has.
    #[error("the trusted list names more than 10 000 authorities")]
    TooManyAuthorities,
}

/// Reads a national trusted list.
///
/// # Errors
///
/// [`InvalidTrustedList`] naming the element that is wrong. A single service that cannot be used is no
/// error: it is in [`TrustedList::left_out`].
pub fn read(bytes: &[u8]) -> Result<TrustedList, InvalidTrustedList> {
    reader::read(bytes)
}
