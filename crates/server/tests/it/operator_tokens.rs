//! Tokens as operators look at them and take them back, and TPPs that are kept out; and that nobody else's
//! page does so.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use payments::{ports::TokenStore as _, tpp::Suspension, values::TppId};
use serde_json::{Value, json};
use server::app::Clock as _;
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{Guichet, OTHER_HOST, PISP};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const HERE: (&str, &str) = ("host", "localhost");

/// Headers of a request.
pub(crate) type Headers<'a> = &'a [(&'a str, &'a str)];

/// What the operator's listener answers: status, headers and body.
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Told {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// A call of the operator's listener with these headers and no others.
pub(crate) async fn operate(
    guichet: &Guichet,
    method: &str,
    path: &str,
    headers: Headers<'_>,
    body: &str,
) -> Told {
    let mut request = format!("{method} {path} HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    request.push_str("connection: close\r\n\r\n");
    request.push_str(body);
    let mut stream = TcpStream::connect(guichet.operator).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (headers, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
    Told { status, headers: headers.to_owned(), body: body.to_owned() }
}

async fn post(guichet: &Guichet, path: &str, body: &str) -> Told {
    operate(guichet, "POST", path, &[HERE, FORM], body).await
}

async fn introspect(guichet: &Guichet, token: &str) -> Value {
    let told = post(guichet, "/oauth/introspect", &format!("token={token}")).await;
    assert_eq!(told.status, 200, "{}", told.body);
    assert!(told.headers.contains("cache-control: no-store"), "{}", told.headers);
    told.json()
}

fn nothing() -> Value {
    json!({ "active": false })
}

#[tokio::test]
async fn an_operator_is_told_what_a_token_is_good_for() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let issued = guichet.clock.now().as_second();
    let qwac = guichet.pki.tpp(PISP).unwrap().qwac.der().to_vec();
    let mut expected = json!({
        "active": true,
        "token_type": "Bearer",
        "client_id": PISP,
        "client_name": "Essai Paiement",
        "client_suspended": false,
        "scope": "pisp",
        "iat": issued,
        "exp": issued + 3_600,
        "cnf": { "x5t#S256": URL_SAFE_NO_PAD.encode(Sha256::digest(qwac)) },
        "institution": "17515",
        "payment_request_id": null,
    });
    assert_eq!(introspect(&guichet, &token).await, expected);
    let answer = pisp.sign_and_send(pisp.post(&token, &guichet.body())).await;
    expected["payment_request_id"] = json!(answer.location().rsplit('/').next().unwrap());
    assert_eq!(introspect(&guichet, &token).await, expected);
    assert_eq!(introspect(&guichet, "nobody-s").await, nothing());
    guichet.clock.advance(SignedDuration::from_secs(3_600));
    assert_eq!(introspect(&guichet, &token).await, nothing(), "of an expired token nothing is told");
}

#[tokio::test]
async fn a_revoked_token_serves_no_further_call() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let (token, other) = (pisp.token().await, pisp.token().await);
    let path = pisp.pay().await;
    assert_eq!(pisp.sign_and_send(pisp.get(&token, &path)).await.status, 200);
    for _ in 0..2 {
        let told =
            post(&guichet, "/oauth/revoke", &format!("token={token}&token_type_hint=access_token")).await;
        assert_eq!((told.status, told.body.as_str()), (200, ""), "gone is gone, however often");
    }
    assert_eq!(introspect(&guichet, &token).await, nothing());
    pisp.sign_and_send(pisp.get(&token, &path)).await.refused(401, "BE05");
    assert_eq!(pisp.sign_and_send(pisp.get(&other, &path)).await.status, 200);
}

#[tokio::test]
async fn all_tokens_of_a_client_are_revoked_and_nobody_elses() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let tokens = [pisp.token().await, pisp.token_at(OTHER_HOST).await];
    let keys = guichet.pki.tpp("PSDFR-ACPR-54321").unwrap();
    guichet.give_token("another-client-s", "PSDFR-ACPR-54321", &keys.qwac).await;
    let told = post(&guichet, "/oauth/revoke", &format!("client_id={PISP}")).await;
    assert_eq!((told.status, told.json()), (200, json!({ "revoked": 2 })));
    for token in &tokens {
        assert_eq!(introspect(&guichet, token).await, nothing());
    }
    assert_eq!(introspect(&guichet, "another-client-s").await["active"], true);
    let told = post(&guichet, "/oauth/revoke", &format!("client_id={PISP}")).await;
    assert_eq!((told.status, told.json()), (200, json!({ "revoked": 0 })));
}

#[tokio::test]
async fn what_operators_mistype_is_told_and_revokes_nothing() {
    let guichet = Guichet::start().await;
    let token = guichet.pisp(PISP).token().await;
    let large = format!("token={}", "x".repeat(65 * 1024));
    let both = format!("token={token}&client_id={PISP}");
    let twice = format!("token={token}&token={token}");
    let only = format!("token={token}");
    let json = ("content-type", "application/json");
    let table: &[(&str, (&str, &str), &str, u16)] = &[
        ("/oauth/revoke", FORM, "", 400),
        ("/oauth/introspect", FORM, "", 400),
        ("/oauth/introspect", FORM, "client_id=x", 400),
        ("/oauth/revoke", FORM, &both, 400),
        ("/oauth/revoke", FORM, &twice, 400),
        ("/oauth/introspect", FORM, &twice, 400),
        ("/oauth/revoke", FORM, "client_id=PSDFR-ACPR-99999", 400),
        ("/oauth/revoke", FORM, "client_id=%00", 400),
        ("/oauth/revoke", FORM, &large, 413),
        ("/oauth/revoke", json, &only, 415),
        ("/oauth/introspect", json, &only, 415),
    ];
    for (path, kind, body, status) in table {
        let told = operate(&guichet, "POST", path, &[HERE, *kind], body).await;
        assert_eq!(told.status, *status, "{path} {body:.40}: {}", told.body);
        assert_eq!(told.json()["error"], "invalid_request", "{path} {body:.40}");
        assert!(!told.body.contains(&token), "{}", told.body);
    }
    for path in ["/oauth/revoke", "/oauth/introspect"] {
        let told = operate(&guichet, "GET", &format!("{path}?token={token}"), &[HERE], "").await;
        assert_eq!(told.status, 405, "a token in a URL would be in logs");
    }
    assert_eq!(introspect(&guichet, &token).await["active"], true);
}

#[tokio::test]
async fn no_foreign_page_makes_a_browser_act_on_the_operators_listener() {
    let guichet = Guichet::start().await;
    let token = guichet.pisp(PISP).token().await;
    let form = format!("token={token}");
    let own = format!("http://localhost:{}", guichet.operator.port());
    let host = format!("localhost:{}", guichet.operator.port());
    let table: &[(Headers<'_>, u16)] = &[
        (&[FORM], 403),
        (&[FORM, ("host", "evil.example")], 403),
        (&[FORM, ("host", "localhost"), ("host", "evil.example")], 400),
        (&[FORM, HERE, ("origin", "https://evil.example")], 403),
        (&[FORM, HERE, ("origin", "null")], 403),
        (&[FORM, HERE, ("sec-fetch-site", "cross-site")], 403),
        (&[FORM, HERE, ("sec-fetch-site", "same-site")], 403),
        (&[FORM, ("host", &host), ("origin", &own), ("sec-fetch-site", "same-origin")], 200),
        (&[FORM, HERE], 200),
    ];
    for (headers, status) in table {
        for path in ["/oauth/introspect", "/oauth/revoke"] {
            let told = operate(&guichet, "POST", path, headers, &form).await;
            assert_eq!(told.status, *status, "{path} {headers:?}: {}", told.body);
            if *status != 200 {
                assert_eq!(introspect(&guichet, &token).await["active"], true, "{path} {headers:?}");
            }
        }
    }
    assert_eq!(introspect(&guichet, &token).await, nothing());
    // Monitors come under any name.
    for path in ["/health/live", "/health/ready", "/metrics"] {
        assert_eq!(operate(&guichet, "GET", path, &[("host", "bank.example")], "").await.status, 200);
    }
}

#[tokio::test]
async fn a_suspended_tpp_is_kept_out_on_its_next_call_and_let_in_again() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let path = pisp.pay().await;
    let suspension = Suspension { since: guichet.clock.now(), reason: "SECRET-REASON".to_owned() };
    guichet.change_tpp(PISP, |tpp| tpp.suspension = Some(suspension)).await;
    assert_eq!(introspect(&guichet, &token).await["client_suspended"], true);
    let refused = pisp.sign_and_send(pisp.get(&token, &path)).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert!(refused.text().contains("suspended") && !refused.text().contains("SECRET"), "{}", refused.text());
    let form = pisp.token_form();
    let refused = pisp.ask_token(crate::harness::HOST, &form).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("unauthorized_client")));
    assert!(!refused.text().contains("SECRET"), "{}", refused.text());
    assert_eq!(guichet.count().await, 1);
    guichet.change_tpp(PISP, |tpp| tpp.suspension = None).await;
    assert_eq!(pisp.sign_and_send(pisp.get(&token, &path)).await.status, 200, "with the token of before");
    let id = TppId::parse(PISP).unwrap();
    assert_eq!(guichet.store.live_tokens_of(&id, guichet.clock.now()).await.unwrap(), 2);
}
