//! A bank behind the HTTP connector: what a real bank would put in front of its core-banking system.
//!
//! The sandbox serves its own bank this way, so that `guichet serve` can be tried against it.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::post,
};
use payments::{
    ports::{Bank, CodeMessage, Messenger, Password, Rail, Reservation, Unavailable},
    transfer::TransferOrder,
};
use serde::Serialize;
use server::connector::{Credentials, Holder, Referred, question};

/// A bank with its rail and its messenger.
pub trait WholeBank: Bank + Rail + Messenger {}
impl<T: Bank + Rail + Messenger> WholeBank for T {}

type Served = Arc<dyn WholeBank>;

/// Routes that answer the connector's questions to whoever knows `secret`.
pub fn router(bank: Served, secret: &str) -> Router {
    let expected = Arc::new(format!("Bearer {secret}"));
    Router::new()
        .route(&path(question::AUTHENTICATE), post(authenticate))
        .route(&path(question::ACCOUNTS), post(accounts))
        .route(&path(question::RESERVE), post(reserve))
        .route(&path(question::RELEASE), post(release))
        .route(&path(question::SUBMIT), post(submit))
        .route(&path(question::INQUIRE), post(inquire))
        .route(&path(question::SEND_CODE), post(send_code))
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            let expected = Arc::clone(&expected);
            async move { if knows(&request, &expected) { next.run(request).await } else { stranger() } }
        }))
        .with_state(bank)
}

fn path(question: &str) -> String {
    format!("/{question}")
}

fn knows(request: &Request, expected: &str) -> bool {
    let given = request.headers().get(header::AUTHORIZATION).map(axum::http::HeaderValue::as_bytes);
    given == Some(expected.as_bytes())
}

fn stranger() -> Response {
    StatusCode::UNAUTHORIZED.into_response()
}

fn answer<T: Serialize>(result: Result<T, Unavailable>) -> Response {
    match result {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => {
            tracing::warn!(%error, "a question of the connector was not answered");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn authenticate(State(bank): State<Served>, Json(asked): Json<Credentials>) -> Response {
    answer(bank.authenticate(&asked.institution, &asked.psu, &Password(asked.password)).await)
}

async fn accounts(State(bank): State<Served>, Json(asked): Json<Holder>) -> Response {
    answer(bank.accounts(&asked.institution, &asked.psu).await)
}

async fn reserve(State(bank): State<Served>, Json(asked): Json<Reservation>) -> Response {
    answer(bank.reserve(&asked).await)
}

async fn release(State(bank): State<Served>, Json(asked): Json<Referred>) -> Response {
    answer(bank.release(&asked.institution, &asked.reference).await)
}

async fn submit(State(bank): State<Served>, Json(asked): Json<TransferOrder>) -> Response {
    answer(bank.submit(&asked).await)
}

async fn inquire(State(bank): State<Served>, Json(asked): Json<Referred>) -> Response {
    answer(bank.inquire(&asked.institution, &asked.reference).await)
}

async fn send_code(State(bank): State<Served>, Json(asked): Json<CodeMessage>) -> Response {
    answer(bank.send_code(&asked).await)
}
