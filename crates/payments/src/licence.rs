//! Licences: what public registers say of a provider's authorisation, and whether it may work on that.
//!
//! The European Banking Authority publishes a central register (PSD2, Art. 15), each national authority
//! its own (PSD2, Art. 14). An import replaces all that one register says; the strictest register counts.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Standing of a provider's licence with its national authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Licence {
    /// It may work.
    Active,
    /// It may not work for now.
    Suspended,
    /// It may not work any more.
    Withdrawn,
}

impl Licence {
    /// The word for it: `active`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What one register says of one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The register: `EBA`, or a name given at import.
    pub register: String,
    /// The provider as its certificates name it: `PSDFR-ACPR-12345` (ETSI TS 119 495, 5.2.1).
    pub organization_identifier: String,
    /// Its name in the register.
    pub name: String,
    /// Standing of its authorisation.
    pub standing: Licence,
    /// Countries (ISO 3166-1 alpha-2) where it may initiate payments, its own and those it has been
    /// passported to (PSD2, Art. 28). Empty: it may initiate payments nowhere.
    pub payment_initiation_in: BTreeSet<String>,
}

/// One import of a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterImport {
    /// The register.
    pub register: String,
    /// The file it was read from, as its importer named it.
    pub file: String,
    /// SHA-256 of that file.
    #[serde(with = "crate::encoding::hex32")]
    pub sha256: [u8; 32],
    /// The state of the register that the file shows; when it was imported if the file does not say.
    pub published_at: Timestamp,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// How many providers it lists.
    pub listings: u64,
}

/// One change of what a register says of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingChange {
    /// When it was imported, or removed.
    pub at: Timestamp,
    /// What the register said before; nothing if it did not know the provider.
    pub before: Option<Listing>,
    /// What it says since; nothing if the register was removed. A provider that has gone from the register is
    /// kept as withdrawn.
    pub after: Option<Listing>,
}

impl ListingChange {
    /// Whether it takes the licence from a provider that had one.
    pub fn withdraws(&self) -> bool {
        let is_withdrawn = |listing: &Listing| listing.standing == Licence::Withdrawn;
        self.after.as_ref().is_some_and(is_withdrawn)
            && self.before.as_ref().is_some_and(|before| !is_withdrawn(before))
    }

    /// The listing that there is now, or else the one that there was.
    pub fn latest(&self) -> Option<&Listing> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

/// What an institution asks of registers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenceRule {
    /// A register that knows the TPP counts; one that no register knows works on its certificate alone.
    #[default]
    WhereListed,
    /// A TPP that no imported register knows may not work.
    Required,
}

/// Why a TPP may not work on its licence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unlicensed {
    /// A register, or its registration here, says that its licence is not in force.
    #[error("the licence is {} according to {by}", standing.as_str())]
    Standing {
        /// Suspended or withdrawn.
        standing: Licence,
        /// Who says so.
        by: String,
    },
    /// It may initiate payments, but not in the institution's country.
    #[error("the licence does not extend to payment initiation in {country} according to {by}")]
    NotPassported {
        /// The institution's country, ISO 3166-1 alpha-2.
        country: String,
        /// The register.
        by: String,
    },
    /// No register knows it.
    #[error("no imported register lists this provider")]
    NotListed,
}

/// Whether a provider with these listings has a licence, wherever and for whatever it is.
///
/// # Errors
///
/// The first register, by name, that stands against it.
pub fn in_force(listings: &[Listing], rule: LicenceRule) -> Result<(), Unlicensed> {
    if let Some(listing) = listings.iter().find(|listing| listing.standing != Licence::Active) {
        let by = format!("the register {}", listing.register);
        return Err(Unlicensed::Standing { standing: listing.standing, by });
    }
    match rule {
        LicenceRule::Required if listings.is_empty() => Err(Unlicensed::NotListed),
        LicenceRule::Required | LicenceRule::WhereListed => Ok(()),
    }
}

/// Whether a provider with these listings may initiate payments in `country` (PSD2, Art. 11, 28 and 37).
///
/// # Errors
///
/// The first register, by name, that stands against it.
pub fn may_initiate(listings: &[Listing], rule: LicenceRule, country: &str) -> Result<(), Unlicensed> {
    for listing in listings {
        let by = || format!("the register {}", listing.register);
        if listing.standing != Licence::Active {
            return Err(Unlicensed::Standing { standing: listing.standing, by: by() });
        }
        if !listing.payment_initiation_in.contains(country) {
            return Err(Unlicensed::NotPassported { country: country.to_owned(), by: by() });
        }
    }
    match rule {
        LicenceRule::Required if listings.is_empty() => Err(Unlicensed::NotListed),
        LicenceRule::Required | LicenceRule::WhereListed => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(register: &str, standing: Licence, countries: &[&str]) -> Listing {
        Listing {
            register: register.to_owned(),
            organization_identifier: "PSDFR-ACPR-12345".to_owned(),
            name: "Exemple Paiement SAS".to_owned(),
            standing,
            payment_initiation_in: countries.iter().map(|country| (*country).to_owned()).collect(),
        }
    }

    #[test]
    fn changes_of_a_version_that_removed_no_register_are_still_read() {
        let listing = listing("EBA", Licence::Active, &["FR"]);
        let written = serde_json::json!({
            "at": "2026-11-22T12:00:00Z",
            "before": null,
            "after": {
                "register": "EBA", "organization_identifier": "PSDFR-ACPR-12345",
                "name": "Exemple Paiement SAS", "standing": "active", "payment_initiation_in": ["FR"],
            },
        });
        let change: ListingChange = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(change.after, Some(listing));
        assert_eq!(serde_json::to_value(&change).unwrap(), written);
    }

    #[test]
    fn a_licence_is_in_force_while_no_register_says_otherwise() {
        use LicenceRule::{Required, WhereListed};
        let elsewhere = listing("EBA", Licence::Active, &[]);
        let suspended = listing("ACPR", Licence::Suspended, &["FR"]);
        let refused = Err("the licence is suspended according to the register ACPR");
        let table = [
            (vec![], WhereListed, Ok(())),
            (vec![], Required, Err("no imported register lists this provider")),
            (vec![elsewhere.clone()], Required, Ok(())),
            (vec![suspended.clone()], WhereListed, refused),
            (vec![elsewhere, suspended], Required, refused),
        ];
        for (listings, rule, expected) in table {
            let found = in_force(&listings, rule).map_err(|unlicensed| unlicensed.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{listings:?} {rule:?}");
        }
    }

    #[test]
    fn every_register_that_knows_the_provider_has_to_agree() {
        use LicenceRule::{Required, WhereListed};
        let eba = listing("EBA", Licence::Active, &["DE", "FR"]);
        let german = listing("EBA", Licence::Active, &["DE"]);
        let withdrawn = listing("ACPR", Licence::Withdrawn, &["FR"]);
        let suspended = listing("ACPR", Licence::Suspended, &["FR"]);
        let said = |standing| Err(Unlicensed::Standing { standing, by: "the register ACPR".to_owned() });
        let table = [
            (vec![], WhereListed, Ok(())),
            (vec![], Required, Err(Unlicensed::NotListed)),
            (vec![eba.clone()], WhereListed, Ok(())),
            (vec![eba.clone()], Required, Ok(())),
            (
                vec![german],
                WhereListed,
                Err(Unlicensed::NotPassported {
                    country: "FR".to_owned(),
                    by: "the register EBA".to_owned(),
                }),
            ),
            (vec![eba.clone(), withdrawn], WhereListed, said(Licence::Withdrawn)),
            (vec![eba, suspended], Required, said(Licence::Suspended)),
        ];
        for (listings, rule, expected) in table {
            assert_eq!(may_initiate(&listings, rule, "FR"), expected, "{listings:?} {rule:?}");
        }
    }
}
