//! The pretend phones of the customers.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use payments::{
    ports::{CodeMessage, Messenger, StoreError, Unavailable},
    values::{Amount, Iban, InstitutionCode, Name, PaymentId, PsuId},
};
use rusqlite::{Connection, Row};
use store::sqlite::sql::{column, count, execute, find, integer, list, micros, timestamp};

use super::{SandboxBank, unavailable};

/// Messages a phone keeps.
const KEPT: u32 = 20;

/// What a phone does with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phone {
    /// Shows it.
    Works,
    /// Shows another one.
    Garbles,
    /// Shows nothing.
    IsOff,
}

/// A message on a customer's phone. The code is for the phone's page only: `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneMessage {
    /// When it came.
    pub at: Timestamp,
    /// The payment it approves.
    pub payment: PaymentId,
    /// The amount it approves.
    pub amount: Amount,
    /// The payee it approves.
    pub creditor_name: Name,
    /// The payee's account.
    pub creditor_account: Iban,
    /// The code to type in.
    pub code: String,
    /// Until when it is accepted.
    pub expires_at: Timestamp,
    /// Language of the PSU's pages: `fr` or `en`.
    pub language: String,
}

impl fmt::Debug for PhoneMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PhoneMessage(payment {}, code …)", self.payment)
    }
}

impl Phone {
    const ALL: [Self; 3] = [Self::Works, Self::Garbles, Self::IsOff];

    pub(super) fn stored(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Garbles => "garbles",
            Self::IsOff => "is_off",
        }
    }

    /// The code as the phone shows it, if it does.
    fn show(self, code: &str) -> Option<String> {
        match self {
            Self::Works => Some(code.to_owned()),
            Self::Garbles => Some(code.chars().map(next_digit).collect()),
            Self::IsOff => None,
        }
    }
}

/// 0 after 9: no digit stays what it was.
fn next_digit(digit: char) -> char {
    let next = digit.to_digit(10).and_then(|value| char::from_digit((value + 1) % 10, 10));
    next.unwrap_or(digit)
}

#[async_trait]
impl Messenger for SandboxBank {
    async fn send_code(&self, message: &CodeMessage) -> Result<(), Unavailable> {
        let (message, now) = (message.clone(), self.now());
        let sent = self.database.write(move |connection| deliver(connection, &message, now)).await;
        sent.map_err(unavailable)
    }
}

impl SandboxBank {
    /// What a customer's phone shows, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the books cannot be read.
    pub fn phone(&self, institution: &InstitutionCode, psu: &PsuId) -> Result<Vec<PhoneMessage>, StoreError> {
        let sql =
            "SELECT payment, amount_cents, creditor_name, creditor_account, code, language, at, expires_at
                   FROM phone_messages WHERE institution = ?1 AND customer = ?2 ORDER BY id DESC";
        let key = (institution.as_str(), psu.as_str());
        self.database.read(|connection| list(connection, sql, key, parse))
    }
}

fn deliver(connection: &Connection, message: &CodeMessage, now: Timestamp) -> Result<(), StoreError> {
    let (institution, customer) = (message.institution.as_str(), message.psu.as_str());
    let phone = find_phone(connection, institution, customer)?;
    let Some(code) = phone.and_then(|phone| phone.show(message.code.as_str())) else {
        return Ok(());
    };
    execute(
        connection,
        "INSERT INTO phone_messages (institution, customer, payment, amount_cents, creditor_name,
                                     creditor_account, code, language, at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        (
            institution,
            customer,
            message.payment.as_str(),
            integer(message.amount.cents())?,
            message.creditor_name.as_str(),
            message.creditor_account.as_str(),
            code,
            &message.language,
            micros(now),
            micros(message.expires_at),
        ),
    )?;
    execute(
        connection,
        "DELETE FROM phone_messages WHERE institution = ?1 AND customer = ?2 AND id NOT IN
         (SELECT id FROM phone_messages WHERE institution = ?1 AND customer = ?2 ORDER BY id DESC LIMIT ?3)",
        (institution, customer, KEPT),
    )
    .map(|_| ())
}

/// The customer's phone; a stranger has none.
fn find_phone(
    connection: &Connection,
    institution: &str,
    customer: &str,
) -> Result<Option<Phone>, StoreError> {
    let sql = "SELECT phone FROM customers WHERE institution = ?1 AND id = ?2";
    find(connection, sql, (institution, customer), |row| {
        let stored: String = column(row, 0)?;
        let phone = Phone::ALL.into_iter().find(|phone| phone.stored() == stored);
        phone.ok_or(StoreError::Corrupt("phone"))
    })
}

fn parse(row: &Row<'_>) -> Result<PhoneMessage, StoreError> {
    let corrupt = || StoreError::Corrupt("phone message");
    let text = |index| column::<String>(row, index);
    Ok(PhoneMessage {
        payment: PaymentId::parse(&text(0)?).map_err(|_| corrupt())?,
        amount: Amount::from_cents(count(row, 1)?).map_err(|_| corrupt())?,
        creditor_name: Name::parse(&text(2)?).map_err(|_| corrupt())?,
        creditor_account: Iban::parse(&text(3)?).map_err(|_| corrupt())?,
        code: text(4)?,
        language: text(5)?,
        at: timestamp(column(row, 6)?)?,
        expires_at: timestamp(column(row, 7)?)?,
    })
}
