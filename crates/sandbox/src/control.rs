//! The sandbox's control API, for developers and their tests: move the clock, play the customer, start the
//! pretend bank afresh. Mounted on the operator listener, in a sandbox only.
//!
//! | Call | Body |
//! | --- | --- |
//! | `GET /sandbox/clock` | |
//! | `POST /sandbox/clock` | `{"now":"2026-03-02T10:00:00Z"}`, `{"advance":"PT1H"}` or `{"advance":3600}` (seconds) |
//! | `POST /sandbox/psu/{payment}/approve` | optional: `{"psu":"170000001","account":"FR76…"}` |
//! | `POST /sandbox/psu/{payment}/refuse`, `…/abandon` | the same |
//! | `POST /sandbox/reset` | |

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header},
    middleware::from_fn,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::{SignedDuration, Span, Timestamp};
use payments::values::{Iban, PaymentId, PsuId};
use serde::{Deserialize, Serialize};
use server::{App, app::Clock as _, operator::only_from_here};

use crate::{
    bank::SandboxBank,
    clock::{ClockError, SandboxClock},
};

/// What the control API steers.
#[derive(Clone)]
pub struct Control {
    /// The server, for its bell: a moved clock makes work due.
    pub app: App,
    /// The test clock.
    pub clock: Arc<SandboxClock>,
    /// Plays customers.
    pub player: Arc<dyn PlayPsu>,
    /// The pretend bank.
    pub bank: SandboxBank,
}

/// What a played customer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// He pays.
    Approve,
    /// He refuses.
    Refuse,
    /// He opens the link and does nothing.
    Abandon,
}

/// Who is played.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Played {
    /// His customer number; the first persona of the payment's institution if there is none.
    pub psu: Option<PsuId>,
    /// The account he pays from; the first that can pay if there is none.
    pub account: Option<Iban>,
    /// The consent link as the PISP completed it, where the redirect is enforced; the bank's own if there is
    /// none.
    pub link: Option<String>,
}

/// Why a customer could not be played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// There is no such payment.
    #[error("no such payment request")]
    NoSuchPayment,
    /// The customer is none of the institution's personas: playing a stranger would end the payment.
    #[error("the institution has no such persona")]
    NoSuchPersona,
    /// The bank's pages did not let him through; the text says which and why.
    #[error("{0}")]
    Stuck(String),
}

/// Plays a customer: opens the consent link and goes through the bank's own pages, so that whatever comes of
/// it is what would come of a real visit.
#[async_trait]
pub trait PlayPsu: Send + Sync {
    /// Plays a customer; gives where his browser ended up.
    async fn play(
        &self,
        payment: &PaymentId,
        decision: Decision,
        played: Played,
    ) -> Result<PlayedTo, PlayError>;
}

/// Where a played customer's browser ended up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlayedTo {
    /// Sent back to this address of the PISP.
    SentBack(String),
    /// On a page of the bank with this heading.
    Stayed(String),
}

/// The routes of the control API.
pub fn router(control: Control) -> Router {
    Router::new()
        .route("/sandbox/clock", get(show_clock).post(move_clock))
        .route("/sandbox/psu/{payment}/approve", post(approve))
        .route("/sandbox/psu/{payment}/refuse", post(refuse))
        .route("/sandbox/psu/{payment}/abandon", post(abandon))
        .route("/sandbox/reset", post(reset))
        .layer(from_fn(only_from_here))
        .with_state(control)
}

#[derive(Serialize)]
struct ClockShown {
    now: Timestamp,
    /// Seconds ahead of the machine's clock.
    ahead_s: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    now: Option<Timestamp>,
    advance: Option<Advance>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Advance {
    Seconds(i64),
    Duration(Span),
}

impl Advance {
    /// Days are days of 24 hours; months and years have no fixed length and are refused.
    fn duration(&self) -> Option<SignedDuration> {
        match self {
            Self::Seconds(seconds) => Some(SignedDuration::from_secs(*seconds)),
            Self::Duration(span) => span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok(),
        }
    }
}

async fn show_clock(State(control): State<Control>) -> Json<ClockShown> {
    Json(ClockShown { now: control.clock.now(), ahead_s: control.clock.offset().as_secs() })
}

async fn move_clock(State(control): State<Control>, body: Bytes) -> Response {
    let asked: ClockMove = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let moved = match (asked.now, asked.advance.as_ref().map(Advance::duration)) {
        (Some(now), None) => control.clock.set(now),
        (None, Some(Some(by))) => control.clock.advance(by),
        _ => {
            return refused(StatusCode::BAD_REQUEST, r#"give "now", or "advance" as PT1H or in seconds"#);
        }
    };
    match moved {
        Ok(_) => {
            control.app.bell.ring();
            show_clock(State(control)).await.into_response()
        }
        Err(error @ ClockError::TooFar) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
        Err(error @ ClockError::File { .. }) => {
            tracing::error!(%error, "the test clock was not moved");
            refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
        }
    }
}

async fn approve(control: State<Control>, payment: Path<String>, body: Bytes) -> Response {
    play(control, payment, body, Decision::Approve).await
}

async fn refuse(control: State<Control>, payment: Path<String>, body: Bytes) -> Response {
    play(control, payment, body, Decision::Refuse).await
}

async fn abandon(control: State<Control>, payment: Path<String>, body: Bytes) -> Response {
    play(control, payment, body, Decision::Abandon).await
}

async fn play(
    State(control): State<Control>,
    Path(payment): Path<String>,
    body: Bytes,
    decision: Decision,
) -> Response {
    let played = match read_played(&body) {
        Ok(played) => played,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let Ok(payment) = PaymentId::parse(&payment) else {
        return refused(StatusCode::NOT_FOUND, &PlayError::NoSuchPayment.to_string());
    };
    match control.player.play(&payment, decision, played).await {
        Ok(to) => Json(to).into_response(),
        Err(error @ (PlayError::NoSuchPayment | PlayError::NoSuchPersona)) => {
            refused(StatusCode::NOT_FOUND, &error.to_string())
        }
        Err(error @ PlayError::Stuck(_)) => refused(StatusCode::CONFLICT, &error.to_string()),
    }
}

fn read_played(body: &[u8]) -> Result<Played, serde_json::Error> {
    if body.trim_ascii().is_empty() {
        return Ok(Played::default());
    }
    serde_json::from_slice(body)
}

async fn reset(State(control): State<Control>) -> Response {
    match control.bank.reset().await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            tracing::error!(%error, "the pretend bank was not reset");
            refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
        }
    }
}

/// What is wrong, as JSON.
fn refused(status: StatusCode, message: &str) -> Response {
    let body = Json(serde_json::json!({ "status": status.as_u16(), "message": message }));
    (status, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_moved_by_durations_of_known_length() {
        let table = [
            (r#"{"advance":3600}"#, Some(3_600)),
            (r#"{"advance":-60}"#, Some(-60)),
            (r#"{"advance":"PT1H30M"}"#, Some(5_400)),
            (r#"{"advance":"P1D"}"#, Some(86_400)),
            (r#"{"advance":"P1M"}"#, None),
        ];
        for (body, expected) in table {
            let asked: ClockMove = serde_json::from_str(body).unwrap();
            let by = asked.advance.unwrap().duration();
            assert_eq!(by.map(|by| by.as_secs()), expected, "{body}");
        }
        for body in ["", "[]", r#"{"advance":"tomorrow"}"#, r#"{"forward":1}"#, r#"{"now":"today"}"#] {
            assert!(serde_json::from_str::<ClockMove>(body).is_err(), "{body}");
        }
    }

    #[test]
    fn who_is_played_may_be_left_open() {
        assert_eq!(read_played(b" ").unwrap(), Played::default());
        assert_eq!(read_played(b"{}").unwrap(), Played::default());
        let named = read_played(br#"{"psu":"170000001"}"#).unwrap();
        assert_eq!(named.psu.unwrap().as_str(), "170000001");
        for wrong in [&b"{\"name\":\"x\"}"[..], b"null x", b"{\"account\":\"FR00\"}"] {
            assert!(read_played(wrong).is_err());
        }
    }
}
