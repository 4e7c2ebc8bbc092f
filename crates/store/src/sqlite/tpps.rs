//! The register of TPPs.

use async_trait::async_trait;
use payments::{
    ports::{StoreError, TppStore},
    tpp::Tpp,
    values::TppId,
};
use rusqlite::Row;

use super::{
    SqliteStore,
    sql::{column, document, execute, find, list, parse},
};

#[async_trait]
impl TppStore for SqliteStore {
    async fn find_tpp(&self, id: &TppId) -> Result<Option<Tpp>, StoreError> {
        let sql = "SELECT document FROM tpps WHERE id = ?1";
        self.database.read(|connection| find(connection, sql, [id.as_str()], tpp))
    }

    async fn put_tpp(&self, tpp: Tpp) -> Result<(), StoreError> {
        let sql = "INSERT INTO tpps (id, document) VALUES (?1, ?2)
                   ON CONFLICT (id) DO UPDATE SET document = excluded.document";
        let document = document(&tpp)?;
        self.database
            .write(move |connection| execute(connection, sql, (tpp.id.as_str(), &document)).map(|_| ()))
            .await
    }

    async fn tpps(&self) -> Result<Vec<Tpp>, StoreError> {
        let sql = "SELECT document FROM tpps ORDER BY id";
        self.database.read(|connection| list(connection, sql, [], tpp))
    }
}

fn tpp(row: &Row<'_>) -> Result<Tpp, StoreError> {
    parse(&column::<String>(row, 0)?, "TPP")
}
