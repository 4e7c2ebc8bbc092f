//! Everything a configuration names, read and put together.

use std::{fs, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use eidas::{Anchors, Certificate};
use payments::{
    registry::configure,
    tpp::{Details, GrantType, Kind, SealCertificate, Tpp},
};
use server::{
    App, Counter, Counters, Listener, Parts, TlsSource,
    app::{Clock as _, SystemClock, SystemIds, WorkBell},
    bank_seal::BankSeal,
    connector::HttpBank,
    link::LinkKey,
    tls,
    trust::{AnchorOrigin, Live, Trust},
};
use store::SqliteStore;
use tokio::net::TcpListener;

use super::config::{self, Config, OperatorListener, TlsListener};
use crate::secrets::Secrets;

/// What the files say, once they have been read.
pub(super) struct Checked {
    /// TLS for TPPs.
    pub(super) tpp_tls: Option<TlsSource>,
    /// TLS for PSUs.
    pub(super) psu_tls: Option<TlsSource>,
    trust: Trust,
    seals: Vec<BankSeal>,
    seal_certificates: Vec<Vec<SealCertificate>>,
    bank: Arc<HttpBank>,
}

impl Checked {
    /// In a few words.
    pub(super) fn summary(&self) -> String {
        format!(
            "{} institution(s), {} TPP(s), {} trust anchor(s)",
            self.seals.len(),
            self.seal_certificates.len(),
            self.trust.origins().len()
        )
    }
}

/// Reads every file that the configuration names, and makes none.
///
/// # Errors
///
/// The first that cannot be used, by name.
pub(super) fn check(config: &Config) -> anyhow::Result<Checked> {
    let trust = trust_of(config)?;
    let tpp_tls = config.listen.tpp.as_ref().map(|listener| {
        let (chain, key) = (text(&listener.certificate)?, text(&listener.key)?);
        tls::tpp_config(&chain, &key, trust.anchors()).context("in listen.tpp")
    });
    let psu_tls = config.listen.psu.as_ref().map(|listener| {
        let (chain, key) = (text(&listener.certificate)?, text(&listener.key)?);
        tls::psu_config(&chain, &key).context("in listen.psu")
    });
    let seals = config.institutions.iter().map(seal_of).collect::<anyhow::Result<_>>()?;
    let seal_certificates = config.tpps.iter().map(seal_certificates_of).collect::<anyhow::Result<_>>()?;
    Ok(Checked {
        tpp_tls: tpp_tls.transpose()?.map(TlsSource::new),
        psu_tls: psu_tls.transpose()?.map(TlsSource::new),
        trust,
        seals,
        seal_certificates,
        bank: Arc::new(bank_of(config)?),
    })
}

fn trust_of(config: &Config) -> anyhow::Result<Trust> {
    let (mut ders, mut origins) = (Vec::new(), Vec::new());
    for path in &config.trust.anchors {
        let found = Anchors::from_pem(&text(path)?).with_context(|| format!("in {}", path.display()))?;
        for der in found.ders() {
            origins.push(AnchorOrigin::of(der, path.display().to_string(), None)?);
            ders.push(der.clone());
        }
    }
    Ok(Trust::new(Anchors::from_ders(ders)?, origins))
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

fn seal_certificates_of(tpp: &config::Tpp) -> anyhow::Result<Vec<SealCertificate>> {
    let read = |path: &std::path::PathBuf| {
        let certificate =
            Certificate::from_pem(&text(path)?).with_context(|| format!("in {}", path.display()))?;
        Ok(SealCertificate { kid: None, der: certificate.der().to_vec() })
    };
    tpp.seal_certificates.iter().map(read).collect()
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

fn text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Opens the store, registers the TPPs, and puts the server together.
///
/// # Errors
///
/// If the store or the secrets cannot be used.
pub(super) async fn assemble(config: &Config, checked: Checked) -> anyhow::Result<App> {
    let store = Arc::new(SqliteStore::open(&config.store.path).context("the store")?);
    let secrets = Secrets::find_or_make(&config.secrets_file)?;
    register(config, checked.seal_certificates, store.as_ref()).await?;
    let counters = config.institutions.iter().zip(checked.seals).map(counter).collect();
    let last_sequence = payments::ports::PaymentStore::last_sequence(store.as_ref()).await?;
    let bank = checked.bank;
    Ok(App::new(Parts {
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds::after(last_sequence)),
        store,
        bank: bank.clone(),
        rail: bank.clone(),
        messenger: bank,
        counters: Counters::new(counters),
        trust: Live::new(checked.trust),
        revocation: server::revocation::Revocation::none(),
        link_key: LinkKey::new(&secrets.link_key),
        code_key: payments::sca::CodeKey(secrets.code_key),
        psu_tls: true,
        bank_timeout: Duration::from_millis(config.bank.timeout_ms),
        bell: WorkBell::default(),
    }))
}

async fn register(
    config: &Config,
    seal_certificates: Vec<Vec<SealCertificate>>,
    store: &SqliteStore,
) -> anyhow::Result<()> {
    let now = SystemClock.now();
    for (tpp, seal_certificates) in config.tpps.iter().zip(seal_certificates) {
        let organization_identifier = tpp.organization_identifier.as_deref();
        let registered = Tpp {
            id: tpp.client_id.clone(),
            organization_identifier: organization_identifier.unwrap_or(tpp.client_id.as_str()).to_owned(),
            name: tpp.name.clone(),
            kind: Kind::Tpp,
            licence: tpp.licence,
            suspension: None,
            scope_pisp: true,
            grant_types: vec![GrantType::ClientCredentials],
            redirect_uris: tpp.redirect_uris.clone(),
            seal_certificates,
            signature_policy: tpp.signature_policy,
            details: Details::default(),
            created_at: now,
        };
        configure(store, registered, now).await?;
    }
    Ok(())
}

fn counter((institution, seal): (&config::Institution, BankSeal)) -> Counter {
    Counter {
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
    }
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
    let (Some(wanted), Some(tls)) = (wanted, tls) else {
        return Ok(None);
    };
    Ok(Some(Listener::new(bind(wanted.address).await?, Some(tls))))
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
