//! Everything an API call can be answered with other than success.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use payments::{
    admission, confirmation::NotConfirmable, institution::MessageStyle, ports::StoreError, values::Moment,
};
use stet::ErrorModel;

use super::parse::InvalidField;
use crate::{http_signature, limits::Standing, listener::UnclearRequest};

/// Longest `message`, `error` and `path` of the standard's error body, in characters.
const MAX_TEXT: usize = 140;

/// Everything a STET endpoint can answer other than success. [`ApiError::verdict`] is the one table of
/// statuses and codes.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// The host is none of ours.
    #[error("this host name belongs to no bank served here")]
    UnknownHost,
    /// No client certificate on the connection.
    #[error("no client certificate was shown")]
    NoCertificate,
    /// The QWAC breaks a rule, which is named.
    #[error("{0}")]
    Certificate(String),
    /// No token, or not one for this call.
    #[error("{0}")]
    Token(String),
    /// The token has served another payment request.
    #[error("this token already serves another payment request")]
    TokenSpent,
    /// The token's client is no longer registered.
    #[error("the client is not registered")]
    UnknownTpp,
    /// It is registered and may not work: its licence, or this bank.
    #[error("{0}")]
    Licence(String),
    /// The client, or the token, is good for something else.
    #[error("{0}")]
    Scope(String),
    /// The certificate lacks the role.
    #[error("{0}")]
    Role(String),
    /// The client that is named is not the caller's to read or change.
    #[error("{0}")]
    Client(&'static str),
    /// The token was taken for another institution.
    #[error("this token was taken for another institution")]
    OtherInstitution,
    /// The HTTP signature.
    #[error("{0}")]
    Signature(#[from] http_signature::Refusal),
    /// A seal certificate breaks a rule, which is named.
    #[error("{0}")]
    SealCertificate(String),
    /// A header has a value it cannot have.
    #[error("{0}")]
    Header(&'static str),
    /// The body, by field and rule.
    #[error("{0}")]
    Field(#[from] InvalidField),
    /// Well formed, but not admitted here today.
    #[error("{0}")]
    Refused(#[from] admission::Refusal),
    /// The nonce of a confirmation is another one than in the link.
    #[error("nonce is not the one given when the payment request was created")]
    Nonce,
    /// The payment is not in a state in which it can be confirmed; the edition has the status for that.
    #[error("{1}")]
    NotConfirmable(StatusCode, NotConfirmable),
    /// The request id was used with another body.
    #[error("X-Request-ID was used with another body within 24 hours")]
    RequestIdReused,
    /// No such payment request, or not the caller's; or no such path.
    #[error("not found")]
    NotFound,
    /// The path exists, the method does not.
    #[error("the method is not offered here")]
    MethodNotAllowed,
    /// A resource of another role than PISP.
    #[error("only payment initiation is offered")]
    OtherRole,
    /// None of the types the caller takes can be given.
    #[error("Accept must allow application/hal+json or application/json")]
    NotAcceptable,
    /// The body is not JSON by its own account.
    #[error("the content type must be application/json")]
    ContentType,
    /// The body did not come in time.
    #[error("the body was not received in time")]
    BodyTimeout,
    /// The body ended early or broke the protocol.
    #[error("the body could not be read")]
    BodyBroken,
    /// The body is too large.
    #[error("the body must have at most 65536 bytes")]
    TooLarge,
    /// The caller, or its address, has called too often.
    #[error("too many calls; Retry-After says when to come back")]
    TooMany(Standing),
    /// The request can be understood in two ways.
    #[error("{0}")]
    Unclear(#[from] UnclearRequest),
    /// The store cannot take it now.
    #[error("the service cannot answer now")]
    Busy,
    /// Something of ours failed.
    #[error("the service could not complete the call")]
    Internal,
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        match error {
            StoreError::Busy | StoreError::Unavailable(_) | StoreError::Conflict => Self::Busy,
            StoreError::Corrupt(_) => Self::Internal,
        }
    }
}

impl ApiError {
    /// HTTP status and four-letter code.
    pub fn verdict(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Signature(refusal) if refusal.is_malformed() => (StatusCode::BAD_REQUEST, "FF01"),
            Self::NoCertificate
            | Self::Certificate(_)
            | Self::Token(_)
            | Self::TokenSpent
            | Self::UnknownTpp
            | Self::Signature(_)
            | Self::SealCertificate(_) => (StatusCode::UNAUTHORIZED, "BE05"),
            Self::Licence(_) | Self::Role(_) | Self::Client(_) | Self::OtherInstitution => {
                (StatusCode::FORBIDDEN, "BE05")
            }
            Self::Scope(_) => (StatusCode::FORBIDDEN, "BADS"),
            Self::Nonce => (StatusCode::FORBIDDEN, "FF01"),
            Self::NotConfirmable(status, _) => (*status, "FF01"),
            Self::Field(field) => (StatusCode::BAD_REQUEST, field.code),
            Self::Refused(refusal) => (StatusCode::BAD_REQUEST, refusal.code),
            Self::Header(_) | Self::RequestIdReused | Self::BodyBroken | Self::Unclear(_) => {
                (StatusCode::BAD_REQUEST, "FF01")
            }
            Self::NotFound | Self::UnknownHost => (StatusCode::NOT_FOUND, "FF01"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "NIMP"),
            Self::OtherRole => (StatusCode::NOT_IMPLEMENTED, "NIMP"),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "FF01"),
            Self::ContentType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "FF01"),
            Self::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "INTS"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "FF01"),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "TMRQ"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "INTS"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTE"),
        }
    }

    /// Whether another token would help (RFC 6750, 3.1).
    fn is_about_the_token(&self) -> bool {
        matches!(self, Self::Token(_) | Self::TokenSpent | Self::UnknownTpp)
    }

    /// The error body of the standard.
    pub(crate) fn model(&self, path: &str, style: MessageStyle, now: jiff::Timestamp) -> ErrorModel {
        let (status, code) = self.verdict();
        let message = match style {
            MessageStyle::Code => code.to_owned(),
            MessageStyle::CodeText => format!("{code}: {self}"),
        };
        ErrorModel {
            timestamp: Some(Moment::in_paris(now).to_rfc3339()),
            status: status.as_u16(),
            error: status.canonical_reason().map(str::to_owned),
            message: cut(&message),
            path: Some(cut(path)),
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

/// Leaves the body to the layer that knows the path, the institution and the time.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.verdict().0.into_response();
        let headers = response.headers_mut();
        if let Self::TooMany(standing) = self {
            standing.tell_refused(headers);
        }
        match self.verdict().0 {
            StatusCode::UNAUTHORIZED if self.is_about_the_token() => {
                let challenge = HeaderValue::from_static(r#"Bearer error="invalid_token""#);
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            }
            _ => {}
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
