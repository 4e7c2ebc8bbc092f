//! Files of certificates: PEM or DER, bounded before they are read.

use std::{
    fs::File,
    io::{Read, stdin},
    path::Path,
};

use anyhow::{Context as _, ensure};
use eidas::{Certificate, InvalidCertificate};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

/// Largest file read, in bytes: a certificate with its chain has ten thousand.
const MAX_FILE: u64 = 256 * 1024;

/// What is in a file, or in standard input for `-`.
///
/// # Errors
///
/// If it cannot be read, or is too large.
pub(crate) fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let named = || format!("cannot read {}", path.display());
    if path == Path::new("-") {
        return bounded(stdin().lock()).with_context(named);
    }
    bounded(File::open(path).with_context(named)?).with_context(named)
}

fn bounded(from: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    ensure!(bytes.len() as u64 <= MAX_FILE, "it is larger than 256 KiB");
    Ok(bytes)
}

/// The certificates of a file as DER, in its order: every PEM block, or the whole as one if there is none.
pub(crate) fn ders_of(bytes: &[u8]) -> Vec<CertificateDer<'static>> {
    let blocks: Vec<_> = CertificateDer::pem_slice_iter(bytes).filter_map(Result::ok).collect();
    if blocks.is_empty() { vec![CertificateDer::from(bytes.to_vec())] } else { blocks }
}

/// The first certificate of a file.
///
/// # Errors
///
/// If it cannot be read.
pub(crate) fn first_of(bytes: &[u8]) -> Result<Certificate, InvalidCertificate> {
    let ders = ders_of(bytes);
    Certificate::parse(ders.first().ok_or(InvalidCertificate::Pem)?)
}
