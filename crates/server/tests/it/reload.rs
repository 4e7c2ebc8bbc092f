//! What a reload puts in place, and what it leaves alone.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use eidas::{Kind, OrganizationIdentifier, Role};
use sandbox::pki::{Institution, PkiOptions, TestPki, TppProfile, Validity};
use server::{
    Counter,
    app::Clock as _,
    bank_seal::BankSeal,
    reload::{Fresh, NotReloaded, Reloader, Source},
    revocation::Sources,
    tls,
    trust::Trust,
};

use crate::harness::{Guichet, PISP};

/// Gives what a test prepared, once.
struct Prepared(Mutex<Option<Fresh>>);

#[async_trait]
impl Source for Prepared {
    async fn read(&self) -> Result<Fresh, NotReloaded> {
        self.0.lock().unwrap().take().ok_or_else(|| NotReloaded("cannot read server.pem".to_owned()))
    }
}

fn reloader(guichet: &Guichet, fresh: Option<Fresh>) -> Reloader {
    let source = Box::new(Prepared(Mutex::new(fresh)));
    Reloader::new(guichet.app.clone(), source, Some(guichet.tpp_tls.clone()), None)
}

/// What is in place already, read anew: with the authorities and seals of `pki`.
fn as_in(guichet: &Guichet, pki: &TestPki) -> Fresh {
    let trust = Trust::new(pki.anchors().unwrap(), Vec::new());
    let server = guichet.pki.server();
    let tpp_tls = tls::tpp_config(server.pem(), server.key_pem(), trust.anchors(Kind::Qwac)).unwrap();
    let all = guichet.app.counters.all();
    let counters = all.iter().map(|counter| {
        let seal = pki.seal(counter.institution.code.as_str()).unwrap();
        Arc::new(Counter {
            institution: counter.institution.clone(),
            seal: BankSeal::from_pem(seal.key_pem(), seal.pem()).unwrap(),
            psu_url: counter.psu_url.clone(),
            tpp_url: counter.tpp_url.clone(),
        })
    });
    Fresh {
        counters: counters.collect(),
        trust,
        tpp_tls: Some(tpp_tls),
        psu_tls: None,
        tpps: Vec::new(),
        revocation: Sources::default(),
        notes: Vec::new(),
    }
}

/// Another authority, with test TPPs and bank seals of its own.
fn other_pki(guichet: &Guichet) -> (tempfile::TempDir, TestPki) {
    let home = tempfile::tempdir().unwrap();
    let institutions = [("17515", "Île-de-France"), ("11425", "Normandie")];
    let institutions = institutions.map(|(code, name)| Institution { code, name });
    let (now, options) = (guichet.clock.now(), PkiOptions::default());
    let pki = TestPki::load_or_create(home.path(), now, &[], &institutions, options).unwrap();
    (home, pki)
}

#[tokio::test]
async fn who_lost_his_authority_is_refused_on_the_connection_he_has_and_on_a_new_one() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    pisp.token().await;
    let (_home, other) = other_pki(&guichet);
    reloader(&guichet, Some(as_in(&guichet, &other))).reload().await.unwrap();
    let refused = pisp.ask_token(crate::harness::HOST, &pisp.token_form()).await;
    assert_eq!(refused.status, 401, "{}", refused.text());
    assert_eq!(refused.json()["error"], "invalid_client");
    let newcomer = guichet.pisp(PISP);
    let call = newcomer.get("any", "/stet/psd2/v1/payment-requests/1");
    assert!(newcomer.try_send(call).await.is_err(), "the handshake itself is refused");
}

#[tokio::test]
async fn a_new_authority_and_new_seals_count_from_the_next_request() {
    let guichet = Guichet::start().await;
    let (_home, other) = other_pki(&guichet);
    let keys = other.tpp(PISP).unwrap();
    let seals = crate::harness::seal_certificate(&keys.qseal);
    guichet.change_tpp(PISP, |tpp| tpp.seal_certificates = vec![seals]).await;
    let stranger = guichet.caller(Some(&keys.qwac), &keys.qseal, PISP);
    let call = stranger.get("any", "/stet/psd2/v1/payment-requests/1");
    assert!(stranger.try_send(call).await.is_err(), "its authority is not trusted yet");

    reloader(&guichet, Some(as_in(&guichet, &other))).reload().await.unwrap();

    let call = stranger.post(&stranger.token().await, &guichet.body());
    let answer = stranger.sign_and_send(call).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let seal = other.seal("17515").unwrap();
    let seal = BankSeal::from_pem(seal.key_pem(), seal.pem()).unwrap();
    assert!(answer.header("signature").contains(seal.certificate_sha256()));
    let public = eidas::Certificate::from_pem(seal.certificate_pem()).unwrap();
    let key = server::seal_key::VerifyingKey::from_spki_der(public.public_key().spki_der()).unwrap();
    let message = server::http_signature::SignedMessage {
        method: &answer.asked.method,
        target: &answer.asked.target,
        headers: &answer.headers,
        body: &answer.body,
    };
    server::http_signature::verify_answer(&message, &key).unwrap();
}

#[tokio::test]
async fn what_cannot_be_put_in_place_changes_nothing_and_says_why() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let why = reloader(&guichet, None).reload().await.unwrap_err();
    assert_eq!(why.to_string(), "cannot read server.pem");

    let trusted = guichet.app.trust.current();
    assert_eq!(trusted.anchors(Kind::Qwac).ders(), guichet.pki.anchors().unwrap().ders());
    pisp.token().await;
    guichet.check_alive(&guichet.pisp(PISP)).await;
}

#[tokio::test]
async fn an_institution_that_is_not_configured_any_more_is_served_until_the_next_start() {
    let guichet = Guichet::start().await;
    let mut without_one = as_in(&guichet, &guichet.pki);
    without_one.counters.retain(|counter| counter.institution.code.as_str() != "11425");
    let reloaded = reloader(&guichet, Some(without_one)).reload().await.unwrap();
    assert_eq!(reloaded.institutions, 2);
    assert!(reloaded.notes[0].contains("11425"), "{:?}", reloaded.notes);
    guichet.pisp(PISP).token_at(crate::harness::OTHER_HOST).await;
}

/// Trusts an authority that the sandbox's vouches for, by what the bank knows of it.
#[tokio::test]
async fn the_bank_may_know_authorities_between_a_provider_and_an_anchor_and_deny_each() {
    let guichet = Guichet::start().await;
    let now = guichet.clock.now();
    let between = guichet.pki.qtsp().subordinate("Between", Validity::days_from(now, 365)).unwrap();
    let oid = OrganizationIdentifier::parse(PISP).unwrap();
    let validity = Validity::days_from(now, 90);
    let issue = |kind| {
        let profile = TppProfile::new(kind, &oid, &[Role::PaymentInitiation], validity);
        between.issue_tpp(&profile).unwrap()
    };
    let (qwac, qseal) = (issue(Kind::Qwac), issue(Kind::Qseal));
    guichet
        .change_tpp(PISP, |tpp| tpp.seal_certificates = vec![crate::harness::seal_certificate(&qseal)])
        .await;
    let pisp = guichet.caller(Some(&qwac), &qseal, PISP);
    let call = pisp.get("any", "/stet/psd2/v1/payment-requests/1");
    assert!(pisp.try_send(call).await.is_err(), "it shows no chain, and the bank knows of none");

    let mut fresh = as_in(&guichet, &guichet.pki);
    let anchors = guichet.pki.anchors().unwrap().with_intermediates([between.der().clone()]).unwrap();
    let server = guichet.pki.server();
    fresh.tpp_tls = Some(tls::tpp_config(server.pem(), server.key_pem(), &anchors).unwrap());
    fresh.trust = Trust::new(anchors, Vec::new());
    reloader(&guichet, Some(fresh)).reload().await.unwrap();
    let call = pisp.post(&pisp.token().await, &guichet.body());
    assert_eq!(pisp.sign_and_send(call).await.status, 201);

    for authority in [between.der(), guichet.pki.qtsp().der()] {
        let sha256 = eidas::Certificate::parse(authority).unwrap().sha256_hex();
        let deny_list = eidas::revocation::DenyList::parse(&format!("sha256 {sha256}\n")).unwrap();
        guichet.app.revocation.replace_sources(Sources::denying(deny_list), now).unwrap();
        let refused = pisp.ask_token(crate::harness::HOST, &pisp.token_form()).await;
        assert_eq!(refused.status, 401, "{}", refused.text());
        assert!(refused.text().contains("authority of the chain"), "{}", refused.text());
    }
    guichet.app.revocation.replace_sources(Sources::default(), now).unwrap();
    pisp.token().await;
}

#[tokio::test]
async fn operators_reload_with_a_call_and_read_what_came_of_it() {
    let guichet = Guichet::start().await;
    let fresh = as_in(&guichet, &guichet.pki);
    let routes = server::reload::router(Arc::new(reloader(&guichet, Some(fresh))));
    for (status, what) in [(200, "\"institutions\":2"), (422, "cannot read server.pem")] {
        let request = http::Request::post("/reload").body(axum::body::Body::empty()).unwrap();
        let answer = tower::ServiceExt::oneshot(routes.clone(), request).await.unwrap();
        assert_eq!(answer.status(), status);
        let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&body).contains(what), "{body:?}");
    }
}
