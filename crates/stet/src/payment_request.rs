//! What a PISP asks for, at payment level.

use std::fmt;

use serde::Serialize;

use crate::json::Value;
use crate::read::Read;
use crate::read_error::ReadError;
use crate::{
    AccountIdentification, AuthenticationApproach, Beneficiary, CreditTransferTransaction,
    FinancialInstitutionIdentification, PartyIdentification, PaymentInformationStatus, StatusReason,
};

/// A payment request (STET 1.4.0.47 and 1.4.2, `PaymentRequestResource`).
///
/// The same type serves `POST`, where the read-only members mean nothing, and the answer to `GET`. Members
/// that the standard makes mandatory are optional here too, so that the bank can name the missing one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequest {
    /// The bank's identification of the payment request (id35). Read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// The PISP's reference (id35); mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_information_id: Option<String>,
    /// One booking for the whole batch instead of one for each instruction, 1.4.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_booking: Option<bool>,
    /// When the PISP made the request, ISO 8601; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_date_time: Option<String>,
    /// How many instructions follow; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_of_transactions: Option<u32>,
    /// The PISP; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiating_party: Option<PartyIdentification>,
    /// Whether the bank may change the debtor account, 1.4.2; absent means yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_debtor_account_change: Option<bool>,
    /// Whether the bank may change the charge bearer, 1.4.2; absent means yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_charge_handling_change: Option<bool>,
    /// Product and purpose category; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_type_information: Option<PaymentTypeInformation>,
    /// Who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor: Option<PartyIdentification>,
    /// The account to debit; absent when the PSU chooses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_account: Option<AccountIdentification>,
    /// The debtor's bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_agent: Option<FinancialInstitutionIdentification>,
    /// Who is paid, when all instructions share one beneficiary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beneficiary: Option<Beneficiary>,
    /// For whom the creditor receives, 1.4.0; later at instruction level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ultimate_creditor: Option<PartyIdentification>,
    /// Purpose code, 1.4.0; later at instruction level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Who bears the charges: `SLEV` for SEPA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge_bearer: Option<String>,
    /// Status of the payment request. Read-only on `POST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_information_status: Option<PaymentInformationStatus>,
    /// Reason of a rejection or cancellation. Read-only on `POST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason_information: Option<StatusReason>,
    /// Whether the funds are there; given only when `booking` is `false`. Read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub funds_availability: Option<bool>,
    /// Whether the funds were reserved. Read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booking: Option<bool>,
    /// When the debtor account is to be debited, ISO 8601, when all instructions share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_execution_date: Option<String>,
    /// The instructions; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_transfer_transaction: Option<Vec<CreditTransferTransaction>>,
    /// How the PSU authenticates and where the browser goes then; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplementary_data: Option<SupplementaryData>,
    /// Whether `creditor`, `creditorAccount` or `creditorAgent` stands here instead of in `beneficiary`, as in
    /// an example of the standard but not in its schema. Not read further, never written.
    #[serde(skip)]
    pub has_flat_creditor: bool,
}

impl Read for PaymentRequest {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            resource_id: object.read_only("resourceId"),
            payment_information_id: object.member("paymentInformationId")?,
            batch_booking: object.member("batchBooking")?,
            creation_date_time: object.member("creationDateTime")?,
            number_of_transactions: object.member("numberOfTransactions")?,
            initiating_party: object.member("initiatingParty")?,
            accept_debtor_account_change: object.member("acceptDebtorAccountChange")?,
            accept_charge_handling_change: object.member("acceptChargeHandlingChange")?,
            payment_type_information: object.member("paymentTypeInformation")?,
            debtor: object.member("debtor")?,
            debtor_account: object.member("debtorAccount")?,
            debtor_agent: object.member("debtorAgent")?,
            beneficiary: object.member("beneficiary")?,
            ultimate_creditor: object.member("ultimateCreditor")?,
            purpose: object.member("purpose")?,
            charge_bearer: object.member("chargeBearer")?,
            payment_information_status: object.read_only("paymentInformationStatus"),
            status_reason_information: object.read_only("statusReasonInformation"),
            funds_availability: object.read_only("fundsAvailability"),
            booking: object.read_only("booking"),
            requested_execution_date: object.member("requestedExecutionDate")?,
            credit_transfer_transaction: object.member("creditTransferTransaction")?,
            supplementary_data: object.member("supplementaryData")?,
            has_flat_creditor: object.has_any(&["creditor", "creditorAccount", "creditorAgent"]),
        })
    }
}

/// Product and purpose category (STET 1.4.0.47, `PaymentTypeInformation`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentTypeInformation {
    /// `HIGH` or `NORM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction_priority: Option<String>,
    /// `SEPA` or `NURG`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_level: Option<String>,
    /// `INST` for an instant transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_instrument: Option<String>,
    /// `CASH` or `DVPM`; from 1.4.2 on also `CORT`, `INTC`, `TREA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_purpose: Option<String>,
}

impl Read for PaymentTypeInformation {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            instruction_priority: object.member("instructionPriority")?,
            service_level: object.member("serviceLevel")?,
            local_instrument: object.member("localInstrument")?,
            category_purpose: object.member("categoryPurpose")?,
        })
    }
}

/// How the PSU authenticates and where the browser goes then (STET 1.4.0.47, `SupplementaryData`).
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SupplementaryData {
    /// Approaches the PISP accepts: `REDIRECT`, `DECOUPLED`, `EMBEDDED`, `EMBEDDED-1-FACTOR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_authentication_approach: Option<Vec<String>>,
    /// The approach the bank chose. Read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_authentication_approach: Option<AuthenticationApproach>,
    /// `noScaExemption` or `scaExemption`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sca_hint: Option<String>,
    /// Where the browser goes after the PSU approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successful_report_url: Option<String>,
    /// Where the browser goes otherwise; absent means the same place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsuccessful_report_url: Option<String>,
}

impl Read for SupplementaryData {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            accepted_authentication_approach: object.member("acceptedAuthenticationApproach")?,
            applied_authentication_approach: object.read_only("appliedAuthenticationApproach"),
            sca_hint: object.member("scaHint")?,
            successful_report_url: object.member("successfulReportUrl")?,
            unsuccessful_report_url: object.member("unsuccessfulReportUrl")?,
        })
    }
}

/// The report URLs carry the PISP's session in their query, so they are not shown.
impl fmt::Debug for SupplementaryData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupplementaryData")
            .field("accepted_authentication_approach", &self.accepted_authentication_approach)
            .field("applied_authentication_approach", &self.applied_authentication_approach)
            .field("sca_hint", &self.sca_hint)
            .finish_non_exhaustive()
    }
}
