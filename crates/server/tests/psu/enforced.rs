//! The enforced redirect: what the link takes, with what the browser goes back, and what waits for the PISP.

use std::collections::BTreeMap;

use http::StatusCode;
use payments::{
    Payment, Reason, Version,
    code::{CodeHash, CodeRefusal, Exchange},
    institution::Redirect,
    journal::Actor,
    lifecycle::Event,
    ports::{Change, PaymentStore as _, Reserved, TokenStore as _},
    request::Product,
    samples,
    transfer::TransferOrder,
    work::{Task, Work},
};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::{
    browser::{Browser, Page},
    rail::Asked,
    town::{CAMILLE, FIRST, PASSWORD, Town},
    working::reservation,
};

const BALANCE: i64 = 250_000;
const PAID: i64 = BALANCE - 12_435;
/// How long a PISP has to confirm.
const WINDOW_S: i64 = 900;
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// What a PISP adds to the link.
const ADDED: &str = "&client_id=PSDFR-ACPR-12345&redirect_uri=https%3A%2F%2Ftpp.example%2Foauth%3Fown%3D1\
    &state=s%202&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
const REDIRECT_URI: &str = "https://tpp.example/oauth?own=1";

impl Town {
    /// A payment of an enforced redirect, and its link.
    pub(crate) async fn ask_enforced(&self) -> (Payment, String) {
        self.register(|registration| {
            registration.version = Version::V1_4_2;
            registration.redirect = Redirect::Enforced;
        })
        .await
    }

    /// A payment that CAMILLE has approved from her first account, by the link with `added`, and her browser.
    async fn approved_enforced(&self, added: &str) -> (Payment, Browser) {
        let (payment, link) = self.ask_enforced().await;
        let browser = self.approve_at(&format!("{link}{added}")).await;
        assert!(browser.page().says("id=\"approved\""), "{}", browser.page().body);
        (payment, browser)
    }

    pub(crate) async fn approve_at(&self, link: &str) -> Browser {
        let mut browser = self.browser();
        browser.open(link).await;
        browser.sign_in(CAMILLE, PASSWORD).await;
        browser.submit("/psu/account", &[("account", FIRST)]).await;
        browser.submit("/psu/review", &[]).await;
        browser.submit("/psu/authenticate", &[("code", &self.code(CAMILLE))]).await;
        browser
    }

    /// Confirms as the API does.
    async fn confirm(&self, payment: &Payment) {
        let mut payment = self.payment(payment).await;
        let now = self.app.now();
        let entry = payment.record(Event::Confirm(now), Actor::Tpp, now).unwrap();
        let order = Work { payment: payment.id().clone(), task: Task::Execute, due: now };
        let change = Change { work: vec![order], ..Change::of(payment, vec![entry]) };
        self.store.save(change).await.unwrap();
    }
}

/// Where the browser is sent, and with which query.
async fn sent_back(browser: &mut Browser) -> (String, BTreeMap<String, String>) {
    let back = browser.fetch("/psu/return").await;
    assert_eq!(back.status, StatusCode::FOUND, "{}", back.body);
    assert_eq!(back.header("referrer-policy").unwrap(), "no-referrer");
    assert_eq!(back.header("cache-control").unwrap(), "no-store");
    let mut url = Url::parse(&back.header("location").unwrap()).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let query: BTreeMap<String, String> = pairs.iter().cloned().collect();
    assert_eq!(query.len(), pairs.len(), "each once: {pairs:?}");
    url.set_query(None);
    (url.into(), query)
}

fn hash(code: &str) -> CodeHash {
    CodeHash(Sha256::digest(code).into())
}

/// The visitor stays here: an error page that leads nowhere.
fn stays(page: &Page, status: StatusCode) {
    assert_eq!((page.status, page.header("location")), (status, None), "{}", page.body);
    assert!(!page.says("href=\"http") && !page.says("http-equiv"), "{}", page.body);
}

#[tokio::test]
async fn an_approval_goes_back_with_a_code_and_waits_for_the_confirmation() {
    let town = Town::new().await;
    let (payment, link) = town.ask_enforced().await;
    let id = payment.id();
    let nonce = town.app.link_key.nonce(id);
    assert_eq!(
        link,
        format!(
            "/stet/psd2/oauth/authorize?response_type=code&scope=pisp&context={id}\
             &paymentRequestRessourceId={id}&nonce={nonce}"
        )
    );
    let mut browser = town.approve_at(&format!("{link}{ADDED}")).await;
    let page = browser.page().clone();
    assert!(page.says("as soon as Exemple Paiement SAS confirms it") && page.says("url=/psu/return"));
    assert_eq!(town.status(&payment).await, "ACCO");
    let events = town.events(&payment).await;
    assert_eq!(events, ["open", "identify", "prepare", "challenge", "await confirmation"]);
    assert!(town.seal(&payment).await.is_some());
    assert_eq!(town.left().await, PAID, "set aside");

    let (url, query) = sent_back(&mut browser).await;
    assert_eq!(url, "https://tpp.example/oauth");
    let told: Vec<&str> = query.keys().map(String::as_str).collect();
    assert_eq!(
        (told, query["own"].as_str(), query["state"].as_str()),
        (vec!["code", "own", "state"], "1", "s 2")
    );
    assert_eq!(query["code"].len(), 43);
    let code = town.store.find_code(&hash(&query["code"])).await.unwrap().unwrap();
    assert_eq!((&code.payment, &code.tpp), (id, &samples::tpp().id));
    let exchange = Exchange {
        tpp: &code.tpp,
        institution: &code.institution,
        redirect_uri: REDIRECT_URI,
        verifier: Some(VERIFIER),
    };
    let now = town.app.now();
    assert_eq!(code.check(&exchange, now), Ok(()));
    assert_eq!(code.check(&Exchange { verifier: None, ..exchange }, now), Err(CodeRefusal::Verifier));
    assert_eq!(code.expires_at.duration_since(now).as_secs(), 300);

    // Nothing happens by itself.
    town.wait(WINDOW_S - 1);
    town.work().await;
    assert_eq!((town.status(&payment).await, town.rail.asked(&payment)), ("ACCO".to_owned(), vec![]));

    town.confirm(&payment).await;
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACSC");
    assert_eq!((town.left().await, town.audit().settled, town.next_due().await), (PAID, 1, None));
    let stored = town.payment(&payment).await;
    let (order, counter) = (TransferOrder::of(&stored).unwrap(), town.app.counter_of(&stored).unwrap());
    let seal = town.seal(&payment).await.unwrap();
    assert_eq!(
        seal.permits(&stored, &order, counter.sealer()),
        Ok(()),
        "the customer's word, not the PISP's"
    );
}

#[tokio::test]
async fn work_that_was_put_there_too_early_executes_nothing() {
    let town = Town::new().await;
    let (payment, _browser) = town.approved_enforced("").await;
    let order = Work { payment: payment.id().clone(), task: Task::Execute, due: town.app.now() };
    let stored = town.payment(&payment).await;
    town.store.save(Change { work: vec![order], ..Change::of(stored, vec![]) }).await.unwrap();
    town.work().await;
    assert_eq!((town.status(&payment).await, town.rail.asked(&payment)), ("ACCO".to_owned(), vec![]));
}

#[tokio::test]
async fn a_link_without_additions_leads_back_to_the_report_url() {
    let town = Town::new().await;
    let (payment, mut browser) = town.approved_enforced("").await;
    let (url, query) = sent_back(&mut browser).await;
    assert_eq!((url.as_str(), query["state"].as_str()), ("https://tpp.example/cb", "s1"));
    let code = town.store.find_code(&hash(&query["code"])).await.unwrap().unwrap();
    assert_eq!(code.redirect_uri, payment.request().successful_report_url);
    assert_eq!(code.challenge, None);
}

#[tokio::test]
async fn the_link_is_taken_under_the_path_of_the_other_one_too() {
    let town = Town::new().await;
    let (payment, link) = town.ask_enforced().await;
    let query = link.split_once("&paymentRequestRessourceId").unwrap().1;
    let alias =
        format!("/89C3api/accreditation/v1/identificationPisp?paymentRequestRessourceId{query}{ADDED}");
    let mut browser = town.approve_at(&alias).await;
    assert_eq!(town.status(&payment).await, "ACCO");
    let (url, query) = sent_back(&mut browser).await;
    assert!(url == "https://tpp.example/oauth" && query.contains_key("code"));
}

#[tokio::test]
async fn a_simple_redirect_goes_where_the_request_said_whatever_the_link_says() {
    let town = Town::new().await;
    let (payment, link) = town.ask(|_| {}).await;
    let evil = "&redirect_uri=https%3A%2F%2Fevil.example%2F&state=x&client_id=y";
    let mut browser = town.approve_at(&format!("{link}{evil}")).await;
    assert_eq!(town.status(&payment).await, "ACSP");
    let (url, query) = sent_back(&mut browser).await;
    assert_eq!((url.as_str(), query.len(), query["state"].as_str()), ("https://tpp.example/cb", 1, "s1"));
}

#[tokio::test]
async fn a_browser_that_goes_back_again_gets_another_code_but_not_for_ever() {
    let town = Town::new().await;
    let (payment, mut browser) = town.approved_enforced(ADDED).await;
    let mut codes = Vec::new();
    for _ in 0..10 {
        codes.push(sent_back(&mut browser).await.1["code"].clone());
    }
    for code in &codes {
        assert!(town.store.find_code(&hash(code)).await.unwrap().is_some());
    }
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 10);
    stays(&browser.fetch("/psu/return").await, StatusCode::GONE);
    assert!(!browser.fetch("/psu/outcome").await.says("http-equiv"), "leads nowhere any more");
    assert_eq!(town.status(&payment).await, "ACCO");
}

#[tokio::test]
async fn whoever_else_opened_the_link_gets_no_code() {
    let town = Town::new().await;
    let (payment, link) = town.ask_enforced().await;
    let mut other = town.browser();
    other.open(&format!("{link}&state=theirs")).await;
    let mut signed_in = town.browser();
    signed_in.open(&link).await;
    signed_in.sign_in(CAMILLE, PASSWORD).await;
    let mut browser = town.approve_at(&format!("{link}{ADDED}")).await;
    for visitor in [&mut other, &mut signed_in] {
        let page = visitor.open("/psu").await;
        assert!(page.name() == "/psu/outcome" && !page.says("http-equiv"), "{}", page.body);
        stays(&visitor.fetch("/psu/return").await, StatusCode::GONE);
    }
    assert!(sent_back(&mut browser).await.1.contains_key("code"));
    town.confirm(&payment).await;
    for visitor in [&mut other, &mut signed_in] {
        stays(&visitor.fetch("/psu/return").await, StatusCode::GONE);
    }
    assert!(sent_back(&mut browser).await.1.contains_key("code"), "a reload is harmless");
}

#[tokio::test]
async fn a_refusal_goes_back_with_the_error_and_the_state() {
    let town = Town::new().await;
    let denied = |reason: &str| format!("error=access_denied&error_description={reason}");
    let table = [
        (ADDED, format!("https://tpp.example/oauth?own=1&{}&state=s+2", denied("CUST"))),
        ("&state=s2", format!("https://tpp.example/ko?{}&state=s2", denied("CUST"))),
        ("", format!("https://tpp.example/ko?state=s1&{}", denied("CUST"))),
    ];
    for (added, target) in table {
        let (payment, link) = town.ask_enforced().await;
        let mut browser = town.browser();
        browser.open(&format!("{link}{added}")).await;
        browser.submit("/psu/refuse", &[]).await;
        assert_eq!(town.status(&payment).await, "RJCT CUST");
        let back = browser.fetch("/psu/return").await;
        assert_eq!(back.header("location"), Some(target));
    }
}

#[tokio::test]
async fn what_is_not_confirmed_in_time_is_rejected_and_its_funds_are_free_again() {
    let town = Town::new().await;
    let (payment, mut browser) = town.approved_enforced(ADDED).await;
    // What a visit does meanwhile does not keep it from expiring.
    browser.open("/psu/language/fr").await;
    sent_back(&mut browser).await;
    town.wait(WINDOW_S - 1);
    town.work().await;
    assert_eq!((town.status(&payment).await, town.left().await), ("ACCO".to_owned(), PAID));
    town.wait(1);
    town.work().await;
    assert_eq!((town.status(&payment).await, town.left().await), ("RJCT NOAS".to_owned(), BALANCE));
    assert_eq!(town.next_due().await, None);
    assert_eq!((town.audit().holds, town.rail.asked(&payment)), (0, vec![]));
    let again = town.app.bank.reserve(&reservation(&payment)).await;
    assert_eq!(again, Ok(Reserved::Refused(Reason::Ms03)), "for ever");
    let (url, query) = sent_back(&mut browser).await;
    assert_eq!((url.as_str(), query["error"].as_str()), ("https://tpp.example/oauth", "server_error"));
    assert_eq!((query["error_description"].as_str(), query["state"].as_str()), ("NOAS", "s 2"));
    assert!(!query.contains_key("code"));
}

#[tokio::test]
async fn an_approval_waits_for_its_confirmation_beyond_the_time_the_customer_had() {
    let town = Town::new().await;
    let (payment, link) = town.ask_enforced().await;
    let end = payment.registration().expires_at;
    town.wait(end.duration_since(town.app.now()).as_secs() - 1);
    town.approve_at(&link).await;
    town.wait(WINDOW_S - 1);
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACCO");
    town.confirm(&payment).await;
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACSC");
}

#[tokio::test]
async fn killed_while_it_waits_or_right_after_the_confirmation_nothing_is_lost() {
    let town = Town::new().await;
    let (kept, _browser) = town.approved_enforced(ADDED).await;
    let (dropped, _browser) = town.approved_enforced(ADDED).await;
    let town = town.restarted().await;
    town.work().await;
    assert_eq!(town.status(&kept).await, "ACCO");
    town.confirm(&kept).await;
    let town = town.restarted().await;
    town.work().await;
    assert_eq!((town.status(&kept).await, town.rail.asked(&kept)), ("ACSC".to_owned(), vec![Asked::Submit]));
    town.wait(WINDOW_S);
    let town = town.restarted().await;
    town.work().await;
    assert_eq!(town.status(&dropped).await, "RJCT NOAS");
    assert_eq!((town.left().await, town.audit().holds), (PAID, 0));
}

#[tokio::test]
async fn an_instant_transfer_has_its_ten_seconds_from_the_confirmation() {
    let town = Town::new().await;
    let (payment, link) = town
        .register(|registration| {
            registration.version = Version::V1_4_2;
            registration.redirect = Redirect::Enforced;
            registration.request.product = Product::SctInst;
        })
        .await;
    town.approve_at(&link).await;
    town.wait(600);
    town.confirm(&payment).await;
    town.work().await;
    assert_eq!(town.status(&payment).await, "ACSC");
}

#[tokio::test]
async fn what_is_wrong_with_a_link_is_told_here_and_leads_nowhere() {
    let town = Town::new().await;
    let (payment, link) = town.ask_enforced().await;
    let other = town.ask_enforced().await.0;
    let s256 = "code_challenge_method=S256";
    let table = [
        ("&client_id=PSDFR-ACPR-99999".to_owned(), "client_id must be"),
        ("&redirect_uri=https%3A%2F%2Fevil.example%2Fcb&state=1".to_owned(), "redirect_uri must be"),
        ("&redirect_uri=https%3A%2F%2Ftpp.example.evil.example%2Fcb".to_owned(), "redirect_uri must be"),
        ("&redirect_uri=javascript%3Aalert(1)".to_owned(), "redirect_uri must be"),
        (
            "&redirect_uri=https%3A%2F%2Ftpp.example%2F&redirect_uri=https%3A%2F%2Ftpp.example%2F".to_owned(),
            "twice",
        ),
        ("&state=1&state=2".to_owned(), "twice"),
        ("&nonce=other".to_owned(), "twice"),
        (format!("&context={}", other.id()), "twice"),
        ("&response_type=token".to_owned(), "twice"),
        ("&state=%00".to_owned(), "state must have"),
        (format!("&state={}", "x".repeat(1_025)), "state must have"),
        (format!("&code_challenge={CHALLENGE}&code_challenge_method=plain"), "must be S256"),
        (format!("&code_challenge={CHALLENGE}"), "must be S256"),
        (format!("&code_challenge=short&{s256}"), "code_challenge must be"),
    ];
    for (added, rule) in table {
        let page = town.browser().open(&format!("{link}{added}")).await;
        stays(&page, StatusCode::BAD_REQUEST);
        assert!(page.says(rule), "{added}: {}", page.body);
        assert_eq!(page.header("set-cookie"), None, "{added}");
    }
    for changed in
        [link.replace("response_type=code", "response_type=token"), link.replace("scope=pisp", "scope=aisp")]
    {
        stays(&town.browser().open(&changed).await, StatusCode::BAD_REQUEST);
    }
    let nonce = town.app.link_key.nonce(payment.id());
    for changed in [
        link.replace(&nonce, "aaaaaaaaaaaaaaaaaaaa"),
        link.replacen(payment.id().as_str(), other.id().as_str(), 1),
        link.replace(payment.id().as_str(), other.id().as_str()),
    ] {
        stays(&town.browser().open(&changed).await, StatusCode::GONE);
    }
    assert_eq!(town.events(&payment).await, Vec::<String>::new(), "nothing began");
}
