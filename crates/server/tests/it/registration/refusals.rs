//! Calls that are refused for who makes them, with what, and how they are signed.

use eidas::{Kind, QcType, Role};
use http::Method;
use jiff::SignedDuration;
use payments::institution::SignaturePolicy;
use sandbox::pki::{PkiOptions, TppProfile, Validity};
use serde_json::json;
use server::{app::Clock as _, http_signature::digest_value};

use super::{NEWCOMER, Provider, certificate, check_refused, jwk};
use crate::harness::{Call, Guichet, NO_HOST, OTHER_HOST, PISP};

/// Checks that a call is refused with a status, in the form that belongs to it, and changes nothing.
async fn check(guichet: &Guichet, provider: &Provider<'_>, call: Call, status: u16, what: &str) {
    let stored = guichet.registrations().await;
    let answer = provider.pisp.send(call).await;
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    answer.check_echo();
    if status == 400 {
        check_refused(&answer, "invalid_client_metadata");
    } else {
        let code = match status {
            401 | 403 => "BE05",
            _ => "FF01",
        };
        answer.refused(status, code);
    }
    assert_eq!(guichet.registrations().await, stored, "{what}");
}

#[tokio::test]
async fn a_call_without_what_it_needs_registers_nothing() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let (token, seal) = (newcomer.token().await, &newcomer.pisp.seal);
    let call = || newcomer.call(Method::POST, "", &token, Some(&newcomer.body()));
    let pisp = guichet.pisp(PISP);
    let payments = pisp.token().await;
    let large = " ".repeat(64 * 1024) + "{}";
    let table = [
        ("no request id", call().without("x-request-id").sign(seal), 400),
        ("a long request id", call().with("x-request-id", &"x".repeat(71)).sign(seal), 400),
        ("no token", call().without("authorization").sign(seal), 401),
        ("another scheme", call().with("authorization", &format!("Basic {token}")).sign(seal), 401),
        ("an unknown token", call().with("authorization", "Bearer x").sign(seal), 401),
        ("a payment token", call().with("authorization", &format!("Bearer {payments}")).sign(seal), 401),
        ("no signature", call(), 400),
        ("a signature that is none", call().with("signature", "x"), 400),
        ("no content type", call().without("content-type").sign(seal), 415),
        ("another content type", call().with("content-type", "application/xml").sign(seal), 415),
        ("too large", call().with_body(large).sign(seal), 413),
        ("another bank", call().sign(seal).at_host(OTHER_HOST), 403),
        ("no bank", call().sign(seal).at_host(NO_HOST), 404),
    ];
    for (what, call, status) in table {
        check(&guichet, &newcomer, call, status, what).await;
    }
    guichet.clock.advance(SignedDuration::from_secs(3_600));
    check(&guichet, &newcomer, call().sign(seal), 401, "an expired token").await;
    newcomer.register(&newcomer.body()).await;
}

#[tokio::test]
async fn who_calls_too_often_is_told_in_the_form_of_the_api() {
    let guichet = Guichet::start_with(PkiOptions::default(), |institution| {
        institution.settings.rate_limit_per_tpp_per_minute = 1;
    })
    .await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let call = newcomer.call(Method::POST, "", &newcomer.token().await, Some(&newcomer.body()));
    let answer = newcomer.pisp.sign_and_send(call).await;
    answer.refused(429, "TMRQ");
    assert!(answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_token_works_with_its_own_certificate_only() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let other = Provider::new(&guichet, "PSDNL-DNB-2");
    let stolen = newcomer.token().await;
    let call = other.call(Method::POST, "", &stolen, Some(&other.body()));
    check(&guichet, &other, call.sign(&other.pisp.seal), 401, "a stolen token").await;
    let nobody = guichet.caller(None, &newcomer.qseal, NEWCOMER);
    let call = newcomer.call(Method::POST, "", &stolen, Some(&newcomer.body()));
    nobody.sign_and_send(call).await.refused(401, "BE05");
    assert!(guichet.registration(NEWCOMER).await.is_none());
}

#[tokio::test]
async fn a_signature_that_is_not_right_registers_nothing() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let other = Provider::new(&guichet, "PSDNL-DNB-2");
    let (token, seal) = (newcomer.token().await, &newcomer.pisp.seal);
    let call = || newcomer.call(Method::POST, "", &token, Some(&newcomer.body()));
    let mut renamed = newcomer.body();
    renamed["client_name"] = json!("Iemand Anders");
    let renamed = serde_json::to_vec(&renamed).unwrap();
    let mut swapped = call().sign(seal);
    swapped.body.clone_from(&renamed);
    let mut elsewhere = call().sign(seal);
    elsewhere.target.push_str("?a=b");
    let mut not_listed_first = newcomer.body();
    not_listed_first["jwks"]["keys"] =
        json!([jwk(&certificate(&guichet, Kind::Qseal, NEWCOMER, |_| {})), jwk(&newcomer.qseal)]);
    let fingerprint = |hex: &str| format!("https://tpp.example/seal_{hex}");
    let own = newcomer.qseal.certificate().unwrap().sha256_hex();
    let foreign = other.qseal.certificate().unwrap().sha256_hex();
    let table = [
        ("another's key", call().sign(&other.pisp.seal), 401),
        ("the second key", newcomer.call(Method::POST, "", &token, Some(&not_listed_first)).sign(seal), 401),
        ("the body swapped under its digest", swapped, 400),
        ("body and digest swapped", call().sign(seal).with_body(renamed), 401),
        ("another digest", call().with("digest", &digest_value(b"x")).sign(seal), 400),
        (
            "no digest",
            call().without("digest").covering("(request-target) date x-request-id").sign(seal),
            400,
        ),
        ("digest not covered", call().covering("(request-target) date x-request-id").sign(seal), 401),
        ("target not covered", call().covering("date digest x-request-id").sign(seal), 401),
        ("request id not covered", call().covering("(request-target) date digest").sign(seal), 401),
        ("another target", elsewhere, 401),
        ("another request id", call().sign(seal).with("x-request-id", "another"), 401),
        ("an old date", call().with("date", "Mon, 02 Mar 2020 09:15:30 GMT").sign(seal), 401),
        ("the fingerprint of another", call().with_key_id(&fingerprint(&foreign)).sign(seal), 401),
    ];
    for (what, call, status) in table {
        check(&guichet, &newcomer, call, status, what).await;
    }
    let call = call().with_key_id(&fingerprint(&own)).sign(seal);
    let answer = newcomer.pisp.send(call).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn every_later_call_is_signed_with_a_registered_seal_over_its_digest() {
    // What payment connectors are forgiven is not forgiven here.
    let guichet = Guichet::start_with(PkiOptions::default(), |institution| {
        institution.settings.signature_policy = SignaturePolicy::Lenient;
    })
    .await;
    let owner = Provider::new(&guichet, NEWCOMER);
    let id = owner.register(&owner.body()).await;
    let path = format!("/{id}");
    let another = owner.signing_with(&certificate(&guichet, Kind::Qseal, NEWCOMER, |_| {}));
    let token = owner.token().await;
    let mut body = another.body();
    body["client_id"] = json!(id);
    let seal = &owner.pisp.seal;
    for (method, body) in [(Method::GET, None), (Method::PUT, Some(&body)), (Method::DELETE, None)] {
        let call = || owner.call(method.clone(), &path, &token, body);
        let no_digest = call().without("digest").covering("(request-target) date x-request-id");
        let table = [
            ("a seal of its own that is not registered", call().sign(&another.pisp.seal), 401),
            ("no digest", no_digest.sign(seal), 400),
            ("digest not covered", call().covering("(request-target) date x-request-id").sign(seal), 401),
            ("another digest", call().with("digest", &digest_value(b"x")).sign(seal), 400),
            ("an unknown keyId", call().with_key_id("sleutel-9").sign(seal), 401),
            ("another provider's keyId", call().with_key_id(PISP).sign(seal), 401),
        ];
        for (what, call, status) in table {
            check(&guichet, &owner, call, status, &format!("{method}: {what}")).await;
        }
    }
    let mut as_post = owner.call(Method::POST, &path, &token, None).sign(seal);
    as_post.method = Method::GET;
    check(&guichet, &owner, as_post, 401, "a GET signed as POST").await;
    for key_id in [&id, NEWCOMER, "sleutel-1", "https://tpp.example/seal.pem"] {
        let call = owner.call(Method::GET, &path, &token, None).with_key_id(key_id);
        assert_eq!(owner.pisp.sign_and_send(call).await.status, 200, "{key_id}");
    }
}

#[tokio::test]
async fn a_first_key_whose_certificate_is_not_right_registers_nothing() {
    let guichet = Guichet::start().await;
    let elsewhere = Guichet::start().await;
    let now = guichet.clock.now();
    let changed = |change: fn(&mut TppProfile)| certificate(&guichet, Kind::Qseal, NEWCOMER, change);
    let expired = certificate(&guichet, Kind::Qseal, NEWCOMER, |profile| {
        profile.validity = Validity::expired(now, 365, 1);
    });
    let not_yet = certificate(&guichet, Kind::Qseal, NEWCOMER, |profile| {
        profile.validity = Validity::days_from(now + SignedDuration::from_hours(72), 365);
    });
    let table = [
        ("expired", expired),
        ("not valid yet", not_yet),
        ("of another organisation", certificate(&guichet, Kind::Qseal, "PSDNL-DNB-2", |_| {})),
        ("of an unknown authority", certificate(&elsewhere, Kind::Qseal, NEWCOMER, |_| {})),
        ("for websites", certificate(&guichet, Kind::Qwac, NEWCOMER, |_| {})),
        ("of type web", changed(|profile| profile.qc_statements.as_mut().unwrap().types = vec![QcType::Web])),
        ("without statements", changed(|profile| profile.qc_statements = None)),
        ("not qualified", changed(|profile| profile.qc_statements.as_mut().unwrap().compliance = false)),
        (
            "of another role",
            changed(|profile| {
                let psd2 = profile.qc_statements.as_mut().unwrap().psd2.as_mut();
                psd2.unwrap().roles = vec![Role::AccountInformation];
            }),
        ),
    ];
    for (what, qseal) in table {
        let newcomer = Provider::with_seal(&guichet, NEWCOMER, qseal.clone());
        let token = newcomer.token().await;
        let call = newcomer.call(Method::POST, "", &token, Some(&newcomer.body()));
        check(&guichet, &newcomer, call.sign(&newcomer.pisp.seal), 401, what).await;
        // The same beside one that is in order: the signature is right, the body is not.
        let good = Provider::new(&guichet, NEWCOMER);
        let mut body = good.body();
        body["jwks"]["keys"] = json!([jwk(&good.qseal), jwk(&qseal)]);
        body["jwks"]["keys"][1]["kid"] = json!("sleutel-2");
        let call = good.call(Method::POST, "", &good.token().await, Some(&body));
        check(&guichet, &good, call.sign(&good.pisp.seal), 400, what).await;
    }
}

#[tokio::test]
async fn a_website_certificate_that_is_not_right_registers_nothing() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let token = newcomer.token().await;
    let unqualified = certificate(&guichet, Kind::Qwac, NEWCOMER, |profile| {
        profile.qc_statements.as_mut().unwrap().compliance = false;
    });
    let pisp = guichet.caller(Some(&unqualified), &newcomer.qseal, NEWCOMER);
    let form = "client_id=PSD2_TPPRegister&grant_type=client_credentials&scope=manageRegistration";
    let answer = pisp.ask_token(crate::harness::HOST, form).await;
    assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")));
    let call = newcomer.call(Method::POST, "", &token, Some(&newcomer.body()));
    pisp.sign_and_send(call).await.refused(401, "BE05");
    assert!(guichet.registrations().await.iter().all(|tpp| tpp.organization_identifier != NEWCOMER));
}
