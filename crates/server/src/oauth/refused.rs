//! Why no token is given, in the words of RFC 6749, 5.2.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use payments::ports::StoreError;
use stet::{OAuthError, OAuthErrorCode as Code};

use crate::{
    api::ApiError,
    caller::{NotAllowed, Stranger},
    limits::Standing,
};

/// Why no token is given.
pub(crate) enum Refused {
    OAuth(Code, String),
    ContentType,
    Body(ApiError),
    TooMany(Standing),
    Store(StoreError),
}

pub(super) fn refused(code: Code, description: impl Into<String>) -> Refused {
    Refused::OAuth(code, description.into())
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Stranger> for Refused {
    fn from(stranger: Stranger) -> Self {
        match stranger {
            Stranger::UnknownHost => refused(Code::InvalidRequest, stranger.to_string()),
            Stranger::TooMany(standing) => Self::TooMany(standing),
            Stranger::NoCertificate | Stranger::Certificate(_) => {
                refused(Code::InvalidClient, stranger.to_string())
            }
        }
    }
}

impl From<NotAllowed> for Refused {
    fn from(refusal: NotAllowed) -> Self {
        match refusal {
            NotAllowed::Store(error) => error.into(),
            refusal => refused(Code::UnauthorizedClient, refusal.to_string()),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, code, description) = match self {
            Self::OAuth(Code::InvalidClient, text) => (StatusCode::UNAUTHORIZED, Code::InvalidClient, text),
            Self::OAuth(code, text) => (StatusCode::BAD_REQUEST, code, text),
            Self::ContentType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Code::InvalidRequest,
                "the content type must be application/x-www-form-urlencoded".to_owned(),
            ),
            Self::Body(error) => (error.verdict().0, Code::InvalidRequest, error.to_string()),
            Self::TooMany(standing) => return too_many(standing),
            Self::Store(error) => return unavailable(&error),
        };
        tracing::info!(error = code.code(), description, "no token given");
        let body = OAuthError { error: code, error_description: Some(description) };
        (status, no_store(), Json(body)).into_response()
    }
}

/// RFC 6749 knows no code for a server that cannot answer; the status and `Retry-After` say it.
fn unavailable(error: &StoreError) -> Response {
    tracing::error!(%error, "no token given: the store failed");
    let retry = [(header::RETRY_AFTER, HeaderValue::from_static("2"))];
    (StatusCode::SERVICE_UNAVAILABLE, retry, no_store()).into_response()
}

/// Nor does it know one for a caller who comes too often.
fn too_many(standing: Standing) -> Response {
    let description = ApiError::TooMany(standing).to_string();
    let body = OAuthError { error: Code::InvalidRequest, error_description: Some(description) };
    let mut response = (StatusCode::TOO_MANY_REQUESTS, no_store(), Json(body)).into_response();
    standing.tell_refused(response.headers_mut());
    response
}

/// RFC 6749, 5.1: nobody may keep a token.
pub(super) fn no_store() -> [(HeaderName, HeaderValue); 2] {
    [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::PRAGMA, HeaderValue::from_static("no-cache")),
    ]
}
