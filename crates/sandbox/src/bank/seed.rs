//! The books on the first day: institutions, cast, payees and opening balances.

use jiff::Timestamp;
use payments::{
    ports::{Standing, StoreError},
    values::{InstitutionCode, PsuId},
};
use rusqlite::Connection;
use store::sqlite::sql::{column, execute, find};

use super::{
    accounts::{self, Internal, NewAccount},
    directory::MEMBERS,
    ledger::{self, Movement, PostingKind},
    password::StoredPassword,
    personas::{CAST, PAYEES, Payee, Role, RoleAccount},
};

/// Every table, those that refer to others first.
const TABLES: [&str; 9] = [
    "phone_messages",
    "messages",
    "transfers",
    "released",
    "holds",
    "entries",
    "postings",
    "accounts",
    "customers",
];

/// Whether the books have been opened.
pub(super) fn is_seeded(connection: &Connection) -> Result<bool, StoreError> {
    Ok(find(connection, "SELECT 1 FROM customers LIMIT 1", [], |row| column::<i64>(row, 0))?.is_some())
}

/// Opens the books, unless they are.
pub(super) fn seed(
    connection: &Connection,
    password: &StoredPassword,
    now: Timestamp,
) -> Result<(), StoreError> {
    if is_seeded(connection)? {
        return Ok(());
    }
    for member in MEMBERS {
        let institution =
            InstitutionCode::parse(member.code).map_err(|_| StoreError::Corrupt("institution"))?;
        open_internal(connection, &institution)?;
        for role in &CAST {
            admit(connection, &institution, role, password, now)?;
        }
        for payee in PAYEES.iter().filter(|payee| payee.institution == member.code) {
            open_payee(connection, &institution, payee)?;
        }
    }
    Ok(())
}

/// Forgets everything and opens the books anew.
pub(super) fn reset(
    connection: &Connection,
    password: &StoredPassword,
    now: Timestamp,
) -> Result<(), StoreError> {
    for table in TABLES {
        execute(connection, &format!("DELETE FROM {table}"), [])?;
    }
    seed(connection, password, now)
}

fn open_internal(connection: &Connection, institution: &InstitutionCode) -> Result<(), StoreError> {
    for account in Internal::ALL {
        let new = NewAccount {
            institution,
            role: account.role(),
            iban: None,
            customer: None,
            holder: institution.as_str(),
            label: account.role(),
            standing: Standing::Open,
        };
        accounts::open(connection, &new)?;
    }
    Ok(())
}

fn admit(
    connection: &Connection,
    institution: &InstitutionCode,
    role: &Role,
    password: &StoredPassword,
    now: Timestamp,
) -> Result<(), StoreError> {
    let psu = role.psu(institution);
    execute(
        connection,
        "INSERT INTO customers (institution, id, name, salt, password, phone) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (institution.as_str(), psu.as_str(), role.name, &password.salt, &password.hash, role.phone.stored()),
    )?;
    for account in role.accounts {
        open_current(connection, institution, (&psu, role.name), account, now)?;
    }
    Ok(())
}

fn open_current(
    connection: &Connection,
    institution: &InstitutionCode,
    (psu, holder): (&PsuId, &str),
    account: &RoleAccount,
    now: Timestamp,
) -> Result<(), StoreError> {
    let new = NewAccount {
        institution,
        role: "customer",
        iban: Some(&account.iban(institution)),
        customer: Some(psu),
        holder,
        label: account.label,
        standing: account.standing,
    };
    let id = accounts::open(connection, &new)?;
    if account.balance_cents == 0 {
        return Ok(());
    }
    let opening = Movement {
        institution: institution.as_str(),
        kind: PostingKind::Opening,
        reference: None,
        from: accounts::internal(connection, institution.as_str(), Internal::Equity)?,
        to: id,
        cents: account.balance_cents,
        at: now,
    };
    ledger::book(connection, &opening)
}

fn open_payee(
    connection: &Connection,
    institution: &InstitutionCode,
    payee: &Payee,
) -> Result<(), StoreError> {
    let new = NewAccount {
        institution,
        role: "payee",
        iban: Some(&payee.iban()),
        customer: None,
        holder: payee.holder,
        label: "Compte professionnel",
        standing: payee.standing,
    };
    accounts::open(connection, &new).map(|_| ())
}
