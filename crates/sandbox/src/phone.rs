//! The pretend phones as pages: where a developer reads the code that a customer would be sent.
//!
//! Mounted on the operator listener, in a sandbox only: `GET /phone` lists the personas, and
//! `GET /phone/{institution}/{psu}` shows one's messages, newest first, as HTML or as JSON to whoever
//! prefers it (`Accept: application/json`).

mod texts;

use std::sync::Arc;

use askama::Template;
use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use jiff::{Timestamp, tz::TimeZone};
use payments::values::{Amount, InstitutionCode, PsuId};
use serde::Serialize;
use server::{app::Clock, operator::is_loopback_host};

use crate::bank::{MEMBERS, Persona, PhoneMessage, SandboxBank};
use texts::Texts;

/// What the pages show.
#[derive(Clone)]
pub struct Phones {
    /// The bank whose customers have the phones.
    pub bank: SandboxBank,
    /// The time shown on them.
    pub clock: Arc<dyn Clock>,
}

/// The routes of the phones.
pub fn router(phones: Phones) -> Router {
    Router::new()
        .route("/phone", get(list))
        .route("/phone/{institution}/{psu}", get(messages))
        .layer(middleware::from_fn(for_this_machine))
        .with_state(phones)
}

/// Codes are shown under names of this machine only, and to nobody's frame, cache or referrer.
async fn for_this_machine(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if !host.is_none_or(is_loopback_host) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let rules = [
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept, accept-language"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ];
    for (name, value) in rules {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[derive(Template)]
#[template(path = "phone/list.html")]
struct ListPage {
    t: &'static Texts,
    clock: String,
    institutions: Vec<Cast>,
}

struct Cast {
    code: &'static str,
    name: &'static str,
    people: Vec<Persona>,
}

#[derive(Template)]
#[template(path = "phone/messages.html")]
struct MessagesPage {
    t: &'static Texts,
    clock: String,
    name: &'static str,
    psu: String,
    institution: &'static str,
    messages: Vec<MessageShown>,
}

struct MessageShown {
    t: &'static Texts,
    at: String,
    amount: String,
    payee: String,
    account: String,
    code: String,
    expires_at: String,
    is_over: bool,
}

#[derive(Serialize)]
struct PhoneJson<'a> {
    psu: &'a str,
    messages: Vec<MessageJson>,
}

#[derive(Serialize)]
struct MessageJson {
    at: Timestamp,
    payment: String,
    code: String,
    amount: String,
    currency: &'static str,
    payee: String,
    account: String,
    expires_at: Timestamp,
    language: String,
}

async fn list(State(phones): State<Phones>, headers: HeaderMap) -> Response {
    let people = |code: &str| InstitutionCode::parse(code).map(|code| SandboxBank::personas(&code));
    let institutions = MEMBERS.map(|member| Cast {
        code: member.code,
        name: member.name,
        people: people(member.code).unwrap_or_default(),
    });
    rendered(&ListPage {
        t: Texts::wanted(&headers),
        clock: time_of_day(phones.clock.now()),
        institutions: institutions.into(),
    })
}

async fn messages(
    State(phones): State<Phones>,
    Path((institution, psu)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some((member, persona)) = find_persona(&institution, &psu) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let found = InstitutionCode::parse(member.code).map(|code| phones.bank.phone(&code, &persona.psu));
    let Ok(Ok(messages)) = found else {
        tracing::error!("a pretend phone cannot be read");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if wants_json(&headers) {
        let messages = messages.into_iter().map(MessageJson::from).collect();
        return Json(PhoneJson { psu: persona.psu.as_str(), messages }).into_response();
    }
    let now = phones.clock.now();
    rendered(&MessagesPage {
        t: Texts::wanted(&headers),
        clock: time_of_day(now),
        name: persona.name,
        psu: persona.psu.as_str().to_owned(),
        institution: member.name,
        messages: messages.iter().map(|message| MessageShown::new(message, now)).collect(),
    })
}

fn find_persona(institution: &str, psu: &str) -> Option<(crate::bank::Member, Persona)> {
    let member = MEMBERS.into_iter().find(|member| member.code == institution)?;
    let psu = PsuId::parse(psu).ok()?;
    let people = SandboxBank::personas(&InstitutionCode::parse(member.code).ok()?);
    let persona = people.into_iter().find(|persona| persona.psu == psu)?;
    Some((member, persona))
}

impl From<PhoneMessage> for MessageJson {
    fn from(message: PhoneMessage) -> Self {
        Self {
            at: message.at,
            payment: message.payment.as_str().to_owned(),
            code: message.code,
            amount: message.amount.to_decimal(),
            currency: "EUR",
            payee: message.creditor_name.as_str().to_owned(),
            account: message.creditor_account.as_str().to_owned(),
            expires_at: message.expires_at,
            language: message.language,
        }
    }
}

impl MessageShown {
    fn new(message: &PhoneMessage, now: Timestamp) -> Self {
        let t = Texts::of(&message.language);
        Self {
            t,
            at: time_of_day(message.at),
            amount: money(message.amount, t),
            payee: message.creditor_name.as_str().to_owned(),
            account: message.creditor_account.printed(),
            code: message.code.clone(),
            expires_at: time_of_day(message.expires_at),
            is_over: now >= message.expires_at,
        }
    }
}

/// An amount as the language writes it.
fn money(amount: Amount, t: &Texts) -> String {
    let decimal = amount.to_decimal();
    match t.code {
        "fr" => format!("{}\u{a0}€", decimal.replace('.', ",")),
        _ => format!("€{decimal}"),
    }
}

/// The time in Paris, to the minute: as a phone shows it.
fn time_of_day(at: Timestamp) -> String {
    let zone = TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%H:%M").to_string()
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}

fn rendered(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page of the pretend phones was not rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn programs_get_json_and_browsers_get_pages() {
        let table = [
            ("application/json", true),
            ("text/html,application/xhtml+xml,*/*;q=0.8", false),
            ("text/html, application/json;q=0.5", false),
            ("*/*", false),
        ];
        for (accept, json) in table {
            assert_eq!(wants_json(&headers(header::ACCEPT, accept)), json, "{accept}");
        }
    }

    #[test]
    fn a_message_is_shown_in_the_language_of_its_payment() {
        let amount = Amount::parse("1234.5").unwrap();
        assert_eq!(money(amount, Texts::of("fr")), "1234,50\u{a0}€");
        assert_eq!(money(amount, Texts::of("en")), "€1234.50");
    }

    #[test]
    fn only_personas_have_phones() {
        assert_eq!(find_persona("17515", "170000001").unwrap().1.name, "CAMILLE ESSAI");
        for (institution, psu) in
            [("17515", "170000099"), ("99999", "170000001"), ("17515", "../x"), ("", "")]
        {
            assert!(find_persona(institution, psu).is_none(), "{institution} {psu}");
        }
    }

    #[test]
    fn the_page_of_a_phone_escapes_what_payees_call_themselves() {
        let t = Texts::of("en");
        let message = MessageShown {
            t,
            at: "10:15".to_owned(),
            amount: "€1.00".to_owned(),
            payee: "<script>alert(1)</script>".to_owned(),
            account: "FR76".to_owned(),
            code: "123456".to_owned(),
            expires_at: "10:20".to_owned(),
            is_over: false,
        };
        let page = MessagesPage {
            t,
            clock: "10:15".to_owned(),
            name: "CAMILLE ESSAI",
            psu: "170000001".to_owned(),
            institution: "Caisse",
            messages: vec![message],
        };
        let html = page.render().unwrap();
        assert!(html.contains("123456") && html.contains("Valid until 10:20"), "{html}");
        assert!(!html.contains("<script>"), "{html}");
    }
}
