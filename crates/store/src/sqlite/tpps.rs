//! The register of TPPs, and what happened to it.

use async_trait::async_trait;
use payments::{
    likeness::skeleton,
    ports::{SignedCall, StoreError, TppStore, TppWrite, Written},
    tpp::{Tpp, TppEvent},
    values::TppId,
};
use rusqlite::{Connection, Row};

use super::{
    SqliteStore,
    sql::{column, document, execute, find, list, micros, parse},
    tokens,
};

#[async_trait]
impl TppStore for SqliteStore {
    async fn find_tpp(&self, id: &TppId) -> Result<Option<Tpp>, StoreError> {
        self.database.read(|connection| by_id(connection, id))
    }

    async fn tpps(&self) -> Result<Vec<Tpp>, StoreError> {
        let sql = "SELECT document FROM tpps ORDER BY id";
        self.database.read(|connection| list(connection, sql, [], tpp))
    }

    async fn tpps_named(&self, name: &str) -> Result<Vec<Tpp>, StoreError> {
        let sql = "SELECT document FROM tpps WHERE name = ?1";
        self.database.read(|connection| list(connection, sql, [skeleton(name)], tpp))
    }

    async fn tpps_of(&self, organization_identifier: &str) -> Result<Vec<Tpp>, StoreError> {
        let sql = "SELECT document FROM tpps WHERE organization_identifier = ?1 ORDER BY id";
        self.database.read(|connection| list(connection, sql, [organization_identifier], tpp))
    }

    async fn change_tpp(&self, change: TppWrite) -> Result<Written, StoreError> {
        let event = document(&change.event)?;
        self.database.write(move |connection| write(connection, &change, &event)).await
    }

    async fn tpp_history(&self, id: &TppId) -> Result<Vec<TppEvent>, StoreError> {
        let sql = "SELECT document FROM tpp_events WHERE tpp = ?1 ORDER BY seq";
        self.database.read(|connection| {
            list(connection, sql, [id.as_str()], |row| parse(&column::<String>(row, 0)?, "TPP event"))
        })
    }
}

/// Fills the column `name`, which SQL had filled with names in lower case, and those of ASCII only.
pub(super) fn make_skeletons(connection: &Connection) -> Result<(), StoreError> {
    let sql = "SELECT id, json_extract(document, '$.name') FROM tpps ORDER BY id";
    let named = |row: &Row<'_>| Ok((column::<String>(row, 0)?, column::<String>(row, 1)?));
    for (id, name) in list(connection, sql, [], named)? {
        execute(connection, "UPDATE tpps SET name = ?2 WHERE id = ?1", (id, skeleton(&name)))?;
    }
    Ok(())
}

fn by_id(connection: &Connection, id: &TppId) -> Result<Option<Tpp>, StoreError> {
    find(connection, "SELECT document FROM tpps WHERE id = ?1", [id.as_str()], tpp)
}

fn tpp(row: &Row<'_>) -> Result<Tpp, StoreError> {
    parse(&column::<String>(row, 0)?, "TPP")
}

fn write(connection: &Connection, change: &TppWrite, event: &str) -> Result<Written, StoreError> {
    if let Some(call) = &change.call
        && let Some((sha256, tpp)) = earlier(connection, call)?
    {
        let repeated = sha256 == call.sha256;
        return Ok(if repeated { Written::Before(tpp) } else { Written::RequestIdReused });
    }
    let id = &change.event.tpp;
    if by_id(connection, id)? != change.before {
        return Err(StoreError::Conflict);
    }
    if change.call.is_some() && name_is_taken(connection, change)? {
        return Ok(Written::NameTaken);
    }
    if change.call.is_some() && is_one_too_many(connection, change)? {
        return Ok(Written::TooMany);
    }
    match &change.after {
        Some(tpp) => put(connection, tpp)?,
        None => remove(connection, id)?,
    }
    if let Some(call) = &change.call {
        remember(connection, call, change)?;
    }
    let sql = "INSERT INTO tpp_events (tpp, document) VALUES (?1, ?2)";
    execute(connection, sql, (id.as_str(), event)).map(|_| Written::Now)
}

fn put(connection: &Connection, tpp: &Tpp) -> Result<(), StoreError> {
    let sql = "INSERT INTO tpps (id, name, organization_identifier, document) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (id) DO UPDATE SET name = excluded.name,
                   organization_identifier = excluded.organization_identifier, document = excluded.document";
    let row = (tpp.id.as_str(), skeleton(&tpp.name), &tpp.organization_identifier, document(tpp)?);
    execute(connection, sql, row).map(|_| ())
}

/// Whether a new name passes for one that another provider goes by.
fn name_is_taken(connection: &Connection, change: &TppWrite) -> Result<bool, StoreError> {
    let Some(after) = &change.after else { return Ok(false) };
    let name = skeleton(&after.name);
    if change.before.as_ref().is_some_and(|before| skeleton(&before.name) == name) {
        return Ok(false);
    }
    let sql = "SELECT 1 FROM tpps WHERE name = ?1 AND organization_identifier <> ?2 LIMIT 1";
    let row = (name, &after.organization_identifier);
    Ok(find(connection, sql, row, |_| Ok(()))?.is_some())
}

/// Whether a provider that has all the registrations it may have would get another.
fn is_one_too_many(connection: &Connection, change: &TppWrite) -> Result<bool, StoreError> {
    let (None, Some(added)) = (&change.before, &change.after) else { return Ok(false) };
    let sql = "SELECT 1 FROM tpps WHERE organization_identifier = ?1 LIMIT 1 OFFSET ?2";
    let row = (&added.organization_identifier, SignedCall::MAX_REGISTRATIONS - 1);
    Ok(find(connection, sql, row, |_| Ok(()))?.is_some())
}

fn remove(connection: &Connection, id: &TppId) -> Result<(), StoreError> {
    tokens::remove_of(connection, id)?;
    execute(connection, "DELETE FROM tpps WHERE id = ?1", [id.as_str()]).map(|_| ())
}

fn earlier(connection: &Connection, call: &SignedCall) -> Result<Option<([u8; 32], TppId)>, StoreError> {
    let sql = "SELECT sha256, tpp FROM registration_calls
               WHERE organization_identifier = ?1 AND request_id = ?2";
    find(connection, sql, (&call.organization_identifier, &call.request_id), |row| {
        let tpp = TppId::parse(&column::<String>(row, 1)?).map_err(|_| StoreError::Corrupt("call"))?;
        Ok((column(row, 0)?, tpp))
    })
}

fn remember(connection: &Connection, call: &SignedCall, change: &TppWrite) -> Result<(), StoreError> {
    let sql = "INSERT INTO registration_calls (organization_identifier, request_id, sha256, tpp, at)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let (tpp, at) = (change.event.tpp.as_str(), micros(change.event.at));
    let row = (&call.organization_identifier, &call.request_id, call.sha256, tpp, at);
    execute(connection, sql, row).map(|_| ())
}
