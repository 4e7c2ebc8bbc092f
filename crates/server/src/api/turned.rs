//! The answer to a request that goes no further than the listener.

use axum::{
    Json,
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use payments::institution::MessageStyle;
use stet::{OAuthError, OAuthErrorCode};

use super::ApiError;
use crate::{App, caller, http_signature, listener::Turned};

/// Under these paths errors have the form of RFC 6749, 5.2.
const OAUTH_PATHS: [&str; 2] = ["/stet/psd2/oauth/", "/stet/setting/"];

/// The error, in the form of the endpoint that was asked. It is not sealed: a signature would cost what the
/// bound is there to save.
pub(crate) fn turned_away(app: &App, parts: &Parts, turned: &Turned) -> Response {
    let error = match turned {
        Turned::TooMany(standing) => ApiError::TooMany(*standing),
        Turned::Unclear(unclear) => ApiError::Unclear(*unclear),
    };
    let status = error.verdict().0;
    let path = parts.uri.path();
    let mut response = if OAUTH_PATHS.iter().any(|oauth| path.starts_with(oauth)) {
        let description = Some(error.to_string());
        Json(OAuthError { error: OAuthErrorCode::InvalidRequest, error_description: description })
            .into_response()
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
