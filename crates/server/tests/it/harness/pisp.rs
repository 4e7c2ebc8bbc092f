//! A caller: its certificates, its tokens, its calls.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use http::Method;
use jiff::fmt::rfc2822::DateTimePrinter;
use payments::values::Moment;
use reqwest::Client;
use rustls::{ClientConfig, RootCertStore};
use sandbox::pki::CertifiedKey;
use serde_json::{Value, json};
use server::{app::Clock, seal_key::SealKey, tls};

use super::{Answer, Call, Guichet, HOST, NO_HOST, OTHER_HOST};

/// Path of the payment requests of 1.4.0.
pub(crate) const PAYMENTS: &str = "/stet/psd2/v1/payment-requests";
/// Path of the token endpoint.
pub(crate) const TOKEN: &str = "/stet/psd2/oauth/token";

/// Somebody who calls the server.
pub(crate) struct Pisp<'a> {
    guichet: &'a Guichet,
    client: Client,
    pub(crate) seal: SealKey,
    client_id: String,
    calls: AtomicU64,
}

impl<'a> Pisp<'a> {
    pub(super) fn new(
        guichet: &'a Guichet,
        qwac: Option<&CertifiedKey>,
        qseal: &CertifiedKey,
        client_id: &str,
    ) -> Self {
        Self {
            guichet,
            client: client(guichet, qwac, None),
            seal: SealKey::from_pkcs8_der(qseal.key_pkcs8()).unwrap(),
            client_id: client_id.to_owned(),
            calls: AtomicU64::new(1),
        }
    }

    /// The same, connecting from this loopback address.
    pub(super) fn from(mut self, keys: &CertifiedKey, address: &str) -> Self {
        self.client = client(self.guichet, Some(keys), Some(address.parse().unwrap()));
        self
    }

    /// A fresh token for the first institution.
    pub(crate) async fn token(&self) -> String {
        self.token_at(HOST).await
    }

    /// A fresh token.
    pub(crate) async fn token_at(&self, host: &'static str) -> String {
        let answer = self.ask_token(host, &self.token_form()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// What asks for a token.
    pub(crate) fn token_form(&self) -> String {
        format!("grant_type=client_credentials&client_id={}&scope=pisp", self.client_id)
    }

    /// Asks for a token with this form.
    pub(crate) async fn ask_token(&self, host: &'static str, form: &str) -> Answer {
        let call = Call::new(Method::POST, TOKEN).at_host(host);
        let mut call = call.with("content-type", "application/x-www-form-urlencoded");
        call.body = form.as_bytes().to_vec();
        self.send(call).await
    }

    /// A payment request, complete but for its signature.
    pub(crate) fn post(&self, token: &str, body: &Value) -> Call {
        let body = serde_json::to_vec(body).unwrap();
        self.call(Method::POST, PAYMENTS, token).with("content-type", "application/json").with_body(body)
    }

    /// A question about a payment request, complete but for its signature.
    pub(crate) fn get(&self, token: &str, target: &str) -> Call {
        self.call(Method::GET, target, token).covering("(request-target) date x-request-id")
    }

    /// A call with the headers every call has.
    pub(crate) fn call(&self, method: Method, target: &str, token: &str) -> Call {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&self.guichet.clock.now());
        Call::new(method, target)
            .with_key_id(&self.client_id)
            .with("authorization", &format!("Bearer {token}"))
            .with("x-request-id", &format!("request-{}-{number}", self.client_id))
            .with("date", &date.unwrap())
    }

    /// Signs the call with its own seal and sends it.
    pub(crate) async fn sign_and_send(&self, call: Call) -> Answer {
        self.send(call.sign(&self.seal)).await
    }

    /// Sends the call as it is.
    pub(crate) async fn send(&self, call: Call) -> Answer {
        self.try_send(call).await.unwrap()
    }

    /// Sends the call, which need not even get through the handshake.
    pub(crate) async fn try_send(&self, call: Call) -> reqwest::Result<Answer> {
        let url = format!("https://{}:{}{}", call.host, self.guichet.address.port(), call.target);
        let request = self.client.request(call.method.clone(), url);
        let response = request.headers(call.headers.clone()).body(call.body.clone()).send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await?;
        let asked = call;
        Ok(Answer { asked, status, headers, body })
    }

    /// Makes a payment with a fresh token; gives its path.
    pub(crate) async fn pay(&self) -> String {
        let call = self.post(&self.token().await, &self.guichet.body());
        let answer = self.sign_and_send(call).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.location()
    }
}

impl Guichet {
    /// A merchant payment of now, different from every other only if a test makes it so.
    pub(crate) fn body(&self) -> Value {
        let now = Moment::in_paris(self.clock.now()).to_rfc3339();
        json!({
            "paymentInformationId": "PI-0001",
            "creationDateTime": now,
            "numberOfTransactions": 1,
            "initiatingParty": { "name": "Exemple Paiement SAS" },
            "paymentTypeInformation": { "serviceLevel": "SEPA", "categoryPurpose": "DVPM" },
            "beneficiary": {
                "creditor": { "name": "Boutique Exemple" },
                "creditorAccount": { "iban": "FR7611425009000401234567877" }
            },
            "chargeBearer": "SLEV",
            "requestedExecutionDate": now,
            "creditTransferTransaction": [{
                "paymentId": { "instructionId": "INS-0001", "endToEndId": "E2E-0001" },
                "instructedAmount": { "currency": "EUR", "amount": "124.35" },
                "remittanceInformation": ["Commande 4711"]
            }],
            "supplementaryData": {
                "acceptedAuthenticationApproach": ["REDIRECT"],
                "successfulReportUrl": "https://tpp.example/cb?state=s1"
            }
        })
    }
}

/// TLS that trusts the sandbox, with or without a certificate of its own.
pub(super) fn config(guichet: &Guichet, qwac: Option<&CertifiedKey>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(guichet.pki.tls_ca().der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(Arc::new(roots));
    match qwac {
        Some(qwac) => config.with_client_auth_cert(vec![qwac.der().clone()], qwac.key_der()).unwrap(),
        None => config.with_no_client_auth(),
    }
}

fn client(guichet: &Guichet, qwac: Option<&CertifiedKey>, from: Option<IpAddr>) -> Client {
    [HOST, OTHER_HOST, NO_HOST]
        .into_iter()
        .fold(Client::builder(), |builder, host| builder.resolve(host, guichet.address))
        .no_proxy()
        .local_address(from)
        .redirect(reqwest::redirect::Policy::none())
        .tls_backend_preconfigured(config(guichet, qwac))
        .build()
        .unwrap()
}
