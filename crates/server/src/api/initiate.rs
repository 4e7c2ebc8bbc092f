//! `POST /payment-requests` (STET PSD2 API, payment request initiation).

use axum::{
    Extension,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, ToSpan};
use payments::{
    Payment, PaymentRequest, Version, admission,
    payment::Registration,
    ports::{Inserted, NewPayment, RequestKey},
    token::Scope,
    work::{Task, Work},
};

use super::{ApiError, body::AnswerType, call::Call, parse, render};
use crate::{App, caller::sha256};

/// Answers 201 with the link where the PSU approves; the same call again gets the same answer.
pub(crate) async fn initiate(
    State(app): State<App>,
    Extension(version): Extension<Version>,
    call: Call,
) -> Result<Response, ApiError> {
    call.pisp.token_is_for(Scope::PaymentInitiation)?;
    let now = app.now();
    let request = parse::payment_request(version, &call.body)?;
    let institution = &call.pisp.counter.institution;
    let admitted = admission::admit(&request, version, institution, &call.pisp.tpp, now);
    let new = new_payment(&app, version, &call, request, now);
    let payment = match admitted {
        Ok(()) => insert(&app, new).await?,
        Err(refusal) => first_of(&app, &call, &new).await?.ok_or(refusal)?,
    };
    Ok(created(&app, version, &call, &payment))
}

/// Stores the payment, or finds the one that this call made before.
async fn insert(app: &App, new: NewPayment) -> Result<Payment, ApiError> {
    let payment = new.payment.clone();
    match app.store.insert(new).await? {
        Inserted::New => {
            tracing::info!(payment_id = %payment.id(), client_id = %payment.registration().tpp, "payment request registered");
            Ok(payment)
        }
        Inserted::Repeated(first) => Ok(*first),
        Inserted::RequestIdReused => Err(ApiError::RequestIdReused),
        Inserted::TokenSpent => Err(ApiError::TokenSpent),
    }
}

/// The payment made by an earlier call like this one, which was admitted then though it would not be now:
/// midnight may lie between a call and its repetition.
async fn first_of(app: &App, call: &Call, new: &NewPayment) -> Result<Option<Payment>, ApiError> {
    let Some(first) = app.store.find_repeated(new).await? else {
        return Ok(None);
    };
    call.pisp.tie_token(app, first.id()).await?;
    Ok(Some(first))
}

fn new_payment(
    app: &App,
    version: Version,
    call: &Call,
    request: PaymentRequest,
    now: Timestamp,
) -> NewPayment {
    let key = request_key(call, &request);
    let (payment, entry) = Payment::register(registration(app, version, call, request, now));
    let expiry =
        Work { payment: payment.id().clone(), task: Task::Expire, due: payment.registration().expires_at };
    NewPayment { payment, entry, key, token: call.pisp.token_to_tie(), work: vec![expiry] }
}

fn registration(
    app: &App,
    version: Version,
    call: &Call,
    request: PaymentRequest,
    now: Timestamp,
) -> Registration {
    let institution = &call.pisp.counter.institution;
    let validity_s = i64::from(institution.settings.request_validity_s);
    Registration {
        id: app.new_payment_id(now),
        institution: institution.code.clone(),
        tpp: call.pisp.tpp.id.clone(),
        tpp_name: call.pisp.tpp.name.clone(),
        version,
        redirect: institution.redirect(version),
        at: now,
        expires_at: now.saturating_add(validity_s.seconds()).unwrap_or(now),
        request,
        psu_context: call.psu_context.clone(),
    }
}

/// What makes a repetition recognisable: the bytes as sent, and the content as understood.
fn request_key(call: &Call, request: &PaymentRequest) -> RequestKey {
    let content = serde_json::to_vec(request).expect("a request has only string keys and integers");
    RequestKey {
        request_id: call.request_id.clone(),
        body_sha256: sha256(&call.body),
        content_sha256: sha256(&content),
    }
}

fn created(app: &App, version: Version, call: &Call, payment: &Payment) -> Response {
    let nonce = app.link_key.nonce(payment.id());
    let link = app.link_key.consent_url(&call.pisp.counter, payment);
    let body = render::creation(payment.registration().redirect, link, nonce);
    let mut response = json(StatusCode::CREATED, call.answer_type, &body);
    if let Ok(location) = HeaderValue::from_str(&render::path(version, payment)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// A JSON answer of the type the caller asked for.
pub(super) fn json(status: StatusCode, answer_type: AnswerType, body: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => (status, [(header::CONTENT_TYPE, answer_type.content_type())], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            ApiError::Internal.into_response()
        }
    }
}
