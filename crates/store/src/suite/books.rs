//! Tokens, TPPs, visits; what is swept and what is kept.

use std::sync::Arc;

use jiff::ToSpan;
use payments::{
    journey::{Journey, JourneyId, Step},
    lifecycle::Event,
    ports::{Change, Inserted, Store, StoreError},
    samples as domain,
    sca::Lockout,
    token::Token,
    tpp::{Licence, Tpp},
    values::{PsuId, TppId},
};
use tokio::task::JoinSet;

use super::{
    changes::seal,
    samples::{bytes, change, id, new_payment, put_tpp, token},
};

/// A token reads back as it was given, and is tied once.
pub async fn tokens_are_kept_and_tied_once(store: Arc<dyn Store>) {
    let given = token(1);
    assert_eq!(store.find_token(&given.hash).await.unwrap(), None);
    assert!(!store.tie_token(&given.hash, &id(1)).await.unwrap());
    store.insert_token(given.clone()).await.unwrap();
    assert_eq!(store.find_token(&given.hash).await.unwrap(), Some(given.clone()));
    for (number, tied) in [(1, true), (1, true), (2, false), (1, true)] {
        assert_eq!(store.tie_token(&given.hash, &id(number)).await.unwrap(), tied);
    }
    let tied = Token { tied_to: Some(id(1)), ..given.clone() };
    assert_eq!(store.find_token(&given.hash).await.unwrap(), Some(tied));
    let again = store.insert_token(given).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "a hash is given once");
}

/// A TPP is found by its client id; putting it again replaces it.
pub async fn tpps_are_kept_and_replaced(store: Arc<dyn Store>) {
    let mut tpp = domain::tpp();
    let other = Tpp { id: TppId::parse("PSDDE-BAFIN-99999").unwrap(), ..domain::tpp() };
    assert_eq!(store.find_tpp(&tpp.id).await.unwrap(), None);
    for one in [&tpp, &other] {
        put_tpp(&*store, one.clone()).await;
    }
    assert_eq!(store.find_tpp(&tpp.id).await.unwrap().as_ref(), Some(&tpp));
    tpp.licence = Licence::Suspended;
    put_tpp(&*store, tpp.clone()).await;
    assert_eq!(store.find_tpp(&tpp.id).await.unwrap().as_ref(), Some(&tpp));
    assert_eq!(store.tpps().await.unwrap(), [other, tpp]);
}

/// A visit is found by its id; saving it again replaces it.
pub async fn journeys_are_kept_and_replaced(store: Arc<dyn Store>) {
    let mut journey = domain::journey();
    assert_eq!(store.find_journey(&journey.id).await.unwrap(), None);
    store.save_journey(&journey).await.unwrap();
    assert_eq!(store.find_journey(&journey.id).await.unwrap().as_ref(), Some(&journey));
    journey.step = Step::Review(domain::debtor());
    store.save_journey(&journey).await.unwrap();
    assert_eq!(store.find_journey(&journey.id).await.unwrap(), Some(journey));
}

/// Swept: expired tokens, visits that are over, old request keys, ended blocks. Kept: everything else.
pub async fn a_sweep_removes_what_nobody_can_ask_for(store: Arc<dyn Store>) {
    let now = domain::now();
    // More than one slice of tokens is past; one is not.
    let mut tokens = JoinSet::new();
    for number in 1..=1_201 {
        let expires_at = if number == 1 { now + 1.second() } else { now };
        let (store, token) = (Arc::clone(&store), Token { expires_at, ..token(number) });
        tokens.spawn(async move { store.insert_token(token).await.unwrap() });
    }
    tokens.join_all().await;
    let journey = |number: u64, age_s: i64| Journey {
        id: JourneyId(bytes(number)),
        opened_at: now - age_s.seconds(),
        ..domain::journey()
    };
    let (alive, over) = (journey(1, 1_799), journey(2, 1_800));
    for one in [&alive, &over] {
        store.save_journey(one).await.unwrap();
    }
    let blocked = block(&store, 1, "A", now).await;
    let freed = block(&store, 2, "B", now - 1_800.seconds()).await;

    store.sweep(now).await.unwrap();

    for number in 1..=1_201 {
        let kept = store.find_token(&token(number).hash).await.unwrap().is_some();
        assert_eq!(kept, number == 1, "token {number}");
    }
    assert_eq!(store.find_journey(&alive.id).await.unwrap().as_ref(), Some(&alive));
    assert_eq!(store.find_journey(&over.id).await.unwrap(), None);
    assert_eq!(store.lockout(&blocked.institution, &blocked.psu).await.unwrap(), blocked);
    let clean = Lockout::none(freed.institution.clone(), freed.psu.clone());
    assert_eq!(store.lockout(&freed.institution, &freed.psu).await.unwrap(), clean);

    // Keys are swept by their age alone: asked again at the same time, an unswept call is recognised.
    let again = || {
        let mut again = new_payment(3);
        again.key = new_payment(1).key;
        again
    };
    store.sweep(now + 86_399.seconds()).await.unwrap();
    assert!(matches!(store.insert(again()).await.unwrap(), Inserted::Repeated(_)));
    store.sweep(now + 24.hours()).await.unwrap();
    assert_eq!(store.insert(again()).await.unwrap(), Inserted::New);
    assert_eq!(store.load(&id(1)).await.unwrap().unwrap().seq(), 2, "payments are never swept");
}

/// Adds payment `number` and blocks a PSU by five failures on it at `at`.
async fn block(store: &Arc<dyn Store>, number: u64, psu: &str, at: jiff::Timestamp) -> Lockout {
    let new = new_payment(number);
    store.insert(new.clone()).await.unwrap();
    let clean = Lockout::none(domain::institution().code, PsuId::parse(psu).unwrap());
    let blocked = (0..5).fold(clean.clone(), |lockout, _| lockout.after_failure(at));
    let mut failure = change(&new.payment, &[Event::FailAuthentication { failures: 5 }]);
    failure.lockout = Some((clean, blocked.clone()));
    store.save(failure).await.unwrap();
    blocked
}

/// What [`fill`] wrote is there.
pub async fn everything_is_there_when_the_store_is_read_again(store: Arc<dyn Store>) {
    fill(&store).await;
    assert_filled(&store).await;
}

/// Writes one of everything: for tests that look again after closing the store or killing its process.
pub async fn fill(store: &Arc<dyn Store>) {
    put_tpp(&**store, domain::tpp()).await;
    store.insert_token(token(1)).await.unwrap();
    let mut new = new_payment(1);
    new.token = Some(token(1).hash);
    store.insert(new).await.unwrap();
    store.save(everything()).await.unwrap();
}

/// Whether what [`fill`] wrote is there.
pub async fn assert_filled(store: &Arc<dyn Store>) {
    let expected = everything();
    assert_eq!(store.tpps().await.unwrap(), [domain::tpp()]);
    let tied = store.find_token(&token(1).hash).await.unwrap().unwrap();
    assert_eq!(tied.tied_to, Some(id(1)));
    assert_eq!(store.load(&id(1)).await.unwrap().as_ref(), Some(&expected.payment));
    assert_eq!(store.journal(&id(1)).await.unwrap()[1..], expected.entries);
    assert_eq!(store.seal(&id(1)).await.unwrap(), expected.seal);
    assert_eq!(store.find_journey(&domain::journey().id).await.unwrap(), expected.journey);
    let (_, lockout) = expected.lockout.unwrap();
    assert_eq!(store.lockout(&lockout.institution, &lockout.psu).await.unwrap(), lockout);
    let status = expected.payment.status();
    let counts = store.count_by_status().await.unwrap();
    assert!(counts.contains(&(status, 1)), "{counts:?}");
    assert_eq!(store.last_sequence().await.unwrap(), 1);
    let due = new_payment(1).payment.registration().expires_at;
    assert_eq!(store.oldest_due(due).await.unwrap(), Some(due));
}

fn everything() -> Change {
    let clean = Lockout::none(domain::institution().code, domain::debtor().psu);
    let failed = clean.after_failure(domain::now());
    let prepared = change(&new_payment(1).payment, &[Event::Open, Event::Prepare(domain::debtor())]);
    Change {
        seal: Some(seal(&prepared.payment)),
        journey: Some(domain::journey()),
        lockout: Some((clean, failed)),
        ..prepared
    }
}
