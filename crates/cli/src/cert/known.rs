//! What this bank and its registers know of the provider that a certificate names.

use std::collections::BTreeSet;

use payments::{
    licence::{Licence, Listing},
    ports::{TppStore as _, TrustStore as _},
};
use serde::Serialize;
use store::SqliteStore;

use crate::plain::plain;

/// What is known of a provider.
#[derive(Debug, Serialize)]
pub(super) struct Known {
    /// What every imported register says.
    listings: Vec<Listing>,
    /// The registrations here, its own and those of its agents.
    registrations: Vec<Registered>,
}

/// A registration here.
#[derive(Debug, Serialize)]
struct Registered {
    client_id: String,
    name: String,
    is_suspended: bool,
    /// Whether the certificate explained is one of its registered seal certificates.
    has_this_certificate: bool,
}

impl Known {
    /// What is known in `store` of the provider `organization_identifier`, who shows the certificate with
    /// this SHA-256.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub(super) async fn of(
        store: &SqliteStore,
        organization_identifier: &str,
        sha256: &str,
    ) -> anyhow::Result<Self> {
        let listings = store.listings(organization_identifier).await?;
        let all = store.tpps().await?.into_iter();
        let its = all.filter(|tpp| tpp.organization_identifier == organization_identifier);
        let registrations = its.map(|tpp| Registered {
            has_this_certificate: tpp.seal_certificates.iter().any(|seal| {
                eidas::Certificate::parse(&seal.der)
                    .is_ok_and(|certificate| certificate.sha256_hex() == sha256)
            }),
            client_id: tpp.id.as_str().to_owned(),
            name: tpp.name,
            is_suspended: tpp.suspension.is_some(),
        });
        Ok(Self { listings, registrations: registrations.collect() })
    }

    /// Whether no register says that its licence is not in force.
    pub(super) fn is_licensed(&self) -> bool {
        self.listings.iter().all(|listing| listing.standing == Licence::Active)
    }

    /// Whether any register lists it.
    pub(super) fn is_listed(&self) -> bool {
        !self.listings.is_empty()
    }

    /// What registers have against its licence.
    pub(super) fn against(&self) -> Vec<String> {
        let not_in_force = self.listings.iter().filter(|listing| listing.standing != Licence::Active);
        let told = |listing: &Listing| {
            format!("licence {} by {}", listing.standing.as_str(), plain(&listing.register))
        };
        not_in_force.map(told).collect()
    }

    /// The client ids of its registrations that this bank keeps out.
    pub(super) fn suspended(&self) -> Vec<String> {
        let suspended = self.registrations.iter().filter(|tpp| tpp.is_suspended);
        suspended.map(|tpp| plain(&tpp.client_id)).collect()
    }

    /// For people, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.listings.iter().map(listed).collect();
        if lines.is_empty() {
            lines.push("registers     no imported register lists it".to_owned());
        }
        lines.extend(self.registrations.iter().map(registered));
        if self.registrations.is_empty() {
            lines.push("registered    not here: guichet tpp add registers it".to_owned());
        }
        lines
    }
}

fn listed(listing: &Listing) -> String {
    let (register, standing) = (plain(&listing.register), listing.standing.as_str());
    let mark = if listing.standing == Licence::Active { "" } else { "FAIL " };
    format!("register      {mark}{register}: {standing}, payment initiation in {}", countries(listing))
}

fn countries(listing: &Listing) -> String {
    let countries: &BTreeSet<String> = &listing.payment_initiation_in;
    let countries: Vec<String> = countries.iter().map(|country| plain(country)).collect();
    if countries.is_empty() { "no country".to_owned() } else { countries.join(" ") }
}

fn registered(tpp: &Registered) -> String {
    let mut text = format!("registered    {} ({})", plain(&tpp.client_id), plain(&tpp.name));
    if tpp.is_suspended {
        text.push_str(", SUSPENDED by this bank");
    }
    if tpp.has_this_certificate {
        text.push_str(", with this seal certificate");
    }
    text
}
