//! Nobody decides in time, or at the very last moment.

use std::sync::Arc;

use payments::{Payment, Reason, ports::Reserved};

use crate::{
    town::{CAMILLE, Town, When},
    working::{reservation, until_idle},
};

const BALANCE: i64 = 250_000;
/// How long a town's payments wait for a decision.
const VALID_S: i64 = 3_600;

/// Rejected as unanswered, with nothing sealed, set aside or still to do, for ever.
async fn is_over(town: &Town, payment: &Payment) {
    assert_eq!(town.status(payment).await, "RJCT NOAS");
    assert!(town.seal(payment).await.is_none());
    assert_eq!(town.next_due().await, None);
    let again = town.app.bank.reserve(&reservation(payment)).await;
    assert_eq!(again, Ok(Reserved::Refused(Reason::Ms03)));
    assert_eq!(town.left().await, BALANCE);
    assert_eq!(town.audit().holds, 0);
    assert_eq!(town.rail.asked(payment), []);
}

#[tokio::test]
async fn a_payment_nobody_answers_is_rejected_when_its_time_is_up_and_no_sooner() {
    let town = Town::new().await;
    let (payment, _link) = town.ask(|_| {}).await;
    town.wait(VALID_S - 1);
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACTC");
    town.wait(1);
    town.work().await;
    is_over(&town, &payment).await;
    assert_eq!(town.events(&payment).await, ["expire"]);
}

#[tokio::test]
async fn a_payment_that_expires_while_it_is_approved_leaves_nothing_set_aside() {
    for when in [When::Before, When::After] {
        let town = Town::new().await;
        let (payment, mut browser) = town.at_the_code().await;
        let code = town.code(CAMILLE);
        let (app, clock) = (town.app.clone(), Arc::clone(&town.clock));
        town.bank.meddle_when(when, async move {
            clock.advance(VALID_S);
            until_idle(&app).await;
        });
        let page = browser.submit("/psu/authenticate", &[("code", &code)]).await;
        assert!(!page.says("id=\"approved\""), "{}", page.body);
        is_over(&town, &payment).await;
    }
}

#[tokio::test]
async fn a_payment_approved_in_time_does_not_expire() {
    let town = Town::new().await;
    let (payment, _link) = town.ask(|_| {}).await;
    let approved = town.approved(|_| {}).await;
    town.wait(VALID_S);
    town.work().await;
    assert_eq!(town.status(&payment).await, "RJCT NOAS");
    assert_eq!(town.status(&approved).await, "ACSC");
    assert_eq!(town.next_due().await, None);
    assert_eq!(town.left().await, BALANCE - 12_435);
    assert_eq!(town.audit().settled, 1);
}
