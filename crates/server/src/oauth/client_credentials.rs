//! Client credentials: a token for one transaction (RFC 6749, 4.4).

use axum::response::Response;
use payments::{
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
    caller::{Caller, may_initiate},
};

/// Gives a PISP its token.
///
/// # Errors
///
/// [`Refused`]: client, licence and role, scope, grant, in this order.
pub(super) async fn grant(app: &App, caller: &Caller, form: &Form) -> Result<Response, Refused> {
    let tpp = registered(app, form, caller).await?;
    may_initiate(app, &tpp, &caller.qwac, &caller.counter.institution).await?;
    may_have_it(&tpp, form)?;
    let fresh = Fresh::new(app, caller, tpp.id, Scope::PaymentInitiation, None);
    app.store.insert_token(fresh.token.clone()).await?;
    Ok(fresh.answer())
}

fn may_have_it(tpp: &Tpp, form: &Form) -> Result<(), Refused> {
    let scope = Scope::PaymentInitiation.as_str();
    if form.scope.as_deref().is_some_and(|asked| asked.trim() != scope) {
        return Err(refused(Code::InvalidScope, "scope must be pisp"));
    }
    if !tpp.grant_types.contains(&GrantType::ClientCredentials) {
        return Err(refused(Code::UnauthorizedClient, "the client is not registered for client_credentials"));
    }
    Ok(())
}
