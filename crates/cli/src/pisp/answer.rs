//! The bank's answers, read.

use payments::values::PaymentId;
use reqwest::header::LOCATION;
use stet::{
    Limits, PaymentInformationStatus, PaymentRequestCreation, StatusReason, read_hal_payment_request,
};
use url::Url;

use super::{Answer, AnswerSeal, PispError};

/// A payment request that the bank took.
#[derive(Debug)]
pub(crate) struct Created {
    /// Its resource id.
    pub(crate) id: String,
    /// Where the PSU approves it.
    pub(crate) consent_url: Url,
    /// Whether the bank waits for our confirmation: the link is then one that we complete.
    pub(crate) is_to_be_confirmed: bool,
    /// What ties the confirmation to this payment request.
    pub(crate) nonce: Option<String>,
    /// What the bank's seal on the answer is worth.
    pub(crate) seal: AnswerSeal,
}

impl Created {
    pub(super) fn read(answer: &Answer) -> Result<Self, PispError> {
        let id = answer
            .headers
            .get(LOCATION)
            .and_then(|location| location.to_str().ok())
            .and_then(|location| location.rsplit('/').next())
            .and_then(|id| PaymentId::parse(id).ok())
            .ok_or(PispError::Unreadable("a Location with a payment request"))?;
        let creation: PaymentRequestCreation = serde_json::from_slice(&answer.body)
            .map_err(|_| PispError::Unreadable("a payment request creation"))?;
        let consent_url = creation
            .links
            .and_then(|links| links.consent_approval)
            .and_then(|link| Url::parse(&link.href).ok())
            .ok_or(PispError::Unreadable("a creation with an absolute consent link"))?;
        let asks_for_a_code = |(name, value): (_, _)| name == "response_type" && value == "code";
        Ok(Self {
            id: id.as_str().to_owned(),
            is_to_be_confirmed: consent_url.query_pairs().any(asks_for_a_code),
            consent_url,
            nonce: creation.nonce,
            seal: answer.seal,
        })
    }
}

/// Where a payment request stands.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Its status.
    pub(crate) status: PaymentInformationStatus,
    /// Why, when it was rejected.
    pub(crate) reason: Option<StatusReason>,
    /// What the bank's seal on the answer is worth.
    pub(crate) seal: AnswerSeal,
}

impl Seen {
    pub(super) fn read(answer: &Answer) -> Result<Self, PispError> {
        let request = read_hal_payment_request(&answer.body, Limits::default())
            .map_err(|_| PispError::Unreadable("a payment request"))?
            .payment_request;
        Ok(Self {
            status: request
                .payment_information_status
                .ok_or(PispError::Unreadable("a payment request with a status"))?,
            reason: request.status_reason_information,
            seal: answer.seal,
        })
    }

    /// Whether the status will not change any more.
    pub(crate) fn is_final(&self) -> bool {
        use PaymentInformationStatus as S;
        matches!(self.status, S::Acsc | S::Rjct | S::Canc)
    }

    /// Whether the bank has settled the payment.
    pub(crate) fn is_settled(&self) -> bool {
        self.status == PaymentInformationStatus::Acsc
    }

    /// Whether the bank has accepted the payment, settled or on its way.
    pub(crate) fn is_accepted(&self) -> bool {
        use PaymentInformationStatus as S;
        matches!(self.status, S::Pdng | S::Acsp | S::Acsc | S::Acwc | S::Acwp)
    }

    /// The status in words, with the reason's code.
    pub(crate) fn in_words(&self) -> String {
        use PaymentInformationStatus as S;
        let words = match self.status {
            S::Rcvd => "received",
            S::Actc => "waiting for the customer",
            S::Accp => "the customer is deciding",
            S::Acco => "waiting for the PISP's confirmation",
            S::Pdng => "accepted, waiting to be executed",
            S::Acsp => "accepted, being executed",
            S::Acsc => "settled",
            S::Acwc => "accepted with a change",
            S::Acwp => "accepted, not yet with the payee",
            S::Part | S::Patc => "partly accepted",
            S::Canc => "cancelled",
            S::Rjct => "rejected",
        };
        match self.reason {
            Some(reason) => format!("{words}, {}", reason.code()),
            None => words.to_owned(),
        }
    }
}
