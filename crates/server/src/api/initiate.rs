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
    let now = app.now();
    let request = parse::payment_request(version, &call.body)?;
    admission::admit(
        &request,
        version,
        &call.pisp.counter.institution,
        &call.pisp.tpp,
        now,
    )?;
    let key = request_key(&call, &request);
    let (payment, entry) = Payment::register(registration(&app, version, &call, request, now));
    let expiry = Work {
        payment: payment.id().clone(),
        task: Task::Expire,
        due: payment.registration().expires_at,
    };
    let new = NewPayment {
        payment: payment.clone(),
        entry,
        key,
        token: call.pisp.token_to_tie(),
        work: vec![expiry],
    };
    let payment = match app.store.insert(new).await? {
        Inserted::New => payment,
        Inserted::Repeated(first) => *first,
        Inserted::RequestIdReused => return Err(ApiError::RequestIdReused),
        Inserted::TokenSpent => return Err(ApiError::TokenSpent),
    };
    tracing::info!(payment = %payment.id(), client_id = %call.pisp.tpp.id, "payment request registered");
    Ok(created(&app, version, &call, &payment))
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
        at: now,
        expires_at: now.saturating_add(validity_s.seconds()).unwrap_or(now),
        request,
        psu_context: call.psu_context.clone(),
    }
}

/// What makes a repetition recognisable: the bytes as sent, and the content as understood.
fn request_key(call: &Call, request: &PaymentRequest) -> RequestKey {
    let content = serde_json::to_vec(request).unwrap_or_default();
    RequestKey {
        request_id: call.request_id.clone(),
        body_sha256: sha256(&call.body),
        content_sha256: sha256(&content),
    }
}

fn created(app: &App, version: Version, call: &Call, payment: &Payment) -> Response {
    let nonce = app.link_key.nonce(payment.id());
    let link = app.link_key.consent_url(&call.pisp.counter, payment.id());
    let location = format!("{}/payment-requests/{}", version.base_path(), payment.id());
    let mut response = json(
        StatusCode::CREATED,
        call.answer_type,
        &render::creation(link, nonce),
    );
    if let Ok(location) = HeaderValue::from_str(&location) {
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
