//! `/certificates/explain`: what is wrong with a certificate, as a page and as JSON.
//!
//! The same as `guichet cert explain`, by the trust and the clock of the server itself.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use eidas::{Certificate, Explanation, Kind, Outcome, Question, Reading};
use payments::{institution::RevocationPolicy, ports::StoreError};
use serde::Serialize;

use super::{
    page::{Frame, html, wants_json},
    tokens::is_form,
    trust::minute,
};
use crate::{App, api::body, psu::format::plain};

/// Its path.
pub(super) const PATH: &str = "/certificates/explain";

/// The routes.
pub(super) fn router(app: App) -> Router {
    Router::new().route(PATH, get(show).post(submit)).with_state(app)
}

/// What is asked.
#[derive(Default)]
struct Asked {
    pem: String,
    kind: Option<Kind>,
    reading: Reading,
}

/// The page, with an answer or without.
#[derive(Template)]
#[template(path = "operator/explain.html")]
struct ExplainPage {
    frame: Frame,
    asked: Asked,
    problem: Option<String>,
    explained: Option<Explained>,
}

/// An answer.
struct Explained {
    explanation: Explanation,
    now: String,
    validity: String,
    /// Each broken rule with what is wrong.
    broken: Vec<(String, String)>,
    /// What registers and this bank know of the provider.
    standing: Vec<(String, String)>,
}

/// An answer to a program.
#[derive(Serialize)]
struct ExplainedJson<'a> {
    in_order: bool,
    #[serde(flatten)]
    explanation: &'a Explanation,
}

/// Why nothing is explained.
struct Unasked {
    status: StatusCode,
    why: String,
}

async fn show() -> Response {
    html(StatusCode::OK, &ExplainPage::empty(None))
}

async fn submit(State(app): State<App>, request: Request) -> Response {
    let json = wants_json(request.headers());
    let asked = match Asked::read(request).await {
        Ok(asked) => asked,
        Err(Unasked { status, why }) if json => {
            let body = serde_json::json!({ "status": status.as_u16(), "message": why });
            return (status, Json(body)).into_response();
        }
        Err(Unasked { status, why }) => return html(status, &ExplainPage::empty(Some(why))),
    };
    let explanation = asked.explain(&app);
    if json {
        let in_order = explanation.is_in_order();
        return Json(ExplainedJson { in_order, explanation: &explanation }).into_response();
    }
    let mut standing = standing(&app, &explanation).await.unwrap_or_else(|error| {
        tracing::error!(%error, "the store failed an operator");
        vec![("Store".to_owned(), "it does not work at the moment".to_owned())]
    });
    standing.extend(revocation(&app, &asked, &explanation).await);
    let explained = Some(Explained::of(explanation, standing));
    html(StatusCode::OK, &ExplainPage { asked: asked.for_the_form(), explained, ..ExplainPage::empty(None) })
}

impl ExplainPage {
    fn empty(problem: Option<String>) -> Self {
        Self {
            frame: Frame::of(PATH, "What is wrong with this certificate?"),
            asked: Asked::default(),
            problem,
            explained: None,
        }
    }
}

impl Asked {
    async fn read(request: Request) -> Result<Self, Unasked> {
        let (parts, body) = request.into_parts();
        if !is_form(&parts.headers) {
            return Err(unasked(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send a form, with the field pem"));
        }
        let body = body::read(body).await;
        let body = body.map_err(|error| unasked(error.verdict().0, &error.to_string()))?;
        Self::parse(&body)
    }

    fn parse(body: &Bytes) -> Result<Self, Unasked> {
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            match (name.as_ref(), value.as_ref()) {
                ("pem", pem) => pem.clone_into(&mut asked.pem),
                ("kind", "") => asked.kind = None,
                ("kind", "qwac") => asked.kind = Some(Kind::Qwac),
                ("kind", "qseal") => asked.kind = Some(Kind::Qseal),
                ("reading", "strict") => asked.reading = Reading::Strict,
                ("reading", "lenient") => asked.reading = Reading::Lenient,
                ("kind", _) => return Err(unasked(StatusCode::BAD_REQUEST, "kind is qwac or qseal")),
                ("reading", _) => {
                    return Err(unasked(StatusCode::BAD_REQUEST, "reading is strict or lenient"));
                }
                _ => {}
            }
        }
        if asked.pem.trim().is_empty() {
            return Err(unasked(StatusCode::BAD_REQUEST, "there is no certificate: paste it as PEM"));
        }
        Ok(asked)
    }

    /// By the authorities of its kind; where nobody says which it is, it is asked first.
    fn explain(&self, app: &App) -> Explanation {
        let (trust, now) = (app.trust.current(), app.now());
        let ask = |anchors| {
            let Self { kind, reading, .. } = *self;
            eidas::explain(self.pem.as_bytes(), &Question { kind, anchors, intermediates: &[], reading, now })
        };
        let kind = self.kind.unwrap_or_else(|| kind_of(&ask(None)));
        ask(Some(trust.anchors(kind)))
    }

    /// What goes back into the form. A key that was pasted by mistake is not sent about once more.
    fn for_the_form(self) -> Self {
        if self.pem.contains("PRIVATE KEY") { Self { pem: String::new(), ..self } } else { self }
    }

    fn is_kind(&self, word: &str) -> bool {
        match self.kind {
            Some(Kind::Qwac) => word == "qwac",
            Some(Kind::Qseal) => word == "qseal",
            None => false,
        }
    }

    fn is_lenient(&self) -> bool {
        self.reading == Reading::Lenient
    }
}

/// What an explanation is about.
fn kind_of(explanation: &Explanation) -> Kind {
    if explanation.kind == Some(Kind::Qseal.name()) { Kind::Qseal } else { Kind::Qwac }
}

fn unasked(status: StatusCode, why: &str) -> Unasked {
    Unasked { status, why: why.to_owned() }
}

impl Explained {
    fn of(explanation: Explanation, standing: Vec<(String, String)>) -> Self {
        let failed = explanation.findings.iter().filter(|finding| finding.outcome == Outcome::Failed);
        let broken = failed.map(|finding| {
            let problem = finding.problem.clone().unwrap_or_else(|| finding.requires.to_owned());
            (finding.rule.to_string(), problem)
        });
        let validity = explanation.summary.as_ref().map(|summary| {
            let (from, until) = (minute(summary.not_before), minute(summary.not_after));
            format!("from {from} until {until}")
        });
        Self {
            now: minute(explanation.now),
            validity: validity.unwrap_or_default(),
            broken: broken.collect(),
            standing,
            explanation,
        }
    }

    /// The class and the word of an outcome.
    #[expect(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        reason = "templates ask the answer, and give what they show by reference"
    )]
    fn mark(&self, outcome: &Outcome) -> (&'static str, &'static str) {
        match outcome {
            Outcome::Passed => ("passed", "in order"),
            Outcome::Noted => ("noted", "noted"),
            Outcome::Failed => ("failed", "broken"),
            Outcome::NotChecked => ("unchecked", "not asked"),
        }
    }
}

/// What the registers and this bank know of the provider that a certificate names.
async fn standing(app: &App, explanation: &Explanation) -> Result<Vec<(String, String)>, StoreError> {
    let named = explanation.summary.as_ref().and_then(|summary| summary.organization_identifier.as_deref());
    let Some(organization) = named else {
        return Ok(Vec::new());
    };
    let mut rows = Vec::new();
    for listing in app.store.listings(organization).await? {
        let countries: Vec<String> = listing.payment_initiation_in.into_iter().collect();
        let standing = listing.standing.as_str();
        let text = format!("{standing}, initiates payments in: {}", plain(&countries.join(" ")));
        rows.push((format!("Register {}", plain(&listing.register)), text));
    }
    if rows.is_empty() {
        rows.push(("Registers".to_owned(), "no imported register lists it".to_owned()));
    }
    Ok(rows)
}

/// What is known of its revocation, by the policy of every institution; nothing if no path leads to an
/// authority that could say.
async fn revocation(app: &App, asked: &Asked, explanation: &Explanation) -> Vec<(String, String)> {
    let (trust, now) = (app.trust.current(), app.now());
    let Ok(certificates) = Certificate::all_from_pem(&asked.pem) else {
        return Vec::new();
    };
    let Some((leaf, others)) = certificates.split_first() else {
        return Vec::new();
    };
    let others: Vec<_> = others.iter().map(|other| other.der().clone()).collect();
    let path = trust.anchors(kind_of(explanation)).path(leaf, &others, now).unwrap_or_default();
    let Some(issuer) = path.first() else {
        return Vec::new();
    };
    let mut words: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for counter in app.counters.all().iter() {
        let policy = counter.institution.settings.revocation;
        app.revocation.consult(leaf, Some(issuer), policy, now).await;
        let word = match app.revocation.check(leaf, Some(issuer), policy, now) {
            Err(refusal) => refusal.to_string(),
            Ok(()) if policy == RevocationPolicy::Off => "nobody is asked about it".to_owned(),
            Ok(()) => "nobody says that it is revoked".to_owned(),
        };
        words.entry(word).or_default().push(counter.institution.code.as_str().to_owned());
    }
    let differs = words.len() > 1;
    let told = words.into_iter().map(|(word, codes)| {
        let whom = if differs { format!(", as {} would have it", codes.join(", ")) } else { String::new() };
        ("Revocation".to_owned(), word + &whom)
    });
    told.collect()
}
