//! The last thing done to every answer of the API: errors get their body, and everything is sealed.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{MatchedPath, OriginalUri, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header},
    middleware::Next,
    response::Response,
};
use http_body_util::BodyExt;
use payments::{institution::MessageStyle, values::PaymentId};

use super::ApiError;
use crate::{
    App, Counter, caller,
    http_signature::{self, SignedMessage, sign_answer},
    observe::CorrelationId,
    proxy,
};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlationid");

/// What has to be known of a request to finish its answer.
struct Asked {
    method: Method,
    uri: Uri,
    /// As the client wrote it.
    target: String,
    request_id: Option<HeaderValue>,
    counter: Option<Arc<Counter>>,
    correlation_id: Option<CorrelationId>,
    route: Option<MatchedPath>,
}

impl Asked {
    /// Logs a refusal. A path can hold anything, an IBAN for example, so only its pattern and the payment it
    /// names are written down.
    fn log(&self, status: u16, code: &str, error: &ApiError) {
        let route = self.route.as_ref().map_or("other", MatchedPath::as_str);
        let mut segments = self.uri.path().split('/');
        let payment_id = segments.find_map(|segment| PaymentId::parse(segment).ok());
        let payment_id = payment_id.as_ref().map(PaymentId::as_str);
        tracing::info!(status, code, route, payment_id, "{error}");
    }
}

/// Gives errors the standard's body and every answer the echo of `X-Request-ID`, an id of ours, `Digest`
/// and the institution's `Signature`.
pub(crate) async fn finish(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let uri = parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.clone(), |uri| uri.0.clone());
    let asked = Asked {
        method: parts.method.clone(),
        target: proxy::target(&uri, &parts.extensions).into_owned(),
        uri,
        request_id: http_signature::request_id(&parts.headers)
            .ok()
            .and_then(|id| HeaderValue::from_str(id).ok()),
        counter: caller::counter(&app, &parts),
        correlation_id: parts.extensions.get::<CorrelationId>().cloned(),
        route: parts.extensions.get::<MatchedPath>().cloned(),
    };
    if let Some(id) = asked.request_id.as_ref().and_then(|id| id.to_str().ok()) {
        tracing::Span::current().record("request_id", id);
    }
    let response = next.run(Request::from_parts(parts, body)).await;
    sealed(&app, &asked, response).await
}

async fn sealed(app: &App, asked: &Asked, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = match parts.extensions.remove::<Arc<ApiError>>() {
        Some(error) => error_body(app, asked, &error, &mut parts.headers),
        None => collected(body).await,
    };
    if let Some(id) = &asked.request_id {
        parts.headers.insert(X_REQUEST_ID, id.clone());
    }
    if let Some(id) = asked.correlation_id.as_ref().and_then(CorrelationId::as_header) {
        parts.headers.insert(X_CORRELATION_ID, id);
    }
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(counter) = &asked.counter {
        sign(app, asked, counter, &mut parts.headers, &body);
    }
    Response::from_parts(parts, Body::from(body))
}

/// Every body of ours is whole in memory already.
async fn collected(body: Body) -> Bytes {
    body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default()
}

fn error_body(app: &App, asked: &Asked, error: &ApiError, headers: &mut HeaderMap) -> Bytes {
    let style = asked
        .counter
        .as_ref()
        .map_or(MessageStyle::CodeText, |counter| counter.institution.settings.error_message_style);
    let (status, code) = error.verdict();
    asked.log(status.as_u16(), code, error);
    let model = error.model(asked.uri.path(), style, app.now());
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.remove(header::CONTENT_LENGTH);
    Bytes::from(serde_json::to_vec(&model).unwrap_or_default())
}

/// Seals the answer (STET 1.4.0.47, response headers `Digest` and `Signature`).
fn sign(app: &App, asked: &Asked, counter: &Counter, headers: &mut HeaderMap, body: &[u8]) {
    let key_id = format!("{}{}{}", counter.tpp_url, super::KEY_PATH, super::key_name(counter));
    let message = SignedMessage { method: &asked.method, target: &asked.target, headers, body };
    match sign_answer(counter.seal.key(), &key_id, &message, app.now()) {
        Ok(signed) => signed.insert_into(headers),
        Err(error) => tracing::error!(%error, "an answer could not be sealed"),
    }
}
