//! What becomes of a payment that was approved.

use payments::{
    PaymentRequest, Reason,
    ports::Reserved,
    request::Product,
    samples,
    seal::{Seal, Sealer, Statement},
    transfer::TransferOrder,
    values::{Amount, Iban},
};

use crate::{
    rail::{Asked, RailMood},
    town::{CAMILLE, SECOND, Town},
    working::reservation,
};

/// What CAMILLE's first account holds at the start, in cents.
const BALANCE: i64 = 250_000;

fn cents(request: &mut PaymentRequest, cents: u64) {
    request.amount = Amount::from_cents(cents).unwrap();
}

fn instant_to(request: &mut PaymentRequest, iban: &str) {
    request.product = Product::SctInst;
    request.beneficiary.creditor_account = Iban::parse(iban).unwrap();
}

#[tokio::test]
async fn what_a_customer_approved_is_settled_and_all_books_agree() {
    let town = Town::new().await;
    let (payment, mut browser) = town.at_the_code().await;
    browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    assert_eq!(town.status(&payment).await, "ACSP");
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACSC");
    let events = town.events(&payment).await;
    assert_eq!(events, ["open", "identify", "prepare", "challenge", "authorise", "submit", "settle"]);
    let stored = town.payment(&payment).await;
    let order = TransferOrder::of(&stored).unwrap();
    let seal = town.seal(&payment).await.expect("a seal");
    let counter = town.app.counter_of(&payment).unwrap();
    assert_eq!(seal.permits(&stored, &order, counter.sealer()), Ok(()));
    assert_eq!(town.rail.asked(&payment), [Asked::Submit]);
    assert_eq!(town.next_due().await, None);
    assert_eq!(town.left().await, BALANCE - 12_435);
    let books = town.audit();
    assert_eq!((books.holds, books.settled, books.open), (0, 1, 0));
}

#[tokio::test]
async fn money_can_move_within_the_institution() {
    let town = Town::new().await;
    let to_herself = |request: &mut PaymentRequest| {
        request.beneficiary.creditor_account = Iban::parse(SECOND).unwrap();
    };
    let payment = town.approved(to_herself).await;
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACSC");
    assert_eq!(town.left().await, BALANCE - 12_435);
    assert_eq!(town.available(CAMILLE, SECOND).await, 31_020 + 12_435);
    assert_eq!(town.audit().settled, 1);
}

#[tokio::test]
async fn what_the_rail_refuses_is_rejected_with_its_reason_and_costs_nothing() {
    type Change = fn(&mut PaymentRequest);
    let table: [(Change, &str); 6] = [
        (|request| cents(request, 12_488), "RR04"),
        (|request| cents(request, 12_499), "MS03"),
        (|request| instant_to(request, "FR7614505000010811223344524"), "AC04"),
        (|request| instant_to(request, "FR7630099000010000000000120"), "AG03"),
        (
            |request| {
                cents(request, 12_488);
                request.beneficiary.creditor_account = Iban::parse(SECOND).unwrap();
            },
            "RR04",
        ),
        (
            // Nobody at the institution has this account.
            |request| {
                let nobody = sandbox::bank::french_iban("17515", "90000", "99999999999").unwrap();
                request.beneficiary.creditor_account = nobody;
            },
            "AC01",
        ),
    ];
    let town = Town::new().await;
    for (change, reason) in table {
        let payment = town.approved(change).await;
        town.work().await;
        assert_eq!(town.status(&payment).await, format!("RJCT {reason}"));
        let events = town.events(&payment).await;
        assert_eq!(events, ["prepare", "authorise", "submit", "fail"], "{reason}");
        assert_eq!(town.left().await, BALANCE, "{reason}");
        assert_eq!(town.next_due().await, None, "its release is done");
        let again = town.app.bank.reserve(&reservation(&payment)).await;
        assert_eq!(again, Ok(Reserved::Refused(Reason::Ms03)), "the reference is dead");
    }
    let books = town.audit();
    assert_eq!((books.holds, books.settled, books.open), (0, 0, 0));
}

#[tokio::test]
async fn a_back_end_that_is_down_delays_the_payment_until_it_is_up() {
    let town = Town::new().await;
    let payment = town.approved(|request| cents(request, 12_466)).await;
    town.work().await;
    assert_eq!(town.status(&payment).await, "PDNG");
    assert_eq!(town.left().await, BALANCE - 12_466, "still set aside");
    town.wait(59);
    town.work().await;
    assert_eq!(town.status(&payment).await, "PDNG");
    town.wait(60);
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACSC");
    let events = town.events(&payment).await;
    assert_eq!(events, ["prepare", "authorise", "submit", "delay", "settle"]);
    let [first, rest @ ..] = &town.rail.asked(&payment)[..] else { panic!("the rail was asked nothing") };
    assert_eq!(*first, Asked::Submit);
    assert!(!rest.is_empty() && rest.iter().all(|asked| *asked == Asked::Inquire));
    assert_eq!(town.left().await, BALANCE - 12_466);
    assert_eq!(town.audit().settled, 1);
}

#[tokio::test]
async fn an_instant_transfer_without_an_answer_is_given_up_after_ten_seconds() {
    let town = Town::new().await;
    let payment = town
        .approved(|request| {
            cents(request, 12_477);
            request.product = Product::SctInst;
        })
        .await;
    town.work().await;
    assert_eq!(town.status(&payment).await, "PDNG");
    town.wait(10);
    town.work().await;
    assert_eq!(town.status(&payment).await, "RJCT MS03");
    assert_eq!(town.left().await, BALANCE);
    let books = town.audit();
    assert_eq!((books.holds, books.settled, books.open), (0, 0, 0));
}

/// What makes a seal, and the name of the seal that the approval bears.
type Sealing = fn(Statement, &dyn Sealer) -> (String, Option<Seal>);

/// Every way in which a seal does not permit the order.
fn broken_seals() -> [(&'static str, Sealing); 5] {
    [
        ("no seal", |statement, sealer| (statement.seal(sealer).sha256(), None)),
        ("another seal than the approval names", |mut statement, sealer| {
            let named = statement.seal(sealer).sha256();
            statement.amount = Amount::from_cents(1).unwrap();
            (named, Some(statement.seal(sealer)))
        }),
        ("a seal of another order", |mut statement, sealer| {
            statement.creditor_account = Iban::parse(SECOND).unwrap();
            let seal = statement.seal(sealer);
            (seal.sha256(), Some(seal))
        }),
        ("a text that was changed after it was signed", |statement, sealer| {
            let mut seal = statement.seal(sealer);
            seal.text = seal.text.replace("Commande 4711", "Commande 4712");
            (seal.sha256(), Some(seal))
        }),
        ("a signature that is not the bank's", |statement, _sealer| {
            let seal = statement.seal(&samples::TestSealer);
            (seal.sha256(), Some(seal))
        }),
    ]
}

#[tokio::test]
async fn nothing_is_executed_without_a_seal_that_permits_it() {
    let town = Town::new().await;
    for (broken, sealing) in broken_seals() {
        let payment = town.approved_with(|_| {}, sealing).await;
        town.work().await;
        assert_eq!(town.status(&payment).await, "RJCT MS03", "{broken}");
        let events = town.events(&payment).await;
        assert_eq!(events, ["prepare", "authorise", "fail"], "{broken}");
        assert_eq!(town.rail.asked(&payment), [], "{broken}");
        assert_eq!(town.left().await, BALANCE, "{broken}");
        assert_eq!(town.next_due().await, None, "{broken}");
    }
    assert_eq!(town.audit().holds, 0);
}

#[tokio::test]
async fn nothing_is_sent_again_without_a_seal_that_permits_it() {
    let town = Town::new().await;
    for (broken, sealing) in broken_seals() {
        let payment = town.approved_with(|_| {}, sealing).await;
        town.submitted(&payment).await;
        town.work().await;
        assert_eq!(town.status(&payment).await, "RJCT MS03", "{broken}");
        assert_eq!(town.rail.asked(&payment), [Asked::Inquire], "{broken}");
        assert_eq!(town.left().await, BALANCE, "{broken}");
    }
    let books = town.audit();
    assert_eq!((books.holds, books.settled, books.open), (0, 0, 0));
}

#[tokio::test]
async fn a_rail_that_fails_is_asked_again_until_it_answers() {
    // Silence takes its time, so it comes only once.
    for (mood, failures) in [(RailMood::Down, 4), (RailMood::Silent, 1)] {
        let town = Town::new().await;
        let payment = town.approved(|_| {}).await;
        town.rail.set(mood);
        for _ in 0..failures {
            town.work().await;
            assert_eq!(town.status(&payment).await, "PDNG");
            town.wait(60);
        }
        town.rail.set(RailMood::Fine);
        town.work().await;
        assert_eq!(town.status(&payment).await, "ACSC");
        let mut expected = vec![Asked::Submit];
        expected.extend([Asked::Inquire].repeat(failures));
        // It has never seen the first.
        expected.push(Asked::Submit);
        assert_eq!(town.rail.asked(&payment), expected);
        let events = town.events(&payment).await;
        assert_eq!(events, ["prepare", "authorise", "submit", "delay", "settle"]);
        assert_eq!(town.left().await, BALANCE - 12_435);
        assert_eq!(town.audit().settled, 1);
    }
}

#[tokio::test]
async fn a_lost_answer_is_found_by_asking_and_not_by_sending_again() {
    let town = Town::new().await;
    let payment = town.approved(|_| {}).await;
    town.rail.set(RailMood::Lossy);
    town.work().await;
    assert_eq!(town.status(&payment).await, "PDNG", "the money has moved, nobody knows");
    town.rail.set(RailMood::Fine);
    town.wait(60);
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACSC");
    assert_eq!(town.rail.asked(&payment), [Asked::Submit, Asked::Inquire]);
    assert_eq!(town.left().await, BALANCE - 12_435);
    assert_eq!(town.audit().settled, 1);
}
