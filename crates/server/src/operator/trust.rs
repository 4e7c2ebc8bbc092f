//! `GET /trust`: the authorities that are trusted, and where each comes from.

use askama::Template;
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::Timestamp;

use super::page::{Frame, html, wants_json};
use crate::{
    App,
    psu::format::plain,
    trust::{AnchorOrigin, Uses},
};

/// Its path.
pub(super) const PATH: &str = "/trust";

/// The route.
pub(super) fn router(app: App) -> Router {
    Router::new().route(PATH, get(show)).with_state(app)
}

#[derive(Template)]
#[template(path = "operator/trust.html")]
struct TrustPage {
    frame: Frame,
    now: String,
    anchors: Vec<Row>,
}

struct Row {
    name: String,
    sha256: String,
    uses: &'static str,
    source: String,
    since: String,
    not_after: String,
    is_over: bool,
}

async fn show(State(app): State<App>, headers: HeaderMap) -> Response {
    let (trust, now) = (app.trust.current(), app.now());
    if wants_json(&headers) {
        return ([(header::VARY, "accept")], Json(trust.origins())).into_response();
    }
    let page = TrustPage {
        frame: Frame::of(PATH, "Who is trusted"),
        now: minute(now),
        anchors: trust.origins().iter().map(|origin| Row::of(origin, now)).collect(),
    };
    html(StatusCode::OK, &page)
}

impl Row {
    fn of(origin: &AnchorOrigin, now: Timestamp) -> Self {
        Self {
            name: plain(&origin.name),
            sha256: origin.sha256.clone(),
            uses: match origin.uses {
                Uses { websites: true, seals: true } => "QWACs, QSealCs",
                Uses { websites: true, seals: false } => "QWACs",
                Uses { websites: false, seals: true } => "QSealCs",
                Uses { websites: false, seals: false } => "nothing",
            },
            source: plain(&origin.source),
            since: origin.since.map_or_else(String::new, minute),
            not_after: minute(origin.not_after),
            is_over: origin.not_after <= now,
        }
    }
}

/// A moment, to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
