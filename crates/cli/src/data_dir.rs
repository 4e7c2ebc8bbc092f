//! A sandbox's data directory.
//!
//! ```text
//! guichet-data/
//!   lock            held while a server runs on the directory
//!   sandbox.json    where the running server is reached
//!   pki/            certificates and keys
//!   guichet.sqlite  payments, journals, seals, TPPs
//!   bank.sqlite     the pretend bank
//!   secrets         keys of links and codes
//!   clock           how far the test clock is ahead
//! ```

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

/// The store in the data directory at `path`, whoever is using it.
pub(crate) fn store_in(path: &Path) -> PathBuf {
    path.join("guichet.sqlite")
}

/// The test clock in the data directory at `path`.
pub(crate) fn clock_in(path: &Path) -> PathBuf {
    path.join("clock")
}

/// The certificates and keys in the data directory at `path`.
pub(crate) fn pki_in(path: &Path) -> PathBuf {
    path.join("pki")
}

/// A data directory that nobody else is using while this value lives.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// The system lets go of the lock when the process ends, however it ends.
    _lock: File,
}

impl DataDir {
    /// Takes a data directory, making it if need be.
    ///
    /// # Errors
    ///
    /// If somebody else is using it, or the system refuses.
    pub(crate) fn take(path: &Path) -> anyhow::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("cannot make the data directory {}", path.display()))?;
        Self::lock(path)
    }

    /// Takes a data directory that must be there.
    ///
    /// # Errors
    ///
    /// If it is not there or somebody else is using it.
    pub(crate) fn take_existing(path: &Path) -> anyhow::Result<Self> {
        if !store_in(path).is_file() {
            bail!("{} is not the data directory of a sandbox", path.display());
        }
        Self::lock(path)
    }

    fn lock(path: &Path) -> anyhow::Result<Self> {
        let lock_path = path.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&lock_path)
            .with_context(|| format!("cannot open {}", lock_path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "another guichet is running on {}: stop it first, or choose another directory with --data",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).context(format!("cannot lock {}", lock_path.display()))
            }
        }
    }

    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Certificates and keys.
    pub(crate) fn pki(&self) -> PathBuf {
        pki_in(&self.path)
    }

    /// Payments, journals, seals, TPPs.
    pub(crate) fn store(&self) -> PathBuf {
        store_in(&self.path)
    }

    /// The pretend bank.
    pub(crate) fn bank(&self) -> PathBuf {
        self.path.join("bank.sqlite")
    }

    /// Keys of links and codes.
    pub(crate) fn secrets(&self) -> PathBuf {
        self.path.join("secrets")
    }

    /// How far the test clock is ahead.
    pub(crate) fn clock(&self) -> PathBuf {
        clock_in(&self.path)
    }
}

/// Writes a file that is there whole or not at all, readable by its owner only.
///
/// # Errors
///
/// The system's.
pub(crate) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_added_extension("tmp");
    let mut file =
        OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_serves_one_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b");
        let first = DataDir::take(&path).unwrap();
        let refused = DataDir::take(&path).unwrap_err().to_string();
        assert!(refused.contains("another guichet is running"), "{refused}");
        drop(first);
        DataDir::take(&path).unwrap();
    }

    #[test]
    fn an_audit_makes_no_directory() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("missing");
        assert!(DataDir::take_existing(&path).is_err());
        assert!(!path.exists());
    }
}
