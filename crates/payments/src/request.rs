//! What the PISP asked: one SEPA credit transfer, every value proven.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    tpp::ReportUrl,
    values::{Amount, Bic, EndToEndId, Iban, InstructionId, Moment, Party, PaymentInformationId, Remittance},
};

/// A payment request as the PISP posted it (STET, `PaymentRequestResource`), in the model all wire
/// versions share. What the bank adds to it lives in [`crate::Payment`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRequest {
    /// The PISP's reference of the request.
    pub payment_information_id: PaymentInformationId,
    /// When the PISP says it made the request.
    pub creation_date_time: Moment,
    /// Who asks: the PISP, or the merchant it works for.
    pub initiating_party: Party,
    /// Which scheme carries the transfer.
    pub product: Product,
    /// `HIGH` or `NORM`; kept and shown, of no effect on SEPA transfers here.
    pub instruction_priority: Option<InstructionPriority>,
    /// On whose initiative the transfer is made.
    pub category_purpose: CategoryPurpose,
    /// The payer, as far as the PISP knows him.
    pub debtor: Option<Party>,
    /// The account to debit, if the PISP knows it: then the PSU need not choose (fluid path).
    pub debtor_account: Option<Iban>,
    /// The payer's bank, which can only be us.
    pub debtor_agent: Option<Bic>,
    /// Whether the PSU may choose another account than `debtor_account`; the standard's default is yes.
    pub accept_debtor_account_change: Option<bool>,
    /// Kept and shown, of no effect with `SLEV`.
    pub accept_charge_handling_change: Option<bool>,
    /// Kept and shown, of no effect on a single transfer.
    pub batch_booking: Option<bool>,
    /// The payee and his account.
    pub beneficiary: Beneficiary,
    /// On whose behalf the payee is paid.
    pub ultimate_creditor: Option<Party>,
    /// On whose behalf the payer pays.
    pub ultimate_debtor: Option<Party>,
    /// Why the transfer is made.
    pub purpose: Option<Purpose>,
    /// When the debtor account is to be debited; absent means today.
    pub requested_execution_date: Option<Moment>,
    /// The reference between PISP and us of the transfer.
    pub instruction_id: InstructionId,
    /// The reference between debtor and creditor; absent becomes `NOTPROVIDED` on the rail.
    pub end_to_end_id: Option<EndToEndId>,
    /// How much.
    pub amount: Amount,
    /// What it is about.
    pub remittance: Remittance,
    /// Whether the PISP said it takes `REDIRECT`; absent means it left the matter open.
    pub accepted_redirect: bool,
    /// A wish about exemptions from strong authentication, nothing more.
    pub sca_hint: Option<ScaHint>,
    /// Where the PSU goes after success.
    pub successful_report_url: ReportUrl,
    /// Where the PSU goes otherwise; absent means the same place.
    pub unsuccessful_report_url: Option<ReportUrl>,
}

impl PaymentRequest {
    /// The URL for a PSU who did not pay.
    pub fn report_url_of_failure(&self) -> &ReportUrl {
        self.unsuccessful_report_url.as_ref().unwrap_or(&self.successful_report_url)
    }

    /// Whether the PSU may choose another account than the one the PISP named.
    pub fn debtor_account_may_change(&self) -> bool {
        self.debtor_account.is_none() || self.accept_debtor_account_change != Some(false)
    }
}

/// The payee (STET, `Beneficiary`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beneficiary {
    /// Who is paid.
    pub creditor: Party,
    /// Where.
    pub creditor_account: Iban,
    /// The payee's bank; required outside the euro area only.
    pub creditor_agent: Option<Bic>,
    /// The PISP's word that the PSU trusts the payee; a hint for fraud analysis, nothing more.
    pub is_trusted: Option<bool>,
}

/// Which scheme carries the transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Product {
    /// SEPA Credit Transfer (EPC125-05).
    Sct,
    /// SEPA Instant Credit Transfer (EPC004-16), `localInstrument` `INST`.
    SctInst,
}

/// Urgency of a plain transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InstructionPriority {
    /// `HIGH`.
    High,
    /// `NORM`.
    Norm,
}

/// On whose initiative the transfer is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CategoryPurpose {
    /// `CASH`: a transfer the PSU asked for.
    Cash,
    /// `DVPM`: a payment on behalf of a merchant.
    Dvpm,
}

/// Why the transfer is made (ISO 20022 purpose codes STET allows).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// `ACCT`: between own accounts.
    Acct,
    /// `CASH`: cash management.
    Cash,
    /// `COMC`: commercial payment.
    Comc,
    /// `CPKC`: car park.
    Cpkc,
    /// `TRPT`: road pricing, transport.
    Trpt,
}

/// The PISP's wish about strong authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScaHint {
    /// `noScaExemption`.
    NoScaExemption,
    /// `scaExemption`.
    ScaExemption,
}

/// What the PISP told about the PSU's terminal in `PSU-*` headers: input to fraud analysis, kept with
/// the request and never logged.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PsuContext(pub BTreeMap<String, String>);

impl std::fmt::Debug for PsuContext {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PsuContext({} headers)", self.0.len())
    }
}
