//! The configuration file, read again while the server runs on it.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use server::reload::{Fresh, NotReloaded, Source};
use store::SqliteStore;

use super::{Config, parts};

/// The file that the server was started with, and what it said then.
pub(super) struct ConfigFile {
    pub(super) path: PathBuf,
    pub(super) store: Arc<SqliteStore>,
    pub(super) running: Config,
}

#[async_trait]
impl Source for ConfigFile {
    async fn read(&self) -> Result<Fresh, NotReloaded> {
        self.read_all().await.map_err(|error| NotReloaded(format!("{error:#}")))
    }
}

impl ConfigFile {
    async fn read_all(&self) -> anyhow::Result<Fresh> {
        let mut config = Config::read(&self.path)?;
        let notes = config.notes_after(&self.running);
        // A restart changes where revocation is asked about; until then the files are those of before.
        config.trust.revocation = self.running.trust.revocation.clone();
        let checked = parts::check(&config, &parts::lists_of(&self.store).await?)?;
        Ok(checked.fresh(&config, notes))
    }
}
