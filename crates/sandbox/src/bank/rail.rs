//! How money leaves: book transfers inside an institution, SCT and SCT Inst through the clearing.
//!
//! A transfer goes in steps, each one commit, so that a crash between two of them is finished by whoever
//! asks next and nothing is debited twice:
//!
//! 1. [`take`]: the order is written down; inside the institution it is booked there and then, otherwise
//!    the account is debited and the pacs.008 kept, in the same commit.
//! 2. The pacs.008 goes to the clearing. Sent again it is the same message, and gets the same answer.
//! 3. [`conclude`]: the pacs.002 settles the transfer or restores the debit.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use payments::{
    Reason,
    ports::{Rail, StoreError, Unavailable},
    request::Product,
    transfer::{Outcome, TransferOrder},
    values::{InstitutionCode, Reference},
};
use rusqlite::Connection;
use sepa::{StatusReport, TransferStatus};

use super::{
    SandboxBank,
    accounts::{self, AccountRow, Internal},
    holds,
    ledger::{self, Movement, PostingKind, cents_of},
    outgoing::pacs_008,
    transfers::{self, MessageName, TransferRow, TransferState},
    triggers, unavailable,
};

/// How long an instant transfer may take from the PSU's approval, in seconds (Regulation (EU) 2024/886).
const INSTANT_S: i64 = 10;

/// What is to be done next about a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing: this is what there is to say.
    Answer(Outcome),
    /// The message is to go to the clearing.
    Send(String),
}

#[async_trait]
impl Rail for SandboxBank {
    async fn submit(&self, order: &TransferOrder) -> Result<Outcome, Unavailable> {
        let (taken, now) = (order.clone(), self.now());
        let step = self.database.write(move |connection| take(connection, taken, now)).await;
        self.finish(&order.institution, &order.reference, step.map_err(unavailable)?).await
    }

    async fn inquire(
        &self,
        institution: &InstitutionCode,
        reference: &Reference,
    ) -> Result<Outcome, Unavailable> {
        let (key, now) = ((institution.clone(), reference.clone()), self.now());
        let step = self.database.write(move |connection| resume(connection, &key.0, &key.1, now)).await;
        self.finish(institution, reference, step.map_err(unavailable)?).await
    }
}

impl SandboxBank {
    /// Asks the clearing where that is the next step, and writes down what it said.
    async fn finish(
        &self,
        institution: &InstitutionCode,
        reference: &Reference,
        step: Step,
    ) -> Result<Outcome, Unavailable> {
        let message = match step {
            Step::Answer(outcome) => return Ok(outcome),
            Step::Send(message) => message,
        };
        let answer = self.clearing.exchange(&message);
        let (key, now) = ((institution.clone(), reference.clone()), self.now());
        let concluded = self
            .database
            .write(move |connection| conclude(connection, &key.0, &key.1, answer.as_deref(), now))
            .await;
        concluded.map_err(unavailable)
    }
}

/// Takes an order, or goes on with the one that was taken under its reference.
pub(super) fn take(
    connection: &Connection,
    order: TransferOrder,
    now: Timestamp,
) -> Result<Step, StoreError> {
    let row = match transfers::find_by(connection, &order.institution, &order.reference)? {
        Some(row) => row,
        None => transfers::insert(connection, order, now)?,
    };
    advance(connection, &row, now)
}

/// Goes on with what was taken under a reference.
pub(super) fn resume(
    connection: &Connection,
    institution: &InstitutionCode,
    reference: &Reference,
    now: Timestamp,
) -> Result<Step, StoreError> {
    match transfers::find_by(connection, institution, reference)? {
        Some(row) => advance(connection, &row, now),
        None if holds::is_released(connection, institution, reference)? => {
            Ok(Step::Answer(Outcome::Rejected(Reason::Ms03)))
        }
        None => Ok(Step::Answer(Outcome::Unknown)),
    }
}

fn advance(connection: &Connection, row: &TransferRow, now: Timestamp) -> Result<Step, StoreError> {
    let order = &row.order;
    let released = || holds::is_released(connection, &order.institution, &order.reference);
    match row.state {
        TransferState::Waiting if released()? => reject(connection, order, Reason::Ms03),
        TransferState::Waiting if triggers::is_down(order.amount, row.first_seen_at, now) => {
            Ok(Step::Answer(Outcome::Pending))
        }
        TransferState::Waiting => execute(connection, order, now),
        TransferState::Sent { .. } => {
            let (institution, reference) = (&order.institution, &order.reference);
            let message = transfers::find_message(connection, institution, reference, MessageName::Pacs008)?;
            message.map(Step::Send).ok_or(StoreError::Corrupt("outbox"))
        }
        TransferState::Settled { .. } | TransferState::Rejected(_) => Ok(Step::Answer(row.state.outcome())),
    }
}

/// Books the transfer or sends it on its way; what was set aside for it is used or given back.
fn execute(connection: &Connection, order: &TransferOrder, now: Timestamp) -> Result<Step, StoreError> {
    holds::remove(connection, &order.institution, &order.reference)?;
    let debtor = match admit_debtor(connection, order, now)? {
        Ok(debtor) => debtor,
        Err(reason) => return reject(connection, order, reason),
    };
    if order.creditor_account.french_bank_code() == Some(order.institution.as_str()) {
        book(connection, order, &debtor, now)
    } else {
        send(connection, order, &debtor, now)
    }
}

/// The account to debit, or why it is not: the bank believes no order, sealed or not.
fn admit_debtor(
    connection: &Connection,
    order: &TransferOrder,
    now: Timestamp,
) -> Result<Result<AccountRow, Reason>, StoreError> {
    let account = accounts::find_at(connection, order.institution.as_str(), &order.debtor.account)?;
    let Some(account) = account.filter(|account| account.is_of(&order.debtor.psu)) else {
        return Ok(Err(Reason::Rr01));
    };
    if let Some(reason) = account.standing.obstacle() {
        return Ok(Err(reason));
    }
    if order.creditor_account == account.iban {
        return Ok(Err(Reason::Ag01));
    }
    if triggers::is_fraud(&order.creditor_account) {
        return Ok(Err(Reason::Frad));
    }
    if is_too_late(order, now) {
        return Ok(Err(Reason::Ms03));
    }
    // The hold is gone by now, so an order on another account or amount than was reserved stands alone.
    if holds::free_for(connection, &account, &order.reference)? < cents_of(order.amount)? {
        return Ok(Err(Reason::Am04));
    }
    Ok(Ok(account))
}

fn is_too_late(order: &TransferOrder, now: Timestamp) -> bool {
    let limit = SignedDuration::from_secs(INSTANT_S);
    order.product == Product::SctInst && now.duration_since(order.accepted_at()) >= limit
}

fn reject(connection: &Connection, order: &TransferOrder, reason: Reason) -> Result<Step, StoreError> {
    move_to(connection, order, TransferState::Rejected(reason)).map(Step::Answer)
}

fn move_to(
    connection: &Connection,
    order: &TransferOrder,
    state: TransferState,
) -> Result<Outcome, StoreError> {
    transfers::update(connection, &order.institution, &order.reference, state)?;
    Ok(state.outcome())
}

/// Moves the money inside the institution.
fn book(
    connection: &Connection,
    order: &TransferOrder,
    debtor: &AccountRow,
    now: Timestamp,
) -> Result<Step, StoreError> {
    let creditor = accounts::find_at(connection, order.institution.as_str(), &order.creditor_account)?;
    let Some(creditor) = creditor else {
        return reject(connection, order, Reason::Ac01);
    };
    let refusal = refusal_of_credit(&creditor).or_else(|| triggers::refusal_by_amount(order.amount));
    if let Some(reason) = refusal {
        return reject(connection, order, reason);
    }
    let movement = Movement {
        institution: order.institution.as_str(),
        kind: PostingKind::Book,
        reference: Some(&order.reference),
        from: debtor.id,
        to: creditor.id,
        cents: cents_of(order.amount)?,
        at: now,
    };
    ledger::book(connection, &movement)?;
    move_to(connection, order, TransferState::Settled { debited_at: now }).map(Step::Answer)
}

/// Why an account cannot be credited; a savings account can.
fn refusal_of_credit(account: &AccountRow) -> Option<Reason> {
    account.standing.obstacle().filter(|reason| *reason != Reason::Ag01)
}

/// Debits the account and puts the message for the clearing in the outbox, in one commit.
fn send(
    connection: &Connection,
    order: &TransferOrder,
    debtor: &AccountRow,
    now: Timestamp,
) -> Result<Step, StoreError> {
    let message = pacs_008(order, &debtor.holder, now).ok_or(StoreError::Corrupt("reference"))?.render();
    let institution = order.institution.as_str();
    let clearing = accounts::internal(connection, institution, Internal::Clearing)?;
    let debit = Movement {
        institution,
        kind: PostingKind::Debit,
        reference: Some(&order.reference),
        from: debtor.id,
        to: clearing,
        cents: cents_of(order.amount)?,
        at: now,
    };
    ledger::book(connection, &debit)?;
    transfers::keep_message(connection, order, MessageName::Pacs008, &message, now)?;
    move_to(connection, order, TransferState::Sent { debited_at: now })?;
    Ok(Step::Send(message))
}

/// Acts on the clearing's answer, or on its silence.
pub(super) fn conclude(
    connection: &Connection,
    institution: &InstitutionCode,
    reference: &Reference,
    answer: Option<&str>,
    now: Timestamp,
) -> Result<Outcome, StoreError> {
    let row = transfers::find_by(connection, institution, reference)?;
    let row = row.ok_or(StoreError::Corrupt("transfer"))?;
    let TransferState::Sent { debited_at } = row.state else {
        return Ok(row.state.outcome());
    };
    let order = &row.order;
    if let Some(text) = answer {
        transfers::keep_message(connection, order, MessageName::Pacs002, text, now)?;
    }
    match answer.and_then(|text| status_of(text, reference)) {
        Some(TransferStatus::Credited | TransferStatus::Settled) => {
            receive(connection, order, now)?;
            move_to(connection, order, TransferState::Settled { debited_at })
        }
        Some(TransferStatus::Rejected(code)) => {
            // A clearing has more reasons than a PISP can be told.
            let reason = Reason::find(code.as_str()).unwrap_or(Reason::Ms03);
            restore(connection, order, reason, now)
        }
        Some(TransferStatus::Pending) | None if is_too_late(order, now) => {
            restore(connection, order, Reason::Ms03, now)
        }
        Some(TransferStatus::Pending) | None => Ok(Outcome::Pending),
    }
}

/// What an answer says about our transfer. An answer that cannot be read, or to another transfer, is none.
fn status_of(answer: &str, reference: &Reference) -> Option<TransferStatus> {
    match StatusReport::parse(answer.as_bytes()) {
        Ok(report) if report.original_transaction_id.as_str() == reference.as_str() => Some(report.status),
        Ok(_) => {
            tracing::warn!("the clearing answered another transfer");
            None
        }
        Err(error) => {
            tracing::warn!(%error, "the clearing's answer cannot be read");
            None
        }
    }
}

/// Undoes the debit.
fn restore(
    connection: &Connection,
    order: &TransferOrder,
    reason: Reason,
    now: Timestamp,
) -> Result<Outcome, StoreError> {
    let institution = order.institution.as_str();
    let debtor = accounts::find_at(connection, institution, &order.debtor.account)?;
    let movement = Movement {
        institution,
        kind: PostingKind::Restore,
        reference: Some(&order.reference),
        from: accounts::internal(connection, institution, Internal::Clearing)?,
        to: debtor.ok_or(StoreError::Corrupt("debtor account"))?.id,
        cents: cents_of(order.amount)?,
        at: now,
    };
    ledger::book(connection, &movement)?;
    move_to(connection, order, TransferState::Rejected(reason))
}

/// Credits the payee where his account is held by another of our institutions. What his account cannot
/// take waits in suspense.
fn receive(connection: &Connection, order: &TransferOrder, now: Timestamp) -> Result<(), StoreError> {
    let Some(creditor) = accounts::find_anywhere(connection, &order.creditor_account)? else {
        return Ok(());
    };
    let institution = creditor.institution.as_str();
    let to = match refusal_of_credit(&creditor) {
        None => creditor.id,
        Some(_) => accounts::internal(connection, institution, Internal::Suspense)?,
    };
    let movement = Movement {
        institution,
        kind: PostingKind::Receipt,
        reference: Some(&order.reference),
        from: accounts::internal(connection, institution, Internal::Clearing)?,
        to,
        cents: cents_of(order.amount)?,
        at: now,
    };
    ledger::book(connection, &movement)
}
