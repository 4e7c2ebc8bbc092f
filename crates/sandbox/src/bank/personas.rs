//! The cast: customers whose accounts and habits show one thing each.

use payments::{
    ports::Standing,
    values::{Iban, InstitutionCode, PsuId},
};

use super::{phone::Phone, rib::french_iban};

/// The password of every persona.
pub const PASSWORD: &str = "sandbox";

/// The branch that holds every persona's accounts.
const BRANCH: &str = "90000";

/// A persona as it is told to a developer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persona {
    /// What he types to identify himself.
    pub psu: PsuId,
    /// His name.
    pub name: &'static str,
    /// What paying with him shows.
    pub shows: &'static str,
    /// His accounts.
    pub accounts: Vec<Iban>,
}

/// A persona as he is at every institution.
pub(super) struct Role {
    /// The end of his customer number.
    pub(super) number: u32,
    pub(super) name: &'static str,
    pub(super) shows: &'static str,
    pub(super) phone: Phone,
    pub(super) accounts: &'static [RoleAccount],
}

/// An account of a persona.
pub(super) struct RoleAccount {
    /// The eleven digits of its number.
    pub(super) number: &'static str,
    pub(super) label: &'static str,
    pub(super) standing: Standing,
    pub(super) balance_cents: i64,
}

/// An account at one of our institutions whose holder never comes to the counter.
pub(super) struct Payee {
    pub(super) institution: &'static str,
    pub(super) branch: &'static str,
    pub(super) number: &'static str,
    pub(super) holder: &'static str,
    pub(super) standing: Standing,
}

const fn current(number: &'static str, balance_cents: i64) -> RoleAccount {
    RoleAccount { number, label: "Compte de dépôt", standing: Standing::Open, balance_cents }
}

const fn business(number: &'static str, balance_cents: i64) -> RoleAccount {
    RoleAccount { number, label: "Compte professionnel", standing: Standing::Open, balance_cents }
}

/// Everybody, in the order of their numbers.
pub(super) const CAST: [Role; 9] = [
    Role {
        number: 1,
        name: "CAMILLE ESSAI",
        shows: "pays; chooses between two accounts",
        phone: Phone::Works,
        accounts: &[
            current("08001234567", 250_000),
            RoleAccount { label: "Compte joint", ..current("08001234575", 31_020) },
        ],
    },
    Role {
        number: 2,
        name: "ALEX EPREUVE",
        shows: "pays; a savings account cannot",
        phone: Phone::Works,
        accounts: &[
            current("08002345678", 90_000),
            RoleAccount {
                number: "22002345678",
                label: "Livret A",
                standing: Standing::Savings,
                balance_cents: 800_000,
            },
        ],
    },
    Role {
        number: 3,
        name: "ATELIER MODELE",
        shows: "pays; a small professional",
        phone: Phone::Works,
        accounts: &[business("08003456789", 1_500_000)],
    },
    Role {
        number: 4,
        name: "DOMINIQUE BLOQUE",
        shows: "account blocked: AC06",
        phone: Phone::Works,
        accounts: &[RoleAccount { standing: Standing::Blocked, ..current("08004567890", 50_000) }],
    },
    Role {
        number: 5,
        name: "CLAUDE CLOS",
        shows: "account closed: AC04",
        phone: Phone::Works,
        accounts: &[RoleAccount { standing: Standing::Closed, ..current("08005678901", 0) }],
    },
    Role {
        number: 6,
        name: "SACHA PETIT",
        shows: "3.10 euros and no more: CUST (AM04 in newer versions)",
        phone: Phone::Works,
        accounts: &[current("08006789012", 310)],
    },
    Role {
        number: 7,
        name: "SOCIETE GROUPEE",
        shows: "a company with a million",
        phone: Phone::Works,
        accounts: &[business("08007890123", 100_000_000)],
    },
    Role {
        number: 8,
        name: "LOU PLUSIEURS",
        shows: "gets wrong codes: five failures, MS03",
        phone: Phone::Garbles,
        accounts: &[current("08008901234", 420_000)],
    },
    Role {
        number: 9,
        name: "NOA ABSENT",
        shows: "never gets a code: NOAS",
        phone: Phone::IsOff,
        accounts: &[current("08009012345", 420_000)],
    },
];

/// Payees whose accounts are held here.
pub(super) const PAYEES: [Payee; 2] = [
    Payee {
        institution: "11425",
        branch: "00900",
        number: "04012345678",
        holder: "Boutique Exemple",
        standing: Standing::Open,
    },
    Payee {
        institution: "14505",
        branch: "00001",
        number: "08112233445",
        holder: "Compte Clos",
        standing: Standing::Closed,
    },
];

impl Role {
    /// His customer number at an institution: the first two digits of its code and seven of his own.
    pub(super) fn psu(&self, institution: &InstitutionCode) -> PsuId {
        let prefix = institution.as_str().get(..2).unwrap_or_default();
        PsuId::parse(&format!("{prefix}{:07}", self.number)).expect("nine digits are a customer number")
    }

    /// As he is told to a developer.
    pub(super) fn persona(&self, institution: &InstitutionCode) -> Persona {
        Persona {
            psu: self.psu(institution),
            name: self.name,
            shows: self.shows,
            accounts: self.accounts.iter().map(|account| account.iban(institution)).collect(),
        }
    }
}

impl RoleAccount {
    /// Its IBAN at an institution.
    pub(super) fn iban(&self, institution: &InstitutionCode) -> Iban {
        french_iban(institution.as_str(), BRANCH, self.number).expect("the cast has numbers of eleven digits")
    }
}

impl Payee {
    pub(super) fn iban(&self) -> Iban {
        french_iban(self.institution, self.branch, self.number).expect("payees have well-formed numbers")
    }
}
