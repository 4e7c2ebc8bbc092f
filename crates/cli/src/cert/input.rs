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
/// How a block of PEM begins (RFC 7468, 3).
const PEM_BEGIN: &[u8] = b"-----BEGIN ";

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

/// Every certificate of a file: all PEM blocks, each of which must be readable, or the whole in DER.
///
/// # Errors
///
/// If there is none, or one cannot be read.
pub(crate) fn all_of(bytes: &[u8]) -> anyhow::Result<Vec<Certificate>> {
    let is_pem = bytes.windows(PEM_BEGIN.len()).any(|window| window == PEM_BEGIN);
    if !is_pem {
        let whole = Certificate::parse(bytes).context("it is neither PEM nor a certificate in DER")?;
        return Ok(vec![whole]);
    }
    let text = std::str::from_utf8(bytes).context("it is not PEM, which is ASCII")?;
    let certificates = Certificate::all_from_pem(text)?;
    ensure!(!certificates.is_empty(), "it has no certificate");
    Ok(certificates)
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

#[cfg(test)]
mod tests {
    use sandbox::pki::{Ca, Validity};

    use super::*;

    #[test]
    fn certificates_are_taken_in_pem_and_in_der_and_none_is_passed_over() {
        let validity = Validity::days_from("2026-11-22T12:00:00Z".parse().unwrap(), 30);
        let (one, two) = (Ca::create("One", validity).unwrap(), Ca::create("Two", validity).unwrap());
        let both = format!("# two of them\n{}{}", one.pem(), two.pem());
        let ders = |bytes: &[u8]| {
            all_of(bytes).map(|all| all.iter().map(|one| one.der().to_vec()).collect::<Vec<_>>())
        };
        assert_eq!(ders(both.as_bytes()).unwrap(), [one.der().to_vec(), two.der().to_vec()]);
        assert_eq!(ders(one.der()).unwrap(), [one.der().to_vec()]);

        let damaged = both.replacen("MII", "M!I", 1);
        let latin_1 = [b"\xe9", both.as_bytes()].concat();
        let key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
        for wrong in [&b""[..], b"rubbish", b"\xff\xfe\x00", damaged.as_bytes(), &latin_1, key.as_bytes()] {
            assert!(ders(wrong).is_err(), "{}", String::from_utf8_lossy(wrong));
        }
        let told = format!("{:#}", ders(b"\xff\xfe").unwrap_err());
        assert!(told.starts_with("it is neither PEM nor a certificate in DER"), "{told}");
    }
}
