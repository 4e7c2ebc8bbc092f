//! Trust of a sandbox, read again while it runs: its own authority and the trusted lists that were imported.

use anyhow::Context as _;
use async_trait::async_trait;
use payments::{ports::TrustStore as _, trusted_list::TrustedList};
use server::{
    App,
    reload::{Fresh, NotReloaded, Source},
    revocation::Sources,
    tls,
    trust::{Gathered, Trust, Uses},
};
use store::SqliteStore;

use crate::serve::trust_lists;

/// Where a sandbox's trust comes from.
pub(super) struct SandboxTrust {
    pub(super) app: App,
    pub(super) store: SqliteStore,
    pub(super) authorities: eidas::Anchors,
    /// Server certificate and key, PEM.
    pub(super) server: (String, String),
}

#[async_trait]
impl Source for SandboxTrust {
    async fn read(&self) -> Result<Fresh, NotReloaded> {
        self.read_all().await.map_err(|error| NotReloaded(format!("{error:#}")))
    }
}

impl SandboxTrust {
    async fn read_all(&self) -> anyhow::Result<Fresh> {
        let lists = self.store.trusted_lists().await.context("the trusted lists in the store")?;
        let trust = trust_of(&self.authorities, &lists, self.app.now())?;
        let (chain, key) = &self.server;
        Ok(Fresh {
            tpp_tls: Some(tls::tpp_config(chain, key, trust.anchors(eidas::Kind::Qwac))?),
            trust,
            counters: self.app.counters.all().to_vec(),
            psu_tls: None,
            tpps: Vec::new(),
            revocation: Sources::default(),
            notes: Vec::new(),
        })
    }
}

/// The sandbox's own authority is trusted, and those of the lists that were imported into it.
///
/// # Errors
///
/// If one of them cannot serve as anchor.
pub(crate) fn trust_of(
    authorities: &eidas::Anchors,
    lists: &[TrustedList],
    now: jiff::Timestamp,
) -> anyhow::Result<Trust> {
    let mut gathered = Gathered::default();
    for der in authorities.ders() {
        gathered.add(der, Uses { websites: true, seals: true }, "the sandbox", None)?;
    }
    trust_lists(&mut gathered, lists, now)?;
    Ok(gathered.trust()?)
}
