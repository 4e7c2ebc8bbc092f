//! The institution's seal: the key it signs answers and approvals with, and its certificate.

use std::collections::BTreeMap;

use payments::seal::Sealer;
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::seal_key::{InvalidKey, SealKey, VerifyingKey};

/// A seal key with its certificate, and the certificates of earlier keys, whose seals stay valid.
pub struct BankSeal {
    key: SealKey,
    certificate_pem: String,
    certificate_sha256: String,
    verifying: BTreeMap<String, VerifyingKey>,
}

/// Why a seal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSeal {
    /// The certificate is not PEM, or no certificate.
    #[error("the seal certificate cannot be read")]
    Certificate,
    /// The key is not one we can sign with.
    #[error("the seal key cannot be used")]
    Key(#[from] InvalidKey),
    /// Key and certificate do not belong together.
    #[error("the seal key is not the key of the seal certificate")]
    Mismatch,
}

impl BankSeal {
    /// Reads a seal from PEM texts (PKCS#8 for the key).
    ///
    /// # Errors
    ///
    /// [`InvalidSeal`].
    pub fn from_pem(key_pem: &str, certificate_pem: &str) -> Result<Self, InvalidSeal> {
        let key = SealKey::from_pkcs8_pem(key_pem.as_bytes())?;
        let der = CertificateDer::from_pem_slice(certificate_pem.as_bytes())
            .map_err(|_| InvalidSeal::Certificate)?;
        let certificate = eidas::Certificate::parse(&der).map_err(|_| InvalidSeal::Certificate)?;
        if certificate.public_key().spki_der() != key.spki_der() {
            return Err(InvalidSeal::Mismatch);
        }
        let certificate_sha256 = certificate.sha256_hex();
        let verifying = BTreeMap::from([(certificate_sha256.clone(), key.verifying_key().clone())]);
        Ok(Self { key, certificate_pem: certificate_pem.to_owned(), certificate_sha256, verifying })
    }

    /// The same seal, which also verifies what was sealed under the certificates in `pem`: those that
    /// were replaced, as many as there are.
    ///
    /// # Errors
    ///
    /// [`InvalidSeal`].
    pub fn with_earlier(mut self, pem: &str) -> Result<Self, InvalidSeal> {
        let certificates = eidas::Certificate::all_from_pem(pem).map_err(|_| InvalidSeal::Certificate)?;
        for certificate in certificates {
            let key = VerifyingKey::from_spki_der(certificate.public_key().spki_der())?;
            self.verifying.insert(certificate.sha256_hex(), key);
        }
        Ok(self)
    }

    /// The signing key.
    pub fn key(&self) -> &SealKey {
        &self.key
    }

    /// The certificate, PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// SHA-256 of the certificate's DER, hex.
    pub fn certificate_sha256(&self) -> &str {
        &self.certificate_sha256
    }
}

impl Sealer for BankSeal {
    fn sign(&self, text: &[u8]) -> (String, String, Vec<u8>) {
        let signature = self.key.sign(text).expect("a key that was read can sign");
        (self.key.algorithm().as_str().to_owned(), self.certificate_sha256.clone(), signature)
    }

    fn verify(&self, certificate_sha256: &str, text: &[u8], signature: &[u8]) -> bool {
        self.verifying.get(certificate_sha256).is_some_and(|key| key.verify(text, signature))
    }
}

impl std::fmt::Debug for BankSeal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "BankSeal({})", self.certificate_sha256)
    }
}
