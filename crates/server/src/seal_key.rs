//! Keys that sign and verify: the seal key of the bank (or of a PISP), and the public keys of others.
//!
//! Two algorithms are spoken, both over SHA-256. An RSA key signs with RSASSA-PKCS1-v1_5
//! (`rsa-sha256`, RFC 8017, 8.2). An elliptic-curve key signs with ECDSA (`ecdsa-sha256`), the
//! signature being the ASN.1 DER `ECDSA-Sig-Value` of RFC 3279, 2.2.3, not the fixed `r || s` of JOSE.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA256_ASN1, EcdsaKeyPair,
    EcdsaVerificationAlgorithm, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use zeroize::Zeroizing;

/// A kind of signature, as the `algorithm` parameter of a `Signature` header names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// ECDSA with SHA-256, signature in ASN.1 DER.
    EcdsaSha256,
}

impl SignatureAlgorithm {
    /// The name on the wire, lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha256",
            Self::EcdsaSha256 => "ecdsa-sha256",
        }
    }
}

/// Why a key could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The text holds no `PRIVATE KEY` block, or one that does not decode.
    #[error("the seal key is not an unencrypted PKCS#8 private key in PEM")]
    NotPkcs8Pem,
    /// The private key is of a kind, curve or size we do not sign with.
    #[error("the seal key must be RSA of 2048 to 8192 bits or P-256")]
    UnsupportedPrivate,
    /// The public key is of a kind, curve or size we do not verify with.
    #[error("the public key must be RSA of 2048 to 8192 bits, P-256 or P-384")]
    UnsupportedPublic,
}

/// The cryptographic library could not make a signature; nothing about the message causes this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the seal key could not sign")]
pub struct SigningFailed;

/// A private signing key: RSA of 2048 bits or more, or P-256.
///
/// The bank signs its answers and its seals with it; a PISP signs its requests. The key lives in the
/// memory of the cryptographic library, which wipes it when dropped; `Debug` shows the algorithm only.
/// A P-256 key signs about fifteen times faster than RSA-2048.
pub struct SealKey {
    private: Private,
    spki_der: Vec<u8>,
    public: VerifyingKey,
}

enum Private {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

impl SealKey {
    /// Reads the first `PRIVATE KEY` block of a PEM text (RFC 7468, 10; PKCS#8, not encrypted).
    ///
    /// # Errors
    ///
    /// [`InvalidKey`]: no such block, or a key of another kind or size.
    pub fn from_pkcs8_pem(pem: &[u8]) -> Result<Self, InvalidKey> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| InvalidKey::NotPkcs8Pem)?;
        let der = Zeroizing::new(der);
        Self::from_pkcs8_der(der.secret_pkcs8_der())
    }

    /// Reads a PKCS#8 key in DER. The caller wipes its copy.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::UnsupportedPrivate`].
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, InvalidKey> {
        let private = RsaKeyPair::from_pkcs8(der)
            .map(Private::Rsa)
            .or_else(|_| EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der).map(Private::P256));
        Self::new(private.map_err(|_| InvalidKey::UnsupportedPrivate)?)
    }

    fn new(private: Private) -> Result<Self, InvalidKey> {
        let spki: Result<PublicKeyX509Der<'_>, _> = match &private {
            Private::Rsa(key) => key.public_key().as_der(),
            Private::P256(key) => key.public_key().as_der(),
        };
        let spki_der = spki.map_err(|_| InvalidKey::UnsupportedPrivate)?.as_ref().to_vec();
        let public = VerifyingKey::from_spki_der(&spki_der)?;
        Ok(Self { private, spki_der, public })
    }

    /// The algorithm this key signs with.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.public.algorithm
    }

    /// Signs `message`, which is hashed with SHA-256 on the way.
    ///
    /// # Errors
    ///
    /// [`SigningFailed`], when the library is out of memory or of entropy.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        let random = SystemRandom::new();
        match &self.private {
            Private::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| SigningFailed)?;
                Ok(signature)
            }
            Private::P256(key) => key
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| SigningFailed),
        }
    }

    /// The public half as `SubjectPublicKeyInfo` in DER (RFC 5280, 4.1.2.7), to compare with a certificate's.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki_der
    }

    /// The public half, ready to verify.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey({})", self.algorithm().as_str())
    }
}

/// A public key that signatures are verified with, parsed once and kept.
#[derive(Clone)]
pub struct VerifyingKey {
    key: ParsedPublicKey,
    algorithm: SignatureAlgorithm,
}

impl VerifyingKey {
    /// Reads the `SubjectPublicKeyInfo` of a certificate, in DER.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::UnsupportedPublic`] for anything but RSA of 2048 to 8192 bits, P-256 and P-384.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, InvalidKey> {
        Self::rsa(der)
            .or_else(|| Self::elliptic_curve(der, &ECDSA_P256_SHA256_ASN1))
            .or_else(|| Self::elliptic_curve(der, &ECDSA_P384_SHA256_ASN1))
            .ok_or(InvalidKey::UnsupportedPublic)
    }

    fn rsa(der: &[u8]) -> Option<Self> {
        // `ParsedPublicKey` looks at the size only when it verifies; this reader looks at it now.
        PublicEncryptingKey::from_der(der).ok()?;
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).ok()?;
        Some(Self { key, algorithm: SignatureAlgorithm::RsaSha256 })
    }

    fn elliptic_curve(der: &[u8], curve: &'static EcdsaVerificationAlgorithm) -> Option<Self> {
        // The library would also take a bare curve point, which is not a `SubjectPublicKeyInfo`.
        const SEQUENCE: u8 = 0x30;
        der.first().filter(|tag| **tag == SEQUENCE)?;
        let key = ParsedPublicKey::new(curve, der).ok()?;
        Some(Self { key, algorithm: SignatureAlgorithm::EcdsaSha256 })
    }

    /// The algorithm this key verifies.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Whether `signature` is this key's signature of `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.algorithm.as_str())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use aws_lc_rs::encoding::Pkcs8V1Der;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaSigningAlgorithm};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// A fresh RSA-2048 key.
    pub(crate) fn rsa_key() -> SealKey {
        SealKey::new(Private::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())).unwrap()
    }

    /// A fresh P-256 key.
    pub(crate) fn p256_key() -> SealKey {
        SealKey::from_pkcs8_der(&ec_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING)).unwrap()
    }

    fn ec_pkcs8(curve: &'static EcdsaSigningAlgorithm) -> Vec<u8> {
        let key = EcdsaKeyPair::generate(curve).unwrap();
        key.to_pkcs8v1().unwrap().as_ref().to_vec()
    }

    fn rsa_pkcs8() -> Vec<u8> {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap().as_ref().to_vec()
    }

    fn pem(label: &str, der: &[u8]) -> String {
        let body = STANDARD.encode(der);
        let lines: Vec<_> = body.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    }

    #[test]
    fn keys_in_pkcs8_pem_sign_what_their_public_half_verifies() {
        let keys = [
            (rsa_pkcs8(), SignatureAlgorithm::RsaSha256),
            (ec_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING), SignatureAlgorithm::EcdsaSha256),
        ];
        for (der, algorithm) in keys {
            let key = SealKey::from_pkcs8_pem(pem("PRIVATE KEY", &der).as_bytes()).unwrap();
            assert_eq!(key.algorithm(), algorithm);
            let signature = key.sign(b"message").unwrap();
            let public = key.verifying_key();
            assert_eq!(public.algorithm(), algorithm);
            assert!(public.verify(b"message", &signature));
            assert!(!public.verify(b"massage", &signature));
            assert!(!public.verify(b"message", b""));
            assert!(!public.verify(b"message", signature.get(1..).unwrap()));
        }
    }

    #[test]
    fn a_p256_signature_is_asn1_der() {
        let signature = p256_key().sign(b"message").unwrap();
        let length = usize::from(*signature.get(1).unwrap());
        assert_eq!((signature.first(), length), (Some(&0x30), signature.len() - 2));
    }

    #[test]
    fn a_signature_of_another_key_or_kind_does_not_verify() {
        let keys = [rsa_key(), rsa_key(), p256_key(), p256_key()];
        for (i, signer) in keys.iter().enumerate() {
            let signature = signer.sign(b"message").unwrap();
            for (j, verifier) in keys.iter().enumerate() {
                assert_eq!(verifier.verifying_key().verify(b"message", &signature), i == j);
            }
        }
    }

    #[test]
    fn a_p384_key_verifies_ecdsa_over_sha256() {
        let public = VerifyingKey::from_spki_der(&STANDARD.decode(P384_SPKI).unwrap()).unwrap();
        let signature = STANDARD.decode(P384_SHA256_SIGNATURE_OF_MESSAGE).unwrap();
        assert_eq!(public.algorithm(), SignatureAlgorithm::EcdsaSha256);
        assert!(public.verify(b"message", &signature));
        assert!(!public.verify(b"massage", &signature));
    }

    #[test]
    fn other_kinds_of_key_are_refused() {
        let p384 = ec_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING);
        let cases = [
            (pem("PRIVATE KEY", &p384), InvalidKey::UnsupportedPrivate),
            (pem("PRIVATE KEY", b"\x30\x00"), InvalidKey::UnsupportedPrivate),
            (pem("RSA PRIVATE KEY", &rsa_pkcs8()), InvalidKey::NotPkcs8Pem),
            (pem("ENCRYPTED PRIVATE KEY", &rsa_pkcs8()), InvalidKey::NotPkcs8Pem),
            (String::new(), InvalidKey::NotPkcs8Pem),
        ];
        for (text, expected) in cases {
            assert_eq!(SealKey::from_pkcs8_pem(text.as_bytes()).unwrap_err(), expected);
        }
        let key = p256_key();
        let spki = key.spki_der();
        let point = spki.get(spki.len() - 65..).unwrap();
        for der in [&b""[..], b"\x30\x00", b"garbage", point, spki.get(..80).unwrap()] {
            let refused = VerifyingKey::from_spki_der(der).unwrap_err();
            assert_eq!(refused, InvalidKey::UnsupportedPublic);
        }
    }

    #[test]
    fn an_rsa_key_below_2048_bits_is_refused() {
        // RSA-1024, made for this test; nothing else was ever signed with it.
        let spki = STANDARD.decode(RSA_1024_SPKI).unwrap();
        let refused = VerifyingKey::from_spki_der(&spki).unwrap_err();
        assert_eq!(refused, InvalidKey::UnsupportedPublic);
    }

    #[test]
    fn debug_shows_the_algorithm_and_nothing_else() {
        assert_eq!(format!("{:?}", p256_key()), "SealKey(ecdsa-sha256)");
        assert_eq!(format!("{:?}", rsa_key().verifying_key()), "VerifyingKey(rsa-sha256)");
    }

    // Made with OpenSSL: a P-384 key thrown away since, and `openssl dgst -sha256 -sign`.
    const P384_SPKI: &str = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAExFMJvhDwUCZ9ihip+fnmaY4JTzfLuVnEJVsb2HFXvBeigZpuJUEiRa1jh4vHX/L2h0WEhXcttVLDDdrhpIYTXVJYQ+Qrwxog9Hl399qkSCuxhl/DrIZgXDKLRhWzBr1R";
    const P384_SHA256_SIGNATURE_OF_MESSAGE: &str = "MGYCMQCQ4sZ3eEleohPNGMwyKNiyFsKeHYXoBK13b9H/cZUTkj2V2b1kf0LmdEmMXUz9TOECMQCT3T42PQy3IyVD96kviC0tUlFcfZ/Ae1UKNmz+3uNLibi5LptWvo7gnNro3SZBf/g=";
    const RSA_1024_SPKI: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDIQJ1LKUyMY7vP98DqWZH+RDfO25h1IDThiusK1ffElNamjzT9r/PjSY9PrK1UDB21gUJkNjRWFOaK+zc1NyJaEoaocdXgDlWwyK240GYCa9c8QLNL+C6cTf/dOzH+VQcmNnvCEI+cdUS/+VhC6WUWyt7Y9TrKqRMi+7l9S964awIDAQAB";
}
