//! What is known about the connection a request came over.

use std::{net::SocketAddr, sync::Arc};

use payments::token::CertificateThumbprint;
use rustls_pki_types::CertificateDer;

use crate::caller::sha256;

/// Most intermediates kept of what a peer showed; real chains have one or two.
const MAX_INTERMEDIATES: usize = 8;
/// Most bytes of them.
const MAX_INTERMEDIATE_BYTES: usize = 32 * 1024;

/// The peer of a connection: its address, and its certificate if it showed one. Read once, shared by
/// every request of the connection; behind a proxy it is the proxy's client, as the proxy tells.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where it connects from.
    pub address: SocketAddr,
    /// The certificate it proved to hold the key of.
    pub certificate: Option<Arc<PeerCertificate>>,
}

/// A certificate as shown in a handshake, ours or that of a proxy we trust. What it is worth is for
/// `trust` to say, at every request.
#[derive(Debug)]
pub struct PeerCertificate {
    /// The certificate.
    pub der: CertificateDer<'static>,
    /// SHA-256 of its DER.
    pub thumbprint: CertificateThumbprint,
    /// Certificates shown with it that may lead from it to an anchor; nothing about them is proven.
    pub intermediates: Vec<CertificateDer<'static>>,
}

impl Peer {
    /// The peer at `address`, having shown `chain` in our handshake.
    pub fn new(address: SocketAddr, chain: Option<&[CertificateDer<'_>]>) -> Self {
        let certificate = chain.and_then(|chain| PeerCertificate::read(chain)).map(Arc::new);
        Self { address, certificate }
    }
}

impl PeerCertificate {
    /// The first of `chain`, and of the rest as many as are kept. None of an empty one.
    pub fn read(chain: &[CertificateDer<'_>]) -> Option<Self> {
        let (der, rest) = chain.split_first()?;
        let mut bytes = 0;
        let kept = rest.iter().take(MAX_INTERMEDIATES).take_while(|der| {
            bytes += der.len();
            bytes <= MAX_INTERMEDIATE_BYTES
        });
        Some(Self {
            der: der.clone().into_owned(),
            intermediates: kept.map(|der| der.clone().into_owned()).collect(),
            thumbprint: CertificateThumbprint(sha256(der)),
        })
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_chain_only_a_bounded_part_is_kept() {
        let der = |length: usize| CertificateDer::from(vec![0; length]);
        let kept = |lengths: &[usize]| {
            let chain: Vec<_> = lengths.iter().map(|length| der(*length)).collect();
            PeerCertificate::read(&chain).map(|certificate| certificate.intermediates.len())
        };
        let many = vec![10; 100];
        let table: [(&[usize], Option<usize>); 6] = [
            (&[], None),
            (&[10], Some(0)),
            (&[10, 10, 10], Some(2)),
            (&many, Some(MAX_INTERMEDIATES)),
            (&[10, MAX_INTERMEDIATE_BYTES], Some(1)),
            (&[10, 10, MAX_INTERMEDIATE_BYTES, 10], Some(1)),
        ];
        for (lengths, expected) in table {
            assert_eq!(kept(lengths), expected, "{lengths:?}");
        }
    }
}
