//! `POST /stet/psd2/oauth/token`: client credentials, proven by the QWAC of the connection.

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use eidas::Role;
use jiff::ToSpan;
use payments::{
    institution::Institution,
    ports::StoreError,
    token::{CertificateThumbprint, Token},
    tpp::{GrantType, Licence, Tpp},
};
use stet::{OAuthError, OAuthErrorCode as Code, TokenAnswer};

use crate::{
    App,
    api::{ApiError, body},
    caller,
};

/// The scope a PISP asks for, and the one it gets when it names none.
const SCOPE: &str = "pisp";

/// Answers with a fresh opaque token, bound to the client, its certificate and the institution.
///
/// Checks in the order certificate, form, client, licence and role, grant; nothing is stored on refusal.
pub(crate) async fn issue(State(app): State<App>, request: Request) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let client = ConnectedClient::find(&app, &parts)?;
    let form = Form::read(&parts, body).await?;
    let tpp = registered(&app, &form, &client).await?;
    may_have_a_token(&tpp, &form, &client.qwac)?;
    let (token, secret) = fresh(&app, &tpp, &client);
    let answer = TokenAnswer {
        access_token: secret,
        token_type: "Bearer".to_owned(),
        expires_in: Some(u64::from(client.institution.settings.token_lifetime_s)),
        scope: Some(SCOPE.to_owned()),
    };
    app.store.insert_token(token).await?;
    tracing::info!(client_id = %tpp.id, institution = %client.institution.code, "token given");
    Ok((no_store(), Json(answer)).into_response())
}

/// The certificate of the connection, judged, and the institution that is asked.
struct ConnectedClient {
    institution: Institution,
    qwac: eidas::Judged,
    certificate: CertificateThumbprint,
}

impl ConnectedClient {
    fn find(app: &App, parts: &Parts) -> Result<Self, Refused> {
        let counter = caller::counter(app, parts)
            .ok_or_else(|| refused(Code::InvalidRequest, "this host name belongs to no bank served here"))?;
        let peer = caller::peer(parts)
            .ok_or_else(|| refused(Code::InvalidClient, "no client certificate was shown"))?;
        let qwac = caller::qwac(&peer, app.now()).map_err(|rule| refused(Code::InvalidClient, rule))?;
        Ok(Self { institution: counter.institution.clone(), qwac, certificate: peer.thumbprint })
    }
}

/// The parameters, wherever they stood: the body counts, the query fills in, and one that comes twice
/// with two values is refused.
#[derive(Default)]
struct Form {
    grant_type: Option<String>,
    client_id: Option<String>,
    scope: Option<String>,
}

impl Form {
    async fn read(parts: &Parts, body: Body) -> Result<Self, Refused> {
        let query = parts.uri.query().unwrap_or_default();
        let body = body::read(body).await.map_err(Refused::Body)?;
        if !body.is_empty() && !is_form(&parts.headers) {
            return Err(Refused::ContentType);
        }
        let mut form = Self::default();
        for part in [body.as_ref(), query.as_bytes()] {
            for (name, value) in url::form_urlencoded::parse(part) {
                form.take(&name, &value)?;
            }
        }
        Ok(form)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Refused> {
        let slot = match name {
            "grant_type" => &mut self.grant_type,
            "client_id" => &mut self.client_id,
            "scope" => &mut self.scope,
            _ => return Ok(()),
        };
        if slot.as_deref().is_some_and(|first| first != value) {
            return Err(refused(Code::InvalidRequest, "a parameter is given twice with different values"));
        }
        *slot = Some(value.to_owned());
        Ok(())
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    body::media_type(headers)
        .is_some_and(|found| found.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// The registered client the certificate belongs to.
async fn registered(app: &App, form: &Form, client: &ConnectedClient) -> Result<Tpp, Refused> {
    let grant = form.grant_type.as_deref().unwrap_or_default();
    if grant.is_empty() {
        return Err(refused(Code::InvalidRequest, "grant_type is missing"));
    }
    if grant != "client_credentials" {
        return Err(refused(Code::UnsupportedGrantType, "grant_type must be client_credentials"));
    }
    let client_id = form.client_id.as_deref().unwrap_or_default();
    if client_id.is_empty() {
        return Err(refused(Code::InvalidRequest, "client_id is missing"));
    }
    let found = caller::find_tpp(app, client_id).await?;
    // One answer for both, so that nobody learns which clients exist.
    found.filter(|tpp| tpp.organization_identifier == client.qwac.organization().as_str()).ok_or_else(|| {
        refused(Code::InvalidClient, "the client is not known or is not the one of the certificate")
    })
}

/// Whether the client may initiate payments and asks for nothing else.
fn may_have_a_token(tpp: &Tpp, form: &Form, qwac: &eidas::Judged) -> Result<(), Refused> {
    if tpp.licence != Licence::Active {
        return Err(refused(Code::UnauthorizedClient, "the licence is not active"));
    }
    qwac.require(Role::PaymentInitiation)
        .map_err(|missing| refused(Code::UnauthorizedClient, missing.to_string()))?;
    if !tpp.scope_pisp {
        return Err(refused(Code::UnauthorizedClient, "the client is not registered for the scope pisp"));
    }
    if form.scope.as_deref().is_some_and(|scope| scope.trim() != SCOPE) {
        return Err(refused(Code::InvalidScope, "scope must be pisp"));
    }
    if !tpp.grant_types.contains(&GrantType::ClientCredentials) {
        return Err(refused(Code::UnauthorizedClient, "the client is not registered for client_credentials"));
    }
    Ok(())
}

/// 256 random bits for the client, their hash for the store.
fn fresh(app: &App, tpp: &Tpp, client: &ConnectedClient) -> (Token, String) {
    let secret = BASE64_URL_SAFE_NO_PAD.encode(app.random_bytes::<32>());
    let lifetime_s = i64::from(client.institution.settings.token_lifetime_s);
    let now = app.now();
    let token = Token {
        hash: caller::hash_of(&secret),
        tpp: tpp.id.clone(),
        institution: client.institution.code.clone(),
        certificate: client.certificate,
        expires_at: now.saturating_add(lifetime_s.seconds()).unwrap_or(now),
        tied_to: None,
    };
    (token, secret)
}

/// Why no token is given.
pub(crate) enum Refused {
    OAuth(Code, String),
    ContentType,
    Body(ApiError),
    Store(StoreError),
}

fn refused(code: Code, description: impl Into<String>) -> Refused {
    Refused::OAuth(code, description.into())
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
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

/// RFC 6749, 5.1: nobody may keep a token.
fn no_store() -> [(header::HeaderName, HeaderValue); 2] {
    [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::PRAGMA, HeaderValue::from_static("no-cache")),
    ]
}
