//! Signatures that were moved, swapped, forged or recorded.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eidas::Kind;
use http::{HeaderValue, Method};
use jiff::SignedDuration;
use payments::{institution::SignaturePolicy, ports::TokenStore as _, token::TokenHash};
use serde_json::json;
use server::http_signature::digest_value;
use sha2::{Digest as _, Sha256};

use super::{
    THIEF, check, check_alive, check_answer, forge, license_thief, pay,
    stored::{Stored, at_rest},
};
use crate::harness::{Call, Guichet, PAYMENTS, PISP, Pisp, seal_certificate};

/// A body that pays somebody else.
fn rerouted(guichet: &Guichet) -> Vec<u8> {
    let mut body = guichet.body();
    body["beneficiary"]["creditorAccount"]["iban"] = json!("FR7617515900000800123456711");
    serde_json::to_vec(&body).unwrap()
}

/// A call whose `Signature` has one parameter replaced.
fn with_parameter(call: &Call, from: &str, to: &str) -> Call {
    let value = call.headers["signature"].to_str().unwrap();
    assert!(value.contains(from), "{from} in {value}");
    call.clone().with("signature", &value.replacen(from, to, 1))
}

/// The same call with other bytes in the place of the signature.
fn with_signature(call: &Call, signature: &[u8]) -> Call {
    let value = call.headers["signature"].to_str().unwrap();
    let (head, _) = value.split_once("signature=\"").unwrap();
    call.clone().with("signature", &format!("{head}signature=\"{}\"", BASE64_STANDARD.encode(signature)))
}

#[tokio::test]
async fn nobody_signs_for_somebody_else() {
    let guichet = Guichet::start().await;
    license_thief(&guichet).await;
    let (owner, thief) = (guichet.pisp(PISP), guichet.pisp(THIEF));
    let (owners, thiefs) = (owner.token().await, thief.token().await);
    let body = guichet.body();
    let fingerprint = |oid: &str| guichet.pki.tpp(oid).unwrap().qseal.certificate().unwrap().sha256_hex();
    let named = |oid: &str| format!("https://tpp.example/certificate_{}", fingerprint(oid));
    let owner_call = || owner.post(&owners, &body);
    let thief_call = || thief.post(&thiefs, &body);
    let (unknown, wrong) = ("names no key registered for this client", "'Signature' does not verify");
    let table = vec![
        ("another's key", owner_call().sign(&thief.seal), 401, "BE05", wrong),
        (
            "another's key, named",
            owner_call().with_key_id(&named(THIEF)).sign(&thief.seal),
            401,
            "BE05",
            unknown,
        ),
        ("another's name", owner_call().with_key_id(THIEF).sign(&thief.seal), 401, "BE05", unknown),
        (
            "another's key under the own fingerprint",
            owner_call().with_key_id(&named(PISP)).sign(&thief.seal),
            401,
            "BE05",
            wrong,
        ),
        (
            "another's keyId over the own signature",
            owner_call().with_key_id(THIEF).sign(&owner.seal),
            401,
            "BE05",
            unknown,
        ),
    ];
    check(&guichet, &owner, table).await;
    // The thief has a token of his own, and a signature of the owner's that he recorded.
    let recorded = owner_call().sign(&owner.seal);
    let mut moved = recorded.clone();
    moved.headers.insert("authorization", HeaderValue::try_from(format!("Bearer {thiefs}")).unwrap());
    let table = vec![
        ("a recorded call under another token", moved, 401, "BE05", unknown),
        ("the owner's keyId", thief_call().with_key_id(PISP).sign(&thief.seal), 401, "BE05", unknown),
        (
            "the owner's fingerprint",
            thief_call().with_key_id(&named(PISP)).sign(&thief.seal),
            401,
            "BE05",
            unknown,
        ),
        (
            "a kid that the owner has, too",
            thief_call().with_key_id("seal-1").sign(&owner.seal),
            401,
            "BE05",
            wrong,
        ),
    ];
    check(&guichet, &thief, table).await;
    check_alive(&guichet, &owner).await;
    check_alive(&guichet, &thief).await;
}

#[tokio::test]
async fn what_was_signed_is_what_is_done() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let call = || pisp.post(&token, &guichet.body());
    let signed = || call().sign(&pisp.seal);
    let evil = rerouted(&guichet);
    let mut body_swapped = signed();
    body_swapped.body.clone_from(&evil);
    let both_swapped = signed().with_body(evil.clone());
    let mut second_digest = signed();
    second_digest.body.clone_from(&evil);
    second_digest.headers.append("digest", HeaderValue::try_from(digest_value(&evil)).unwrap());
    let mut appended = signed();
    appended.body.extend_from_slice(b" ");
    let mut emptied = signed();
    emptied.body.clear();
    let mut moved = signed();
    moved.target = PAYMENTS.replace("/v1/", "/v1.4.2/");
    let mut query_added = signed();
    query_added.target.push_str("?debtorAccount=FR76");
    let mut other_digest = call().covering("(request-target) date x-request-id digest");
    other_digest = other_digest.with("digest", "MD5=AAAAAAAAAAAAAAAAAAAAAA==").sign(&pisp.seal);
    other_digest.body.clone_from(&evil);
    let mut uncovered = call().covering("(request-target) date x-request-id").sign(&pisp.seal);
    uncovered = uncovered.with_body(evil);
    let reread = signed().with("x-request-id", "another-request");
    let wrong = "'Signature' does not verify";
    let digest = "'Digest' is not the digest of the body";
    let table = vec![
        ("the body under its digest", body_swapped, 400, "FF01", digest),
        ("one byte more", appended, 400, "FF01", digest),
        ("no body any more", emptied, 400, "FF01", digest),
        ("the digest under its signature", both_swapped, 401, "BE05", wrong),
        ("a second digest beside the first", second_digest, 400, "FF01", "'Digest'"),
        ("a digest nobody can check", other_digest, 400, "FF01", "SHA-256 or SHA-512"),
        ("a digest that is not covered", uncovered, 401, "BE05", "must cover 'Digest'"),
        ("the version of the API", moved, 401, "BE05", wrong),
        ("the query", query_added, 401, "BE05", wrong),
        ("the request id", reread, 401, "BE05", wrong),
        ("the date", signed().with("date", "Mon, 02 Mar 2026 09:15:30 GMT"), 401, "BE05", "'Date'"),
    ];
    check(&guichet, &pisp, table).await;
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn no_algorithm_can_be_chosen_that_makes_a_signature_out_of_nothing() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let signed = pisp.post(&token, &guichet.body()).sign(&pisp.seal);
    let algorithm = format!("algorithm=\"{}\"", pisp.seal.algorithm().as_str());
    let named = |name: &str| with_parameter(&signed, &algorithm, &format!("algorithm=\"{name}\""));
    let known = "must be rsa-sha256, ecdsa-sha256 or hs2019";
    // Zeros in each form in which an ECDSA signature is written, and as long as an RSA one.
    let zero_der = [0x30, 6, 2, 1, 0, 2, 1, 0];
    let wrong = "'Signature' does not verify";
    let table = vec![
        ("none", named("none"), 400, "FF01", known),
        ("no name", named(""), 400, "FF01", "lacks the parameter 'algorithm'"),
        ("a public key as secret", named("hmac-sha256"), 400, "FF01", known),
        ("a weak hash", named("rsa-sha1"), 400, "FF01", known),
        (
            "an algorithm of another key",
            named("ecdsa-sha256"),
            401,
            "BE05",
            "does not suit the registered key",
        ),
        ("zeros in DER", with_signature(&signed, &zero_der), 401, "BE05", wrong),
        ("zeros of P-256", with_signature(&signed, &[0; 64]), 401, "BE05", wrong),
        ("zeros of RSA", with_signature(&signed, &[0; 256]), 401, "BE05", wrong),
        ("one", with_signature(&signed, &[&[0; 255][..], &[1]].concat()), 401, "BE05", wrong),
        ("nothing", with_signature(&signed, &[]), 400, "FF01", "lacks the parameter 'signature'"),
        ("far too much", with_signature(&signed, &[7; 4_096]), 401, "BE05", wrong),
        (
            "a covered header twice",
            with_parameter(&signed, "date digest", "date date digest"),
            401,
            "BE05",
            wrong,
        ),
        ("a header added", with_parameter(&signed, "date digest", "date host digest"), 401, "BE05", wrong),
        (
            "a header in capitals",
            with_parameter(&signed, "date digest", "Date digest"),
            400,
            "FF01",
            "lower-case",
        ),
        (
            "no headers",
            with_parameter(&signed, "headers=\"(request-target) ", "headers=\""),
            401,
            "BE05",
            "must cover '(request-target)'",
        ),
        (
            "two keyIds",
            with_parameter(&signed, "keyId=", "keyId=\"x\",keyId="),
            400,
            "FF01",
            "repeats a parameter",
        ),
        (
            "two keyIds, one in capitals",
            with_parameter(&signed, "keyId=", "KEYID=\"x\",keyId="),
            400,
            "FF01",
            "repeats a parameter",
        ),
    ];
    check(&guichet, &pisp, table).await;
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn zeros_do_not_sign_for_an_elliptic_key_either() {
    let options = sandbox::pki::PkiOptions {
        tpp_seal_key: sandbox::pki::KeyType::P256,
        ..sandbox::pki::PkiOptions::default()
    };
    let guichet = Guichet::start_with(options, |_| {}).await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let signed = pisp.post(&token, &guichet.body()).sign(&pisp.seal);
    let integer = |bytes: &[u8]| forge::tlv(0x02, bytes);
    let der = |r: &[u8], s: &[u8]| forge::tlv(0x30, &[integer(r), integer(s)].concat());
    // The order of P-256 is zero to the arithmetic of signatures.
    let order = [
        &[0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0][..],
        &[0xff; 8],
        &[0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51],
    ]
    .concat();
    let wrong = "'Signature' does not verify";
    let table = [
        der(&[0], &[0]),
        der(&order, &order),
        der(&[1], &[0]),
        der(&order, &[1]),
        vec![0; 64],
        vec![0x30, 0],
    ];
    let table = table.map(|bytes| ("zeros", with_signature(&signed, &bytes), 401, "BE05", wrong));
    check(&guichet, &pisp, table.into()).await;
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn a_recorded_call_pays_once() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let first = pisp.post(&pisp.token().await, &guichet.body()).sign(&pisp.seal);
    let paid = pisp.send(first.clone()).await;
    assert_eq!(paid.status, 201, "{}", paid.text());
    let before = Stored::read(&guichet);
    // As it was, it is a repetition; its answer is that of the first, and nothing is stored.
    let repeated = pisp.send(first.clone()).await;
    assert_eq!((repeated.status, repeated.location()), (201, paid.location()));
    before.check_unchanged(&guichet, "a repetition");
    // With another token of the owner's, it is one all the same.
    let fresh = format!("Bearer {}", pisp.token().await);
    let again = pisp.send(first.clone().with("authorization", &fresh)).await;
    assert_eq!((again.status, again.location()), (201, paid.location()));
    assert_eq!(guichet.count().await, 1);
    // Later it is too old, and a day later, when its request id is forgotten, it still is.
    for hours in [1, 24] {
        guichet.clock.advance(SignedDuration::from_hours(hours));
        at_rest(&guichet).await;
        let token = format!("Bearer {}", pisp.token().await);
        let before = Stored::read(&guichet);
        let late = pisp.send(first.clone().with("authorization", &token)).await;
        check_answer(&guichet, "late", &late, (401, "BE05", "'Date' is too far from the current time")).await;
        before.check_unchanged(&guichet, "late");
    }
}

#[tokio::test]
async fn leniency_towards_one_client_is_none_towards_another() {
    let guichet = Guichet::start().await;
    license_thief(&guichet).await;
    guichet.change_tpp(PISP, |tpp| tpp.signature_policy = Some(SignaturePolicy::Lenient)).await;
    let (lenient, other) = (guichet.pisp(PISP), guichet.pisp(THIEF));
    let bare = |by: &Pisp<'_>, token: &str| {
        let call = by.post(token, &guichet.body()).without("digest").without("date");
        call.covering("(request-target) x-request-id").sign(&by.seal)
    };
    let token = other.token().await;
    let table = vec![("without digest", bare(&other, &token), 400, "FF01", "'Digest' is missing")];
    check(&guichet, &other, table).await;
    // What the lenient one leaves out, he leaves out for himself.
    let token = lenient.token().await;
    let mut swapped = lenient.post(&token, &guichet.body()).sign(&lenient.seal);
    swapped.body = rerouted(&guichet);
    let table =
        vec![("a digest that is wrong", swapped, 400, "FF01", "'Digest' is not the digest of the body")];
    check(&guichet, &lenient, table).await;
    assert_eq!(lenient.send(bare(&lenient, &token)).await.status, 201);
}

#[tokio::test]
async fn a_seal_that_was_taken_back_signs_nothing() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let old = pisp.post(&pisp.token().await, &guichet.body()).sign(&pisp.seal);
    let renewed = forge::qtsp_issued(&guichet, Kind::Qseal, PISP, |_| {});
    guichet.change_tpp(PISP, |tpp| tpp.seal_certificates = vec![seal_certificate(&renewed)]).await;
    let table = vec![("the seal of yesterday", old, 401, "BE05", "'algorithm'")];
    check(&guichet, &pisp, table).await;
    let keys = guichet.pki.tpp(PISP).unwrap();
    check_alive(&guichet, &guichet.caller(Some(&keys.qwac), &renewed, PISP)).await;
    guichet.change_tpp(PISP, |tpp| tpp.seal_certificates.clear()).await;
    let call = pisp.post(&pisp.token().await, &guichet.body()).sign(&pisp.seal);
    let table = vec![("no seal at all", call, 401, "BE05", "names no key registered")];
    check(&guichet, &pisp, table).await;
}

#[tokio::test]
async fn a_signature_for_reading_does_not_pay() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pay(&guichet, &pisp).await;
    let token = pisp.token().await;
    let revoked = TokenHash(Sha256::digest(token.as_bytes()).into());
    let mut read = pisp.get(&token, &path).sign(&pisp.seal);
    read.method = Method::DELETE;
    let mut posted = pisp.get(&token, PAYMENTS).sign(&pisp.seal);
    posted.method = Method::POST;
    let posted = posted.with_body(serde_json::to_vec(&guichet.body()).unwrap());
    let table = vec![
        ("to remove", read, 405, "NIMP", "not offered"),
        ("to pay", posted.with("content-type", "application/json"), 401, "BE05", "must cover 'Digest'"),
    ];
    check(&guichet, &pisp, table).await;
    assert!(guichet.store.find_token(&revoked).await.unwrap().is_some());
}
