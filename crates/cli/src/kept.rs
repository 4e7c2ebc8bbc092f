//! The store of a bank or a sandbox, opened beside the server that may be running on it.
//!
//! What these commands change is in the store, so a running server acts on it at the next request.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Args;
use store::SqliteStore;

use crate::{data_dir, serve::Config};

/// Whose store is meant.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct KeptArguments {
    /// Configuration file of a bank: its store
    #[arg(long, value_name = "FILE", env = "GUICHET_CONFIG")]
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

    fn path(&self) -> anyhow::Result<PathBuf> {
        match (&self.config, &self.data) {
            (Some(config), _) => Ok(Config::read(config)?.store.path),
            (None, Some(data)) => Ok(data_dir::store_in(data)),
            (None, None) => anyhow::bail!("give --config or --data"),
        }
    }
}
