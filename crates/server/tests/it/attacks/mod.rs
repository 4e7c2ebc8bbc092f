//! Attacks over the real listener, as tables: what is tried, what it is answered, and that nothing was stored.
//!
//! The tables say what an attacker gains, which is nothing; that each rule is applied at all is shown by the
//! tests of the endpoint it belongs to. Beside them: what could be taken for two requests (`smuggling.rs`),
//! floods and slow clients (`floods.rs`), forged headers of proxies (`proxy.rs`), the log of hostile calls
//! (`log.rs`), registrations (`registration/`), revocation (`revocation.rs`).

mod certificates;
mod doubles;
mod forge;
mod handshake;
mod injection;
mod key_ids;
mod raw;
mod registration;
mod rights;
mod seals;
mod signatures;
mod sizes;
mod stored;
mod targets;
mod tokens;

use std::sync::atomic::{AtomicU64, Ordering};

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Call, Guichet, HOST, Pisp, TOKEN};
use stored::Stored;

/// Licensed as the other one is, once its suspension in the sandbox's register is lifted.
const THIEF: &str = "PSDDE-BAFIN-99999";

/// An attack on the API: what it is, the call, and the status, the code and the rule it is answered.
type Attack<'a> = (&'a str, Call, u16, &'a str, &'a str);

/// Sends each attack and checks its answer, the seal on it, and that the store is as it was.
async fn check(guichet: &Guichet, by: &Pisp<'_>, attacks: Vec<Attack<'_>>) {
    let mut before = Stored::read(guichet);
    let mut otherwise = Vec::new();
    for (what, call, status, code, rule) in attacks {
        let answer = by.send(call).await;
        let text = answer.text();
        if answer.status == status && text.contains(&format!("\"{code}: ")) && text.contains(rule) {
            check_answer(guichet, what, &answer, (status, code, rule)).await;
            before.check_unchanged(guichet, what);
        } else {
            otherwise.push(format!("{what}: {} {text}, not {status} {code} {rule}", answer.status));
            before = Stored::read(guichet);
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
}

/// Checks that an attack was answered as it must be.
async fn check_answer(guichet: &Guichet, what: &str, answer: &Answer, expected: (u16, &str, &str)) {
    let (status, code, rule) = expected;
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    let message = answer.refused(status, code);
    assert!(message.contains(rule), "{what}: {message}, not {rule}");
    answer.check_seal(guichet).await;
}

/// An attack on the token endpoint: what it is, the call, and the status, the error and the rule it is answered.
type TokenAttack<'a> = (&'a str, Call, u16, &'a str, &'a str);

/// Sends each attack and checks its answer (RFC 6749, 5.2), and that the store is as it was.
async fn check_tokens(guichet: &Guichet, by: &Pisp<'_>, attacks: Vec<TokenAttack<'_>>) {
    let mut before = Stored::read(guichet);
    let mut otherwise = Vec::new();
    for (what, call, status, error, rule) in attacks {
        let answer = by.send(call).await;
        let text = answer.text();
        if answer.status == status && text.contains(&format!("\"{error}\"")) && text.contains(rule) {
            check_no_token(what, &answer, (status, error, rule));
            before.check_unchanged(guichet, what);
        } else {
            otherwise.push(format!("{what}: {} {text}, not {status} {error} {rule}", answer.status));
            before = Stored::read(guichet);
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
}

/// Checks that an attack was given no token.
fn check_no_token(what: &str, answer: &Answer, (status, error, rule): (u16, &str, &str)) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    let body = answer.json();
    assert_eq!(body["error"], error, "{what}: {body}");
    let description = body["error_description"].as_str().unwrap();
    assert!(description.contains(rule), "{what}: {description}, not {rule}");
    assert!(body.get("access_token").is_none(), "{what}");
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
}

/// What asks for a token.
fn ask(form: &str) -> Call {
    let mut call = Call::new(Method::POST, TOKEN).at_host(HOST);
    call.body = form.as_bytes().to_vec();
    call.with("content-type", "application/x-www-form-urlencoded")
}

/// Makes a payment of its own, with a fresh token; gives its path.
async fn pay(guichet: &Guichet, pisp: &Pisp<'_>) -> String {
    let call = pisp.post(&pisp.token().await, &other_body(guichet)).sign(&pisp.seal);
    let answer = pisp.send(call).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.location()
}

/// A payment request that is no repetition of another.
fn other_body(guichet: &Guichet) -> Value {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let mut body = guichet.body();
    body["paymentInformationId"] = json!(format!("PI-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
    body
}

/// Checks that the server still takes a payment; at the end of every table.
async fn check_alive(guichet: &Guichet, pisp: &Pisp<'_>) {
    let before = guichet.count().await;
    pay(guichet, pisp).await;
    assert_eq!(guichet.count().await, before + 1);
}

/// Lets the other PISP work.
async fn license_thief(guichet: &Guichet) {
    guichet.change_tpp(THIEF, |tpp| tpp.licence = payments::tpp::Licence::Active).await;
}
