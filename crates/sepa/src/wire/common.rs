//! Elements that several messages share.

use jiff::Timestamp;
use payments::values::{Amount, Bic, Moment};
use serde::{Deserialize, Serialize};

use crate::InvalidMessage;

/// `ActiveCurrencyAndAmount`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CurrencyAmount {
    #[serde(rename = "@Ccy")]
    pub(crate) currency: String,
    #[serde(rename = "$text")]
    pub(crate) amount: String,
}

/// A choice of which the scheme takes the code.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    #[serde(rename = "Cd")]
    pub(crate) code: String,
}

/// `BranchAndFinancialInstitutionIdentification6`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Agent {
    #[serde(rename = "FinInstnId")]
    pub(crate) institution: InstitutionIdentification,
}

/// `FinancialInstitutionIdentification18`, by its BIC only.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InstitutionIdentification {
    #[serde(rename = "BICFI")]
    pub(crate) bic: String,
}

impl CurrencyAmount {
    pub(crate) fn euros(amount: Amount) -> Self {
        Self { currency: "EUR".to_owned(), amount: amount.to_decimal() }
    }

    /// The amount, if it is one in euro that the scheme carries.
    pub(crate) fn parse(&self, element: &'static str) -> Result<Amount, InvalidMessage> {
        let plain = self.amount.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if self.currency != "EUR" || !plain {
            return Err(InvalidMessage::Value(element));
        }
        Amount::parse(&self.amount).map_err(|_| InvalidMessage::Value(element))
    }
}

impl Code {
    pub(crate) fn of(code: &str) -> Self {
        Self { code: code.to_owned() }
    }
}

impl Agent {
    pub(crate) fn of(bic: &Bic) -> Self {
        Self { institution: InstitutionIdentification { bic: bic.as_str().to_owned() } }
    }

    pub(crate) fn parse(&self, element: &'static str) -> Result<Bic, InvalidMessage> {
        Bic::parse(&self.institution.bic).map_err(|_| InvalidMessage::Value(element))
    }
}

/// `ISODateTime`, in UTC and to the millisecond.
pub(crate) fn render_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Reads an `ISODateTime`; without an offset it is Paris time.
pub(crate) fn parse_time(text: &str, element: &'static str) -> Result<Timestamp, InvalidMessage> {
    if !text.contains('T') {
        return Err(InvalidMessage::Value(element));
    }
    Moment::parse(text).map(Moment::at).map_err(|_| InvalidMessage::Value(element))
}
