//! Calls that are repeated, and the tokens they come with.

use std::sync::Arc;

use jiff::ToSpan;
use payments::{
    lifecycle::{Event, Status},
    ports::{Inserted, NewPayment, Store},
    samples as domain,
    values::{Id35, InstitutionCode, TppId},
};
use tokio::task::JoinSet;

use super::samples::{asked, bytes, change, id, new_payment, registration, token};

/// Same `X-Request-ID` and body, or same payment information id and content: the first payment. Same
/// `X-Request-ID` and another body: refused. For one TPP at one institution, for 24 hours.
pub async fn a_call_is_recognised_for_24_hours(store: Arc<dyn Store>) {
    // request id, body, payment information id, content, TPP, institution, seconds later, outcome
    let table = "\
        same  same  same  same  same  same  0      repeated
        same  same  same  same  same  same  86399  repeated
        same  same  same  same  same  same  86400  new
        same  same  other other same  same  60     repeated
        same  other same  same  same  same  60     reused
        same  other other other same  same  60     reused
        same  other other other same  same  86400  new
        other other same  same  same  same  60     repeated
        other same  same  same  same  same  60     repeated
        other other same  same  same  same  86400  new
        other other same  other same  same  60     new
        other other other same  same  same  60     new
        same  same  same  same  other same  60     new
        same  same  same  same  same  other 60     new
        same  same  same  same  same  same  -5     repeated";
    for (number, row) in (1_u64..).zip(table.lines()) {
        let first = new_payment(number * 10);
        assert_eq!(store.insert(first.clone()).await.unwrap(), Inserted::New, "{row}");
        let (again, expected) = call_again(number * 10, row);
        let found = store.find_repeated(&again).await.unwrap();
        assert_eq!(found, (expected == "repeated").then_some(first.payment.clone()), "{row}");
        let outcome = match store.insert(again.clone()).await.unwrap() {
            Inserted::New => "new",
            Inserted::Repeated(payment) => {
                assert_eq!(*payment, first.payment, "{row}");
                "repeated"
            }
            Inserted::RequestIdReused => "reused",
            Inserted::TokenSpent => "spent",
        };
        assert_eq!(outcome, expected, "{row}");
        let stored = store.load(again.payment.id()).await.unwrap();
        assert_eq!(stored, (expected == "new").then_some(again.payment), "{row}");
    }
}

/// The call of payment `number` made again as payment `number + 1`, with the differences of a row.
fn call_again(number: u64, row: &str) -> (NewPayment, &str) {
    let words: Vec<&str> = row.split_whitespace().collect();
    let other = |column: usize| words[column] == "other";
    let pick = |column: usize| number + u64::from(other(column));
    let mut again = registration(number + 1);
    again.at += words[6].parse::<i64>().unwrap().seconds();
    again.request.payment_information_id = Id35::parse(&format!("PI-{}", pick(2))).unwrap();
    if other(4) {
        again.tpp = TppId::parse("PSDDE-BAFIN-99999").unwrap();
    }
    if other(5) {
        again.institution = InstitutionCode::parse("11425").unwrap();
    }
    let mut again = asked(again, pick(0));
    again.key.body_sha256 = bytes(pick(1));
    again.key.content_sha256 = bytes(pick(3));
    (again, words[7])
}

/// 200 calls at once, 20 of them repetitions: 180 payments, and each repetition gets one of them.
pub async fn of_concurrent_calls_each_is_taken_once(store: Arc<dyn Store>) {
    let mut calls = JoinSet::new();
    for number in 1..=200_u64 {
        let store = Arc::clone(&store);
        // The last twenty make the calls of the first twenty, for payments of their own.
        let call = if number > 180 { number - 180 } else { number };
        let mut registration = registration(number);
        registration.request.payment_information_id = Id35::parse(&format!("PI-{call}")).unwrap();
        calls.spawn(async move { store.insert(asked(registration, call)).await.unwrap() });
    }
    let inserted = calls.join_all().await;
    let new = inserted.iter().filter(|one| **one == Inserted::New).count();
    let repeated = inserted.iter().filter(|one| matches!(one, Inserted::Repeated(_))).count();
    assert_eq!((new, repeated), (180, 20));
    assert_eq!(store.count_by_status().await.unwrap(), [(Status::Actc, 180)]);
    assert_eq!(store.ids_after(None, 1_000).await.unwrap().len(), 180);
}

/// A repetition adds nothing, and shows what became of the payment since.
pub async fn a_repetition_gets_the_payment_as_it_stands(store: Arc<dyn Store>) {
    let first = new_payment(1);
    store.insert(first.clone()).await.unwrap();
    let refused = change(&first.payment, &[Event::Refuse]);
    store.save(refused.clone()).await.unwrap();

    let mut again = new_payment(2);
    again.key = first.key;
    let repeated = Inserted::Repeated(Box::new(refused.payment));
    assert_eq!(store.insert(again).await.unwrap(), repeated);
    assert_eq!(store.load(&id(2)).await.unwrap(), None);
    assert_eq!(store.journal(&id(2)).await.unwrap(), []);
    assert_eq!(
        store
            .claim(domain::now() + 24.hours(), domain::now() + 48.hours(), 9, payments::work::Lease(1))
            .await
            .unwrap(),
        []
    );
}

/// The first use ties a token; used on another payment request it adds nothing.
pub async fn a_token_serves_one_payment_request(store: Arc<dyn Store>) {
    for number in [1, 2] {
        store.insert_token(token(number)).await.unwrap();
    }
    // payment to add, call, token, outcome, what the token is tied to afterwards
    let (new, spent, repeated) = ("new", "spent", "repeated");
    let table = [
        (1, 1, Some(1), new, Some(1)),
        (2, 2, Some(1), spent, Some(1)),
        (2, 2, Some(9), spent, None),
        (2, 2, None, new, None),
        (3, 1, Some(1), repeated, Some(1)),
        (3, 1, Some(2), repeated, Some(1)),
        (3, 2, Some(2), spent, Some(1)),
        (3, 1, None, repeated, None),
        (3, 3, Some(2), spent, Some(1)),
    ];
    for case in table {
        let (number, call, with, expected, tied_to) = case;
        let mut attempt = registration(number);
        attempt.request.payment_information_id = Id35::parse(&format!("PI-{call}")).unwrap();
        let mut attempt = asked(attempt, call);
        attempt.token = with.map(|number| token(number).hash);
        let outcome = match store.insert(attempt).await.unwrap() {
            Inserted::New => new,
            Inserted::Repeated(payment) => {
                assert_eq!(*payment.id(), id(call), "{case:?}");
                repeated
            }
            Inserted::TokenSpent => spent,
            Inserted::RequestIdReused => "reused",
        };
        assert_eq!(outcome, expected, "{case:?}");
        if let Some(with) = with {
            let stored = store.find_token(&token(with).hash).await.unwrap();
            assert_eq!(stored.and_then(|token| token.tied_to), tied_to.map(id), "{case:?}");
        }
    }
    assert_eq!(store.ids_after(None, 9).await.unwrap(), [id(1), id(2)]);
}
