//! The order a rail executes, and what it says about it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Payment, Reason,
    lifecycle::Debtor,
    request::Product,
    values::{Amount, Bic, EndToEndId, Iban, InstitutionCode, Name, PaymentId, Reference, Remittance},
};

/// One credit transfer to execute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferOrder {
    /// Our reference: the rail executes it at most once.
    pub reference: Reference,
    /// The institution whose account is debited.
    pub institution: InstitutionCode,
    /// The payment it belongs to.
    pub payment: PaymentId,
    /// The scheme asked for; inside one institution both become a book transfer.
    pub product: Product,
    /// How much.
    pub amount: Amount,
    /// Who pays, from which account.
    pub debtor: Debtor,
    /// The payee.
    pub creditor_name: Name,
    /// His account.
    pub creditor_account: Iban,
    /// His bank, where given.
    pub creditor_agent: Option<Bic>,
    /// Carried unchanged; absent becomes `NOTPROVIDED`.
    pub end_to_end_id: Option<EndToEndId>,
    /// What it is about.
    pub remittance: Remittance,
    /// When the PSU approved: an instant transfer's ten seconds start here.
    pub approved_at: Timestamp,
}

impl TransferOrder {
    /// The order an approved payment gives rise to; nothing before approval.
    pub fn of(payment: &Payment) -> Option<Self> {
        let approval = payment.state().authorisation()?;
        let request = payment.request();
        Some(Self {
            reference: Reference::of(payment.id()),
            institution: payment.registration().institution.clone(),
            payment: payment.id().clone(),
            product: request.product,
            amount: request.amount,
            debtor: approval.debtor.clone(),
            creditor_name: request.beneficiary.creditor.name.clone(),
            creditor_account: request.beneficiary.creditor_account.clone(),
            creditor_agent: request.beneficiary.creditor_agent.clone(),
            end_to_end_id: request.end_to_end_id.clone(),
            remittance: request.remittance.clone(),
            approved_at: approval.at,
        })
    }
}

/// What a rail knows about a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Never seen: it may be submitted.
    Unknown,
    /// Taken, outcome open: ask again.
    Pending,
    /// Booked on the debtor account at this moment.
    Settled(Timestamp),
    /// Not executed; whatever was booked has been restored.
    Rejected(Reason),
}
