//! The order a rail executes, and what it says about it.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Payment, Reason,
    lifecycle::Debtor,
    ports::Reservation,
    request::Product,
    values::{
        Amount, Bic, EndToEndId, Iban, InstitutionCode, Name, PaymentId, Reference, Remittance, paris_day,
    },
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
    /// On whose behalf the payee is paid, where given.
    pub ultimate_creditor: Option<Name>,
    /// Carried unchanged; absent becomes `NOTPROVIDED`.
    pub end_to_end_id: Option<EndToEndId>,
    /// What it is about.
    pub remittance: Remittance,
    /// The day the debtor account is debited, in Paris: the day the PSU approved.
    pub execution_day: Date,
    /// When the PSU approved.
    pub approved_at: Timestamp,
    /// When the PISP confirmed, where it had to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
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
            ultimate_creditor: request.ultimate_creditor.as_ref().map(|party| party.name.clone()),
            end_to_end_id: request.end_to_end_id.clone(),
            remittance: request.remittance.clone(),
            execution_day: paris_day(approval.at),
            approved_at: approval.at,
            confirmed_at: approval.confirmed_at,
        })
    }

    /// When nothing stood in the way of the order any more: an instant transfer's ten seconds start here.
    pub fn accepted_at(&self) -> Timestamp {
        self.confirmed_at.unwrap_or(self.approved_at)
    }

    /// The reservation of the funds this order needs.
    pub fn reservation(&self) -> Reservation {
        Reservation {
            reference: self.reference.clone(),
            institution: self.institution.clone(),
            psu: self.debtor.psu.clone(),
            account: self.debtor.account.clone(),
            amount: self.amount,
            creditor_account: self.creditor_account.clone(),
        }
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
