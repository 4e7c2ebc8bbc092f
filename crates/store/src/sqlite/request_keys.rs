//! What makes a repeated call recognisable, for 24 hours.

use payments::{
    ports::{NewPayment, StoreError},
    values::PaymentId,
};
use rusqlite::{Connection, Row};

use super::sql::{column, execute, find, micros};

/// How long a call is recognised, in microseconds.
pub(super) const WINDOW_US: i64 = 24 * 60 * 60 * 1_000_000;

/// A call that was made before.
pub(super) enum Earlier {
    /// It was this call, with the same `X-Request-ID` and body; it made this payment.
    SameCall(PaymentId),
    /// It said the same under another `X-Request-ID`; it made this payment.
    SameContent(PaymentId),
    /// It was another one under the same `X-Request-ID`.
    Other,
}

/// The earlier call that `new` repeats, or whose `X-Request-ID` it takes again.
pub(super) fn earlier(connection: &Connection, new: &NewPayment) -> Result<Option<Earlier>, StoreError> {
    if let Some((payment, body_sha256)) = by_request_id(connection, new)? {
        return Ok(Some(if body_sha256 == new.key.body_sha256 {
            Earlier::SameCall(payment)
        } else {
            Earlier::Other
        }));
    }
    Ok(by_content(connection, new)?.map(Earlier::SameContent))
}

fn by_request_id(
    connection: &Connection,
    new: &NewPayment,
) -> Result<Option<(PaymentId, [u8; 32])>, StoreError> {
    let sql = "SELECT payment, body_sha256 FROM request_ids
               WHERE tpp = ?1 AND institution = ?2 AND request_id = ?3 AND at > ?4";
    let registration = new.payment.registration();
    let key = (
        registration.tpp.as_str(),
        registration.institution.as_str(),
        &new.key.request_id,
        micros(registration.at) - WINDOW_US,
    );
    find(connection, sql, key, |row| Ok((payment_id(row, 0)?, column(row, 1)?)))
}

fn by_content(connection: &Connection, new: &NewPayment) -> Result<Option<PaymentId>, StoreError> {
    let sql = "SELECT payment FROM request_contents
               WHERE tpp = ?1 AND institution = ?2 AND payment_information_id = ?3 AND content_sha256 = ?4
               AND at > ?5";
    let registration = new.payment.registration();
    let key = (
        registration.tpp.as_str(),
        registration.institution.as_str(),
        new.payment.request().payment_information_id.as_str(),
        new.key.content_sha256,
        micros(registration.at) - WINDOW_US,
    );
    find(connection, sql, key, |row| payment_id(row, 0))
}

/// Writes down that the call of `new` made `payment`, in place of what is older than 24 hours.
pub(super) fn put_request_id(
    connection: &Connection,
    new: &NewPayment,
    payment: &PaymentId,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO request_ids (tpp, institution, request_id, body_sha256, payment, at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (tpp, institution, request_id) DO UPDATE
               SET body_sha256 = excluded.body_sha256, payment = excluded.payment, at = excluded.at";
    let registration = new.payment.registration();
    let row = (
        registration.tpp.as_str(),
        registration.institution.as_str(),
        &new.key.request_id,
        new.key.body_sha256,
        payment.as_str(),
        micros(registration.at),
    );
    execute(connection, sql, row).map(|_| ())
}

/// Writes down that the content of `new` made it, in place of what is older than 24 hours.
pub(super) fn put_content(connection: &Connection, new: &NewPayment) -> Result<(), StoreError> {
    let sql = "INSERT INTO request_contents
               (tpp, institution, payment_information_id, content_sha256, payment, at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (tpp, institution, payment_information_id, content_sha256) DO UPDATE
               SET payment = excluded.payment, at = excluded.at";
    let registration = new.payment.registration();
    let row = (
        registration.tpp.as_str(),
        registration.institution.as_str(),
        new.payment.request().payment_information_id.as_str(),
        new.key.content_sha256,
        registration.id.as_str(),
        micros(registration.at),
    );
    execute(connection, sql, row).map(|_| ())
}

/// A column that holds a payment's id.
pub(super) fn payment_id(row: &Row<'_>, index: usize) -> Result<PaymentId, StoreError> {
    PaymentId::parse(&column::<String>(row, index)?).map_err(|_| StoreError::Corrupt("payment id"))
}
