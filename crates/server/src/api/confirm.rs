//! `POST /payment-requests/{id}/o-confirmation` (STET PSD2 API 1.4.2, payment request confirmation): the PISP,
//! back from the PSU with the token of his authorisation code, lets the bank execute what he approved.

use axum::{
    Extension,
    extract::{FromRequestParts, Path, State, rejection::PathRejection},
    http::{StatusCode, request::Parts},
    response::Response,
};
use payments::{
    Payment, Version,
    confirmation::{self, Confirmation},
    institution::Redirect,
    journal::Actor,
    ports::{Change, StoreError},
    token::Scope,
    values::PaymentId,
    work::{Task, Work},
};

use super::{ApiError, call::Call, edition::Edition, initiate::json, parse::InvalidField, render};
use crate::{App, caller};

/// How often a confirmation is decided anew because somebody else changed the payment.
const ATTEMPTS: usize = 6;

/// Answers like `GET`, with the new status; a repetition gets the status of then.
///
/// Where the bank does not ask for confirmations the method is not offered, whoever calls; save to the holder
/// of a confirmation's token, who has it from the time when the bank did.
pub(crate) async fn confirm(
    State(app): State<App>,
    Extension(version): Extension<Version>,
    Offered(offered): Offered,
    id: Result<Path<String>, PathRejection>,
    call: Result<Call, ApiError>,
) -> Result<Response, ApiError> {
    let call = match call {
        Ok(call) if offered || call.pisp.token_is_for(Scope::Confirmation).is_ok() => call,
        Err(refusal) if offered => return Err(refusal),
        Ok(_) | Err(_) => return Ok(super::no_method().await),
    };
    let Path(id) = id.map_err(|_| ApiError::NotFound)?;
    let id = PaymentId::parse(&id).map_err(|_| ApiError::NotFound)?;
    call.pisp.token_is_for(Scope::Confirmation)?;
    call.pisp.token_serves(&id)?;
    let body = stet::read_confirmation(&call.body, stet::Limits::default()).map_err(InvalidField::from)?;
    // The same whether the payment exists or not: the nonce is made of its id.
    let nonce_fits = body.nonce.is_none_or(|nonce| app.link_key.is_nonce(&id, &nonce));
    let payment = until_saved(&app, Edition::of(version), &call, &id, nonce_fits).await?;
    let institution = &call.pisp.counter.institution;
    Ok(json(StatusCode::OK, call.answer_type, &render::payment_request(version, &payment, institution)))
}

/// Decides on what is stored, and anew whenever somebody else saved first: the end of the time to confirm, or
/// the same confirmation once more.
async fn until_saved(
    app: &App,
    edition: &Edition,
    call: &Call,
    id: &PaymentId,
    nonce_fits: bool,
) -> Result<Payment, ApiError> {
    for _ in 0..ATTEMPTS {
        let payment = find(app, call, id).await?;
        if !nonce_fits {
            return Err(ApiError::Nonce);
        }
        let decided = confirmation::confirm(&payment, app.now());
        let refused = |rule| ApiError::NotConfirmable(edition.not_in_this_state, rule);
        let event = match decided.map_err(refused)? {
            Confirmation::Again => return Ok(payment),
            Confirmation::First(event) => event,
        };
        let mut confirmed = payment;
        let now = app.now();
        let Ok(entry) = confirmed.record(event, Actor::Tpp, now) else {
            return Err(ApiError::Internal);
        };
        let execution = Work { payment: id.clone(), task: Task::Execute, due: now };
        let change = Change { work: vec![execution], ..Change::of(confirmed.clone(), vec![entry]) };
        match app.store.save(change).await {
            Ok(()) => {
                tracing::info!(payment_id = %id, client_id = %call.pisp.tpp.id, "payment request confirmed");
                app.bell.ring();
                return Ok(confirmed);
            }
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ApiError::Busy)
}

async fn find(app: &App, call: &Call, id: &PaymentId) -> Result<Payment, ApiError> {
    let institution = &call.pisp.counter.institution;
    let found = app.store.find(id, &call.pisp.tpp.id, &institution.code).await?;
    found.filter(|payment| payment.is_retained(institution, app.now())).ok_or(ApiError::NotFound)
}

/// Whether the bank that is called asks for confirmations in the version that is called.
pub(crate) struct Offered(bool);

impl FromRequestParts<App> for Offered {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let counter = caller::counter(app, parts);
        let redirect = parts.extensions.get::<Version>().zip(counter);
        let redirect = redirect.map(|(version, counter)| counter.institution.redirect(*version));
        Ok(Self(redirect == Some(Redirect::Enforced)))
    }
}
