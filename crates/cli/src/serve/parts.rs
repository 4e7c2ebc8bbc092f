//! Everything a configuration names, read and put together.

use std::{fs, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use eidas::{Anchors, Certificate, Reading};
use payments::{
    institution::CertificateReading,
    ports::{PaymentStore as _, TrustStore as _},
    registry::configure,
    tpp::{ChainCertificate, Details, GrantType, Kind, SealCertificate, Tpp},
    trusted_list::TrustedList,
};
use rustls::{ServerConfig, pki_types::CertificateDer};
use server::{
    App, Counter, Counters, Listener, Parts, TlsSource,
    app::{Clock as _, SystemClock, SystemIds, WorkBell},
    bank_seal::BankSeal,
    connector::HttpBank,
    link::LinkKey,
    reload::Fresh,
    revocation::{HttpFetch, Revocation, Sources, load_directory},
    tls::{self, InvalidTls},
    trust::{Gathered, ListInForce, Live, Trust, Uses},
};
use store::SqliteStore;
use tokio::net::TcpListener;

use super::config::{self, Config, OperatorListener, TlsListener};
use crate::{cert, secrets::Secrets};

/// What the files say, once they have been read.
pub(super) struct Checked {
    pub(super) tpp_tls: Option<ServerConfig>,
    pub(super) psu_tls: Option<ServerConfig>,
    trust: Trust,
    revocation: Revocation,
    revocation_sources: Sources,
    seals: Vec<BankSeal>,
    tpps: Vec<Tpp>,
    /// What is no error and probably not meant.
    pub(super) warnings: Vec<String>,
    bank: Arc<HttpBank>,
}

impl Checked {
    /// In a few words.
    pub(super) fn summary(&self) -> String {
        format!(
            "{} institution(s), {} TPP(s), {} trust anchor(s)",
            self.seals.len(),
            self.tpps.len(),
            self.trust.origins().len()
        )
    }

    /// What a reload puts in place.
    pub(super) fn fresh(self, config: &Config, mut notes: Vec<String>) -> Fresh {
        notes.extend(self.warnings);
        Fresh {
            trust: self.trust,
            counters: counters(config, self.seals).into_iter().map(Arc::new).collect(),
            tpp_tls: self.tpp_tls,
            psu_tls: self.psu_tls,
            tpps: self.tpps,
            revocation: self.revocation_sources,
            notes,
        }
    }
}

/// The trusted lists that were imported into the store of a running server.
///
/// # Errors
///
/// If they cannot be read.
pub(super) async fn lists_of(store: &SqliteStore) -> anyhow::Result<Vec<TrustedList>> {
    store.trusted_lists().await.context("the trusted lists in the store")
}

/// The trusted lists in the store, if there is one yet.
///
/// # Errors
///
/// If there is a store and it cannot be read.
pub(super) async fn lists_at_rest(config: &Config) -> anyhow::Result<Vec<TrustedList>> {
    // Opening would make an empty one.
    if !config.store.path.is_file() {
        return Ok(Vec::new());
    }
    let store = SqliteStore::open(&config.store.path).context("the store")?;
    let lists = lists_of(&store).await;
    store.close();
    lists
}

/// Reads every file that the configuration names, and makes none.
///
/// # Errors
///
/// The first that cannot be used, by name.
pub(super) fn check(config: &Config, lists: &[TrustedList]) -> anyhow::Result<Checked> {
    let trust = trust_of(config, lists)?;
    if trust.origins().is_empty() {
        bail!("nobody is trusted: trust.anchors is empty and no trusted list was imported");
    }
    warn_of_overdue(&trust, SystemClock.now());
    let (tpp, psu) = (config.listen.tpp.as_ref(), config.listen.psu.as_ref());
    let tpp_tls = tls_of(tpp, |chain, key| tls::tpp_config(chain, key, trust.anchors(eidas::Kind::Qwac)));
    let psu_tls = tls_of(psu, tls::psu_config);
    let tpps = config.tpps.iter().map(registration).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Checked {
        warnings: idle_seals(config, &tpps, &trust),
        tpp_tls: tpp_tls.context("in listen.tpp")?,
        psu_tls: psu_tls.context("in listen.psu")?,
        revocation: revocation_of(config)?,
        revocation_sources: revocation_sources_of(config)?,
        trust,
        seals: config.institutions.iter().map(seal_of).collect::<anyhow::Result<_>>()?,
        tpps,
        bank: Arc::new(bank_of(config)?),
    })
}

/// Tells the log which trusted lists are out of date. They count still: that a file was not fetched is no
/// reason to turn every TPP of a country away.
fn warn_of_overdue(trust: &Trust, now: jiff::Timestamp) {
    for list in trust.lists().iter().filter(|list| list.is_overdue(now)) {
        let (territory, due) = (&list.territory, list.next_update.map(|due| due.to_string()));
        tracing::warn!(
            %territory,
            due = due.unwrap_or_default(),
            "a trusted list is overdue and trusted still: import its current issue"
        );
    }
}

/// Adds the authorities whose services are granted at `now`, each for what its list says.
///
/// # Errors
///
/// If one of them cannot be read.
pub(crate) fn trust_lists(
    gathered: &mut Gathered,
    lists: &[TrustedList],
    now: jiff::Timestamp,
) -> anyhow::Result<()> {
    for list in lists {
        let in_force = ListInForce { territory: list.territory.clone(), next_update: list.next_update };
        gathered.add_list(in_force);
        for authority in list.granted_at(now) {
            let uses = Uses { websites: authority.for_websites, seals: authority.for_seals };
            let source = format!("trusted list {} no. {}", list.territory, list.sequence_number);
            gathered.add(&authority.der, uses, source, Some(list.imported_at))?;
        }
    }
    Ok(())
}

/// Seal certificates of the file that sign nothing today: no error, since one may be there for tomorrow.
fn idle_seals(config: &Config, tpps: &[Tpp], trust: &Trust) -> Vec<String> {
    let lenient = |institution: &config::Institution| {
        institution.settings.certificate_reading == CertificateReading::Lenient
    };
    let reading = if config.institutions.iter().any(lenient) { Reading::Lenient } else { Reading::Strict };
    let now = SystemClock.now();
    let mut idle = Vec::new();
    for tpp in tpps {
        for (nth, seal) in (1..).zip(&tpp.seal_certificates) {
            if let Err(rule) = signs(seal, trust, reading, now) {
                idle.push(format!("TPP {}: seal certificate {nth} signs nothing: {rule}", tpp.id));
            }
        }
    }
    idle
}

fn signs(
    seal: &SealCertificate,
    trust: &Trust,
    reading: Reading,
    now: jiff::Timestamp,
) -> Result<(), String> {
    let certificate = Certificate::parse(&seal.der).map_err(|error| error.to_string())?;
    eidas::judge(&certificate, eidas::Kind::Qseal, reading, now).map_err(|defect| defect.to_string())?;
    let chain: Vec<_> =
        seal.chain.iter().map(|ChainCertificate(der)| CertificateDer::from(der.clone())).collect();
    let path = trust.anchors(eidas::Kind::Qseal).verify_chain(&certificate, &chain, now);
    path.map_err(|untrusted| untrusted.to_string())
}

/// TLS of a listener, if it ends there.
fn tls_of(
    listener: Option<&TlsListener>,
    make: impl FnOnce(&str, &str) -> Result<ServerConfig, InvalidTls>,
) -> anyhow::Result<Option<ServerConfig>> {
    let Some((chain, key)) = listener.and_then(TlsListener::identity) else {
        return Ok(None);
    };
    let named = || format!("{} with {}", chain.display(), key.display());
    make(&text(chain)?, &text(key)?).with_context(named).map(Some)
}

/// The authorities of the configured files and of the trusted lists, each with where it comes from.
///
/// # Errors
///
/// The first that cannot be read, or cannot serve as anchor.
pub(crate) fn trust_of(config: &Config, lists: &[TrustedList]) -> anyhow::Result<Trust> {
    let mut gathered = Gathered::default();
    for path in &config.trust.anchors {
        let named = || format!("in {}", path.display());
        let found = certificates(path)?.into_iter().map(|authority| authority.der().clone());
        let found = Anchors::from_ders(found).with_context(named)?;
        for der in found.ders() {
            gathered.add(der, Uses { websites: true, seals: true }, path.display().to_string(), None)?;
        }
    }
    trust_lists(&mut gathered, lists, SystemClock.now())?;
    for path in &config.trust.intermediates {
        let found = certificates(path)?;
        gathered.add_intermediates(found.iter().map(|authority| authority.der().clone()));
    }
    Ok(gathered.trust()?)
}

/// An institution's seal, from the files that the configuration names.
///
/// # Errors
///
/// If they cannot be used.
pub(crate) fn seal_of(institution: &config::Institution) -> anyhow::Result<BankSeal> {
    let named = || format!("the seal of institution {}", institution.code);
    let (key, certificate) = (text(&institution.seal.key)?, text(&institution.seal.certificate)?);
    let mut seal = BankSeal::from_pem(&key, &certificate).with_context(named)?;
    for earlier in &institution.seal.earlier_certificates {
        seal = seal.with_earlier(&text(earlier)?).with_context(named)?;
    }
    Ok(seal)
}

/// A TPP as the file registers it.
fn registration(tpp: &config::Tpp) -> anyhow::Result<Tpp> {
    let organization_identifier = tpp.organization_identifier.as_deref();
    let seal_certificates = tpp.seal_certificates.iter().map(|path| {
        let all = certificates(path)?;
        let mut ders = all.iter().map(|certificate| certificate.der().to_vec());
        let der = ders.next().with_context(|| format!("{} has no certificate", path.display()))?;
        Ok(SealCertificate::new(None, der, ders))
    });
    Ok(Tpp {
        id: tpp.client_id.clone(),
        organization_identifier: organization_identifier.unwrap_or(tpp.client_id.as_str()).to_owned(),
        name: tpp.name.clone(),
        kind: Kind::Tpp,
        licence: tpp.licence,
        suspension: None,
        scope_pisp: true,
        grant_types: vec![GrantType::ClientCredentials, GrantType::AuthorizationCode],
        redirect_uris: tpp.redirect_uris.clone(),
        seal_certificates: seal_certificates.collect::<anyhow::Result<_>>()?,
        signature_policy: tpp.signature_policy,
        details: Details::default(),
        created_at: SystemClock.now(),
    })
}

fn revocation_of(config: &Config) -> anyhow::Result<Revocation> {
    let revocation = config.trust.revocation.clone();
    let fetch = HttpFetch::new(revocation.allow_private_addresses)?;
    Revocation::new(revocation, Arc::new(fetch)).context("in trust.revocation")
}

fn revocation_sources_of(config: &Config) -> anyhow::Result<Sources> {
    let directory = config.trust.revocation.directory.as_deref();
    Ok(directory.map(load_directory).transpose().context("in trust.revocation")?.unwrap_or_default())
}

fn bank_of(config: &Config) -> anyhow::Result<HttpBank> {
    let bank = &config.bank;
    let secret = text(&bank.secret_file)?;
    if secret.trim().is_empty() {
        bail!("{} is empty", bank.secret_file.display());
    }
    let authority = bank.authority.as_deref().map(text).transpose()?;
    let timeout = Duration::from_millis(bank.timeout_ms);
    HttpBank::new(&bank.url, &secret, authority.as_deref().map(str::as_bytes), timeout).context("in bank")
}

/// Every certificate of a file, PEM or DER.
fn certificates(path: &Path) -> anyhow::Result<Vec<Certificate>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    cert::all_of(&bytes).with_context(|| format!("in {}", path.display()))
}

fn text(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    String::from_utf8(bytes).ok().with_context(|| format!("{} is not PEM, nor any text", path.display()))
}

/// Registers the TPPs and puts the server together.
///
/// # Errors
///
/// If the store or the secrets cannot be used.
pub(super) async fn assemble(
    config: &Config,
    checked: Checked,
    store: Arc<SqliteStore>,
) -> anyhow::Result<App> {
    let secrets = Secrets::find_or_make(&config.secrets_file)?;
    for tpp in checked.tpps {
        configure(store.as_ref(), tpp, SystemClock.now()).await?;
    }
    let last_sequence = store.last_sequence().await?;
    let bank = checked.bank;
    Ok(App::new(Parts {
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds::after(last_sequence)),
        store,
        bank: bank.clone(),
        rail: bank.clone(),
        messenger: bank,
        counters: Counters::new(counters(config, checked.seals)),
        trust: Live::new(checked.trust),
        revocation: checked.revocation,
        link_key: LinkKey::new(&secrets.link_key),
        code_key: payments::sca::CodeKey(secrets.code_key),
        psu_tls: true,
        bank_timeout: Duration::from_millis(config.bank.timeout_ms),
        tpp_pace: server::limits::TppPace::default(),
        bell: WorkBell::default(),
    }))
}

fn counters(config: &Config, seals: Vec<BankSeal>) -> Vec<Counter> {
    let counter = |(institution, seal): (&config::Institution, BankSeal)| Counter {
        institution: payments::institution::Institution {
            code: institution.code.clone(),
            name: institution.name.clone(),
            bic: institution.bic.clone(),
            hosts: institution.hosts.clone(),
            products: institution.products.by_version(),
            settings: institution.settings.clone(),
        },
        seal,
        psu_url: config::base_of(&institution.psu_url),
        tpp_url: config::base_of(&institution.tpp_url),
    };
    config.institutions.iter().zip(seals).map(counter).collect()
}

/// Binds a listener with TLS.
///
/// # Errors
///
/// If the address cannot be listened on.
pub(super) async fn listener(
    wanted: Option<&TlsListener>,
    tls: Option<TlsSource>,
) -> anyhow::Result<Option<Listener>> {
    let Some(wanted) = wanted else {
        return Ok(None);
    };
    let socket = bind(wanted.address).await?;
    Ok(Some(Listener { socket, tls, limits: wanted.limits.clone(), proxy: wanted.proxy.clone() }))
}

/// Binds the operator's listener.
///
/// # Errors
///
/// If the address cannot be listened on.
pub(super) async fn operator(wanted: Option<&OperatorListener>) -> anyhow::Result<Option<Listener>> {
    let Some(wanted) = wanted else {
        return Ok(None);
    };
    Ok(Some(Listener::new(bind(wanted.address).await?, None)))
}

async fn bind(address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}
