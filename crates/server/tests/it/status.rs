//! `GET /payment-requests/{id}` over the wire.

use jiff::SignedDuration;
use payments::{
    journal::Actor,
    lifecycle::Event,
    ports::{Change, PaymentStore as _},
    samples,
    values::PaymentId,
};
use serde_json::json;

use crate::{
    harness::{Answer, Guichet, PISP, Pisp},
    schema,
};

async fn get(pisp: &Pisp<'_>, path: &str) -> Answer {
    pisp.sign_and_send(pisp.get(&pisp.token().await, path)).await
}

#[tokio::test]
async fn a_payment_is_read_in_every_version_whichever_it_was_made_in() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pisp.pay().await;
    let first = get(&pisp, &path).await;
    assert_eq!(first.status, 200, "{}", first.text());
    schema::check("HalPaymentRequest", &first.json());
    assert_eq!(first.json()["_links"], json!({"self": {"href": path}}));

    let path = path.replace("/v1/", "/v1.4.2/");
    let second = get(&pisp, &path).await;
    schema::check_1_4_2("HalPaymentRequest", &second.json());
    second.check_seal(&guichet).await;
    assert_eq!(second.json()["_links"], json!({"request": {"href": path}}));
    let amount = |answer: &Answer| {
        let transfer = &answer.json()["paymentRequest"]["creditTransferTransaction"][0];
        transfer["instructedAmount"]["amount"].clone()
    };
    assert!(amount(&first) == "124.35" && amount(&second).is_number());
}

#[tokio::test]
async fn the_status_follows_the_payment() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pisp.pay().await;
    let id = PaymentId::parse(path.rsplit('/').next().unwrap()).unwrap();
    let steps = [
        (Event::Prepare(samples::debtor()), "ACCP", "PDNG", None),
        (Event::Refuse, "RJCT", "RJCT", Some("CUST")),
    ];
    for (event, status, transfer, reason) in steps {
        let mut payment = guichet.store.load(&id).await.unwrap().unwrap();
        let entry = payment.record(event, Actor::Psu, samples::now()).unwrap();
        guichet.store.save(Change::of(payment, vec![entry])).await.unwrap();
        let answer = get(&pisp, &path).await.json();
        let request = &answer["paymentRequest"];
        assert_eq!(request["paymentInformationStatus"], status);
        assert_eq!(request["creditTransferTransaction"][0]["transactionStatus"], transfer);
        assert_eq!(request.get("statusReasonInformation").and_then(|code| code.as_str()), reason);
        assert_eq!(request.get("debtorAccount"), None, "not approved");
    }
}

#[tokio::test]
async fn a_payment_can_be_read_until_its_retention_ends() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pisp.pay().await;
    guichet.clock.advance(SignedDuration::from_hours(400 * 24 - 1));
    assert_eq!(get(&pisp, &path).await.status, 200);
    guichet.clock.advance(SignedDuration::from_hours(1));
    get(&pisp, &path).await.refused(404, "FF01");
}
