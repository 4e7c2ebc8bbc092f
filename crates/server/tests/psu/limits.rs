//! Failures, codes and time: what is bounded, and what happens at the bound.

use http::StatusCode;
use payments::journey::MAX_CODES;

use crate::town::{CAMILLE, FIRST, Mood, PASSWORD, Town};

/// A code that is not the given one.
fn other_than(code: &str) -> String {
    let last = code.bytes().last().unwrap();
    let next = char::from(b'0' + (last - b'0' + 1) % 10);
    format!("{}{next}", &code[..code.len() - 1])
}

#[tokio::test]
async fn the_fifth_wrong_password_ends_the_payment_and_blocks_the_number() {
    let town = Town::new().await;
    let (payment, link) = town.ask(|_| {}).await;
    let mut browser = town.browser();
    browser.open(&link).await;
    browser.submit("/psu/identify", &[("customer", CAMILLE)]).await;
    for attempt in 1..=4 {
        let page = browser.submit("/psu/password", &[("password", "guess")]).await;
        assert!(page.name() == "/psu/password" && page.says("is not right"), "{attempt}");
        let left = ["", "", "You have 2 attempts left", "You have one attempt left"][attempt - 1];
        assert!(page.says(left), "{attempt}");
    }
    let page = browser.submit("/psu/password", &[("password", "guess")]).await;
    assert!(page.name() == "/psu/outcome" && page.says("blocked for 30 minutes"));
    assert_eq!(town.status(&payment).await, "RJCT MS03");

    // Blocked everywhere, whatever the password, without asking the bank.
    let (second, link) = town.ask(|_| {}).await;
    browser.open(&link).await;
    town.bank.set(Mood::Down);
    let page = browser.sign_in(CAMILLE, PASSWORD).await;
    assert!(page.says("is blocked until 10:45"), "{}", page.body);
    assert_eq!(town.status(&second).await, "ACTC");
    town.bank.set(Mood::Fine);
    town.wait(1_800);
    browser.open(&link).await;
    assert_eq!(browser.sign_in(CAMILLE, PASSWORD).await.name(), "/psu/account");
}

#[tokio::test]
async fn an_unknown_number_is_told_apart_from_a_wrong_password_by_nothing() {
    let mut told = Vec::new();
    for number in [CAMILLE, "999999999"] {
        let town = Town::new().await;
        let (payment, link) = town.ask(|_| {}).await;
        let mut browser = town.browser();
        browser.open(&link).await;
        browser.submit("/psu/identify", &[("customer", number)]).await;
        let mut pages = Vec::new();
        for _ in 0..5 {
            let page = browser.submit("/psu/password", &[("password", "guess")]).await;
            let csrf = page.says("csrf").then(|| page.hidden_field("/psu/password", "csrf"));
            let body = page.body.replace(number, "NUMBER");
            pages.push((page.status, body.replace(&csrf.unwrap_or("-".to_owned()), "CSRF")));
        }
        told.push((pages, town.events(&payment).await));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn failures_of_password_and_code_are_one_row() {
    let town = Town::new().await;
    let (payment, link) = town.ask(|_| {}).await;
    let mut browser = town.browser();
    browser.open(&link).await;
    browser.submit("/psu/identify", &[("customer", CAMILLE)]).await;
    for _ in 0..3 {
        browser.submit("/psu/password", &[("password", "guess")]).await;
    }
    browser.submit("/psu/password", &[("password", PASSWORD)]).await;
    browser.submit("/psu/account", &[("account", FIRST)]).await;
    browser.submit("/psu/review", &[]).await;
    let wrong = other_than(&town.code(CAMILLE));
    let page = browser.submit("/psu/authenticate", &[("code", &wrong)]).await;
    assert!(page.name() == "/psu/authenticate" && page.says("one attempt left"));
    let page = browser.submit("/psu/authenticate", &[("code", &wrong)]).await;
    assert_eq!(page.name(), "/psu/outcome");
    assert_eq!(town.status(&payment).await, "RJCT MS03");
    assert!(town.seal(&payment).await.is_none());
}

#[tokio::test]
async fn the_right_code_after_four_wrong_ones_pays_and_clears_the_row() {
    let town = Town::new().await;
    let (payment, mut browser) = town.at_the_code().await;
    let code = town.code(CAMILLE);
    for _ in 0..4 {
        browser.submit("/psu/authenticate", &[("code", &other_than(&code))]).await;
    }
    browser.submit("/psu/authenticate", &[("code", &code)]).await;
    assert_eq!(town.status(&payment).await, "ACSP");
    let (_, mut browser) = town.at_the_code().await;
    let page = browser.submit("/psu/authenticate", &[("code", &other_than(&town.code(CAMILLE)))]).await;
    assert!(page.name() == "/psu/authenticate" && !page.says("left before"));
}

#[tokio::test]
async fn five_failures_in_one_visit_end_it_whatever_the_numbers() {
    let town = Town::new().await;
    let (payment, link) = town.ask(|_| {}).await;
    let mut browser = town.browser();
    browser.open(&link).await;
    for number in ["111111111", "222222222", "333333333", "444444444", "555555555"] {
        browser.sign_in(number, "guess").await;
        if browser.page().name() == "/psu/password" {
            browser.submit("/psu/identify/again", &[]).await;
        }
    }
    assert_eq!(browser.page().name(), "/psu/outcome");
    assert_eq!(town.status(&payment).await, "RJCT MS03");
}

#[tokio::test]
async fn a_block_from_elsewhere_counts_when_the_code_is_typed() {
    let town = Town::new().await;
    let (payment, mut browser) = town.at_the_code().await;
    let code = town.code(CAMILLE);
    let (_, link) = town.ask(|_| {}).await;
    let mut elsewhere = town.browser();
    elsewhere.open(&link).await;
    elsewhere.submit("/psu/identify", &[("customer", CAMILLE)]).await;
    for _ in 0..5 {
        elsewhere.submit("/psu/password", &[("password", "guess")]).await;
    }
    browser.submit("/psu/authenticate", &[("code", &code)]).await;
    assert_eq!(town.status(&payment).await, "RJCT MS03");
}

#[tokio::test]
async fn an_old_code_is_refused_and_a_new_one_accepted() {
    let town = Town::new().await;
    let (payment, mut browser) = town.at_the_code().await;
    let old = town.code(CAMILLE);
    town.wait(200);
    browser.submit("/psu/authenticate", &[("code", "")]).await;
    town.wait(100);
    let page = browser.submit("/psu/authenticate", &[("code", &old)]).await;
    assert!(page.says("not right, or is too old"));
    let page = browser.submit("/psu/authenticate/again", &[]).await;
    assert!(page.says("A new code is on its way"));
    let page = browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    assert!(page.says("id=\"approved\""), "{}", page.body);
    assert_eq!(town.status(&payment).await, "ACSP");
}

#[tokio::test]
async fn an_earlier_code_counts_no_more_once_another_was_sent() {
    let town = Town::new().await;
    let (payment, mut browser) = town.at_the_code().await;
    let earlier = town.code(CAMILLE);
    browser.submit("/psu/authenticate/again", &[]).await;
    assert_ne!(earlier, town.code(CAMILLE));
    browser.submit("/psu/authenticate", &[("code", &earlier)]).await;
    assert_eq!(town.status(&payment).await, "ACCP");
}

#[tokio::test]
async fn a_visit_sends_five_codes_and_no_more() {
    let town = Town::new().await;
    let (_, mut browser) = town.at_the_code().await;
    let first = browser.page().clone();
    for _ in 1..MAX_CODES {
        browser.submit("/psu/authenticate/again", &[]).await;
    }
    assert!(!browser.page().says("/psu/authenticate/again"), "no button is left");
    browser.page = Some(first);
    let page = browser.submit("/psu/authenticate/again", &[]).await;
    assert!(page.says("cannot send more codes"));
    assert_eq!(town.codes(CAMILLE), usize::from(MAX_CODES));
    let page = browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    assert!(page.says("id=\"approved\""));
}

#[tokio::test]
async fn a_visit_ends_after_4_idle_minutes_and_the_link_begins_another() {
    let town = Town::new().await;
    let (payment, link) = town.ask(|_| {}).await;
    let mut browser = town.browser();
    browser.open(&link).await;
    town.wait(239);
    assert_eq!(browser.submit("/psu/identify", &[("customer", CAMILLE)]).await.name(), "/psu/password");
    town.wait(240);
    let page = browser.submit("/psu/password", &[("password", PASSWORD)]).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert!(page.says("signed out") && page.header("location").is_none() && !page.says("tpp.example"));
    assert!(browser.cookie.is_none(), "the cookie is dropped");
    assert_eq!(town.status(&payment).await, "ACTC");
    browser.open(&link).await;
    assert_eq!(browser.sign_in(CAMILLE, PASSWORD).await.name(), "/psu/account");
}

#[tokio::test]
async fn a_visit_ends_after_30_minutes_in_all() {
    let town = Town::new().await;
    let (payment, mut browser) = town.at_the_code().await;
    for _ in 0..9 {
        town.wait(199);
        assert_eq!(browser.open("/psu/language/fr").await.status, StatusCode::OK);
    }
    town.wait(9);
    let page = browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert_eq!(town.status(&payment).await, "ACCP");
}

#[tokio::test]
async fn the_way_back_stays_open_after_the_decision_until_the_visit_ends() {
    let town = Town::new().await;
    let (_, mut browser) = town.at_the_code().await;
    browser.submit("/psu/refuse", &[]).await;
    town.wait(1_700);
    assert_eq!(browser.fetch("/psu/return").await.status, StatusCode::FOUND);
    town.wait(100);
    assert_eq!(browser.fetch("/psu/return").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn nobody_approves_a_payment_after_its_time() {
    let town = Town::new().await;
    let now = town.app.now();
    let (payment, link) = town.register(|r| r.expires_at = now + jiff::SignedDuration::from_secs(100)).await;
    let mut browser = town.browser();
    browser.open(&link).await;
    browser.sign_in(CAMILLE, PASSWORD).await;
    browser.submit("/psu/account", &[("account", FIRST)]).await;
    browser.submit("/psu/review", &[]).await;
    town.wait(100);
    let page = browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert_eq!(town.status(&payment).await, "ACCP");
    assert_eq!(town.browser().open(&link).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_bank_that_is_down_silent_or_mad_changes_nothing_and_one_can_try_again() {
    let town = Town::new().await;
    for mood in [Mood::Down, Mood::Silent, Mood::Mad] {
        let (payment, mut browser) = town.at_the_code().await;
        let page = browser.page().clone();
        let code = town.code(CAMILLE);
        town.bank.set(mood);
        let problem = browser.submit("/psu/authenticate", &[("code", &code)]).await;
        assert_eq!(problem.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(problem.says("technical problem") && !problem.says("lunch"));
        assert_eq!(town.status(&payment).await, "ACCP");
        assert!(town.seal(&payment).await.is_none());
        town.bank.set(Mood::Fine);
        browser.page = Some(page);
        let page = browser.submit("/psu/authenticate", &[("code", &code)]).await;
        assert!(page.says("id=\"approved\""));
    }
}

#[tokio::test]
async fn a_code_that_could_not_be_sent_can_be_asked_for_again() {
    let town = Town::new().await;
    let (_, mut browser) = town.signed_in(CAMILLE, |_| {}).await;
    browser.submit("/psu/account", &[("account", FIRST)]).await;
    town.bank.set(Mood::Down);
    let problem = browser.submit("/psu/review", &[]).await;
    assert_eq!(problem.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(problem.says("href=\"/psu\""));
    town.bank.set(Mood::Fine);
    assert_eq!(browser.open("/psu").await.name(), "/psu/authenticate");
    browser.submit("/psu/authenticate/again", &[]).await;
    let page = browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    assert!(page.says("id=\"approved\""));
}

#[tokio::test]
async fn a_bank_that_is_down_keeps_nobody_from_refusing() {
    let town = Town::new().await;
    let (payment, mut browser) = town.signed_in(CAMILLE, |_| {}).await;
    town.bank.set(Mood::Down);
    browser.submit("/psu/refuse", &[]).await;
    assert_eq!(town.status(&payment).await, "RJCT CUST");
}
