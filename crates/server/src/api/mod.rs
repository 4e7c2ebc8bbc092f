//! The TPP's listener: token, registration, payment requests, and the bank's certificate. Every route on one screen.

mod answer;
pub(crate) mod body;
mod call;
mod codes;
mod confirm;
mod edition;
mod error;
mod initiate;
pub mod parse;
pub mod render;
pub(crate) mod seals;
mod status;
mod turned;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderValue, header, request::Parts},
    middleware,
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use payments::Version;
use tower_http::catch_panic::CatchPanicLayer;

pub use error::ApiError;

use edition::Edition;
pub(crate) use turned::turned_away;

use crate::{App, Counter, caller, drain, oauth, observe, register};

/// Where the bank's seal certificates are found, without authentication.
pub(crate) const KEY_PATH: &str = "/api/keyid/";

/// Routes for TPPs.
pub fn router(app: App) -> Router {
    let versions = Version::ALL.into_iter().fold(register::routes(), |router, version| {
        router.nest(version.base_path(), payment_requests(version))
    });
    let api = versions
        .fallback(unknown)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(CatchPanicLayer::custom(|_panic| ApiError::Internal.into_response()))
        .layer(middleware::from_fn_with_state(app.clone(), answer::finish))
        .layer(middleware::from_fn(observe::requests("tpp", app.clone())));
    // Layers wrap the routes added before them, so each request is observed once, by its own route.
    Router::new()
        .route("/stet/psd2/oauth/token", post(oauth::token::issue))
        .route(&format!("{KEY_PATH}{{name}}"), get(seal_certificate))
        .layer(middleware::from_fn(observe::requests("tpp", app.clone())))
        .fallback_service(api.with_state(app.clone()))
        .layer(middleware::from_fn(drain::refused_bodies))
        .with_state(app)
}

/// The payment initiation API of one version.
fn payment_requests(version: Version) -> Router<App> {
    let router = Router::new()
        .route("/payment-requests", post(initiate::initiate))
        .route("/payment-requests/{id}", get(status::status).head(async || ApiError::MethodNotAllowed));
    ["confirmation", "o-confirmation"]
        .into_iter()
        .fold(router, |router, name| {
            let offered = Edition::of(version).confirmation == Some(name);
            let methods = if offered { post(confirm::confirm) } else { any(no_method) };
            router.route(&format!("/payment-requests/{{id}}/{name}"), methods)
        })
        .layer(axum::Extension(version))
}

/// An empty `Allow` says that no method is offered there (RFC 9110, 10.2.1).
async fn no_method() -> Response {
    ([(header::ALLOW, "")], ApiError::MethodNotAllowed).into_response()
}

/// What is not payment initiation: the resources of other roles exist in the standard, not here.
async fn unknown(parts: Parts) -> ApiError {
    let other_roles =
        ["accounts", "funds-confirmations", "consents", "end-user-identity", "trusted-beneficiaries"];
    let path = parts.uri.path();
    let rest = Version::ALL
        .iter()
        .rev()
        .find_map(|version| path.strip_prefix(version.base_path())?.strip_prefix('/'))
        .unwrap_or_default();
    let resource = rest.split('/').next().unwrap_or_default();
    if other_roles.contains(&resource) { ApiError::OtherRole } else { ApiError::NotFound }
}

/// `certificate_<SHA-256 of its DER in hex>`, the last part of our `keyId`.
pub(crate) fn key_name(counter: &Counter) -> String {
    format!("certificate_{}", counter.seal.certificate_sha256())
}

/// `GET /api/keyid/certificate_<hex>`: the certificate an answer's `keyId` names, PEM.
async fn seal_certificate(State(app): State<App>, Path(name): Path<String>, parts: Parts) -> Response {
    let found = caller::counter(&app, &parts).filter(|counter| key_name(counter) == name);
    match found {
        Some(counter) => {
            let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static("application/x-pem-file"))];
            (content_type, counter.seal.certificate_pem().to_owned()).into_response()
        }
        None => axum::http::StatusCode::NOT_FOUND.into_response(),
    }
}
