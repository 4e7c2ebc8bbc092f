//! The audit, the statement and a new beginning.

use payments::{
    ports::{Bank, Rail, Reserved},
    request::Product::Sct,
    transfer::Outcome,
};
use store::sqlite::sql::failure;

use super::super::BooksBroken;
use super::*;

#[tokio::test]
async fn new_books_add_up() {
    let test = TestBank::open().await;
    let report = test.bank.check().unwrap();
    // Three institutions with three accounts of their own and eleven of the cast; two payees.
    assert_eq!(report.accounts, 3 * (3 + 11) + 2);
    assert_eq!(report.postings, 3 * 10);
    assert_eq!((report.holds, report.settled, report.open), (0, 0, 0));
}

#[tokio::test]
async fn every_kind_of_damage_is_found() {
    let table = [
        ("UPDATE entries SET cents = cents + 1 WHERE posting = 1 AND cents > 0", "all entries sum to zero"),
        ("DELETE FROM entries WHERE posting = 1 AND cents > 0", "every posting has two entries"),
        ("UPDATE accounts SET balance_cents = balance_cents + 1 WHERE id = 4", "every balance is the sum"),
        ("UPDATE holds SET cents = 99999999", "holds never exceed the balance"),
        ("UPDATE holds SET reference = (SELECT reference FROM transfers)", "nothing is held for a transfer"),
        (
            "INSERT INTO released SELECT institution, reference FROM holds",
            "under a reference that was given up",
        ),
        ("UPDATE postings SET kind = 'restore' WHERE kind = 'debit'", "what is booked under a transfer"),
        ("UPDATE transfers SET state = 'rejected', reason = 'MS03'", "what is booked under a transfer"),
        ("DELETE FROM transfers", "nothing is booked without a transfer"),
        ("INSERT INTO released SELECT institution, reference FROM transfers", "nothing is executed under"),
        (
            "UPDATE postings SET reference = 'x', kind = 'book' WHERE id IN (1); \
          UPDATE postings SET reference = 'x', kind = 'debit' WHERE id IN (2)",
            "executed once at most",
        ),
    ];
    for (damage, rule) in table {
        let test = TestBank::open().await;
        assert_eq!(test.reserve(&test.order(1, Sct, NORMAL, 100)).await, Reserved::Yes);
        test.bank.submit(&test.order(2, Sct, NORMAL, 100)).await.unwrap();
        test.bank.check().unwrap();
        let done = test
            .bank
            .database
            .write(move |books| books.execute_batch(damage).map_err(|error| failure(&error)));
        done.await.unwrap();
        let Err(BooksBroken::Findings(findings)) = test.bank.check() else { panic!("{damage} is not found") };
        assert!(findings.iter().any(|finding| finding.contains(rule)), "{damage}: {findings:?}");
    }
}

#[tokio::test]
async fn a_customer_cannot_be_overdrawn_by_any_statement() {
    let test = TestBank::open().await;
    let sql = "UPDATE accounts SET balance_cents = -1 WHERE id = 4";
    let done =
        test.bank.database.write(move |books| books.execute_batch(sql).map_err(|error| failure(&error)));
    assert!(done.await.is_err());
}

#[tokio::test]
async fn a_reset_forgets_everything() {
    let test = TestBank::open().await;
    let order = test.order(1, Sct, NORMAL, 12_435);
    test.bank.submit(&order).await.unwrap();
    let given_up = test.order(2, Sct, NORMAL, 100);
    test.bank.release(&given_up.institution, &given_up.reference).await.unwrap();
    let fresh = TestBank::open().await.bank.check().unwrap();
    test.bank.reset().await.unwrap();
    assert_eq!(test.bank.check().unwrap(), fresh);
    assert_eq!(test.balance(CAMILLE.1), 250_000);
    let inquired = test.bank.inquire(&order.institution, &order.reference).await.unwrap();
    assert_eq!(inquired, Outcome::Unknown);
    assert_eq!(test.reserve(&given_up).await, Reserved::Yes);
}

#[tokio::test]
async fn a_second_opening_goes_on_where_the_first_ended() {
    let test = TestBank::open().await;
    test.bank.submit(&test.order(1, Sct, NORMAL, 12_435)).await.unwrap();
    let before = test.bank.check().unwrap();
    let test = test.reopened().await;
    assert_eq!(test.bank.check().unwrap(), before);
    assert_eq!(test.balance(CAMILLE.1), 250_000 - 12_435);
}
