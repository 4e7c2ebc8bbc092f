//! `POST /stet/psd2/oauth/token`: who gets a token, and every refusal (RFC 6749, 5.2; RFC 8705).

use eidas::{Kind, OrganizationIdentifier, Role};
use http::Method;
use jiff::SignedDuration;
use payments::{ports::TokenStore as _, token::TokenHash, tpp::GrantType};
use sandbox::pki::{CertifiedKey, PkiOptions, TppProfile, Validity};
use server::app::Clock as _;
use sha2::{Digest as _, Sha256};

use crate::harness::{Answer, Call, Guichet, HOST, NO_HOST, OTHER_HOST, PISP, TOKEN};

const FORM: &str = "application/x-www-form-urlencoded";

fn ask(form: &str) -> Call {
    let mut call = Call::new(Method::POST, TOKEN).with("content-type", FORM);
    call.body = form.as_bytes().to_vec();
    call
}

fn check_refused(answer: &Answer, status: u16, error: &str) {
    let what = format!("{}: {} {}", answer.asked.target, answer.status, answer.text());
    assert_eq!(answer.status, status, "{what}");
    let body = answer.json();
    assert_eq!(body["error"], error, "{what}");
    assert!(body["error_description"].is_string(), "{what}");
    assert!(body.get("access_token").is_none() && body.get("status").is_none(), "{what}");
    assert_eq!(answer.header("cache-control"), "no-store");
}

fn certificate(guichet: &Guichet, oid: &str, change: impl FnOnce(&mut TppProfile)) -> CertifiedKey {
    let oid = OrganizationIdentifier::parse(oid).unwrap();
    let validity = Validity::days_from(guichet.clock.now(), 365);
    let mut profile = TppProfile::new(Kind::Qwac, &oid, &[Role::PaymentInitiation], validity);
    change(&mut profile);
    guichet.pki.qtsp().issue_tpp(&profile).unwrap()
}

#[tokio::test]
async fn a_licensed_pisp_gets_a_token_in_every_form_connectors_ask_in() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let form = format!("grant_type=client_credentials&client_id={PISP}&scope=pisp");
    let query = format!("{TOKEN}?{form}");
    let twice = format!("{TOKEN}?scope=pisp");
    let mut in_query = Call::new(Method::POST, &query);
    in_query.body.clear();
    let mut in_both = Call::new(Method::POST, &twice).with("content-type", FORM);
    in_both.body.clone_from(&form.as_bytes().to_vec());
    let calls = [
        ask(&form),
        ask(&format!("scope=pisp&client_id={PISP}&grant_type=client_credentials")),
        ask(&format!("client_id={PISP}&grant_type=client_credentials")),
        ask(&format!("{form}&unknown=1")),
        ask(&form).with("content-type", "application/x-www-form-urlencoded;charset=UTF-8"),
        in_query,
        in_both,
    ];
    let mut tokens = Vec::new();
    for call in calls {
        let answer = pisp.send(call).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        let token = body["access_token"].as_str().unwrap().to_owned();
        assert_eq!((body["token_type"].as_str(), body["expires_in"].as_u64()), (Some("Bearer"), Some(3_600)));
        assert_eq!((body["scope"].as_str(), body.get("refresh_token")), (Some("pisp"), None));
        assert_eq!((token.len(), answer.header("cache-control")), (43, "no-store"));
        assert_eq!(answer.header("pragma"), "no-cache");
        let hash = TokenHash(Sha256::digest(token.as_bytes()).into());
        let stored = guichet.store.find_token(&hash).await.unwrap().expect("kept by its hash");
        assert_eq!((stored.tpp.as_str(), stored.institution.as_str()), (PISP, "17515"));
        tokens.push(token);
    }
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 7, "a new token ends no older one and is none of them");
}

#[tokio::test]
async fn every_form_that_is_not_right_is_refused_by_its_name() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let table = [
        ("", 400, "invalid_request"),
        ("client_id=PSDFR-ACPR-12345&scope=pisp", 400, "invalid_request"),
        ("grant_type=&client_id=PSDFR-ACPR-12345", 400, "invalid_request"),
        ("grant-type=client_credentials&client_id=PSDFR-ACPR-12345", 400, "invalid_request"),
        ("grant_type=client_credentials", 400, "invalid_request"),
        (
            "grant_type=client_credentials&grant_type=password&client_id=PSDFR-ACPR-12345",
            400,
            "invalid_request",
        ),
        ("grant_type=client_credentials&client_id=PSDFR-ACPR-12345&client_id=x", 400, "invalid_request"),
        ("grant_type=password&client_id=PSDFR-ACPR-12345", 400, "unsupported_grant_type"),
        ("grant_type=refresh_token&client_id=PSDFR-ACPR-12345", 400, "unsupported_grant_type"),
        ("grant_type=client_credentials&client_id=PSDFR-ACPR-00000", 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=PSDFR-ACPR-54321", 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=%00", 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=PSDFR-ACPR-12345&scope=aisp", 400, "invalid_scope"),
        ("grant_type=client_credentials&client_id=PSDFR-ACPR-12345&scope=pisp%20aisp", 400, "invalid_scope"),
        (
            "grant_type=client_credentials&client_id=PSDFR-ACPR-12345&scope=manageRegistration",
            400,
            "invalid_scope",
        ),
    ];
    for (form, status, error) in table {
        check_refused(&pisp.send(ask(form)).await, status, error);
    }
    let query = "grant_type=client_credentials&client_id=other";
    let mut two_places = Call::new(Method::POST, &format!("{TOKEN}?{query}")).with("content-type", FORM);
    two_places.body = pisp.token_form().into_bytes();
    check_refused(&pisp.send(two_places).await, 400, "invalid_request");
    guichet.check_alive(&pisp).await;
}

#[tokio::test]
async fn another_type_size_method_or_host_is_refused() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let form = pisp.token_form();
    let json = ask(r#"{"grant_type":"client_credentials"}"#).with("content-type", "application/json");
    check_refused(&pisp.send(json).await, 415, "invalid_request");
    check_refused(&pisp.send(ask(&form).without("content-type")).await, 415, "invalid_request");
    let large = ask(&format!("{form}&padding={}", "x".repeat(70_000)));
    check_refused(&pisp.send(large).await, 413, "invalid_request");
    check_refused(&pisp.ask_token(NO_HOST, &form).await, 400, "invalid_request");
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = pisp.send(Call::new(method, TOKEN)).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    }
    guichet.check_alive(&pisp).await;
}

#[tokio::test]
async fn a_client_without_licence_role_scope_or_grant_is_not_authorised() {
    let guichet = Guichet::start().await;
    // Licence suspended in the register; account information only in the certificate.
    for oid in ["PSDDE-BAFIN-99999", "PSDFR-ACPR-54321"] {
        let pisp = guichet.pisp(oid);
        check_refused(&pisp.ask_token(HOST, &pisp.token_form()).await, 400, "unauthorized_client");
    }
    let pisp = guichet.pisp(PISP);
    guichet.change_tpp(PISP, |tpp| tpp.scope_pisp = false).await;
    check_refused(&pisp.ask_token(HOST, &pisp.token_form()).await, 400, "unauthorized_client");
    let other_grant = vec![GrantType::AuthorizationCode];
    guichet
        .change_tpp(PISP, |tpp| {
            tpp.scope_pisp = true;
            tpp.grant_types = other_grant;
        })
        .await;
    check_refused(&pisp.ask_token(HOST, &pisp.token_form()).await, 400, "unauthorized_client");
    guichet.change_tpp(PISP, |tpp| tpp.grant_types = vec![GrantType::ClientCredentials]).await;
    guichet.check_alive(&pisp).await;
}

#[tokio::test]
async fn a_certificate_that_is_not_right_gets_no_token() {
    let guichet = Guichet::start().await;
    let qseal = guichet.pki.tpp(PISP).unwrap().qseal.clone();
    let unqualified = certificate(&guichet, PISP, |profile| {
        profile.qc_statements.as_mut().unwrap().compliance = false;
    });
    let seal_type = certificate(&guichet, PISP, |profile| {
        profile.qc_statements.as_mut().unwrap().types = vec![eidas::QcType::ESeal];
    });
    let nobody = certificate(&guichet, PISP, |profile| profile.organization_identifier = None);
    let malformed = certificate(&guichet, PISP, |profile| {
        profile.organization_identifier = Some("12345".to_owned());
    });
    let no_statement = guichet.pki.tpp("PSDFR-ACPR-22222").unwrap().qwac.clone();
    let stranger = certificate(&guichet, "PSDFR-ACPR-77777", |_| {});
    for qwac in [&unqualified, &seal_type, &nobody, &malformed, &no_statement, &stranger] {
        let pisp = guichet.caller(Some(qwac), &qseal, PISP);
        check_refused(&pisp.ask_token(HOST, &pisp.token_form()).await, 401, "invalid_client");
    }
    let without = guichet.caller(None, &qseal, PISP);
    check_refused(&without.ask_token(HOST, &without.token_form()).await, 401, "invalid_client");
    guichet.check_alive(&guichet.pisp(PISP)).await;
}

#[tokio::test]
async fn a_certificate_that_is_expired_or_of_an_unknown_authority_does_not_get_through_the_handshake() {
    let guichet = Guichet::start().await;
    let expired = guichet.pisp("PSDFR-ACPR-11111");
    let elsewhere = Guichet::start_with(PkiOptions::default(), |_| {}).await;
    let keys = elsewhere.pki.tpp(PISP).unwrap();
    let unknown = guichet.caller(Some(&keys.qwac), &keys.qseal, PISP);
    for pisp in [expired, unknown] {
        assert!(pisp.try_send(ask(&pisp.token_form())).await.is_err());
    }
    guichet.check_alive(&guichet.pisp(PISP)).await;
}

#[tokio::test]
async fn a_certificate_that_expires_on_an_open_connection_gets_no_token_either() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    pisp.token().await;
    guichet.clock.advance(SignedDuration::from_hours(6 * 365 * 24));
    check_refused(&pisp.ask_token(HOST, &pisp.token_form()).await, 401, "invalid_client");
}

#[tokio::test]
async fn tokens_of_two_institutions_are_two_tokens() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let (here, there) = (pisp.token().await, pisp.token_at(OTHER_HOST).await);
    for (token, code) in [(here, "17515"), (there, "11425")] {
        let hash = TokenHash(Sha256::digest(token.as_bytes()).into());
        let stored = guichet.store.find_token(&hash).await.unwrap().unwrap();
        assert_eq!(stored.institution.as_str(), code);
    }
}
