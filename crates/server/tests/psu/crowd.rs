//! Many payments of one customer at once.

use std::sync::Arc;

use payments::{
    Payment,
    values::{Amount, PsuId},
};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    browser::Browser,
    town::{CAMILLE, FIRST, PASSWORD, Town},
};

const PAYMENTS: usize = 200;
const AMOUNT_CENTS: u64 = 10_000;
/// As many as 2,500.00 pays for.
const AFFORDED: usize = 25;
/// Visits that wait for a code at a time: a pretend phone keeps the last twenty messages.
const AT_A_TIME: usize = 8;

/// One customer's visit up to the code for her first account.
async fn up_to_the_code(town: &Town) -> (Payment, Browser, String) {
    let change = |request: &mut payments::PaymentRequest| {
        request.amount = Amount::from_cents(AMOUNT_CENTS).unwrap();
    };
    let (payment, link) = town.ask(change).await;
    let mut browser = town.browser();
    browser.open(&link).await;
    browser.sign_in(CAMILLE, PASSWORD).await;
    browser.submit("/psu/account", &[("account", FIRST)]).await;
    browser.submit("/psu/review", &[]).await;
    let psu = PsuId::parse(CAMILLE).unwrap();
    let institution = &payment.registration().institution;
    let messages = town.bank.books().phone(institution, &psu).unwrap();
    let message = messages.into_iter().find(|message| message.payment == *payment.id());
    (payment, browser, message.expect("a code for this payment").code)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_payments_at_once_never_overspend_the_account() {
    let town = Arc::new(Town::new().await);
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    let mut visits = JoinSet::new();
    for _ in 0..PAYMENTS {
        let (town, places) = (Arc::clone(&town), Arc::clone(&places));
        visits.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            up_to_the_code(&town).await
        });
    }
    // Everybody has a code; now all of them approve.
    let waiting = visits.join_all().await;
    let payments: Vec<_> = waiting.iter().map(|(payment, ..)| payment.clone()).collect();
    let mut approvals = JoinSet::new();
    for (_, mut browser, code) in waiting {
        approvals.spawn(async move {
            let page = browser.submit("/psu/authenticate", &[("code", &code)]).await;
            page.says("id=\"approved\"")
        });
    }
    let told = approvals.join_all().await;
    assert_eq!(told.iter().filter(|approved| **approved).count(), AFFORDED);
    let books = town.audit();
    assert_eq!((books.holds, books.settled), (AFFORDED as u64, 0));
    assert_eq!(town.left().await, 0);

    town.work().await;
    let mut statuses = Vec::new();
    for payment in &payments {
        statuses.push(town.status(payment).await);
        let sealed = town.seal(payment).await.is_some();
        assert_eq!(sealed, statuses.last().unwrap() == "ACSC");
    }
    let count = |status: &str| statuses.iter().filter(|found| *found == status).count();
    assert_eq!((count("ACSC"), count("RJCT AM04")), (AFFORDED, PAYMENTS - AFFORDED));
    let books = town.audit();
    assert_eq!((books.holds, books.settled, books.open), (0, AFFORDED as u64, 0));
    assert_eq!(town.left().await, 0);
    assert_eq!(town.next_due().await, None);
}
