//! "Refuse and go back": offered on every page, and never made harder than one click.

use axum::{extract::State, response::Response};
use payments::{journal::Actor, lifecycle::Event};

use super::{
    account::reason_to_leave,
    decide::{Draft, reject, until_saved},
    forms::Form,
    problem::Problem,
    visit::{Page, Visit},
};
use crate::App;

/// `POST /psu/refuse`.
pub(super) async fn submit(State(app): State<App>, form: Form) -> Result<Response, Problem> {
    until_saved(&app, form.visit, |visit| refuse(&app, visit)).await
}

async fn refuse(app: &App, visit: Visit) -> Result<Response, Problem> {
    if visit.page() == Page::Outcome {
        return Ok(visit.to_page());
    }
    if let Some(reason) = reason_to_leave(app, &visit).await {
        return reject(app, &visit, reason).await;
    }
    Draft::of(&visit, visit.seen()).end(Event::Refuse, Actor::Psu)?.commit(app).await?;
    Ok(Page::Outcome.next())
}
