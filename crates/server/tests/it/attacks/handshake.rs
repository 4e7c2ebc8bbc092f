//! Certificates as they are shown in a handshake, with whatever chain.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use server::tls;
use tokio::net::TcpStream;

use crate::{
    harness::{Guichet, HOST, TOKEN},
    transport,
};

/// What the server says to somebody who shows this chain: nothing if he does not get through the handshake.
pub(super) async fn answer_to(
    guichet: &Guichet,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(guichet.pki.tls_ca().der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .unwrap();
    let socket = TcpStream::connect(guichet.address).await.unwrap();
    let request = format!("GET {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    // Over TLS 1.3 a client thinks that it is in before the server has seen its certificate.
    match transport::shake_hands(socket, Arc::new(config)).await {
        Ok(mut stream) => transport::say(&mut stream, request.as_bytes()).await,
        Err(_refused) => String::new(),
    }
}
