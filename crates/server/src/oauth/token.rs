//! `POST /stet/psd2/oauth/token`: a token for whoever is proven by the QWAC of the connection.

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::ToSpan;
use payments::{
    token::{Scope, Token},
    tpp::Tpp,
    values::{PaymentId, TppId},
};
use stet::{OAuthErrorCode as Code, TokenAnswer};

use super::{
    authorization_code, client_credentials,
    form::Form,
    refused::{Refused, no_store, refused},
    registration,
};
use crate::{
    App,
    caller::{self, Caller},
};

/// Answers with a fresh opaque token, bound to the client, its certificate and the institution.
///
/// Checks in the order certificate, form, client, licence and role, grant; nothing is stored on refusal.
pub(crate) async fn issue(State(app): State<App>, request: Request) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let caller = Caller::find(&app, &parts).await?;
    let form = Form::read(&parts, body).await?;
    match form.grant_type.as_deref().unwrap_or_default() {
        "" => Err(refused(Code::InvalidRequest, "grant_type is missing")),
        "client_credentials" if registration::is_asked(&caller, &form) => {
            registration::grant(&app, &caller, &form).await
        }
        "client_credentials" => client_credentials::grant(&app, &caller, &form).await,
        "authorization_code" => authorization_code::grant(&app, &caller, &form).await,
        _ => {
            let rule = "grant_type must be client_credentials or authorization_code";
            Err(refused(Code::UnsupportedGrantType, rule))
        }
    }
}

/// The registered client that the form names and the certificate belongs to.
///
/// # Errors
///
/// `invalid_client`, the same whether there is none or it is another's: nobody learns which clients exist.
pub(super) async fn registered(app: &App, form: &Form, caller: &Caller) -> Result<Tpp, Refused> {
    let client_id = form.client_id.as_deref().unwrap_or_default();
    if client_id.is_empty() {
        return Err(refused(Code::InvalidRequest, "client_id is missing"));
    }
    let found = caller::find_tpp(app, client_id).await?;
    found.filter(|tpp| tpp.organization_identifier == caller.qwac.organization().as_str()).ok_or_else(|| {
        refused(Code::InvalidClient, "the client is not known or is not the one of the certificate")
    })
}

/// A token that is not stored yet, and the secret that its holder gets.
pub(super) struct Fresh {
    pub(super) token: Token,
    secret: String,
}

impl Fresh {
    /// 256 random bits for the client, their hash for the store.
    pub(super) fn new(
        app: &App,
        caller: &Caller,
        tpp: TppId,
        scope: Scope,
        tied_to: Option<PaymentId>,
    ) -> Self {
        let secret = BASE64_URL_SAFE_NO_PAD.encode(app.random_bytes::<32>());
        let institution = &caller.counter.institution;
        let now = app.now();
        let lifetime_s = i64::from(institution.settings.token_lifetime_s);
        let token = Token {
            hash: caller::hash_of(&secret),
            tpp,
            institution: institution.code.clone(),
            scope,
            certificate: caller.certificate,
            issued_at: now,
            expires_at: now.saturating_add(lifetime_s.seconds()).unwrap_or(now),
            tied_to,
        };
        Self { token, secret }
    }

    /// The answer to the client, once the token is stored.
    pub(super) fn answer(self) -> Response {
        let Token { tpp, institution, scope, issued_at, expires_at, .. } = self.token;
        tracing::info!(client_id = %tpp, %institution, scope = scope.as_str(), "token given");
        let answer = TokenAnswer {
            access_token: self.secret,
            token_type: "Bearer".to_owned(),
            expires_in: u64::try_from(expires_at.duration_since(issued_at).as_secs()).ok(),
            scope: Some(scope.as_str().to_owned()),
        };
        (no_store(), Json(answer)).into_response()
    }
}
