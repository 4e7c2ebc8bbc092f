//! A whole server in this process, on a real port with real certificates, and PISPs that call it.

mod answer;
mod call;
mod network;
mod pisp;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use payments::{
    Version,
    institution::Institution,
    ports::{PaymentStore as _, TokenStore as _, TppStore as _, TppWrite},
    registry::configure,
    request::Product,
    samples,
    sca::CodeKey,
    token::{CertificateThumbprint, Scope, Token, TokenHash},
    tpp::{Licence, Registrar, SealCertificate, Tpp},
    values::{Bic, InstitutionCode, TppId},
};
use sandbox::{
    bank::SandboxBank,
    pki::{CertifiedKey, PkiOptions, Standing, TestPki},
};
use server::{
    App, Counter, Counters, Listener, Listeners, Parts, TlsSource,
    app::{Clock, SystemClock, SystemIds, WorkBell},
    bank_seal::BankSeal,
    link::LinkKey,
    revocation::{self, Revocation},
    run::EndedEarly,
    tls,
    trust::{Live, Trust},
};
use sha2::{Digest as _, Sha256};
use store::SqliteStore;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

pub(crate) use answer::Answer;
pub(crate) use call::Call;
pub(crate) use network::{AUTHORITY, Network, Weather};
pub(crate) use pisp::{PAYMENTS, Pisp, TOKEN};

/// Bank codes served, and the hosts under which they are reached.
pub(crate) const HOST: &str = "www.17515.sandbox.localhost";
pub(crate) const OTHER_HOST: &str = "www.11425.sandbox.localhost";
/// A host of the certificate that belongs to no bank.
pub(crate) const NO_HOST: &str = "www.99999.sandbox.localhost";

/// The PISP where everything is in order.
pub(crate) const PISP: &str = "PSDFR-ACPR-12345";

/// A clock that moves only when told to.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<Mutex<Timestamp>>);

impl TestClock {
    /// Certificates are judged by the machine's clock in the handshake, so this one starts there.
    fn new() -> Self {
        Self(Arc::new(Mutex::new(SystemClock.now())))
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }

    pub(crate) fn set(&self, to: Timestamp) {
        *self.0.lock().unwrap() = to;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The server under test.
pub(crate) struct Guichet {
    pub(crate) clock: TestClock,
    pub(crate) pki: TestPki,
    pub(crate) store: SqliteStore,
    /// What the server is made of.
    pub(crate) app: App,
    pub(crate) bank: SandboxBank,
    /// What the server can reach.
    pub(crate) network: Network,
    /// Where TPPs are served.
    pub(crate) address: SocketAddr,
    /// What a reload replaces of it.
    pub(crate) tpp_tls: TlsSource,
    /// Where PSUs are served, without TLS and with the limits of TPPs.
    pub(crate) psu: SocketAddr,
    /// Where operators are served, without TLS.
    pub(crate) operator: SocketAddr,
    /// Dropped with the test: the server then stops.
    running: Mutex<Option<Running>>,
    /// Where everything is kept: certificates in `pki`, the store in `store.db`.
    pub(crate) home: TempDir,
}

/// A server that runs until its `stop` is sent or dropped.
struct Running {
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), EndedEarly>>,
}

impl Guichet {
    /// A server with everybody's defaults.
    pub(crate) async fn start() -> Self {
        Self::start_with(PkiOptions::default(), |_| {}).await
    }

    /// A server whose institutions are set up differently.
    pub(crate) async fn start_with(options: PkiOptions, change: impl Fn(&mut Institution)) -> Self {
        Self::start_listening(options, change, |_| {}).await
    }

    /// A server whose institutions and listener for TPPs are set up differently.
    pub(crate) async fn start_listening(
        options: PkiOptions,
        change: impl Fn(&mut Institution),
        listen: impl FnOnce(&mut Listener),
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
        Self::start_at(home, TestClock::new(), options, change, listen).await
    }

    async fn start_at(
        home: TempDir,
        clock: TestClock,
        options: PkiOptions,
        change: impl Fn(&mut Institution),
        listen: impl FnOnce(&mut Listener),
    ) -> Self {
        let pki = pki(&home, clock.now(), options);
        let store = SqliteStore::open(&home.path().join("store.db")).unwrap();
        for tpp in registered(&pki, clock.now()) {
            configure(&store, tpp, clock.now()).await.unwrap();
        }
        let bank = bank(&home, &clock).await;
        let network = Network::new(&clock, &pki);
        let revocation = revocation(&network, options);
        let app = app(&clock, &pki, &store, &bank, revocation, change);
        let server = pki.server();
        let trust = app.trust.current();
        let tls = tls::tpp_config(server.pem(), server.key_pem(), trust.anchors(eidas::Kind::Qwac)).unwrap();
        let tpp_tls = TlsSource::new(tls);
        let (mut tpp, address) = listener(Some(tpp_tls.clone())).await;
        listen(&mut tpp);
        let (mut for_psus, psu) = listener(None).await;
        for_psus.limits = tpp.limits.clone();
        let (for_operators, operator) = listener(None).await;
        let listeners = Listeners {
            tpp: Some(tpp),
            psu: Some(for_psus),
            operator: Some(for_operators),
            operator_extra: axum::Router::new(),
        };
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(server::run(app.clone(), listeners, async {
            let _ = stopped.await;
        }));
        Self {
            clock,
            pki,
            store,
            app,
            bank,
            network,
            address,
            tpp_tls,
            psu,
            operator,
            running: Mutex::new(Some(Running { stop, ended })),
            home,
        }
    }

    /// Asks the server to stop; gives what ends when it has.
    pub(crate) fn stop(&self) -> JoinHandle<Result<(), EndedEarly>> {
        let running = self.running.lock().unwrap().take();
        let Running { stop, ended } = running.expect("a server stops once");
        stop.send(()).unwrap();
        ended
    }

    /// Stops it, and starts another on the same certificates and the same store; what the other knows of the
    /// world it has to learn anew.
    pub(crate) async fn restart(self, options: PkiOptions, change: impl Fn(&mut Institution)) -> Self {
        self.stop().await.unwrap().unwrap();
        self.store.close();
        let clock = self.clock.clone();
        Self::start_at(self.home, clock, options, change, |_| {}).await
    }

    /// What operators see at a path: status and text.
    pub(crate) async fn operator(&self, path: &str) -> (u16, String) {
        let client = reqwest::Client::builder().no_proxy();
        let client = client.tls_backend_preconfigured(pisp::config(self, None));
        let url = format!("http://{}{path}", self.operator);
        let answer = client.build().unwrap().get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// A test TPP of the sandbox, calling with its own certificates.
    pub(crate) fn pisp(&self, oid: &str) -> Pisp<'_> {
        let keys = self.pki.tpp(oid).expect("a test TPP");
        Pisp::new(self, Some(&keys.qwac), &keys.qseal, oid)
    }

    /// The same, connecting from this loopback address.
    pub(crate) fn pisp_from(&self, address: &str, oid: &str) -> Pisp<'_> {
        let keys = self.pki.tpp(oid).expect("a test TPP");
        self.pisp(oid).from(&keys.qwac, address)
    }

    /// A caller with certificates of its own.
    pub(crate) fn caller(
        &self,
        qwac: Option<&CertifiedKey>,
        qseal: &CertifiedKey,
        client_id: &str,
    ) -> Pisp<'_> {
        Pisp::new(self, qwac, qseal, client_id)
    }

    /// Changes a registration.
    pub(crate) async fn change_tpp(&self, oid: &str, change: impl FnOnce(&mut Tpp)) {
        let id = TppId::parse(oid).unwrap();
        let before = self.store.find_tpp(&id).await.unwrap().expect("a registered TPP");
        let mut after = before.clone();
        change(&mut after);
        let write = TppWrite::put(Some(before), after, Registrar::Operator, self.clock.now());
        self.store.change_tpp(write).await.unwrap();
    }

    /// Registers `to` as a copy of `from`.
    pub(crate) async fn copy_tpp(&self, from: &str, to: &str) {
        let tpp = self.store.find_tpp(&TppId::parse(from).unwrap()).await.unwrap();
        let copy = Tpp {
            id: TppId::parse(to).unwrap(),
            organization_identifier: to.to_owned(),
            ..tpp.expect("a registered TPP")
        };
        configure(&self.store, copy, self.clock.now()).await.unwrap();
    }

    /// Stores a token for the first institution, as if it had been given to this client.
    pub(crate) async fn give_token(&self, secret: &str, client_id: &str, qwac: &CertifiedKey) {
        let token = Token {
            hash: TokenHash(Sha256::digest(secret.as_bytes()).into()),
            tpp: TppId::parse(client_id).unwrap(),
            institution: InstitutionCode::parse("17515").unwrap(),
            scope: Scope::PaymentInitiation,
            certificate: CertificateThumbprint(Sha256::digest(qwac.der()).into()),
            issued_at: self.clock.now(),
            expires_at: self.clock.now() + SignedDuration::from_hours(1),
            tied_to: None,
        };
        self.store.insert_token(token).await.unwrap();
    }

    /// How many payments are stored.
    pub(crate) async fn count(&self) -> u64 {
        let counts = self.store.count_by_status().await.unwrap();
        counts.into_iter().map(|(_, count)| count).sum()
    }
}

fn pki(home: &TempDir, now: Timestamp, options: PkiOptions) -> TestPki {
    let hosts = [HOST, OTHER_HOST, NO_HOST].map(str::to_owned);
    let seal = |code, name| sandbox::pki::Institution { code, name };
    let institutions = [seal("17515", "Île-de-France"), seal("11425", "Normandie")];
    TestPki::load_or_create(&home.path().join("pki"), now, &hosts, &institutions, options).unwrap()
}

/// The test TPPs as an operator would have registered them.
fn registered(pki: &TestPki, now: Timestamp) -> impl Iterator<Item = Tpp> {
    pki.tpps().iter().map(move |keys| Tpp {
        id: TppId::parse(keys.tpp.oid).unwrap(),
        organization_identifier: keys.tpp.oid.to_owned(),
        name: keys.tpp.name.to_owned(),
        licence: match keys.tpp.standing {
            Standing::Active => Licence::Active,
            Standing::Suspended => Licence::Suspended,
        },
        seal_certificates: vec![seal_certificate(&keys.qseal)],
        created_at: now,
        ..samples::tpp()
    })
}

/// A seal certificate as it is registered, under the agreed name `seal-1`.
pub(crate) fn seal_certificate(qseal: &CertifiedKey) -> SealCertificate {
    SealCertificate::new(Some("seal-1".to_owned()), qseal.der().to_vec(), [])
}

/// A free port, and what listens on it.
async fn listener(tls: Option<TlsSource>) -> (Listener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    (Listener::new(socket, tls), address)
}

/// Asks the test authority if the certificates name it, and otherwise nobody.
fn revocation(network: &Network, options: PkiOptions) -> Revocation {
    let fetch = options.revocation_at.is_some();
    let config = revocation::Config { fetch, ..revocation::Config::default() };
    Revocation::new(config, Arc::new(network.clone())).unwrap()
}

async fn bank(home: &TempDir, clock: &TestClock) -> SandboxBank {
    let (books, clock) = (home.path().join("bank.db"), clock.clone());
    let bank = SandboxBank::open(&books, Arc::new(move || clock.now()));
    bank.await.unwrap()
}

fn app(
    clock: &TestClock,
    pki: &TestPki,
    store: &SqliteStore,
    bank: &SandboxBank,
    revocation: Revocation,
    change: impl Fn(&mut Institution),
) -> App {
    let bank = Arc::new(bank.clone());
    let counters = [("17515", "CEPAFRPP751", HOST), ("11425", "CEPAFRPP142", OTHER_HOST)];
    let counters = counters.map(|(code, bic, host)| {
        let mut institution = institution(code, bic, host);
        change(&mut institution);
        let seal = pki.seal(code).unwrap();
        Counter {
            institution,
            seal: BankSeal::from_pem(seal.key_pem(), seal.pem()).unwrap(),
            psu_url: format!("https://{host}:8444"),
            tpp_url: format!("https://{host}:8443"),
        }
    });
    App::new(Parts {
        clock: Arc::new(clock.clone()),
        ids: Arc::new(SystemIds::after(0)),
        store: Arc::new(store.clone()),
        bank: bank.clone(),
        rail: bank.clone(),
        messenger: bank,
        counters: Counters::new(counters.into()),
        trust: Live::new(Trust::new(pki.anchors().unwrap(), Vec::new())),
        revocation,
        link_key: LinkKey::new(&[7; 32]),
        code_key: CodeKey([8; 32]),
        psu_tls: true,
        bank_timeout: Duration::from_secs(5),
        tpp_pace: server::limits::TppPace::default(),
        bell: WorkBell::default(),
    })
}

fn institution(code: &str, bic: &str, host: &str) -> Institution {
    let products = Version::ALL
        .into_iter()
        .flat_map(|version| [Product::Sct, Product::SctInst].map(|product| (version, product)));
    Institution {
        code: InstitutionCode::parse(code).unwrap(),
        bic: Bic::parse(bic).unwrap(),
        hosts: vec![host.to_owned()],
        products: products.collect(),
        ..samples::institution()
    }
}

/// Runs futures of one kind together.
pub(crate) async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        if outputs.iter().all(Option::is_some) {
            std::task::Poll::Ready(outputs.drain(..).flatten().collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}
