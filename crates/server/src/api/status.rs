//! `GET /payment-requests/{id}` (STET PSD2 API, payment request retrieval).

use axum::{
    Extension,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use payments::{Version, values::PaymentId};

use super::{ApiError, call::Call, initiate::json, render};
use crate::App;

/// Answers with the request and where it stands. Another TPP's payment and no payment answer alike.
pub(crate) async fn status(
    State(app): State<App>,
    Extension(version): Extension<Version>,
    id: Result<Path<String>, PathRejection>,
    call: Call,
) -> Result<Response, ApiError> {
    let pisp = &call.pisp;
    // Bytes that are no text are no id of ours either.
    let Path(id) = id.map_err(|_| ApiError::NotFound)?;
    let id = PaymentId::parse(&id).map_err(|_| ApiError::NotFound)?;
    pisp.token_serves(&id)?;
    let institution = &pisp.counter.institution;
    let found = app.store.find(&id, &pisp.tpp.id, &institution.code).await?;
    let payment =
        found.filter(|payment| payment.is_retained(institution, app.now())).ok_or(ApiError::NotFound)?;
    pisp.tie_token(&app, &id).await?;
    Ok(json(StatusCode::OK, call.answer_type, &render::payment_request(version, &payment, institution)))
}
