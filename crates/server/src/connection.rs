//! What is known about the connection a request came over.

use std::{net::SocketAddr, sync::Arc};

use payments::token::CertificateThumbprint;
use rustls_pki_types::CertificateDer;

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

/// A certificate as shown in a handshake, ours or that of a proxy we trust.
#[derive(Debug)]
pub struct PeerCertificate {
    /// What it says, or why it cannot be read.
    pub read: Result<eidas::Certificate, eidas::InvalidCertificate>,
    /// SHA-256 of its DER.
    pub thumbprint: CertificateThumbprint,
    /// Certificates shown with it that may lead from it to an anchor; nothing about them is proven.
    pub intermediates: Vec<CertificateDer<'static>>,
    /// Whether our own handshake has built its chain to an anchor. A proxy's word for it does not count.
    pub verified_by_handshake: bool,
}

impl Peer {
    /// The peer at `address`, having shown `chain` in our handshake.
    pub fn new(address: SocketAddr, chain: Option<&[CertificateDer<'_>]>) -> Self {
        let certificate = chain.and_then(|chain| PeerCertificate::read(chain, true)).map(Arc::new);
        Self { address, certificate }
    }
}

impl PeerCertificate {
    /// The certificate that a proxy saw in its handshake, with what it passed on of the chain.
    pub(crate) fn told_by_proxy(chain: &[CertificateDer<'_>]) -> Option<Self> {
        Self::read(chain, false)
    }

    fn read(chain: &[CertificateDer<'_>], verified_by_handshake: bool) -> Option<Self> {
        let (leaf, rest) = chain.split_first()?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, leaf);
        let mut thumbprint = [0; 32];
        thumbprint.copy_from_slice(digest.as_ref());
        Some(Self {
            read: eidas::Certificate::parse(leaf),
            thumbprint: CertificateThumbprint(thumbprint),
            intermediates: bounded(rest),
            verified_by_handshake,
        })
    }
}

/// As many of the certificates as are worth keeping, from the first one on.
fn bounded(chain: &[CertificateDer<'_>]) -> Vec<CertificateDer<'static>> {
    let mut left = MAX_INTERMEDIATE_BYTES;
    let fits = |der: &&CertificateDer<'_>| {
        let rest = left.checked_sub(der.len());
        left = rest.unwrap_or_default();
        rest.is_some()
    };
    chain.iter().take(MAX_INTERMEDIATES).take_while(fits).map(|der| der.clone().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_chain_only_a_bounded_part_is_kept() {
        let der = |length: usize| CertificateDer::from(vec![0; length]);
        let kept = |lengths: &[usize]| {
            let chain: Vec<_> = lengths.iter().map(|length| der(*length)).collect();
            PeerCertificate::told_by_proxy(&chain).map(|certificate| certificate.intermediates.len())
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
