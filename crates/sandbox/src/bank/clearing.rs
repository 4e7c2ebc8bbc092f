//! The pretend clearing and the payees' banks behind it. It knows us by our messages only.

use payments::{
    request::Product,
    values::{Bic, Id35},
};
use sepa::{CreditTransfer, MessageId, StatusReport, TransferStatus};

use super::triggers;

/// Answers credit transfers by creditor and amount. The same message gets the same answer, always, so that
/// a message sent again after a crash does nothing new.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clearing;

impl Clearing {
    /// Takes a pacs.008 and gives the pacs.002 that answers it: none if the answer does not come in time, or
    /// if the message cannot be read.
    pub fn exchange(self, pacs_008: &str) -> Option<String> {
        let transfer = CreditTransfer::parse(pacs_008.as_bytes()).ok()?;
        if triggers::is_late(transfer.product, transfer.amount) {
            return None;
        }
        Some(report(&transfer).render())
    }
}

fn report(transfer: &CreditTransfer) -> StatusReport {
    StatusReport {
        message_id: answer_id(&transfer.message_id),
        // A clearing without a clock answers at the moment it is asked.
        created_at: transfer.created_at,
        instructing_agent: Bic::parse("SBOXFR20").expect("a BIC with the mark of test codes"),
        original_message_id: transfer.message_id.clone(),
        original_end_to_end_id: transfer.end_to_end_id.clone(),
        original_transaction_id: transfer.transaction_id.clone(),
        status: decide(transfer),
        accepted_at: transfer.accepted_at,
    }
}

fn decide(transfer: &CreditTransfer) -> TransferStatus {
    match triggers::refusal_by_payee(&transfer.creditor_account, transfer.product, transfer.amount) {
        Some(reason) => TransferStatus::Rejected(reason.into()),
        None if transfer.product == Product::SctInst => TransferStatus::Credited,
        None => TransferStatus::Settled,
    }
}

/// An id of the answer that is made from the id of the question: at most 35 characters, as it must be.
fn answer_id(question: &MessageId) -> MessageId {
    let tail: String = question.as_str().chars().filter(char::is_ascii_alphanumeric).take(34).collect();
    Id35::parse(&format!("C{tail}")).expect("1 to 35 letters and digits")
}
