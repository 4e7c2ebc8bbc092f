//! The store of a bank or a sandbox, opened beside the server that may be running on it.
//!
//! What these commands change is in the store, so a running server acts on it at the next request.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, ensure};
use clap::Args;
use eidas::Anchors;
use jiff::Timestamp;
use payments::{
    institution::RevocationPolicy,
    ports::TrustStore as _,
    values::{InstitutionCode, TppId},
};
use sandbox::{clock::SandboxClock, pki::TEST_TPPS};
use server::{
    app::{Clock as _, SystemClock},
    revocation::{NoFetch, Revocation},
    trust::Trust,
};
use store::SqliteStore;

use crate::{
    data_dir,
    serve::{self, Config},
};

/// Whose store is meant.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct KeptArguments {
    /// Configuration file of a bank: its store
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Data directory of a sandbox
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

impl KeptArguments {
    /// Opens the store that is meant. It must be there.
    ///
    /// # Errors
    ///
    /// If there is none, or it cannot be opened.
    pub(crate) fn open(&self) -> anyhow::Result<SqliteStore> {
        let path = self.path()?;
        // Opening would make an empty one.
        ensure!(path.is_file(), "there is no store at {}", path.display());
        SqliteStore::open(&path).context("the store")
    }

    /// The time as the server tells it: that of a sandbox's test clock, or the machine's.
    ///
    /// # Errors
    ///
    /// If the file of the test clock cannot be read.
    pub(crate) fn now(&self) -> anyhow::Result<Timestamp> {
        match &self.data {
            Some(data) => Ok(SandboxClock::open(&data_dir::clock_in(data))?.now()),
            None => Ok(SystemClock.now()),
        }
    }

    /// Whom the server trusts: the files that its configuration names, or the sandbox's own authority; and the
    /// trusted lists in `store`.
    ///
    /// # Errors
    ///
    /// The first that cannot be used.
    pub(crate) async fn trust(&self, store: &SqliteStore) -> anyhow::Result<Trust> {
        let lists = store.trusted_lists().await.context("the trusted lists in the store")?;
        if let Some(config) = &self.config {
            return serve::trust_of(&Config::read(config)?, &lists);
        }
        let path = data_dir::pki_in(self.data.as_deref().context("give --config or --data")?).join("ca.pem");
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        crate::sandbox::trust_of(&Anchors::from_pem(&text)?, &lists, self.now()?)
    }

    /// What the files that a configuration names say of revocation: a directory of lists and the deny list.
    /// Nobody is asked.
    ///
    /// # Errors
    ///
    /// If they cannot be used.
    pub(crate) fn revocation_files(&self) -> anyhow::Result<Option<Revocation>> {
        let Some(config) = &self.config else {
            return Ok(None);
        };
        let config = Config::read(config)?.trust.revocation;
        if config.directory.is_none() {
            return Ok(None);
        }
        let quiet = server::revocation::Config { fetch: false, ..config };
        Revocation::new(quiet, Arc::new(NoFetch)).context("in trust.revocation").map(Some)
    }

    /// What each institution of a configuration does while nobody can say whether a certificate is revoked.
    ///
    /// # Errors
    ///
    /// If the configuration cannot be read.
    pub(crate) fn revocation_policies(&self) -> anyhow::Result<Vec<(InstitutionCode, RevocationPolicy)>> {
        let Some(config) = &self.config else {
            return Ok(Vec::new());
        };
        let institutions = Config::read(config)?.institutions.into_iter();
        Ok(institutions.map(|one| (one.code, one.settings.revocation)).collect())
    }

    /// Whether it is a sandbox's store.
    pub(crate) fn is_sandbox(&self) -> bool {
        self.data.is_some()
    }

    /// Who registers this client id at every start, if somebody does.
    ///
    /// # Errors
    ///
    /// If the configuration cannot be read.
    pub(crate) fn registrar_of(&self, id: &TppId) -> anyhow::Result<Option<&'static str>> {
        let Some(config) = &self.config else {
            let is_ours = TEST_TPPS.iter().any(|tpp| tpp.oid == id.as_str());
            return Ok(is_ours.then_some("the sandbox itself"));
        };
        let names_it = Config::read(config)?.tpps.iter().any(|tpp| tpp.client_id == *id);
        Ok(names_it.then_some("the configuration file"))
    }

    fn path(&self) -> anyhow::Result<PathBuf> {
        match (&self.config, &self.data) {
            (Some(config), _) => Ok(Config::read(config)?.store.path),
            (None, Some(data)) => Ok(data_dir::store_in(data)),
            (None, None) => anyhow::bail!("give --config or --data"),
        }
    }
}

/// The account on this machine of whoever runs this command, for a history: behind `sudo` that of the person.
/// It is what the environment says, so it tells colleagues apart and proves nothing.
pub(crate) fn operator() -> Option<String> {
    account(|name| std::env::var(name).ok())
}

fn account(read: impl Fn(&str) -> Option<String>) -> Option<String> {
    let told = ["SUDO_USER", "USER", "LOGNAME"].into_iter().filter_map(read);
    told.map(|name| name.trim().chars().take(64).collect::<String>()).find(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_is_who_stands_behind_sudo() {
        type Row<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);
        let table: [Row<'_>; 5] = [
            (&[("SUDO_USER", "berta"), ("USER", "root")], Some("berta")),
            (&[("SUDO_USER", " "), ("USER", "root")], Some("root")),
            (&[("USER", "anton"), ("LOGNAME", "x")], Some("anton")),
            (&[("LOGNAME", "anton")], Some("anton")),
            (&[], None),
        ];
        for (environment, expected) in table {
            let read = |asked: &str| {
                let found = environment.iter().find(|(name, _)| *name == asked);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(account(read).as_deref(), expected, "{environment:?}");
        }
    }
}
