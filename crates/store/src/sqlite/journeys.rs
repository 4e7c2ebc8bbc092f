//! Visits of PSUs, and their failures.

use async_trait::async_trait;
use payments::{
    journey::{Journey, JourneyId},
    ports::{JourneyStore, StoreError},
    sca::Lockout,
    values::{InstitutionCode, PsuId},
};
use rusqlite::Connection;

use super::{
    SqliteStore,
    sql::{column, document, execute, find, micros, parse, timestamp},
};

#[async_trait]
impl JourneyStore for SqliteStore {
    async fn find_journey(&self, id: &JourneyId) -> Result<Option<Journey>, StoreError> {
        let sql = "SELECT document FROM journeys WHERE id = ?1";
        self.database.read(|connection| {
            find(connection, sql, [id.0], |row| parse(&column::<String>(row, 0)?, "journey"))
        })
    }

    async fn save_journey(&self, journey: &Journey) -> Result<(), StoreError> {
        let row = JourneyRow::new(journey)?;
        self.database.write(move |connection| row.put(connection)).await
    }

    async fn lockout(&self, institution: &InstitutionCode, psu: &PsuId) -> Result<Lockout, StoreError> {
        self.database.read(|connection| lockout(connection, institution, psu))
    }
}

/// A visit in its stored form, written down before the writer has to wait for it.
pub(super) struct JourneyRow {
    id: JourneyId,
    opened_at: i64,
    document: String,
}

impl JourneyRow {
    pub(super) fn new(journey: &Journey) -> Result<Self, StoreError> {
        Ok(Self { id: journey.id, opened_at: micros(journey.opened_at), document: document(journey)? })
    }

    /// Adds the visit or replaces it.
    pub(super) fn put(&self, connection: &Connection) -> Result<(), StoreError> {
        let sql = "INSERT INTO journeys (id, opened_at, document) VALUES (?1, ?2, ?3)
                   ON CONFLICT (id) DO UPDATE SET opened_at = excluded.opened_at, document = excluded.document";
        execute(connection, sql, (self.id.0, self.opened_at, &self.document)).map(|_| ())
    }
}

fn lockout(
    connection: &Connection,
    institution: &InstitutionCode,
    psu: &PsuId,
) -> Result<Lockout, StoreError> {
    let sql = "SELECT failures, ends_at FROM lockouts WHERE institution = ?1 AND psu = ?2";
    let clean = Lockout::none(institution.clone(), psu.clone());
    let found = find(connection, sql, (institution.as_str(), psu.as_str()), |row| {
        Ok(Lockout {
            failures: column(row, 0)?,
            ends_at: column::<Option<i64>>(row, 1)?.map(timestamp).transpose()?,
            ..clean.clone()
        })
    })?;
    Ok(found.unwrap_or(clean))
}

/// Replaces a PSU's failures, if they are still as they were read.
pub(super) fn replace_lockout(
    connection: &Connection,
    before: &Lockout,
    after: &Lockout,
) -> Result<(), StoreError> {
    let stored = lockout(connection, &before.institution, &before.psu)?;
    if sheet(&stored) != sheet(before) {
        return Err(StoreError::Conflict);
    }
    let key = (after.institution.as_str(), after.psu.as_str());
    if sheet(after) == (0, None) {
        let sql = "DELETE FROM lockouts WHERE institution = ?1 AND psu = ?2";
        return execute(connection, sql, key).map(|_| ());
    }
    let sql = "INSERT INTO lockouts (institution, psu, failures, ends_at) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (institution, psu)
               DO UPDATE SET failures = excluded.failures, ends_at = excluded.ends_at";
    let (failures, ends_at) = sheet(after);
    execute(connection, sql, (key.0, key.1, failures, ends_at)).map(|_| ())
}

/// What is stored of a lockout, as it is stored.
fn sheet(lockout: &Lockout) -> (u8, Option<i64>) {
    (lockout.failures, lockout.ends_at.map(micros))
}
