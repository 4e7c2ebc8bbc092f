//! The ways that end with a payment.

use http::StatusCode;
use payments::{
    lifecycle::State, sca::DynamicLink, seal::Authentication, transfer::TransferOrder, values::Iban,
    work::Task,
};

use crate::town::{CAMILLE, FIRST, SECOND, Town};

#[tokio::test]
async fn a_customer_pays_step_by_step_and_comes_back() {
    let town = Town::new().await;
    let (payment, link) = town.ask(|_| {}).await;
    let mut browser = town.browser();
    assert_eq!(browser.open(&link).await.name(), "/psu/identify");
    assert_eq!(browser.submit("/psu/identify", &[("customer", "17 0000 001")]).await.name(), "/psu/password");
    assert_eq!(browser.submit("/psu/password", &[("password", "sandbox")]).await.name(), "/psu/account");
    assert_eq!(town.status(&payment).await, "ACTC");
    assert_eq!(browser.submit("/psu/account", &[("account", SECOND)]).await.name(), "/psu/review");
    assert_eq!(town.status(&payment).await, "ACCP");
    assert_eq!(browser.submit("/psu/review", &[]).await.name(), "/psu/authenticate");
    let code = town.code(CAMILLE);
    let done = browser.submit("/psu/authenticate", &[("code", &code)]).await;
    assert_eq!((done.name(), done.status), ("/psu/outcome", StatusCode::OK));
    assert!(done.says("id=\"approved\"") && done.says("content=\"4;url=/psu/return\""));
    assert_eq!(town.status(&payment).await, "ACSP");
    assert_eq!(town.events(&payment).await, ["open", "identify", "prepare", "challenge", "authorise"]);
    assert_eq!(town.tasks().await, [Task::Execute]);
    assert_eq!(town.available(CAMILLE, SECOND).await, 31_020 - 12_435);
    assert_eq!(town.available(CAMILLE, FIRST).await, 250_000);
    for _ in 0..2 {
        let back = browser.fetch("/psu/return").await;
        assert_eq!(back.status, StatusCode::FOUND);
        assert_eq!(back.header("location").unwrap(), "https://tpp.example/cb?state=s1");
        assert_eq!(back.header("referrer-policy").unwrap(), "no-referrer");
        assert_eq!(back.header("cache-control").unwrap(), "no-store");
    }
}

#[tokio::test]
async fn what_was_approved_is_sealed_before_anyone_is_told() {
    let town = Town::new().await;
    let (payment, mut browser) = town.at_the_code().await;
    assert!(town.seal(&payment).await.is_none());
    browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    let stored = town.payment(&payment).await;
    let order = TransferOrder::of(&stored).unwrap();
    let seal = town.seal(&payment).await.unwrap();
    let counter = town.app.counter_of(&stored).unwrap();
    let sealer = counter.sealer();
    assert_eq!(seal.permits(&stored, &order, sealer), Ok(()));
    let statement = seal.open(sealer).unwrap();
    let link = DynamicLink::new(&stored, &order.debtor, order.execution_day).sha256();
    assert_eq!(
        statement.authentication,
        Authentication::PasswordAndOneTimeCode { dynamic_link_sha256: link }
    );
    assert_eq!(statement.execution_day, jiff::civil::date(2026, 3, 2));
}

#[tokio::test]
async fn with_an_account_named_by_the_pisp_nothing_is_left_to_choose() {
    let town = Town::new().await;
    let named = |account: &str| Some(Iban::parse(account).unwrap());
    let (payment, mut browser) = town.signed_in(CAMILLE, |r| r.debtor_account = named(SECOND)).await;
    assert_eq!(browser.page().name(), "/psu/review");
    assert!(browser.page().says("id=\"debtor-account\">7584<"));
    browser.submit("/psu/review", &[]).await;
    browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    let State::Authorised(approval) = town.payment(&payment).await.state().clone() else {
        panic!("not authorised");
    };
    assert_eq!(approval.debtor.account.as_str(), SECOND);
}

#[tokio::test]
async fn another_account_can_be_chosen_before_the_code_is_asked_for() {
    let town = Town::new().await;
    let (payment, mut browser) = town.signed_in(CAMILLE, |_| {}).await;
    browser.submit("/psu/account", &[("account", FIRST)]).await;
    assert_eq!(browser.submit("/psu/account/again", &[]).await.name(), "/psu/account");
    assert_eq!(browser.submit("/psu/account", &[("account", SECOND)]).await.name(), "/psu/review");
    browser.submit("/psu/review", &[]).await;
    browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    let approved = town.payment(&payment).await;
    let approval = approved.state().authorisation().unwrap();
    assert_eq!(approval.debtor.account.as_str(), SECOND);
}

#[tokio::test]
async fn the_link_opens_as_often_as_one_likes_until_the_decision() {
    let town = Town::new().await;
    let (payment, link) = town.ask(|_| {}).await;
    let mut earlier = town.browser();
    earlier.open(&link).await;
    let mut browser = town.browser();
    browser.open(&link).await;
    browser.open(&link).await;
    browser.sign_in(CAMILLE, "sandbox").await;
    browser.submit("/psu/account", &[("account", FIRST)]).await;
    browser.submit("/psu/review", &[]).await;
    browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    assert_eq!(town.status(&payment).await, "ACSP");
    let again = town.browser().open(&link).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(again.says("no longer valid") && again.header("location").is_none());
    assert_eq!(earlier.open("/psu/password").await.name(), "/psu/outcome");
}
