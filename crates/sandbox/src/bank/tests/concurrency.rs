//! Many at once.

use payments::{
    Reason,
    ports::{Bank, Rail, Reserved},
    request::Product::{Sct, SctInst},
    transfer::Outcome,
};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_reservations_at_once_never_overspend_an_account() {
    let test = TestBank::open().await;
    // 2,500.00 carry 19 of 130.00 and no twentieth.
    let mut waiting = Vec::new();
    for number in 0..200 {
        let (bank, wish) = (test.bank.clone(), reservation(&test.order(number, Sct, NORMAL, 13_000)));
        waiting.push(tokio::spawn(async move { bank.reserve(&wish).await.unwrap() }));
    }
    let mut granted = 0;
    for answer in waiting {
        match answer.await.unwrap() {
            Reserved::Yes => granted += 1,
            Reserved::Refused(reason) => assert_eq!(reason, Reason::Am04),
        }
    }
    assert_eq!(granted, 19);
    assert_eq!(test.available(CAMILLE.0, CAMILLE.1).await, 250_000 - 19 * 13_000);
    assert_eq!(test.bank.check().unwrap().holds, 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_orders_at_once_never_overspend_an_account() {
    let test = TestBank::open().await;
    let mut waiting = Vec::new();
    for number in 0..200 {
        let product = if number % 2 == 0 { Sct } else { SctInst };
        let creditor = if number % 3 == 0 { "FR7617515900000800234567883" } else { NORMAL };
        let (bank, order) = (test.bank.clone(), test.order(number, product, creditor, 13_000));
        waiting.push(tokio::spawn(async move { bank.submit(&order).await.unwrap() }));
    }
    let mut settled = 0;
    for outcome in waiting {
        match outcome.await.unwrap() {
            Outcome::Settled(_) => settled += 1,
            rejected => assert_eq!(rejected, Outcome::Rejected(Reason::Am04)),
        }
    }
    assert_eq!(settled, 19);
    assert_eq!(test.balance(CAMILLE.1), 250_000 - 19 * 13_000);
    assert_eq!(test.bank.check().unwrap().settled, 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_from_everywhere_at_once_is_executed_once() {
    let test = TestBank::open().await;
    let order = test.order(1, Sct, BOUTIQUE, 13_000);
    let mut waiting = Vec::new();
    for _ in 0..50 {
        let (bank, order) = (test.bank.clone(), order.clone());
        waiting.push(tokio::spawn(async move { bank.submit(&order).await.unwrap() }));
    }
    for outcome in waiting {
        assert_eq!(outcome.await.unwrap(), Outcome::Settled(test.now()));
    }
    assert_eq!(test.balance(CAMILLE.1), 250_000 - 13_000);
    assert_eq!(test.balance(BOUTIQUE), 13_000);
    test.bank.check().unwrap();
}
