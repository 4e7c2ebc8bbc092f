//! The process ends between two steps of a transfer; whoever asks next finishes it.

use payments::{
    Reason,
    ports::{Rail, Reserved},
    request::Product::{self, Sct, SctInst},
    transfer::Outcome,
};

use super::super::rail::{Step, conclude, take};
use super::*;

/// How whoever comes back asks.
#[derive(Debug, Clone, Copy)]
enum Ask {
    Submit,
    Inquire,
}

async fn ask(test: &TestBank, order: &TransferOrder, how: Ask) -> Outcome {
    let outcome = match how {
        Ask::Submit => test.bank.submit(order).await,
        Ask::Inquire => test.bank.inquire(&order.institution, &order.reference).await,
    };
    outcome.unwrap()
}

/// Takes an order and ends before the clearing is asked.
async fn take_and_crash(test: TestBank, order: &TransferOrder) -> (TestBank, String) {
    let (taken, now) = (order.clone(), test.now());
    let step = test.bank.database.write(move |books| take(books, taken, now)).await.unwrap();
    let Step::Send(message) = step else { panic!("{step:?} is not on its way") };
    (test.reopened().await, message)
}

#[tokio::test]
async fn a_crash_after_the_debit_is_finished_by_whoever_asks_next() {
    let closed = "FR7614505000010811223344524";
    let table: [(Product, &str, u64, Option<Reason>); 5] = [
        (Sct, NORMAL, 12_435, None),
        (SctInst, NORMAL, 12_435, None),
        (Sct, NORMAL, 12_488, Some(Reason::Rr04)),
        (SctInst, closed, 12_435, Some(Reason::Ac04)),
        // The answer came too late for those who waited, and it still does.
        (SctInst, NORMAL, 12_477, Some(Reason::Ms03)),
    ];
    for (product, creditor, cents, reason) in table {
        for how in [Ask::Submit, Ask::Inquire] {
            let test = TestBank::open().await;
            let order = test.order(1, product, creditor, cents);
            assert_eq!(test.reserve(&order).await, Reserved::Yes);
            let debited_at = test.now();
            let (test, _) = take_and_crash(test, &order).await;
            assert_eq!(test.bank.check().unwrap().open, 1);
            test.pass(30);
            let expected = reason.map_or(Outcome::Settled(debited_at), Outcome::Rejected);
            assert_eq!(ask(&test, &order, how).await, expected, "{creditor} {cents} {how:?}");
            let test = test.reopened().await;
            assert_eq!(ask(&test, &order, Ask::Submit).await, expected, "{creditor} {cents} {how:?}");
            let spent = if reason.is_none() { i64::try_from(cents).unwrap() } else { 0 };
            assert_eq!(test.balance(CAMILLE.1), 250_000 - spent, "{creditor} {cents} {how:?}");
            test.bank.check().unwrap();
        }
    }
}

#[tokio::test]
async fn a_message_sent_again_is_the_same_message_and_gets_the_same_answer() {
    let test = TestBank::open().await;
    let order = test.order(1, Sct, NORMAL, 12_435);
    let (test, first) = take_and_crash(test, &order).await;
    test.pass(3_600);
    let (test, again) = take_and_crash(test, &order).await;
    assert_eq!(again, first);
    assert_eq!(test.bank.clearing.exchange(&again), test.bank.clearing.exchange(&first));
    assert!(matches!(ask(&test, &order, Ask::Inquire).await, Outcome::Settled(_)));
    assert_eq!(test.balance(CAMILLE.1), 250_000 - 12_435);
}

#[tokio::test]
async fn an_answer_that_is_written_down_twice_counts_once() {
    let test = TestBank::open().await;
    let order = test.order(1, Sct, NORMAL, 12_488);
    let (test, message) = take_and_crash(test, &order).await;
    for _ in 0..2 {
        let answer = test.bank.clearing.exchange(&message);
        let (order, now) = (order.clone(), test.now());
        let concluded = test.bank.database.write(move |books| {
            conclude(books, &order.institution, &order.reference, answer.as_deref(), now)
        });
        assert_eq!(concluded.await.unwrap(), Outcome::Rejected(Reason::Rr04));
    }
    assert_eq!(test.balance(CAMILLE.1), 250_000);
    test.bank.check().unwrap();
}

#[tokio::test]
async fn an_answer_that_is_none_settles_nothing() {
    let test = TestBank::open().await;
    let (order, other) = (test.order(1, Sct, NORMAL, 12_435), test.order(2, Sct, NORMAL, 100));
    let (test, _) = take_and_crash(test, &order).await;
    let (test, foreign) = take_and_crash(test, &other).await;
    let foreign = test.bank.clearing.exchange(&foreign).unwrap();
    for answer in ["", "<Document/>", &foreign] {
        let (order, now, answer) = (order.clone(), test.now(), answer.to_owned());
        let concluded = test
            .bank
            .database
            .write(move |books| conclude(books, &order.institution, &order.reference, Some(&answer), now));
        assert_eq!(concluded.await.unwrap(), Outcome::Pending);
    }
    assert!(matches!(ask(&test, &order, Ask::Inquire).await, Outcome::Settled(_)));
    test.bank.check().unwrap();
}

#[tokio::test]
async fn reservations_and_refusals_outlive_the_process() {
    let test = TestBank::open().await;
    let (held, given_up) = (test.order(1, Sct, NORMAL, 12_435), test.order(2, Sct, NORMAL, 100));
    assert_eq!(test.reserve(&held).await, Reserved::Yes);
    payments::ports::Bank::release(&test.bank, &given_up.institution, &given_up.reference).await.unwrap();
    let test = test.reopened().await;
    assert_eq!(test.available(CAMILLE.0, CAMILLE.1).await, 250_000 - 12_435);
    assert_eq!(test.reserve(&given_up).await, Reserved::Refused(Reason::Ms03));
}
