//! The names of the rules.

use std::fmt;

/// The name of a rule, the same in a refusal, in a log and in an explanation: `qwac.key_usage`.
///
/// Names are kept from release to release: others write them into their run books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleId {
    /// There is a PEM certificate, or DER.
    Pem,
    /// It has a size that a certificate has.
    Size,
    /// It is an X.509 certificate in DER.
    Der,
    /// Both places that name the signature algorithm name the same.
    SignatureAlgorithm,
    /// No extension comes twice.
    Extensions,
    /// It is of version 3.
    Version,
    /// Its serial number is positive and of at most 20 bytes.
    SerialNumber,
    /// It has no critical extension that we do not know.
    CriticalExtensions,
    /// It is not an authority's.
    EndEntity,
    /// Its validity has begun.
    NotBefore,
    /// Its validity has not ended.
    NotAfter,
    /// Its key is of a kind and length that we take.
    Key,
    /// The public exponent of an RSA key is odd and large enough.
    RsaExponent,
    /// Its issuer signed with SHA-256 or better.
    SignatureHash,
    /// The key of a QWAC may sign TLS handshakes.
    QwacKeyUsage,
    /// A QWAC may identify the client of a TLS connection.
    QwacExtendedKeyUsage,
    /// The key of a QSealC may sign or seal.
    QsealKeyUsage,
    /// The qcStatements extension can be read.
    QcStatements,
    /// It is a qualified certificate.
    QcCompliance,
    /// A QWAC is for website authentication.
    QwacQcType,
    /// A QSealC is for seals.
    QsealQcType,
    /// It states the licence of a payment service provider.
    Psd2Statement,
    /// The licence has a role.
    Psd2Roles,
    /// The licence names the authority.
    NcaName,
    /// The subject carries the authorisation number.
    OrganizationIdentifier,
    /// The authority of the licence is that of the authorisation number.
    NcaId,
    /// The role that a call needs: payment initiation.
    PaymentInitiation,
    /// The country of the subject; it informs and decides nothing.
    SubjectCountry,
    /// A path leads to an authority that we trust.
    ChainPath,
    /// QWAC and QSealC are of one provider.
    Pair,
}

impl RuleId {
    /// The name: `qwac.key_usage`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pem => "certificate.pem",
            Self::Size => "certificate.size",
            Self::Der => "certificate.der",
            Self::SignatureAlgorithm => "certificate.signature_algorithm",
            Self::Extensions => "certificate.extensions",
            Self::Version => "certificate.version",
            Self::SerialNumber => "certificate.serial_number",
            Self::CriticalExtensions => "certificate.critical_extensions",
            Self::EndEntity => "certificate.end_entity",
            Self::NotBefore => "validity.not_before",
            Self::NotAfter => "validity.not_after",
            Self::Key => "key.kind",
            Self::RsaExponent => "key.rsa_exponent",
            Self::SignatureHash => "signature.hash",
            Self::QwacKeyUsage => "qwac.key_usage",
            Self::QwacExtendedKeyUsage => "qwac.extended_key_usage",
            Self::QsealKeyUsage => "qseal.key_usage",
            Self::QcStatements => "qc.statements",
            Self::QcCompliance => "qc.compliance",
            Self::QwacQcType => "qwac.qc_type",
            Self::QsealQcType => "qseal.qc_type",
            Self::Psd2Statement => "psd2.statement",
            Self::Psd2Roles => "psd2.roles",
            Self::NcaName => "psd2.nca_name",
            Self::OrganizationIdentifier => "subject.organization_identifier",
            Self::NcaId => "psd2.nca_id",
            Self::PaymentInitiation => "psd2.payment_initiation",
            Self::SubjectCountry => "subject.country",
            Self::ChainPath => "chain.path",
            Self::Pair => "pair.organization",
        }
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl serde::Serialize for RuleId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
