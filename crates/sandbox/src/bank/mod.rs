//! A little core-banking system: customers, accounts, a double-entry ledger, holds, phones and a rail.
//!
//! It keeps its own books in its own file, as a bank would: nothing here is shared with the store of the
//! payments, and only the ports of `payments` lead in. Every change is one commit.
//!
//! | Question | File |
//! | --- | --- |
//! | who are the customers, what do they show? | `personas` |
//! | which creditor, which amount does what? | `triggers` |
//! | when are funds set aside, when refused? | `holds` |
//! | what happens to an order, what after a crash? | `rail` |
//! | what does the clearing answer? | `clearing` |
//! | do the books add up? | `books` |

mod accounts;
mod books;
mod clearing;
mod directory;
mod holds;
mod ledger;
mod outgoing;
mod password;
mod personas;
mod phone;
mod rail;
mod rib;
mod seed;
mod transfers;
mod triggers;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use payments::{
    ports::{Account, Bank, Password, Psu, Reservation, Reserved, StoreError, Unavailable},
    values::{Iban, InstitutionCode, Name, PsuId, Reference},
};
use rusqlite::Connection;
use store::sqlite::{
    Database, Migration,
    sql::{column, find},
};

pub use books::{BooksBroken, BooksReport};
pub use clearing::Clearing;
pub use directory::{MEMBERS, Member};
pub use ledger::{PostingKind, StatementLine};
pub use personas::{PASSWORD, Persona};
pub use phone::PhoneMessage;
pub use rib::french_iban;

use password::{PasswordChecker, StoredPassword};

const MIGRATIONS: &[Migration] = &[Migration::Sql(include_str!("schema.sql"))];

/// Tells the bank the time.
pub type BankClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The pretend bank. Clones share the same books.
#[derive(Clone)]
pub struct SandboxBank {
    database: Database,
    clock: BankClock,
    clearing: Clearing,
    passwords: PasswordChecker,
}

impl SandboxBank {
    /// Opens the books in `file`; new ones are opened with the whole cast.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the file cannot be opened or written.
    pub async fn open(file: &Path, clock: BankClock) -> Result<Self, StoreError> {
        let bank = Self {
            database: Database::open(file, MIGRATIONS)?,
            clock,
            clearing: Clearing,
            passwords: PasswordChecker::new(),
        };
        // Making the password's hash takes longer than everything else, and only new books need it.
        if !bank.database.read(seed::is_seeded)? {
            let (password, now) = (persona_password()?, bank.now());
            bank.database.write(move |connection| seed::seed(connection, &password, now)).await?;
        }
        Ok(bank)
    }

    /// Forgets everything that happened and opens the books anew.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: then nothing was forgotten.
    pub async fn reset(&self) -> Result<(), StoreError> {
        let (password, now) = (persona_password()?, self.now());
        self.database.write(move |connection| seed::reset(connection, &password, now)).await
    }

    /// Finishes what is waiting and closes the books. Blocks until then; later calls fail.
    pub fn close(&self) {
        self.database.close();
    }

    /// Who can pay at an institution of this sandbox, for telling a developer.
    pub fn personas(institution: &InstitutionCode) -> Vec<Persona> {
        let member = MEMBERS.iter().any(|member| member.code == institution.as_str());
        let cast = personas::CAST.iter().filter(|_| member);
        cast.map(|role| role.persona(institution)).collect()
    }

    /// What was booked on an account, oldest first; nothing for an account we do not hold.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the books cannot be read.
    pub fn statement(&self, account: &Iban) -> Result<Vec<StatementLine>, StoreError> {
        self.database.read(|connection| ledger::statement(connection, account.as_str()))
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

#[async_trait]
impl Bank for SandboxBank {
    async fn authenticate(
        &self,
        institution: &InstitutionCode,
        psu: &PsuId,
        password: &Password,
    ) -> Result<Option<Psu>, Unavailable> {
        let customer = self.database.read(|connection| find_customer(connection, institution, psu));
        let (name, stored) = customer.map_err(unavailable)?.unzip();
        let right = self.passwords.check(password.clone(), stored).await?;
        Ok(name.filter(|_| right).map(|name| Psu { id: psu.clone(), name }))
    }

    async fn accounts(
        &self,
        institution: &InstitutionCode,
        psu: &PsuId,
    ) -> Result<Vec<Account>, Unavailable> {
        let seen = self.database.read(|connection| {
            accounts::of_customer(connection, institution, psu)?
                .into_iter()
                .map(|account| {
                    let held = holds::held_on(connection, account.id)?;
                    Ok(account.seen_by_holder(held))
                })
                .collect()
        });
        seen.map_err(unavailable)
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, Unavailable> {
        let wish = reservation.clone();
        let reserved = self.database.write(move |connection| holds::reserve(connection, &wish)).await;
        reserved.map_err(unavailable)
    }

    async fn release(&self, institution: &InstitutionCode, reference: &Reference) -> Result<(), Unavailable> {
        let key = (institution.clone(), reference.clone());
        let released =
            self.database.write(move |connection| holds::release(connection, &key.0, &key.1)).await;
        released.map_err(unavailable)
    }
}

/// A customer's name and password.
fn find_customer(
    connection: &Connection,
    institution: &InstitutionCode,
    psu: &PsuId,
) -> Result<Option<(Name, StoredPassword)>, StoreError> {
    let sql = "SELECT name, salt, password FROM customers WHERE institution = ?1 AND id = ?2";
    find(connection, sql, (institution.as_str(), psu.as_str()), |row| {
        let name: String = column(row, 0)?;
        let name = Name::parse(&name).map_err(|_| StoreError::Corrupt("customer"))?;
        Ok((name, StoredPassword { salt: column(row, 1)?, hash: column(row, 2)? }))
    })
}

fn persona_password() -> Result<StoredPassword, StoreError> {
    StoredPassword::of(PASSWORD).map_err(|error| StoreError::Unavailable(error.0))
}

/// A store that fails is a bank that does.
#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn unavailable(error: StoreError) -> Unavailable {
    Unavailable(error.to_string())
}

#[cfg(test)]
mod tests;
