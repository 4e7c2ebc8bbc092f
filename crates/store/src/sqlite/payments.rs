//! Payments, their journals and their seals.

use async_trait::async_trait;
use jiff::Timestamp;
use payments::{
    Payment,
    journal::{Entry, EntryHash},
    lifecycle::Status,
    ports::{Change, Inserted, NewPayment, PaymentStore, StoreError},
    seal::Seal,
    values::{InstitutionCode, PaymentId, TppId},
};
use rusqlite::{Connection, Row};
use serde::Deserialize;

use super::{
    SqliteStore, changes,
    request_keys::{self, Earlier, payment_id},
    sql::{column, count, document, execute, find, integer, list, micros, parse, timestamp},
    tokens, work,
};

const STATUSES: [Status; 7] =
    [Status::Actc, Status::Accp, Status::Acco, Status::Acsp, Status::Pdng, Status::Acsc, Status::Rjct];

#[async_trait]
impl PaymentStore for SqliteStore {
    async fn insert(&self, new: NewPayment) -> Result<Inserted, StoreError> {
        let row = PaymentRow::new(&new.payment)?;
        self.database.write(move |connection| insert(connection, &new, &row)).await
    }

    async fn find_repeated(&self, new: &NewPayment) -> Result<Option<Payment>, StoreError> {
        self.database.read(|connection| match request_keys::earlier(connection, new)? {
            Some(Earlier::SameCall(id) | Earlier::SameContent(id)) => load(connection, &id),
            Some(Earlier::Other) | None => Ok(None),
        })
    }

    async fn find(
        &self,
        id: &PaymentId,
        tpp: &TppId,
        institution: &InstitutionCode,
    ) -> Result<Option<Payment>, StoreError> {
        let sql =
            "SELECT status, seq, document FROM payments WHERE id = ?1 AND tpp = ?2 AND institution = ?3";
        let key = (id.as_str(), tpp.as_str(), institution.as_str());
        self.database.read(|connection| find(connection, sql, key, |row| payment(id, row)))
    }

    async fn load(&self, id: &PaymentId) -> Result<Option<Payment>, StoreError> {
        self.database.read(|connection| load(connection, id))
    }

    async fn journal(&self, id: &PaymentId) -> Result<Vec<Entry>, StoreError> {
        let sql = "SELECT seq, at, text, previous, hash FROM journal WHERE payment = ?1 ORDER BY seq";
        self.database.read(|connection| list(connection, sql, [id.as_str()], |row| entry(id, row)))
    }

    async fn seal(&self, id: &PaymentId) -> Result<Option<Seal>, StoreError> {
        let sql = "SELECT text, algorithm, certificate_sha256, signature FROM seals WHERE payment = ?1";
        self.database.read(|connection| find(connection, sql, [id.as_str()], |row| seal(id, row)))
    }

    async fn save(&self, change: Change) -> Result<(), StoreError> {
        changes::save(&self.database, change).await
    }

    async fn ids_after(&self, after: Option<&PaymentId>, limit: u32) -> Result<Vec<PaymentId>, StoreError> {
        let sql = "SELECT id FROM payments WHERE id > ?1 ORDER BY id LIMIT ?2";
        let after = after.map_or("", PaymentId::as_str);
        self.database.read(|connection| list(connection, sql, (after, limit), |row| payment_id(row, 0)))
    }

    async fn takes_changes(&self) -> Result<(), StoreError> {
        self.fault().map_or(Ok(()), |why| Err(StoreError::Unavailable(why.to_owned())))
    }

    async fn last_sequence(&self) -> Result<u64, StoreError> {
        // An id begins with its sequence number, so the greatest id has the greatest one.
        let sql = "SELECT id FROM payments ORDER BY id DESC LIMIT 1";
        let last = self.database.read(|connection| find(connection, sql, [], |row| payment_id(row, 0)))?;
        let digits = last.as_ref().and_then(|id| id.as_str().split('-').next());
        digits.map_or(Ok(0), |digits| digits.parse().map_err(|_| StoreError::Corrupt("payment id")))
    }

    async fn count_by_status(&self) -> Result<Vec<(Status, u64)>, StoreError> {
        let sql = "SELECT status, count FROM status_counts ORDER BY status";
        self.database.read(|connection| {
            list(connection, sql, [], |row| Ok((status(&column::<String>(row, 0)?)?, count(row, 1)?)))
        })
    }
}

/// A payment in its stored form, written down before the writer has to wait for it.
pub(super) struct PaymentRow {
    /// `status`.
    pub(super) status: &'static str,
    /// `seq`.
    pub(super) seq: i64,
    /// `document`.
    pub(super) document: String,
}

impl PaymentRow {
    pub(super) fn new(payment: &Payment) -> Result<Self, StoreError> {
        Ok(Self {
            status: payment.status().code(),
            seq: integer(payment.seq())?,
            document: document(payment)?,
        })
    }
}

fn insert(connection: &Connection, new: &NewPayment, row: &PaymentRow) -> Result<Inserted, StoreError> {
    match request_keys::earlier(connection, new)? {
        Some(Earlier::Other) => Ok(Inserted::RequestIdReused),
        Some(Earlier::SameCall(id)) => repeat(connection, new, &id),
        Some(Earlier::SameContent(id)) => {
            let inserted = repeat(connection, new, &id)?;
            // From now on this request id is taken, too.
            if matches!(inserted, Inserted::Repeated(_)) {
                request_keys::put_request_id(connection, new, &id)?;
            }
            Ok(inserted)
        }
        None => add(connection, new, row),
    }
}

/// Gives back what the first call made. A token that serves nothing yet serves that from now on.
fn repeat(connection: &Connection, new: &NewPayment, id: &PaymentId) -> Result<Inserted, StoreError> {
    if !tie(connection, new, id)? {
        return Ok(Inserted::TokenSpent);
    }
    let payment = load(connection, id)?.ok_or(StoreError::Corrupt("request key"))?;
    Ok(Inserted::Repeated(Box::new(payment)))
}

fn add(connection: &Connection, new: &NewPayment, row: &PaymentRow) -> Result<Inserted, StoreError> {
    let registration = new.payment.registration();
    if !tie(connection, new, &registration.id)? {
        return Ok(Inserted::TokenSpent);
    }
    let sql = "INSERT INTO payments (id, tpp, institution, status, registered_at, seq, document)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let columns = (
        registration.id.as_str(),
        registration.tpp.as_str(),
        registration.institution.as_str(),
        row.status,
        micros(registration.at),
        row.seq,
        &row.document,
    );
    execute(connection, sql, columns)?;
    count_status(connection, row.status, 1)?;
    append(connection, &new.entry)?;
    request_keys::put_request_id(connection, new, &registration.id)?;
    request_keys::put_content(connection, new)?;
    for waiting in &new.work {
        work::put(connection, waiting)?;
    }
    Ok(Inserted::New)
}

fn tie(connection: &Connection, new: &NewPayment, id: &PaymentId) -> Result<bool, StoreError> {
    new.token.as_ref().map_or(Ok(true), |token| tokens::tie(connection, token, id))
}

/// Moves the count of payments in a status.
pub(super) fn count_status(connection: &Connection, status: &str, by: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO status_counts (status, count) VALUES (?1, ?2)
               ON CONFLICT (status) DO UPDATE SET count = count + excluded.count";
    execute(connection, sql, (status, by)).map(|_| ())
}

/// Adds an entry to its payment's journal.
pub(super) fn append(connection: &Connection, entry: &Entry) -> Result<(), StoreError> {
    let sql = "INSERT INTO journal (payment, seq, at, text, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let row = (
        entry.payment.as_str(),
        integer(entry.seq)?,
        micros(entry.at),
        &entry.text,
        entry.previous.0,
        entry.hash.0,
    );
    execute(connection, sql, row).map(|_| ())
}

fn load(connection: &Connection, id: &PaymentId) -> Result<Option<Payment>, StoreError> {
    let sql = "SELECT status, seq, document FROM payments WHERE id = ?1";
    find(connection, sql, [id.as_str()], |row| payment(id, row))
}

/// The payment of a row, whose columns must say the same as its document.
fn payment(id: &PaymentId, row: &Row<'_>) -> Result<Payment, StoreError> {
    let payment: Payment = parse(&column::<String>(row, 2)?, "payment")?;
    let agrees = payment.id() == id
        && payment.status().code() == column::<String>(row, 0)?
        && payment.seq() == count(row, 1)?;
    agrees.then_some(payment).ok_or(StoreError::Corrupt("payment"))
}

fn status(code: &str) -> Result<Status, StoreError> {
    STATUSES.into_iter().find(|status| status.code() == code).ok_or(StoreError::Corrupt("status"))
}

fn entry(payment: &PaymentId, row: &Row<'_>) -> Result<Entry, StoreError> {
    let text: String = column(row, 2)?;
    Ok(Entry {
        payment: payment.clone(),
        seq: count(row, 0)?,
        at: exact(timestamp(column(row, 1)?)?, &text),
        text,
        previous: EntryHash(column(row, 3)?),
        hash: EntryHash(column(row, 4)?),
    })
}

/// The time of an entry. The column holds microseconds; the text, which was hashed, may be more exact. If
/// the two disagree the column stands, and the entry will be found to be changed when it is read.
fn exact(stored: Timestamp, text: &str) -> Timestamp {
    #[derive(Deserialize)]
    struct Told {
        at: Timestamp,
    }
    match serde_json::from_str::<Told>(text) {
        Ok(told) if micros(told.at) == micros(stored) => told.at,
        _ => stored,
    }
}

fn seal(payment: &PaymentId, row: &Row<'_>) -> Result<Seal, StoreError> {
    Ok(Seal {
        payment: payment.clone(),
        text: column(row, 0)?,
        algorithm: column(row, 1)?,
        certificate_sha256: column(row, 2)?,
        signature: column(row, 3)?,
    })
}
