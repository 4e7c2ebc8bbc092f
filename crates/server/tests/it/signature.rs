//! HTTP signatures over the wire: what each policy asks for, and everything that breaks one.

use http::Method;
use jiff::SignedDuration;
use payments::institution::SignaturePolicy;
use sandbox::pki::{KeyType, PkiOptions, TppProfile, Validity};
use server::app::Clock as _;

use crate::harness::{Call, Guichet, PISP, Pisp, seal_certificate};

async fn check(guichet: &Guichet, pisp: &Pisp<'_>, call: Call, status: u16, what: &str) {
    let before = guichet.count().await;
    let answer = pisp.send(call).await;
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    answer.check_seal(guichet).await;
    match status {
        201 => return,
        400 => answer.refused(400, "FF01"),
        _ => answer.refused(status, "BE05"),
    };
    assert_eq!(guichet.count().await, before, "{what}");
}

#[tokio::test]
async fn each_policy_asks_for_what_it_must_cover() {
    use SignaturePolicy::{Lenient, Standard, Strict};
    const TARGET_AND_ID: &str = "(request-target) x-request-id";
    const USUAL: &str = "(request-target) date digest x-request-id";
    const FULL: &str = "(request-target) date digest content-type x-request-id psu-ip-address";
    // What is covered, whether the call has a Digest, and the status under each policy.
    let table = [
        (TARGET_AND_ID, false, [(Lenient, 201), (Standard, 400), (Strict, 400)]),
        (TARGET_AND_ID, true, [(Lenient, 401), (Standard, 401), (Strict, 401)]),
        ("(request-target) date x-request-id", false, [(Lenient, 201), (Standard, 400), (Strict, 400)]),
        (USUAL, true, [(Lenient, 201), (Standard, 201), (Strict, 401)]),
        ("x-request-id digest (request-target)", true, [(Lenient, 201), (Standard, 201), (Strict, 401)]),
        (FULL, true, [(Lenient, 201), (Standard, 201), (Strict, 201)]),
        (
            "(request-target) digest content-type x-request-id psu-ip-address",
            true,
            [(Lenient, 201), (Standard, 201), (Strict, 401)],
        ),
        (
            "(request-target) date digest content-type x-request-id",
            true,
            [(Lenient, 201), (Standard, 201), (Strict, 401)],
        ),
        ("date digest x-request-id", true, [(Lenient, 401), (Standard, 401), (Strict, 401)]),
        ("(request-target) date digest", true, [(Lenient, 401), (Standard, 401), (Strict, 401)]),
        ("date", true, [(Lenient, 401), (Standard, 401), (Strict, 401)]),
    ];
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    for (covered, with_digest, verdicts) in table {
        for (policy, status) in verdicts {
            guichet.change_tpp(PISP, |tpp| tpp.signature_policy = Some(policy)).await;
            let call = pisp.post(&pisp.token().await, &guichet.body());
            let call = call.with("psu-ip-address", "203.0.113.7").covering(covered);
            let call = if with_digest { call } else { call.without("digest") };
            check(&guichet, &pisp, call.sign(&pisp.seal), status, &format!("{policy:?}: {covered}")).await;
        }
    }
}

#[tokio::test]
async fn the_institutions_policy_counts_for_those_who_have_none_of_their_own() {
    let guichet = Guichet::start_with(PkiOptions::default(), |institution| {
        institution.settings.signature_policy = SignaturePolicy::Strict;
    })
    .await;
    let pisp = guichet.pisp(PISP);
    let call = pisp.post(&pisp.token().await, &guichet.body());
    check(&guichet, &pisp, call.sign(&pisp.seal), 401, "content-type is not covered").await;
}

#[tokio::test]
async fn a_signature_of_something_else_is_refused() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let call = || pisp.post(&token, &guichet.body());
    let signed = || call().sign(&pisp.seal);
    let signed_as = |change: fn(String) -> String| {
        let text = change(call().signing_string());
        call().sign_text(&pisp.seal, &text)
    };
    let header_changed = |from: &str, to: &str| {
        let value = signed().headers["signature"].to_str().unwrap().replace(from, to);
        signed().with("signature", &value)
    };
    let mut body_changed = signed();
    body_changed.body[2] ^= 1;
    let mut target_changed = signed();
    target_changed.target.push_str("?a=b");
    let url = "https://tpp.example/seal_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let foreign = guichet.pisp("PSDFR-ACPR-54321");
    let table = [
        ("one byte of the body", body_changed, 400),
        ("the body and its digest", signed().with_body("{}"), 401),
        ("the target", target_changed, 401),
        ("the request id", signed().with("x-request-id", "another"), 401),
        ("the date", signed().with("date", "Mon, 02 Mar 2020 09:15:30 GMT"), 401),
        ("the order of headers", header_changed("date digest", "digest date"), 401),
        ("upper-case method", signed_as(|text| text.replace("post", "POST")), 401),
        ("trailing line feed", signed_as(|text| text + "\n"), 401),
        ("carriage returns", signed_as(|text| text.replace('\n', "\r\n")), 401),
        ("another's key", call().sign(&foreign.seal), 401),
        ("another's keyId", call().with_key_id("PSDFR-ACPR-54321").sign(&pisp.seal), 401),
        ("an unknown fingerprint", call().with_key_id(url).sign(&pisp.seal), 401),
        (
            "a header that is absent",
            call().covering("(request-target) digest x-request-id host-x").sign(&pisp.seal),
            401,
        ),
        ("no headers parameter", header_changed("headers=", "other="), 400),
        (
            "base64url",
            signed().with("signature", r#"keyId="a",algorithm="rsa-sha256",headers="date",signature="-_-_""#),
            400,
        ),
        ("a repeated parameter", header_changed("keyId=", r#"keyId="x",keyId="#), 400),
        ("no algorithm known", header_changed("rsa-sha256", "hmac-sha256"), 400),
        ("an algorithm of another key", header_changed("rsa-sha256", "ecdsa-sha256"), 401),
        ("nothing", signed().with("signature", ""), 400),
    ];
    for (what, call, status) in table {
        check(&guichet, &pisp, call, status, what).await;
    }
    guichet.check_alive(&pisp).await;
}

#[tokio::test]
async fn every_form_of_key_id_in_the_field_finds_the_registered_seal() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let fingerprint = guichet.pki.tpp(PISP).unwrap().qseal.certificate().unwrap().sha256_hex();
    for key_id in [
        PISP.to_owned(),
        "seal-1".to_owned(),
        format!("https://tpp.example/certs/seal_{fingerprint}"),
        "https://tpp.example/seal.pem".to_owned(),
    ] {
        let call = pisp.post(&pisp.token().await, &guichet.body()).with_key_id(&key_id);
        check(&guichet, &pisp, call.sign(&pisp.seal), 201, &key_id).await;
    }
}

#[tokio::test]
async fn the_date_of_a_signed_call_is_near_ours() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    // A question, since a payment of five minutes ago may be one of yesterday.
    let path = pisp.pay().await;
    let early = pisp.get(&pisp.token().await, &path).sign(&pisp.seal);
    let late = early.clone().with("x-request-id", "late").without("signature").sign(&pisp.seal);
    guichet.clock.advance(SignedDuration::from_secs(300));
    assert_eq!(pisp.send(early).await.status, 200, "five minutes ago");
    guichet.clock.advance(SignedDuration::from_secs(2));
    let message = pisp.send(late).await.refused(401, "BE05");
    assert!(message.contains("'Date'"), "{message}");
}

#[tokio::test]
async fn a_status_may_be_asked_with_or_without_digest() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pisp.pay().await;
    let token = pisp.token().await;
    let get = || pisp.get(&token, &path);
    let table = [
        (get(), 200),
        (get().covering("(request-target) x-request-id"), 200),
        (get().with_body("").covering("(request-target) digest x-request-id"), 200),
        (get().with("content-type", "application/json"), 200),
        (get().with("digest", "SHA-256=AAAA").covering("(request-target) digest x-request-id"), 400),
    ];
    for (call, status) in table {
        let answer = pisp.sign_and_send(call).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        answer.check_seal(&guichet).await;
    }
}

#[tokio::test]
async fn a_get_signed_as_post_is_taken_from_lenient_clients_only() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pisp.pay().await;
    for (policy, status) in [(SignaturePolicy::Lenient, 200), (SignaturePolicy::Standard, 401)] {
        guichet.change_tpp(PISP, |tpp| tpp.signature_policy = Some(policy)).await;
        let mut call = pisp.get(&pisp.token().await, &path);
        call.method = Method::POST;
        let mut call = call.sign(&pisp.seal);
        call.method = Method::GET;
        assert_eq!(pisp.send(call).await.status, status, "{policy:?}");
    }
}

#[tokio::test]
async fn a_seal_certificate_that_is_not_right_signs_nothing() {
    let guichet = Guichet::start().await;
    let now = guichet.clock.now();
    let profile = |oid: &str, change: fn(&mut TppProfile, jiff::Timestamp)| {
        let oid = eidas::OrganizationIdentifier::parse(oid).unwrap();
        let roles = [eidas::Role::PaymentInitiation];
        let mut profile = TppProfile::new(eidas::Kind::Qseal, &oid, &roles, Validity::days_from(now, 365));
        change(&mut profile, now);
        profile
    };
    let table = [
        (
            "expired",
            profile(PISP, |profile, now| {
                profile.validity = Validity::expired(now, 365, 1);
            }),
        ),
        ("of another organisation", profile("PSDFR-ACPR-77777", |_, _| {})),
        (
            "not of type seal",
            profile(PISP, |profile, _| {
                profile.qc_statements.as_mut().unwrap().types = vec![eidas::QcType::Web];
            }),
        ),
        (
            "without the role",
            profile(PISP, |profile, _| {
                let statements = profile.qc_statements.as_mut().unwrap();
                statements.psd2.as_mut().unwrap().roles = vec![eidas::Role::AccountInformation];
            }),
        ),
        ("without statements", profile(PISP, |profile, _| profile.qc_statements = None)),
    ];
    let keys = guichet.pki.tpp(PISP).unwrap();
    for (what, profile) in table {
        let qseal = guichet.pki.qtsp().issue_tpp(&profile).unwrap();
        guichet.change_tpp(PISP, |tpp| tpp.seal_certificates = vec![seal_certificate(&qseal)]).await;
        let pisp = guichet.caller(Some(&keys.qwac), &qseal, PISP);
        let call = pisp.post(&pisp.token().await, &guichet.body());
        check(&guichet, &pisp, call.sign(&pisp.seal), 401, what).await;
    }
    guichet
        .change_tpp(PISP, |tpp| {
            tpp.seal_certificates = vec![seal_certificate(&keys.qseal)];
        })
        .await;
    guichet.check_alive(&guichet.pisp(PISP)).await;
}

#[tokio::test]
async fn keys_of_both_kinds_sign_for_both_sides() {
    for kind in [KeyType::Rsa2048, KeyType::P256] {
        let options =
            PkiOptions { server_key: kind, seal_key: kind, tpp_seal_key: kind, revocation_at: None };
        let guichet = Guichet::start_with(options, |_| {}).await;
        let pisp = guichet.pisp(PISP);
        let call = pisp.post(&pisp.token().await, &guichet.body());
        check(&guichet, &pisp, call.sign(&pisp.seal), 201, &format!("{kind:?}")).await;
    }
}
