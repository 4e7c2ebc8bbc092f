//! `guichet licence show`, `registers`.

use anyhow::ensure;
use jiff::Timestamp;
use payments::{
    encoding::hex,
    licence::{Listing, ListingChange, RegisterImport},
    ports::TrustStore as _,
};
use serde::Serialize;

use super::ShowArguments;
use crate::{
    kept::KeptArguments,
    plain::{say, second},
    story::Story,
};

/// What is known of a provider, for programs.
#[derive(Serialize)]
struct Known<'a> {
    organization_identifier: &'a str,
    /// What every register says, by its name.
    listings: &'a [Listing],
    /// How that changed, oldest first.
    history: &'a [ListingChange],
}

/// Shows what every register says of a provider, and how that changed.
pub(super) async fn provider(arguments: &ShowArguments) -> anyhow::Result<()> {
    let store = arguments.kept.open()?;
    let organization_identifier = arguments.organization_identifier.as_str();
    let listings = store.listings(organization_identifier).await?;
    let history = store.listing_history(organization_identifier).await?;
    ensure!(!history.is_empty(), "no imported register lists {organization_identifier}");
    if arguments.json {
        let known = Known { organization_identifier, listings: &listings, history: &history };
        say(&serde_json::to_string_pretty(&known)?);
        return Ok(());
    }
    let teller = Story::new();
    teller.heading(&format!("{organization_identifier} in the registers"));
    for listing in &listings {
        teller.entry(&listing.register, &format!("{}: {}", listing.name, says(listing)));
    }
    if listings.is_empty() {
        teller.line("  No register lists it any more.");
    }
    teller.heading("How that changed");
    for one in &history {
        let register = one.latest().map_or("", |listing| listing.register.as_str());
        teller.entry(&second(one.at), &format!("{register}: {}", changed(one)));
    }
    Ok(())
}

/// Shows the last import of every register.
pub(super) async fn registers(kept: &KeptArguments) -> anyhow::Result<()> {
    let imports = kept.open()?.registers().await?;
    let story = Story::new();
    for import in &imports {
        head(&story, import);
        story.entry("imported", &second(import.imported_at));
    }
    if imports.is_empty() {
        story.line("No register was imported.");
    }
    Ok(())
}

/// Which register, and where it came from.
pub(super) fn head(story: &Story, import: &RegisterImport) {
    story.heading(&format!("Register {}", import.register));
    story.entry("file", &import.file);
    story.entry("SHA-256", &hex(&import.sha256));
    story.entry("published", &second(import.published_at));
    story.entry("providers", &import.listings.to_string());
}

/// One change, in a line.
pub(super) fn change(story: &Story, change: &ListingChange) {
    if let Some(listing) = change.latest() {
        story.entry(&listing.organization_identifier, &format!("{}: {}", listing.name, changed(change)));
    }
}

fn changed(change: &ListingChange) -> String {
    let (before, after) = match (&change.before, &change.after) {
        (Some(before), Some(after)) => (before, after),
        (None, Some(after)) => return format!("new, {}", says(after)),
        (Some(before), None) => return format!("the register was removed; it said {}", says(before)),
        (None, None) => return String::new(),
    };
    let mut parts = Vec::new();
    if before.standing != after.standing {
        parts.push(format!("{}, was {}", after.standing.as_str(), before.standing.as_str()));
    }
    if before.payment_initiation_in != after.payment_initiation_in {
        parts.push(format!("{}, was {}", initiates(after), initiates(before)));
    }
    if before.name != after.name {
        parts.push(format!("was called {}", before.name));
    }
    parts.join("; ")
}

fn says(listing: &Listing) -> String {
    format!("{}, {}", listing.standing.as_str(), initiates(listing))
}

fn initiates(listing: &Listing) -> String {
    let countries: Vec<&str> = listing.payment_initiation_in.iter().map(String::as_str).collect();
    if countries.is_empty() {
        "initiates payments nowhere".to_owned()
    } else {
        format!("initiates payments in {}", countries.join(" "))
    }
}

/// The day of an instant, in UTC.
pub(super) fn day(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use payments::licence::Licence;

    use super::*;

    #[test]
    fn a_change_is_told_in_words() {
        let at = Timestamp::UNIX_EPOCH;
        let listing = |name: &str, standing, countries: &[&str]| Listing {
            register: "EBA".to_owned(),
            organization_identifier: "PSDFR-ACPR-1".to_owned(),
            name: name.to_owned(),
            standing,
            payment_initiation_in: countries.iter().map(|country| (*country).to_owned()).collect(),
        };
        let before = listing("A", Licence::Active, &["FR"]);
        let table = [
            (None, Some(before.clone()), "new, active, initiates payments in FR"),
            (Some(before.clone()), Some(listing("A", Licence::Withdrawn, &["FR"])), "withdrawn, was active"),
            (
                Some(before.clone()),
                None,
                "the register was removed; it said active, initiates payments in FR",
            ),
            (
                Some(before),
                Some(listing("B", Licence::Active, &[])),
                "initiates payments nowhere, was initiates payments in FR; was called A",
            ),
        ];
        for (before, after, expected) in table {
            assert_eq!(changed(&ListingChange { at, before, after }), expected);
        }
    }
}
