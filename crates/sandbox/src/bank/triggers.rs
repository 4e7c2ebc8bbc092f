//! Creditors and amounts with a fixed behaviour, so that a PISP can see every outcome.

use jiff::{SignedDuration, Timestamp};
use payments::{
    Reason,
    request::Product,
    values::{Amount, Iban},
};

/// The fraud engine refuses every payment to this account.
const FRAUD: &str = "FR7630066100410001057930106";
/// Cannot be reached by instant transfers.
const NOT_INSTANT: &str = "FR7630099000010000000000120";
/// Closed at the payee's bank: an instant transfer is refused, a plain one comes back days later.
const CLOSED: &str = "FR7614505000010811223344524";

/// How long a back end that is down at execution stays down after the first attempt, in seconds.
const DOWN_FOR_S: i64 = 60;

/// Whether the fraud engine refuses payments to this account.
pub(super) fn is_fraud(creditor: &Iban) -> bool {
    creditor.as_str() == FRAUD
}

/// Why whoever executes the transfer refuses it for its amount, if so.
pub(super) fn refusal_by_amount(amount: Amount) -> Option<Reason> {
    match amount.cents() % 100 {
        88 => Some(Reason::Rr04),
        99 => Some(Reason::Ms03),
        _ => None,
    }
}

/// Why the payee's side refuses the transfer, if so. What the creditor does counts before the amount.
pub(super) fn refusal_by_payee(creditor: &Iban, product: Product, amount: Amount) -> Option<Reason> {
    match (creditor.as_str(), product) {
        (NOT_INSTANT, Product::SctInst) => Some(Reason::Ag03),
        (CLOSED, Product::SctInst) => Some(Reason::Ac04),
        _ => refusal_by_amount(amount),
    }
}

/// Whether the clearing's answer to an instant transfer comes too late.
pub(super) fn is_late(product: Product, amount: Amount) -> bool {
    product == Product::SctInst && amount.cents() % 100 == 77
}

/// Whether the back end is still down for this amount.
pub(super) fn is_down(amount: Amount, first_seen_at: Timestamp, now: Timestamp) -> bool {
    let down_for = SignedDuration::from_secs(DOWN_FOR_S);
    amount.cents() % 100 == 66 && now.duration_since(first_seen_at) < down_for
}
