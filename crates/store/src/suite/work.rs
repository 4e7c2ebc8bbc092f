//! Work that waits, and who holds it.

use std::{collections::BTreeSet, sync::Arc};

use jiff::{Timestamp, ToSpan};
use payments::{
    lifecycle::Event,
    ports::{Change, Store},
    samples as domain,
    work::{Claimed, Lease, Task, Work},
};
use tokio::task::JoinSet;

use super::samples::{change, id, new_payment};

/// Due or not, held or not, and never more than asked.
pub async fn work_is_claimed_once_when_it_is_due_oldest_first(store: Arc<dyn Store>) {
    // One payment after the other is due a minute later, added in another order.
    for number in [3, 1, 4, 2] {
        add(&store, number, minutes(number)).await;
    }
    assert_eq!(store.oldest_due(minutes(0)).await.unwrap(), None);
    assert_eq!(claim(&store, 0, 10, 1).await, []);
    assert_eq!(numbers(&claim(&store, 3, 2, 1).await), [1, 2]);
    assert_eq!(store.oldest_due(minutes(9)).await.unwrap(), Some(minutes(1)));
    assert_eq!(numbers(&claim(&store, 9, 10, 2).await), [3, 4]);
    assert_eq!(claim(&store, 9, 10, 3).await, []);
}

/// Whose lease ended cannot finish or give back what somebody else holds now.
pub async fn a_lease_that_ended_is_lost(store: Arc<dyn Store>) {
    add(&store, 1, minutes(1)).await;
    let first = claim(&store, 1, 1, 1).await.pop().unwrap();
    assert_eq!(first.attempt, 0);
    // Leases last ten minutes.
    assert_eq!(claim(&store, 10, 1, 2).await, []);
    let second = claim(&store, 11, 1, 2).await.pop().unwrap();
    assert_eq!((second.attempt, second.lease), (1, Lease(2)));
    assert_eq!(second.work, first.work);
    store.finish(&first).await.unwrap();
    store.put_back(&first, minutes(0)).await.unwrap();
    assert_eq!(claim(&store, 11, 1, 3).await, []);
    assert_eq!(store.oldest_due(minutes(11)).await.unwrap(), Some(minutes(1)));
    store.finish(&second).await.unwrap();
    assert_eq!(store.oldest_due(minutes(60)).await.unwrap(), None);
    assert_eq!(claim(&store, 60, 1, 4).await, []);
}

/// Work given back waits for its new time, and remembers how often it was tried.
pub async fn work_put_back_is_due_again_later(store: Arc<dyn Store>) {
    add(&store, 1, minutes(1)).await;
    let first = claim(&store, 1, 1, 1).await.pop().unwrap();
    store.put_back(&first, minutes(3)).await.unwrap();
    assert_eq!(claim(&store, 2, 1, 2).await, []);
    let second = claim(&store, 3, 1, 2).await.pop().unwrap();
    assert_eq!((second.work.due, second.attempt), (minutes(3), 1));
    // New work of the same task takes its place, held or not.
    let renewed = Work { due: minutes(4), ..second.work.clone() };
    let change = Change { work: vec![renewed.clone()], ..change(&new_payment(1).payment, &[Event::Open]) };
    store.save(change).await.unwrap();
    store.finish(&second).await.unwrap();
    let third = claim(&store, 4, 1, 3).await.pop().unwrap();
    assert_eq!((third.work, third.attempt), (renewed, 0));
}

/// Eight workers share fifty pieces without holding one twice.
pub async fn concurrent_workers_never_hold_the_same_work(store: Arc<dyn Store>) {
    for number in 1..=50 {
        add(&store, number, minutes(1)).await;
    }
    let mut workers = JoinSet::new();
    for lease in 1..=8 {
        let store = Arc::clone(&store);
        workers.spawn(async move {
            let mut held = Vec::new();
            loop {
                let claimed = claim(&store, 1, 3, lease).await;
                if claimed.is_empty() {
                    return held;
                }
                assert!(claimed.len() <= 3);
                held.extend(numbers(&claimed));
            }
        });
    }
    let held: Vec<u64> = workers.join_all().await.into_iter().flatten().collect();
    assert_eq!(held.len(), 50);
    assert_eq!(BTreeSet::from_iter(held).len(), 50);
}

fn minutes(minutes: u64) -> Timestamp {
    domain::now() + i64::try_from(minutes).unwrap().minutes()
}

/// Adds payment `number`, waiting to expire at `due`.
async fn add(store: &Arc<dyn Store>, number: u64, due: Timestamp) {
    let mut new = new_payment(number);
    new.work = vec![Work { payment: id(number), task: Task::Expire, due }];
    store.insert(new).await.unwrap();
}

/// Claims for ten minutes.
async fn claim(store: &Arc<dyn Store>, at: u64, limit: u32, lease: u64) -> Vec<Claimed> {
    let until = minutes(at + 10);
    store.claim(minutes(at), until, limit, Lease(lease)).await.unwrap()
}

fn numbers(claimed: &[Claimed]) -> Vec<u64> {
    let number = |claimed: &Claimed| claimed.work.payment.as_str()[..10].parse().unwrap();
    claimed.iter().map(number).collect()
}
