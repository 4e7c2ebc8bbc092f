//! `/stet/setting/v1/register`: a TPP registers itself, and everything it must not get away with.

mod agents;
mod bodies;
mod ownership;
mod refusals;
mod renewal;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eidas::{KeyKind, Kind, OrganizationIdentifier, Role};
use http::Method;
use payments::{
    ports::{TokenStore as _, TppStore as _},
    token::{Scope, TokenHash},
    tpp::{Registrar, Tpp, TppChange},
    values::TppId,
};
use sandbox::pki::{CertifiedKey, TppProfile, Validity};
use serde_json::{Value, json};
use server::app::Clock as _;
use sha2::{Digest as _, Sha256};

use crate::{
    harness::{Answer, Call, Guichet, HOST, OTHER_HOST, Pisp},
    render::check_golden,
};

/// Where registrations are made.
const REGISTER: &str = "/stet/setting/v1/register";
/// The client that stands for those who have none.
const GENERIC: &str = "PSD2_TPPRegister";
/// A provider that the bank has never heard of.
const NEWCOMER: &str = "PSDNL-DNB-33031431";

/// A provider with its two certificates.
struct Provider<'a> {
    guichet: &'a Guichet,
    oid: &'static str,
    qwac: CertifiedKey,
    qseal: CertifiedKey,
    /// It calls with these certificates; its `keyId` is its organizationIdentifier.
    pisp: Pisp<'a>,
}

fn certificate(
    guichet: &Guichet,
    kind: Kind,
    oid: &str,
    change: impl FnOnce(&mut TppProfile),
) -> CertifiedKey {
    let oid = OrganizationIdentifier::parse(oid).unwrap();
    let validity = Validity::days_from(guichet.clock.now(), 365);
    let mut profile = TppProfile::new(kind, &oid, &[Role::PaymentInitiation], validity);
    change(&mut profile);
    guichet.pki.qtsp().issue_tpp(&profile).unwrap()
}

impl<'a> Provider<'a> {
    /// A provider whose certificates are in order.
    fn new(guichet: &'a Guichet, oid: &'static str) -> Self {
        let qseal = certificate(guichet, Kind::Qseal, oid, |_| {});
        Self::with_seal(guichet, oid, qseal)
    }

    /// A provider with a seal of its own choice.
    fn with_seal(guichet: &'a Guichet, oid: &'static str, qseal: CertifiedKey) -> Self {
        let qwac = certificate(guichet, Kind::Qwac, oid, |_| {});
        let pisp = guichet.caller(Some(&qwac), &qseal, oid);
        Self { guichet, oid, qwac, qseal, pisp }
    }

    /// The same provider, signing with another seal.
    fn signing_with(&self, qseal: &CertifiedKey) -> Self {
        let pisp = self.guichet.caller(Some(&self.qwac), qseal, self.oid);
        Self { guichet: self.guichet, oid: self.oid, qwac: self.qwac.clone(), qseal: qseal.clone(), pisp }
    }

    /// The same provider as one of its clients, for tokens and payments.
    fn client(&self, client_id: &str) -> Pisp<'a> {
        self.guichet.caller(Some(&self.qwac), &self.qseal, client_id)
    }

    /// A temporary token.
    async fn token(&self) -> String {
        let answer = self.ask_token("manageRegistration").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    async fn ask_token(&self, scope: &str) -> Answer {
        let form = format!("client_id={GENERIC}&grant_type=client_credentials&scope={scope}");
        self.pisp.ask_token(HOST, &form).await
    }

    /// What it registers: itself, with its own seal.
    fn body(&self) -> Value {
        json!({
            "redirect_uris": ["https://tpp.example/cb", "https://tpp.example/ko"],
            "software_statement": "eyJhbGciOiJub25lIn0",
            "token_endpoint_auth_method": "tls_client_auth",
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "response_types": ["code"],
            "client_name": format!("Voorbeeld {}", self.oid),
            "scope": "pisp",
            "contact": {
                "contact_name": "Ontwikkelaars", "email": "dev@tpp.example", "phone_number": "+31200000000"
            },
            "provider_legal_id": self.oid,
            "software_id": "Winkel",
            "jwks": { "keys": [jwk(&self.qseal)] }
        })
    }

    /// A call complete but for its signature; without a body it has the digest of nothing.
    fn call(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> Call {
        let target = format!("{REGISTER}{path}");
        let call = self.pisp.call(method, &target, token);
        match body {
            Some(body) => {
                call.with("content-type", "application/json").with_body(serde_json::to_vec(body).unwrap())
            }
            None => call.with_body(""),
        }
    }

    /// Signs a call, with a fresh token, and sends it.
    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let call = self.call(method, path, &self.token().await, body);
        let answer = self.pisp.sign_and_send(call).await;
        answer.check_seal(self.guichet).await;
        answer.check_echo();
        answer
    }

    async fn post(&self, body: &Value) -> Answer {
        self.send(Method::POST, "", Some(body)).await
    }

    async fn put(&self, client_id: &str, body: &Value) -> Answer {
        let mut body = body.clone();
        body["client_id"] = json!(client_id);
        self.send(Method::PUT, &format!("/{client_id}"), Some(&body)).await
    }

    async fn get(&self, client_id: &str) -> Answer {
        self.send(Method::GET, &format!("/{client_id}"), None).await
    }

    async fn delete(&self, client_id: &str) -> Answer {
        self.send(Method::DELETE, &format!("/{client_id}"), None).await
    }

    /// Registers `body`; gives the client id.
    async fn register(&self, body: &Value) -> String {
        client_id(&self.post(body).await)
    }
}

/// The client id of a registration that succeeded.
fn client_id(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["client_id"].as_str().unwrap().to_owned()
}

/// A key as live clients send it.
fn jwk(qseal: &CertifiedKey) -> Value {
    let is_rsa =
        qseal.certificate().is_ok_and(|read| matches!(read.public_key().kind(), KeyKind::Rsa { .. }));
    let (kty, alg) = if is_rsa { ("RSA", "RS256") } else { ("EC", "ES256") };
    json!({
        "kty": kty, "use": "sig", "alg": alg, "keys_ops": ["verify"], "kid": "sleutel-1",
        "x5c": [BASE64_STANDARD.encode(qseal.der())]
    })
}

impl Guichet {
    /// The registration of a client.
    async fn registration(&self, client_id: &str) -> Option<Tpp> {
        self.store.find_tpp(&TppId::parse(client_id).unwrap()).await.unwrap()
    }

    /// Everything registered.
    async fn registrations(&self) -> Vec<Tpp> {
        self.store.tpps().await.unwrap()
    }
}

/// Checks a refusal in the form of RFC 7591, 3.2.2, and gives its description.
fn check_refused(answer: &Answer, error: &str) -> String {
    assert_eq!(answer.status, 400, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["error"], error, "{body}");
    let description = body["error_description"].as_str().unwrap().to_owned();
    let allowed = |c: char| matches!(c, ' ' | '!' | '#'..='[' | ']'..='~');
    assert!(description.len() <= 160 && description.chars().all(allowed), "{description}");
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    description
}

#[tokio::test]
async fn a_newcomer_registers_and_pays_at_once_at_every_bank() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let answer = newcomer.post(&newcomer.body()).await;
    let id = client_id(&answer);
    let (name, letters) = id.rsplit_once("-0-").unwrap();
    assert_eq!(name, format!("1{NEWCOMER}"));
    assert!(letters.len() == 4 && letters.bytes().all(|byte| byte.is_ascii_uppercase()), "{id}");
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(newcomer.get(&id).await.text(), answer.text());

    let client = newcomer.client(&id);
    client.pay().await;
    client.token_at(OTHER_HOST).await;
    let stored = guichet.registration(&id).await.unwrap();
    assert_eq!(stored.organization_identifier, NEWCOMER);
    assert_eq!(stored.created_at, guichet.clock.now());
    let history = guichet.store.tpp_history(&stored.id).await.unwrap();
    assert_eq!((history.len(), history[0].actor), (1, Registrar::Tpp));
    assert_eq!(history[0].what, TppChange::Registered);
}

#[tokio::test]
async fn the_answer_has_the_shape_of_live_banks() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let text = newcomer.post(&newcomer.body()).await.text();
    let mut answer: stet::RegistrationAnswer = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&answer).unwrap(), text, "in this order");
    let local: jiff::civil::DateTime = answer.client_id_issued_at.parse().unwrap();
    let issued = local.in_tz("Europe/Paris").unwrap().timestamp();
    assert_eq!(issued.as_millisecond(), guichet.clock.now().as_millisecond());
    assert_eq!(answer.client_id_issued_at.len(), "2022-04-22T15:33:39.521".len());
    assert_eq!(answer.jwks.keys[0].x5c, [BASE64_STANDARD.encode(newcomer.qseal.der())]);
    answer.client_id = "1PSDNL-DNB-33031431-0-RWMH".to_owned();
    answer.client_id_issued_at = "2022-04-22T15:33:39.521".to_owned();
    answer.jwks.keys[0].x5c = vec!["MII".to_owned()];
    check_golden("registration", &answer);
}

#[tokio::test]
async fn the_temporary_token_is_given_to_every_licensed_provider_and_good_for_nothing_else() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    for scope in ["manageRegistration", " manageRegistration "] {
        assert_eq!(newcomer.ask_token(scope).await.status, 200);
    }
    for scope in ["pisp", "manageregistration", "manageRegistration pisp", ""] {
        let answer = newcomer.ask_token(scope).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_scope")), "{scope}");
    }
    let token = newcomer.token().await;
    let hash = TokenHash(Sha256::digest(token.as_bytes()).into());
    let stored = guichet.store.find_token(&hash).await.unwrap().unwrap();
    assert_eq!((stored.tpp.as_str(), stored.scope), (GENERIC, Scope::Registration));
    for call in [
        newcomer.pisp.post(&token, &guichet.body()),
        newcomer.pisp.get(&token, "/stet/psd2/v1/payment-requests/x"),
    ] {
        let answer = newcomer.pisp.sign_and_send(call).await;
        guichet.check_refusal(&answer, 403, "BADS").await;
    }
    let form =
        format!("client_id={GENERIC}&grant_type=authorization_code&code=x&redirect_uri=https://x.example");
    assert!(matches!(newcomer.pisp.ask_token(HOST, &form).await.status, 400 | 401));
    // Another role than payment initiation will do: it registers for the one it has.
    let accounts = guichet.pisp("PSDFR-ACPR-54321");
    let form = format!("client_id={GENERIC}&grant_type=client_credentials&scope=manageRegistration");
    assert_eq!(accounts.ask_token(HOST, &form).await.status, 200);
}
