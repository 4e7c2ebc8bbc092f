//! A certificate, read.

use std::fmt;

use der::Decode;
use der::asn1::ObjectIdentifier;
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use x509_cert::certificate::{TbsCertificate, Version};
use x509_cert::time::Time;

use crate::departure::Departure;
use crate::distinguished_name as dn;
use crate::extensions::{Extensions, QC_STATEMENTS};
use crate::key_usage::KeyUsage;
use crate::organization::{self, Organization};
use crate::organization_identifier::{InvalidOrganizationIdentifier, OrganizationIdentifier};
use crate::public_key::PublicKey;
use crate::qc_statements::{self, Departures, QcStatements};
use crate::rule_id::RuleId;
use crate::signature_hash::SignatureHash;
use crate::text::hex;
use crate::tlv::Fault;

/// Largest certificate read, in bytes. A QWAC has two or three thousand.
pub const MAX_CERTIFICATE_BYTES: usize = 16 * 1024;

const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

/// A certificate as received, and what it says (RFC 5280; ETSI EN 319 412; ETSI TS 119 495).
///
/// To hold one is to know that its bytes can be read, nothing more: [`crate::judge`] says whether its content
/// is acceptable, [`crate::Anchors::verify_chain`] whether a trusted authority signed it.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: CertificateDer<'static>,
    sha256: [u8; 32],
    subject: Subject,
    issuer: String,
    serial: String,
    not_before: Timestamp,
    not_after: Timestamp,
    public_key: PublicKey,
    signature_hash: SignatureHash,
    dns_names: Vec<String>,
    /// What the rules look at beside that.
    facts: Facts,
}

/// What a certificate says that only judging it needs. A part that cannot be read is a rule that is broken,
/// not a certificate that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) version: u8,
    pub(crate) serial_in_order: bool,
    pub(crate) is_authority: bool,
    pub(crate) unsupported_critical: Option<ObjectIdentifier>,
    pub(crate) key_usage: Result<Option<KeyUsage>, Fault>,
    pub(crate) extended_key_usages: Result<Option<Vec<ObjectIdentifier>>, Fault>,
    pub(crate) statements: Result<QcStatements, Fault>,
    pub(crate) organization: Organization,
    pub(crate) departures: Departures,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Subject {
    /// As they stand, harmless or not.
    organization_identifiers: Vec<String>,
    organization_identifier: Option<String>,
    organization_name: Option<String>,
    common_name: Option<String>,
    country: Option<String>,
}

/// Why bytes are not a certificate we can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCertificate {
    /// More than [`MAX_CERTIFICATE_BYTES`].
    #[error("the certificate is larger than 16 KiB")]
    TooLarge,
    /// The text has no `BEGIN CERTIFICATE` block, or one that is not base64.
    #[error("there is no readable PEM certificate")]
    Pem,
    /// Not an X.509 certificate in DER.
    #[error("the certificate is not well-formed DER (RFC 5280, 4.1)")]
    Der,
    /// An extension comes twice.
    #[error("the certificate has an extension twice (RFC 5280, 4.2)")]
    RepeatedExtension,
    /// The two places that name the signature algorithm disagree.
    #[error("the certificate names two different signature algorithms (RFC 5280, 4.1.1.2)")]
    SignatureAlgorithm,
}

impl InvalidCertificate {
    /// The rule that the bytes break.
    pub fn rule(self) -> RuleId {
        match self {
            Self::TooLarge => RuleId::Size,
            Self::Pem => RuleId::Pem,
            Self::Der => RuleId::Der,
            Self::RepeatedExtension => RuleId::Extensions,
            Self::SignatureAlgorithm => RuleId::SignatureAlgorithm,
        }
    }
}

impl Certificate {
    /// Reads a certificate in DER and keeps the bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidCertificate`] if the bytes are too many, or not a certificate in strict DER, or ambiguous.
    pub fn parse(der: &[u8]) -> Result<Self, InvalidCertificate> {
        use InvalidCertificate as Invalid;
        if der.len() > MAX_CERTIFICATE_BYTES {
            return Err(Invalid::TooLarge);
        }
        let read = x509_cert::Certificate::from_der(der).map_err(|_| Invalid::Der)?;
        let tbs = read.tbs_certificate();
        if tbs.signature() != read.signature_algorithm() {
            return Err(Invalid::SignatureAlgorithm);
        }
        let extensions = Extensions::of(tbs)?;
        let subject = Subject::read(tbs);
        Ok(Self {
            sha256: Sha256::digest(der).into(),
            der: CertificateDer::from(der.to_vec()),
            facts: Facts::read(tbs, &extensions, &subject),
            subject,
            issuer: tbs.issuer().to_string(),
            serial: serial(tbs.serial_number().as_bytes()),
            not_before: timestamp(tbs.validity().not_before),
            not_after: timestamp(tbs.validity().not_after),
            public_key: PublicKey::read(tbs.subject_public_key_info()).map_err(|_| Invalid::Der)?,
            signature_hash: SignatureHash::of(read.signature_algorithm()),
            dns_names: extensions.dns_names(),
        })
    }

    /// Reads the first certificate of a PEM text.
    ///
    /// # Errors
    ///
    /// As [`Certificate::parse`], and [`InvalidCertificate::Pem`] if there is none.
    pub fn from_pem(text: &str) -> Result<Self, InvalidCertificate> {
        let der = CertificateDer::from_pem_slice(text.as_bytes()).map_err(|_| InvalidCertificate::Pem)?;
        Self::parse(&der)
    }

    /// Reads every certificate of a PEM text, in order; blocks of another kind are passed over.
    ///
    /// # Errors
    ///
    /// As [`Certificate::parse`] for the first that cannot be read. A text without certificates gives none.
    pub fn all_from_pem(text: &str) -> Result<Vec<Self>, InvalidCertificate> {
        CertificateDer::pem_slice_iter(text.as_bytes())
            .map(|der| Self::parse(&der.map_err(|_| InvalidCertificate::Pem)?))
            .collect()
    }

    /// The bytes as received.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// SHA-256 of the bytes as received: the `x5t#S256` of RFC 8705 before base64.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// [`Certificate::sha256`] in lower-case hexadecimal.
    pub fn sha256_hex(&self) -> String {
        hex(&self.sha256)
    }

    /// The subject's organizationIdentifier attribute, parsed to the letter (ETSI TS 119 495, 5.2.1).
    ///
    /// # Errors
    ///
    /// The part that is wrong; `None` if the subject has no such attribute.
    pub fn organization_identifier(
        &self,
    ) -> Option<Result<OrganizationIdentifier, InvalidOrganizationIdentifier>> {
        self.subject.organization_identifiers.first().map(|text| OrganizationIdentifier::parse(text))
    }

    /// The subject's first organizationIdentifier attribute as it stands, PSD2 or not; characters that control
    /// a terminal or are invisible are U+FFFD.
    pub fn organization_identifier_text(&self) -> Option<&str> {
        self.subject.organization_identifier.as_deref()
    }

    /// The subject's organizationIdentifier attributes as they stand, harmless or not.
    pub(crate) fn organization_identifiers(&self) -> &[String] {
        &self.subject.organization_identifiers
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Where it departs from the letter of the standards and is still understood; empty if it follows them.
    pub fn departures(&self) -> &[Departure] {
        self.facts.departures.as_slice()
    }

    /// The subject's organisation name.
    pub fn organization_name(&self) -> Option<&str> {
        self.subject.organization_name.as_deref()
    }

    /// The subject's common name.
    pub fn common_name(&self) -> Option<&str> {
        self.subject.common_name.as_deref()
    }

    /// The subject's country, ISO 3166-1 alpha-2.
    pub fn country(&self) -> Option<&str> {
        self.subject.country.as_deref()
    }

    /// The issuer's distinguished name, as RFC 4514 writes it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The serial number in lower-case hexadecimal.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The first instant of validity.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// The instant from which we no longer take it.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The key it speaks for.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The hash that its issuer signed.
    pub fn signature_hash(&self) -> SignatureHash {
        self.signature_hash
    }

    /// What the key may be used for, if the certificate says so in a form that can be read.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.facts.key_usage.ok().flatten()
    }

    /// The extended key usages in dotted form; none at all restricts nothing, and of those that cannot be
    /// read the list is empty.
    pub fn extended_key_usages(&self) -> Option<impl Iterator<Item = String> + '_> {
        let usages = match &self.facts.extended_key_usages {
            Ok(usages) => usages.as_deref()?,
            Err(_) => &[],
        };
        Some(usages.iter().map(ToString::to_string))
    }

    /// Whether the extended key usages, if there are any, let it identify the client of a TLS connection.
    pub fn allows_client_auth(&self) -> bool {
        self.extended_key_usages().is_none_or(|mut oids| oids.any(|oid| oid == CLIENT_AUTH))
    }

    /// What its issuer states about it, with all [`Certificate::departures`] taken; nothing if it has no
    /// qcStatements extension or one that cannot be read.
    pub fn qc_statements(&self) -> &QcStatements {
        static NOTHING: QcStatements = QcStatements { compliance: false, types: vec![], psd2: None };
        self.facts.statements.as_ref().unwrap_or(&NOTHING)
    }

    /// The DNS names of the subject.
    pub fn dns_names(&self) -> &[String] {
        &self.dns_names
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject)
            .field("issuer", &self.issuer)
            .field("serial", &self.serial)
            .field("not_after", &self.not_after)
            .field("sha256", &self.sha256_hex())
            .finish_non_exhaustive()
    }
}

impl Subject {
    fn read(tbs: &TbsCertificate) -> Self {
        let name = tbs.subject();
        Self {
            organization_identifiers: dn::raw_texts(name, dn::ORGANIZATION_IDENTIFIER),
            organization_identifier: dn::first_text(name, dn::ORGANIZATION_IDENTIFIER),
            organization_name: dn::first_text(name, dn::ORGANIZATION_NAME),
            common_name: dn::first_text(name, dn::COMMON_NAME),
            country: dn::first_text(name, dn::COUNTRY_NAME),
        }
    }
}

impl Facts {
    fn read(tbs: &TbsCertificate, extensions: &Extensions<'_>, subject: &Subject) -> Self {
        let read = extensions.find(QC_STATEMENTS).map(qc_statements::read).transpose();
        let (mut statements, mut departures) = match read.map(Option::unwrap_or_default) {
            Ok(understood) => (Ok(understood.statements), understood.departures),
            Err(fault) => (Err(fault), Departures::default()),
        };
        let organization = Organization::read(&subject.organization_identifiers, &mut departures);
        if let (Ok(QcStatements { psd2: Some(licence), .. }), Organization::Is(provider)) =
            (&mut statements, &organization)
        {
            organization::complete(licence, provider, &mut departures);
        }
        Self {
            version: match tbs.version() {
                Version::V1 => 1,
                Version::V2 => 2,
                Version::V3 => 3,
            },
            serial_in_order: is_in_order(tbs.serial_number().as_bytes()),
            is_authority: extensions.is_authority(),
            unsupported_critical: extensions.unsupported_critical(),
            key_usage: extensions.key_usage(),
            extended_key_usages: extensions.extended_key_usages(),
            statements,
            organization,
            departures,
        }
    }
}

/// Positive and of at most 20 bytes (RFC 5280, 4.1.2.2).
fn is_in_order(serial: &[u8]) -> bool {
    let negative = serial.first().is_some_and(|first| *first > 0x7f);
    let number = serial.strip_prefix(&[0]).unwrap_or(serial);
    !negative && (1..=20).contains(&number.len())
}

/// RFC 5280 lets a certificate end in the last second of 9999, a day after the last our calendar knows.
fn timestamp(time: Time) -> Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

/// DER puts a zero before a positive number whose first bit is set; it is not part of the number.
fn serial(bytes: &[u8]) -> String {
    hex(match bytes {
        [0, number @ ..] if !number.is_empty() => number,
        number => number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::public_key::KeyKind;
    use crate::qc_statements::{QcType, Role};
    use crate::testing::{Leaf, TestCa, at, replace};

    #[test]
    fn everything_a_qwac_says_is_read() {
        let ca = TestCa::new();
        let der = ca.issue(&Leaf::qwac());
        let certificate = Certificate::parse(&der).unwrap();
        assert_eq!(certificate.der().as_ref(), der);
        assert_eq!(certificate.organization_identifier_text(), Some("PSDFR-ACPR-12345"));
        assert_eq!(certificate.organization_identifier().unwrap().unwrap().nca_id(), "FR-ACPR");
        assert_eq!(certificate.organization_name(), Some("Société d'essai"));
        assert_eq!(certificate.common_name(), Some("tpp.example"));
        assert_eq!(certificate.country(), Some("FR"));
        assert_eq!(certificate.issuer(), "CN=Test QTSP");
        assert_eq!(certificate.serial(), "0102ff");
        assert_eq!(certificate.not_before(), at("2026-01-01T00:00:00Z"));
        assert_eq!(certificate.not_after(), at("2028-01-01T00:00:00Z"));
        assert_eq!(certificate.public_key().kind(), KeyKind::P256);
        assert_eq!(certificate.public_key().key_bytes().len(), 65);
        assert!(der.windows(91).any(|w| w == certificate.public_key().spki_der()));
        assert_eq!(certificate.signature_hash(), SignatureHash::Sha256);
        assert_eq!(certificate.key_usage().unwrap().to_string(), "digitalSignature");
        let usages: Vec<String> = certificate.extended_key_usages().unwrap().collect();
        assert_eq!(usages, ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"]);
        assert_eq!(certificate.dns_names(), ["tpp.example"]);
        let qc = certificate.qc_statements();
        assert!(qc.compliance);
        assert_eq!(qc.types, [QcType::Web]);
        assert_eq!(qc.psd2.as_ref().unwrap().roles, [Role::PaymentInitiation, Role::AccountInformation]);
        assert_eq!(certificate.sha256().as_slice(), Sha256::digest(&der).as_slice());
        assert_eq!(certificate.sha256_hex().len(), 64);
    }

    #[test]
    fn a_certificate_without_end_is_read_with_the_last_instant_we_know() {
        let mut leaf = Leaf::qwac();
        leaf.not_after = at("9999-12-30T22:00:00Z");
        let mut der = TestCa::new().issue(&leaf);
        replace(&mut der, b"99991230220000Z", b"99991231235959Z");
        assert_eq!(Certificate::parse(&der).unwrap().not_after(), Timestamp::MAX);
    }

    #[test]
    fn a_serial_number_is_written_without_the_sign_byte_of_der() {
        let mut der = TestCa::new().issue(&Leaf::qwac());
        for (number, text) in [([1, 2, 0xff], "0102ff"), ([0, 0x82, 0xff], "82ff")] {
            replace(&mut der, &[2, 3, 1, 2, 0xff], &[&[2, 3], number.as_slice()].concat());
            assert_eq!(Certificate::parse(&der).unwrap().serial(), text);
        }
    }

    #[test]
    fn ambiguous_and_broken_certificates_are_refused() {
        use InvalidCertificate as Invalid;
        type Change = fn(&mut Leaf);
        let ca = TestCa::new();
        let table: [(Change, Invalid); 1] = [(
            |l| l.extensions.push((&[1, 3, 6, 1, 5, 5, 7, 1, 3], vec![0x30, 0])),
            Invalid::RepeatedExtension,
        )];
        for (change, expected) in table {
            let mut leaf = Leaf::qwac();
            change(&mut leaf);
            assert_eq!(Certificate::parse(&ca.issue(&leaf)).unwrap_err(), expected);
        }
        assert_eq!(Certificate::parse(&vec![0x30; MAX_CERTIFICATE_BYTES + 1]), Err(Invalid::TooLarge));
        assert_eq!(Certificate::parse(b""), Err(Invalid::Der));
    }

    #[test]
    fn no_truncation_of_a_certificate_is_a_certificate() {
        let der = TestCa::new().issue(&Leaf::qwac());
        for length in 0..der.len() {
            assert!(Certificate::parse(&der[..length]).is_err(), "{length} bytes");
        }
        let mut longer = der.clone();
        longer.push(0);
        assert_eq!(Certificate::parse(&longer), Err(InvalidCertificate::Der));
    }

    #[test]
    fn a_pem_text_gives_its_certificates_in_order() {
        let ca = TestCa::new();
        let (leaf, root) = (ca.issue_pem(&Leaf::qwac()), ca.pem());
        let text = format!("bag attributes\n{leaf}{root}");
        let all = Certificate::all_from_pem(&text).unwrap();
        let names: Vec<_> = all.iter().map(|c| c.common_name().unwrap()).collect();
        assert_eq!(names, ["tpp.example", "Test QTSP"]);
        assert_eq!(Certificate::from_pem(&text).unwrap(), all[0]);
        assert_eq!(Certificate::from_pem("nothing here"), Err(InvalidCertificate::Pem));
        assert_eq!(Certificate::all_from_pem("nothing here"), Ok(vec![]));
        let broken = leaf.replace("MII", "!!!");
        assert_eq!(Certificate::all_from_pem(&broken), Err(InvalidCertificate::Pem));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
            let _ = Certificate::parse(&bytes);
        }

        #[test]
        fn a_certificate_with_bytes_changed_is_read_or_refused(
            changes in proptest::collection::vec((0_usize..2000, proptest::num::u8::ANY), 1..6),
        ) {
            use std::sync::LazyLock;
            static DER: LazyLock<Vec<u8>> = LazyLock::new(|| TestCa::new().issue(&Leaf::qwac()));
            let mut der = DER.clone();
            for (at, byte) in changes {
                let at = at % der.len();
                der[at] = byte;
            }
            if let Ok(certificate) = Certificate::parse(&der) {
                let _ = crate::judge(
                    &certificate,
                    crate::Kind::Qwac,
                    crate::Reading::Strict,
                    at("2026-11-22T12:00:00Z"),
                );
            }
        }
    }
}
