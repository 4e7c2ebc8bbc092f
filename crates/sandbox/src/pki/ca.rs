//! An authority that signs what the sandbox needs.

use std::fmt;
use std::net::IpAddr;

use eidas::{Anchors, Certificate, KeyKind};
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PublicKeyData, date_time_ymd,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::{DAY_S, PkiError, TppProfile, der};

/// The kinds of keys the sandbox makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// ECDSA on NIST P-256.
    P256,
    /// RSA of 2048 bits.
    Rsa2048,
}

impl KeyType {
    fn generate(self) -> Result<KeyPair, rcgen::Error> {
        KeyPair::generate_for(match self {
            Self::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::Rsa2048 => &rcgen::PKCS_RSA_SHA256,
        })
    }

    /// Whether the certificate is for a key of this kind.
    pub(super) fn made(self, certificate: &Certificate) -> bool {
        certificate.public_key().kind()
            == match self {
                Self::P256 => KeyKind::P256,
                Self::Rsa2048 => KeyKind::Rsa { bits: 2048 },
            }
    }
}

/// From when until when a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First instant, to the second, not before 1970.
    pub not_before: Timestamp,
    /// End, to the second.
    pub not_after: Timestamp,
}

impl Validity {
    /// From the day before `now`, for clocks that are late, until so many days after.
    pub fn days_from(now: Timestamp, days: i64) -> Self {
        Self { not_before: later(now, -1), not_after: later(now, days) }
    }

    /// So many days that ended so many days before `now`.
    pub fn expired(now: Timestamp, days: i64, ago_days: i64) -> Self {
        let not_after = later(now, -ago_days);
        Self { not_before: later(not_after, -days), not_after }
    }

    /// Whether this instant lies within.
    pub fn contains(&self, instant: Timestamp) -> bool {
        (self.not_before..self.not_after).contains(&instant)
    }

    pub(super) fn write(&self, params: &mut CertificateParams) {
        let epoch = date_time_ymd(1970, 1, 1);
        params.not_before = epoch + since_epoch(self.not_before);
        params.not_after = epoch + since_epoch(self.not_after);
    }
}

fn later(instant: Timestamp, days: i64) -> Timestamp {
    let end = if days < 0 { Timestamp::MIN } else { Timestamp::MAX };
    instant.checked_add(SignedDuration::from_secs(days.saturating_mul(DAY_S))).unwrap_or(end)
}

pub(super) fn since_epoch(instant: Timestamp) -> std::time::Duration {
    std::time::Duration::from_secs(u64::try_from(instant.as_second()).unwrap_or(0))
}

/// A certificate and its private key.
#[derive(Clone)]
pub struct CertifiedKey {
    der: CertificateDer<'static>,
    pem: String,
    key_pem: String,
    key_pkcs8: Vec<u8>,
}

impl CertifiedKey {
    /// A certificate with the key it was made for.
    pub fn new(der: CertificateDer<'static>, key: &KeyPair) -> Self {
        Self {
            pem: der::pem("CERTIFICATE", &der),
            der,
            key_pem: key.serialize_pem(),
            key_pkcs8: key.serialize_der(),
        }
    }

    /// Reads the two files of a certificate and its key; nothing if they do not belong together.
    pub(super) fn read(pem: String, key_pem: String) -> Option<Self> {
        let certificate = Certificate::from_pem(&pem).ok()?;
        let key = KeyPair::from_pem(&key_pem).ok()?;
        let belongs = key.subject_public_key_info() == certificate.public_key().spki_der();
        let der = certificate.der().clone();
        belongs.then(|| Self { der, pem, key_pkcs8: key.serialize_der(), key_pem })
    }

    /// The certificate in DER.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// The certificate in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The certificate, read.
    ///
    /// # Errors
    ///
    /// [`PkiError::Certificate`] if it was made so odd that it cannot be read.
    pub fn certificate(&self) -> Result<Certificate, PkiError> {
        Ok(Certificate::parse(&self.der)?)
    }

    /// The private key in PEM, PKCS#8.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// The private key in DER, PKCS#8.
    pub fn key_pkcs8(&self) -> &[u8] {
        &self.key_pkcs8
    }

    /// The private key as a TLS configuration takes it.
    pub fn key_der(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key_pkcs8.clone()).into()
    }
}

impl fmt::Debug for CertifiedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertifiedKey").field("certificate", &self.certificate()).finish_non_exhaustive()
    }
}

/// An authority of the sandbox: a self-signed certificate and its key, on P-256.
#[derive(Debug)]
pub struct Ca {
    issuer: Issuer<'static, KeyPair>,
    certified: CertifiedKey,
}

impl Ca {
    /// Makes an authority of this name with a key of its own.
    ///
    /// # Errors
    ///
    /// [`PkiError::Issue`] if the validity cannot be written.
    pub fn create(name: &str, validity: Validity) -> Result<Self, PkiError> {
        let key = KeyType::P256.generate()?;
        let mut params = ca_params(name);
        validity.write(&mut params);
        let certificate = params.self_signed(&key)?;
        let certified = CertifiedKey::new(certificate.der().clone(), &key);
        Ok(Self { issuer: Issuer::new(params, key), certified })
    }

    /// Makes an authority that this one vouches for.
    ///
    /// # Errors
    ///
    /// [`PkiError::Issue`] if the validity cannot be written.
    pub fn subordinate(&self, name: &str, validity: Validity) -> Result<Self, PkiError> {
        let mut params = ca_params(name);
        validity.write(&mut params);
        let certified = self.issue(&mut params, KeyType::P256)?;
        Self::from_parts(name, certified)
    }

    /// Takes up an authority that [`Ca::create`] made.
    pub(super) fn from_parts(name: &str, certified: CertifiedKey) -> Result<Self, PkiError> {
        let key = KeyPair::from_pem(certified.key_pem())?;
        Ok(Self { issuer: Issuer::new(ca_params(name), key), certified })
    }

    pub(super) fn certified_key(&self) -> &CertifiedKey {
        &self.certified
    }

    /// Its certificate in DER.
    pub fn der(&self) -> &CertificateDer<'static> {
        self.certified.der()
    }

    /// Its certificate in PEM.
    pub fn pem(&self) -> &str {
        self.certified.pem()
    }

    /// Its name and key, to sign what is odder than a profile can say.
    pub fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    /// Itself as the only anchor.
    ///
    /// # Errors
    ///
    /// Never for an authority that this module made.
    pub fn anchors(&self) -> Result<Anchors, PkiError> {
        Ok(Anchors::from_ders([self.der().clone()])?)
    }

    /// Issues a QWAC or QSealC that says what the profile says, right or wrong.
    ///
    /// # Errors
    ///
    /// [`PkiError::Issue`] if a text of the profile cannot be written into a certificate.
    pub fn issue_tpp(&self, profile: &TppProfile) -> Result<CertifiedKey, PkiError> {
        self.issue(&mut profile.params()?, profile.key)
    }

    /// Issues a server certificate for DNS names and IP addresses.
    ///
    /// # Errors
    ///
    /// [`PkiError::Issue`] if a name has other characters than ASCII.
    pub fn issue_server(
        &self,
        names: &[String],
        key: KeyType,
        validity: Validity,
    ) -> Result<CertifiedKey, PkiError> {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = common_name("Guichet Sandbox");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        validity.write(&mut params);
        self.issue(&mut params, key)
    }

    fn issue(&self, params: &mut CertificateParams, key: KeyType) -> Result<CertifiedKey, PkiError> {
        // The serial number comes from the key, which is new each time.
        let key = key.generate()?;
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(CertifiedKey::new(certificate.der().clone(), &key))
    }
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn common_name(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, "Guichet Sandbox");
    subject.push(DnType::CommonName, name);
    subject
}

/// Whether a server certificate of ours is for exactly these DNS names, and for these IP addresses.
pub(super) fn is_for(certificate: &Certificate, names: &[String]) -> bool {
    let (addresses, dns): (Vec<&String>, Vec<&String>) =
        names.iter().partition(|name| name.parse::<IpAddr>().is_ok());
    let same_names = certificate.dns_names().iter().eq(dns);
    let has_address = |address: &&String| {
        let octets = match address.parse::<IpAddr>() {
            Ok(IpAddr::V4(v4)) => v4.octets().to_vec(),
            Ok(IpAddr::V6(v6)) => v6.octets().to_vec(),
            Err(_) => return false,
        };
        // iPAddress is context tag 7 of GeneralName (RFC 5280, 4.2.1.6).
        let entry = der::tlv(0x87, &octets);
        certificate.der().windows(entry.len()).any(|window| window == entry)
    };
    same_names && addresses.iter().all(has_address)
}
