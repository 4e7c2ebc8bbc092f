//! A repeated call makes no second payment.

use http::Method;
use jiff::SignedDuration;
use payments::tpp::Licence;
use sandbox::pki::PkiOptions;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Call, Guichet, PAYMENTS, PISP, Pisp, join_all},
    schema,
};

fn post(pisp: &Pisp<'_>, token: &str, request_id: &str, body: &Value) -> Call {
    pisp.post(token, body).with("x-request-id", request_id)
}

/// A call with a fresh token.
async fn send(pisp: &Pisp<'_>, request_id: &str, body: &Value) -> Answer {
    let token = pisp.token().await;
    pisp.sign_and_send(post(pisp, &token, request_id, body)).await
}

fn check_same(first: &Answer, again: &Answer) {
    assert_eq!((first.status, again.status), (201, 201), "{} {}", first.text(), again.text());
    assert_eq!((first.location(), first.text()), (again.location(), again.text()));
}

#[tokio::test]
async fn a_creation_is_answered_as_the_standard_has_it() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    for base in ["/stet/psd2/v1", "/stet/psd2/v1.4.2"] {
        let mut body = guichet.body();
        body["paymentInformationId"] = json!(base.replace('/', "-"));
        let mut call = pisp.post(&pisp.token().await, &body);
        call.target = format!("{base}/payment-requests");
        let answer = pisp.sign_and_send(call).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.check_seal(&guichet).await;
        answer.check_echo();
        assert!(answer.headers.contains_key("x-correlationid"));
        let created = answer.json();
        schema::check("HalPaymentRequestCreation", &created);
        assert_eq!(created["appliedAuthenticationApproach"], "REDIRECT");
        let location = answer.location();
        let id = location.strip_prefix(&format!("{base}/payment-requests/")).expect("root-relative");
        let link = &created["_links"]["consentApproval"];
        let nonce = created["nonce"].as_str().unwrap();
        let href = link["href"].as_str().unwrap();
        assert!(href.starts_with("https://www.17515.sandbox.localhost:8444/"), "{href}");
        assert!(href.ends_with(&format!("?paymentRequestRessourceId={id}&nonce={nonce}")), "{href}");
        assert_eq!((link["templated"].as_bool(), nonce.len()), (Some(false), 20));

        let status = pisp.get(&pisp.token().await, &location);
        let status = pisp.sign_and_send(status).await;
        assert_eq!(status.status, 200, "{}", status.text());
        status.check_seal(&guichet).await;
        let request = &status.json()["paymentRequest"];
        assert_eq!(
            (&request["resourceId"], &request["paymentInformationStatus"]),
            (&json!(id), &json!("ACTC"))
        );
    }
    assert_eq!(guichet.count().await, 2);
}

#[tokio::test]
async fn a_repeated_request_id_gets_the_first_answer() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let (token, body) = (pisp.token().await, guichet.body());
    let first = pisp.sign_and_send(post(&pisp, &token, "same", &body)).await;
    let same_token = pisp.sign_and_send(post(&pisp, &token, "same", &body)).await;
    check_same(&first, &same_token);
    check_same(&first, &send(&pisp, "same", &body).await);
    guichet.clock.advance(SignedDuration::from_hours(23));
    check_same(&first, &send(&pisp, "same", &body).await);
    assert_eq!(guichet.count().await, 1);
}

#[tokio::test]
async fn a_request_id_with_another_body_is_refused() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let body = guichet.body();
    assert_eq!(send(&pisp, "same", &body).await.status, 201);
    let mut other = body.clone();
    other["creditTransferTransaction"][0]["instructedAmount"]["amount"] = json!("9999.00");
    let refused = send(&pisp, "same", &other).await;
    assert!(refused.refused(400, "FF01").contains("X-Request-ID"));
    refused.check_seal(&guichet).await;
    assert_eq!(guichet.count().await, 1);
}

#[tokio::test]
async fn the_same_reference_with_the_same_content_is_the_same_payment() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let body = guichet.body();
    let first = send(&pisp, "one", &body).await;
    // The same content in other bytes: spaces, and an amount as a number.
    let text = serde_json::to_string_pretty(&body).unwrap().replace(r#""124.35""#, "124.350e0");
    let text = text.replace("124.350e0", "1.2435e2");
    let call = post(&pisp, &pisp.token().await, "two", &body).with_body(text);
    check_same(&first, &pisp.sign_and_send(call).await);
    assert_eq!(guichet.count().await, 1);

    let mut other = body;
    other["creditTransferTransaction"][0]["paymentId"]["endToEndId"] = json!("E2E-0002");
    let other = send(&pisp, "three", &other).await;
    assert_eq!(other.status, 201, "taken in 1.4: {}", other.text());
    assert_ne!(first.location(), other.location());
}

#[tokio::test]
async fn a_day_later_a_request_id_is_new_again() {
    let guichet = Guichet::start_with(PkiOptions::default(), |institution| {
        institution.settings.creation_date_tolerance_s = 0;
    })
    .await;
    let pisp = guichet.pisp(PISP);
    let mut body = guichet.body();
    body["requestedExecutionDate"] = Value::Null;
    let first = send(&pisp, "same", &body).await;
    guichet.clock.advance(SignedDuration::from_hours(24) + SignedDuration::from_secs(1));
    let second = send(&pisp, "same", &body).await;
    assert_eq!((first.status, second.status), (201, 201), "{}", second.text());
    assert_ne!(first.location(), second.location());
}

#[tokio::test]
async fn a_request_id_belongs_to_one_pisp() {
    let guichet = Guichet::start().await;
    let (one, other) = (guichet.pisp(PISP), guichet.pisp("PSDDE-BAFIN-99999"));
    guichet.change_tpp("PSDDE-BAFIN-99999", |tpp| tpp.licence = Licence::Active).await;
    let body = guichet.body();
    let (first, second) = (send(&one, "same", &body).await, send(&other, "same", &body).await);
    assert_eq!((first.status, second.status), (201, 201), "{}", second.text());
    assert_ne!(first.location(), second.location());
}

#[tokio::test]
async fn of_many_equal_calls_at_once_one_makes_the_payment_and_all_are_told_of_it() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let body = guichet.body();
    let answers = join_all((0..8).map(|_| send(&pisp, "same", &body))).await;
    for answer in &answers {
        check_same(&answers[0], answer);
    }
    assert_eq!(guichet.count().await, 1);
}

#[tokio::test]
async fn the_same_request_id_may_ask_for_the_status_again_and_again() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pisp.pay().await;
    let token = pisp.token().await;
    for _ in 0..3 {
        let call = pisp.get(&token, &path).with("x-request-id", "poll");
        assert_eq!(pisp.sign_and_send(call).await.status, 200);
    }
    let call = pisp.call(Method::GET, &format!("{PAYMENTS}/x"), &token);
    assert_eq!(pisp.sign_and_send(call.covering("(request-target) x-request-id")).await.status, 404);
}
