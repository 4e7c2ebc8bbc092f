//! Whether a registered TPP may work, in a word and in a sentence.

use payments::{
    licence::{Licence, Listing},
    tpp::Tpp,
};
use serde::Serialize;

use crate::plain::{minute, plain};

/// Whether a registered TPP may work, as far as that does not depend on the institution it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    /// It may.
    Active,
    /// This bank keeps it out.
    Suspended,
    /// Its licence is suspended or withdrawn, by its registration or by a register.
    Unlicensed,
    /// It did not register for payment initiation.
    NoPisp,
}

impl Standing {
    /// The standing of `tpp`, which the registers list like this.
    pub(super) fn of(tpp: &Tpp, listings: &[Listing]) -> Self {
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
        }
    }

    /// A sentence.
    pub(super) fn sentence(self, tpp: &Tpp, listings: &[Listing]) -> String {
        match self {
            Self::Active => "active".to_owned(),
            Self::Suspended => tpp.suspension.as_ref().map_or_else(String::new, |suspension| {
                format!("suspended since {}: {}", minute(suspension.since), plain(&suspension.reason))
            }),
            Self::Unlicensed => unlicensed(tpp, listings),
            Self::NoPisp => "not registered for payment initiation (scope pisp)".to_owned(),
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
