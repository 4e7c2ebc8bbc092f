//! One credit transfer within a payment request.

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json::{self, Value};
use crate::read::Read;
use crate::read_error::{Problem, ReadError};
use crate::{Beneficiary, PartyIdentification, RemittanceInformation, StatusReason, TransactionStatus};

/// One instruction of a payment request (STET 1.4.0.47 and 1.4.2, `CreditTransferTransaction`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreditTransferTransaction {
    /// Its identifiers; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<PaymentIdentification>,
    /// When the debtor account is to be debited, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_execution_date: Option<String>,
    /// Last day of a standing order, ISO 8601; absent means endless.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    /// Where a standing order moves from a closed day: `FWNG` or `PREC`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_rule: Option<String>,
    /// How often a standing order repeats; makes the instruction a standing order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency: Option<String>,
    /// How much; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructed_amount: Option<AmountType>,
    /// For whom the debtor pays, 1.4.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ultimate_debtor: Option<PartyIdentification>,
    /// Who is paid, unless it stands at payment level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beneficiary: Option<Beneficiary>,
    /// For whom the creditor receives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ultimate_creditor: Option<PartyIdentification>,
    /// Purpose code, 1.4.2; in 1.4.0 at payment level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What the creditor is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remittance_information: Option<RemittanceInformation>,
    /// Status of this instruction. Read-only on `POST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_status: Option<TransactionStatus>,
    /// Reason of a rejection or cancellation. Read-only on `POST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason_information: Option<StatusReason>,
    /// Whether an `equivalentAmount` stands here, which only currency transfers use, 1.4.2. Not read further,
    /// never written.
    #[serde(skip)]
    pub has_equivalent_amount: bool,
}

impl Read for CreditTransferTransaction {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            payment_id: object.member("paymentId")?,
            requested_execution_date: object.member("requestedExecutionDate")?,
            end_date: object.member("endDate")?,
            execution_rule: object.member("executionRule")?,
            frequency: object.member("frequency")?,
            instructed_amount: object.member("instructedAmount")?,
            ultimate_debtor: object.member("ultimateDebtor")?,
            beneficiary: object.member("beneficiary")?,
            ultimate_creditor: object.member("ultimateCreditor")?,
            purpose: object.member("purpose")?,
            remittance_information: object.member("remittanceInformation")?,
            transaction_status: object.read_only("transactionStatus"),
            status_reason_information: object.read_only("statusReasonInformation"),
            has_equivalent_amount: object.has_any(&["equivalentAmount"]),
        })
    }
}

/// The identifiers of an instruction (STET 1.4.0.47, `PaymentIdentification`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentIdentification {
    /// The bank's identification of the instruction (id35). Read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Between PISP and bank (id35); mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction_id: Option<String>,
    /// Carried unchanged to the creditor (id35); mandatory in 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_to_end_id: Option<String>,
}

impl Read for PaymentIdentification {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            resource_id: object.read_only("resourceId"),
            instruction_id: object.member("instructionId")?,
            end_to_end_id: object.member("endToEndId")?,
        })
    }
}

/// An amount and its currency (STET 1.4.0.47, `AmountType`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AmountType {
    /// Currency, ISO 4217 alphabetic; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The amount in units of the currency; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
}

impl Read for AmountType {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self { currency: object.member("currency")?, amount: object.member("amount")? })
    }
}

/// An amount as it was written, digit by digit.
///
/// Edition 1.4.0.47 writes a JSON string, later ones a JSON number, and live clients either. Both keep their
/// characters, exponents included: no amount passes through binary floating point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amount {
    /// A JSON string, such as `"124.35"`.
    Text(String),
    /// A JSON number, such as `42.00` or `1.0E7`.
    Number(String),
}

impl Amount {
    /// The amount's characters, without quotes.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
        }
    }
}

impl Read for Amount {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        match value {
            Value::Text(text) => Ok(Self::Text(text.clone().into_owned())),
            Value::Number(digits) => Ok(Self::Number((*digits).to_owned())),
            _ => Err(Problem::MustBe("a string or a number").into()),
        }
    }
}

impl Serialize for Amount {
    /// Writes the characters as they are.
    ///
    /// # Errors
    ///
    /// A `Number` whose characters are not those of a JSON number.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(digits) => {
                if digits.is_empty() || json::number_length(digits.as_bytes()) != digits.len() {
                    return Err(S::Error::custom("an amount must be a JSON number"));
                }
                RawValue::from_string(digits.clone()).map_err(S::Error::custom)?.serialize(serializer)
            }
        }
    }
}
