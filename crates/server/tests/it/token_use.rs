//! What a token may be used for: one transaction, one certificate, one institution, for its lifetime.

use jiff::SignedDuration;
use payments::institution::ScopeOfUse;
use sandbox::pki::PkiOptions;
use serde_json::json;

use crate::harness::{Answer, Guichet, OTHER_HOST, PAYMENTS, PISP, Pisp, join_all};

const OTHER_PISP: &str = "PSDDE-BAFIN-99999";

async fn post(guichet: &Guichet, pisp: &Pisp<'_>, token: &str, reference: &str) -> Answer {
    let mut body = guichet.body();
    body["paymentInformationId"] = json!(reference);
    pisp.sign_and_send(pisp.post(token, &body)).await
}

async fn get(pisp: &Pisp<'_>, token: &str, path: &str) -> Answer {
    pisp.sign_and_send(pisp.get(token, path)).await
}

async fn check_spent(guichet: &Guichet, answer: &Answer) {
    let message = answer.refused(401, "BE05");
    assert!(message.contains("already serves another payment request"), "{message}");
    assert_eq!(answer.header("www-authenticate"), r#"Bearer error="invalid_token""#);
    answer.check_seal(guichet).await;
}

#[tokio::test]
async fn a_token_serves_the_payment_request_it_was_first_used_on_and_no_other() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let first = post(&guichet, &pisp, &token, "PI-1").await;
    assert_eq!(first.status, 201, "{}", first.text());
    let first = first.location();
    for _ in 0..2 {
        assert_eq!(get(&pisp, &token, &first).await.status, 200, "polling goes on");
    }
    check_spent(&guichet, &post(&guichet, &pisp, &token, "PI-2").await).await;
    assert_eq!(guichet.count().await, 1);

    let second = post(&guichet, &pisp, &pisp.token().await, "PI-2").await.location();
    check_spent(&guichet, &get(&pisp, &token, &second).await).await;
    assert_eq!(get(&pisp, &token, &first).await.status, 200, "a refusal ends nothing");
}

#[tokio::test]
async fn a_fresh_token_serves_an_existing_payment_request_and_is_tied_to_it() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pisp.pay().await;
    let fresh = pisp.token().await;
    assert_eq!(get(&pisp, &fresh, &path).await.status, 200);
    check_spent(&guichet, &post(&guichet, &pisp, &fresh, "PI-2").await).await;
    assert_eq!(get(&pisp, &fresh, &path).await.status, 200);
}

#[tokio::test]
async fn a_call_that_is_refused_ties_no_token() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let unknown = format!("{PAYMENTS}/0000009999-177244293000011234567890");
    get(&pisp, &token, &unknown).await.refused(404, "FF01");
    pisp.sign_and_send(pisp.post(&token, &json!({}))).await.refused(400, "FF01");
    assert_eq!(post(&guichet, &pisp, &token, "PI-1").await.status, 201);
}

#[tokio::test]
async fn of_many_calls_at_once_with_one_token_one_makes_a_payment() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let references: Vec<String> = (0..8).map(|number| format!("PI-{number}")).collect();
    let calls = references.iter().map(|reference| post(&guichet, &pisp, &token, reference));
    let answers = join_all(calls).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!((made, guichet.count().await), (1, 1));
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        check_spent(&guichet, answer).await;
    }
}

#[tokio::test]
async fn a_token_of_client_scope_serves_every_payment_request_of_its_client() {
    let guichet = Guichet::start_with(PkiOptions::default(), |institution| {
        institution.settings.token_scope_of_use = ScopeOfUse::Client;
    })
    .await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    for reference in ["PI-1", "PI-2"] {
        let made = post(&guichet, &pisp, &token, reference).await;
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(get(&pisp, &token, &made.location()).await.status, 200);
    }
    assert_eq!(guichet.count().await, 2);
}

#[tokio::test]
async fn a_token_is_worth_nothing_after_its_lifetime_or_elsewhere() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let elsewhere = pisp.post(&token, &guichet.body()).at_host(OTHER_HOST);
    let elsewhere = pisp.sign_and_send(elsewhere).await;
    assert!(guichet.check_refusal(&elsewhere, 403, "BE05").await.contains("another institution"));

    guichet.change_tpp(OTHER_PISP, |tpp| tpp.licence = payments::tpp::Licence::Active).await;
    let thief = guichet.pisp(OTHER_PISP);
    let stolen = post(&guichet, &thief, &token, "PI-1").await;
    assert!(guichet.check_refusal(&stolen, 401, "BE05").await.contains("another certificate"));

    guichet.clock.advance(SignedDuration::from_secs(3_600));
    let late = post(&guichet, &pisp, &token, "PI-1").await;
    assert!(guichet.check_refusal(&late, 401, "BE05").await.contains("expired"));
    assert_eq!(late.header("www-authenticate"), r#"Bearer error="invalid_token""#);
    guichet.check_alive(&pisp).await;
}

#[tokio::test]
async fn another_pisps_payment_is_as_unknown_as_none() {
    let guichet = Guichet::start().await;
    guichet.change_tpp(OTHER_PISP, |tpp| tpp.licence = payments::tpp::Licence::Active).await;
    let path = guichet.pisp(PISP).pay().await;
    let stranger = guichet.pisp(OTHER_PISP);
    let theirs = get(&stranger, &stranger.token().await, &path).await;
    let none = format!("{PAYMENTS}/0000009999-177244293000011234567890");
    let none = get(&stranger, &stranger.token().await, &none).await;
    let messages = [&theirs, &none].map(|answer| answer.refused(404, "FF01"));
    assert_eq!(messages[0], messages[1]);
}
