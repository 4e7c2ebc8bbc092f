//! The ways that end without a payment, and the ways around.

use http::StatusCode;
use payments::{
    PaymentRequest,
    values::{Amount, Iban},
    work::Task,
};

use crate::town::{CAMILLE, FIRST, SECOND, Town};

const REFUSED: &str = "https://tpp.example/ko?state=s1&error=access_denied&error_description=";

async fn leads_to(browser: &mut crate::browser::Browser, target: &str) {
    let back = browser.fetch("/psu/return").await;
    assert_eq!((back.status, back.header("location").as_deref()), (StatusCode::FOUND, Some(target)));
}

#[tokio::test]
async fn a_customer_can_refuse_at_every_step() {
    let town = Town::new().await;
    for steps in 0..5 {
        let (payment, link) = town.ask(|_| {}).await;
        let mut browser = town.browser();
        browser.open(&link).await;
        let forms: [(&str, &[(&str, &str)]); 4] = [
            ("/psu/identify", &[("customer", CAMILLE)]),
            ("/psu/password", &[("password", "sandbox")]),
            ("/psu/account", &[("account", FIRST)]),
            ("/psu/review", &[]),
        ];
        for (action, typed) in &forms[..steps] {
            browser.submit(action, typed).await;
        }
        assert!(browser.page().says("Refuse and go back to Exemple Paiement SAS"), "{steps}");
        let refused = browser.submit("/psu/refuse", &[]).await;
        assert_eq!(refused.name(), "/psu/outcome");
        assert!(refused.says("You refused this payment"));
        assert_eq!(town.status(&payment).await, "RJCT CUST");
        leads_to(&mut browser, &format!("{REFUSED}CUST")).await;
        assert_eq!(browser.submit_again_is_harmless().await, "/psu/outcome");
    }
    assert_eq!(town.tasks().await, [Task::Release; 5]);
}

impl crate::browser::Browser {
    async fn submit_again_is_harmless(&mut self) -> String {
        self.open("/psu").await.name().to_owned()
    }
}

#[tokio::test]
async fn without_a_url_for_failure_the_one_for_success_is_told_the_error() {
    let town = Town::new().await;
    let (_, mut browser) = town.signed_in(CAMILLE, |r| r.unsuccessful_report_url = None).await;
    browser.submit("/psu/refuse", &[]).await;
    let target = "https://tpp.example/cb?state=s1&error=access_denied&error_description=CUST";
    leads_to(&mut browser, target).await;
}

#[tokio::test]
async fn an_account_that_can_never_pay_ends_the_payment() {
    type Change = fn(&mut PaymentRequest);
    let blocked: Change = |r| r.debtor_account = Some(Iban::parse("FR7617515900000800456789063").unwrap());
    let foreign_and_fixed: Change = |r| {
        r.debtor_account = Some(Iban::parse("FR7617515900000800234567883").unwrap());
        r.accept_debtor_account_change = Some(false);
    };
    let table: [(&str, Change, &str); 5] = [
        ("170000004", |_| {}, "AC06"),
        ("170000005", |_| {}, "AC04"),
        ("170000004", blocked, "AC06"),
        (
            "170000002",
            |r| r.debtor_account = Some(Iban::parse("FR7617515900002200234567813").unwrap()),
            "AG01",
        ),
        (CAMILLE, foreign_and_fixed, "RR01"),
    ];
    for (psu, change, reason) in table {
        let town = Town::new().await;
        let (payment, mut browser) = town.signed_in(psu, change).await;
        assert_eq!(browser.page().name(), "/psu/outcome", "{reason}");
        assert!(browser.page().says("id=\"refused\""));
        assert_eq!(town.status(&payment).await, format!("RJCT {reason}"));
        leads_to(&mut browser, &format!("{REFUSED}{reason}")).await;
        assert_eq!(town.tasks().await, [Task::Release]);
    }
}

#[tokio::test]
async fn an_account_of_somebody_else_leads_to_the_list_where_a_change_is_accepted() {
    let town = Town::new().await;
    let theirs = Iban::parse("FR7617515900000800234567883").unwrap();
    let (_, mut browser) = town.signed_in(CAMILLE, |r| r.debtor_account = Some(theirs)).await;
    assert_eq!(browser.page().name(), "/psu/account");
    assert!(browser.page().says("is not one of yours") && !browser.page().says("7883"));
    assert_eq!(browser.submit("/psu/account", &[("account", FIRST)]).await.name(), "/psu/review");
}

#[tokio::test]
async fn accounts_without_the_money_are_shown_but_cannot_be_chosen() {
    let town = Town::new().await;
    let (payment, mut browser) =
        town.signed_in(CAMILLE, |r| r.amount = Amount::from_cents(100_000).unwrap()).await;
    let page = browser.page().clone();
    assert!(page.says("€310.20") && page.says("€2,500.00"));
    assert_eq!(page.body.matches(" disabled>").count(), 1);
    for forged in [SECOND, "FR7617515900000800234567883", "nonsense"] {
        let page = browser.submit("/psu/account", &[("account", forged)]).await;
        assert_eq!((page.name(), page.says("role=\"alert\"")), ("/psu/account", true));
    }
    assert_eq!(town.status(&payment).await, "ACTC");
}

#[tokio::test]
async fn savings_are_not_offered() {
    let town = Town::new().await;
    let (_, browser) = town.signed_in("170000002", |_| {}).await;
    assert!(browser.page().says("7883") && !browser.page().says("7813"));
}

#[tokio::test]
async fn leaving_where_no_account_has_the_money_says_so() {
    let town = Town::new().await;
    let (payment, mut browser) = town.signed_in("170000006", |_| {}).await;
    assert_eq!(browser.page().name(), "/psu/account");
    assert!(browser.page().says("None of your accounts") && !browser.page().says("id=\"continue\""));
    browser.submit("/psu/refuse", &[]).await;
    assert_eq!(town.status(&payment).await, "RJCT AM04");
    leads_to(&mut browser, &format!("{REFUSED}AM04")).await;
}

#[tokio::test]
async fn money_that_is_gone_by_the_time_of_approval_is_not_promised() {
    let town = Town::new().await;
    let amount = Amount::from_cents(20_000).unwrap();
    let mut browsers = Vec::new();
    for _ in 0..2 {
        let (payment, mut browser) = town.signed_in(CAMILLE, |r| r.amount = amount).await;
        browser.submit("/psu/account", &[("account", SECOND)]).await;
        browser.submit("/psu/review", &[]).await;
        browsers.push((payment, browser, town.code(CAMILLE)));
    }
    let mut statuses = Vec::new();
    for (payment, browser, code) in &mut browsers {
        browser.submit("/psu/authenticate", &[("code", code)]).await;
        statuses.push(town.status(payment).await);
    }
    assert_eq!(statuses, ["ACSP", "RJCT AM04"]);
    assert_eq!(town.available(CAMILLE, SECOND).await, 31_020 - 20_000);
}

#[tokio::test]
async fn a_payee_the_bank_suspects_is_not_paid() {
    let town = Town::new().await;
    let suspect = Iban::parse("FR7630066100410001057930106").unwrap();
    let (payment, mut browser) = town.signed_in(CAMILLE, |r| r.beneficiary.creditor_account = suspect).await;
    browser.submit("/psu/account", &[("account", FIRST)]).await;
    browser.submit("/psu/review", &[]).await;
    let page = browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    assert!(page.says("could not accept it") && !page.says("FRAD"));
    assert_eq!(town.status(&payment).await, "RJCT FRAD");
    assert!(town.seal(&payment).await.is_none());
}

#[tokio::test]
async fn a_page_that_is_not_the_current_one_leads_to_the_current_one() {
    let town = Town::new().await;
    let (_, mut browser) = town.at_the_code().await;
    for path in [
        "/psu",
        "/psu/identify",
        "/psu/password",
        "/psu/account",
        "/psu/review",
        "/psu/outcome",
        "/psu/return",
    ] {
        assert_eq!(browser.open(path).await.name(), "/psu/authenticate", "{path}");
    }
}

#[tokio::test]
async fn another_customer_number_can_be_used() {
    let town = Town::new().await;
    let (_, link) = town.ask(|_| {}).await;
    let mut browser = town.browser();
    browser.open(&link).await;
    browser.submit("/psu/identify", &[("customer", "170000002")]).await;
    assert_eq!(browser.submit("/psu/identify/again", &[]).await.name(), "/psu/identify");
    assert!(browser.sign_in(CAMILLE, "sandbox").await.says("6711"));
}

#[tokio::test]
async fn an_empty_or_impossible_field_is_asked_for_again() {
    let town = Town::new().await;
    let (_, link) = town.ask(|_| {}).await;
    let mut browser = town.browser();
    browser.open(&link).await;
    let alerts = |page: &crate::browser::Page| page.says("role=\"alert\"") && page.says("<title>Error: ");
    for typed in ["", "  ", "é", &"1".repeat(36)] {
        let page = browser.submit("/psu/identify", &[("customer", typed)]).await;
        assert!(page.name() == "/psu/identify" && alerts(&page), "{typed}");
    }
    browser.submit("/psu/identify", &[("customer", CAMILLE)]).await;
    assert!(alerts(&browser.submit("/psu/password", &[("password", "")]).await));
    browser.submit("/psu/password", &[("password", "sandbox")]).await;
    assert!(alerts(&browser.submit("/psu/account", &[]).await));
    browser.submit("/psu/account", &[("account", FIRST)]).await;
    browser.submit("/psu/review", &[]).await;
    assert!(alerts(&browser.submit("/psu/authenticate", &[("code", " ")]).await));
}
