//! Registers of licences and trusted lists, as they were imported; and the certificates that are revoked.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use payments::{
    licence::{Licence, Listing, ListingChange, RegisterImport},
    ports::{ImportSummary, StoreError, TrustStore},
    revoked_certificate::RevokedCertificate,
    trusted_list::{Removal, TrustedList},
};
use rusqlite::{Connection, Row};
use serde::de::DeserializeOwned;

use super::{
    SqliteStore,
    sql::{column, document, execute, find, integer, list, micros, parse},
};

#[async_trait]
impl TrustStore for SqliteStore {
    async fn listings(&self, organization_identifier: &str) -> Result<Vec<Listing>, StoreError> {
        let sql = "SELECT document FROM listings WHERE organization_identifier = ?1 ORDER BY register";
        self.database.read(|connection| list(connection, sql, [organization_identifier], stored))
    }

    async fn import_register(
        &self,
        import: RegisterImport,
        listings: Vec<Listing>,
    ) -> Result<ImportSummary, StoreError> {
        self.database.write(move |connection| import_all(connection, &import, listings)).await
    }

    async fn remove_register(&self, register: &str, at: Timestamp) -> Result<bool, StoreError> {
        let register = register.to_owned();
        self.database.write(move |connection| remove_all(connection, &register, at)).await
    }

    async fn compare_register(
        &self,
        register: &str,
        listings: Vec<Listing>,
    ) -> Result<ImportSummary, StoreError> {
        let at = Timestamp::UNIX_EPOCH;
        self.database.read(|connection| Ok(compare(of_register(connection, register)?, listings, at)))
    }

    async fn registers(&self) -> Result<Vec<RegisterImport>, StoreError> {
        let sql = "SELECT document FROM registers ORDER BY register";
        self.database.read(|connection| list(connection, sql, [], stored))
    }

    async fn listing_history(&self, organization_identifier: &str) -> Result<Vec<ListingChange>, StoreError> {
        let sql = "SELECT document FROM listing_changes WHERE organization_identifier = ?1 ORDER BY seq";
        self.database.read(|connection| list(connection, sql, [organization_identifier], stored))
    }

    async fn put_trusted_list(&self, list: TrustedList) -> Result<(), StoreError> {
        let text = document(&list)?;
        self.database.write(move |connection| put_list(connection, &list, &text)).await
    }

    async fn remove_trusted_list(&self, territory: &str, removal: Removal) -> Result<bool, StoreError> {
        let territory = territory.to_owned();
        self.database.write(move |connection| remove_list(connection, &territory, removal)).await
    }

    async fn trusted_lists(&self) -> Result<Vec<TrustedList>, StoreError> {
        let sql = "SELECT document FROM trusted_lists ORDER BY territory";
        self.database.read(|connection| list(connection, sql, [], stored))
    }

    async fn trusted_list_history(&self, territory: &str) -> Result<Vec<TrustedList>, StoreError> {
        let sql = "SELECT document FROM trusted_list_issues WHERE territory = ?1 ORDER BY seq";
        self.database.read(|connection| list(connection, sql, [territory], stored))
    }

    async fn remember_revoked(&self, revoked: RevokedCertificate) -> Result<(), StoreError> {
        let text = document(&revoked)?;
        let sql = "INSERT INTO revoked_certificates (sha256, not_after, document) VALUES (?1, ?2, ?3)
                   ON CONFLICT (sha256) DO NOTHING";
        self.database
            .write(move |connection| {
                execute(connection, sql, (revoked.sha256, micros(revoked.not_after), &text)).map(|_| ())
            })
            .await
    }

    async fn revoked_certificates(&self) -> Result<Vec<RevokedCertificate>, StoreError> {
        let sql = "SELECT document FROM revoked_certificates ORDER BY sha256";
        self.database.read(|connection| list(connection, sql, [], stored))
    }
}

fn stored<T: DeserializeOwned>(row: &Row<'_>) -> Result<T, StoreError> {
    parse(&column::<String>(row, 0)?, "record of trust")
}

type ByProvider = BTreeMap<String, Listing>;

fn of_register(connection: &Connection, register: &str) -> Result<ByProvider, StoreError> {
    let sql = "SELECT document FROM listings WHERE register = ?1";
    let listings = list(connection, sql, [register], stored::<Listing>)?;
    Ok(listings.into_iter().map(|listing| (listing.organization_identifier.clone(), listing)).collect())
}

/// What changes when a register that said `known` says `listings`. What is gone has been withdrawn.
fn compare(mut known: ByProvider, listings: Vec<Listing>, at: Timestamp) -> ImportSummary {
    let in_force = known.values().filter(|listing| listing.standing != Licence::Withdrawn).count();
    let mut summary = ImportSummary {
        in_force_before: u64::try_from(in_force).unwrap_or(u64::MAX),
        ..ImportSummary::default()
    };
    for after in listings {
        let before = known.remove(&after.organization_identifier);
        if before.as_ref() == Some(&after) {
            summary.unchanged += 1;
        } else {
            summary.changes.push(ListingChange { at, before, after: Some(after) });
        }
    }
    for before in known.into_values() {
        if before.standing == Licence::Withdrawn {
            summary.unchanged += 1;
        } else {
            let after = Listing { standing: Licence::Withdrawn, ..before.clone() };
            summary.changes.push(ListingChange { at, before: Some(before), after: Some(after) });
        }
    }
    summary.changes.sort_by(|a, b| provider_of(a).cmp(&provider_of(b)));
    summary
}

fn provider_of(change: &ListingChange) -> Option<&str> {
    change.latest().map(|listing| listing.organization_identifier.as_str())
}

fn import_all(
    connection: &Connection,
    import: &RegisterImport,
    listings: Vec<Listing>,
) -> Result<ImportSummary, StoreError> {
    let summary = compare(of_register(connection, &import.register)?, listings, import.imported_at);
    for change in &summary.changes {
        put_listing(connection, change)?;
    }
    let sql = "INSERT INTO registers (register, document) VALUES (?1, ?2)
               ON CONFLICT (register) DO UPDATE SET document = excluded.document";
    execute(connection, sql, (&import.register, document(import)?))?;
    Ok(summary)
}

fn remove_all(connection: &Connection, register: &str, at: Timestamp) -> Result<bool, StoreError> {
    for before in of_register(connection, register)?.into_values() {
        let provider = before.organization_identifier.clone();
        note(connection, &provider, &ListingChange { at, before: Some(before), after: None })?;
    }
    execute(connection, "DELETE FROM listings WHERE register = ?1", [register])?;
    execute(connection, "DELETE FROM registers WHERE register = ?1", [register]).map(|rows| rows == 1)
}

fn put_listing(connection: &Connection, change: &ListingChange) -> Result<(), StoreError> {
    let Some(listing) = &change.after else { return Ok(()) };
    let sql = "INSERT INTO listings (organization_identifier, register, document) VALUES (?1, ?2, ?3)
               ON CONFLICT (organization_identifier, register) DO UPDATE SET document = excluded.document";
    execute(connection, sql, (&listing.organization_identifier, &listing.register, document(listing)?))?;
    note(connection, &listing.organization_identifier, change)
}

fn note(connection: &Connection, provider: &str, change: &ListingChange) -> Result<(), StoreError> {
    let sql = "INSERT INTO listing_changes (organization_identifier, document) VALUES (?1, ?2)";
    execute(connection, sql, (provider, document(change)?)).map(|_| ())
}

fn put_list(connection: &Connection, list: &TrustedList, text: &str) -> Result<(), StoreError> {
    let sequence_number = integer(list.sequence_number)?;
    // Issues only ever grow, so the last that was imported is the latest, whether it is still in force or not.
    let sql = "SELECT document FROM trusted_list_issues WHERE territory = ?1 ORDER BY seq DESC LIMIT 1";
    let latest = find(connection, sql, [&list.territory], stored::<TrustedList>)?;
    if latest.is_some_and(|latest| latest.sequence_number > list.sequence_number) {
        return Err(StoreError::Conflict);
    }
    let sql = "INSERT INTO trusted_lists (territory, sequence_number, document) VALUES (?1, ?2, ?3)
               ON CONFLICT (territory)
               DO UPDATE SET sequence_number = excluded.sequence_number, document = excluded.document";
    execute(connection, sql, (&list.territory, sequence_number, text))?;
    let sql = "INSERT INTO trusted_list_issues (territory, document) VALUES (?1, ?2)";
    execute(connection, sql, (&list.territory, text)).map(|_| ())
}

/// Takes a list out of force, and tells so in its history.
fn remove_list(connection: &Connection, territory: &str, removal: Removal) -> Result<bool, StoreError> {
    let sql = "SELECT document FROM trusted_lists WHERE territory = ?1";
    let Some(list) = find(connection, sql, [territory], stored::<TrustedList>)? else {
        return Ok(false);
    };
    let text = document(&TrustedList { removed: Some(removal), ..list })?;
    let sql = "INSERT INTO trusted_list_issues (territory, document) VALUES (?1, ?2)";
    execute(connection, sql, (territory, text))?;
    execute(connection, "DELETE FROM trusted_lists WHERE territory = ?1", [territory]).map(|rows| rows == 1)
}
