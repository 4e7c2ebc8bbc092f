//! Starting a sandbox: certificates, store, pretend bank, sockets; then the server itself.

use std::{future::Future, net::SocketAddr, path::PathBuf, sync::Arc, time::Instant};

use anyhow::{Context as _, bail};
use axum::Router;
use payments::{
    institution::Redirect,
    ports::{PaymentStore as _, Store, TrustStore as _},
    sca::CodeKey,
    trusted_list::TrustedList,
};
use sandbox::{
    bank::{MEMBERS, SandboxBank},
    bank_service,
    clock::SandboxClock,
    control::{self, Control},
    phone::{self, Phones},
    pki::{Institution, KeyType, PkiOptions, TEST_TPPS, TestPki},
    revocation_service::{self, RevocationService},
};
use server::{
    App, Listener, Listeners, Parts, TlsSource,
    app::{Clock, SystemClock, SystemIds, WorkBell},
    link::LinkKey,
    reload::{self as reloading, Reloader},
    revocation::{self, HttpFetch, Revocation},
    tls,
    trust::Live,
};
use store::SqliteStore;
use tokio::net::TcpListener;
use url::Url;

use super::{
    institutions,
    places::{BankPlace, Places, TppPlace},
    player::SandboxPlayer,
    reload::{SandboxTrust, trust_of},
    tpps,
};
use crate::{
    arguments::{SandboxArguments, SealKind},
    data_dir::{DataDir, write_whole},
    psu::Player,
    random,
    secrets::Secrets,
    story::Story,
};

const USUAL_TPP_PORT: u16 = 8443;
const USUAL_PSU_PORT: u16 = 8080;
const USUAL_OPERATOR_PORT: u16 = 9090;
/// How long a call of the pretend bank may take.
const BANK_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);
/// Where the pretend bank answers like a real one, on the operator listener.
const BANK_PATH: &str = "/bank/v1";

/// A sandbox, its sockets bound, ready to serve.
pub(crate) struct Sandbox {
    /// Its data.
    pub(crate) data: DataDir,
    /// Its certificates.
    pub(crate) pki: TestPki,
    /// Its clock.
    pub(crate) clock: Arc<SandboxClock>,
    /// Where it is reached.
    pub(crate) places: Places,
    /// Plays its customers.
    pub(crate) player: Player,
    app: App,
    store: SqliteStore,
    bank: SandboxBank,
    sockets: Sockets,
    psu_tls: bool,
}

struct Sockets {
    tpp: TcpListener,
    psu: TcpListener,
    operator: TcpListener,
}

impl Sandbox {
    /// Starts everything but the serving, telling what was done and how long it took.
    ///
    /// # Errors
    ///
    /// If the data directory is in use, or a part of it cannot be used.
    pub(crate) async fn start(
        arguments: &SandboxArguments,
        teller: &Story,
        shop_url: Option<Url>,
    ) -> anyhow::Result<Self> {
        let data = DataDir::take(&arguments.data)?;
        let sockets = Sockets::bind(arguments).await?;
        let pki = make_pki(&data, arguments, sockets.operator.local_addr()?, teller)?;
        let started = Instant::now();
        let clock = Arc::new(SandboxClock::open(&data.clock())?);
        let store = SqliteStore::open(&data.store()).context("the store")?;
        let bank_clock = Arc::clone(&clock);
        let bank = SandboxBank::open(&data.bank(), Arc::new(move || bank_clock.now()))
            .await
            .context("the pretend bank")?;
        tpps::register(&pki, &store, clock.now()).await?;
        let last_sequence = store.last_sequence().await?;
        teller.done("payments and pretend bank", &kept(last_sequence), started.elapsed());
        let started = Instant::now();
        let places = places(&sockets, arguments.tls, shop_url)?;
        let app = assemble(&Ingredients {
            data: &data,
            pki: &pki,
            clock: &clock,
            store: &store,
            bank: &bank,
            sockets: &sockets,
            tls: arguments.tls,
            redirect: arguments.redirect.into(),
            last_sequence,
            lists: &store.trusted_lists().await?,
        })?;
        places.write(data.path())?;
        teller.done("listeners", &ports(&sockets)?, started.elapsed());
        let player = Player {
            operator_url: places.operator_url.clone(),
            ca_pem: pki.tls_ca().pem().to_owned(),
            language: "en".to_owned(),
        };
        Ok(Self { data, pki, clock, places, player, app, store, bank, sockets, psu_tls: arguments.tls })
    }

    /// Serves until `shutdown` is done, then drains and closes the files.
    ///
    /// # Errors
    ///
    /// If it cannot serve, or something of it died before it was asked to stop.
    pub(crate) async fn serve(self, shutdown: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
        let listeners = self.listeners()?;
        let (app, store, bank) = (self.app, self.store, self.bank);
        let ended = server::run(
            app,
            Listeners {
                tpp: Some(Listener::new(self.sockets.tpp, listeners.tpp)),
                psu: Some(Listener::new(self.sockets.psu, listeners.psu)),
                operator: Some(Listener::new(self.sockets.operator, None)),
                operator_extra: listeners.extra,
            },
            shutdown,
        )
        .await;
        store.close();
        bank.close();
        drop(self.data);
        Ok(ended?)
    }

    fn listeners(&self) -> anyhow::Result<Prepared> {
        let server = self.pki.server();
        let trust = self.app.trust.current();
        let tpp = tls::tpp_config(server.pem(), server.key_pem(), trust.anchors(eidas::Kind::Qwac))?;
        let tpp = TlsSource::new(tpp);
        let psu = tls::psu_config(server.pem(), server.key_pem())?;
        let source = SandboxTrust {
            app: self.app.clone(),
            store: self.store.clone(),
            authorities: self.pki.anchors()?,
            server: (server.pem().to_owned(), server.key_pem().to_owned()),
        };
        let reloader = Reloader::new(self.app.clone(), Box::new(source), Some(tpp.clone()), None);
        Ok(Prepared {
            tpp: Some(tpp),
            psu: self.psu_tls.then(|| TlsSource::new(psu)),
            extra: self.operator_routes()?.merge(reloading::router(Arc::new(reloader))),
        })
    }

    fn operator_routes(&self) -> anyhow::Result<Router> {
        let player = SandboxPlayer { app: self.app.clone(), player: self.player.clone() };
        let control = Control {
            app: self.app.clone(),
            clock: Arc::clone(&self.clock),
            player: Arc::new(player),
            bank: self.bank.clone(),
        };
        let phones = Phones { bank: self.bank.clone(), clock: self.clock.clone() };
        let secret = bank_secret(&self.data)?;
        let bank = bank_service::router(Arc::new(self.bank.clone()), &secret);
        let authority = RevocationService::new(&self.pki, self.clock.now())?;
        let authority = revocation_service::router(authority, self.app.clone());
        Ok(control::router(control).merge(phone::router(phones)).merge(authority).nest(BANK_PATH, bank))
    }
}

struct Prepared {
    tpp: Option<TlsSource>,
    psu: Option<TlsSource>,
    extra: Router,
}

impl Sockets {
    async fn bind(arguments: &SandboxArguments) -> anyhow::Result<Self> {
        let address = arguments.listen;
        Ok(Self {
            tpp: arguments.tpp_port.bind(address, USUAL_TPP_PORT).await?,
            psu: arguments.psu_port.bind(address, USUAL_PSU_PORT).await?,
            operator: arguments.operator_port.bind(address, USUAL_OPERATOR_PORT).await?,
        })
    }
}

fn port(socket: &TcpListener) -> anyhow::Result<u16> {
    Ok(socket.local_addr()?.port())
}

fn ports(sockets: &Sockets) -> anyhow::Result<String> {
    Ok(format!(
        "TPPs {}, customers {}, operator {}",
        port(&sockets.tpp)?,
        port(&sockets.psu)?,
        port(&sockets.operator)?
    ))
}

fn kept(last_sequence: u64) -> String {
    match last_sequence {
        0 => "opened, empty".to_owned(),
        1 => "opened, 1 payment from before".to_owned(),
        count => format!("opened, {count} payments from before"),
    }
}

/// Certificates are made and judged by the machine's clock: other programs verify them by theirs.
fn make_pki(
    data: &DataDir,
    arguments: &SandboxArguments,
    operator: SocketAddr,
    teller: &Story,
) -> anyhow::Result<TestPki> {
    let started = Instant::now();
    let is_new = !data.pki().join("ca.pem").exists();
    let hosts: Vec<String> = MEMBERS.iter().map(|member| institutions::host(member.code)).collect();
    let institutions = MEMBERS.map(|member| Institution { code: member.code, name: member.name });
    let options = PkiOptions {
        seal_key: seal_key(data, arguments.seal)?,
        revocation_at: Some(operator),
        ..PkiOptions::default()
    };
    let pki = TestPki::load_or_create(&data.pki(), SystemClock.now(), &hosts, &institutions, options)
        .context("the test certificates")?;
    let verb = if is_new { "made" } else { "found" };
    let detail =
        format!("{verb}: 2 authorities, {} bank seals, {} test TPPs", MEMBERS.len(), TEST_TPPS.len());
    teller.done("test certificates", &detail, started.elapsed());
    Ok(pki)
}

/// The kind of seal keys: what the directory has, since its records are sealed with them, else what is wished.
fn seal_key(data: &DataDir, wish: Option<SealKind>) -> anyhow::Result<KeyType> {
    let wished = wish.map(|wish| match wish {
        SealKind::P256 => KeyType::P256,
        SealKind::Rsa => KeyType::Rsa2048,
    });
    let [member, ..] = MEMBERS;
    let Ok(pem) = std::fs::read_to_string(data.pki().join(format!("seal-{}.pem", member.code))) else {
        return Ok(wished.unwrap_or(KeyType::P256));
    };
    let there = match eidas::Certificate::from_pem(&pem)?.public_key().kind() {
        eidas::KeyKind::Rsa { .. } => KeyType::Rsa2048,
        _ => KeyType::P256,
    };
    if wished.is_some_and(|wished| wished != there) {
        bail!(
            "what {} holds is sealed with keys of the other kind: leave --seal out, or choose another directory",
            data.path().display()
        );
    }
    Ok(there)
}

fn places(sockets: &Sockets, tls: bool, shop_url: Option<Url>) -> anyhow::Result<Places> {
    let (tpp_port, psu_port) = (port(&sockets.tpp)?, port(&sockets.psu)?);
    let bank = |member: &sandbox::bank::Member| {
        Ok(BankPlace {
            code: member.code.to_owned(),
            name: member.name.to_owned(),
            tpp_url: institutions::url("https", member.code, tpp_port)?,
            psu_url: institutions::url(psu_scheme(tls), member.code, psu_port)?,
        })
    };
    let banks: anyhow::Result<_> = MEMBERS.iter().map(bank).collect();
    let [tpp, ..] = TEST_TPPS;
    Ok(Places {
        operator_url: Url::parse(&format!("http://localhost:{}", port(&sockets.operator)?))?,
        shop_url,
        banks: banks?,
        tls_ca: PathBuf::from("pki/tls-ca.pem"),
        tpp: TppPlace::of(tpp.oid, tpp.name),
    })
}

fn psu_scheme(tls: bool) -> &'static str {
    if tls { "https" } else { "http" }
}

struct Ingredients<'a> {
    data: &'a DataDir,
    pki: &'a TestPki,
    clock: &'a Arc<SandboxClock>,
    store: &'a SqliteStore,
    bank: &'a SandboxBank,
    sockets: &'a Sockets,
    tls: bool,
    redirect: Redirect,
    last_sequence: u64,
    lists: &'a [TrustedList],
}

fn assemble(from: &Ingredients<'_>) -> anyhow::Result<App> {
    let secrets = Secrets::find_or_make(&from.data.secrets())?;
    let bank = Arc::new(from.bank.clone());
    let store: Arc<dyn Store> = Arc::new(from.store.clone());
    let (tpp_port, psu_port) = (port(&from.sockets.tpp)?, port(&from.sockets.psu)?);
    Ok(App::new(Parts {
        clock: from.clock.clone(),
        ids: Arc::new(SystemIds::after(from.last_sequence)),
        store,
        bank: bank.clone(),
        rail: bank.clone(),
        messenger: bank,
        counters: institutions::counters(from.pki, tpp_port, psu_scheme(from.tls), psu_port, from.redirect)?,
        trust: Live::new(trust_of(&from.pki.anchors()?, from.lists, from.clock.now())?),
        revocation: revocation()?,
        link_key: LinkKey::new(&secrets.link_key),
        code_key: CodeKey(secrets.code_key),
        psu_tls: from.tls,
        bank_timeout: BANK_TIMEOUT,
        tpp_pace: server::limits::TppPace::default(),
        bell: WorkBell::default(),
    }))
}

/// The test authority is on this machine, so it may be asked there; in production it would not.
fn revocation() -> anyhow::Result<Revocation> {
    let config = revocation::Config { allow_private_addresses: true, ..revocation::Config::default() };
    let fetch = HttpFetch::new(config.allow_private_addresses)?;
    Ok(Revocation::new(config, Arc::new(fetch))?)
}

/// The secret under which the pretend bank answers as a real one would, so that `guichet serve` can be tried.
fn bank_secret(data: &DataDir) -> anyhow::Result<String> {
    let path = data.path().join("bank.secret");
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        _ => {
            let secret = random::hex::<32>();
            write_whole(&path, &format!("{secret}\n")).context("cannot write bank.secret")?;
            Ok(secret)
        }
    }
}
