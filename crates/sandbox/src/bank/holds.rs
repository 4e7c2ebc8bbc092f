//! Funds set aside for a payment, and references that were given up.

use payments::{
    Reason,
    ports::{Reservation, Reserved, StoreError},
    values::{InstitutionCode, Reference},
};
use rusqlite::Connection;
use store::sqlite::sql::{column, execute, find};

use super::{
    accounts::{self, AccountId, AccountRow},
    ledger::cents_of,
    transfers::{self, TransferState},
    triggers,
};

/// Sets funds aside. A refusal changes nothing.
pub(super) fn reserve(connection: &Connection, wish: &Reservation) -> Result<Reserved, StoreError> {
    let account = match admit(connection, wish)? {
        Ok(account) => account,
        Err(reason) => return Ok(Reserved::Refused(reason)),
    };
    let cents = cents_of(wish.amount)?;
    if free_for(connection, &account, &wish.reference)? < cents {
        return Ok(Reserved::Refused(Reason::Am04));
    }
    execute(
        connection,
        "INSERT INTO holds (institution, reference, account, cents) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (institution, reference) DO UPDATE SET account = excluded.account, cents = excluded.cents",
        (wish.institution.as_str(), wish.reference.as_str(), account.id, cents),
    )?;
    Ok(Reserved::Yes)
}

/// The account to pay from, or why the bank will not pay.
fn admit(connection: &Connection, wish: &Reservation) -> Result<Result<AccountRow, Reason>, StoreError> {
    let institution = &wish.institution;
    let over = is_released(connection, institution, &wish.reference)?
        || transfers::find_by(connection, institution, &wish.reference)?.is_some();
    if over {
        return Ok(Err(Reason::Ms03));
    }
    let account = accounts::find_at(connection, institution.as_str(), &wish.account)?;
    let Some(account) = account.filter(|account| account.is_of(&wish.psu)) else {
        return Ok(Err(Reason::Rr01));
    };
    if let Some(reason) = account.standing.obstacle() {
        return Ok(Err(reason));
    }
    if wish.creditor_account == account.iban {
        return Ok(Err(Reason::Ag01));
    }
    if triggers::is_fraud(&wish.creditor_account) {
        return Ok(Err(Reason::Frad));
    }
    Ok(Ok(account))
}

/// Gives funds back and refuses the reference for ever, unless it is executed or on its way.
pub(super) fn release(
    connection: &Connection,
    institution: &InstitutionCode,
    reference: &Reference,
) -> Result<(), StoreError> {
    match transfers::find_by(connection, institution, reference)?.map(|row| row.state) {
        Some(TransferState::Sent { .. } | TransferState::Settled { .. }) => return Ok(()),
        Some(TransferState::Waiting) => {
            let rejected = TransferState::Rejected(Reason::Ms03);
            transfers::update(connection, institution, reference, rejected)?;
        }
        Some(TransferState::Rejected(_)) | None => {}
    }
    remove(connection, institution, reference)?;
    let sql = "INSERT INTO released (institution, reference) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    execute(connection, sql, (institution.as_str(), reference.as_str())).map(|_| ())
}

/// Whether a reference was given up.
pub(super) fn is_released(
    connection: &Connection,
    institution: &InstitutionCode,
    reference: &Reference,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM released WHERE institution = ?1 AND reference = ?2";
    let found = find(connection, sql, (institution.as_str(), reference.as_str()), |_| Ok(()))?;
    Ok(found.is_some())
}

/// Drops the funds set aside under a reference, whatever account they are on.
pub(super) fn remove(
    connection: &Connection,
    institution: &InstitutionCode,
    reference: &Reference,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM holds WHERE institution = ?1 AND reference = ?2";
    execute(connection, sql, (institution.as_str(), reference.as_str())).map(|_| ())
}

/// What can be spent under `reference`, in cents: the balance less what other references hold.
pub(super) fn free_for(
    connection: &Connection,
    account: &AccountRow,
    reference: &Reference,
) -> Result<i64, StoreError> {
    let sql = "SELECT COALESCE(SUM(cents), 0) FROM holds WHERE account = ?1 AND reference <> ?2";
    let held = find(connection, sql, (account.id, reference.as_str()), |row| column::<i64>(row, 0))?;
    Ok(account.balance_cents.saturating_sub(held.unwrap_or(0)))
}

/// What is set aside on an account, in cents.
pub(super) fn held_on(connection: &Connection, account: AccountId) -> Result<i64, StoreError> {
    let sql = "SELECT COALESCE(SUM(cents), 0) FROM holds WHERE account = ?1";
    Ok(find(connection, sql, [account], |row| column(row, 0))?.unwrap_or(0))
}
