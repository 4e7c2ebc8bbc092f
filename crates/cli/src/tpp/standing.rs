//! Whether a registered TPP may work, in a word and in a sentence.

use payments::{
    licence::{Licence, Listing},
    ports::{TppStore as _, TrustStore as _},
    tpp::{Kind, Tpp},
    values::TppId,
};
use serde::Serialize;
use store::SqliteStore;

use crate::plain::{minute, plain};

/// Whether a registered TPP may work, as far as that does not depend on the institution it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    /// It may.
    Active,
    /// This bank keeps it out, or the TPP whose agent it is.
    Suspended,
    /// Its licence is suspended or withdrawn, by its registration or by a register.
    Unlicensed,
    /// It, or the TPP whose agent it is, did not register for payment initiation.
    NoPisp,
    /// It is the agent of a TPP that is not registered any more.
    Orphaned,
}

/// The standing of a TPP, why it has it, and what the registers say.
pub(super) struct Found {
    pub(super) standing: Standing,
    pub(super) sentence: String,
    pub(super) listings: Vec<Listing>,
}

/// The standing of `tpp`; an agent has none that is better than its TPP's.
///
/// # Errors
///
/// If the store cannot be read.
pub(super) async fn find(store: &SqliteStore, tpp: &Tpp) -> anyhow::Result<Found> {
    let listings = store.listings(&tpp.organization_identifier).await?;
    let own = Standing::of(tpp, &listings);
    let (standing, sentence) = match &tpp.kind {
        Kind::Agent { of } if own == Standing::Active => {
            with_principal(of, store.find_tpp(of).await?.as_ref(), &listings)
        }
        _ => (own, own.sentence(tpp, &listings)),
    };
    Ok(Found { standing, sentence, listings })
}

fn with_principal(id: &TppId, principal: Option<&Tpp>, listings: &[Listing]) -> (Standing, String) {
    let Some(principal) = principal else {
        return (Standing::Orphaned, format!("its TPP {id} is not registered any more"));
    };
    match Standing::of(principal, listings) {
        Standing::Active => (Standing::Active, "active".to_owned()),
        standing => (standing, format!("its TPP {id}: {}", standing.sentence(principal, listings))),
    }
}

impl Standing {
    /// The standing of `tpp` by itself, which the registers list like this.
    fn of(tpp: &Tpp, listings: &[Listing]) -> Self {
        let in_force = |standing: Licence| standing == Licence::Active;
        if tpp.suspension.is_some() {
            Self::Suspended
        } else if !in_force(tpp.licence) || !listings.iter().all(|listing| in_force(listing.standing)) {
            Self::Unlicensed
        } else if tpp.scope_pisp {
            Self::Active
        } else {
            Self::NoPisp
        }
    }

    /// A word for a column.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Unlicensed => "unlicensed",
            Self::NoPisp => "no pisp",
            Self::Orphaned => "orphaned",
        }
    }

    fn sentence(self, tpp: &Tpp, listings: &[Listing]) -> String {
        match (self, &tpp.suspension) {
            (Self::Suspended, Some(suspension)) => {
                format!("suspended since {}: {}", minute(suspension.since), plain(&suspension.reason))
            }
            (Self::Unlicensed, _) => unlicensed(tpp, listings),
            (Self::NoPisp, _) => "not registered for payment initiation (scope pisp)".to_owned(),
            (standing, _) => standing.word().to_owned(),
        }
    }
}

fn unlicensed(tpp: &Tpp, listings: &[Listing]) -> String {
    if tpp.licence != Licence::Active {
        return format!("licence {} by its registration here", tpp.licence.as_str());
    }
    let against = listings.iter().filter(|listing| listing.standing != Licence::Active);
    let words: Vec<String> = against
        .map(|listing| format!("licence {} by {}", listing.standing.as_str(), plain(&listing.register)))
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use payments::tpp::{Details, Suspension};

    use super::*;

    fn tpp() -> Tpp {
        Tpp {
            id: TppId::parse("PSDFR-ACPR-12345").unwrap(),
            organization_identifier: "PSDFR-ACPR-12345".to_owned(),
            name: "Exemple".to_owned(),
            kind: Kind::Tpp,
            licence: Licence::Active,
            suspension: None,
            scope_pisp: true,
            grant_types: Vec::new(),
            redirect_uris: Vec::new(),
            seal_certificates: Vec::new(),
            signature_policy: None,
            details: Details::default(),
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn suspended() -> Tpp {
        let suspension = Suspension { since: Timestamp::UNIX_EPOCH, reason: "fraud\u{1b}".to_owned() };
        Tpp { suspension: Some(suspension), ..tpp() }
    }

    fn listed(standing: Licence) -> Vec<Listing> {
        let listing = Listing {
            register: "EBA".to_owned(),
            organization_identifier: "PSDFR-ACPR-12345".to_owned(),
            name: "Exemple".to_owned(),
            standing,
            payment_initiation_in: ["FR".to_owned()].into(),
        };
        vec![listing]
    }

    #[test]
    fn whatever_stands_against_a_tpp_is_its_standing() {
        let withdrawn = Tpp { licence: Licence::Withdrawn, ..tpp() };
        let aisp = Tpp { scope_pisp: false, ..tpp() };
        let table = [
            (tpp(), vec![], "active", "active"),
            (tpp(), listed(Licence::Active), "active", "active"),
            (suspended(), vec![], "suspended", "suspended since 1970-01-01 00:00 UTC: fraud\\u{1b}"),
            (
                suspended(),
                listed(Licence::Withdrawn),
                "suspended",
                "suspended since 1970-01-01 00:00 UTC: fraud\\u{1b}",
            ),
            (withdrawn, listed(Licence::Active), "unlicensed", "licence withdrawn by its registration here"),
            (tpp(), listed(Licence::Suspended), "unlicensed", "licence suspended by EBA"),
            (aisp, vec![], "no pisp", "not registered for payment initiation (scope pisp)"),
        ];
        for (tpp, listings, word, sentence) in table {
            let standing = Standing::of(&tpp, &listings);
            assert_eq!((standing.word(), standing.sentence(&tpp, &listings).as_str()), (word, sentence));
        }
    }

    #[test]
    fn an_agent_stands_no_better_than_its_tpp() {
        let id = tpp().id;
        let table = [
            (Some(tpp()), Standing::Active, "active"),
            (
                Some(suspended()),
                Standing::Suspended,
                "its TPP PSDFR-ACPR-12345: suspended since 1970-01-01 00:00 UTC: fraud\\u{1b}",
            ),
            (None, Standing::Orphaned, "its TPP PSDFR-ACPR-12345 is not registered any more"),
        ];
        for (principal, standing, sentence) in table {
            let told = with_principal(&id, principal.as_ref(), &[]);
            assert_eq!(told, (standing, sentence.to_owned()));
        }
    }
}
