//! Whether a certificate may be relied on.

use jiff::Timestamp;

use crate::certificate::Certificate;
use crate::organization_identifier::{InvalidOrganizationIdentifier, OrganizationIdentifier};
use crate::public_key::KeyKind;
use crate::qc_statements::{Psd2Statement, QcType, Role};
use crate::signature_hash::SignatureHash;

const RSA_MIN_BITS: usize = 2048;
/// Longer keys than this cannot be used to verify here, and would cost too much.
const RSA_MAX_BITS: usize = 8192;

/// What a certificate is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Qualified website authentication certificate: mutual TLS.
    Qwac,
    /// Qualified certificate for electronic seals: HTTP signatures.
    Qseal,
}

impl Kind {
    fn qc_type(self) -> QcType {
        match self {
            Self::Qwac => QcType::Web,
            Self::Qseal => QcType::ESeal,
        }
    }
}

/// How closely the `QcStatements` of a certificate must follow the standards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reading {
    /// To the letter.
    #[default]
    Strict,
    /// The departures that are found in the wild, and that leave no doubt about what is meant, are taken.
    Lenient,
}

/// The provider that an acceptable certificate speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    organization: OrganizationIdentifier,
    licence: Psd2Statement,
}

impl Judged {
    /// Who it is.
    pub fn organization(&self) -> &OrganizationIdentifier {
        &self.organization
    }

    /// What it is licensed for, and by whom, as the certificate states it.
    pub fn licence(&self) -> &Psd2Statement {
        &self.licence
    }

    /// Whether the certificate states this role.
    pub fn has_role(&self, role: Role) -> bool {
        self.licence.roles.contains(&role)
    }

    /// Asks for a role (ETSI TS 119 495, 5.2.2).
    ///
    /// # Errors
    ///
    /// [`RoleMissing`] if the certificate does not state it. The certificate itself is in order, so a
    /// token endpoint answers differently than to a [`Defect`].
    pub fn require(&self, role: Role) -> Result<(), RoleMissing> {
        if self.has_role(role) { Ok(()) } else { Err(RoleMissing { role }) }
    }
}

/// The certificate is in order but does not state a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate does not state the role {role} (ETSI TS 119 495, 5.2.2)")]
pub struct RoleMissing {
    /// The role that was asked for.
    pub role: Role,
}

/// The rule that a certificate breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
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
    /// The subject does not say who it is.
    #[error("the certificate's subject has no organizationIdentifier, 2.5.4.97 (ETSI TS 119 495, 5.2.1)")]
    NoOrganizationIdentifier,
    /// The subject's identifier is not that of a payment service provider.
    #[error("the certificate's {0}")]
    OrganizationIdentifier(InvalidOrganizationIdentifier),
    /// The PSD2 statement and the subject name two authorities.
    #[error(
        "the certificate's nCAId is not the authority in its organizationIdentifier (ETSI TS 119 495, 5.2.3)"
    )]
    AuthorityMismatch,
}

/// Judges the content of a certificate at the instant `now`.
///
/// The chain and revocation are separate questions, and so is the role that a call needs:
/// [`Judged::require`].
///
/// # Errors
///
/// The first rule that it breaks, in the order of [`Defect`].
pub fn judge(
    certificate: &Certificate,
    kind: Kind,
    _reading: Reading,
    now: Timestamp,
) -> Result<Judged, Defect> {
    validity(certificate, now)?;
    key_strength(certificate)?;
    signature_strength(certificate)?;
    usage(certificate, kind)?;
    qualification(certificate, kind)?;
    let licence = certificate.qc_statements().psd2.clone().ok_or(Defect::NoPsd2Statement)?;
    let organization = certificate.organization_identifier().ok_or(Defect::NoOrganizationIdentifier)?;
    let organization = organization.map_err(Defect::OrganizationIdentifier)?;
    if licence.nca_id != organization.nca_id() {
        return Err(Defect::AuthorityMismatch);
    }
    Ok(Judged { organization, licence })
}

fn validity(certificate: &Certificate, now: Timestamp) -> Result<(), Defect> {
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if now < not_before {
        Err(Defect::NotYetValid { not_before })
    } else if now >= not_after {
        Err(Defect::Expired { not_after })
    } else {
        Ok(())
    }
}

fn key_strength(certificate: &Certificate) -> Result<(), Defect> {
    match certificate.public_key().kind() {
        KeyKind::Rsa { bits: RSA_MIN_BITS..=RSA_MAX_BITS } | KeyKind::P256 | KeyKind::P384 => Ok(()),
        KeyKind::Rsa { .. } | KeyKind::Other => Err(Defect::WeakKey),
    }
}

fn signature_strength(certificate: &Certificate) -> Result<(), Defect> {
    match certificate.signature_hash() {
        SignatureHash::Sha256 | SignatureHash::Sha384 | SignatureHash::Sha512 => Ok(()),
        SignatureHash::Other => Err(Defect::WeakSignature),
    }
}

fn usage(certificate: &Certificate, kind: Kind) -> Result<(), Defect> {
    let usage = certificate.key_usage();
    match kind {
        Kind::Qwac if !usage.is_some_and(|u| u.digital_signature) => Err(Defect::QwacKeyUsage),
        Kind::Qwac if !certificate.allows_client_auth() => Err(Defect::NoClientAuth),
        Kind::Qseal if !usage.is_some_and(|u| u.digital_signature || u.non_repudiation) => {
            Err(Defect::QsealKeyUsage)
        }
        Kind::Qwac | Kind::Qseal => Ok(()),
    }
}

fn qualification(certificate: &Certificate, kind: Kind) -> Result<(), Defect> {
    let statements = certificate.qc_statements();
    if !statements.compliance {
        return Err(Defect::NotQualified);
    }
    match kind {
        _ if statements.types.contains(&kind.qc_type()) => Ok(()),
        Kind::Qwac => Err(Defect::NotForWebsites),
        Kind::Qseal => Err(Defect::NotForSeals),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Key, Leaf, TestCa, at, qc_statements};
    use rcgen::{ExtendedKeyUsagePurpose as Eku, KeyUsagePurpose as Ku};

    const NOW: &str = "2026-11-22T12:00:00Z";

    fn judged(leaf: &Leaf, kind: Kind, now: &str) -> Result<Judged, Defect> {
        let certificate = Certificate::parse(&TestCa::new().issue(leaf)).unwrap();
        judge(&certificate, kind, Reading::Strict, at(now))
    }

    fn statements(types: &[&str], nca_id: &str) -> Vec<u8> {
        qc_statements(true, types, Some((&["0.4.0.19495.1.2"], nca_id)))
    }

    #[test]
    fn a_certificate_in_order_names_the_provider_and_its_licence() {
        for (leaf, kind) in [(Leaf::qwac(), Kind::Qwac), (Leaf::qseal(), Kind::Qseal)] {
            let judged = judged(&leaf, kind, NOW).unwrap();
            assert_eq!(judged.organization().as_str(), "PSDFR-ACPR-12345");
            assert_eq!(judged.licence().nca_id, "FR-ACPR");
            assert_eq!(judged.require(Role::PaymentInitiation), Ok(()));
            let missing = judged.require(Role::CardIssuing).unwrap_err();
            assert_eq!(missing.role, Role::CardIssuing);
            assert!(missing.to_string().contains("PSP_IC"));
        }
    }

    #[test]
    fn validity_includes_its_first_instant_and_not_its_last() {
        let (from, until) = ("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
        let table = [
            ("2025-12-31T23:59:59Z", Err(Defect::NotYetValid { not_before: at(from) })),
            (from, Ok(())),
            ("2027-12-31T23:59:59Z", Ok(())),
            (until, Err(Defect::Expired { not_after: at(until) })),
        ];
        for (now, expected) in table {
            assert_eq!(judged(&Leaf::qwac(), Kind::Qwac, now).map(|_| ()), expected, "{now}");
        }
    }

    type Change = fn(&mut Leaf);

    #[test]
    fn each_rule_for_a_qwac_can_be_broken() {
        let table: &[(Change, Result<(), Defect>)] = &[
            (|_| {}, Ok(())),
            (|l| l.key = Key::FakeRsa(2048), Ok(())),
            (|l| l.key = Key::FakeRsa(8192), Ok(())),
            (|l| l.key = Key::P384, Ok(())),
            (|l| l.key = Key::FakeRsa(2047), Err(Defect::WeakKey)),
            (|l| l.key = Key::FakeRsa(1024), Err(Defect::WeakKey)),
            (|l| l.key = Key::FakeRsa(8200), Err(Defect::WeakKey)),
            (|l| l.key = Key::Ed25519, Err(Defect::WeakKey)),
            (|l| l.sha1 = true, Err(Defect::WeakSignature)),
            (|l| l.key_usages = vec![], Err(Defect::QwacKeyUsage)),
            (|l| l.key_usages = vec![Ku::KeyEncipherment], Err(Defect::QwacKeyUsage)),
            (|l| l.extended_key_usages = vec![], Ok(())),
            (|l| l.extended_key_usages = vec![Eku::ServerAuth], Err(Defect::NoClientAuth)),
            (|l| l.qc_statements = None, Err(Defect::NotQualified)),
            (
                |l| l.qc_statements = Some(qc_statements(false, &["0.4.0.1862.1.6.3"], None)),
                Err(Defect::NotQualified),
            ),
            (|l| l.qc_statements = Some(statements(&[], "FR-ACPR")), Err(Defect::NotForWebsites)),
            (
                |l| l.qc_statements = Some(statements(&["0.4.0.1862.1.6.2"], "FR-ACPR")),
                Err(Defect::NotForWebsites),
            ),
            (
                |l| l.qc_statements = Some(qc_statements(true, &["0.4.0.1862.1.6.3"], None)),
                Err(Defect::NoPsd2Statement),
            ),
            (|l| l.organization_identifiers.clear(), Err(Defect::NoOrganizationIdentifier)),
            (
                |l| l.organization_identifiers = vec!["VATFR-123"],
                Err(Defect::OrganizationIdentifier(InvalidOrganizationIdentifier::Prefix)),
            ),
            (
                |l| l.qc_statements = Some(statements(&["0.4.0.1862.1.6.3"], "DE-BAFIN")),
                Err(Defect::AuthorityMismatch),
            ),
            (
                |l| l.qc_statements = Some(statements(&["0.4.0.1862.1.6.3"], "FR-ACP")),
                Err(Defect::AuthorityMismatch),
            ),
        ];
        for (row, (change, expected)) in table.iter().enumerate() {
            let mut leaf = Leaf::qwac();
            change(&mut leaf);
            assert_eq!(judged(&leaf, Kind::Qwac, NOW).map(|_| ()), *expected, "row {row}");
        }
    }

    #[test]
    fn each_rule_that_differs_for_a_qsealc_can_be_broken() {
        let table: &[(Change, Result<(), Defect>)] = &[
            (|l| l.key_usages = vec![Ku::ContentCommitment], Ok(())),
            (|l| l.key_usages = vec![Ku::DigitalSignature], Ok(())),
            (|l| l.key_usages = vec![Ku::KeyEncipherment], Err(Defect::QsealKeyUsage)),
            (|l| l.extended_key_usages = vec![Eku::EmailProtection], Ok(())),
            (
                |l| l.qc_statements = Some(statements(&["0.4.0.1862.1.6.1"], "FR-ACPR")),
                Err(Defect::NotForSeals),
            ),
            (
                |l| l.qc_statements = Some(statements(&["0.4.0.1862.1.6.3"], "FR-ACPR")),
                Err(Defect::NotForSeals),
            ),
        ];
        for (row, (change, expected)) in table.iter().enumerate() {
            let mut leaf = Leaf::qseal();
            change(&mut leaf);
            assert_eq!(judged(&leaf, Kind::Qseal, NOW).map(|_| ()), *expected, "row {row}");
        }
    }

    #[test]
    fn a_certificate_without_the_role_is_in_order_until_the_role_is_asked_for() {
        let mut leaf = Leaf::qwac();
        leaf.qc_statements =
            Some(qc_statements(true, &["0.4.0.1862.1.6.3"], Some((&["0.4.0.19495.1.3"], "FR-ACPR"))));
        let judged = judged(&leaf, Kind::Qwac, NOW).unwrap();
        assert!(judged.has_role(Role::AccountInformation));
        assert_eq!(
            judged.require(Role::PaymentInitiation),
            Err(RoleMissing { role: Role::PaymentInitiation })
        );
    }
}
