//! TLS of the listeners: 1.2 and 1.3, ended in this process.

mod informed;

use std::sync::{Arc, PoisonError, RwLock};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{ProducesTickets, ServerSessionMemoryCache, WebPkiClientVerifier},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use informed::Informed;

/// Sessions kept for resumption, per listener.
const SESSIONS: usize = 10_240;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTls {
    /// The server's certificate chain cannot be read.
    #[error("the server certificate cannot be read: {0}")]
    Certificate(rustls_pki_types::pem::Error),
    /// The server's key cannot be read.
    #[error("the server key cannot be read: {0}")]
    Key(rustls_pki_types::pem::Error),
    /// No certificate authority is trusted, so no TPP could ever connect.
    #[error("no trust anchor can be used: {0}")]
    Anchors(String),
    /// Certificate and key do not fit together or cannot be used.
    #[error("the server certificate and key cannot be used")]
    Unusable(#[from] rustls::Error),
}

/// The TLS of a listener, which can be replaced while it listens.
///
/// A connection keeps what it was accepted with; the next one gets what was put here last. Clones are
/// handles of the same source.
#[derive(Clone, Debug)]
pub struct TlsSource(Arc<RwLock<Arc<ServerConfig>>>);

impl TlsSource {
    /// A source that starts with `config`.
    pub fn new(config: ServerConfig) -> Self {
        Self(Arc::new(RwLock::new(without_past(config))))
    }

    /// Puts `config` in the place of what was there. Sessions are forgotten: resuming one skips the
    /// judgement of the peer's certificate, so whoever was let in by anchors that are gone would still get in.
    pub fn replace(&self, config: ServerConfig) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = without_past(config);
    }

    /// What the next connection gets.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// `config` with session storage of its own, whatever it was made from. Stateless tickets could not be
/// forgotten, so there are none.
fn without_past(mut config: ServerConfig) -> Arc<ServerConfig> {
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    config.ticketer = Arc::new(NoTickets);
    Arc::new(config)
}

/// Makes no tickets and takes none.
#[derive(Debug)]
struct NoTickets;

impl ProducesTickets for NoTickets {
    fn enabled(&self) -> bool {
        false
    }

    fn lifetime(&self) -> u32 {
        0
    }

    fn encrypt(&self, _session: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn decrypt(&self, _ticket: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

/// TLS for TPPs: their QWAC is asked for, and if one is sent it must chain to an anchor.
///
/// A connection without certificate is let through, because the bank's seal certificate is public;
/// everything else then answers 401 in the standard's form.
///
/// # Errors
///
/// [`InvalidTls`].
pub fn tpp_config(
    chain_pem: &str,
    key_pem: &str,
    anchors: &eidas::Anchors,
) -> Result<ServerConfig, InvalidTls> {
    let mut roots = RootCertStore::empty();
    for der in anchors.ders() {
        roots.add(der.clone()).map_err(|error| InvalidTls::Anchors(error.to_string()))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .allow_unauthenticated()
        .build()
        .map_err(|error| InvalidTls::Anchors(error.to_string()))?;
    let verifier = Arc::new(Informed::new(verifier, anchors.intermediates()));
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier);
    let (chain, key) = identity(chain_pem, key_pem)?;
    Ok(finished(builder.with_single_cert(chain, key)?))
}

/// TLS for browsers.
///
/// # Errors
///
/// [`InvalidTls`].
pub fn psu_config(chain_pem: &str, key_pem: &str) -> Result<ServerConfig, InvalidTls> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth();
    let (chain, key) = identity(chain_pem, key_pem)?;
    Ok(finished(builder.with_single_cert(chain, key)?))
}

/// The one cryptographic provider of this program.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(chain_pem: &str, key_pem: &str) -> Result<Identity, InvalidTls> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain_pem.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(InvalidTls::Key)?;
    Ok((chain.map_err(InvalidTls::Certificate)?, key))
}

fn finished(mut config: ServerConfig) -> ServerConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}
