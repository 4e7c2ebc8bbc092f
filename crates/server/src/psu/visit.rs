//! A visit: the cookie that names it, how far it has come, and until when it counts.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, header::COOKIE, request::Parts};
use jiff::{Timestamp, civil::Date};
use payments::{
    Payment,
    encoding::{hex, unhex},
    journey::{Journey, JourneyId, Step, TimedOut},
    values::paris_day,
};
use sha2::{Digest, Sha256};

use super::{
    frame::{About, counter_of},
    language::Language,
    problem::Problem,
    texts::Texts,
};
use crate::{App, app::Counter};

/// One request of a visit that is alive: to hold one is to know that the cookie is right, the time
/// limits are kept and the payment belongs to this institution.
pub(super) struct Visit {
    /// The institution.
    pub(super) counter: Arc<Counter>,
    /// The visit, as it was stored.
    pub(super) journey: Journey,
    /// The payment, as it was stored.
    pub(super) payment: Payment,
    /// When the request came.
    pub(super) now: Timestamp,
}

/// A page of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// P-1.
    Identify,
    /// P-2.
    Password,
    /// P-3.
    Account,
    /// P-4.
    Review,
    /// P-5.
    Authenticate,
    /// P-6 and P-7.
    Outcome,
}

/// Something to tell on the next page, named in its query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    /// A field was left empty or nothing was chosen.
    Missing,
    /// What was typed is not right; never which part of it.
    Wrong,
    /// The customer number is blocked for now.
    Blocked,
    /// Another code was sent.
    Sent,
    /// No more codes are sent during this visit.
    NoMoreCodes,
    /// What was shown is not what would be approved any more.
    Changed,
}

impl Page {
    /// Where the page is.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Identify => "/psu/identify",
            Self::Password => "/psu/password",
            Self::Account => "/psu/account",
            Self::Review => "/psu/review",
            Self::Authenticate => "/psu/authenticate",
            Self::Outcome => "/psu/outcome",
        }
    }

    /// The answer to a form: the page is to be fetched.
    pub(super) fn next(self) -> Response {
        Redirect::to(self.path()).into_response()
    }

    /// The same, with something to tell there.
    pub(super) fn with(self, notice: Notice) -> Response {
        Redirect::to(&format!("{}?notice={}", self.path(), notice.name())).into_response()
    }
}

impl Notice {
    const ALL: [Self; 6] =
        [Self::Missing, Self::Wrong, Self::Blocked, Self::Sent, Self::NoMoreCodes, Self::Changed];

    fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Wrong => "wrong",
            Self::Blocked => "blocked",
            Self::Sent => "sent",
            Self::NoMoreCodes => "no-more-codes",
            Self::Changed => "changed",
        }
    }
}

/// What the page is to tell, if its address says so. It never holds words of its own.
pub(super) struct Told(pub(super) Option<Notice>);

impl<S: Sync> FromRequestParts<S> for Told {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let name = parts.uri.query().and_then(|query| query.strip_prefix("notice="));
        Ok(Self(Notice::ALL.into_iter().find(|notice| Some(notice.name()) == name)))
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let counter = counter_of(&parts.extensions)?;
        let id = journey_id(&parts.headers, app.psu_tls).ok_or(Problem::VisitOver)?;
        let visit = Self::find(app, counter, id).await?;
        if let Some(about) = parts.extensions.get::<About>() {
            about.tell(visit.language(), visit.payment.id());
        }
        Ok(visit)
    }
}

impl Visit {
    /// Finds a visit that is alive.
    ///
    /// # Errors
    ///
    /// [`Problem::VisitOver`] if there is none or its time is up, [`Problem::LinkOver`] if its payment
    /// waits no longer for a decision.
    pub(super) async fn find(app: &App, counter: Arc<Counter>, id: JourneyId) -> Result<Self, Problem> {
        let now = app.now();
        let journey = app.store.find_journey(&id).await?.ok_or(Problem::VisitOver)?;
        if journey.institution != counter.institution.code {
            return Err(Problem::VisitOver);
        }
        let payment = app.store.load(&journey.payment).await?;
        let payment = payment.ok_or(Problem::VisitOver)?;
        check_time(&journey, &payment, now)?;
        Ok(Self { counter, journey, payment, now })
    }

    /// The page the visit has come to. Once the payment is decided, in whichever visit, that is the end.
    pub(super) fn page(&self) -> Page {
        if !self.payment.state().is_open() {
            return Page::Outcome;
        }
        match &self.journey.step {
            Step::Identify => Page::Identify,
            Step::Password(_) => Page::Password,
            Step::Account(_) => Page::Account,
            Step::Review(_) => Page::Review,
            Step::Authenticate(..) => Page::Authenticate,
            Step::Over => Page::Outcome,
        }
    }

    /// The answer that leads to where the visit has come to.
    pub(super) fn to_page(&self) -> Response {
        self.page().next()
    }

    /// The visit as it is after this request.
    pub(super) fn seen(&self) -> Journey {
        Journey { last_seen_at: self.now, ..self.journey.clone() }
    }

    /// The visit as it is after this request, at `step`.
    pub(super) fn at(&self, step: Step) -> Journey {
        Journey { step, ..self.seen() }
    }

    /// The language of the visit.
    pub(super) fn language(&self) -> Language {
        Language::find(&self.journey.language).unwrap_or(Language::Fr)
    }

    /// The words of the visit.
    pub(super) fn texts(&self) -> &'static Texts {
        self.language().texts()
    }

    /// Today, in Paris.
    pub(super) fn day(&self) -> Date {
        paris_day(self.now)
    }
}

fn check_time(journey: &Journey, payment: &Payment, now: Timestamp) -> Result<(), Problem> {
    let open = payment.state().is_open();
    match journey.check_time(now) {
        // Nobody is signed in on the last page: it may stand until the visit as a whole is over.
        Err(TimedOut::Inactivity) if !open => {}
        Err(_) => return Err(Problem::VisitOver),
        Ok(()) => {}
    }
    // The queue will reject it as unanswered; until then nobody approves it any more.
    if open && now >= payment.registration().expires_at {
        return Err(Problem::LinkOver);
    }
    Ok(())
}

/// `GET /psu`: the page the visit has come to.
pub(super) async fn resume(visit: Visit) -> Response {
    visit.to_page()
}

/// The secret that names a visit. The browser keeps it, we keep its hash.
pub(super) struct Cookie([u8; 32]);

impl Cookie {
    /// A cookie of these random bytes.
    pub(super) fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// The visit it names.
    pub(super) fn journey_id(&self) -> JourneyId {
        JourneyId(Sha256::digest(self.0).into())
    }

    /// `Set-Cookie` for a session of this host only (RFC 6265bis, 4.1.3.2).
    pub(super) fn header(&self, tls: bool) -> HeaderValue {
        header(&hex(&self.0), tls, "")
    }
}

/// `Set-Cookie` that makes the browser forget.
pub(super) fn cookie_of_none(tls: bool) -> HeaderValue {
    header("", tls, "; Max-Age=0")
}

fn header(value: &str, tls: bool, more: &str) -> HeaderValue {
    let name = cookie_name(tls);
    let secure = if tls { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}");
    HeaderValue::try_from(text).expect("a cookie of hex digits is a header value")
}

fn cookie_name(tls: bool) -> &'static str {
    if tls { "__Host-guichet" } else { "guichet" }
}

fn journey_id(headers: &HeaderMap, tls: bool) -> Option<JourneyId> {
    let name = cookie_name(tls);
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(given, _)| *given == name)
        .and_then(|(_, value)| unhex(value))
        .map(|secret| Cookie(secret).journey_id())
}
