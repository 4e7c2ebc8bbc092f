//! What becomes of orders: the creditors and amounts of the documentation, through the ports.

use payments::{
    Reason,
    ports::{Bank, Rail, Reserved},
    request::Product::{Sct, SctInst},
    transfer::Outcome,
};
use sepa::{CreditTransfer, StatusReport, TransferStatus};

use super::super::{
    PostingKind,
    transfers::{MessageName, find_message},
};
use super::*;

const UNREACHABLE: &str = "FR7630099000010000000000120";
const CLOSED: &str = "FR7614505000010811223344524";

#[tokio::test]
async fn every_creditor_and_amount_of_the_documentation_has_its_outcome() {
    // The creditor, then the amount in cents, then what SCT and SCT Inst come to; none is settled.
    let table = [
        (NORMAL, 12_435, None, None),
        ("FR1420041010050500013M02606", 12_435, None, None),
        (BOUTIQUE, 12_435, None, None),
        (UNREACHABLE, 12_435, None, Some(Reason::Ag03)),
        (CLOSED, 12_435, None, Some(Reason::Ac04)),
        ("FR7630003036200002021690750", 12_435, None, None),
        ("FR7630066100410001057930106", 12_435, Some(Reason::Frad), Some(Reason::Frad)),
        ("FR7613807008043001965406128", 12_435, None, None),
        ("DE89370400440532013000", 12_435, None, None),
        ("CH9300762011623852957", 12_435, None, None),
        (NORMAL, 12_488, Some(Reason::Rr04), Some(Reason::Rr04)),
        (NORMAL, 12_499, Some(Reason::Ms03), Some(Reason::Ms03)),
        (NORMAL, 12_477, None, Some(Reason::Ms03)),
        (CLOSED, 12_488, Some(Reason::Rr04), Some(Reason::Ac04)),
    ];
    for (creditor, cents, sct, instant) in table {
        for (product, reason) in [(Sct, sct), (SctInst, instant)] {
            let test = TestBank::open().await;
            let order = test.order(1, product, creditor, cents);
            let _ = test.reserve(&order).await;
            let settled = Outcome::Settled(test.now());
            let mut outcome = test.bank.submit(&order).await.unwrap();
            if outcome == Outcome::Pending {
                test.pass(10);
                outcome = test.bank.inquire(&order.institution, &order.reference).await.unwrap();
            }
            assert_eq!(outcome, reason.map_or(settled, Outcome::Rejected), "{creditor} {cents} {product:?}");
            let left = if reason.is_none() { 250_000 - i64::try_from(cents).unwrap() } else { 250_000 };
            assert_eq!(test.balance(CAMILLE.1), left, "{creditor} {cents}");
            assert_eq!(test.available(CAMILLE.0, CAMILLE.1).await, left, "{creditor} {cents}");
            test.bank.check().unwrap();
        }
    }
}

#[tokio::test]
async fn a_repeated_order_gets_the_first_outcome_and_is_debited_once() {
    let test = TestBank::open().await;
    let order = test.order(1, Sct, NORMAL, 12_435);
    assert_eq!(test.reserve(&order).await, Reserved::Yes);
    let settled = Outcome::Settled(test.now());
    for _ in 0..3 {
        assert_eq!(test.bank.submit(&order).await.unwrap(), settled);
        test.pass(100);
        assert_eq!(test.bank.inquire(&order.institution, &order.reference).await.unwrap(), settled);
    }
    test.bank.release(&order.institution, &order.reference).await.unwrap();
    assert_eq!(test.bank.submit(&order).await.unwrap(), settled, "what is executed cannot be released");
    assert_eq!(test.balance(CAMILLE.1), 250_000 - 12_435);
    assert_eq!(test.reserve(&order).await, Reserved::Refused(Reason::Ms03));
    test.bank.check().unwrap();
}

#[tokio::test]
async fn a_back_end_that_is_down_settles_a_minute_after_the_first_attempt() {
    let test = TestBank::open().await;
    let order = test.order(1, Sct, NORMAL, 12_466);
    assert_eq!(test.reserve(&order).await, Reserved::Yes);
    for _ in 0..6 {
        assert_eq!(test.bank.submit(&order).await.unwrap(), Outcome::Pending);
        let inquired = test.bank.inquire(&order.institution, &order.reference).await.unwrap();
        assert_eq!(inquired, Outcome::Pending);
        assert_eq!(test.balance(CAMILLE.1), 250_000);
        assert_eq!(test.available(CAMILLE.0, CAMILLE.1).await, 250_000 - 12_466);
        test.pass(10);
    }
    let inquired = test.bank.inquire(&order.institution, &order.reference).await.unwrap();
    assert_eq!(inquired, Outcome::Settled(test.now()));
    assert_eq!(test.balance(CAMILLE.1), 250_000 - 12_466);
    test.bank.check().unwrap();
}

#[tokio::test]
async fn an_order_that_waits_for_the_back_end_can_be_given_up() {
    let test = TestBank::open().await;
    let order = test.order(1, Sct, NORMAL, 12_466);
    assert_eq!(test.reserve(&order).await, Reserved::Yes);
    assert_eq!(test.bank.submit(&order).await.unwrap(), Outcome::Pending);
    test.bank.release(&order.institution, &order.reference).await.unwrap();
    test.pass(60);
    assert_eq!(test.bank.submit(&order).await.unwrap(), Outcome::Rejected(Reason::Ms03));
    assert_eq!(test.available(CAMILLE.0, CAMILLE.1).await, 250_000);
    test.bank.check().unwrap();
}

#[tokio::test]
async fn an_order_under_a_released_reference_is_refused_even_while_the_back_end_is_down() {
    let test = TestBank::open().await;
    let order = test.order(1, Sct, NORMAL, 12_466);
    test.bank.release(&order.institution, &order.reference).await.unwrap();
    assert_eq!(test.bank.submit(&order).await.unwrap(), Outcome::Rejected(Reason::Ms03));
    test.bank.check().unwrap();
}

#[tokio::test]
async fn a_late_instant_transfer_is_debited_then_restored_after_ten_seconds() {
    let test = TestBank::open().await;
    let order = test.order(1, SctInst, NORMAL, 12_477);
    assert_eq!(test.reserve(&order).await, Reserved::Yes);
    assert_eq!(test.bank.submit(&order).await.unwrap(), Outcome::Pending);
    test.pass(9);
    assert_eq!(test.bank.submit(&order).await.unwrap(), Outcome::Pending);
    assert_eq!(test.balance(CAMILLE.1), 250_000 - 12_477);
    test.pass(1);
    assert_eq!(test.bank.submit(&order).await.unwrap(), Outcome::Rejected(Reason::Ms03));
    let kinds: Vec<_> =
        test.bank.statement(&iban(CAMILLE.1)).unwrap().into_iter().map(|line| line.kind).collect();
    assert_eq!(kinds, [PostingKind::Opening, PostingKind::Debit, PostingKind::Restore]);
    assert_eq!(test.balance(CAMILLE.1), 250_000);
    test.bank.check().unwrap();
}

#[tokio::test]
async fn an_instant_order_that_comes_too_late_is_not_debited() {
    let test = TestBank::open().await;
    let order = test.order(1, SctInst, NORMAL, 12_435);
    assert_eq!(test.reserve(&order).await, Reserved::Yes);
    test.pass(10);
    assert_eq!(test.bank.submit(&order).await.unwrap(), Outcome::Rejected(Reason::Ms03));
    assert_eq!(test.bank.statement(&iban(CAMILLE.1)).unwrap().len(), 1, "only the opening balance");
    assert_eq!(test.available(CAMILLE.0, CAMILLE.1).await, 250_000);
}

#[tokio::test]
async fn a_transfer_inside_the_institution_is_booked_at_once_or_refused() {
    let alex = "FR7617515900000800234567883";
    let unknown = super::super::french_iban("17515", "90000", "08999999999").unwrap();
    let table = [
        (alex, 12_435, None),
        (alex, 12_477, None),
        ("FR7617515900002200234567813", 12_435, None),
        ("FR7617515900000800456789063", 12_435, Some(Reason::Ac06)),
        ("FR7617515900000800567890147", 12_435, Some(Reason::Ac04)),
        (unknown.as_str(), 12_435, Some(Reason::Ac01)),
        (alex, 12_488, Some(Reason::Rr04)),
        (alex, 12_499, Some(Reason::Ms03)),
        (CAMILLE.1, 12_435, Some(Reason::Ag01)),
    ];
    for (creditor, cents, reason) in table {
        let test = TestBank::open().await;
        let order = test.order(1, SctInst, creditor, cents);
        let before = test.balance(creditor);
        let _ = test.reserve(&order).await;
        let expected = reason.map_or(Outcome::Settled(test.now()), Outcome::Rejected);
        assert_eq!(test.bank.submit(&order).await.unwrap(), expected, "{creditor} {cents}");
        let moved = if reason.is_none() { i64::try_from(cents).unwrap() } else { 0 };
        assert_eq!(test.balance(creditor), before + moved, "{creditor} {cents}");
        assert_eq!(test.available(CAMILLE.0, CAMILLE.1).await, 250_000 - moved, "{creditor} {cents}");
        test.bank.check().unwrap();
    }
}

#[tokio::test]
async fn a_payee_at_another_of_our_institutions_is_credited() {
    let test = TestBank::open().await;
    let order = test.order(1, Sct, BOUTIQUE, 12_435);
    assert_eq!(test.reserve(&order).await, Reserved::Yes);
    test.bank.submit(&order).await.unwrap();
    let lines = test.bank.statement(&iban(BOUTIQUE)).unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].kind, lines[0].cents), (PostingKind::Receipt, 12_435));
    assert_eq!(lines[0].reference.as_deref(), Some(order.reference.as_str()));
    let closed = test.order(2, Sct, CLOSED, 100);
    assert_eq!(test.bank.submit(&closed).await.unwrap(), Outcome::Settled(test.now()));
    assert_eq!(test.balance(CLOSED), 0, "a closed account takes nothing");
    test.bank.check().unwrap();
}

#[tokio::test]
async fn an_order_is_believed_no_more_than_the_account_allows() {
    type Change = fn(&mut TransferOrder);
    let cases: [(&str, Option<u64>, Change, Outcome); 8] = [
        ("no reservation, enough funds", None, |_| {}, Outcome::Settled(Timestamp::UNIX_EPOCH)),
        (
            "no reservation, too few funds",
            None,
            |order| order.amount = amount(250_001),
            Outcome::Rejected(Reason::Am04),
        ),
        (
            "less reserved than ordered, enough funds",
            Some(100),
            |_| {},
            Outcome::Settled(Timestamp::UNIX_EPOCH),
        ),
        (
            "less reserved than ordered, too few funds",
            Some(100),
            |order| order.amount = amount(250_001),
            Outcome::Rejected(Reason::Am04),
        ),
        (
            "reserved on another account",
            Some(12_435),
            |order| order.debtor.account = iban("FR7617515900000800123457584"),
            Outcome::Settled(Timestamp::UNIX_EPOCH),
        ),
        (
            "reserved on another account, too few funds on this one",
            Some(100_000),
            |order| {
                order.debtor.account = iban("FR7617515900000800123457584");
                order.amount = amount(100_000);
            },
            Outcome::Rejected(Reason::Am04),
        ),
        (
            "an account of somebody else",
            Some(12_435),
            |order| order.debtor.psu = psu_id("170000002"),
            Outcome::Rejected(Reason::Rr01),
        ),
        (
            "a blocked account",
            None,
            |order| {
                order.debtor.psu = psu_id("170000004");
                order.debtor.account = iban("FR7617515900000800456789063");
            },
            Outcome::Rejected(Reason::Ac06),
        ),
    ];
    for (what, reserved, change, expected) in cases {
        let test = TestBank::open().await;
        let mut order = test.order(1, Sct, NORMAL, 12_435);
        if let Some(cents) = reserved {
            let reserved = TransferOrder { amount: amount(cents), ..order.clone() };
            assert_eq!(test.reserve(&reserved).await, Reserved::Yes, "{what}");
        }
        change(&mut order);
        let expected = match expected {
            Outcome::Settled(_) => Outcome::Settled(test.now()),
            other => other,
        };
        assert_eq!(test.bank.submit(&order).await.unwrap(), expected, "{what}");
        assert_eq!(test.bank.check().unwrap().holds, 0, "{what}");
    }
}

#[tokio::test]
async fn what_others_reserved_cannot_be_spent() {
    let test = TestBank::open().await;
    assert_eq!(test.reserve(&test.order(1, Sct, NORMAL, 200_000)).await, Reserved::Yes);
    let other = test.order(2, Sct, NORMAL, 60_000);
    assert_eq!(test.bank.submit(&other).await.unwrap(), Outcome::Rejected(Reason::Am04));
    test.bank.check().unwrap();
}

#[tokio::test]
async fn the_rail_speaks_the_truth_about_what_it_never_did() {
    let test = TestBank::open().await;
    let order = test.order(1, Sct, NORMAL, 12_435);
    let inquire = || test.bank.inquire(&order.institution, &order.reference);
    assert_eq!(inquire().await.unwrap(), Outcome::Unknown);
    assert_eq!(test.reserve(&order).await, Reserved::Yes);
    assert_eq!(inquire().await.unwrap(), Outcome::Unknown);
    test.bank.release(&order.institution, &order.reference).await.unwrap();
    assert_eq!(inquire().await.unwrap(), Outcome::Rejected(Reason::Ms03));
    assert_eq!(test.bank.submit(&order).await.unwrap(), Outcome::Rejected(Reason::Ms03));
}

#[tokio::test]
async fn the_messages_of_a_transfer_are_kept_as_they_were_exchanged() {
    let test = TestBank::open().await;
    let order = test.order(1, SctInst, CLOSED, 12_435);
    test.bank.submit(&order).await.unwrap();
    let message = |name| {
        let found =
            test.bank.database.read(|books| find_message(books, &order.institution, &order.reference, name));
        found.unwrap().unwrap()
    };
    let sent = CreditTransfer::parse(message(MessageName::Pacs008).as_bytes()).unwrap();
    assert_eq!(sent.transaction_id.as_str(), order.reference.as_str());
    assert_eq!(sent.debtor_name.as_str(), "CAMILLE ESSAI");
    assert_eq!(sent.creditor_name.as_str(), "Cafe Zoe");
    assert_eq!((sent.amount, sent.product), (order.amount, SctInst));
    assert_eq!(sent.accepted_at, Some(order.approved_at));
    assert_eq!((sent.debtor_agent.as_str(), sent.creditor_agent.as_str()), ("CEPAFRPP751", "CEPAFRPP450"));
    let answer = StatusReport::parse(message(MessageName::Pacs002).as_bytes()).unwrap();
    assert_eq!(answer.original_message_id, sent.message_id);
    assert_eq!(answer.status, TransferStatus::Rejected(Reason::Ac04.into()));
}
