//! A change of a payment, committed with everything that belongs to it.

use payments::{
    ports::{Change, StoreError},
    seal::Seal,
    work::Task,
};
use rusqlite::Connection;

use super::{
    Database,
    journeys::{JourneyRow, replace_lockout},
    payments::{PaymentRow, append, count_status},
    sql::{column, execute, find, integer},
    work,
};

/// As [`payments::ports::PaymentStore::save`].
pub(super) async fn save(database: &Database, change: Change) -> Result<(), StoreError> {
    let payment = PaymentRow::new(&change.payment)?;
    let journey = change.journey.as_ref().map(JourneyRow::new).transpose()?;
    database
        .write(move |connection| {
            replace(connection, &change, &payment)?;
            for entry in &change.entries {
                append(connection, entry)?;
            }
            if let Some(seal) = &change.seal {
                put_seal(connection, seal)?;
            }
            if let Some(journey) = &journey {
                journey.put(connection)?;
            }
            if let Some((before, after)) = &change.lockout {
                replace_lockout(connection, before, after)?;
            }
            rearrange_work(connection, &change)
        })
        .await
}

/// Replaces the payment, if it stands where the change began.
fn replace(connection: &Connection, change: &Change, row: &PaymentRow) -> Result<(), StoreError> {
    let id = change.payment.id().as_str();
    let began_at = match change.entries.first() {
        Some(first) => integer(first.seq)? - 1,
        None => row.seq,
    };
    let stored =
        find(connection, "SELECT status FROM payments WHERE id = ?1 AND seq = ?2", (id, began_at), |row| {
            column::<String>(row, 0)
        })?;
    let status = stored.ok_or(StoreError::Conflict)?;
    let sql = "UPDATE payments SET status = ?2, seq = ?3, document = ?4 WHERE id = ?1";
    execute(connection, sql, (id, row.status, row.seq, &row.document))?;
    if status != row.status {
        count_status(connection, &status, -1)?;
        count_status(connection, row.status, 1)?;
    }
    Ok(())
}

fn put_seal(connection: &Connection, seal: &Seal) -> Result<(), StoreError> {
    let sql = "INSERT INTO seals (payment, text, algorithm, certificate_sha256, signature)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = (seal.payment.as_str(), &seal.text, &seal.algorithm, &seal.certificate_sha256, &seal.signature);
    execute(connection, sql, row).map(|_| ())
}

/// Takes away the work that is done and that has become pointless, and adds what waits from now on.
fn rearrange_work(connection: &Connection, change: &Change) -> Result<(), StoreError> {
    if let Some(done) = &change.done
        && !work::remove(connection, done)?
    {
        return Err(StoreError::Conflict);
    }
    // A payment that waits for nobody cannot expire; without this the queue would fill with dead rows.
    if change.payment.waits_until().is_none() {
        work::cancel(connection, change.payment.id(), Task::Expire)?;
    }
    for waiting in &change.work {
        work::put(connection, waiting)?;
    }
    Ok(())
}
