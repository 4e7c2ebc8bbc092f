//! Accounts, as rows.

use payments::{
    ports::{Account, Standing, StoreError},
    values::{Iban, InstitutionCode, Name, PsuId},
};
use rusqlite::{Connection, Row};
use store::sqlite::sql::{column, execute, find, list};

/// An account's key.
pub(super) type AccountId = i64;

/// An account with an IBAN: of a customer, or of a payee.
pub(super) struct AccountRow {
    pub(super) id: AccountId,
    pub(super) institution: String,
    pub(super) iban: Iban,
    pub(super) customer: Option<String>,
    pub(super) holder: Name,
    pub(super) label: String,
    pub(super) standing: Standing,
    pub(super) balance_cents: i64,
}

/// An account of the bank's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Internal {
    /// What other banks owe us and we them.
    Clearing,
    /// Where the opening balances came from.
    Equity,
    /// What came in for an account that cannot take it.
    Suspense,
}

impl Internal {
    pub(super) const ALL: [Self; 3] = [Self::Clearing, Self::Equity, Self::Suspense];

    pub(super) fn role(self) -> &'static str {
        match self {
            Self::Clearing => "clearing",
            Self::Equity => "equity",
            Self::Suspense => "suspense",
        }
    }
}

/// An account to be opened.
pub(super) struct NewAccount<'a> {
    pub(super) institution: &'a InstitutionCode,
    pub(super) role: &'a str,
    pub(super) iban: Option<&'a Iban>,
    pub(super) customer: Option<&'a PsuId>,
    pub(super) holder: &'a str,
    pub(super) label: &'a str,
    pub(super) standing: Standing,
}

const COLUMNS: &str = "id, institution, iban, customer, holder, label, kind, standing, balance_cents";

/// Opens an account with nothing on it.
pub(super) fn open(connection: &Connection, new: &NewAccount<'_>) -> Result<AccountId, StoreError> {
    let (kind, standing) = stored(new.standing);
    execute(
        connection,
        "INSERT INTO accounts (institution, role, iban, customer, holder, label, kind, standing)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        (
            new.institution.as_str(),
            new.role,
            new.iban.map(Iban::as_str),
            new.customer.map(PsuId::as_str),
            new.holder,
            new.label,
            kind,
            standing,
        ),
    )?;
    Ok(connection.last_insert_rowid())
}

/// The account with this IBAN, if it is held at `institution`.
pub(super) fn find_at(
    connection: &Connection,
    institution: &str,
    iban: &Iban,
) -> Result<Option<AccountRow>, StoreError> {
    let account = find_anywhere(connection, iban)?;
    Ok(account.filter(|account| account.institution == institution))
}

/// The account with this IBAN, at whichever of our institutions.
pub(super) fn find_anywhere(connection: &Connection, iban: &Iban) -> Result<Option<AccountRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE iban = ?1");
    find(connection, &sql, [iban.as_str()], parse)
}

/// Every account of a customer, in the order they were opened.
pub(super) fn of_customer(
    connection: &Connection,
    institution: &InstitutionCode,
    psu: &PsuId,
) -> Result<Vec<AccountRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE institution = ?1 AND customer = ?2 ORDER BY id");
    list(connection, &sql, (institution.as_str(), psu.as_str()), parse)
}

/// An account of the bank's own.
pub(super) fn internal(
    connection: &Connection,
    institution: &str,
    account: Internal,
) -> Result<AccountId, StoreError> {
    let sql = "SELECT id FROM accounts WHERE institution = ?1 AND role = ?2 AND iban IS NULL";
    let id = find(connection, sql, (institution, account.role()), |row| column(row, 0))?;
    id.ok_or(StoreError::Corrupt("chart of accounts"))
}

impl AccountRow {
    /// Whether this customer may pay from the account.
    pub(super) fn is_of(&self, psu: &PsuId) -> bool {
        self.customer.as_deref() == Some(psu.as_str())
    }

    /// As its holder sees it, with `held_cents` set aside.
    pub(super) fn seen_by_holder(self, held_cents: i64) -> Account {
        Account {
            iban: self.iban,
            holder: self.holder,
            label: self.label,
            available_cents: self.balance_cents.saturating_sub(held_cents),
            standing: self.standing,
        }
    }
}

fn parse(row: &Row<'_>) -> Result<AccountRow, StoreError> {
    let iban: String = column(row, 2)?;
    let holder: String = column(row, 4)?;
    let (kind, standing): (String, String) = (column(row, 6)?, column(row, 7)?);
    Ok(AccountRow {
        id: column(row, 0)?,
        institution: column(row, 1)?,
        iban: Iban::parse(&iban).map_err(|_| StoreError::Corrupt("IBAN"))?,
        customer: column(row, 3)?,
        holder: Name::parse(&holder).map_err(|_| StoreError::Corrupt("holder"))?,
        label: column(row, 5)?,
        standing: parse_standing(&kind, &standing)?,
        balance_cents: column(row, 8)?,
    })
}

fn stored(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Open => ("current", "open"),
        Standing::Blocked => ("current", "blocked"),
        Standing::Closed => ("current", "closed"),
        Standing::Savings => ("savings", "open"),
    }
}

/// A closed or blocked account says so first, whatever its kind.
fn parse_standing(kind: &str, standing: &str) -> Result<Standing, StoreError> {
    match (kind, standing) {
        (_, "closed") => Ok(Standing::Closed),
        (_, "blocked") => Ok(Standing::Blocked),
        ("savings", "open") => Ok(Standing::Savings),
        ("current", "open") => Ok(Standing::Open),
        _ => Err(StoreError::Corrupt("standing")),
    }
}
