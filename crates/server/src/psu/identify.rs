//! P-1: who are you?

use axum::{extract::State, response::Response};
use payments::{journey::Step, values::PsuId};

use super::{
    decide::{keep, tell, until_saved},
    forms::Form,
    frame::Frame,
    pages::{IdentifyPage, html},
    problem::Problem,
    visit::{Notice, Page, Told, Visit},
};
use crate::App;

/// `GET /psu/identify`.
pub(super) async fn show(visit: Visit, Told(notice): Told) -> Result<Response, Problem> {
    if visit.page() != Page::Identify {
        return Ok(visit.to_page());
    }
    let t = visit.texts();
    let alert = (notice == Some(Notice::Missing)).then(|| t.identify.missing.to_owned());
    html(&IdentifyPage { frame: Frame::of(&visit, t.identify.title).alerting(alert, "customer") })
}

/// `POST /psu/identify`. Whether the number exists is not looked up, so it cannot be told.
pub(super) async fn submit(State(app): State<App>, form: Form) -> Result<Response, Problem> {
    let typed = PsuId::parse(form.fields.typed("customer")).ok();
    until_saved(&app, form.visit, |visit| claim(&app, visit, typed.clone())).await
}

async fn claim(app: &App, visit: Visit, typed: Option<PsuId>) -> Result<Response, Problem> {
    if visit.page() != Page::Identify {
        return Ok(visit.to_page());
    }
    let Some(psu) = typed else {
        return tell(app, &visit, Notice::Missing).await;
    };
    keep(app, &visit, visit.at(Step::Password(psu))).await?;
    Ok(Page::Password.next())
}

/// `POST /psu/identify/again`: another customer number is to be used.
pub(super) async fn again(State(app): State<App>, form: Form) -> Result<Response, Problem> {
    until_saved(&app, form.visit, |visit| forget(&app, visit)).await
}

async fn forget(app: &App, visit: Visit) -> Result<Response, Problem> {
    if visit.page() != Page::Password {
        return Ok(visit.to_page());
    }
    keep(app, &visit, visit.at(Step::Identify)).await?;
    Ok(Page::Identify.next())
}
