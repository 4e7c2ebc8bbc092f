//! Work that waits.

use async_trait::async_trait;
use jiff::Timestamp;
use payments::{
    journey::VISIT_S,
    ports::{StoreError, WorkStore},
    values::PaymentId,
    work::{Claimed, Lease, Task, Work},
};
use rusqlite::{Connection, Row};

use super::{
    SqliteStore,
    request_keys::{WINDOW_US, payment_id},
    sql::{column, execute, find, list, micros, timestamp},
};

/// Rows swept in one write, so that nobody waits long behind a sweep.
const SWEPT_AT_ONCE: u16 = 500;

#[async_trait]
impl WorkStore for SqliteStore {
    async fn claim(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
        lease: Lease,
    ) -> Result<Vec<Claimed>, StoreError> {
        // Most of the time nothing is due, and a read costs no commit.
        if self.database.read(|connection| is_idle(connection, now))? {
            return Ok(Vec::new());
        }
        self.database.write(move |connection| claim(connection, now, until, limit, lease)).await
    }

    async fn finish(&self, claimed: &Claimed) -> Result<(), StoreError> {
        let claimed = claimed.clone();
        self.database.write(move |connection| remove(connection, &claimed).map(|_| ())).await
    }

    async fn put_back(&self, claimed: &Claimed, due: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE work SET due = ?4, lease = NULL, leased_until = NULL
                   WHERE payment = ?1 AND task = ?2 AND lease = ?3";
        let claimed = claimed.clone();
        self.database
            .write(move |connection| {
                let (payment, task, lease) = key(&claimed);
                execute(connection, sql, (payment, task, lease, micros(due))).map(|_| ())
            })
            .await
    }

    async fn oldest_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT due FROM work WHERE due <= ?1 ORDER BY due LIMIT 1";
        self.database
            .read(|connection| find(connection, sql, [micros(now)], |row| timestamp(column(row, 0)?)))
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        for (sql, age_us) in SWEEPS {
            let until = micros(now) - age_us;
            let sweep = move |connection: &Connection| execute(connection, sql, (until, SWEPT_AT_ONCE));
            while self.database.write(sweep).await? == usize::from(SWEPT_AT_ONCE) {}
        }
        Ok(())
    }
}

/// What nobody can ask for any more, and how long after the time in its row.
const SWEEPS: [(&str, i64); 8] = [
    ("DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens WHERE expires_at <= ?1 LIMIT ?2)", 0),
    ("DELETE FROM codes WHERE hash IN (SELECT hash FROM codes WHERE expires_at <= ?1 LIMIT ?2)", WINDOW_US),
    (
        "DELETE FROM registration_calls WHERE (organization_identifier, request_id) IN
         (SELECT organization_identifier, request_id FROM registration_calls WHERE at <= ?1 LIMIT ?2)",
        WINDOW_US,
    ),
    (
        "DELETE FROM journeys WHERE id IN (SELECT id FROM journeys WHERE opened_at <= ?1 LIMIT ?2)",
        VISIT_S * 1_000_000,
    ),
    (
        "DELETE FROM request_ids WHERE (tpp, institution, request_id) IN
         (SELECT tpp, institution, request_id FROM request_ids WHERE at <= ?1 LIMIT ?2)",
        WINDOW_US,
    ),
    (
        "DELETE FROM request_contents WHERE (tpp, institution, payment_information_id, content_sha256) IN
         (SELECT tpp, institution, payment_information_id, content_sha256
          FROM request_contents WHERE at <= ?1 LIMIT ?2)",
        WINDOW_US,
    ),
    (
        "DELETE FROM lockouts WHERE (institution, psu) IN
         (SELECT institution, psu FROM lockouts WHERE ends_at <= ?1 LIMIT ?2)",
        0,
    ),
    (
        "DELETE FROM revoked_certificates WHERE sha256 IN
         (SELECT sha256 FROM revoked_certificates WHERE not_after <= ?1 LIMIT ?2)",
        0,
    ),
];

/// Adds work, in place of work of the same task, claimed or not.
pub(super) fn put(connection: &Connection, work: &Work) -> Result<(), StoreError> {
    let sql = "INSERT INTO work (payment, task, due, attempt) VALUES (?1, ?2, ?3, 0)
               ON CONFLICT (payment, task) DO UPDATE
               SET due = excluded.due, lease = NULL, leased_until = NULL, attempt = 0";
    let row = (work.payment.as_str(), work.task.name(), micros(work.due));
    execute(connection, sql, row).map(|_| ())
}

/// Removes claimed work. False if the lease was lost.
pub(super) fn remove(connection: &Connection, claimed: &Claimed) -> Result<bool, StoreError> {
    let sql = "DELETE FROM work WHERE payment = ?1 AND task = ?2 AND lease = ?3";
    execute(connection, sql, key(claimed)).map(|removed| removed == 1)
}

/// Removes work whoever holds it.
pub(super) fn cancel(connection: &Connection, payment: &PaymentId, task: Task) -> Result<(), StoreError> {
    let sql = "DELETE FROM work WHERE payment = ?1 AND task = ?2";
    execute(connection, sql, (payment.as_str(), task.name())).map(|_| ())
}

fn key(claimed: &Claimed) -> (&str, &'static str, i64) {
    let Work { payment, task, .. } = &claimed.work;
    (payment.as_str(), task.name(), claimed.lease.0.cast_signed())
}

fn is_idle(connection: &Connection, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM work WHERE due <= ?1 AND (leased_until IS NULL OR leased_until <= ?1) LIMIT 1";
    find(connection, sql, [micros(now)], |_| Ok(())).map(|found| found.is_none())
}

fn claim(
    connection: &Connection,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
    lease: Lease,
) -> Result<Vec<Claimed>, StoreError> {
    let sql = "UPDATE work SET lease = ?4, leased_until = ?2, attempt = attempt + 1
               WHERE (payment, task) IN
               (SELECT payment, task FROM work
                WHERE due <= ?1 AND (leased_until IS NULL OR leased_until <= ?1)
                ORDER BY due LIMIT ?3)
               RETURNING payment, task, due, attempt - 1";
    let params = (micros(now), micros(until), limit, lease.0.cast_signed());
    let mut claimed = list(connection, sql, params, |row| parse_claimed(row, lease))?;
    // RETURNING gives the rows in no order.
    claimed.sort_by_key(|one| one.work.due);
    Ok(claimed)
}

fn parse_claimed(row: &Row<'_>, lease: Lease) -> Result<Claimed, StoreError> {
    let task = Task::find(&column::<String>(row, 1)?).ok_or(StoreError::Corrupt("task"))?;
    Ok(Claimed {
        work: Work { payment: payment_id(row, 0)?, task, due: timestamp(column(row, 2)?)? },
        attempt: column(row, 3)?,
        lease,
    })
}
