//! Names for object identifiers that are met in certificates.

use crate::qc_statements::Role;

const EXTENSIONS: [(&str, &str); 15] = [
    ("2.5.29.9", "subjectDirectoryAttributes"),
    ("2.5.29.14", "subjectKeyIdentifier"),
    ("2.5.29.15", "keyUsage"),
    ("2.5.29.17", "subjectAltName"),
    ("2.5.29.18", "issuerAltName"),
    ("2.5.29.19", "basicConstraints"),
    ("2.5.29.30", "nameConstraints"),
    ("2.5.29.31", "cRLDistributionPoints"),
    ("2.5.29.32", "certificatePolicies"),
    ("2.5.29.35", "authorityKeyIdentifier"),
    ("2.5.29.37", "extKeyUsage"),
    ("1.3.6.1.5.5.7.1.1", "authorityInfoAccess"),
    ("1.3.6.1.5.5.7.1.3", "qcStatements"),
    ("1.3.6.1.4.1.11129.2.4.2", "signedCertificateTimestamps"),
    ("2.23.140.3.1", "cabfOrganizationIdentifier"),
];

const PURPOSES: [(&str, &str); 7] = [
    ("2.5.29.37.0", "anyExtendedKeyUsage"),
    ("1.3.6.1.5.5.7.3.1", "serverAuth"),
    ("1.3.6.1.5.5.7.3.2", "clientAuth"),
    ("1.3.6.1.5.5.7.3.3", "codeSigning"),
    ("1.3.6.1.5.5.7.3.4", "emailProtection"),
    ("1.3.6.1.5.5.7.3.8", "timeStamping"),
    ("1.3.6.1.5.5.7.3.9", "OCSPSigning"),
];

const STATEMENTS: [(&str, &str); 10] = [
    ("1.3.6.1.5.5.7.11.1", "qcSyntax-v1"),
    ("1.3.6.1.5.5.7.11.2", "qcSyntax-v2"),
    ("0.4.0.1862.1.1", "QcCompliance"),
    ("0.4.0.1862.1.2", "QcLimitValue"),
    ("0.4.0.1862.1.3", "QcRetentionPeriod"),
    ("0.4.0.1862.1.4", "QcSSCD"),
    ("0.4.0.1862.1.5", "QcPDS"),
    ("0.4.0.1862.1.6", "QcType"),
    ("0.4.0.1862.1.7", "QcCClegislation"),
    ("0.4.0.19495.2", "PSD2"),
];

const SIGNATURES: [(&str, &str); 14] = [
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.113549.1.1.14", "sha224WithRSAEncryption"),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
    ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
];

const KEYS: [(&str, &str); 7] = [
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.10", "RSA restricted to PSS"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.10045.2.1", "elliptic curve"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
];

/// An extension: `keyUsage`.
pub(super) fn extension(dotted: &str) -> String {
    named(&EXTENSIONS, dotted)
}

/// An extended key usage with its object identifier.
pub(super) fn purpose(dotted: &str) -> String {
    with_oid(&PURPOSES, dotted)
}

/// A statement of a qualified certificate.
pub(super) fn statement(dotted: &str) -> String {
    named(&STATEMENTS, dotted)
}

/// A signature algorithm with its object identifier.
pub(super) fn signature(dotted: &str) -> String {
    with_oid(&SIGNATURES, dotted)
}

/// The algorithm of a key with its object identifier.
pub(super) fn key(dotted: &str) -> String {
    with_oid(&KEYS, dotted)
}

/// `PSP_PI 0.4.0.19495.1.2, PSP_AI 0.4.0.19495.1.3`
pub(super) fn roles(roles: &[Role]) -> String {
    if roles.is_empty() {
        return "none that is known".to_owned();
    }
    roles.iter().map(|role| format!("{role} {}", role.oid())).collect::<Vec<_>>().join(", ")
}

fn find(names: &[(&str, &'static str)], dotted: &str) -> Option<&'static str> {
    names.iter().find(|(oid, _)| *oid == dotted).map(|(_, name)| *name)
}

fn named(names: &[(&str, &'static str)], dotted: &str) -> String {
    find(names, dotted).unwrap_or(dotted).to_owned()
}

fn with_oid(names: &[(&str, &'static str)], dotted: &str) -> String {
    find(names, dotted).map_or_else(|| dotted.to_owned(), |name| format!("{name} {dotted}"))
}
