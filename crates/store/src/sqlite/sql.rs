//! Statements and rows: what every query of every book needs.
//!
//! A row is parsed like any outside data: one that does not parse is [`StoreError::Corrupt`].

use jiff::Timestamp;
use payments::ports::StoreError;
use rusqlite::{CachedStatement, Connection, ErrorCode, Params, Row, ffi, types::FromSql};
use serde::{Serialize, de::DeserializeOwned};

/// What an error of SQLite means to the caller of a port.
pub fn failure(error: &rusqlite::Error) -> StoreError {
    use rusqlite::Error as E;
    match error {
        E::SqliteFailure(cause, _) => match cause.extended_code {
            ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE => StoreError::Conflict,
            _ if cause.code == ErrorCode::DatabaseBusy => StoreError::Busy,
            _ if cause.code == ErrorCode::DatabaseCorrupt => StoreError::Corrupt("database page"),
            _ => StoreError::Unavailable(error.to_string()),
        },
        E::FromSqlConversionFailure(..)
        | E::IntegralValueOutOfRange(..)
        | E::Utf8Error(..)
        | E::InvalidColumnType(..) => StoreError::Corrupt("column"),
        _ => StoreError::Unavailable(error.to_string()),
    }
}

fn prepare<'c>(connection: &'c Connection, sql: &str) -> Result<CachedStatement<'c>, StoreError> {
    #[cfg(test)]
    super::tests::assert_no_scan(connection, sql);
    connection.prepare_cached(sql).map_err(|error| failure(&error))
}

/// Runs a statement that gives no rows; how many rows it changed.
///
/// # Errors
///
/// As [`failure`] says.
pub fn execute(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, StoreError> {
    prepare(connection, sql)?.execute(params).map_err(|error| failure(&error))
}

/// The first row of a query, parsed, if it gives one.
///
/// # Errors
///
/// As [`failure`] says, or what `parse` says.
pub fn find<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    parse: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = prepare(connection, sql)?;
    let mut rows = statement.query(params).map_err(|error| failure(&error))?;
    match rows.next().map_err(|error| failure(&error))? {
        Some(row) => parse(row).map(Some),
        None => Ok(None),
    }
}

/// Every row of a query, parsed, in its order.
///
/// # Errors
///
/// As [`failure`] says, or the first error of `parse`.
pub fn list<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut parse: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = prepare(connection, sql)?;
    let mut rows = statement.query(params).map_err(|error| failure(&error))?;
    let mut parsed = Vec::new();
    while let Some(row) = rows.next().map_err(|error| failure(&error))? {
        parsed.push(parse(row)?);
    }
    Ok(parsed)
}

/// A column of a row, counted from 0.
///
/// # Errors
///
/// [`StoreError::Corrupt`] if it holds another type.
pub fn column<T: FromSql>(row: &Row<'_>, index: usize) -> Result<T, StoreError> {
    row.get(index).map_err(|error| failure(&error))
}

/// A column that counts something: never negative.
///
/// # Errors
///
/// [`StoreError::Corrupt`] if it is.
pub fn count(row: &Row<'_>, index: usize) -> Result<u64, StoreError> {
    u64::try_from(column::<i64>(row, index)?).map_err(|_| StoreError::Corrupt("count"))
}

/// A number as it is stored.
///
/// # Errors
///
/// [`StoreError::Unavailable`] beyond 2^63.
pub fn integer(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Unavailable("a number is too large to store".to_owned()))
}

/// A time as it is stored: microseconds since 1970.
pub fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// A time from its stored form.
///
/// # Errors
///
/// [`StoreError::Corrupt`] outside the years -9999 to 9999.
pub fn timestamp(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|_| StoreError::Corrupt("time"))
}

/// A value as the JSON document that is stored.
///
/// # Errors
///
/// [`StoreError::Unavailable`] if it has no such form.
pub fn document(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// A value from its stored document; `what` names it in the error.
///
/// # Errors
///
/// [`StoreError::Corrupt`] if it is none.
pub fn parse<T: DeserializeOwned>(document: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(document).map_err(|_| StoreError::Corrupt(what))
}
