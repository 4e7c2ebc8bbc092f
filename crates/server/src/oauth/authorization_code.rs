//! Authorisation code: a token for the confirmation of the one payment that its PSU approved
//! (RFC 6749, 4.1.3; RFC 7636, 4.5).

use axum::response::Response;
use payments::{
    code::{AuthorisationCode, CodeHash, CodeRefusal, Exchange},
    ports::Exchanged,
    token::Scope,
    tpp::{GrantType, Tpp},
};
use stet::OAuthErrorCode as Code;

use super::{
    form::Form,
    refused::{Refused, refused},
    token::{Fresh, registered},
};
use crate::{
    App,
    caller::{Caller, may_initiate, sha256},
};

/// Exchanges a code for a token, once.
///
/// A code that its own client shows a second time takes the first one's token back, whatever else is wrong
/// with the second try: one of the two has stolen it (RFC 6749, 4.1.2). Somebody else's try changes nothing,
/// or whoever finds a code in a log could stop a payment with it.
///
/// # Errors
///
/// [`Refused`]: client, licence and role, grant, parameters, code, in this order.
pub(super) async fn grant(app: &App, caller: &Caller, form: &Form) -> Result<Response, Refused> {
    let tpp = registered(app, form, caller).await?;
    may_initiate(app, &tpp, &caller.qwac, &caller.counter.institution).await?;
    may_have_it(&tpp, form)?;
    let hash = CodeHash(sha256(mandatory(form.code.as_deref(), "code is missing")?.as_bytes()));
    let redirect_uri = mandatory(form.redirect_uri.as_deref(), "redirect_uri is missing")?;
    let exchange = Exchange {
        tpp: &tpp.id,
        institution: &caller.counter.institution.code,
        redirect_uri,
        // An empty parameter counts as left out (RFC 6749, 3.2).
        verifier: form.code_verifier.as_deref().filter(|verifier| !verifier.is_empty()),
    };
    let code = find(app, &hash, &exchange).await?;
    let fresh = Fresh::new(app, caller, tpp.id.clone(), Scope::Confirmation, Some(code.payment));
    match app.store.exchange_code(&hash, fresh.token.clone()).await? {
        Exchanged::First => Ok(fresh.answer()),
        Exchanged::Again => {
            tracing::warn!(client_id = %tpp.id, "a code came a second time; the token it gave is taken back");
            Err(invalid_grant("this code was used before; the token it gave has been taken back"))
        }
        Exchanged::Unknown => Err(invalid_grant(UNKNOWN)),
    }
}

/// What is said of a code that does not exist, and of one that is not this client's.
const UNKNOWN: &str = "this code is not known";

/// The code, if this client may have a token for it.
async fn find(app: &App, hash: &CodeHash, exchange: &Exchange<'_>) -> Result<AuthorisationCode, Refused> {
    let code = app.store.find_code(hash).await?.ok_or_else(|| invalid_grant(UNKNOWN))?;
    match code.check(exchange, app.now()) {
        Ok(()) => Ok(code),
        Err(CodeRefusal::OtherClient) => Err(invalid_grant(UNKNOWN)),
        Err(refusal) => {
            if app.store.revoke_exchanged(hash).await? {
                tracing::warn!(client_id = %exchange.tpp, "a used code came again; its token is taken back");
            }
            Err(invalid_grant(refusal.to_string()))
        }
    }
}

fn may_have_it(tpp: &Tpp, form: &Form) -> Result<(), Refused> {
    if !tpp.grant_types.contains(&GrantType::AuthorizationCode) {
        return Err(refused(Code::UnauthorizedClient, "the client is not registered for authorization_code"));
    }
    let scope = Scope::Confirmation.as_str();
    if form.scope.as_deref().is_some_and(|asked| asked.trim() != scope) {
        return Err(refused(Code::InvalidScope, "scope must be pisp"));
    }
    Ok(())
}

fn mandatory<'a>(value: Option<&'a str>, missing: &'static str) -> Result<&'a str, Refused> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| refused(Code::InvalidRequest, missing))
}

fn invalid_grant(description: impl Into<String>) -> Refused {
    refused(Code::InvalidGrant, description)
}
