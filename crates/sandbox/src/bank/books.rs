//! The audit of the books.

use payments::ports::StoreError;
use rusqlite::Connection;
use store::sqlite::sql::{column, count, failure, find, list};

use super::SandboxBank;

/// What an audit without findings counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BooksReport {
    /// Accounts, the bank's own included.
    pub accounts: u64,
    /// Postings.
    pub postings: u64,
    /// Reservations that stand.
    pub holds: u64,
    /// Transfers that were made.
    pub settled: u64,
    /// Transfers that were taken or sent and are not over.
    pub open: u64,
}

/// The books do not add up.
#[derive(Debug, thiserror::Error)]
pub enum BooksBroken {
    /// What is wrong, rule by rule, with how many cases break it.
    #[error("the books do not add up: {}", .0.join("; "))]
    Findings(Vec<String>),
    /// The books cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A rule and the query that counts what breaks it.
const RULES: [(&str, &str); 11] = [
    ("all entries sum to zero", "SELECT ABS(COALESCE(SUM(cents), 0)) FROM entries"),
    (
        "every posting has two entries that sum to zero",
        "SELECT COUNT(*) FROM (SELECT p.id FROM postings p LEFT JOIN entries e ON e.posting = p.id
         GROUP BY p.id HAVING COUNT(e.cents) <> 2 OR SUM(e.cents) <> 0)",
    ),
    (
        "every balance is the sum of its entries",
        "SELECT COUNT(*) FROM accounts a
         WHERE balance_cents <> (SELECT COALESCE(SUM(cents), 0) FROM entries WHERE account = a.id)",
    ),
    (
        "no customer is overdrawn",
        "SELECT COUNT(*) FROM accounts WHERE iban IS NOT NULL AND balance_cents < 0",
    ),
    (
        "holds never exceed the balance",
        "SELECT COUNT(*) FROM accounts a
         WHERE (SELECT COALESCE(SUM(cents), 0) FROM holds WHERE account = a.id) > MAX(balance_cents, 0)",
    ),
    (
        "nothing is held for a transfer that is executed or over",
        "SELECT COUNT(*) FROM holds JOIN transfers USING (institution, reference) WHERE state <> 'waiting'",
    ),
    (
        "nothing is held under a reference that was given up",
        "SELECT COUNT(*) FROM holds JOIN released USING (institution, reference)",
    ),
    (
        "a reference is executed once at most",
        "SELECT COUNT(*) FROM (SELECT 1 FROM postings WHERE kind IN ('book', 'debit')
         GROUP BY institution, reference HAVING COUNT(*) > 1)",
    ),
    (
        "what is booked under a transfer is what its state says",
        "SELECT COUNT(*) FROM transfers t WHERE
         (SELECT COUNT(*) FROM postings p WHERE p.institution = t.institution
             AND p.reference = t.reference AND kind IN ('book', 'debit'))
         - (SELECT COUNT(*) FROM postings p WHERE p.institution = t.institution
             AND p.reference = t.reference AND kind = 'restore')
         <> (state IN ('sent', 'settled'))",
    ),
    (
        "nothing is booked without a transfer",
        "SELECT COUNT(*) FROM postings p WHERE kind IN ('book', 'debit', 'restore') AND NOT EXISTS
         (SELECT 1 FROM transfers t WHERE t.institution = p.institution AND t.reference = p.reference)",
    ),
    (
        "nothing is executed under a reference that was given up",
        "SELECT COUNT(*) FROM transfers JOIN released USING (institution, reference)
         WHERE state <> 'rejected'",
    ),
];

impl SandboxBank {
    /// Audits the books: every rule of double entry, of holds and of transfers. Reads everything, so it
    /// takes a while on large books.
    ///
    /// # Errors
    ///
    /// [`BooksBroken`] names every rule that is broken.
    pub fn check(&self) -> Result<BooksReport, BooksBroken> {
        let (findings, report) = self.database.read(|connection| {
            // One transaction, so that every rule sees the same books.
            let snapshot = connection.unchecked_transaction().map_err(|error| failure(&error))?;
            Ok((audit(&snapshot)?, report(&snapshot)?))
        })?;
        if findings.is_empty() { Ok(report) } else { Err(BooksBroken::Findings(findings)) }
    }
}

fn audit(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut findings = Vec::new();
    for (rule, sql) in RULES {
        let broken = counted(connection, sql)?;
        if broken != 0 {
            findings.push(format!("{rule}: {broken}"));
        }
    }
    let damage = list(connection, "PRAGMA foreign_key_check", [], |row| column::<String>(row, 0))?;
    if !damage.is_empty() {
        findings.push(format!("every entry has its posting and account: {}", damage.len()));
    }
    Ok(findings)
}

fn report(connection: &Connection) -> Result<BooksReport, StoreError> {
    let count = |sql| counted(connection, sql);
    Ok(BooksReport {
        accounts: count("SELECT COUNT(*) FROM accounts")?,
        postings: count("SELECT COUNT(*) FROM postings")?,
        holds: count("SELECT COUNT(*) FROM holds")?,
        settled: count("SELECT COUNT(*) FROM transfers WHERE state = 'settled'")?,
        open: count("SELECT COUNT(*) FROM transfers WHERE state IN ('waiting', 'sent')")?,
    })
}

fn counted(connection: &Connection, sql: &str) -> Result<u64, StoreError> {
    Ok(find(connection, sql, [], |row| count(row, 0))?.unwrap_or(0))
}
