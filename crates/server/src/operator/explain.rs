//! `/certificates/explain`: what is wrong with a certificate, as a page and as JSON.
//!
//! The same as `guichet cert explain`, by the trust and the clock of the server itself.

use askama::Template;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use eidas::{Explanation, Kind, Outcome, Question, Reading};
use serde::Serialize;

use super::{
    known::{Known, registers, revocation},
    page::{Frame, html, wants_json},
    tokens::is_form,
    trust::minute,
};
use crate::{App, api::body};

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
    /// What is known here of the provider and of the certificate.
    known: Vec<Known>,
}

/// An answer to a program.
#[derive(Serialize)]
struct ExplainedJson<'a> {
    /// Whether it is taken today.
    acceptable: bool,
    /// Whether every rule of its content and its chain holds.
    in_order: bool,
    known: &'a [Known],
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
    let mut known = registers(&app, &explanation).await.unwrap_or_else(|error| {
        tracing::error!(%error, "the store failed an operator");
        vec![Known::against("Store", "it does not work at the moment")]
    });
    known.extend(revocation(&app, &asked.pem, kind_of(&explanation)).await);
    if json {
        return as_json(&explanation, &known);
    }
    let explained = Some(Explained::of(explanation, known));
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
    fn of(explanation: Explanation, known: Vec<Known>) -> Self {
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
            known,
            explanation,
        }
    }

    /// What keeps a certificate from being taken whose rules all hold.
    fn against(&self) -> Vec<&Known> {
        self.known.iter().filter(|known| known.is_against).collect()
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

fn as_json(explanation: &Explanation, known: &[Known]) -> Response {
    let in_order = explanation.is_in_order();
    let acceptable = in_order && !known.iter().any(|known| known.is_against);
    Json(ExplainedJson { acceptable, in_order, known, explanation }).into_response()
}
