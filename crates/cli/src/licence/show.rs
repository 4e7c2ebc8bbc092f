//! `guichet licence show`, `registers`.

use anyhow::ensure;
use jiff::Timestamp;
use payments::{
    encoding::hex,
    licence::{Listing, ListingChange, RegisterImport},
    ports::TrustStore as _,
};

use crate::{kept::KeptArguments, story::Story};

/// Shows what every register says of a provider, and how that changed.
pub(super) async fn provider(kept: &KeptArguments, organization_identifier: &str) -> anyhow::Result<()> {
    let store = kept.open()?;
    let listings = store.listings(organization_identifier).await?;
    ensure!(!listings.is_empty(), "no imported register lists {organization_identifier}");
    let teller = Story::new();
    teller.heading(&format!("{organization_identifier} in the registers"));
    for listing in &listings {
        teller.entry(&listing.register, &format!("{}: {}", listing.name, says(listing)));
    }
    teller.heading("How that changed");
    for one in store.listing_history(organization_identifier).await? {
        teller.entry(&one.at.to_string(), &format!("{}: {}", one.after.register, changed(&one)));
    }
    Ok(())
}

/// Shows the last import of every register.
pub(super) async fn registers(kept: &KeptArguments) -> anyhow::Result<()> {
    let imports = kept.open()?.registers().await?;
    let story = Story::new();
    for import in &imports {
        head(&story, import);
        story.entry("imported", &import.imported_at.to_string());
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
    story.entry("published", &import.published_at.to_string());
    story.entry("providers", &import.listings.to_string());
}

/// One change, in a line.
pub(super) fn change(story: &Story, change: &ListingChange) {
    let after = &change.after;
    story.entry(&after.organization_identifier, &format!("{}: {}", after.name, changed(change)));
}

fn changed(change: &ListingChange) -> String {
    let after = &change.after;
    let Some(before) = &change.before else {
        return format!("new, {}", says(after));
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
            (None, before.clone(), "new, active, initiates payments in FR"),
            (Some(before.clone()), listing("A", Licence::Withdrawn, &["FR"]), "withdrawn, was active"),
            (
                Some(before),
                listing("B", Licence::Active, &[]),
                "initiates payments nowhere, was initiates payments in FR; was called A",
            ),
        ];
        for (before, after, expected) in table {
            assert_eq!(changed(&ListingChange { at, before, after }), expected);
        }
    }
}
