//! Transfers we were ordered to make, and the messages they gave rise to.

use jiff::Timestamp;
use payments::{
    Reason,
    ports::StoreError,
    transfer::{Outcome, TransferOrder},
    values::{InstitutionCode, Reference},
};
use rusqlite::{Connection, Row};
use store::sqlite::sql::{self, column, document, execute, find, micros, timestamp};

/// A transfer as it is stored.
pub(super) struct TransferRow {
    pub(super) order: TransferOrder,
    pub(super) state: TransferState,
    pub(super) first_seen_at: Timestamp,
}

/// Where a transfer stands in our books.
///
/// ```text
/// Waiting ──▶ Sent ──▶ Settled
///    │          └────▶ Rejected (debit restored)
///    └──▶ Settled (inside the institution), Rejected
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransferState {
    /// Taken; nothing was booked.
    Waiting,
    /// Debited and handed to the clearing, which has not answered.
    Sent { debited_at: Timestamp },
    /// Made.
    Settled { debited_at: Timestamp },
    /// Not made; nothing is booked, or it was undone.
    Rejected(Reason),
}

/// A message that was exchanged with the clearing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageName {
    Pacs008,
    Pacs002,
}

impl MessageName {
    fn code(self) -> &'static str {
        match self {
            Self::Pacs008 => "pacs.008",
            Self::Pacs002 => "pacs.002",
        }
    }
}

impl TransferState {
    /// What a rail says about it.
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Waiting | Self::Sent { .. } => Outcome::Pending,
            Self::Settled { debited_at } => Outcome::Settled(debited_at),
            Self::Rejected(reason) => Outcome::Rejected(reason),
        }
    }

    fn columns(self) -> (&'static str, Option<&'static str>, Option<i64>) {
        match self {
            Self::Waiting => ("waiting", None, None),
            Self::Sent { debited_at } => ("sent", None, Some(micros(debited_at))),
            Self::Settled { debited_at } => ("settled", None, Some(micros(debited_at))),
            Self::Rejected(reason) => ("rejected", Some(reason.code()), None),
        }
    }

    fn parse(state: &str, reason: Option<&str>, debited_at: Option<i64>) -> Result<Self, StoreError> {
        let at = debited_at.map(timestamp).transpose()?;
        match (state, reason.and_then(Reason::find), at) {
            ("waiting", _, _) => Ok(Self::Waiting),
            ("sent", _, Some(debited_at)) => Ok(Self::Sent { debited_at }),
            ("settled", _, Some(debited_at)) => Ok(Self::Settled { debited_at }),
            ("rejected", Some(reason), _) => Ok(Self::Rejected(reason)),
            _ => Err(StoreError::Corrupt("transfer state")),
        }
    }
}

/// The transfer under a reference.
pub(super) fn find_by(
    connection: &Connection,
    institution: &InstitutionCode,
    reference: &Reference,
) -> Result<Option<TransferRow>, StoreError> {
    let sql = "SELECT transfer_order, state, reason, debited_at, first_seen_at FROM transfers
               WHERE institution = ?1 AND reference = ?2";
    find(connection, sql, (institution.as_str(), reference.as_str()), parse)
}

/// Adds a transfer that waits.
pub(super) fn insert(
    connection: &Connection,
    order: TransferOrder,
    now: Timestamp,
) -> Result<TransferRow, StoreError> {
    execute(
        connection,
        "INSERT INTO transfers (institution, reference, transfer_order, state, first_seen_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        (
            order.institution.as_str(),
            order.reference.as_str(),
            document(&order)?,
            TransferState::Waiting.columns().0,
            micros(now),
        ),
    )?;
    Ok(TransferRow { order, state: TransferState::Waiting, first_seen_at: now })
}

/// Moves a transfer on.
pub(super) fn update(
    connection: &Connection,
    institution: &InstitutionCode,
    reference: &Reference,
    state: TransferState,
) -> Result<(), StoreError> {
    let (name, reason, debited_at) = state.columns();
    let sql = "UPDATE transfers SET state = ?3, reason = ?4, debited_at = ?5
               WHERE institution = ?1 AND reference = ?2";
    let changed =
        execute(connection, sql, (institution.as_str(), reference.as_str(), name, reason, debited_at))?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Corrupt("transfer")) }
}

/// Keeps a message as it goes, or came, over the wire. The first of its name counts.
pub(super) fn keep_message(
    connection: &Connection,
    order: &TransferOrder,
    name: MessageName,
    text: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO messages (institution, reference, name, document, at) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT DO NOTHING";
    let (institution, reference) = (order.institution.as_str(), order.reference.as_str());
    execute(connection, sql, (institution, reference, name.code(), text, micros(now))).map(|_| ())
}

/// A message that was kept.
pub(super) fn find_message(
    connection: &Connection,
    institution: &InstitutionCode,
    reference: &Reference,
    name: MessageName,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT document FROM messages WHERE institution = ?1 AND reference = ?2 AND name = ?3";
    let key = (institution.as_str(), reference.as_str(), name.code());
    find(connection, sql, key, |row| column(row, 0))
}

fn parse(row: &Row<'_>) -> Result<TransferRow, StoreError> {
    let order: String = column(row, 0)?;
    let (state, reason): (String, Option<String>) = (column(row, 1)?, column(row, 2)?);
    Ok(TransferRow {
        order: sql::parse(&order, "transfer order")?,
        state: TransferState::parse(&state, reason.as_deref(), column(row, 3)?)?,
        first_seen_at: timestamp(column(row, 4)?)?,
    })
}
