//! The consent link is opened: a visit begins.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::header::SET_COOKIE;
use payments::{
    Payment,
    encoding::hex,
    journal::Actor,
    journey::{Journey, Step},
    lifecycle::Event,
    values::PaymentId,
};
use url::form_urlencoded;

use super::{
    decide::{ATTEMPTS, Draft},
    frame::{About, counter_of},
    language::Language,
    problem::Problem,
    visit::{Cookie, Page, Visit},
};
use crate::{App, app::Counter, link::PAYMENT_PARAMETER};

/// `GET` of the consent link. It may be opened as often as one likes until the payment is decided: each
/// time begins a visit of its own.
pub(super) async fn open(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let counter = counter_of(request.extensions())?;
    let query = request.uri().query().unwrap_or_default();
    let payment = find(&app, &counter, query).await?;
    let language = Language::asked(request.uri(), request.headers());
    if let Some(about) = request.extensions().get::<About>() {
        about.tell(language, payment.id());
    }
    let cookie = Cookie::new(app.random_bytes());
    let mut visit = begin(&app, counter, payment, &cookie, language);
    for _ in 1..ATTEMPTS {
        match save(&app, &visit).await {
            Err(Problem::Raced) => visit.payment = find(&app, &visit.counter, query).await?,
            saved => return saved.map(|()| welcome(&cookie, app.psu_tls)),
        }
    }
    Err(Problem::Raced)
}

/// The payment a link names, if it waits for a decision here. Why not is never told, nor how long it
/// took to find out: the nonce is compared whether or not the payment exists.
async fn find(app: &App, counter: &Counter, query: &str) -> Result<Payment, Problem> {
    let value = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let id = PaymentId::parse(&value(PAYMENT_PARAMETER)).map_err(|_| Problem::LinkOver)?;
    let nonce_fits = app.link_key.is_nonce(&id, &value("nonce"));
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

fn begin(app: &App, counter: Arc<Counter>, payment: Payment, cookie: &Cookie, language: Language) -> Visit {
    let now = app.now();
    let journey = Journey {
        id: cookie.journey_id(),
        payment: payment.id().clone(),
        institution: counter.institution.code.clone(),
        csrf: hex(&app.random_bytes::<32>()),
        language: language.code().to_owned(),
        opened_at: now,
        last_seen_at: now,
        failures: 0,
        codes_sent: 0,
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
