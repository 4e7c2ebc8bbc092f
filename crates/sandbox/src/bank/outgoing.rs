//! The message an order becomes on its way to the clearing.

use jiff::Timestamp;
use payments::{
    request::Product,
    transfer::TransferOrder,
    values::{Id35, Name, paris_day},
};
use sepa::{CreditTransfer, SepaText};

use super::directory::bic_of;

/// The pacs.008 of an order, made at `now`: message and transfer both bear our reference. Nothing if that
/// is no id a message can bear.
pub(super) fn pacs_008(order: &TransferOrder, holder: &Name, now: Timestamp) -> Option<CreditTransfer> {
    let instant = order.product == Product::SctInst;
    Some(CreditTransfer {
        message_id: Id35::parse(order.reference.as_str()).ok()?,
        created_at: to_millisecond(now),
        settlement_date: paris_day(now),
        product: order.product,
        accepted_at: instant.then(|| to_millisecond(order.accepted_at())),
        transaction_id: Id35::parse(order.reference.as_str()).ok()?,
        end_to_end_id: order.end_to_end_id.clone(),
        amount: order.amount,
        debtor_name: SepaText::transliterate(holder.as_str()),
        debtor_account: order.debtor.account.clone(),
        debtor_agent: bic_of(&order.debtor.account),
        creditor_name: SepaText::transliterate(order.creditor_name.as_str()),
        creditor_account: order.creditor_account.clone(),
        creditor_agent: order.creditor_agent.clone().unwrap_or_else(|| bic_of(&order.creditor_account)),
        ultimate_creditor_name: order
            .ultimate_creditor
            .as_ref()
            .map(|name| SepaText::transliterate(name.as_str())),
        remittance: Some((&order.remittance).into()),
    })
}

/// Messages carry milliseconds and nothing finer.
fn to_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
