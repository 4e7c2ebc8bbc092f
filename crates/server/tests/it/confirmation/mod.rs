//! The enforced redirect over the wire: the code exchanged for a token, and the confirmation made with it.

mod codes;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use payments::{
    Payment, Version,
    institution::{Institution, Redirect, ScopeOfUse},
    journal::Actor,
    lifecycle::{Event, Status},
    ports::{Change, PaymentStore as _, TokenStore as _},
    samples,
    token::{CertificateThumbprint, Scope, Token, TokenHash},
    tpp::{GrantType, Licence},
    values::{InstitutionCode, PaymentId, PsuId, TppId},
    work::{Task, Work},
};
use sandbox::pki::PkiOptions;
use serde_json::{Value, json};
use server::app::Clock as _;
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

use crate::{
    browser::Browser,
    harness::{Answer, Call, Guichet, HOST, OTHER_HOST, PISP, Pisp, join_all},
    schema,
};

const OTHER_PISP: &str = "PSDDE-BAFIN-99999";
/// Path of the payment requests of 1.4.2.
const PAYMENTS_1_4_2: &str = "/stet/psd2/v1.4.2/payment-requests";
const PSU: &str = "170000001";
const ACCOUNT: &str = "FR7617515900000800123456711";
/// How long a PISP has to confirm.
const WINDOW: SignedDuration = SignedDuration::from_secs(900);
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT_URI: &str = "https://tpp.example/oauth";

async fn enforced() -> Guichet {
    enforced_with(|_| {}).await
}

async fn enforced_with(change: impl Fn(&mut Institution)) -> Guichet {
    let guichet = Guichet::start_with(PkiOptions::default(), |institution| {
        institution.settings.redirect_1_4_2 = Redirect::Enforced;
        change(institution);
    })
    .await;
    guichet.change_tpp(OTHER_PISP, |tpp| tpp.licence = Licence::Active).await;
    guichet
}

/// A payment request of 1.4.2: its path and its link.
async fn ask(guichet: &Guichet, pisp: &Pisp<'_>, reference: &str) -> (String, Url) {
    let answer = pisp.sign_and_send(post(guichet, pisp, &pisp.token().await, reference)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let link = &answer.json()["_links"]["consentApproval"];
    assert_eq!(link["templated"], true);
    (answer.location(), Url::parse(link["href"].as_str().unwrap()).unwrap())
}

fn post(guichet: &Guichet, pisp: &Pisp<'_>, token: &str, reference: &str) -> Call {
    let mut body = guichet.body();
    body["paymentInformationId"] = json!(reference);
    let call = pisp.call(Method::POST, PAYMENTS_1_4_2, token).with("content-type", "application/json");
    call.with_body(serde_json::to_vec(&body).unwrap())
}

/// The link as a PISP completes it.
fn completed(mut link: Url) -> Url {
    link.query_pairs_mut()
        .append_pair("client_id", PISP)
        .append_pair("redirect_uri", REDIRECT_URI)
        .append_pair("state", "s 1&")
        .append_pair("code_challenge", &format!("{CHALLENGE}="))
        .append_pair("code_challenge_method", "S256");
    link
}

/// The browser of a PSU who has approved at `link`.
async fn approve(guichet: &Guichet, link: &Url) -> Browser {
    let mut browser = Browser::new(server::psu::router(guichet.app.clone()), HOST);
    browser.open(&format!("{}?{}", link.path(), link.query().unwrap())).await;
    browser.sign_in(PSU, "sandbox").await;
    browser.submit("/psu/account", &[("account", ACCOUNT)]).await;
    browser.submit("/psu/review", &[]).await;
    let (institution, psu) = (samples::institution().code, PsuId::parse(PSU).unwrap());
    let code = guichet.bank.phone(&institution, &psu).unwrap().first().unwrap().code.clone();
    let done = browser.submit("/psu/authenticate", &[("code", &code)]).await;
    assert!(done.says("id=\"approved\""), "{}", done.body);
    browser
}

/// Where the browser is sent.
async fn sent_back(browser: &mut Browser) -> Url {
    Url::parse(&browser.fetch("/psu/return").await.header("location").unwrap()).unwrap()
}

fn parameter(url: &Url, name: &str) -> String {
    let found = url.query_pairs().find(|(given, _)| given == name);
    found.unwrap_or_else(|| panic!("no {name} in {url}")).1.into_owned()
}

/// A payment whose PSU has approved it, with the browser that brings the code.
async fn approved(guichet: &Guichet, pisp: &Pisp<'_>, reference: &str) -> (String, Browser) {
    let (path, link) = ask(guichet, pisp, reference).await;
    (path, approve(guichet, &completed(link)).await)
}

/// The form that exchanges `code`, with some parameters changed; an empty one is left out.
fn form(code: &str, changed: &[(&str, &str)]) -> String {
    let right = [
        ("grant_type", "authorization_code"),
        ("client_id", PISP),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    let value = |name, value| changed.iter().find(|(given, _)| *given == name).map_or(value, |(_, new)| *new);
    let added = changed.iter().filter(|(name, _)| right.iter().all(|(known, _)| known != name)).copied();
    let pairs = right.into_iter().map(|(name, text)| (name, value(name, text))).chain(added);
    let pairs = pairs.filter(|(_, value)| !value.is_empty());
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A token for a code.
async fn exchange(pisp: &Pisp<'_>, code: &str) -> String {
    let answer = pisp.ask_token(HOST, &form(code, &[])).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

async fn refused_grant(pisp: &Pisp<'_>, form: &str) {
    check_no_token(&pisp.ask_token(HOST, form).await, 400, "invalid_grant");
}

fn check_no_token(answer: &Answer, status: u16, error: &str) {
    let body = answer.json();
    assert_eq!((answer.status, &body["error"]), (status, &json!(error)), "{}", answer.text());
    assert_eq!(body.get("access_token"), None);
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// A payment that is approved, and the token for its confirmation.
async fn ready(guichet: &Guichet, pisp: &Pisp<'_>, reference: &str) -> (String, String) {
    let (path, mut browser) = approved(guichet, pisp, reference).await;
    let code = parameter(&sent_back(&mut browser).await, "code");
    (path, exchange(pisp, &code).await)
}

fn confirmation(pisp: &Pisp<'_>, token: &str, path: &str, body: &str) -> Call {
    let call = pisp.call(Method::POST, &format!("{path}/o-confirmation"), token);
    call.with("content-type", "application/json").with_body(body)
}

async fn confirm(pisp: &Pisp<'_>, token: &str, path: &str) -> Answer {
    pisp.sign_and_send(confirmation(pisp, token, path, "{}")).await
}

async fn get(pisp: &Pisp<'_>, token: &str, path: &str) -> Answer {
    pisp.sign_and_send(pisp.get(token, path)).await
}

fn id_of(path: &str) -> PaymentId {
    PaymentId::parse(path.rsplit('/').next().unwrap()).unwrap()
}

fn status_in(answer: &Answer) -> Value {
    answer.json()["paymentRequest"]["paymentInformationStatus"].clone()
}

impl Guichet {
    async fn stored(&self, path: &str) -> Payment {
        self.store.load(&id_of(path)).await.unwrap().unwrap()
    }

    /// Waits until the work that is due has been done.
    async fn settled_as(&self, path: &str, status: Status) {
        while self.stored(path).await.status() != status {
            tokio::task::yield_now().await;
        }
    }

    async fn events(&self, path: &str) -> Vec<&'static str> {
        let journal = self.store.journal(&id_of(path)).await.unwrap();
        assert_eq!(Payment::replay(&journal).unwrap(), self.stored(path).await);
        let happened = journal.iter().filter_map(|entry| match entry.read().unwrap().fact {
            payments::journal::Fact::Happened(event) => Some(event.name()),
            payments::journal::Fact::Registered(_) => None,
        });
        happened.collect()
    }

    /// Stores a token for a confirmation, as if its code had been exchanged.
    async fn give_confirmation_token(&self, secret: &str, client_id: &str, path: &str) {
        let qwac = &self.pki.tpp(client_id).unwrap().qwac;
        let token = Token {
            hash: TokenHash(Sha256::digest(secret).into()),
            tpp: TppId::parse(client_id).unwrap(),
            institution: InstitutionCode::parse("17515").unwrap(),
            scope: Scope::Confirmation,
            certificate: CertificateThumbprint(Sha256::digest(qwac.der()).into()),
            issued_at: self.clock.now(),
            expires_at: self.clock.now() + SignedDuration::from_hours(1),
            tied_to: Some(id_of(path)),
        };
        self.store.insert_token(token).await.unwrap();
    }

    /// Records what happens to a payment besides the API.
    async fn happens(&self, path: &str, events: &[Event], work: Vec<Work>) {
        let mut payment = self.stored(path).await;
        let entries =
            events.iter().map(|event| payment.record(event.clone(), Actor::Psu, self.clock.now()).unwrap());
        let entries = entries.collect();
        self.store.save(Change { work, ..Change::of(payment, entries) }).await.unwrap();
    }
}

#[tokio::test]
async fn a_payment_is_asked_approved_confirmed_and_executed() {
    let guichet = enforced().await;
    let pisp = guichet.pisp(PISP);
    let (path, link) = ask(&guichet, &pisp, "PI-1").await;
    assert_eq!(link.path(), "/stet/psd2/oauth/authorize");
    assert_eq!(parameter(&link, "paymentRequestRessourceId"), id_of(&path).as_str());
    let before = get(&pisp, &pisp.token().await, &path).await;
    assert_eq!(
        (status_in(&before), &before.json()["_links"]),
        (json!("ACTC"), &json!({"request": {"href": path}}))
    );

    let mut browser = approve(&guichet, &completed(link)).await;
    let awaiting = get(&pisp, &pisp.token().await, &path).await;
    schema::check_1_4_2("HalPaymentRequest", &awaiting.json());
    assert_eq!(status_in(&awaiting), "ACCO");
    let confirm_at = format!("{path}/o-confirmation");
    assert_eq!(awaiting.json()["_links"]["confirmation"], json!({"href": confirm_at}));
    let older = get(&pisp, &pisp.token().await, &path.replace("v1.4.2", "v1")).await;
    schema::check("HalPaymentRequest", &older.json());
    assert_eq!((status_in(&older), older.json()["_links"].get("confirmation")), (json!("ACCP"), None));

    let back = sent_back(&mut browser).await;
    assert_eq!(parameter(&back, "state"), "s 1&");
    let answer = pisp.ask_token(HOST, &form(&parameter(&back, "code"), &[])).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{}", answer.text());
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["scope"]), (&json!("Bearer"), &json!("pisp")));
    assert_eq!((body["expires_in"].as_u64(), body.get("refresh_token")), (Some(3_600), None));
    let token = body["access_token"].as_str().unwrap();

    let confirmed = confirm(&pisp, token, &path).await;
    assert_eq!((confirmed.status, status_in(&confirmed)), (200, json!("ACSP")), "{}", confirmed.text());
    schema::check_1_4_2("HalPaymentRequest", &confirmed.json());
    confirmed.check_seal(&guichet).await;
    assert_eq!(confirmed.json()["_links"], json!({"request": {"href": path}}));
    guichet.settled_as(&path, Status::Acsc).await;
    assert_eq!(status_in(&get(&pisp, token, &path).await), "ACSC");
    let events = guichet.events(&path).await;
    let last = ["await confirmation", "confirm", "submit", "settle"];
    assert_eq!(events[events.len() - 4..], last);
}

#[tokio::test]
async fn a_link_that_nothing_was_added_to_works_too() {
    let guichet = enforced().await;
    let pisp = guichet.pisp(PISP);
    let (path, link) = ask(&guichet, &pisp, "PI-1").await;
    let mut browser = approve(&guichet, &link).await;
    let back = sent_back(&mut browser).await;
    assert_eq!(back.path(), "/cb");
    // The PISP spells its report URL as it likes.
    let uri = ("redirect_uri", "https://TPP.example:443/cb?state=s1");
    let answer = pisp.ask_token(HOST, &form(&parameter(&back, "code"), &[uri, ("code_verifier", "")])).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(confirm(&pisp, &token, &path).await.status, 200);
}

#[tokio::test]
async fn the_token_of_a_code_confirms_and_reads_its_payment_and_does_nothing_else() {
    for scope in [ScopeOfUse::Transaction, ScopeOfUse::Client] {
        let guichet = enforced_with(|institution| institution.settings.token_scope_of_use = scope).await;
        let pisp = guichet.pisp(PISP);
        let (path, token) = ready(&guichet, &pisp, "PI-1").await;
        let (other, other_token) = ready(&guichet, &pisp, "PI-2").await;
        assert_eq!(status_in(&get(&pisp, &token, &path).await), "ACCO");
        get(&pisp, &token, &other).await.refused(401, "BE05");
        confirm(&pisp, &token, &other).await.refused(401, "BE05");
        let before = guichet.count().await;
        pisp.sign_and_send(post(&guichet, &pisp, &token, "PI-3")).await.refused(403, "BADS");
        pisp.sign_and_send(pisp.post(&token, &guichet.body())).await.refused(403, "BADS");
        assert_eq!(guichet.count().await, before);
        assert_eq!(confirm(&pisp, &token, &path).await.status, 200);
        assert_eq!(confirm(&pisp, &other_token, &other).await.status, 200);
    }
}

#[tokio::test]
async fn nothing_else_than_the_token_of_its_code_confirms_a_payment() {
    let guichet = enforced().await;
    let (pisp, thief) = (guichet.pisp(PISP), guichet.pisp(OTHER_PISP));
    let (path, token) = ready(&guichet, &pisp, "PI-1").await;
    let fresh = confirm(&pisp, &pisp.token().await, &path).await;
    let message = fresh.refused(401, "BE05");
    assert!(message.contains("authorization code"), "{message}");
    assert_eq!(fresh.header("www-authenticate"), r#"Bearer error="invalid_token""#);
    // The same token from somebody else's connection, signed with his seal.
    confirm(&thief, &token, &path).await.refused(401, "BE05");
    // A token for a payment of somebody else is as good as one for none.
    guichet.give_confirmation_token("forged", OTHER_PISP, &path).await;
    confirm(&thief, "forged", &path).await.refused(404, "FF01");
    let none = format!("{PAYMENTS_1_4_2}/0000009999-177244293000011234567890");
    guichet.give_confirmation_token("nothing", PISP, &none).await;
    confirm(&pisp, "nothing", &none).await.refused(404, "FF01");
    confirm(&pisp, &token, &format!("{PAYMENTS_1_4_2}/x")).await.refused(404, "FF01");
    let unsigned = confirmation(&pisp, &token, &path, "{}");
    pisp.send(unsigned).await.refused(400, "FF01");
    let swapped = confirmation(&pisp, &token, &path, "{}").sign(&pisp.seal);
    pisp.send(Call { body: b"{ }".to_vec(), ..swapped }).await.refused(400, "FF01");
    assert_eq!(guichet.stored(&path).await.status(), Status::Acco);
    assert_eq!(confirm(&pisp, &token, &path).await.status, 200);
}

#[tokio::test]
async fn the_body_of_a_confirmation_is_an_object_whose_nonce_is_right_if_it_is_there() {
    let guichet = enforced().await;
    let pisp = guichet.pisp(PISP);
    let (path, token) = ready(&guichet, &pisp, "PI-1").await;
    let nonce = guichet.app.link_key.nonce(&id_of(&path));
    let send = async |body: String| pisp.sign_and_send(confirmation(&pisp, &token, &path, &body)).await;
    for body in ["", "null", "[]", "{", r#"{"nonce":1}"#, r#"{"nonce":"a","nonce":"a"}"#] {
        send(body.to_owned()).await.refused(400, "FF01");
    }
    let form = confirmation(&pisp, &token, &path, "{}").with("content-type", "text/plain");
    pisp.sign_and_send(form).await.refused(415, "FF01");
    for wrong in [String::new(), "x".repeat(20), nonce.to_lowercase(), format!("{nonce} ")] {
        let message = send(json!({ "nonce": wrong }).to_string()).await.refused(403, "FF01");
        assert!(message.contains("nonce"), "{message}");
    }
    assert_eq!(guichet.stored(&path).await.status(), Status::Acco);
    let right = json!({"nonce": nonce, "psuAuthenticationFactor": "ignored", "unknown": [1]});
    assert_eq!(status_in(&send(right.to_string()).await), "ACSP");
    // Wrong stays wrong, even where nothing would change.
    send(json!({"nonce": "x"}).to_string()).await.refused(403, "FF01");
    assert_eq!(send(json!({ "nonce": nonce }).to_string()).await.status, 200);
}

#[tokio::test]
async fn a_second_confirmation_changes_nothing_and_gets_the_status_of_then() {
    let guichet = enforced().await;
    let pisp = guichet.pisp(PISP);
    let (path, token) = ready(&guichet, &pisp, "PI-1").await;
    let answers = join_all((0..8).map(|_| confirm(&pisp, &token, &path))).await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(["ACSP", "ACSC"].contains(&status_in(answer).as_str().unwrap()), "{}", answer.text());
    }
    guichet.settled_as(&path, Status::Acsc).await;
    guichet.clock.advance(WINDOW);
    let late = confirm(&pisp, &token, &path).await;
    assert_eq!((late.status, status_in(&late)), (200, json!("ACSC")));
    let events = guichet.events(&path).await;
    for once in ["confirm", "submit", "settle"] {
        assert_eq!(events.iter().filter(|event| **event == once).count(), 1, "{events:?}");
    }
}

#[tokio::test]
async fn what_is_not_approved_or_over_cannot_be_confirmed() {
    let guichet = enforced().await;
    let pisp = guichet.pisp(PISP);
    let prepare = Event::Prepare(samples::debtor());
    let table = [
        (vec![], "not approved"),
        (vec![prepare.clone()], "not approved"),
        (vec![prepare, Event::Refuse], "does not wait"),
        (vec![Event::Expire], "does not wait"),
    ];
    for (number, (events, why)) in table.into_iter().enumerate() {
        let (path, _) = ask(&guichet, &pisp, &format!("PI-{number}")).await;
        let token = format!("token-{number}");
        guichet.give_confirmation_token(&token, PISP, &path).await;
        guichet.happens(&path, &events, vec![]).await;
        let before = guichet.stored(&path).await;
        let message = confirm(&pisp, &token, &path).await.refused(403, "FF01");
        assert!(message.contains(why), "{message}");
        assert_eq!(guichet.stored(&path).await, before);
    }
}

#[tokio::test]
async fn a_confirmation_after_its_time_is_refused_and_the_payment_rejected() {
    let guichet = enforced().await;
    let pisp = guichet.pisp(PISP);
    let (path, token) = ready(&guichet, &pisp, "PI-1").await;
    guichet.clock.advance(WINDOW);
    // Whether the clock's own work has come by already or not.
    confirm(&pisp, &token, &path).await.refused(403, "FF01");
    guichet.settled_as(&path, Status::Rjct).await;
    confirm(&pisp, &token, &path).await.refused(403, "FF01");
    let seen = get(&pisp, &pisp.token().await, &path).await.json();
    let request = &seen["paymentRequest"];
    assert_eq!(request["paymentInformationStatus"], "RJCT");
    assert_eq!(request["statusReasonInformation"], "NOAS");
    assert_eq!(seen["_links"].get("confirmation"), None);
    assert_eq!(guichet.events(&path).await.last(), Some(&"expire"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_confirmation_and_the_end_of_its_time_one_counts() {
    let guichet = enforced().await;
    let pisp = guichet.pisp(PISP);
    for round in 0..8 {
        let (path, _) = ask(&guichet, &pisp, &format!("PI-{round}")).await;
        let token = format!("token-{round}");
        guichet.give_confirmation_token(&token, PISP, &path).await;
        let end = awaits(&guichet, &path).await;
        guichet.clock.set(end - SignedDuration::from_secs(1));
        let clock = guichet.clock.clone();
        let tick = tokio::spawn(async move { clock.set(end) });
        let answer = confirm(&pisp, &token, &path).await;
        tick.await.unwrap();
        let events = guichet.events(&path).await;
        if answer.status == 200 {
            assert!(events.contains(&"confirm") && !events.contains(&"expire"), "{events:?}");
        } else {
            answer.refused(403, "FF01");
            guichet.settled_as(&path, Status::Rjct).await;
            assert!(!guichet.events(&path).await.contains(&"confirm"));
        }
    }
}

/// An approval without a visit, and without funds or seal: for what never comes to be executed.
async fn awaits(guichet: &Guichet, path: &str) -> Timestamp {
    let end = guichet.clock.now() + WINDOW;
    let approval = payments::lifecycle::Authorisation { at: guichet.clock.now(), ..samples::authorisation() };
    let events = [Event::Prepare(samples::debtor()), Event::AwaitConfirmation(approval, end)];
    let expiry = Work { payment: id_of(path), task: Task::Expire, due: end };
    guichet.happens(path, &events, vec![expiry]).await;
    end
}

#[tokio::test]
async fn where_no_confirmation_is_asked_for_the_method_is_not_offered() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pisp.pay().await.replace("/v1/", "/v1.4.2/");
    for token in [pisp.token().await, "unknown".to_owned()] {
        for (path, name) in [
            (path.clone(), "o-confirmation"),
            (path.clone(), "confirmation"),
            (path.replace("/v1.4.2/", "/v1/"), "o-confirmation"),
            (path.replace("/v1.4.2/", "/v1/"), "confirmation"),
        ] {
            let call = pisp.call(Method::POST, &format!("{path}/{name}"), &token);
            let call = call.with("content-type", "application/json").with_body("{}");
            let answer = pisp.sign_and_send(call).await;
            answer.refused(405, "NIMP");
            assert_eq!(answer.header("allow"), "");
        }
    }

    let guichet = enforced().await;
    let pisp = guichet.pisp(PISP);
    let (path, token) = ready(&guichet, &pisp, "PI-1").await;
    for (path, name) in [
        (path.clone(), "confirmation"),
        (path.replace("/v1.4.2/", "/v1/"), "o-confirmation"),
        (path.replace("/v1.4.2/", "/v1/"), "confirmation"),
    ] {
        let call = pisp.call(Method::POST, &format!("{path}/{name}"), &token);
        let call = call.with("content-type", "application/json").with_body("{}");
        pisp.sign_and_send(call).await.refused(405, "NIMP");
    }
    let read = pisp.get(&token, &format!("{path}/o-confirmation"));
    let read = pisp.sign_and_send(read).await;
    read.refused(405, "NIMP");
    assert_eq!(read.header("allow"), "POST");
    assert_eq!(confirm(&pisp, &token, &path).await.status, 200);
}

/// What was approved while the bank asked for confirmations is confirmed after it has ceased to.
#[tokio::test]
async fn a_payment_that_waits_can_be_confirmed_whatever_the_bank_has_come_to_ask() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let (mut registration, path) = {
        let simple = guichet.stored(&pisp.pay().await).await.registration().clone();
        let id = guichet.app.new_payment_id(guichet.clock.now());
        let path = format!("{PAYMENTS_1_4_2}/{id}");
        (payments::payment::Registration { id, ..simple }, path)
    };
    registration.redirect = Redirect::Enforced;
    registration.version = Version::V1_4_2;
    let (payment, entry) = Payment::register(registration);
    let key = payments::ports::RequestKey {
        request_id: "another".to_owned(),
        body_sha256: [1; 32],
        content_sha256: [1; 32],
    };
    let new = payments::ports::NewPayment { payment, entry, key, token: None, work: vec![] };
    guichet.store.insert(new).await.unwrap();
    awaits(&guichet, &path).await;
    guichet.give_confirmation_token("kept", PISP, &path).await;
    confirm(&pisp, &pisp.token().await, &path).await.refused(405, "NIMP");
    let confirmed = confirm(&pisp, "kept", &path).await;
    assert_eq!((confirmed.status, status_in(&confirmed)), (200, json!("ACSP")), "{}", confirmed.text());
}

#[tokio::test]
async fn a_client_that_could_never_confirm_is_refused_before_anybody_is_asked_to_approve() {
    let guichet = enforced().await;
    let pisp = guichet.pisp(PISP);
    guichet.change_tpp(PISP, |tpp| tpp.grant_types = vec![GrantType::ClientCredentials]).await;
    let refused = pisp.sign_and_send(post(&guichet, &pisp, &pisp.token().await, "PI-1")).await;
    let message = guichet.check_refusal(&refused, 400, "FF01").await;
    assert!(message.contains("authorization_code"), "{message}");
    // In 1.4.0 nobody confirms.
    pisp.pay().await;
}
