//! What may be registered: every member, and what is wrong with it.

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use eidas::{Kind, Role};
use http::Method;
use payments::tpp::GrantType;
use sandbox::pki::{KeyType, PkiOptions};
use serde_json::{Value, json};

use super::{NEWCOMER, Provider, certificate, check_refused, jwk};
use crate::harness::Guichet;

const METADATA: &str = "invalid_client_metadata";
const REDIRECT: &str = "invalid_redirect_uri";

/// The body with one member, named by its JSON pointer, set to `value`.
fn with(body: &Value, pointer: &str, value: &Value) -> Value {
    let mut body = body.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    match name.parse::<usize>() {
        Ok(index) => parent[index] = value.clone(),
        Err(_) => parent[name] = value.clone(),
    }
    body
}

/// A member by its JSON pointer, what it is set to, and how the refusal begins.
type Row = (&'static str, Value, &'static str, &'static str);

/// Checks that every row is refused as it says and that nothing is registered.
async fn check_rows(guichet: &Guichet, newcomer: &Provider<'_>, rows: Vec<Row>) {
    let stored = guichet.registrations().await;
    for (pointer, value, error, named) in rows {
        let answer = newcomer.post(&with(&newcomer.body(), pointer, &value)).await;
        let description = check_refused(&answer, error);
        assert!(description.starts_with(named), "{pointer} {value}: {description}");
    }
    assert_eq!(guichet.registrations().await, stored);
}

#[tokio::test]
async fn a_protocol_member_or_name_that_is_wrong_is_named_and_registers_nothing() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let long = "x".repeat(141);
    let long_uri = format!("https://tpp.example/{}", "x".repeat(512 - 19));
    let many_uris: Vec<String> = (0..21).map(|number| format!("https://tpp.example/{number}")).collect();
    let rows = vec![
        ("/client_id", json!("1PSDNL-DNB-33031431-0-AAAA"), METADATA, "client_id "),
        ("/redirect_uris", json!(null), METADATA, "redirect_uris "),
        ("/redirect_uris", json!("https://tpp.example"), METADATA, "redirect_uris "),
        ("/redirect_uris", json!([]), REDIRECT, "redirect_uris "),
        ("/redirect_uris", json!(many_uris), REDIRECT, "redirect_uris "),
        ("/redirect_uris/0", json!(1), METADATA, "redirect_uris[0] "),
        ("/redirect_uris/1", json!(""), REDIRECT, "redirect_uris[1] "),
        ("/redirect_uris/1", json!("/cb"), REDIRECT, "redirect_uris[1] "),
        ("/redirect_uris/1", json!("http://tpp.example/cb"), REDIRECT, "redirect_uris[1] "),
        ("/redirect_uris/1", json!("http://127.0.0.1:9000/cb"), REDIRECT, "redirect_uris[1] "),
        ("/redirect_uris/1", json!("http://127.0.0.1:*/"), REDIRECT, "redirect_uris[1] "),
        ("/redirect_uris/1", json!("http://localhost/cb"), REDIRECT, "redirect_uris[1] "),
        ("/redirect_uris/1", json!("https://u:p@tpp.example/"), REDIRECT, "redirect_uris[1] "),
        ("/redirect_uris/1", json!("https://tpp.example/#x"), REDIRECT, "redirect_uris[1] "),
        ("/redirect_uris/1", json!("https://tpp.example/\r\nSet-Cookie: a"), REDIRECT, "redirect_uris[1] "),
        ("/redirect_uris/1", json!("javascript:alert(1)"), REDIRECT, "redirect_uris[1] "),
        ("/redirect_uris/1", json!("tpp://callback"), REDIRECT, "redirect_uris[1] "),
        ("/redirect_uris/1", json!(long_uri), REDIRECT, "redirect_uris[1] "),
        ("/token_endpoint_auth_method", json!(null), METADATA, "token_endpoint_auth_method "),
        ("/token_endpoint_auth_method", json!("none"), METADATA, "token_endpoint_auth_method "),
        ("/token_endpoint_auth_method", json!("client_secret_post"), METADATA, "token_endpoint_auth_method "),
        ("/grant_types", json!(null), METADATA, "grant_types "),
        ("/grant_types", json!([]), METADATA, "grant_types "),
        ("/grant_types", json!(["client_credentials", "password"]), METADATA, "grant_types "),
        ("/grant_types", json!(["implicit"]), METADATA, "grant_types "),
        ("/response_types", json!(null), METADATA, "response_types "),
        ("/response_types", json!([]), METADATA, "response_types "),
        ("/response_types", json!(["token"]), METADATA, "response_types "),
        ("/response_types", json!(["code", "token"]), METADATA, "response_types "),
        ("/client_name", json!(null), METADATA, "client_name "),
        ("/client_name", json!(" "), METADATA, "client_name "),
        ("/client_name", json!("a\u{202e}b"), METADATA, "client_name "),
        ("/client_name", json!("P\u{430}ypal"), METADATA, "client_name "),
        ("/client_name", json!("a\nb"), METADATA, "client_name "),
        ("/client_name", json!(long), METADATA, "client_name "),
        ("/client_uri", json!("javascript:alert(1)"), METADATA, "client_uri "),
        ("/logo_uri", json!("https://tpp.example/\u{1f980}"), METADATA, "logo_uri "),
    ];
    check_rows(&guichet, &newcomer, rows).await;
}

#[tokio::test]
async fn a_role_contact_or_legal_id_that_is_wrong_is_named_and_registers_nothing() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let long = "x".repeat(141);
    let rows = vec![
        ("/scope", json!(null), METADATA, "scope "),
        ("/scope", json!(""), METADATA, "scope "),
        ("/scope", json!(", ,"), METADATA, "scope "),
        ("/scope", json!("pisp;aisp"), METADATA, "scope "),
        ("/scope", json!("pisp admin"), METADATA, "scope "),
        // The certificate states payment initiation only.
        ("/scope", json!("pisp, aisp"), METADATA, "scope "),
        ("/scope", json!("cbpii"), METADATA, "scope "),
        ("/contact", json!(null), METADATA, "contact "),
        ("/contact", json!({}), METADATA, "contact "),
        ("/contact", json!({ "contact_name": "A" }), METADATA, "contact "),
        ("/contact/email", json!("nobody"), METADATA, "contact.email "),
        ("/contact/email", json!("a@b.example\r\nBcc: c"), METADATA, "contact.email "),
        ("/contact/phone_number", json!(long), METADATA, "contact.phone_number "),
        ("/contact/contact_name", json!("\u{0}"), METADATA, "contact.contact_name "),
        ("/provider_legal_id", json!(null), METADATA, "provider_legal_id "),
        ("/provider_legal_id", json!("PSDFR-ACPR-12345"), METADATA, "provider_legal_id "),
        ("/provider_legal_id", json!("psdnl-dnb-33031431"), METADATA, "provider_legal_id "),
        ("/client_legal_id", json!("PSDFR-ACPR-12345"), METADATA, "client_legal_id "),
        ("/client_legal_id", json!("AGT"), METADATA, "client_legal_id "),
        ("/client_legal_id", json!("AGTFR-ACPR-"), METADATA, "client_legal_id "),
        ("/client_legal_id", json!("AGTFR-ACPR-1 2"), METADATA, "client_legal_id "),
        ("/software_id", json!("a\u{7f}"), METADATA, "software_id "),
        ("/software_id", json!("a\u{202e}b"), METADATA, "software_id "),
    ];
    check_rows(&guichet, &newcomer, rows).await;
}

#[tokio::test]
async fn a_key_that_is_wrong_is_named_and_registers_nothing() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let long = "x".repeat(141);
    let rows = vec![
        ("/jwks", json!(null), METADATA, "jwks "),
        ("/jwks", json!({}), METADATA, "jwks.keys "),
        ("/jwks/keys", json!([]), METADATA, "jwks.keys "),
        ("/jwks/keys", json!(vec![jwk(&newcomer.qseal); 5]), METADATA, "jwks.keys "),
        ("/jwks/keys", json!(vec![jwk(&newcomer.qseal); 2]), METADATA, "jwks.keys[1] "),
        ("/jwks/keys/0/kty", json!(null), METADATA, "jwks.keys[0].kty "),
        ("/jwks/keys/0/kty", json!("RSA"), METADATA, "jwks.keys[0].kty "),
        ("/jwks/keys/0/kty", json!("oct"), METADATA, "jwks.keys[0].kty "),
        ("/jwks/keys/0/use", json!("enc"), METADATA, "jwks.keys[0].use "),
        ("/jwks/keys/0/alg", json!("RS256"), METADATA, "jwks.keys[0].alg "),
        ("/jwks/keys/0/alg", json!("none"), METADATA, "jwks.keys[0].alg "),
        ("/jwks/keys/0/alg", json!("HS256"), METADATA, "jwks.keys[0].alg "),
        ("/jwks/keys/0/keys_ops", json!(["sign"]), METADATA, "jwks.keys[0].key_ops "),
        ("/jwks/keys/0/kid", json!("a b"), METADATA, "jwks.keys[0].kid "),
        ("/jwks/keys/0/kid", json!(long), METADATA, "jwks.keys[0].kid "),
        ("/jwks/keys/0/x5c", json!(null), METADATA, "jwks.keys[0].x5c "),
        ("/jwks/keys/0/x5c", json!([]), METADATA, "jwks.keys[0].x5c "),
        ("/jwks/keys/0/x5c", json!(vec!["AAAA"; 9]), METADATA, "jwks.keys[0].x5c "),
        ("/jwks/keys/0/x5c", json!(["%%%"]), METADATA, "jwks.keys[0].x5c "),
        ("/jwks/keys/0/x5c", json!(["AAAA"]), METADATA, "jwks.keys[0].x5c "),
        ("/jwks/keys/0/x5t#S256", json!("AAAA"), METADATA, "jwks.keys[0].x5t#S256 "),
        ("/jwks/keys/0/crv", json!("P-384"), METADATA, "jwks.keys[0].x5c "),
        ("/jwks/keys/0/x", json!("AAAA"), METADATA, "jwks.keys[0].x5c "),
        ("/jwks/keys/0/n", json!("AAAA"), METADATA, "jwks.keys[0].x5c "),
        ("/jwks/keys/0/d", json!("AAAA"), METADATA, "jwks.keys[0] "),
    ];
    check_rows(&guichet, &newcomer, rows).await;
}

#[tokio::test]
async fn of_a_refused_change_nothing_is_kept() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let body = newcomer.body();
    let id = newcomer.register(&body).await;
    let stored = guichet.registration(&id).await;
    for (pointer, value, error) in [
        ("/redirect_uris", json!([]), REDIRECT),
        ("/client_name", json!("a\u{0}"), METADATA),
        ("/scope", json!("aisp"), METADATA),
        ("/provider_legal_id", json!("PSDFR-ACPR-12345"), METADATA),
        ("/jwks/keys", json!([]), METADATA),
    ] {
        check_refused(&newcomer.put(&id, &with(&body, pointer, &value)).await, error);
    }
    for client_id in [json!(null), json!("1PSDNL-DNB-33031431-0-AAAA"), json!(id.to_lowercase())] {
        let other = with(&body, "/client_id", &client_id);
        let answer = newcomer.send(Method::PUT, &format!("/{id}"), Some(&other)).await;
        assert!(check_refused(&answer, METADATA).starts_with("client_id "));
    }
    assert_eq!(guichet.registration(&id).await, stored);
}

#[tokio::test]
async fn every_spelling_of_live_clients_is_taken() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let body = newcomer.body();
    let der = BASE64_STANDARD.encode(newcomer.qseal.der());
    let lines = der.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\r\n");
    let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(newcomer.qseal.certificate().unwrap().sha256());
    let point = newcomer.qseal.certificate().unwrap().public_key().key_bytes().to_vec();
    let part = |range: std::ops::Range<usize>| json!(BASE64_URL_SAFE_NO_PAD.encode(&point[range]));
    let key = jwk(&newcomer.qseal);
    let mut point_key = key.clone();
    (point_key["crv"], point_key["x"], point_key["y"]) = (json!("P-256"), part(1..33), part(33..65));
    let table = [
        ("/scope", json!("pisp")),
        ("/scope", json!(" PISP,pisp ")),
        ("/grant_types", json!(["CLIENT_CREDENTIALS", "client_credentials"])),
        ("/response_types", json!(["CODE"])),
        ("/contact", json!({ "email": "dev@tpp.example" })),
        ("/contact", json!({ "phone_number": "+31" })),
        ("/contacts", json!([{ "contact_name": "A", "email": "a@tpp.example" }])),
        ("/client_uri", json!("https://tpp.example")),
        ("/client_uri", json!("")),
        ("/redirect_uris", json!(["https://tpp.example", "HTTPS://tpp.example/cb", "https://tpp.example"])),
        ("/software_statement", json!({ "anything": [1, 2] })),
        ("/unknown", json!({ "anything": [1, 2] })),
        ("/jwks/keys/0/x5c", json!([der, "AAAA"])),
        ("/jwks/keys/0/x5c", json!([lines])),
        ("/jwks/keys/0/x5t#S256", json!(thumbprint)),
        ("/jwks/keys/0/x5t#S256", json!(format!("{thumbprint}="))),
        ("/jwks/keys/0/kid", json!(null)),
        ("/jwks/keys/0/use", json!(null)),
        ("/jwks/keys/0/alg", json!(null)),
        ("/jwks/keys/0", point_key),
    ];
    for (pointer, value) in table {
        let answer = newcomer.post(&with(&body, pointer, &value)).await;
        assert_eq!(answer.status, 200, "{pointer} {value}: {}", answer.text());
    }
    let stored = guichet.registrations().await;
    let stored: Vec<_> = stored.iter().filter(|tpp| tpp.organization_identifier == NEWCOMER).collect();
    assert!(stored.iter().all(|tpp| tpp.grant_types.contains(&GrantType::ClientCredentials)));
    assert!(stored.iter().any(|tpp| tpp.redirect_uris.len() == 2 && tpp.redirect_uris[0].as_str() == "https://tpp.example"));
}

#[tokio::test]
async fn an_rsa_key_is_the_one_of_its_certificate() {
    let guichet = Guichet::start().await;
    let rsa = |oid| certificate(&guichet, Kind::Qseal, oid, |profile| profile.key = KeyType::Rsa2048);
    let (seal, other) = (rsa(NEWCOMER), rsa(NEWCOMER));
    let newcomer = Provider::with_seal(&guichet, NEWCOMER, seal.clone());
    let modulus = |seal: &sandbox::pki::CertifiedKey| {
        let certificate = seal.certificate().unwrap();
        // After two headers and a zero come 256 bytes; after them the exponent.
        let bytes = certificate.public_key().key_bytes().to_vec();
        json!(BASE64_URL_SAFE_NO_PAD.encode(&bytes[9..265]))
    };
    let key = |n: Value, e: &str| {
        let mut key = jwk(&seal);
        (key["kty"], key["alg"], key["n"], key["e"]) = (json!("RSA"), json!("RS256"), n, json!(e));
        key
    };
    let wrong = [
        key(modulus(&other), "AQAB"),
        key(modulus(&seal), "Aw"),
        key(json!("AA"), "AQAB"),
        key(json!(null), "AQAB"),
    ];
    for key in wrong {
        let answer = newcomer.post(&with(&newcomer.body(), "/jwks/keys/0", &key)).await;
        assert!(check_refused(&answer, METADATA).starts_with("jwks.keys[0].x5c "));
    }
    for e in ["AQAB", "AAEAAQ"] {
        let body = with(&newcomer.body(), "/jwks/keys/0", &key(modulus(&seal), e));
        let answer = newcomer.post(&body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["jwks"]["keys"][0]["kty"], "RSA");
    }
}

#[tokio::test]
async fn one_registers_for_the_roles_of_its_certificate() {
    let guichet = Guichet::start().await;
    let roles = [Role::AccountInformation, Role::PaymentInitiation, Role::CardIssuing];
    let give = |profile: &mut sandbox::pki::TppProfile, roles: &[Role]| {
        profile.qc_statements.as_mut().unwrap().psd2.as_mut().unwrap().roles = roles.to_vec();
    };
    for (name, stated, scope, pays) in [
        ("PSDNL-DNB-1", &roles[..], "aisp, pisp,cbpii", true),
        ("PSDNL-DNB-2", &roles[..1], "aisp", false),
        ("PSDNL-DNB-3", &roles[1..], "cbpii pisp", true),
    ] {
        let qwac = certificate(&guichet, Kind::Qwac, name, |profile| give(profile, stated));
        let qseal = certificate(&guichet, Kind::Qseal, name, |profile| give(profile, stated));
        let pisp = guichet.caller(Some(&qwac), &qseal, name);
        let provider = Provider { guichet: &guichet, oid: name, qwac, qseal, pisp };
        let mut body = provider.body();
        body["scope"] = json!(scope);
        let id = provider.register(&body).await;
        let client = provider.client(&id);
        let answer = client.ask_token(crate::harness::HOST, &client.token_form()).await;
        assert_eq!(answer.status == 200, pays, "{scope}: {}", answer.text());
    }
    // A seal that may not initiate payments would sign none.
    let both = [Role::AccountInformation, Role::PaymentInitiation];
    let qwac = certificate(&guichet, Kind::Qwac, NEWCOMER, |profile| give(profile, &both));
    let qseal = certificate(&guichet, Kind::Qseal, NEWCOMER, |profile| give(profile, &both[..1]));
    let pisp = guichet.caller(Some(&qwac), &qseal, NEWCOMER);
    let provider = Provider { guichet: &guichet, oid: NEWCOMER, qwac, qseal, pisp };
    assert!(check_refused(&provider.post(&provider.body()).await, METADATA).starts_with("jwks.keys[0].x5c "));
}

#[tokio::test]
async fn a_sandbox_takes_addresses_of_the_machine_it_runs_on() {
    let guichet = Guichet::start_with(PkiOptions::default(), |institution| {
        institution.settings.registers_loopback_uris = true;
    })
    .await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let mut body = newcomer.body();
    body["redirect_uris"] = json!(["http://127.0.0.1:*/", "http://localhost:9000/cb", "https://tpp.example"]);
    let id = newcomer.register(&body).await;
    newcomer.client(&id).pay().await;
    body["redirect_uris"] = json!(["http://tpp.example"]);
    check_refused(&newcomer.put(&id, &body).await, REDIRECT);
}

#[tokio::test]
async fn what_is_no_such_body_is_refused() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let registered = Provider::new(&guichet, "PSDNL-DNB-2");
    registered.register(&registered.body()).await;
    let stored = guichet.registrations().await;
    let text = newcomer.body().to_string();
    let deep = format!("{}1{}", r#"{"a":"#.repeat(40), "}".repeat(40));
    let twice = text.replacen('{', r#"{"scope":"aisp","#, 1);
    let bodies: [&[u8]; 11] = [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"{}",
        br#"{"jwks":{"keys":[null]}}"#,
        deep.as_bytes(),
        twice.as_bytes(),
        &text.as_bytes()[..text.len() - 1],
        &vec![b'['; 60_000],
    ];
    for provider in [&newcomer, &registered] {
        let token = provider.token().await;
        for body in bodies {
            let call = provider.call(Method::POST, "", &token, None).with("content-type", "application/json");
            let answer = provider.pisp.sign_and_send(call.with_body(body)).await;
            if body.is_empty() && provider.oid == NEWCOMER {
                // Nothing brings a key.
                answer.refused(401, "BE05");
            } else {
                check_refused(&answer, METADATA);
            }
        }
    }
    assert_eq!(guichet.registrations().await, stored);
    newcomer.register(&newcomer.body()).await;
}
