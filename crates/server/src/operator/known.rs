//! What registers say of the provider that a certificate names, and issuers of the certificate.

use std::collections::BTreeMap;

use eidas::{Certificate, Explanation, Kind};
use payments::{institution::RevocationPolicy, licence::Licence, ports::StoreError};
use serde::Serialize;

use crate::{App, psu::format::plain};

/// Something that is known here.
#[derive(Serialize)]
pub(super) struct Known {
    /// What it is about.
    pub(super) what: String,
    /// In words.
    pub(super) told: String,
    /// Whether it keeps the certificate from being taken.
    pub(super) is_against: bool,
}

impl Known {
    /// Something that is known.
    pub(super) fn of(what: &str, told: impl Into<String>) -> Self {
        Self { what: what.to_owned(), told: told.into(), is_against: false }
    }

    /// Something that keeps it from being taken.
    pub(super) fn against(what: &str, told: impl Into<String>) -> Self {
        Self { is_against: true, ..Self::of(what, told) }
    }
}

/// What the registers say of the provider that a certificate names.
///
/// # Errors
///
/// If the store fails.
pub(super) async fn registers(app: &App, explanation: &Explanation) -> Result<Vec<Known>, StoreError> {
    let named = explanation.summary.as_ref().and_then(|summary| summary.organization_identifier.as_deref());
    let Some(organization) = named else {
        return Ok(Vec::new());
    };
    let listings = app.store.listings(organization).await?;
    if listings.is_empty() {
        return Ok(vec![Known::of("Registers", "no imported register lists it")]);
    }
    let told = listings.into_iter().map(|listing| {
        let countries: Vec<String> = listing.payment_initiation_in.into_iter().collect();
        let (standing, countries) = (listing.standing.as_str(), plain(&countries.join(" ")));
        let told = format!("{standing}, initiates payments in: {countries}");
        let is_against = listing.standing != Licence::Active;
        Known { is_against, ..Known::of(&format!("Register {}", plain(&listing.register)), told) }
    });
    Ok(told.collect())
}

/// What is known of its revocation, by the policy of every institution; nothing if no path leads to an
/// authority that could say.
pub(super) async fn revocation(app: &App, pem: &str, kind: Kind) -> Vec<Known> {
    let (trust, now) = (app.trust.current(), app.now());
    let certificates = Certificate::all_from_pem(pem).unwrap_or_default();
    let Some((leaf, others)) = certificates.split_first() else {
        return Vec::new();
    };
    let others: Vec<_> = others.iter().map(|other| other.der().clone()).collect();
    let path = trust.anchors(kind).path(leaf, &others, now).unwrap_or_default();
    let Some(issuer) = path.first() else {
        return Vec::new();
    };
    let mut words: BTreeMap<(bool, String), Vec<String>> = BTreeMap::new();
    for counter in app.counters.all().iter() {
        let policy = counter.institution.settings.revocation;
        app.revocation.consult(leaf, Some(issuer), policy, now).await;
        let word = match app.revocation.check(leaf, Some(issuer), policy, now) {
            Err(refusal) => (true, refusal.to_string()),
            Ok(()) if policy == RevocationPolicy::Off => (false, "nobody is asked about it".to_owned()),
            Ok(()) => (false, "nobody says that it is revoked".to_owned()),
        };
        words.entry(word).or_default().push(counter.institution.code.as_str().to_owned());
    }
    let differs = words.len() > 1;
    let told = words.into_iter().map(|((is_against, word), codes)| {
        let whom = if differs { format!(", as {} would have it", codes.join(", ")) } else { String::new() };
        Known { is_against, ..Known::of("Revocation", word + &whom) }
    });
    told.collect()
}
