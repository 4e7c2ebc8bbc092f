//! An initiator with which the bank stops working: its links are refused, whoever is half way is not debited,
//! and what was approved before goes on.

use std::collections::BTreeSet;

use http::StatusCode;
use payments::{
    Payment,
    licence::{Licence, Listing, RegisterImport},
    ports::{TppStore as _, TppWrite, TrustStore as _},
    samples,
    tpp::{Kind, Registrar, Suspension, Tpp},
    values::TppId,
};

use crate::{
    browser::Page,
    town::{CAMILLE, FIRST, Mood, PASSWORD, Town},
};

const KEPT_OUT: &str = "your bank has stopped working with the payment service";
const PRINCIPAL: &str = "PSDFR-ACPR-12345.main";

/// What stops the bank from working with an initiator.
#[derive(Debug, Clone, Copy)]
enum Stop {
    Suspended,
    PrincipalSuspended,
    PrincipalRemoved,
    WithdrawnHere,
    WithdrawnByRegister,
    OtherCountry,
    NotForPayments,
    Removed,
}

impl Stop {
    const ALL: [Self; 8] = [
        Self::Suspended,
        Self::PrincipalSuspended,
        Self::PrincipalRemoved,
        Self::WithdrawnHere,
        Self::WithdrawnByRegister,
        Self::OtherCountry,
        Self::NotForPayments,
        Self::Removed,
    ];

    async fn happen(self, town: &Town) {
        match self {
            Self::Suspended => town.put_tpp(suspended(initiator())).await,
            Self::PrincipalSuspended => town.put_tpp(suspended(principal())).await,
            Self::PrincipalRemoved => remove(town, principal()).await,
            Self::WithdrawnHere => town.put_tpp(Tpp { licence: Licence::Withdrawn, ..initiator() }).await,
            Self::WithdrawnByRegister => import(town, Licence::Withdrawn, "FR").await,
            Self::OtherCountry => import(town, Licence::Active, "DE").await,
            Self::NotForPayments => town.put_tpp(Tpp { scope_pisp: false, ..initiator() }).await,
            Self::Removed => remove(town, initiator()).await,
        }
    }
}

/// The TPP of every payment here: an agent, so that its principal counts, too.
fn initiator() -> Tpp {
    Tpp { kind: Kind::Agent { of: principal().id }, ..samples::tpp() }
}

fn principal() -> Tpp {
    let id = TppId::parse(PRINCIPAL).unwrap();
    Tpp { id, name: "Exemple Principal".to_owned(), ..samples::tpp() }
}

fn suspended(tpp: Tpp) -> Tpp {
    let suspension = Suspension { since: samples::now(), reason: "reported fraud".to_owned() };
    Tpp { suspension: Some(suspension), ..tpp }
}

async fn remove(town: &Town, tpp: Tpp) {
    let tpp = town.store.find_tpp(&tpp.id).await.unwrap().unwrap();
    let write = TppWrite::remove(tpp, Registrar::Operator, town.app.now());
    town.store.change_tpp(write).await.unwrap();
}

async fn import(town: &Town, standing: Licence, country: &str) {
    let import = RegisterImport {
        register: "EBA".to_owned(),
        file: "register.json".to_owned(),
        sha256: [1; 32],
        published_at: town.app.now(),
        imported_at: town.app.now(),
        listings: 1,
    };
    let listing = Listing {
        register: "EBA".to_owned(),
        organization_identifier: samples::tpp().organization_identifier,
        name: "Exemple Paiement".to_owned(),
        standing,
        payment_initiation_in: BTreeSet::from([country.to_owned()]),
    };
    town.store.import_register(import, vec![listing]).await.unwrap();
}

/// A town whose initiator is an agent in good standing.
async fn town() -> Town {
    let town = Town::new().await;
    town.put_tpp(principal()).await;
    town.put_tpp(initiator()).await;
    import(&town, Licence::Active, "FR").await;
    town
}

async fn available(town: &Town) -> i64 {
    town.available(CAMILLE, FIRST).await
}

fn is_refused(page: &Page, stop: Stop) {
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{stop:?}: {}", page.body);
    assert!(page.says(KEPT_OUT) && page.says("Nothing has been debited"), "{stop:?}: {}", page.body);
    assert!(!page.says("fraud"), "the reason is the bank's");
    assert!(!page.says("href=\"http") && !page.says("http-equiv"), "{stop:?}: leads nowhere");
    assert_eq!((page.header("location"), page.header("set-cookie")), (None, None), "{stop:?}");
}

async fn opens(town: &Town, link: &str) -> Page {
    town.browser().open(link).await
}

#[tokio::test]
async fn a_link_of_an_initiator_that_is_kept_out_is_refused_and_changes_nothing() {
    for stop in Stop::ALL {
        let town = town().await;
        let (simple, enforced) = (town.ask(|_| {}).await, town.ask_enforced().await);
        assert_eq!(opens(&town, &simple.1).await.name(), "/psu/identify");
        stop.happen(&town).await;
        for (payment, link) in [&simple, &enforced] {
            let before = town.events(payment).await;
            is_refused(&opens(&town, link).await, stop);
            assert_eq!(town.events(payment).await, before, "{stop:?}");
            assert_eq!(town.status(payment).await, "ACTC", "{stop:?}");
        }
        town.wait(3_600);
        town.work().await;
        assert_eq!(town.status(&simple.0).await, "RJCT NOAS", "{stop:?}");
    }
}

#[tokio::test]
async fn who_does_not_know_the_nonce_is_told_nothing_about_the_initiator() {
    let town = town().await;
    let (payment, link) = town.ask(|_| {}).await;
    Stop::Suspended.happen(&town).await;
    let nonce = town.app.link_key.nonce(payment.id());
    let page = opens(&town, &link.replace(&nonce, "aaaaaaaaaaaaaaaaaaaa")).await;
    assert_eq!((page.status, page.says(KEPT_OUT)), (StatusCode::GONE, false), "{}", page.body);
}

#[tokio::test]
async fn an_approval_for_an_initiator_that_is_kept_out_by_then_reserves_nothing() {
    for stop in Stop::ALL {
        let town = town().await;
        let (payment, mut browser) = town.at_the_code().await;
        let balance = available(&town).await;
        let code = town.code(CAMILLE);
        let mut twice = browser.clone();
        stop.happen(&town).await;
        // Who asked it to reserve anything would find it closed.
        town.bank.set(Mood::Down);
        let page = browser.submit("/psu/authenticate", &[("code", &code)]).await;
        let told = (page.status, page.name(), town.status(&payment).await);
        assert_eq!(told, (StatusCode::OK, "/psu/outcome", "RJCT RR04".to_owned()), "{stop:?}");
        assert!(page.says(KEPT_OUT) && !page.says("fraud"), "{stop:?}: {}", page.body);
        assert!(!page.says("http-equiv"), "nobody is led on by himself: {}", page.body);
        let page = twice.submit("/psu/authenticate", &[("code", &code)]).await;
        assert!(page.name() == "/psu/outcome" && page.says(KEPT_OUT), "{stop:?}: a double click");
        town.bank.set(Mood::Fine);
        town.work().await;
        assert_eq!(available(&town).await, balance, "{stop:?}");
        assert_eq!(town.events(&payment).await, ["open", "identify", "prepare", "challenge", "reject"]);
        assert!(town.seal(&payment).await.is_none() && town.rail.asked(&payment).is_empty(), "{stop:?}");
    }
}

#[tokio::test]
async fn an_enforced_redirect_does_not_wait_for_the_confirmation_of_one_that_is_kept_out() {
    let town = town().await;
    let (payment, link) = town.ask_enforced().await;
    let mut browser = town.browser();
    browser.open(&link).await;
    browser.sign_in(CAMILLE, PASSWORD).await;
    browser.submit("/psu/account", &[("account", FIRST)]).await;
    browser.submit("/psu/review", &[]).await;
    Stop::WithdrawnByRegister.happen(&town).await;
    let page = browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    assert!(page.says(KEPT_OUT), "{}", page.body);
    assert_eq!(town.status(&payment).await, "RJCT RR04");
}

#[tokio::test]
async fn a_wrong_code_is_wrong_whoever_initiated() {
    let town = town().await;
    let (payment, mut browser) = town.at_the_code().await;
    Stop::Suspended.happen(&town).await;
    let page = browser.submit("/psu/authenticate", &[("code", "1")]).await;
    assert_eq!((page.name(), town.status(&payment).await), ("/psu/authenticate", "ACCP".to_owned()));
}

#[tokio::test]
async fn what_was_approved_before_goes_on() {
    let town = town().await;
    let (_, link) = town.ask(|_| {}).await;
    let (waiting, enforced) = town.ask_enforced().await;
    let balance = available(&town).await;
    let at_once: Payment = {
        let (payment, mut browser) = town.at_the_code().await;
        browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
        payment
    };
    town.approve_at(&enforced).await;
    Stop::Suspended.happen(&town).await;
    town.work().await;
    assert_eq!(town.status(&at_once).await, "ACSC");
    // It waits for a confirmation that the API does not take from its initiator.
    assert_eq!(town.status(&waiting).await, "ACCO");
    town.wait(900);
    town.work().await;
    assert_eq!(town.status(&waiting).await, "RJCT NOAS");
    assert_eq!(available(&town).await, balance - 12_435, "only the first");

    town.put_tpp(initiator()).await;
    assert_eq!(opens(&town, &link).await.name(), "/psu/identify", "let in again");
}

#[tokio::test]
async fn nobody_is_let_in_because_the_registers_could_not_be_asked() {
    let town = town().await;
    let (payment, mut browser) = town.at_the_code().await;
    let (_, link) = town.ask(|_| {}).await;
    let form = browser.page().clone();
    let balance = available(&town).await;
    let code = town.code(CAMILLE);
    town.break_registers(true);
    assert_eq!(opens(&town, &link).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let page = browser.submit("/psu/authenticate", &[("code", &code)]).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.body);
    assert_eq!((town.status(&payment).await, available(&town).await), ("ACCP".to_owned(), balance));

    town.break_registers(false);
    browser.page = Some(form);
    let page = browser.submit("/psu/authenticate", &[("code", &code)]).await;
    assert!(page.says("id=\"approved\""), "the code still counts: {}", page.body);
}
