//! Adding and finding payments.

use std::sync::Arc;

use jiff::ToSpan;
use payments::{
    Payment,
    lifecycle::{Event, Status},
    ports::{Inserted, Store, StoreError},
    samples as domain,
    values::{InstitutionCode, TppId},
};

use super::samples::{asked, change, id, new_payment, registration};

/// Another TPP's payment, another institution's and no payment answer alike.
pub async fn a_payment_is_found_by_its_owner_only(store: Arc<dyn Store>) {
    let new = new_payment(1);
    assert_eq!(store.insert(new.clone()).await.unwrap(), Inserted::New);
    let other_tpp = TppId::parse("PSDDE-BAFIN-99999").unwrap();
    let other_institution = InstitutionCode::parse("11425").unwrap();
    let (tpp, institution) = (domain::tpp().id, domain::institution().code);
    let table = [
        (1, &tpp, &institution, true),
        (1, &other_tpp, &institution, false),
        (1, &tpp, &other_institution, false),
        (2, &tpp, &institution, false),
    ];
    for (number, tpp, institution, found) in table {
        let answer = store.find(&id(number), tpp, institution).await.unwrap();
        assert_eq!(answer, found.then(|| new.payment.clone()), "{number} {tpp} {institution}");
    }
    assert_eq!(store.load(&id(1)).await.unwrap(), Some(new.payment));
    assert_eq!(store.load(&id(2)).await.unwrap(), None);
    assert_eq!(store.journal(&id(1)).await.unwrap(), [new.entry]);
    assert_eq!(store.journal(&id(2)).await.unwrap(), []);
    assert_eq!(store.seal(&id(1)).await.unwrap(), None);
}

/// A second payment under a taken id changes nothing.
pub async fn a_payment_id_is_taken_once(store: Arc<dyn Store>) {
    let first = new_payment(1);
    store.insert(first.clone()).await.unwrap();
    let mut second = registration(1);
    "another".clone_into(&mut second.tpp_name);
    second.request.payment_information_id = registration(2).request.payment_information_id;
    let refused = store.insert(asked(second, 2)).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert_eq!(store.load(&id(1)).await.unwrap(), Some(first.payment));
    assert_eq!(store.count_by_status().await.unwrap(), [(Status::Actc, 1)]);
    // Its keys were not kept either: the same call, with an id of its own, is new.
    let mut third = registration(3);
    third.request.payment_information_id = registration(2).request.payment_information_id;
    assert_eq!(store.insert(asked(third, 2)).await.unwrap(), Inserted::New);
}

/// What is stored is the fold of the journal, to the nanosecond, at every point of a life.
pub async fn the_journal_replays_to_the_stored_payment(store: Arc<dyn Store>) {
    let mut registration = registration(1);
    registration.at += 123_456_789.nanoseconds();
    let new = asked(registration, 1);
    store.insert(new.clone()).await.unwrap();
    let life = [
        vec![Event::Open, Event::Identify(domain::debtor().psu)],
        vec![Event::Prepare(domain::debtor())],
        vec![Event::Authorise(domain::authorisation())],
        vec![Event::Submit(domain::submission())],
        vec![Event::Delay],
        vec![Event::Settle(domain::now())],
    ];
    let mut payment = new.payment;
    for events in life {
        let change = change(&payment, &events);
        payment = change.payment.clone();
        store.save(change).await.unwrap();
        let journal = store.journal(&id(1)).await.unwrap();
        assert_eq!(Payment::replay(&journal).unwrap(), payment);
        assert_eq!(store.load(&id(1)).await.unwrap(), Some(payment.clone()));
    }
    assert_eq!(payment.seq(), 8);
}

/// Counts follow every change of status; ids come in pages; the sequence goes on after the greatest id.
pub async fn payments_are_counted_by_status_and_listed_in_order(store: Arc<dyn Store>) {
    assert_eq!(store.count_by_status().await.unwrap(), []);
    assert_eq!(store.last_sequence().await.unwrap(), 0);
    for number in [3, 1, 2, 41] {
        store.insert(new_payment(number)).await.unwrap();
    }
    let refused = change(&new_payment(1).payment, &[Event::Open, Event::Refuse]);
    store.save(refused).await.unwrap();
    store.save(change(&new_payment(2).payment, &[Event::Open])).await.unwrap();
    assert_eq!(counts(&store).await, [(Status::Actc, 3), (Status::Rjct, 1)]);
    assert_eq!(store.last_sequence().await.unwrap(), 41);

    let mut listed = Vec::new();
    loop {
        let page = store.ids_after(listed.last(), 3).await.unwrap();
        assert!(page.len() <= 3);
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    assert_eq!(listed, [id(1), id(2), id(3), id(41)]);
}

/// The statuses that any payment has, in the order of [`Status`].
async fn counts(store: &Arc<dyn Store>) -> Vec<(Status, u64)> {
    let mut counts = store.count_by_status().await.unwrap();
    counts.retain(|(_, count)| *count > 0);
    counts.sort_unstable();
    counts
}
