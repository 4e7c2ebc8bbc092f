//! Tokens, for operators: what one is good for, and taking some back.
//!
//! | Call | Form body |
//! | --- | --- |
//! | `POST /oauth/introspect` (RFC 7662) | `token` |
//! | `POST /oauth/revoke` (RFC 7009) | `token`: that one; or, our own, `client_id`: all of that client |

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use payments::{ports::StoreError, values::TppId};
use serde_json::json;

use super::introspection::{introspect, revoke};
use crate::{
    App,
    api::{ApiError, body},
};

const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// The routes.
pub(super) fn router(app: App) -> Router {
    Router::new()
        .route("/oauth/introspect", post(on_introspect))
        .route("/oauth/revoke", post(on_revoke))
        .with_state(app)
}

async fn on_introspect(State(app): State<App>, request: Request) -> Result<Response, Refused> {
    let mut form = form(request).await?;
    let token = form.remove("token").ok_or(Refused::Parameters("token is missing"))?;
    let known = introspect(app.store.as_ref(), &token, app.now()).await?;
    Ok((NO_STORE, Json(known)).into_response())
}

/// An unknown token is one that is gone: 200 (RFC 7009, 2.2).
async fn on_revoke(State(app): State<App>, request: Request) -> Result<Response, Refused> {
    let mut form = form(request).await?;
    match (form.remove("token"), form.remove("client_id")) {
        (Some(token), None) => {
            if let Some(token) = revoke(app.store.as_ref(), &token).await? {
                tracing::info!(client_id = %token.tpp, institution = %token.institution, "an operator revoked a token");
            }
            Ok((NO_STORE, StatusCode::OK).into_response())
        }
        (None, Some(client_id)) => revoke_all(&app, &client_id).await,
        _ => Err(Refused::Parameters("give token or client_id, one of them")),
    }
}

async fn revoke_all(app: &App, client_id: &str) -> Result<Response, Refused> {
    let unknown = Refused::Parameters("no client is registered under this client_id");
    let Ok(id) = TppId::parse(client_id) else {
        return Err(unknown);
    };
    let revoked = app.store.revoke_tokens_of(&id).await?;
    if revoked == 0 && app.store.find_tpp(&id).await?.is_none() {
        return Err(unknown);
    }
    tracing::info!(client_id = %id, revoked, "an operator revoked every token of a client");
    Ok((NO_STORE, Json(json!({ "revoked": revoked }))).into_response())
}

/// The parameters of the body; each comes once (RFC 6749, 3.2).
async fn form(request: Request) -> Result<BTreeMap<String, String>, Refused> {
    let (parts, body) = request.into_parts();
    if !is_form(&parts.headers) {
        return Err(Refused::ContentType);
    }
    let mut form = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(&read(body).await?) {
        if form.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(Refused::Parameters("a parameter is given twice"));
        }
    }
    Ok(form)
}

async fn read(body: Body) -> Result<bytes::Bytes, Refused> {
    body::read(body).await.map_err(Refused::Body)
}

/// Whether a body is a form (RFC 7662, 2.1; RFC 7009, 2.1).
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let found = body::media_type(headers);
    found.is_some_and(|found| found.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// Why nothing was told and nothing done.
enum Refused {
    ContentType,
    Parameters(&'static str),
    Body(ApiError),
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, error, description) = match self {
            Self::ContentType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "invalid_request",
                "the content type must be application/x-www-form-urlencoded".to_owned(),
            ),
            Self::Parameters(why) => (StatusCode::BAD_REQUEST, "invalid_request", why.to_owned()),
            Self::Body(error) => (error.verdict().0, "invalid_request", error.to_string()),
            Self::Store(error) => {
                tracing::error!(%error, "the store failed an operator");
                let status = StatusCode::SERVICE_UNAVAILABLE;
                (status, "temporarily_unavailable", "the store does not work".to_owned())
            }
        };
        (status, NO_STORE, Json(json!({ "error": error, "error_description": description }))).into_response()
    }
}
