//! Whatever is asked in whatever order, with crashes in between: the books add up, and what was said
//! stays true.

use std::collections::BTreeMap;

use payments::{
    ports::{Bank, Rail, Reserved},
    request::Product,
    transfer::Outcome,
};
use proptest::prelude::*;

use super::super::rail::take;
use super::*;

#[derive(Debug, Clone)]
enum Action {
    Reserve(Wish),
    Release(u64),
    Submit(Wish),
    /// Submits, and ends before the clearing is asked.
    SubmitAndCrash(Wish),
    Inquire(u64),
    Wait(i64),
    Crash,
}

#[derive(Debug, Clone)]
struct Wish {
    number: u64,
    debtor: usize,
    creditor: usize,
    cents: u64,
    instant: bool,
}

const DEBTORS: [(&str, &str); 4] = [
    CAMILLE,
    ("170000001", "FR7617515900000800123457584"),
    ("170000006", "FR7617515900000800678901215"),
    ("170000004", "FR7617515900000800456789063"),
];
const CREDITORS: [&str; 6] = [
    NORMAL,
    BOUTIQUE,
    "FR7617515900000800234567883",
    "FR7614505000010811223344524",
    "FR7630066100410001057930106",
    CAMILLE.1,
];

fn wishes() -> impl Strategy<Value = Wish> {
    let cents = prop_oneof![
        1_u64..40_000,
        (0_u64..400).prop_map(|euros| euros * 100 + 66),
        (0_u64..400).prop_map(|euros| euros * 100 + 77),
        (0_u64..400).prop_map(|euros| euros * 100 + 88),
        Just(250_000),
    ];
    (0_u64..5, 0..DEBTORS.len(), 0..CREDITORS.len(), cents, any::<bool>()).prop_map(
        |(number, debtor, creditor, cents, instant)| Wish { number, debtor, creditor, cents, instant },
    )
}

fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => wishes().prop_map(Action::Reserve),
        1 => (0_u64..5).prop_map(Action::Release),
        4 => wishes().prop_map(Action::Submit),
        2 => wishes().prop_map(Action::SubmitAndCrash),
        3 => (0_u64..5).prop_map(Action::Inquire),
        2 => (1_i64..70).prop_map(Action::Wait),
        1 => Just(Action::Crash),
    ]
}

fn order(test: &TestBank, wish: &Wish) -> TransferOrder {
    let product = if wish.instant { Product::SctInst } else { Product::Sct };
    let mut order = test.order(wish.number, product, CREDITORS[wish.creditor], wish.cents);
    (order.debtor.psu, order.debtor.account) = (psu_id(DEBTORS[wish.debtor].0), iban(DEBTORS[wish.debtor].1));
    order
}

/// What the rail said last about each reference.
#[derive(Default)]
struct Said(BTreeMap<u64, Outcome>);

impl Said {
    /// A final outcome never changes, and what is known is never unknown again.
    fn check(&mut self, number: u64, outcome: Outcome) {
        let before = self.0.insert(number, outcome);
        match before {
            Some(Outcome::Settled(_) | Outcome::Rejected(_)) => assert_eq!(Some(outcome), before),
            Some(Outcome::Pending) => assert_ne!(outcome, Outcome::Unknown),
            Some(Outcome::Unknown) | None => {}
        }
    }
}

async fn play(actions: Vec<Action>) {
    let mut test = TestBank::open().await;
    let mut said = Said::default();
    for action in actions {
        match action {
            Action::Reserve(wish) => {
                let reserved = test.reserve(&order(&test, &wish)).await;
                let open = matches!(said.0.get(&wish.number), None | Some(Outcome::Unknown));
                assert!(open || reserved != Reserved::Yes, "what was submitted is not reserved again");
            }
            Action::Release(number) => {
                test.bank.release(&code("17515"), &reference(number)).await.unwrap();
            }
            Action::Submit(wish) => {
                let outcome = test.bank.submit(&order(&test, &wish)).await.unwrap();
                assert_ne!(outcome, Outcome::Unknown);
                said.check(wish.number, outcome);
            }
            Action::SubmitAndCrash(wish) => {
                let (order, now) = (order(&test, &wish), test.now());
                test.bank.database.write(move |books| take(books, order, now)).await.unwrap();
                test = test.reopened().await;
            }
            Action::Inquire(number) => {
                let outcome = test.bank.inquire(&code("17515"), &reference(number)).await.unwrap();
                said.check(number, outcome);
            }
            Action::Wait(seconds) => test.pass(seconds),
            Action::Crash => test = test.reopened().await,
        }
        test.bank.check().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn the_books_add_up_after_any_sequence_of_calls_and_crashes(
        actions in prop::collection::vec(actions(), 1..25),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(actions));
    }
}
