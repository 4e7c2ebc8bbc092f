//! Access tokens.

use async_trait::async_trait;
use payments::{
    ports::{StoreError, TokenStore},
    token::{CertificateThumbprint, Token, TokenHash},
    values::{InstitutionCode, PaymentId, TppId},
};
use rusqlite::{Connection, Row};

use super::{
    SqliteStore,
    sql::{column, execute, find, micros, timestamp},
};

#[async_trait]
impl TokenStore for SqliteStore {
    async fn insert_token(&self, token: Token) -> Result<(), StoreError> {
        let sql = "INSERT INTO tokens (hash, tpp, institution, certificate, expires_at, payment)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.database
            .write(move |connection| {
                let row = (
                    token.hash.0,
                    token.tpp.as_str(),
                    token.institution.as_str(),
                    token.certificate.0,
                    micros(token.expires_at),
                    token.tied_to.as_ref().map(PaymentId::as_str),
                );
                execute(connection, sql, row).map(|_| ())
            })
            .await
    }

    async fn find_token(&self, hash: &TokenHash) -> Result<Option<Token>, StoreError> {
        self.database.read(|connection| by_hash(connection, hash))
    }

    async fn tie_token(&self, hash: &TokenHash, payment: &PaymentId) -> Result<bool, StoreError> {
        // A tie lasts for ever: once it is there, a read is enough.
        let token = self.database.read(|connection| by_hash(connection, hash))?;
        match token.map(|token| token.tied_to) {
            None => Ok(false),
            Some(Some(tied_to)) => Ok(tied_to == *payment),
            Some(None) => {
                let (hash, payment) = (*hash, payment.clone());
                self.database.write(move |connection| tie(connection, &hash, &payment)).await
            }
        }
    }
}

/// Ties a token to a payment. False if it serves another one, or is gone.
pub(super) fn tie(
    connection: &Connection,
    hash: &TokenHash,
    payment: &PaymentId,
) -> Result<bool, StoreError> {
    let sql = "UPDATE tokens SET payment = ?2 WHERE hash = ?1 AND (payment IS NULL OR payment = ?2)";
    execute(connection, sql, (hash.0, payment.as_str())).map(|tied| tied == 1)
}

fn by_hash(connection: &Connection, hash: &TokenHash) -> Result<Option<Token>, StoreError> {
    let sql = "SELECT tpp, institution, certificate, expires_at, payment FROM tokens WHERE hash = ?1";
    find(connection, sql, [hash.0], |row| token(*hash, row))
}

fn token(hash: TokenHash, row: &Row<'_>) -> Result<Token, StoreError> {
    let corrupt = |_| StoreError::Corrupt("token");
    let tied_to: Option<String> = column(row, 4)?;
    Ok(Token {
        hash,
        tpp: TppId::parse(&column::<String>(row, 0)?).map_err(corrupt)?,
        institution: InstitutionCode::parse(&column::<String>(row, 1)?).map_err(corrupt)?,
        certificate: CertificateThumbprint(column(row, 2)?),
        expires_at: timestamp(column(row, 3)?)?,
        tied_to: tied_to.map(|id| PaymentId::parse(&id)).transpose().map_err(corrupt)?,
    })
}
