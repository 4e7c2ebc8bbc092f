//! The answer to a request that goes no further than the listener.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use payments::institution::MessageStyle;
use stet::{OAuthError, OAuthErrorCode, RegistrationError, RegistrationErrorCode};

use super::ApiError;
use crate::{App, caller, http_signature, listener::Turned};

/// Under this path errors have the form of RFC 6749, 5.2.
const OAUTH_PATH: &str = "/stet/psd2/oauth/";
/// Under this path what is wrong with a request has the form of RFC 7591, 3.2.2.
const REGISTRATION_PATH: &str = "/stet/setting/";

/// The error, in the form of the endpoint that was asked. It is not sealed: a signature would cost what the
/// bound is there to save.
pub(crate) fn turned_away(app: &App, parts: &Parts, turned: &Turned) -> Response {
    let error = match turned {
        Turned::TooMany(standing) => ApiError::TooMany(*standing),
        Turned::Unclear(unclear) => ApiError::Unclear(*unclear),
    };
    let status = error.verdict().0;
    let path = parts.uri.path();
    let error_description = Some(error.to_string());
    let mut response = if path.starts_with(OAUTH_PATH) {
        Json(OAuthError { error: OAuthErrorCode::InvalidRequest, error_description }).into_response()
    } else if path.starts_with(REGISTRATION_PATH) && status == StatusCode::BAD_REQUEST {
        let error = RegistrationErrorCode::InvalidClientMetadata;
        Json(RegistrationError { error, error_description }).into_response()
    } else {
        let counter = caller::counter(app, parts);
        let style = counter
            .map_or(MessageStyle::CodeText, |counter| counter.institution.settings.error_message_style);
        Json(error.model(path, style, app.now())).into_response()
    };
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(id) = http_signature::request_id(&parts.headers).ok().and_then(|id| id.parse().ok()) {
        headers.insert("x-request-id", id);
    }
    response
}
