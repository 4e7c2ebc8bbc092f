//! The rules: one list, by which a certificate is judged and its explanation written.

use jiff::Timestamp;

use crate::certificate::Certificate;
use crate::defect::Defect;
use crate::departure::Departure;
use crate::judge::{Kind, Reading};
use crate::key_usage::KeyUsage;
use crate::organization::Organization;
use crate::public_key::KeyKind;
use crate::qc_statements::QcType;
use crate::rule_id::RuleId;
use crate::signature_hash::SignatureHash;

const RSA_MIN_BITS: usize = 2048;
/// Longer keys than this cannot be used to verify here, and would cost too much.
const RSA_MAX_BITS: usize = 8192;

/// A certificate to be judged: how closely it is read, and when.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) reading: Reading,
    pub(crate) now: Timestamp,
}

impl Case<'_> {
    /// Asks one rule.
    pub(crate) fn ask(&self, rule: &Rule) -> Result<(), Defect> {
        (rule.check)(self)?;
        match (self.reading, self.departures(rule.id).next()) {
            (Reading::Strict, Some(departure)) => Err(Defect::Departs { departure, rule: rule.id }),
            _ => Ok(()),
        }
    }

    /// Where the certificate departs from the letter of a rule and is still understood.
    pub(crate) fn departures(&self, rule: RuleId) -> impl Iterator<Item = Departure> + '_ {
        self.certificate.departures().iter().copied().filter(move |departure| departure.bends(rule))
    }
}

/// A rule, and what a person has to know about it.
pub(crate) struct Rule {
    pub(crate) id: RuleId,
    /// The kind it is for; `None` is both.
    pub(crate) kind: Option<Kind>,
    /// What is asked, as a sentence.
    pub(crate) requires: &'static str,
    pub(crate) clause: &'static str,
    /// Where in the certificate to look, with the object identifier.
    pub(crate) field: &'static str,
    /// What to ask of the issuer when it fails.
    pub(crate) advice: &'static str,
    check: fn(&Case<'_>) -> Result<(), Defect>,
}

/// The rules for this kind, in the order in which they are asked.
pub(crate) fn of(kind: Kind) -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(move |rule| rule.kind.is_none_or(|only| only == kind))
}

/// The rules by which [`crate::judge`] judges.
pub(crate) static RULES: &[Rule] = &[
    Rule {
        id: RuleId::Version,
        kind: None,
        requires: "the certificate is of X.509 version 3",
        clause: "RFC 5280, 4.1.2.1",
        field: "version",
        advice: "This is not a qualified certificate: order one from a qualified trust service provider.",
        check: |case| match case.certificate.facts().version {
            3 => Ok(()),
            version => Err(Defect::Version { version }),
        },
    },
    Rule {
        id: RuleId::SerialNumber,
        kind: None,
        requires: "the serial number is positive and of at most 20 bytes",
        clause: "RFC 5280, 4.1.2.2",
        field: "serialNumber",
        advice: "Have the certificate issued anew with a serial number that is positive and at most 160 bits long.",
        check: |case| require(case.certificate.facts().serial_in_order, Defect::SerialNumber),
    },
    Rule {
        id: RuleId::CriticalExtensions,
        kind: None,
        requires: "every critical extension is one that we know",
        clause: "RFC 5280, 4.2; ETSI EN 319 412-5, 4.1",
        field: "extensions, critical",
        advice: "Have the certificate issued anew with that extension not marked critical. qcStatements and \
                 certificatePolicies must not be critical.",
        check: |case| {
            require(case.certificate.facts().unsupported_critical.is_none(), Defect::CriticalExtension)
        },
    },
    Rule {
        id: RuleId::EndEntity,
        kind: None,
        requires: "the certificate is not one of an authority",
        clause: "RFC 5280, 4.2.1.9",
        field: "basicConstraints, 2.5.29.19; keyUsage, 2.5.29.15",
        advice: "Show the certificate that was issued to your organisation, not the one of its issuer. In a file \
                 with a chain your own comes first.",
        check: end_entity,
    },
    Rule {
        id: RuleId::NotBefore,
        kind: None,
        requires: "its validity has begun",
        clause: "RFC 5280, 4.1.2.5",
        field: "validity, notBefore",
        advice: "Wait until the certificate is valid, or use the one it is to replace until then.",
        check: |case| {
            let not_before = case.certificate.not_before();
            require(case.now >= not_before, Defect::NotYetValid { not_before })
        },
    },
    Rule {
        id: RuleId::NotAfter,
        kind: None,
        requires: "its validity has not ended",
        clause: "RFC 5280, 4.1.2.5",
        field: "validity, notAfter",
        advice: "Renew the certificate with your trust service provider and register the new one.",
        check: |case| {
            let not_after = case.certificate.not_after();
            require(case.now < not_after, Defect::Expired { not_after })
        },
    },
    Rule {
        id: RuleId::Key,
        kind: None,
        requires: "the key is RSA of 2048 to 8192 bits, or on the curve P-256 or P-384",
        clause: "ETSI TS 119 312",
        field: "subjectPublicKeyInfo",
        advice: "Make a new key pair, RSA of 3072 bits or P-256, and have a certificate issued for it.",
        check: |case| match case.certificate.public_key().kind() {
            KeyKind::Rsa { bits: RSA_MIN_BITS..=RSA_MAX_BITS } | KeyKind::P256 | KeyKind::P384 => Ok(()),
            KeyKind::Rsa { .. } | KeyKind::Other => Err(Defect::WeakKey),
        },
    },
    Rule {
        id: RuleId::RsaExponent,
        kind: None,
        requires: "the public exponent of an RSA key is odd, at least 65537 and below 2^256",
        clause: "ETSI TS 119 312; FIPS 186-5, 5.1",
        field: "subjectPublicKeyInfo",
        advice: "Make a new key pair with the exponent 65537, and have a certificate issued for it.",
        check: |case| require(case.certificate.public_key().has_sound_exponent(), Defect::RsaExponent),
    },
    Rule {
        id: RuleId::SignatureHash,
        kind: None,
        requires: "its issuer signed it with SHA-256, SHA-384 or SHA-512",
        clause: "ETSI TS 119 312",
        field: "signatureAlgorithm",
        advice: "Have the certificate issued anew, signed with SHA-256 or better.",
        check: |case| {
            require(case.certificate.signature_hash() != SignatureHash::Other, Defect::WeakSignature)
        },
    },
    Rule {
        id: RuleId::QwacKeyUsage,
        kind: Some(Kind::Qwac),
        requires: "the key of a QWAC may be used for digitalSignature",
        clause: "ETSI EN 319 412-4; RFC 5280, 4.2.1.3",
        field: "keyUsage, 2.5.29.15",
        advice: "Have the QWAC issued anew with keyUsage digitalSignature: TLS 1.3 signs with it.",
        check: |case| {
            let usage = case.certificate.key_usage();
            require(usage.is_some_and(KeyUsage::digital_signature), Defect::QwacKeyUsage)
        },
    },
    Rule {
        id: RuleId::QwacExtendedKeyUsage,
        kind: Some(Kind::Qwac),
        requires: "the extended key usages of a QWAC, if it has any, allow clientAuth",
        clause: "RFC 5280, 4.2.1.12",
        field: "extKeyUsage, 2.5.29.37",
        advice: "Have the QWAC issued anew with clientAuth, 1.3.6.1.5.5.7.3.2, in extKeyUsage: you are the client \
                 of the TLS connection to the bank.",
        check: |case| require(case.certificate.allows_client_auth(), Defect::NoClientAuth),
    },
    Rule {
        id: RuleId::QsealKeyUsage,
        kind: Some(Kind::Qseal),
        requires: "the key of a QSealC may be used for digitalSignature or nonRepudiation",
        clause: "ETSI EN 319 412-3; RFC 5280, 4.2.1.3",
        field: "keyUsage, 2.5.29.15",
        advice: "Have the QSealC issued anew with keyUsage digitalSignature, nonRepudiation or both.",
        check: |case| {
            let usage = case.certificate.key_usage();
            require(
                usage.is_some_and(|u| u.digital_signature() || u.non_repudiation()),
                Defect::QsealKeyUsage,
            )
        },
    },
    Rule {
        id: RuleId::QcStatements,
        kind: None,
        requires: "the qcStatements extension can be read",
        clause: "RFC 3739, 3.2.6; ETSI EN 319 412-5, 4.1",
        field: "qcStatements, 1.3.6.1.5.5.7.1.3",
        advice: "Send your trust service provider this line: the extension is not encoded as the standard says, \
                 and the certificate has to be issued anew.",
        check: |case| {
            case.certificate
                .facts()
                .statements
                .as_ref()
                .map(|_| ())
                .map_err(|fault| Defect::QcStatements(*fault))
        },
    },
    Rule {
        id: RuleId::QcCompliance,
        kind: None,
        requires: "its issuer states that it is a qualified certificate",
        clause: "ETSI EN 319 412-5, 4.2.1",
        field: "qcStatements, QcCompliance 0.4.0.1862.1.1",
        advice: "Order a qualified certificate (QWAC, QSealC) for PSD2 from a qualified trust service provider of \
                 the EU trusted lists.",
        check: |case| require(case.certificate.qc_statements().compliance, Defect::NotQualified),
    },
    Rule {
        id: RuleId::QwacQcType,
        kind: Some(Kind::Qwac),
        requires: "the QcType of a QWAC is web, 0.4.0.1862.1.6.3",
        clause: "ETSI EN 319 412-5, 4.2.3",
        field: "qcStatements, QcType 0.4.0.1862.1.6",
        advice: "Use your QWAC for TLS. A QSealC or a certificate of a person does not serve.",
        check: |case| require(is_for(case, QcType::Web), Defect::NotForWebsites),
    },
    Rule {
        id: RuleId::QsealQcType,
        kind: Some(Kind::Qseal),
        requires: "the QcType of a QSealC is eSeal, 0.4.0.1862.1.6.2",
        clause: "ETSI EN 319 412-5, 4.2.3",
        field: "qcStatements, QcType 0.4.0.1862.1.6",
        advice: "Sign with your QSealC. A QWAC or a certificate of a person does not serve.",
        check: |case| require(is_for(case, QcType::ESeal), Defect::NotForSeals),
    },
    Rule {
        id: RuleId::Psd2Statement,
        kind: None,
        requires: "its issuer states the licence of a payment service provider",
        clause: "ETSI TS 119 495, 5.1 and annex A",
        field: "qcStatements, PSD2 0.4.0.19495.2",
        advice: "Order a certificate with the PSD2 statement; your trust service provider checks your licence \
                 with your national authority.",
        check: |case| require(case.certificate.qc_statements().psd2.is_some(), Defect::NoPsd2Statement),
    },
    Rule {
        id: RuleId::Psd2Roles,
        kind: None,
        requires: "the licence has at least one of the four roles, each under its object identifier and name",
        clause: "ETSI TS 119 495, 5.2.2",
        field: "PSD2 statement, rolesOfPSP",
        advice: "Have the certificate issued anew with the roles of your licence: PSP_AS 0.4.0.19495.1.1, PSP_PI \
                 0.4.0.19495.1.2, PSP_AI 0.4.0.19495.1.3, PSP_IC 0.4.0.19495.1.4.",
        check: |case| {
            let licence = case.certificate.qc_statements().psd2.as_ref();
            require(licence.is_some_and(|licence| !licence.roles.is_empty()), Defect::NoRole)
        },
    },
    Rule {
        id: RuleId::NcaName,
        kind: None,
        requires: "the licence names the national competent authority",
        clause: "ETSI TS 119 495, 5.2.3",
        field: "PSD2 statement, nCAName",
        advice: "Have the certificate issued anew with the authority's registered name, in UTF-8 and without \
                 stray characters.",
        check: |_| Ok(()),
    },
    Rule {
        id: RuleId::OrganizationIdentifier,
        kind: None,
        requires: "the subject carries the authorisation number PSDXX-AUTHORITY-NUMBER",
        clause: "ETSI TS 119 495, 5.2.1",
        field: "subject, organizationIdentifier 2.5.4.97",
        advice: "Have the certificate issued anew with one organizationIdentifier such as PSDFR-ACPR-12345: PSD, \
                 country, authority in 2 to 8 capital letters, number.",
        check: organization,
    },
    Rule {
        id: RuleId::NcaId,
        kind: None,
        requires: "nCAId is the authority in the organizationIdentifier",
        clause: "ETSI TS 119 495, 5.2.3",
        field: "PSD2 statement, nCAId",
        advice: "Have the certificate issued anew: nCAId has to be country, hyphen and authority as in the \
                 organizationIdentifier, FR-ACPR for PSDFR-ACPR-12345.",
        check: |case| {
            let licence = case.certificate.qc_statements().psd2.as_ref();
            let nca_id = licence.map(|licence| licence.nca_id.as_str());
            match &case.certificate.facts().organization {
                Organization::Is(provider) if nca_id == Some(provider.nca_id()) => Ok(()),
                _ => Err(Defect::AuthorityMismatch),
            }
        },
    },
];

fn require(holds: bool, otherwise: Defect) -> Result<(), Defect> {
    if holds { Ok(()) } else { Err(otherwise) }
}

fn end_entity(case: &Case<'_>) -> Result<(), Defect> {
    require(!case.certificate.facts().is_authority, Defect::IsAuthority)?;
    let usage = case.certificate.key_usage();
    require(!usage.is_some_and(KeyUsage::key_cert_sign), Defect::SignsCertificates)
}

fn is_for(case: &Case<'_>, qc_type: QcType) -> bool {
    case.certificate.qc_statements().types.contains(&qc_type)
}

fn organization(case: &Case<'_>) -> Result<(), Defect> {
    match &case.certificate.facts().organization {
        Organization::Is(_) => Ok(()),
        Organization::Missing => Err(Defect::NoOrganizationIdentifier),
        Organization::Ambiguous => Err(Defect::AmbiguousOrganizationIdentifier),
        Organization::Invalid(invalid) => Err(Defect::OrganizationIdentifier(*invalid)),
    }
}

/// What the bytes have to be before anything can be judged. A certificate that could be read has passed
/// them.
pub(crate) static FORM: &[Rule] = &[
    Rule {
        id: RuleId::Pem,
        kind: None,
        requires: "the file holds a certificate, in PEM or in DER",
        clause: "RFC 7468, 5",
        field: "-----BEGIN CERTIFICATE-----",
        advice: "Send the certificate as a text between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----, \
                 or as plain DER. Never send a private key.",
        check: |_| Ok(()),
    },
    Rule {
        id: RuleId::Size,
        kind: None,
        requires: "the certificate has at most 16 KiB",
        clause: "our bound; a certificate has two or three thousand bytes",
        field: "the whole certificate",
        advice: "Check that this is a certificate and not an archive or a PKCS#7 file with many of them.",
        check: |_| Ok(()),
    },
    Rule {
        id: RuleId::Der,
        kind: None,
        requires: "the certificate is well-formed DER",
        clause: "RFC 5280, 4.1; X.690, 10",
        field: "the whole certificate",
        advice: "Export the certificate again from where you received it. If these are the bytes your trust service \
                 provider sent, send it this line.",
        check: |_| Ok(()),
    },
    Rule {
        id: RuleId::SignatureAlgorithm,
        kind: None,
        requires: "both places that name the signature algorithm name the same",
        clause: "RFC 5280, 4.1.1.2",
        field: "signatureAlgorithm; tbsCertificate.signature",
        advice: "The certificate was changed or wrongly made: have it issued anew.",
        check: |_| Ok(()),
    },
    Rule {
        id: RuleId::Extensions,
        kind: None,
        requires: "no extension comes twice",
        clause: "RFC 5280, 4.2",
        field: "extensions",
        advice: "Have the certificate issued anew with each extension once.",
        check: |_| Ok(()),
    },
];

/// What is asked beside the content of the certificate.
pub(crate) static AROUND: &[Rule] = &[
    Rule {
        id: RuleId::PaymentInitiation,
        kind: None,
        requires: "the licence has the role that payment requests need, PSP_PI",
        clause: "ETSI TS 119 495, 5.2.2; PSD2, Art. 66",
        field: "PSD2 statement, rolesOfPSP",
        advice: "If you are licensed for payment initiation, have the certificate issued anew with the role PSP_PI, \
                 0.4.0.19495.1.2. Without the licence no payment can be initiated.",
        check: |_| Ok(()),
    },
    Rule {
        id: RuleId::SubjectCountry,
        kind: None,
        requires: "for information only: the country of the subject and that of the authority",
        clause: "ETSI TS 119 495, 5.2.1",
        field: "subject, countryName 2.5.4.6",
        advice: "",
        check: |_| Ok(()),
    },
    Rule {
        id: RuleId::ChainPath,
        kind: None,
        requires: "a path of valid certificates leads to an authority that this bank trusts",
        clause: "RFC 5280, 6.1",
        field: "issuer, signatureValue",
        advice: "Send the certificates of the issuing authorities along with your own, yours first. If the root is \
                 not one of the EU trusted lists, the certificate cannot be taken.",
        check: |_| Ok(()),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = &'static Rule> {
        FORM.iter().chain(RULES).chain(AROUND)
    }

    #[test]
    fn every_rule_has_a_name_of_its_own_and_words_for_a_person() {
        let mut names = std::collections::BTreeSet::new();
        for rule in all() {
            assert!(names.insert(rule.id.as_str()), "{} comes twice", rule.id);
            assert!(!rule.requires.is_empty() && !rule.clause.is_empty() && !rule.field.is_empty());
            let informs = rule.id == RuleId::SubjectCountry;
            assert_eq!(rule.advice.is_empty(), informs, "{}", rule.id);
            let [area, name] = rule.id.as_str().split('.').collect::<Vec<_>>()[..] else {
                panic!("{} is not area and name", rule.id);
            };
            assert!(
                [area, name].iter().all(|part| part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'))
            );
        }
    }

    #[test]
    fn a_rule_for_one_kind_is_not_asked_of_the_other() {
        for kind in Kind::ALL {
            let other = Kind::ALL.into_iter().find(|other| *other != kind);
            assert!(of(kind).all(|rule| rule.kind != other));
            assert!(of(kind).any(|rule| rule.kind == Some(kind)));
        }
    }
}
