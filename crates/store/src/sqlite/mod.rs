//! The store in one SQLite file, for a single machine.
//!
//! [`Database`] is the engine, usable for other books too; [`SqliteStore`] is the storage ports on it.
//! Each port's SQL has a file of its own.

mod changes;
mod checkpoint;
mod database;
mod journeys;
mod payments;
mod request_keys;
pub mod sql;
mod tokens;
mod tpps;
mod trust;
mod work;
mod writer;

use std::path::Path;

use ::payments::ports::StoreError;

pub use database::{Database, Migration};

/// What brings a file to today's shape. They only go forward, and suit the version before, too.
const MIGRATIONS: &[Migration] = &[
    Migration::Sql(include_str!("migrations/0001.sql")),
    Migration::Sql(include_str!("migrations/0002.sql")),
    Migration::Sql(include_str!("migrations/0003.sql")),
    Migration::Sql(include_str!("migrations/0004.sql")),
    Migration::Code(tpps::make_skeletons),
];

/// Every storage port, in one SQLite file.
#[derive(Clone)]
pub struct SqliteStore {
    database: Database,
}

impl SqliteStore {
    /// Opens the store, making the file and its directories if there is none.
    ///
    /// # Errors
    ///
    /// As [`Database::open`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { database: Database::open(path, MIGRATIONS)? })
    }

    /// An empty store, and the directory that holds it until it is dropped.
    ///
    /// # Errors
    ///
    /// As [`SqliteStore::open`].
    #[cfg(any(test, feature = "suite"))]
    pub fn temporary() -> Result<(tempfile::TempDir, Self), StoreError> {
        let directory = tempfile::tempdir().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let store = Self::open(&directory.path().join("store.db"))?;
        Ok((directory, store))
    }

    /// Finishes what is waiting and closes the file. Blocks until then.
    pub fn close(&self) {
        self.database.close();
    }

    /// Why nothing is written any more, if so: see [`Database::fault`].
    pub fn fault(&self) -> Option<&'static str> {
        self.database.fault()
    }
}

#[cfg(test)]
mod tests;
