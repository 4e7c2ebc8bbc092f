//! The key a certificate speaks for.

use der::asn1::{ObjectIdentifier, UintRef};
use der::{Decode, Encode, Sequence};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// What kind of key, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA.
    Rsa {
        /// Length of the modulus in bits.
        bits: usize,
    },
    /// ECDSA on NIST P-256.
    P256,
    /// ECDSA on NIST P-384.
    P384,
    /// Anything else: another curve, `EdDSA`, DSA, RSA restricted to PSS, an unreadable RSA key.
    Other,
}

/// The public key of a certificate (RFC 5280, 4.1.2.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    spki_der: Vec<u8>,
    key_bytes: Vec<u8>,
    /// Big-endian, without leading zeros.
    rsa_exponent: Option<Vec<u8>>,
}

impl PublicKey {
    pub(crate) fn read(spki: &SubjectPublicKeyInfoOwned) -> der::Result<Self> {
        let key_bytes = spki.subject_public_key.as_bytes().ok_or(der::Tag::BitString.value_error())?.to_vec();
        let curve = spki.algorithm.parameters.as_ref().and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
        let rsa = if spki.algorithm.oid == RSA_ENCRYPTION { rsa(&key_bytes) } else { None };
        let kind = match (spki.algorithm.oid, curve) {
            (RSA_ENCRYPTION, _) => {
                rsa.as_ref().map_or(KeyKind::Other, |(bits, _)| KeyKind::Rsa { bits: *bits })
            }
            (EC_PUBLIC_KEY, Some(P256)) if is_point(&key_bytes, 32) => KeyKind::P256,
            (EC_PUBLIC_KEY, Some(P384)) if is_point(&key_bytes, 48) => KeyKind::P384,
            _ => KeyKind::Other,
        };
        let rsa_exponent = rsa.map(|(_, exponent)| exponent);
        // DER has one encoding for one value, so this is what the certificate holds.
        Ok(Self { kind, spki_der: spki.to_der()?, key_bytes, rsa_exponent })
    }

    /// What kind of key, and how long.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether the exponent of an RSA key is odd, more than 2^16 and at most 256 bits (ETSI TS 119 312;
    /// FIPS 186-5, 5.1). A key of another kind has none that could be wrong.
    pub fn has_sound_exponent(&self) -> bool {
        self.rsa_exponent.as_deref().is_none_or(|exponent| {
            let odd = exponent.last().is_some_and(|last| last % 2 == 1);
            odd && (3..=32).contains(&exponent.len())
        })
    }

    /// The exponent of an RSA key, big-endian without leading zeros.
    pub(crate) fn rsa_exponent(&self) -> Option<&[u8]> {
        self.rsa_exponent.as_deref()
    }

    /// The DER of the `SubjectPublicKeyInfo`.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki_der
    }

    /// The key alone: DER of an `RSAPublicKey`, or an elliptic curve point.
    pub fn key_bytes(&self) -> &[u8] {
        &self.key_bytes
    }
}

/// `RSAPublicKey` (RFC 8017, A.1.1).
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

/// The length of the modulus in bits, and the exponent.
fn rsa(key: &[u8]) -> Option<(usize, Vec<u8>)> {
    let key = RsaPublicKey::from_der(key).ok()?;
    let modulus = key.modulus.as_bytes();
    let first = modulus.first()?;
    let bits = modulus.len() * 8 - usize::try_from(first.leading_zeros()).ok()?;
    Some((bits, key.public_exponent.as_bytes().to_vec()))
}

/// Whether this is an elliptic curve point in full: the compressed form is of no use to TLS (RFC 8446, 4.2.8.2).
fn is_point(key: &[u8], coordinate_bytes: usize) -> bool {
    key.first() == Some(&4) && key.len() == 1 + 2 * coordinate_bytes
}
