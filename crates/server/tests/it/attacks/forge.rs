//! Certificates as an attacker might have them: from an authority that is trusted and was fooled, or from his own.

use eidas::{Kind, OrganizationIdentifier, Role};
use rcgen::{CertificateParams, KeyPair, PublicKeyData, SignatureAlgorithm, SigningKey as _};
use rustls_pki_types::CertificateDer;
use sandbox::pki::{Ca, CertifiedKey, TppProfile, Validity};
use server::app::Clock as _;

use crate::harness::Guichet;

/// What a certificate of this provider says if it is in order.
pub(super) fn profile(guichet: &Guichet, kind: Kind, oid: &str) -> TppProfile {
    let oid = OrganizationIdentifier::parse(oid).unwrap();
    let validity = Validity::days_from(guichet.clock.now(), 365);
    TppProfile::new(kind, &oid, &[Role::PaymentInitiation], validity)
}

/// A certificate of the trusted authority that says something else.
pub(super) fn qtsp_issued(
    guichet: &Guichet,
    kind: Kind,
    oid: &str,
    change: impl FnOnce(&mut TppProfile),
) -> CertifiedKey {
    let mut profile = profile(guichet, kind, oid);
    change(&mut profile);
    guichet.pki.qtsp().issue_tpp(&profile).unwrap()
}

/// A certificate with whatever rcgen can write.
pub(super) fn issued(
    ca: &Ca,
    profile: &TppProfile,
    algorithm: &'static SignatureAlgorithm,
    change: impl FnOnce(&mut CertificateParams),
) -> CertifiedKey {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let mut params = profile.params().unwrap();
    change(&mut params);
    CertifiedKey::new(params.signed_by(&key, ca.issuer()).unwrap().der().clone(), &key)
}

/// A certificate for a public key that nobody has the private one of.
pub(super) fn issued_for(ca: &Ca, profile: &TppProfile, key: &impl PublicKeyData) -> CertificateDer<'static> {
    profile.params().unwrap().signed_by(key, ca.issuer()).unwrap().der().clone()
}

/// A certificate in which bytes are replaced by as many others before the authority signs it.
pub(super) fn patched(ca: &Ca, params: &CertificateParams, (from, to): (&[u8], &[u8])) -> CertifiedKey {
    let key = KeyPair::generate().unwrap();
    let issued = params.signed_by(&key, ca.issuer()).unwrap();
    let (_, certificate, _) = element(issued.der());
    let (tbs, _, rest) = element(certificate);
    let (algorithm, _, _) = element(rest);
    let (mut tbs, mut algorithm) = (tbs.to_vec(), algorithm.to_vec());
    replace(&mut tbs, from, to);
    replace(&mut algorithm, from, to);
    let signature = [vec![0], ca.issuer().key().sign(&tbs).unwrap()].concat();
    let der = tlv(0x30, &[tbs, algorithm, tlv(0x03, &signature)].concat());
    CertifiedKey::new(der.into(), &key)
}

/// The first element: as a whole, its content, and what follows it.
fn element(der: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let (head, length) = match der[1] {
        short @ ..=0x7f => (2, usize::from(short)),
        0x81 => (3, usize::from(der[2])),
        0x82 => (4, usize::from(u16::from_be_bytes([der[2], der[3]]))),
        longer => panic!("no certificate of ours is so long: {longer:#x}"),
    };
    let (whole, rest) = der.split_at(head + length);
    (whole, &whole[head..], rest)
}

/// A DER value: tag, length, content.
pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut der = vec![tag];
    match length {
        [0, short @ ..=0x7f] => der.push(short),
        [0, byte] => der.extend([0x81, byte]),
        two => der.extend([&[0x82][..], &two].concat()),
    }
    der.extend_from_slice(content);
    der
}

fn replace(der: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len(), "lengths stay");
    let places: Vec<usize> = (0..der.len()).filter(|at| der[*at..].starts_with(from)).collect();
    for at in places {
        der[at..at + to.len()].copy_from_slice(to);
    }
}

/// An RSA public key of so many bits, a multiple of eight, with a made-up modulus.
pub(super) struct FakeRsa(Vec<u8>);

impl FakeRsa {
    pub(super) fn of_bits(bits: usize) -> Self {
        let modulus = [vec![0], vec![0xff; bits / 8]].concat();
        Self(tlv(0x30, &[tlv(0x02, &modulus), tlv(0x02, &[1, 0, 1])].concat()))
    }
}

impl PublicKeyData for FakeRsa {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}
