//! The file that is to be explained.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::text::{hex, shown};
use crate::tlv::SEQUENCE;

/// Largest file that is looked at, in bytes: a certificate with its chain has ten thousand.
const MAX_FILE_BYTES: usize = 256 * 1024;
const BEGIN: &str = "-----BEGIN ";

/// A certificate and what came after it.
#[derive(Debug, Default)]
pub(super) struct Input {
    pub(super) der: Vec<u8>,
    pub(super) rest: Vec<CertificateDer<'static>>,
    pub(super) pem: bool,
}

impl Input {
    /// Finds the first certificate; the error says in words what the file holds instead.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > MAX_FILE_BYTES {
            return Err(format!("a file of {} bytes, too large to be looked at", bytes.len()));
        }
        if bytes.first() == Some(&SEQUENCE) {
            return Ok(Self { der: bytes.to_vec(), rest: vec![], pem: false });
        }
        let mut found = CertificateDer::pem_slice_iter(bytes);
        match found.next() {
            Some(Ok(der)) => {
                let rest = found.filter_map(Result::ok).collect();
                Ok(Self { der: der.to_vec(), rest, pem: true })
            }
            Some(Err(_)) if holds(bytes, b"-----BEGIN CERTIFICATE-----") => {
                Err("a PEM text that is broken off or is not base64".to_owned())
            }
            Some(Err(_)) | None => Err(instead(bytes)),
        }
    }
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

/// What a file without certificate holds.
fn instead(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing: the file is empty".to_owned();
    }
    let text = String::from_utf8_lossy(bytes);
    let label = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once("-----"));
    match label {
        Some((label, _)) if label.contains("PRIVATE KEY") => {
            "a PRIVATE KEY and no certificate: keep it to yourself".to_owned()
        }
        Some((label, _)) => format!("{} and no CERTIFICATE", shown(label)),
        None if text.trim_start().starts_with("MI") => {
            "base64 without the line -----BEGIN CERTIFICATE----- before it".to_owned()
        }
        None => {
            let first = bytes.get(..bytes.len().min(16)).unwrap_or_default();
            format!("neither PEM nor DER: it starts with the bytes {}", hex(first))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_named() {
        let large = vec![b' '; MAX_FILE_BYTES + 1];
        let table: &[(&[u8], &str)] = &[
            (b"", "nothing"),
            (b"-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n", "a PRIVATE KEY"),
            (b"-----BEGIN CERTIFICATE REQUEST-----\nAA==\n", "CERTIFICATE REQUEST and no"),
            (b"-----BEGIN \x1b[31m-----\n", "\\u{1b}[31m and no"),
            (b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n", "a PEM text that is broken"),
            (b"-----BEGIN CERTIFICATE-----\nMIIB\n", "a PEM text that is broken"),
            (b"MIIBszCCAVmgAwIBAgIUf", "base64 without"),
            (b"{\"keys\": []}", "neither PEM nor DER: it starts with the bytes 7b226b"),
            (&large, "a file of 262145 bytes"),
        ];
        for (bytes, expected) in table {
            let words = Input::read(bytes).unwrap_err();
            assert!(words.starts_with(expected), "{words}");
        }
    }

    #[test]
    fn the_first_certificate_is_the_one_and_the_others_came_with_it() {
        let ca = crate::testing::TestCa::new();
        let leaf = ca.issue_pem(&crate::testing::Leaf::qwac());
        let input = Input::read(format!("text\n{leaf}{}", ca.pem()).as_bytes()).unwrap();
        assert_eq!(input.rest, [ca.der()]);
        assert!(input.pem);
        let bare = Input::read(&input.der).unwrap();
        assert_eq!((bare.der, bare.rest.len(), bare.pem), (input.der, 0, false));
    }
}
