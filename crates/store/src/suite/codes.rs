//! Authorisation codes, their exchange, and payments that wait for what follows it.

use std::sync::Arc;

use jiff::ToSpan;
use payments::{
    code::{AuthorisationCode, CodeChallenge, CodeHash},
    institution::Redirect,
    lifecycle::Event,
    ports::{Change, Exchanged, Store, StoreError},
    samples as domain,
    token::{Scope, Token},
    tpp::ReportUrl,
    work::{Lease, Task, Work},
};
use tokio::task::JoinSet;

use super::samples::{asked, bytes, change, id, registration, token};

/// A code reads back as it was given, whether it was exchanged or not. Its token serves until the code
/// comes again.
pub async fn a_code_is_exchanged_once_and_the_second_try_takes_the_token_back(store: Arc<dyn Store>) {
    let given = code(1);
    let unknown = code(2);
    assert_eq!(store.find_code(&given.hash).await.unwrap(), None);
    store.insert_code(given.clone()).await.unwrap();
    let again = store.insert_code(given.clone()).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "a hash is given once");
    assert_eq!(store.find_code(&given.hash).await.unwrap().as_ref(), Some(&given));
    assert!(!store.revoke_exchanged(&given.hash).await.unwrap(), "there is nothing to take back");

    let [first, second] = [1, 2].map(confirming);
    let exchanged = store.exchange_code(&given.hash, first.clone()).await.unwrap();
    assert_eq!(exchanged, Exchanged::First);
    assert_eq!(store.find_token(&first.hash).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.find_code(&given.hash).await.unwrap().as_ref(), Some(&given));
    let exchanged = store.exchange_code(&given.hash, second.clone()).await.unwrap();
    assert_eq!(exchanged, Exchanged::Again);
    for taken in [&first, &second] {
        assert_eq!(store.find_token(&taken.hash).await.unwrap(), None);
    }
    let third = store.exchange_code(&given.hash, second.clone()).await.unwrap();
    assert_eq!(third, Exchanged::Again, "for ever");
    let nothing = store.exchange_code(&unknown.hash, second.clone()).await.unwrap();
    assert_eq!(nothing, Exchanged::Unknown);
    assert_eq!(store.find_token(&second.hash).await.unwrap(), None);

    // The token can be taken back without another exchange, and no other token goes with it.
    for number in [3, 4] {
        store.insert_code(code(number)).await.unwrap();
        store.exchange_code(&code(number).hash, confirming(number)).await.unwrap();
    }
    for (number, taken) in [(3, true), (3, false), (9, false)] {
        assert_eq!(store.revoke_exchanged(&code(number).hash).await.unwrap(), taken, "{number}");
    }
    assert_eq!(store.find_token(&confirming(3).hash).await.unwrap(), None);
    assert_eq!(store.find_token(&confirming(4).hash).await.unwrap(), Some(confirming(4)));
}

/// Of exchanges at once one gets a token, and the next takes it back.
pub async fn of_many_exchanges_of_one_code_no_token_is_left(store: Arc<dyn Store>) {
    store.insert_code(code(1)).await.unwrap();
    let mut exchanges = JoinSet::new();
    for number in 1..=16 {
        let store = Arc::clone(&store);
        exchanges.spawn(async move { store.exchange_code(&code(1).hash, confirming(number)).await.unwrap() });
    }
    let outcomes = exchanges.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Exchanged::First).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Exchanged::Again).count(), 15);
    for number in 1..=16 {
        assert_eq!(store.find_token(&confirming(number).hash).await.unwrap(), None);
    }
}

/// A code that comes again long after its end still tells of a theft.
pub async fn a_code_is_remembered_for_a_day_after_its_end(store: Arc<dyn Store>) {
    let given = code(1);
    store.insert_code(given.clone()).await.unwrap();
    store.sweep(given.expires_at + 86_399.seconds()).await.unwrap();
    assert_eq!(store.find_code(&given.hash).await.unwrap().as_ref(), Some(&given));
    store.sweep(given.expires_at + 24.hours()).await.unwrap();
    assert_eq!(store.find_code(&given.hash).await.unwrap(), None);
}

/// The approval moves the expiry to the end of the confirmation's time; what a visit does meanwhile leaves
/// it there, and the confirmation takes it away.
pub async fn a_payment_that_awaits_its_confirmation_still_expires(store: Arc<dyn Store>) {
    let mut enforced = registration(1);
    enforced.redirect = Redirect::Enforced;
    let new = asked(enforced, 1);
    store.insert(new.clone()).await.unwrap();
    let end = new.payment.registration().expires_at + 10.minutes();
    let approval = [Event::Prepare(domain::debtor()), Event::AwaitConfirmation(domain::authorisation(), end)];
    let expiry = Work { payment: id(1), task: Task::Expire, due: end };
    let approved = Change { work: vec![expiry.clone()], ..change(&new.payment, &approval) };
    store.save(approved.clone()).await.unwrap();
    let seen = Change { journey: Some(domain::journey()), ..change(&approved.payment, &[]) };
    store.save(seen).await.unwrap();
    assert_eq!(store.oldest_due(end).await.unwrap(), Some(end));
    assert_eq!(claim(&store, end - 1.second()).await, []);
    assert_eq!(claim(&store, end).await, [expiry]);

    let execution = Work { payment: id(1), task: Task::Execute, due: domain::now() };
    let confirm = [Event::Confirm(domain::now())];
    let confirmed = Change { work: vec![execution.clone()], ..change(&approved.payment, &confirm) };
    store.save(confirmed).await.unwrap();
    assert_eq!(claim(&store, end + 24.hours()).await, [execution]);
}

async fn claim(store: &Arc<dyn Store>, now: jiff::Timestamp) -> Vec<Work> {
    let claimed = store.claim(now, now + 1.minute(), 10, Lease(1)).await.unwrap();
    claimed.into_iter().map(|claimed| claimed.work).collect()
}

fn code(number: u64) -> AuthorisationCode {
    AuthorisationCode {
        hash: CodeHash(bytes(number)),
        tpp: domain::tpp().id,
        institution: domain::institution().code,
        payment: id(1),
        redirect_uri: ReportUrl::parse("https://tpp.example/cb?own=1").unwrap(),
        challenge: Some(CodeChallenge([5; 32])),
        expires_at: domain::now() + 300.seconds(),
    }
}

/// A token for the confirmation of payment 1.
fn confirming(number: u64) -> Token {
    Token { scope: Scope::Confirmation, tied_to: Some(id(1)), ..token(100 + number) }
}
