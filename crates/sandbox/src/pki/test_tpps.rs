//! The TPPs that every sandbox has.

use eidas::{Kind, OrganizationIdentifier, Role};
use jiff::Timestamp;

use super::{LIFETIME_DAYS, TppProfile, Validity};

/// How long the certificates of the TPP with expired ones have been so.
const EXPIRED_FOR_DAYS: i64 = 30;

/// A TPP of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestTpp {
    /// Its organizationIdentifier, also its `client_id`.
    pub oid: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What its certificates say it is licensed for.
    pub roles: &'static [Role],
    /// What its licence is worth in the register.
    pub standing: Standing,
    /// What is wrong with its certificates.
    pub flaw: Option<Flaw>,
}

/// The state of a licence in the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In force.
    Active,
    /// Suspended by the authority.
    Suspended,
}

/// What can be wrong with the certificates of a test TPP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// They have expired.
    Expired,
    /// They have no qcStatements.
    NoQcStatements,
    /// Their issuer has revoked them.
    Revoked,
}

/// The TPPs that every sandbox has, the one where everything is in order first.
pub const TEST_TPPS: [TestTpp; 6] = [
    TestTpp {
        oid: "PSDFR-ACPR-12345",
        name: "Essai Paiement",
        roles: &[Role::PaymentInitiation],
        standing: Standing::Active,
        flaw: None,
    },
    TestTpp {
        oid: "PSDFR-ACPR-54321",
        name: "Essai Comptes",
        roles: &[Role::AccountInformation],
        standing: Standing::Active,
        flaw: None,
    },
    TestTpp {
        oid: "PSDDE-BAFIN-99999",
        name: "Probe Zahlung",
        roles: &[Role::PaymentInitiation],
        standing: Standing::Suspended,
        flaw: None,
    },
    TestTpp {
        oid: "PSDFR-ACPR-11111",
        name: "Essai Certificat Expiré",
        roles: &[Role::PaymentInitiation],
        standing: Standing::Active,
        flaw: Some(Flaw::Expired),
    },
    TestTpp {
        oid: "PSDFR-ACPR-22222",
        name: "Essai Sans QcStatement",
        roles: &[Role::PaymentInitiation],
        standing: Standing::Active,
        flaw: Some(Flaw::NoQcStatements),
    },
    TestTpp {
        oid: "PSDFR-ACPR-33333",
        name: "Essai Certificat Révoqué",
        roles: &[Role::PaymentInitiation],
        standing: Standing::Active,
        flaw: Some(Flaw::Revoked),
    },
];

impl TestTpp {
    /// What its certificate of this kind says when made at `now`.
    pub(super) fn profile(&self, kind: Kind, now: Timestamp) -> TppProfile {
        let oid = OrganizationIdentifier::parse(self.oid).expect("the table above is well formed");
        let mut profile = TppProfile::new(kind, &oid, self.roles, self.validity(now));
        self.name.clone_into(&mut profile.organization_name);
        if kind == Kind::Qseal {
            self.name.clone_into(&mut profile.common_name);
        }
        if self.flaw == Some(Flaw::NoQcStatements) {
            profile.qc_statements = None;
        }
        profile
    }

    fn validity(&self, now: Timestamp) -> Validity {
        match self.flaw {
            Some(Flaw::Expired) => Validity::expired(now, LIFETIME_DAYS, EXPIRED_FOR_DAYS),
            Some(Flaw::NoQcStatements | Flaw::Revoked) | None => Validity::days_from(now, LIFETIME_DAYS),
        }
    }
}
