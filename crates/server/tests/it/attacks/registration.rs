//! Registrations that ask for too much or point where they must not. What else is refused there is in
//! `registration/`.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eidas::Kind;
use http::Method;
use sandbox::pki::CertifiedKey;
use serde_json::{Value, json};

use super::{check_alive, forge, key_ids::Inside, stored::Stored};
use crate::harness::{Call, Guichet, HOST, PISP, Pisp};

const REGISTER: &str = "/stet/setting/v1/register";
/// A provider that the bank has never heard of.
const NEWCOMER: &str = "PSDNL-DNB-33031431";

fn jwk(qseal: &CertifiedKey) -> Value {
    let x5c = [BASE64_STANDARD.encode(qseal.der())];
    json!({ "kty": "EC", "use": "sig", "alg": "ES256", "keys_ops": ["verify"], "kid": "seal-1", "x5c": x5c })
}

fn body(qseal: &CertifiedKey) -> Value {
    json!({
        "redirect_uris": ["https://tpp.example/cb"],
        "token_endpoint_auth_method": "tls_client_auth",
        "grant_types": ["client_credentials"],
        "response_types": ["code"],
        "client_name": "Voorbeeld Betalingen",
        "scope": "pisp",
        "contact": { "contact_name": "Dev", "email": "dev@tpp.example", "phone_number": "+31200000000" },
        "provider_legal_id": NEWCOMER,
        "software_id": "Winkel",
        "jwks": { "keys": [jwk(qseal)] }
    })
}

/// A signed registration with a temporary token.
async fn register(newcomer: &Pisp<'_>, body: &Value) -> Call {
    let form = "client_id=PSD2_TPPRegister&grant_type=client_credentials&scope=manageRegistration";
    let answer = newcomer.ask_token(HOST, form).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let call = newcomer.call(Method::POST, REGISTER, &token).with("content-type", "application/json");
    call.with_body(serde_json::to_vec(body).unwrap()).sign(&newcomer.seal)
}

#[tokio::test]
async fn a_registration_that_is_too_large_or_points_inside_registers_nothing() {
    let guichet = Guichet::start().await;
    let inside = Inside::listen();
    let qwac = forge::qtsp_issued(&guichet, Kind::Qwac, NEWCOMER, |_| {});
    let qseal = forge::qtsp_issued(&guichet, Kind::Qseal, NEWCOMER, |_| {});
    let newcomer = guichet.caller(Some(&qwac), &qseal, NEWCOMER);
    let with = |pointer: &str, value: Value| {
        let mut body = body(&qseal);
        match body.pointer_mut(pointer) {
            Some(member) => *member = value,
            None => body[&pointer[1..]] = value,
        }
        body
    };
    let url = |scheme: &str| json!(format!("{scheme}://{}/", inside.host()));
    let key = jwk(&qseal);
    let small = json!({ "kty": "EC" });
    let mut with_secret = key.clone();
    with_secret["d"] = json!("AQAB");
    let mut elsewhere = key.clone();
    elsewhere.as_object_mut().unwrap().remove("x5c");
    elsewhere["x5u"] = url("http");
    let mut many_certificates = key.clone();
    many_certificates["x5c"] = json!(vec!["MAA="; 5_000]);
    let nested = serde_json::from_str(&format!("{}{}", "[".repeat(60), "]".repeat(60))).unwrap();
    let table = [
        ("keys", with("/jwks/keys", json!(vec![key.clone(); 60])), "jwks"),
        ("keys that are none", with("/jwks/keys", json!(vec![small; 4_000])), "jwks"),
        ("certificates of a key", with("/jwks/keys/0", many_certificates), "jwks"),
        ("a private key", with("/jwks/keys/0", with_secret), "jwks.keys[0]"),
        ("a key that is elsewhere", with("/jwks/keys/0", elsewhere), "jwks"),
        ("levels", with("/jwks", nested), "jwks"),
        ("a name", with("/client_name", json!("x".repeat(20_000))), "client_name"),
        ("addresses", with("/redirect_uris", json!(vec!["https://tpp.example/cb"; 1_000])), "redirect_uris"),
        ("an address inside", with("/redirect_uris", json!([url("http")])), "redirect_uris[0]"),
    ];
    for (what, body, named) in table {
        let call = register(&newcomer, &body).await;
        let before = Stored::read(&guichet);
        let answer = newcomer.send(call).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.text());
        let told = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert!(told.starts_with(named), "{what}: {told}, not {named}");
        before.check_unchanged(&guichet, what);
        inside.check_alone(&guichet, what);
    }
    // One byte more than any body may have.
    let call = register(&newcomer, &with("/software_statement", json!("x".repeat(70_000)))).await;
    let before = Stored::read(&guichet);
    let answer = newcomer.send(call).await;
    answer.refused(413, "FF01");
    before.check_unchanged(&guichet, "a body");
    // Addresses that are only kept are kept; nobody looks at what is there.
    let mut kept = with("/client_uri", url("https"));
    kept["logo_uri"] = url("https");
    kept["jwks"]["keys"][0]["x5u"] = url("https");
    let call = register(&newcomer, &kept).await;
    let answer = newcomer.send(call).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    inside.check_alone(&guichet, "addresses that are kept");
    check_alive(&guichet, &guichet.pisp(PISP)).await;
}
