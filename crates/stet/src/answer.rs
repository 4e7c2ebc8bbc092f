//! What the bank answers to `POST`, `PUT` and `GET`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::PaymentRequest;
use crate::json::Value;
use crate::read::Read;
use crate::read_error::{Problem, ReadError};

/// How the PSU authenticates (STET 1.4.0.47, `AppliedAuthenticationApproach`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AuthenticationApproach {
    /// On the bank's own pages, where the PISP sends the browser.
    #[serde(rename = "REDIRECT")]
    Redirect,
    /// With the bank, on another device.
    #[serde(rename = "DECOUPLED")]
    Decoupled,
    /// On the PISP's pages, 1.4.0.
    #[serde(rename = "EMBEDDED")]
    Embedded,
    /// On the PISP's pages with one factor, 1.4.2.
    #[serde(rename = "EMBEDDED-1-FACTOR")]
    EmbeddedOneFactor,
    /// Not at all: a cancellation that needs none, 1.6.
    #[serde(rename = "NONE")]
    None,
}

impl AuthenticationApproach {
    /// Every code, in the order of the standard's list.
    pub const ALL: [Self; 5] =
        [Self::Redirect, Self::Decoupled, Self::Embedded, Self::EmbeddedOneFactor, Self::None];

    /// The code as it is written on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Redirect => "REDIRECT",
            Self::Decoupled => "DECOUPLED",
            Self::Embedded => "EMBEDDED",
            Self::EmbeddedOneFactor => "EMBEDDED-1-FACTOR",
            Self::None => "NONE",
        }
    }

    /// The code with these letters, if the standard has it.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

impl Read for AuthenticationApproach {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let code = match value {
            Value::Text(code) => Self::parse(code),
            _ => None,
        };
        code.ok_or(Problem::MustBe("an authentication approach").into())
    }
}

/// A link of the answer (STET 1.4.0.47, `GenericLink`; draft-kelly-json-hal).
///
/// A consent link holds the nonce of the payment: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Where it leads, absolute or relative to the host.
    pub href: String,
    /// Whether the PISP has to complete the link before it is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub templated: Option<bool>,
}

impl Link {
    /// A link to `href` that says nothing about being templated.
    pub fn to(href: impl Into<String>) -> Self {
        Self { href: href.into(), templated: None }
    }
}

impl Read for Link {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self { href: object.required("href")?, templated: object.member("templated")? })
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("templated", &self.templated).finish_non_exhaustive()
    }
}

/// The answer to `POST` and `PUT /payment-requests` (STET 1.4.0.47, `HalPaymentRequestCreation`).
///
/// Live banks leave out or send `null` for every member but the consent link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequestCreation {
    /// How the PSU is to authenticate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_authentication_approach: Option<AuthenticationApproach>,
    /// Challenge that ties the confirmation to this authentication, at most 70 characters, 1.4.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Where the PSU approves.
    #[serde(rename = "_links", skip_serializing_if = "Option::is_none")]
    pub links: Option<CreationLinks>,
}

impl fmt::Debug for PaymentRequestCreation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentRequestCreation")
            .field("applied_authentication_approach", &self.applied_authentication_approach)
            .field("links", &self.links)
            .finish_non_exhaustive()
    }
}

/// The links of a creation (STET 1.4.0.47, `PaymentRequestResourceCreationLinks`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreationLinks {
    /// Where the PISP sends the PSU's browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_approval: Option<Link>,
}

/// The answer to `GET /payment-requests/{id}` (STET 1.4.0.47, `HalPaymentRequest`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HalPaymentRequest {
    /// The payment request with its status.
    pub payment_request: PaymentRequest,
    /// What can be called next.
    #[serde(rename = "_links")]
    pub links: PaymentRequestLinks,
}

impl Read for HalPaymentRequest {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            payment_request: object.required("paymentRequest")?,
            links: object.member("_links")?.unwrap_or_default(),
        })
    }
}

/// The links of a payment request (STET 1.4.0.47 and 1.4.2, `PaymentRequestLinks`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PaymentRequestLinks {
    /// The payment request itself, as 1.4.0.47 calls it.
    #[serde(rename = "self", skip_serializing_if = "Option::is_none")]
    pub itself: Option<Link>,
    /// The payment request itself, as 1.4.2 calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Link>,
    /// Where the PISP confirms, while a confirmation is awaited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Link>,
}

impl Read for PaymentRequestLinks {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            itself: object.member("self")?,
            request: object.member("request")?,
            confirmation: object.member("confirmation")?,
        })
    }
}
