//! The log of a whole payment, and of everything that goes wrong around it: it names requests and payments,
//! and neither people nor secrets.

use std::{
    io,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::Method;
use payments::{
    lifecycle::Status,
    ports::PaymentStore as _,
    samples,
    values::{PaymentId, PsuId},
};
use serde_json::{Value, json};
use server::psu;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    filter::Targets,
    fmt::{self, MakeWriter},
    prelude::*,
};

use crate::{
    browser::Browser,
    harness::{Call, Guichet, HOST, PAYMENTS, PISP, Pisp},
    transport,
};

const CUSTOMER: &str = "170000001";
const DEBTOR: &str = "FR7617515900000800123456711";
const CREDITOR: &str = "FR7611425009000401234567877";
const WRONG_PASSWORD: &str = "mistyped-secret";
/// What turns a terminal red: as two bytes of ASCII, and as one character of the C1 set.
const HOSTILE: [&str; 2] = ["\u{1b}[31m", "\u{9b}31m"];

/// Everything that is logged.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    /// Logs everything our crates have to say, in both formats.
    fn start() -> Self {
        let log = Self::default();
        log.layers().init();
        log
    }

    /// The same for what this thread has to say, until what is given is dropped.
    pub(crate) fn of_this_thread() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let guard = log.layers().set_default();
        (log, guard)
    }

    fn layers(&self) -> impl tracing::Subscriber + Send + Sync + 'static {
        let ours = ["server", "payments", "store", "sandbox", "eidas", "sepa", "stet"];
        let ours = ours.map(|name| (name, LevelFilter::TRACE));
        tracing_subscriber::registry()
            .with(Targets::new().with_targets(ours))
            .with(fmt::layer().with_ansi(false).with_writer(self.clone()))
            .with(fmt::layer().json().flatten_event(true).with_writer(self.clone()))
    }

    /// Checks that something was logged, each event on a line of its own, and nothing a terminal would obey.
    pub(crate) fn check_clean(&self) {
        let text = self.text();
        let foreign = text.chars().find(|char| char.is_control() && *char != '\n');
        assert_eq!(foreign, None, "what callers send is escaped");
        assert!(!text.is_empty());
        for line in text.lines() {
            assert!(line.starts_with('{') || line.starts_with("20"), "not a line of ours: {line}");
        }
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Sends bytes over a connection of their own, whatever becomes of them.
async fn send_raw(guichet: &Guichet, bytes: &[u8]) {
    let plain = TcpStream::connect(guichet.address).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from(HOST).unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(transport::usual(guichet)));
    let mut stream = connector.connect(name, plain).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let _ = stream.read_to_end(&mut Vec::new()).await;
    let mut no_tls = TcpStream::connect(guichet.address).await.unwrap();
    no_tls.write_all(bytes).await.unwrap();
    let _ = no_tls.read_to_end(&mut Vec::new()).await;
}

/// Calls in which something is wrong, each with what must not be logged where it is wrong.
async fn call_wrongly(guichet: &Guichet, pisp: &Pisp<'_>, token: &str) {
    for hostile in HOSTILE {
        let escaped: String = url::form_urlencoded::byte_serialize(hostile.as_bytes()).collect();
        let targets = [
            format!("/stet/psd2/v1/accounts/{DEBTOR}"),
            format!("/stet/psd2/v1/accounts/{escaped}%0a{DEBTOR}"),
            format!("{PAYMENTS}/{DEBTOR}?iban={DEBTOR}"),
            format!("{PAYMENTS}/{escaped}%0aforged%20line"),
            format!("/{DEBTOR}"),
        ];
        for target in targets {
            pisp.sign_and_send(pisp.get(token, &target)).await;
            pisp.send(Call::new(Method::GET, &target)).await;
        }
        let form = format!("grant_type={escaped}&client_id={escaped}%0a{DEBTOR}&scope={DEBTOR}");
        pisp.ask_token(HOST, &form).await;
        let good = guichet.body();
        let bent = |pointer: &str, value: Value| {
            let mut body = good.clone();
            *body.pointer_mut(pointer).unwrap() = value;
            body
        };
        let iban = "/beneficiary/creditorAccount/iban";
        let bodies = [
            bent(iban, json!([CREDITOR])),
            bent(iban, json!(format!("{CREDITOR}{hostile}\n"))),
            bent("/beneficiary/creditor/name", json!({ "Boutique Exemple": hostile })),
            bent("/creditTransferTransaction", json!(CREDITOR)),
            bent("/chargeBearer", json!(format!("{hostile}\n{DEBTOR}"))),
            json!({ CREDITOR: hostile }),
            json!(CREDITOR),
        ];
        for body in bodies {
            let answer = pisp.sign_and_send(pisp.post(token, &body)).await;
            assert!(answer.status >= 400, "{body}: {}", answer.status);
        }
        let call = pisp.post(token, &good).with_body(format!("{{\"{CREDITOR}{hostile}"));
        pisp.sign_and_send(call).await;
        send_raw(guichet, format!("GET /{hostile} HTTP/1.1\r\n{hostile}{DEBTOR}\r\n\r\n").as_bytes()).await;
    }
    // Headers cannot hold the escape itself, but they can hold the rest.
    for name in ["signature", "date", "content-type", "digest", "x-request-id"] {
        let call = pisp.post(token, &guichet.body()).sign(&pisp.seal);
        let answer = pisp.send(call.with(name, &format!("{}{DEBTOR}", HOSTILE[1]))).await;
        assert!(answer.status >= 400, "{name}: {}", answer.status);
    }
}

/// What a visit must keep to itself: cookie, form tokens, code.
async fn approve(guichet: &Guichet, link: &str) -> Vec<String> {
    let mut browser = Browser::new(psu::router(guichet.app.clone()), HOST);
    browser.headers.push(("user-agent", format!("{}{DEBTOR}", HOSTILE[1])));
    let path = link.get(link.find("/89C3api").unwrap()..).unwrap();
    browser.open(&format!("{path}x")).await;
    browser.open(path).await;
    browser.open(&format!("/psu/{DEBTOR}")).await;
    browser.open(path).await;
    let mut secrets = vec![browser.page().hidden_field("/psu/identify", "csrf")];
    browser.sign_in(CUSTOMER, WRONG_PASSWORD).await;
    browser.post("/psu/password", format!("csrf={DEBTOR}&password={WRONG_PASSWORD}")).await;
    browser.open("/psu").await;
    browser.submit("/psu/password", &[("password", "sandbox")]).await;
    browser.submit("/psu/account", &[("account", DEBTOR)]).await;
    browser.submit("/psu/review", &[]).await;
    let (institution, customer) = (samples::institution().code, PsuId::parse(CUSTOMER).unwrap());
    let phone = guichet.bank.phone(&institution, &customer).unwrap();
    let code = phone.first().unwrap().code.clone();
    let wrong = if code == "000000" { "111111" } else { "000000" };
    browser.submit("/psu/authenticate", &[("code", wrong)]).await;
    secrets.push(browser.page().hidden_field("/psu/authenticate", "csrf"));
    secrets.extend(browser.cookie.clone());
    let done = browser.submit("/psu/authenticate", &[("code", &code)]).await;
    assert!(done.says("id=\"approved\""), "{}", done.body);
    secrets.push(code);
    secrets
}

#[tokio::test]
async fn the_log_of_a_whole_payment_names_requests_and_payments_and_no_people_or_secrets() {
    let log = Log::start();
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let (token, other) = (pisp.token().await, pisp.token().await);
    call_wrongly(&guichet, &pisp, &other).await;
    let call = pisp.post(&token, &guichet.body());
    let call = call.with("psu-user-agent", &format!("{}{DEBTOR}", HOSTILE[1]));
    let request_id = call.headers["x-request-id"].to_str().unwrap().to_owned();
    let answer = pisp.sign_and_send(call).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let consent = answer.json()["_links"]["consentApproval"]["href"].as_str().unwrap().to_owned();
    let path = answer.location();
    let id = PaymentId::parse(path.rsplit('/').next().unwrap()).unwrap();
    let mut secrets = approve(&guichet, &consent).await;
    while guichet.store.load(&id).await.unwrap().unwrap().status() != Status::Acsc {
        tokio::task::yield_now().await;
    }
    let read = pisp.token().await;
    assert_eq!(pisp.sign_and_send(pisp.get(&read, &path)).await.status, 200);
    assert_eq!(pisp.send(pisp.get(&read, &path)).await.status, 400);
    guichet.stop().await.unwrap().unwrap();

    let nonce = consent.rsplit('=').next().unwrap().to_owned();
    let cookie = secrets.iter().filter_map(|secret| secret.split_once('='));
    let cookie: Vec<_> = cookie.map(|(_, value)| value.to_owned()).collect();
    secrets.extend(cookie);
    secrets.extend([token, other, read, nonce]);
    let keys = [
        guichet.pki.tpp(PISP).unwrap().qseal.key_pkcs8(),
        guichet.pki.tpp(PISP).unwrap().qwac.key_pkcs8(),
        guichet.pki.seal("17515").unwrap().key_pkcs8(),
        guichet.pki.server().key_pkcs8(),
    ];
    secrets.extend(keys.map(|key| BASE64_STANDARD.encode(key).get(40..80).unwrap().to_owned()));
    let people = [DEBTOR, CREDITOR, CUSTOMER, WRONG_PASSWORD, "PRIVATE KEY"].map(str::to_owned);
    secrets.extend(people);
    let written = ["FR76 ", "Boutique", "Exemple Paiement", "CAMILLE", "ESSAI", "Commande 4711"];
    secrets.extend(written.map(str::to_owned));

    let text = log.text();
    for secret in secrets {
        let line = text.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret} is logged");
    }
    for named in [request_id.as_str(), id.as_str()] {
        assert!(text.contains(named), "{named} is not logged:\n{text}");
    }
    for about in ["payment request registered", "a visit changed a payment", "payment executed"] {
        let mut lines = text.lines();
        let told = lines.any(|line| line.contains(about) && line.contains(id.as_str()));
        assert!(told, "nothing about: {about}");
    }
    log.check_clean();
    assert!(!text.lines().any(|line| line.starts_with("forged")));
}
