//! Certificates and keys on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::{CertifiedKey, PkiError};

const OWNER_ONLY: u32 = 0o600;
const READABLE: u32 = 0o644;

/// Makes a directory, and those above it, that only its owner can enter.
pub(super) fn create_dir(dir: &Path) -> Result<(), PkiError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|source| io_error(dir, source))
}

/// Reads `stem.pem` and `stem.key`; nothing if one is missing or they do not belong together.
pub(super) fn load(stem: &Path) -> Result<Option<CertifiedKey>, PkiError> {
    let pem = read(&certificate_path(stem))?;
    let key = read(&key_path(stem))?;
    Ok(pem.zip(key).and_then(|(pem, key)| CertifiedKey::read(pem, key)))
}

/// Writes `stem.key`, then `stem.pem`: a crash in between leaves a pair that does not belong together.
pub(super) fn save(stem: &Path, made: &CertifiedKey) -> Result<(), PkiError> {
    write(&key_path(stem), made.key_pem(), OWNER_ONLY)?;
    write(&certificate_path(stem), made.pem(), READABLE)
}

/// Adds a certificate that is about to be replaced to `stem-earlier.pem`.
pub(super) fn keep_earlier(stem: &Path, pem: &str) -> Result<(), PkiError> {
    let kept = earlier(stem)?;
    if kept.contains(pem.trim()) {
        return Ok(());
    }
    write(&earlier_path(stem), &format!("{kept}{}\n", pem.trim()), READABLE)
}

/// The certificates in `stem-earlier.pem`; empty if there are none.
pub(super) fn earlier(stem: &Path) -> Result<String, PkiError> {
    Ok(read(&earlier_path(stem))?.unwrap_or_default())
}

fn earlier_path(stem: &Path) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push("-earlier.pem");
    PathBuf::from(name)
}

fn certificate_path(stem: &Path) -> PathBuf {
    stem.with_added_extension("pem")
}

fn key_path(stem: &Path) -> PathBuf {
    stem.with_added_extension("key")
}

fn read(path: &Path) -> Result<Option<String>, PkiError> {
    match fs::read(path) {
        // Bytes that are no text are damage, and made again like any other.
        Ok(bytes) => Ok(String::from_utf8(bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(io_error(path, source)),
    }
}

/// Writes a file that is there whole or not at all, whenever the process or the machine stops.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), PkiError> {
    let unfinished = path.with_added_extension("tmp");
    let written = remove(&unfinished)
        .and_then(|()| write_new(&unfinished, text, mode))
        .and_then(|()| fs::rename(&unfinished, path))
        .and_then(|()| path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all()));
    written.map_err(|source| io_error(path, source))
}

fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// What a start that did not come to its end may have left.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn io_error(path: &Path, source: io::Error) -> PkiError {
    PkiError::Io { path: path.display().to_string(), source }
}
