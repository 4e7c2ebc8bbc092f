//! The consent link is opened: a visit begins.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::header::SET_COOKIE;
use payments::{
    Payment,
    code::Callback,
    encoding::hex,
    institution::Redirect,
    journal::Actor,
    journey::{Journey, Step},
    lifecycle::Event,
    tpp::Tpp,
};

use super::{
    asked::Asked,
    decide::{ATTEMPTS, Draft},
    frame::{About, counter_of},
    initiator,
    language::Language,
    problem::Problem,
    visit::{Cookie, Page, Visit},
};
use crate::{App, app::Counter};

/// `GET` of the consent link. It may be opened as often as one likes until the payment is decided: each
/// time begins a visit of its own.
pub(super) async fn open(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let counter = counter_of(request.extensions())?;
    let asked = Asked::read(request.uri().query().unwrap_or_default()).map_err(Problem::InvalidLink)?;
    let payment = find(&app, &counter, &asked).await?;
    let tpp = initiator::find(&app, &counter.institution, &payment).await?;
    let callback = callback(&tpp, &payment, &asked)?;
    let language = Language::asked(request.uri(), request.headers());
    if let Some(about) = request.extensions().get::<About>() {
        about.tell(language, payment.id());
    }
    let cookie = Cookie::new(app.random_bytes());
    let mut visit = begin(&app, counter, payment, &cookie, language);
    visit.journey.callback = callback;
    for _ in 1..ATTEMPTS {
        match save(&app, &visit).await {
            Err(Problem::Raced) => visit.payment = find(&app, &visit.counter, &asked).await?,
            saved => return saved.map(|()| welcome(&cookie, app.psu_tls)),
        }
    }
    Err(Problem::Raced)
}

/// The payment a link names, if it waits for a decision here. Why not is never told, nor how long it
/// took to find out: the nonce is compared whether or not the payment exists.
async fn find(app: &App, counter: &Counter, asked: &Asked) -> Result<Payment, Problem> {
    let id = asked.payment().ok_or(Problem::LinkOver)?;
    let nonce_fits = app.link_key.is_nonce(&id, asked.nonce());
    let now = app.now();
    app.store
        .load(&id)
        .await?
        .filter(|_| nonce_fits)
        .filter(|payment| payment.registration().institution == counter.institution.code)
        .filter(|payment| !payment.is_worn_out())
        .filter(|payment| payment.state().is_open() && now < payment.registration().expires_at)
        .ok_or(Problem::LinkOver)
}

/// Where and how the PSU goes back to `tpp`. A simple redirect leads where the payment request said, whatever the link
/// says.
fn callback(tpp: &Tpp, payment: &Payment, asked: &Asked) -> Result<Callback, Problem> {
    if payment.registration().redirect == Redirect::Simple {
        return Ok(Callback::default());
    }
    asked.callback(tpp).map_err(Problem::InvalidLink)
}

fn begin(app: &App, counter: Arc<Counter>, payment: Payment, cookie: &Cookie, language: Language) -> Visit {
    let now = app.now();
    let journey = Journey {
        id: cookie.journey_id(),
        payment: payment.id().clone(),
        institution: counter.institution.code.clone(),
        callback: Callback::default(),
        csrf: hex(&app.random_bytes::<32>()),
        language: language.code().to_owned(),
        opened_at: now,
        last_seen_at: now,
        failures: 0,
        codes_sent: 0,
        callbacks: 0,
        step: Step::Identify,
    };
    Visit { counter, journey, payment, now }
}

async fn save(app: &App, visit: &Visit) -> Result<(), Problem> {
    Draft::of(visit, visit.seen()).record(Event::Open, Actor::Psu)?.commit(app).await
}

fn welcome(cookie: &Cookie, tls: bool) -> Response {
    let mut response = Page::Identify.next();
    response.headers_mut().append(SET_COOKIE, cookie.header(tls));
    response
}
