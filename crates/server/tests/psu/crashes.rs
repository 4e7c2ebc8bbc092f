//! Killed at any moment, stopped in the middle, or at work twice: money moves once.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use payments::{
    ports::{Rail as _, WorkStore as _},
    transfer::Outcome,
    values::{Amount, Iban},
    work::{Lease, Task},
};

use crate::{
    rail::{Asked, RailMood},
    town::{FIRST, Town},
    working::{serve, until_idle},
};

const BALANCE: i64 = 250_000;
const PAID: i64 = BALANCE - 12_435;

#[tokio::test]
async fn killed_after_the_approval_the_payment_is_executed_by_the_next_process() {
    let town = Town::new().await;
    let payment = town.approved(|_| {}).await;
    let town = town.restarted().await;
    assert_eq!(town.status(&payment).await, "ACSP");
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACSC");
    assert_eq!(town.rail.asked(&payment), [Asked::Submit]);
    assert_eq!((town.left().await, town.audit().settled), (PAID, 1));
}

#[tokio::test]
async fn killed_before_the_rail_was_called_it_is_asked_first_and_then_called_once() {
    let town = Town::new().await;
    let payment = town.approved(|_| {}).await;
    town.submitted(&payment).await;
    let town = town.restarted().await;
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACSC");
    assert_eq!(town.rail.asked(&payment), [Asked::Inquire, Asked::Submit]);
    assert_eq!((town.left().await, town.audit().settled), (PAID, 1));
}

#[tokio::test]
async fn killed_before_the_outcome_was_committed_it_is_asked_for_and_money_moves_once() {
    let town = Town::new().await;
    let payment = town.approved(|_| {}).await;
    let order = town.submitted(&payment).await;
    let outcome = town.bank.books().submit(&order).await.unwrap();
    assert!(matches!(outcome, Outcome::Settled(_)), "{outcome:?}");
    let town = town.restarted().await;
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACSC");
    assert_eq!(town.rail.asked(&payment), [Asked::Inquire]);
    assert_eq!((town.left().await, town.audit().settled), (PAID, 1));
    let booked = town.bank.books().statement(&Iban::parse(FIRST).unwrap()).unwrap();
    assert_eq!(booked.iter().filter(|line| line.cents == -12_435).count(), 1);
}

#[tokio::test]
async fn the_work_of_a_killed_process_is_taken_over_when_its_lease_ends() {
    let town = Town::new().await;
    let payment = town.approved(|_| {}).await;
    let now = town.app.now();
    let until = now + SignedDuration::from_secs(60);
    let claimed = town.store.claim(now, until, 10, Lease(1)).await.unwrap();
    assert_eq!(claimed.len(), 1);
    let town = town.restarted().await;
    town.wait(59);
    let early = town.store.claim(town.app.now(), until, 10, Lease(2)).await;
    assert_eq!(early.unwrap(), []);
    town.wait(1);
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACSC");
    assert_eq!((town.left().await, town.audit().settled), (PAID, 1));
}

#[tokio::test]
async fn work_that_a_stop_breaks_off_can_be_taken_over_at_once() {
    let town = Town::new().await;
    let payment = town.approved(|_| {}).await;
    town.rail.set(RailMood::Silent);
    // Longer than a stopping server waits for its work.
    let patient = town.another_server(Duration::from_hours(1));
    let rail = Arc::clone(&town.rail);
    // From here, time passes only while everybody waits for it.
    tokio::time::pause();
    serve(&patient, async move { rail.reached.notified().await }).await;
    tokio::time::resume();
    assert_eq!(town.status(&payment).await, "ACSP");
    assert_eq!(town.tasks().await, [Task::Execute], "due, and nobody holds it");
    town.rail.set(RailMood::Fine);
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACSC");
    assert_eq!(town.rail.asked(&payment), [Asked::Submit, Asked::Inquire, Asked::Submit]);
    assert_eq!((town.left().await, town.audit().settled), (PAID, 1));
}

#[tokio::test]
async fn work_in_flight_is_finished_before_the_server_has_stopped() {
    let town = Town::new().await;
    let payment = town.approved(|_| {}).await;
    let rail = Arc::clone(&town.rail);
    // The stop begins when the rail has been called and has not answered.
    serve(&town.app, async move { rail.reached.notified().await }).await;
    assert_eq!(town.status(&payment).await, "ACSC");
    assert_eq!(town.next_due().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_store_execute_every_payment_once() {
    let town = Town::new().await;
    let mut payments = Vec::new();
    for _ in 0..50 {
        let change = |request: &mut payments::PaymentRequest| {
            request.amount = Amount::from_cents(4_000).unwrap();
        };
        payments.push(town.approved(change).await);
    }
    let other = town.another_server(Duration::from_secs(5));
    let app = town.app.clone();
    let first = tokio::spawn(async move { until_idle(&app).await });
    until_idle(&other).await;
    first.await.unwrap();
    for payment in &payments {
        assert_eq!(town.status(payment).await, "ACSC");
        assert_eq!(town.rail.asked(payment), [Asked::Submit]);
        let events = town.events(payment).await;
        assert_eq!(events, ["prepare", "authorise", "submit", "settle"]);
    }
    let books = town.audit();
    assert_eq!((books.holds, books.settled, books.open), (0, 50, 0));
    assert_eq!(town.left().await, BALANCE - 50 * 4_000);
}
