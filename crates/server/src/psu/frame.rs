//! What surrounds every page: the institution's name, the language, the payment; and every answer: headers.

use std::sync::{Arc, OnceLock};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    header::{HOST, SET_COOKIE},
    request::Parts,
};
use payments::values::PaymentId;

use super::{
    assets::{ICON_PATH, STYLE_PATH},
    format::{self, plain},
    headers::secure,
    language::Language,
    problem::Problem,
    texts::Texts,
    visit::{Page, Visit, cookie_of_none},
};
use crate::{App, app::Counter, caller, listener::Turned};

/// What a request turns out to be about, told to whoever renders a problem or logs it.
#[derive(Clone, Default)]
pub(super) struct About(Arc<Found>);

#[derive(Default)]
struct Found {
    language: OnceLock<Language>,
    payment: OnceLock<PaymentId>,
}

impl About {
    /// The visit the request belongs to has been found.
    pub(super) fn tell(&self, language: Language, payment: &PaymentId) {
        // The first word counts: a visit is found once per request.
        let _ = self.0.language.set(language);
        let _ = self.0.payment.set(payment.clone());
    }
}

/// Finds the institution, runs the handler, renders what went wrong and adds the headers.
pub(super) async fn frame(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let counter = host(&request).and_then(|host| app.counters.by_host(host));
    let institution = counter.as_ref().map_or_else(String::new, |counter| counter.institution.name.clone());
    let asked = Language::asked(request.uri(), request.headers());
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let about = About::default();
    request.extensions_mut().insert(about.clone());
    let mut response = match counter {
        Some(counter) => {
            request.extensions_mut().insert(counter);
            next.run(request).await
        }
        None => Problem::NoSuchPage.into_response(),
    };
    if let Some(problem) = response.extensions().get::<Problem>().cloned() {
        log(&problem, about.0.payment.get());
        let language = about.0.language.get().copied().unwrap_or(asked);
        response = problem.page(&institution, language, (&method, &uri));
        if problem.ends_visit() {
            let cookie = cookie_of_none(app.psu_tls);
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    secure(&mut response, app.psu_tls);
    response
}

/// The page for a visitor whose request goes no further than the listener.
pub(crate) fn turned_away(app: &App, parts: &Parts, turned: &Turned) -> Response {
    let problem = match turned {
        Turned::TooMany(_) => Problem::TooMany,
        Turned::Unclear(unclear) => Problem::Unclear(unclear.to_string()),
    };
    let institution = caller::counter(app, parts);
    let institution = institution.map_or_else(String::new, |counter| counter.institution.name.clone());
    let language = Language::asked(&parts.uri, &parts.headers);
    let mut response = problem.page(&institution, language, (&parts.method, &parts.uri));
    secure(&mut response, app.psu_tls);
    response
}

fn host(request: &Request) -> Option<&str> {
    let named = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    named.or_else(|| Some(request.uri().authority()?.as_str()))
}

fn log(problem: &Problem, payment: Option<&PaymentId>) {
    let payment_id = payment.map_or("", PaymentId::as_str);
    match problem {
        Problem::Technical(_) | Problem::Raced => {
            tracing::error!(payment_id, error = %problem, "a page could not be served");
        }
        _ => tracing::info!(payment_id, error = %problem, "a visitor was turned away"),
    }
}

/// The parts all pages share.
pub(super) struct Frame {
    /// The words.
    pub(super) t: &'static Texts,
    /// Whose pages these are; empty where the host is unknown.
    pub(super) institution: String,
    /// What the page is called.
    pub(super) title: &'static str,
    /// Path of the style sheet.
    pub(super) style: &'static str,
    /// Path of the icon.
    pub(super) icon: &'static str,
    /// Where this page is shown in the other language.
    pub(super) other_language: String,
    /// How many steps are behind, on the pages that are steps.
    pub(super) progress: Option<usize>,
    /// The payment, on the pages of a visit.
    pub(super) asked: Option<Asked>,
    /// What forms send back; empty outside a visit.
    pub(super) csrf: String,
    /// What went wrong in what the visitor typed.
    pub(super) alert: Option<Alert>,
}

/// What the PISP asks for, ready to be shown.
pub(super) struct Asked {
    /// Who asks.
    pub(super) pisp: String,
    /// How much.
    pub(super) amount: String,
    /// Who is paid.
    pub(super) payee: String,
    /// Where, in groups of four.
    pub(super) iban: String,
    /// On whose behalf the payee is paid.
    pub(super) ultimate_payee: Option<String>,
    /// What it is about.
    pub(super) remittance: String,
    /// When.
    pub(super) date: String,
    /// By which kind of transfer.
    pub(super) kind: &'static str,
}

/// A message about the field that has to be filled in again.
pub(super) struct Alert {
    /// What is wrong, in a sentence.
    pub(super) text: String,
    /// The id of the field; empty if no field can mend it.
    pub(super) field: &'static str,
}

impl Frame {
    /// The frame of a page outside a visit.
    pub(super) fn bare(
        t: &'static Texts,
        institution: &str,
        title: &'static str,
        other_language: String,
    ) -> Self {
        Self {
            t,
            institution: institution.to_owned(),
            title,
            style: &STYLE_PATH,
            icon: &ICON_PATH,
            other_language,
            progress: None,
            asked: None,
            csrf: String::new(),
            alert: None,
        }
    }

    /// The frame of a page of `visit`.
    pub(super) fn of(visit: &Visit, title: &'static str) -> Self {
        let t = visit.texts();
        let institution = &visit.counter.institution.name;
        Self {
            progress: visit.page().progress(),
            asked: Some(Asked::of(visit)),
            csrf: visit.journey.csrf.clone(),
            ..Self::bare(t, institution, title, format!("/psu/language/{}", t.other_code))
        }
    }

    /// The frame with a message about `field`.
    pub(super) fn alerting(self, text: Option<String>, field: &'static str) -> Self {
        Self { alert: text.map(|text| Alert { text, field }), ..self }
    }

    /// Whether there is something to say about a field.
    pub(super) fn is_invalid(&self, field: &str) -> bool {
        self.alert.as_ref().is_some_and(|alert| alert.field == field)
    }
}

impl Asked {
    fn of(visit: &Visit) -> Self {
        let t = visit.texts();
        let request = visit.payment.request();
        let beneficiary = &request.beneficiary;
        Self {
            pisp: plain(&visit.payment.registration().tpp_name),
            amount: (t.amount)(request.amount.cents()),
            payee: plain(beneficiary.creditor.name.as_str()),
            iban: beneficiary.creditor_account.printed(),
            ultimate_payee: request.ultimate_creditor.as_ref().map(|party| plain(party.name.as_str())),
            remittance: plain(request.remittance.as_str()),
            date: (t.date)(visit.day()),
            kind: format::kind(t, request.product),
        }
    }
}

impl Page {
    /// How many steps of the indicator are behind; the first two pages are one step.
    fn progress(self) -> Option<usize> {
        match self {
            Self::Identify | Self::Password => Some(0),
            Self::Account => Some(1),
            Self::Review => Some(2),
            Self::Authenticate => Some(3),
            Self::Outcome => None,
        }
    }
}

/// The institution a request was sent to, put there by [`frame`].
pub(super) fn counter_of(extensions: &http::Extensions) -> Result<Arc<Counter>, Problem> {
    extensions.get::<Arc<Counter>>().cloned().ok_or(Problem::NoSuchPage)
}
