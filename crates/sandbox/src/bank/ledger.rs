//! The double-entry ledger: money only ever moves from account to account.

use jiff::Timestamp;
use payments::{
    ports::StoreError,
    values::{Amount, Reference},
};
use rusqlite::Connection;
use store::sqlite::sql::{column, execute, integer, list, micros, timestamp};

use super::accounts::AccountId;

/// Why money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostingKind {
    /// The balance an account was opened with.
    Opening,
    /// A transfer inside the institution.
    Book,
    /// A transfer to another bank leaves.
    Debit,
    /// A transfer to another bank was not made: the debit is undone.
    Restore,
    /// A transfer from another bank arrives.
    Receipt,
}

/// One line of an account's statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// When it was booked.
    pub at: Timestamp,
    /// Why.
    pub kind: PostingKind,
    /// The reference of the transfer, where there is one.
    pub reference: Option<String>,
    /// What was added, in cents; negative if taken.
    pub cents: i64,
}

/// A movement of money from one account to another.
pub(super) struct Movement<'a> {
    pub(super) institution: &'a str,
    pub(super) kind: PostingKind,
    pub(super) reference: Option<&'a Reference>,
    pub(super) from: AccountId,
    pub(super) to: AccountId,
    pub(super) cents: i64,
    pub(super) at: Timestamp,
}

impl PostingKind {
    const ALL: [Self; 5] = [Self::Opening, Self::Book, Self::Debit, Self::Restore, Self::Receipt];

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Book => "book",
            Self::Debit => "debit",
            Self::Restore => "restore",
            Self::Receipt => "receipt",
        }
    }

    fn parse(code: &str) -> Result<Self, StoreError> {
        let kind = Self::ALL.into_iter().find(|kind| kind.code() == code);
        kind.ok_or(StoreError::Corrupt("posting kind"))
    }
}

/// An amount as a movement carries it.
pub(super) fn cents_of(amount: Amount) -> Result<i64, StoreError> {
    integer(amount.cents())
}

/// Books a movement as one posting of two entries that sum to zero, and keeps both balances.
pub(super) fn book(connection: &Connection, movement: &Movement<'_>) -> Result<(), StoreError> {
    if movement.cents <= 0 || movement.from == movement.to {
        return Err(StoreError::Unavailable("a movement needs an amount and two accounts".to_owned()));
    }
    execute(
        connection,
        "INSERT INTO postings (institution, kind, reference, at) VALUES (?1, ?2, ?3, ?4)",
        (
            movement.institution,
            movement.kind.code(),
            movement.reference.map(Reference::as_str),
            micros(movement.at),
        ),
    )?;
    let posting = connection.last_insert_rowid();
    for (account, cents) in [(movement.from, -movement.cents), (movement.to, movement.cents)] {
        execute(
            connection,
            "INSERT INTO entries (posting, account, cents) VALUES (?1, ?2, ?3)",
            (posting, account, cents),
        )?;
        let sql = "UPDATE accounts SET balance_cents = balance_cents + ?2 WHERE id = ?1";
        if execute(connection, sql, (account, cents))? != 1 {
            return Err(StoreError::Corrupt("account of an entry"));
        }
    }
    Ok(())
}

/// What was booked on an account, oldest first.
pub(super) fn statement(connection: &Connection, iban: &str) -> Result<Vec<StatementLine>, StoreError> {
    let sql = "SELECT p.at, p.kind, p.reference, e.cents
               FROM entries e JOIN postings p ON p.id = e.posting JOIN accounts a ON a.id = e.account
               WHERE a.iban = ?1 ORDER BY p.id";
    list(connection, sql, [iban], |row| {
        let kind: String = column(row, 1)?;
        Ok(StatementLine {
            at: timestamp(column(row, 0)?)?,
            kind: PostingKind::parse(&kind)?,
            reference: column(row, 2)?,
            cents: column(row, 3)?,
        })
    })
}
