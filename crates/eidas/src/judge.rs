//! Whether a certificate may be relied on.

use jiff::Timestamp;

use crate::certificate::Certificate;
use crate::defect::Defect;
use crate::departure::Departure;
use crate::organization::Organization;
use crate::organization_identifier::OrganizationIdentifier;
use crate::qc_statements::{Psd2Statement, QcType, Role};
use crate::rule_id::RuleId;
use crate::rules::{self, Case};

/// What a certificate is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Qualified website authentication certificate: mutual TLS.
    Qwac,
    /// Qualified certificate for electronic seals: HTTP signatures.
    Qseal,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Qwac, Self::Qseal];

    /// The name in the field: `QWAC`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Qwac => "QWAC",
            Self::Qseal => "QSealC",
        }
    }

    /// The `QcType` it has.
    pub fn qc_type(self) -> QcType {
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
    kind: Kind,
    organization: OrganizationIdentifier,
    licence: Psd2Statement,
    departures: Vec<Departure>,
}

impl Judged {
    /// What it was judged for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it departs from the letter of the standards; only the lenient reading takes one that does.
    pub fn departures(&self) -> &[Departure] {
        &self.departures
    }

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

impl RoleMissing {
    /// The rule that is broken.
    pub fn rule(self) -> RuleId {
        RuleId::PaymentInitiation
    }
}

/// Judges the content of a certificate at the instant `now`.
///
/// Under [`Reading::Lenient`] the departures that were taken are in [`Judged::departures`], to be logged. The
/// chain and revocation are separate questions, and so is the role that a call needs: [`Judged::require`].
///
/// # Errors
///
/// The first rule that it breaks, in the order of [`Defect`].
pub fn judge(
    certificate: &Certificate,
    kind: Kind,
    reading: Reading,
    now: Timestamp,
) -> Result<Judged, Defect> {
    let case = Case { certificate, reading, now };
    for rule in rules::of(kind) {
        case.ask(rule)?;
    }
    let licence = certificate.qc_statements().psd2.clone().ok_or(Defect::NoPsd2Statement)?;
    let Organization::Is(organization) = certificate.facts().organization.clone() else {
        return Err(Defect::NoOrganizationIdentifier);
    };
    Ok(Judged { kind, organization, licence, departures: certificate.departures().to_vec() })
}

/// The two certificates of a call are not of one provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// They are not a QWAC and a QSealC.
    #[error("a call needs one QWAC and one QSealC (RTS (EU) 2018/389, Art. 34)")]
    Kinds,
    /// They carry two authorisation numbers.
    #[error("QWAC and QSealC carry different organizationIdentifiers (ETSI TS 119 495, 5.2.1)")]
    Organization,
    /// Their licences have no role in common.
    #[error("QWAC and QSealC have no PSD2 role in common (ETSI TS 119 495, 5.2.2)")]
    Roles,
}

impl Disagreement {
    /// The rule that is broken.
    pub fn rule(self) -> RuleId {
        RuleId::Pair
    }
}

/// Whether the two certificates of a call are of one provider.
///
/// The authority needs no comparison, being part of the authorisation number. The roles may differ, as after
/// a licence was extended and one certificate renewed; the role that a call needs is asked of each.
///
/// # Errors
///
/// What they differ in.
pub fn agree(qwac: &Judged, qseal: &Judged) -> Result<(), Disagreement> {
    if (qwac.kind, qseal.kind) != (Kind::Qwac, Kind::Qseal) {
        return Err(Disagreement::Kinds);
    }
    if qwac.organization != qseal.organization {
        return Err(Disagreement::Organization);
    }
    if !qwac.licence.roles.iter().any(|role| qseal.has_role(*role)) {
        return Err(Disagreement::Roles);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InvalidOrganizationIdentifier;
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

    #[test]
    fn the_lenient_reading_takes_what_the_strict_one_names() {
        let mut leaf = Leaf::qwac();
        leaf.organization_identifiers = vec!["psdfr-acpr-12345"];
        let certificate = Certificate::parse(&TestCa::new().issue(&leaf)).unwrap();
        let departure = Departure::LetterCase(crate::TextField::OrganizationIdentifier);
        let strict = judge(&certificate, Kind::Qwac, Reading::Strict, at(NOW));
        assert_eq!(strict, Err(Defect::Departs { departure, rule: RuleId::OrganizationIdentifier }));
        let lenient = judge(&certificate, Kind::Qwac, Reading::Lenient, at(NOW)).unwrap();
        assert_eq!(lenient.organization().as_str(), "PSDFR-ACPR-12345");
        assert_eq!(lenient.departures(), [departure]);
    }

    #[test]
    fn qwac_and_qsealc_of_a_call_are_of_one_provider() {
        let statements = |qc_type: &str, roles: &[&str], nca_id: &str| {
            Some(qc_statements(true, &[qc_type], Some((roles, nca_id))))
        };
        let of = |kind, change: &dyn Fn(&mut Leaf)| {
            let mut leaf = if kind == Kind::Qwac { Leaf::qwac() } else { Leaf::qseal() };
            change(&mut leaf);
            judged(&leaf, kind, NOW).unwrap()
        };
        let qwac = of(Kind::Qwac, &|_| {});
        let seal = of(Kind::Qseal, &|_| {});
        let other = of(Kind::Qseal, &|l| l.organization_identifiers = vec!["PSDFR-ACPR-54321"]);
        let abroad = of(Kind::Qseal, &|l| {
            l.organization_identifiers = vec!["PSDBE-NBB-12345"];
            l.qc_statements = statements("0.4.0.1862.1.6.2", &["0.4.0.19495.1.2"], "BE-NBB");
        });
        let fewer = of(Kind::Qseal, &|l| {
            l.qc_statements = statements("0.4.0.1862.1.6.2", &["0.4.0.19495.1.3"], "FR-ACPR");
        });
        let issuing = of(Kind::Qseal, &|l| {
            l.qc_statements = statements("0.4.0.1862.1.6.2", &["0.4.0.19495.1.4"], "FR-ACPR");
        });
        assert_eq!(agree(&qwac, &seal), Ok(()));
        assert_eq!(agree(&qwac, &fewer), Ok(()));
        assert_eq!(agree(&qwac, &other), Err(Disagreement::Organization));
        assert_eq!(agree(&qwac, &abroad), Err(Disagreement::Organization));
        assert_eq!(agree(&qwac, &issuing), Err(Disagreement::Roles));
        assert_eq!(agree(&seal, &qwac), Err(Disagreement::Kinds));
        assert_eq!(agree(&qwac, &qwac), Err(Disagreement::Kinds));
        assert_eq!(Disagreement::Roles.rule(), RuleId::Pair);
    }
}
