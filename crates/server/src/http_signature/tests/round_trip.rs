//! What our own two signers write, and what is made of it on the other side.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use proptest::prelude::*;

use super::super::signing_string::{Covered, signing_string};
use super::super::*;
use crate::seal_key::SealKey;
use crate::seal_key::tests::{p256_key, rsa_key};

const KEY_URL: &str = "https://tpp.example/qseal,a=b/certificate_\
    0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const TARGET: &str = "/stet/psd2/v1/payment-requests?a=b&c=%20";

fn now() -> Timestamp {
    "2026-03-02T09:15:30.75Z".parse().unwrap()
}

fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
    of.iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect()
}

fn request_headers() -> HeaderMap {
    let mut headers = headers(&[
        ("x-request-id", "r-1"),
        ("content-type", "application/json"),
        ("psu-ip-address", "203.0.113.7"),
        ("accept", "application/json"),
    ]);
    headers.append("psu-accept", HeaderValue::from_static(" text/html "));
    headers.append("psu-accept", HeaderValue::from_static("*/*"));
    headers
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap().to_str().unwrap()
}

fn strict() -> Rules {
    Rules { policy: Policy::Strict, digest: DigestRule::Always, ..Rules::default() }
}

fn verify_with(key: &SealKey, message: &SignedMessage<'_>, rules: Rules) -> Result<Verified, Refusal> {
    let signature = SignatureHeader::find(message.headers)?;
    verify(message, &signature, &[key.verifying_key()], rules, now())
}

#[test]
fn a_request_we_sign_passes_every_rule() {
    for key in [rsa_key(), p256_key()] {
        for (method, body) in [(Method::POST, &b"{}"[..]), (Method::GET, b"")] {
            let mut headers = request_headers();
            let message = SignedMessage { method: &method, target: TARGET, headers: &headers, body };
            let signed = sign_request(&key, KEY_URL, &message, now()).unwrap();
            signed.insert_into(&mut headers);

            let message = SignedMessage { method: &method, target: TARGET, headers: &headers, body };
            let verified = verify_with(&key, &message, strict()).unwrap();
            assert_eq!(verified, Verified { key: 0, leniencies: Vec::new() });
            let key_id = SignatureHeader::find(&headers).unwrap().key_id().clone();
            assert!(matches!(key_id, KeyId::Certificate([0x01, 0x23, ..])));

            let elsewhere = SignedMessage { target: "/stet/psd2/v1/payment-requests", ..message };
            assert_eq!(verify_with(&key, &elsewhere, strict()), Err(Refusal::WrongSignature));
        }
    }
}

#[test]
fn an_answer_is_signed_in_the_form_the_clients_know() {
    let key = rsa_key();
    let mut headers = headers(&[
        ("content-type", "application/json;charset=UTF-8"),
        ("x-request-id", "r-1"),
        ("location", "/x"),
    ]);
    let body = b"{\"status\":400}";
    let answer = SignedMessage { method: &Method::POST, target: TARGET, headers: &headers, body };
    sign_answer(&key, KEY_URL, &answer, now()).unwrap().insert_into(&mut headers);

    assert_eq!(text(&headers, "date"), "Mon, 02 Mar 2026 09:15:30 GMT");
    assert_eq!(text(&headers, "digest"), digest_value(body));
    let start = format!(
        r#"keyId="{KEY_URL}",algorithm="rsa-sha256",headers="digest date content-type x-request-id (request-target)",signature=""#
    );
    let signature = text(&headers, "signature");
    assert!(signature.starts_with(&start) && signature.ends_with('"'), "{signature}");

    let expected = format!(
        "digest: {}\ndate: Mon, 02 Mar 2026 09:15:30 GMT\ncontent-type: application/json;charset=UTF-8\n\
         x-request-id: r-1\n(request-target): post {TARGET}",
        digest_value(body)
    );
    let parsed = SignatureHeader::find(&headers).unwrap();
    assert!(key.verifying_key().verify(expected.as_bytes(), parsed.signature()));
}

#[test]
fn an_answer_verifies_only_as_the_answer_to_its_request() {
    for key in [rsa_key(), p256_key()] {
        let mut headers = headers(&[("content-type", "application/json"), ("x-request-id", "r-1")]);
        let unsigned = headers.clone();
        let answer = SignedMessage { method: &Method::GET, target: TARGET, headers: &headers, body: b"{}" };
        sign_answer(&key, KEY_URL, &answer, now()).unwrap().insert_into(&mut headers);

        let public = key.verifying_key();
        let answer = SignedMessage { method: &Method::GET, target: TARGET, headers: &headers, body: b"{}" };
        let wrong = Err(Refusal::WrongSignature);
        assert_eq!(verify_answer(&answer, public), Ok(()));
        assert_eq!(verify_answer(&SignedMessage { target: "/", ..answer }, public), wrong);
        assert_eq!(verify_answer(&SignedMessage { method: &Method::POST, ..answer }, public), wrong);
        let refused = verify_answer(&SignedMessage { body: b"[]", ..answer }, public);
        assert_eq!(refused, Err(Refusal::WrongDigest));
        let refused = verify_answer(&SignedMessage { headers: &unsigned, ..answer }, public);
        assert_eq!(refused, Err(Refusal::MissingHeader("Signature")));
        let mut other_request = headers.clone();
        other_request.insert("x-request-id", HeaderValue::from_static("r-2"));
        assert_eq!(verify_answer(&SignedMessage { headers: &other_request, ..answer }, public), wrong);
    }
}

#[test]
fn an_answer_without_request_id_or_content_type_covers_what_there_is() {
    let key = p256_key();
    let table = [
        (headers(&[("content-type", "text/plain")]), "digest date content-type (request-target)"),
        (headers(&[("x-request-id", "r")]), "digest date x-request-id (request-target)"),
        (HeaderMap::new(), "digest date (request-target)"),
    ];
    for (mut headers, covered) in table {
        let answer = SignedMessage { method: &Method::GET, target: "/", headers: &headers, body: b"" };
        sign_answer(&key, KEY_URL, &answer, now()).unwrap().insert_into(&mut headers);
        let answer = SignedMessage { method: &Method::GET, target: "/", headers: &headers, body: b"" };
        assert_eq!(verify_answer(&answer, key.verifying_key()), Ok(()));
        assert!(text(&headers, "signature").contains(&format!(r#"headers="{covered}""#)));
    }
}

#[test]
fn signing_replaces_a_digest_and_a_date_that_are_there() {
    let key = p256_key();
    let mut headers = request_headers();
    headers.insert("date", HeaderValue::from_static("long ago"));
    headers.append("digest", HeaderValue::from_static("SHA-256=a"));
    headers.append("digest", HeaderValue::from_static("SHA-256=b"));
    let message = SignedMessage { method: &Method::POST, target: "/", headers: &headers, body: b"{}" };
    sign_request(&key, "k", &message, now()).unwrap().insert_into(&mut headers);
    let message = SignedMessage { method: &Method::POST, target: "/", headers: &headers, body: b"{}" };
    assert!(verify_with(&key, &message, strict()).is_ok());
}

#[test]
fn what_cannot_be_signed_is_refused_for_its_reason() {
    let key = p256_key();
    let with_id = headers(&[("x-request-id", "r")]);
    let none = HeaderMap::new();
    let sign = |key_id: &str, headers: &HeaderMap| {
        let message = SignedMessage { method: &Method::GET, target: "/", headers, body: b"" };
        sign_request(&key, key_id, &message, now()).map(|_| ())
    };
    assert_eq!(sign("k", &with_id), Ok(()));
    assert_eq!(sign("k", &none), Err(CannotSign::MissingRequestId));
    for key_id in ["", "a\"b", "a\\b", "a\nb", "é"] {
        assert_eq!(sign(key_id, &with_id), Err(CannotSign::KeyId), "{key_id:?}");
    }
}

/// Signs `signed` by hand and lets `request` present it, so that the two can differ.
fn presented(key: &SealKey, signed: &[u8], covered: &str, headers: &HeaderMap) -> HeaderMap {
    use base64::Engine as _;
    let signature = base64::engine::general_purpose::STANDARD.encode(key.sign(signed).unwrap());
    let algorithm = key.algorithm().as_str();
    let value = format!(r#"keyId=k,algorithm={algorithm},headers="{covered}",signature="{signature}""#);
    let mut headers = headers.clone();
    headers.insert("signature", HeaderValue::from_str(&value).unwrap());
    headers
}

#[test]
fn only_the_exact_signing_string_verifies() {
    let key = p256_key();
    let headers = headers(&[("x-request-id", "r")]);
    let table = [
        ("(request-target): get /a?b=c\nx-request-id: r", true),
        ("(request-target): GET /a?b=c\nx-request-id: r", false),
        ("(request-target): get /a?b=c\nx-request-id: r\n", false),
        ("(request-target): get /a?b=c\r\nx-request-id: r", false),
        ("(request-target): get /a\nx-request-id: r", false),
        ("(request-target): get /a?b=c\nX-Request-ID: r", false),
        ("(request-target): get /a?b=c\nx-request-id:r", false),
        ("x-request-id: r\n(request-target): get /a?b=c", false),
    ];
    for (signed, taken) in table {
        let headers = presented(&key, signed.as_bytes(), "(request-target) x-request-id", &headers);
        let message = SignedMessage { method: &Method::GET, target: "/a?b=c", headers: &headers, body: b"" };
        let found = verify_with(&key, &message, Rules::default()).map(|_| ());
        let expected = if taken { Ok(()) } else { Err(Refusal::WrongSignature) };
        assert_eq!(found, expected, "{signed:?}");
    }
}

#[test]
fn a_get_signed_as_post_passes_under_lenient_only_and_is_reported() {
    let key = p256_key();
    let headers = headers(&[("x-request-id", "r")]);
    let signed = |method: &str| {
        let signed = format!("(request-target): {method} /a\nx-request-id: r");
        presented(&key, signed.as_bytes(), "(request-target) x-request-id", &headers)
    };
    let wrong = Err(Refusal::WrongSignature);
    let post_for_get = Ok(vec![Leniency::GetSignedAsPost]);
    let table = [
        ("post", Method::GET, Policy::Lenient, post_for_get),
        ("get", Method::GET, Policy::Lenient, Ok(vec![])),
        ("post", Method::POST, Policy::Lenient, Ok(vec![])),
        ("post", Method::GET, Policy::Standard, wrong.clone()),
        ("post", Method::GET, Policy::Strict, wrong.clone()),
        ("put", Method::GET, Policy::Lenient, wrong.clone()),
        ("post", Method::PUT, Policy::Lenient, wrong.clone()),
        ("get", Method::POST, Policy::Lenient, wrong),
    ];
    for (signed_as, method, policy, expected) in table {
        let headers = signed(signed_as);
        let message = SignedMessage { method: &method, target: "/a", headers: &headers, body: b"" };
        let rules = Rules { policy, ..Rules::default() };
        let found = verify_with(&key, &message, rules).map(|verified| verified.leniencies);
        assert_eq!(found, expected, "{signed_as} {method} {policy:?}");
    }
}

#[test]
fn a_request_id_is_1_to_70_printable_ascii_characters_given_once() {
    let long = "r".repeat(71);
    let table = [
        ("r", Ok("r")),
        (long.get(1..).unwrap(), Ok(long.get(1..).unwrap())),
        ("7c9b1f2e-3a4d !~", Ok("7c9b1f2e-3a4d !~")),
        (&long, Err(Refusal::RequestId)),
        ("", Err(Refusal::RequestId)),
        (" ", Err(Refusal::RequestId)),
        ("a\tb", Err(Refusal::RequestId)),
        ("é", Err(Refusal::RequestId)),
    ];
    for (value, expected) in table {
        assert_eq!(request_id(&headers(&[("x-request-id", value)])), expected, "{value:?}");
    }
    assert_eq!(request_id(&HeaderMap::new()), Err(Refusal::MissingHeader("X-Request-ID")));
    let mut twice = headers(&[("x-request-id", "a")]);
    twice.append("x-request-id", HeaderValue::from_static("a"));
    assert_eq!(request_id(&twice), Err(Refusal::RepeatedHeader("X-Request-ID")));
}

proptest! {
    #[test]
    fn any_headers_are_verified_or_refused(
        signature in r#"keyId=k,algorithm=ecdsa-sha256,headers="\(request-target\) x-request-id( date| digest| psu-a){0,3}",signature="[A-Z]{4}""#,
        values in proptest::collection::vec("[ -~\u{80}-\u{ff}]{0,40}", 4),
        body in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let names = ["date", "digest", "psu-a", "x-request-id"];
        let mut headers = headers(&[("signature", &signature)]);
        for (name, value) in names.into_iter().zip(&values) {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let key = p256_key();
        for policy in [Policy::Lenient, Policy::Standard, Policy::Strict] {
            let message = SignedMessage { method: &Method::GET, target: "/", headers: &headers, body: &body };
            let rules = Rules { policy, ..Rules::default() };
            prop_assert!(verify_with(&key, &message, rules).is_err());
        }
        let _ = request_id(&headers);
    }

    #[test]
    fn the_signing_string_has_one_line_for_each_name(target in "/[!-~]{0,40}", value in "[ -~]{0,40}") {
        let headers = headers(&[("x-request-id", &value)]);
        let message = SignedMessage { method: &Method::GET, target: &target, headers: &headers, body: b"" };
        let covered = [Covered::RequestTarget, Covered::Header(HeaderName::from_static("x-request-id"))];
        let signed = String::from_utf8(signing_string(&covered, "get", &message).unwrap()).unwrap();
        let expected = format!("(request-target): get {target}\nx-request-id: {}", value.trim());
        prop_assert_eq!(signed, expected);
    }
}
