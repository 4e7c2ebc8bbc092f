//! The rules that a certificate can break.

use jiff::Timestamp;

use crate::departure::Departure;
use crate::organization_identifier::InvalidOrganizationIdentifier;
use crate::rule_id::RuleId;
use crate::tlv::Fault;

/// The rule that a certificate breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// It cannot have the extensions that make it qualified.
    #[error("the certificate must be of version 3, not {version} (RFC 5280, 4.1.2.1)")]
    Version {
        /// The version it has.
        version: u8,
    },
    /// The serial number names no certificate in particular.
    #[error("the certificate's serial number must be positive and of at most 20 bytes (RFC 5280, 4.1.2.2)")]
    SerialNumber,
    /// A critical extension that we do not know; qcStatements must not be critical.
    #[error("the certificate has a critical extension that is not supported (RFC 5280, 4.2)")]
    CriticalExtension,
    /// The certificate of an authority shown as that of a provider.
    #[error("the certificate is an authority's: basicConstraints has cA (RFC 5280, 4.2.1.9)")]
    IsAuthority,
    /// A provider's certificate whose key may sign certificates.
    #[error("the certificate's keyUsage must not allow keyCertSign (RFC 5280, 4.2.1.9)")]
    SignsCertificates,
    /// The clock is before `notBefore`.
    #[error("the certificate is valid only from {not_before} (RFC 5280, 4.1.2.5)")]
    NotYetValid {
        /// First instant of validity.
        not_before: Timestamp,
    },
    /// The clock has reached `notAfter`.
    #[error("the certificate expired at {not_after} (RFC 5280, 4.1.2.5)")]
    Expired {
        /// End of validity.
        not_after: Timestamp,
    },
    /// The key is neither RSA of 2048 to 8192 bits nor on P-256 or P-384.
    #[error("the certificate's key must be RSA of 2048 to 8192 bits, or P-256, or P-384 (ETSI TS 119 312)")]
    WeakKey,
    /// The exponent of the RSA key is even, or less than 65537, or endless.
    #[error("the RSA key's public exponent must be odd, 65537 or more, and below 2^256 (ETSI TS 119 312)")]
    RsaExponent,
    /// The issuer signed with something weaker than SHA-256.
    #[error("the certificate must be signed with SHA-256, SHA-384 or SHA-512 (ETSI TS 119 312)")]
    WeakSignature,
    /// A QWAC without `digitalSignature`.
    #[error("the QWAC's keyUsage must allow digitalSignature (ETSI EN 319 412-4)")]
    QwacKeyUsage,
    /// A QSealC with neither `digitalSignature` nor `nonRepudiation`.
    #[error("the QSealC's keyUsage must allow digitalSignature or nonRepudiation (ETSI EN 319 412-3)")]
    QsealKeyUsage,
    /// A QWAC whose extended key usages leave out `clientAuth`.
    #[error("the QWAC's extKeyUsage must allow clientAuth, 1.3.6.1.5.5.7.3.2 (RFC 5280, 4.2.1.12)")]
    NoClientAuth,
    /// The qcStatements cannot be read.
    #[error("the certificate's QcStatements cannot be read: {0} (RFC 3739, 3.2.6)")]
    QcStatements(Fault),
    /// Not a qualified certificate.
    #[error("the certificate has no QcCompliance statement, 0.4.0.1862.1.1 (ETSI EN 319 412-5, 4.2.1)")]
    NotQualified,
    /// A certificate for something else than websites shown as QWAC.
    #[error("the QWAC's QcType must be web, 0.4.0.1862.1.6.3 (ETSI EN 319 412-5, 4.2.3)")]
    NotForWebsites,
    /// A certificate for something else than seals shown as QSealC.
    #[error("the QSealC's QcType must be eSeal, 0.4.0.1862.1.6.2 (ETSI EN 319 412-5, 4.2.3)")]
    NotForSeals,
    /// No PSD2 statement.
    #[error("the certificate has no PSD2 statement, 0.4.0.19495.2 (ETSI TS 119 495, 5.1)")]
    NoPsd2Statement,
    /// A PSD2 statement with none of the four roles.
    #[error(
        "the PSD2 statement has none of the roles PSP_AS, PSP_PI, PSP_AI, PSP_IC (ETSI TS 119 495, 5.2.2)"
    )]
    NoRole,
    /// The subject does not say who it is.
    #[error("the certificate's subject has no organizationIdentifier, 2.5.4.97 (ETSI TS 119 495, 5.2.1)")]
    NoOrganizationIdentifier,
    /// The subject has several identifiers, and not one of a payment service provider.
    #[error("the certificate's subject has more than one organizationIdentifier (ETSI TS 119 495, 5.2.1)")]
    AmbiguousOrganizationIdentifier,
    /// The subject's identifier is not that of a payment service provider.
    #[error("the certificate's {0}")]
    OrganizationIdentifier(InvalidOrganizationIdentifier),
    /// The PSD2 statement and the subject name two authorities.
    #[error(
        "the certificate's nCAId is not the authority in its organizationIdentifier (ETSI TS 119 495, 5.2.3)"
    )]
    AuthorityMismatch,
    /// Almost correct, which the strict reading does not take.
    #[error("{departure}")]
    Departs {
        /// What is not to the letter.
        departure: Departure,
        /// The rule that it bends.
        rule: RuleId,
    },
}

impl Defect {
    /// The rule that is broken, as logs and explanations name it.
    pub fn rule(&self) -> RuleId {
        match self {
            Self::Version { .. } => RuleId::Version,
            Self::SerialNumber => RuleId::SerialNumber,
            Self::CriticalExtension => RuleId::CriticalExtensions,
            Self::IsAuthority | Self::SignsCertificates => RuleId::EndEntity,
            Self::NotYetValid { .. } => RuleId::NotBefore,
            Self::Expired { .. } => RuleId::NotAfter,
            Self::WeakKey => RuleId::Key,
            Self::RsaExponent => RuleId::RsaExponent,
            Self::WeakSignature => RuleId::SignatureHash,
            Self::QwacKeyUsage => RuleId::QwacKeyUsage,
            Self::QsealKeyUsage => RuleId::QsealKeyUsage,
            Self::NoClientAuth => RuleId::QwacExtendedKeyUsage,
            Self::QcStatements(_) => RuleId::QcStatements,
            Self::NotQualified => RuleId::QcCompliance,
            Self::NotForWebsites => RuleId::QwacQcType,
            Self::NotForSeals => RuleId::QsealQcType,
            Self::NoPsd2Statement => RuleId::Psd2Statement,
            Self::NoRole => RuleId::Psd2Roles,
            Self::NoOrganizationIdentifier
            | Self::AmbiguousOrganizationIdentifier
            | Self::OrganizationIdentifier(_) => RuleId::OrganizationIdentifier,
            Self::AuthorityMismatch => RuleId::NcaId,
            Self::Departs { rule, .. } => *rule,
        }
    }
}
