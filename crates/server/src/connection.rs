//! What is known about the connection a request came over.

use std::{net::SocketAddr, sync::Arc};

use payments::token::CertificateThumbprint;
use rustls_pki_types::CertificateDer;

/// The peer of a connection: its address, and its certificate if it showed one. Read once, shared by
/// every request of the connection.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where it connects from.
    pub address: SocketAddr,
    /// The certificate it proved to hold the key of; the handshake has built its chain.
    pub certificate: Option<Arc<PeerCertificate>>,
}

/// A certificate as shown in a handshake.
#[derive(Debug)]
pub struct PeerCertificate {
    /// What it says, or why it cannot be read.
    pub read: Result<eidas::Certificate, eidas::InvalidCertificate>,
    /// SHA-256 of its DER.
    pub thumbprint: CertificateThumbprint,
}

impl Peer {
    /// The peer at `address`, having shown `chain`.
    pub fn new(address: SocketAddr, chain: Option<&[CertificateDer<'_>]>) -> Self {
        let certificate = chain.and_then(<[_]>::first).map(|der| Arc::new(PeerCertificate::read(der)));
        Self { address, certificate }
    }
}

impl PeerCertificate {
    fn read(der: &CertificateDer<'_>) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
        let mut thumbprint = [0; 32];
        thumbprint.copy_from_slice(digest.as_ref());
        Self { read: eidas::Certificate::parse(der), thumbprint: CertificateThumbprint(thumbprint) }
    }
}
