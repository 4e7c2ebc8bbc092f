//! Access tokens, and the codes that are exchanged for some of them.

use async_trait::async_trait;
use jiff::Timestamp;
use payments::{
    code::{AuthorisationCode, CodeHash},
    ports::{Exchanged, StoreError, TokenStore},
    token::{CertificateThumbprint, Scope, Token, TokenHash},
    values::{InstitutionCode, PaymentId, TppId},
};
use rusqlite::{Connection, Row};

use super::{
    SqliteStore,
    sql::{column, document, execute, find, micros, parse, timestamp},
};

#[async_trait]
impl TokenStore for SqliteStore {
    async fn insert_token(&self, token: Token) -> Result<(), StoreError> {
        self.database.write(move |connection| insert(connection, &token)).await
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

    async fn revoke_token(&self, hash: &TokenHash) -> Result<bool, StoreError> {
        let hash = *hash;
        self.database.write(move |connection| remove(connection, &hash)).await
    }

    async fn live_tokens_of(&self, tpp: &TppId, now: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM tokens WHERE tpp = ?1 AND expires_at > ?2";
        let live = self.database.read(|connection| {
            find(connection, sql, (tpp.as_str(), micros(now)), |row| column::<i64>(row, 0))
        })?;
        u64::try_from(live.unwrap_or_default()).map_err(|_| StoreError::Corrupt("count"))
    }

    async fn revoke_tokens_of(&self, tpp: &TppId) -> Result<u64, StoreError> {
        let tpp = tpp.clone();
        self.database.write(move |connection| remove_of(connection, &tpp)).await
    }

    async fn insert_code(&self, code: AuthorisationCode) -> Result<(), StoreError> {
        let sql = "INSERT INTO codes (hash, tpp, expires_at, document) VALUES (?1, ?2, ?3, ?4)";
        let document = document(&code)?;
        self.database
            .write(move |connection| {
                let row = (code.hash.0, code.tpp.as_str(), micros(code.expires_at), &document);
                execute(connection, sql, row).map(|_| ())
            })
            .await
    }

    async fn find_code(&self, hash: &CodeHash) -> Result<Option<AuthorisationCode>, StoreError> {
        let sql = "SELECT document FROM codes WHERE hash = ?1";
        self.database.read(|connection| {
            find(connection, sql, [hash.0], |row| parse(&column::<String>(row, 0)?, "authorisation code"))
        })
    }

    async fn exchange_code(&self, hash: &CodeHash, token: Token) -> Result<Exchanged, StoreError> {
        let hash = *hash;
        self.database.write(move |connection| exchange(connection, &hash, &token)).await
    }

    async fn revoke_exchanged(&self, hash: &CodeHash) -> Result<bool, StoreError> {
        let hash = *hash;
        let sql = "DELETE FROM tokens WHERE hash = (SELECT token FROM codes WHERE hash = ?1)";
        self.database
            .write(move |connection| execute(connection, sql, [hash.0]).map(|removed| removed == 1))
            .await
    }
}

fn insert(connection: &Connection, token: &Token) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO tokens (hash, tpp, institution, scope, certificate, issued_at, expires_at, payment)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let row = (
        token.hash.0,
        token.tpp.as_str(),
        token.institution.as_str(),
        stored(token.scope),
        token.certificate.0,
        micros(token.issued_at),
        micros(token.expires_at),
        token.tied_to.as_ref().map(PaymentId::as_str),
    );
    execute(connection, sql, row).map(|_| ())
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

fn remove(connection: &Connection, hash: &TokenHash) -> Result<bool, StoreError> {
    execute(connection, "DELETE FROM tokens WHERE hash = ?1", [hash.0]).map(|removed| removed == 1)
}

/// Removes every token and code of a client; how many tokens.
pub(super) fn remove_of(connection: &Connection, tpp: &TppId) -> Result<u64, StoreError> {
    execute(connection, "DELETE FROM codes WHERE tpp = ?1", [tpp.as_str()])?;
    let removed = execute(connection, "DELETE FROM tokens WHERE tpp = ?1", [tpp.as_str()])?;
    Ok(u64::try_from(removed).unwrap_or(u64::MAX))
}

fn exchange(connection: &Connection, hash: &CodeHash, token: &Token) -> Result<Exchanged, StoreError> {
    let sql = "SELECT token FROM codes WHERE hash = ?1";
    let given = find(connection, sql, [hash.0], |row| column::<Option<[u8; 32]>>(row, 0))?;
    match given {
        None => Ok(Exchanged::Unknown),
        Some(Some(given)) => remove(connection, &TokenHash(given)).map(|_| Exchanged::Again),
        Some(None) => {
            insert(connection, token)?;
            let sql = "UPDATE codes SET token = ?2 WHERE hash = ?1";
            execute(connection, sql, (hash.0, token.hash.0)).map(|_| Exchanged::First)
        }
    }
}

fn by_hash(connection: &Connection, hash: &TokenHash) -> Result<Option<Token>, StoreError> {
    let sql = "SELECT tpp, institution, scope, certificate, issued_at, expires_at, payment
               FROM tokens WHERE hash = ?1";
    find(connection, sql, [hash.0], |row| token(*hash, row))
}

fn token(hash: TokenHash, row: &Row<'_>) -> Result<Token, StoreError> {
    let corrupt = |_| StoreError::Corrupt("token");
    let tied_to: Option<String> = column(row, 6)?;
    Ok(Token {
        hash,
        tpp: TppId::parse(&column::<String>(row, 0)?).map_err(corrupt)?,
        institution: InstitutionCode::parse(&column::<String>(row, 1)?).map_err(corrupt)?,
        scope: scope(&column::<String>(row, 2)?)?,
        certificate: CertificateThumbprint(column(row, 3)?),
        issued_at: timestamp(column(row, 4)?)?,
        expires_at: timestamp(column(row, 5)?)?,
        tied_to: tied_to.map(|id| PaymentId::parse(&id)).transpose().map_err(corrupt)?,
    })
}

fn stored(scope: Scope) -> &'static str {
    match scope {
        Scope::PaymentInitiation => "payment_initiation",
        Scope::Confirmation => "confirmation",
        Scope::Registration => "registration",
    }
}

fn scope(text: &str) -> Result<Scope, StoreError> {
    [Scope::PaymentInitiation, Scope::Confirmation, Scope::Registration]
        .into_iter()
        .find(|scope| stored(*scope) == text)
        .ok_or(StoreError::Corrupt("token"))
}
