//! The temporary token with which a provider registers itself (STET, OAuth2 technical set-up 1.0.5).

use axum::response::Response;
use payments::{token::Scope, values::TppId};
use stet::OAuthErrorCode as Code;

use super::{
    form::Form,
    refused::{Refused, refused},
    token::Fresh,
};
use crate::{App, caller::Caller, register};

/// Whether the form names the generic client, which stands for every provider that has none yet.
pub(super) fn is_asked(caller: &Caller, form: &Form) -> bool {
    let generic = &caller.counter.institution.settings.registration_client_id;
    !generic.is_empty() && form.client_id.as_ref() == Some(generic)
}

/// Gives a provider a token for the registration API, bound to its certificate.
///
/// # Errors
///
/// [`Refused`]: licence, scope, in this order. Any role will do: a provider registers for the ones it has.
pub(super) async fn grant(app: &App, caller: &Caller, form: &Form) -> Result<Response, Refused> {
    let organization = caller.qwac.organization().as_str();
    register::licensed(app, organization, &caller.counter.institution).await?;
    let scope = Scope::Registration.as_str();
    if form.scope.as_deref().is_some_and(|asked| asked.trim() != scope) {
        return Err(refused(Code::InvalidScope, "scope must be manageRegistration"));
    }
    let client_id = TppId::parse(form.client_id.as_deref().unwrap_or_default());
    let client_id = client_id.map_err(|invalid| refused(Code::InvalidClient, invalid.to_string()))?;
    let fresh = Fresh::new(app, caller, client_id, Scope::Registration, None);
    app.store.insert_token(fresh.token.clone()).await?;
    Ok(fresh.answer())
}
