//! Certificates for the tests of this crate, as odd as they need to be.

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose as Eku, IsCa, Issuer, KeyPair, KeyUsagePurpose as Ku, PublicKeyData,
    SerialNumber, SignatureAlgorithm, SigningKey as _, date_time_ymd,
};
use rustls_pki_types::CertificateDer;

use crate::tlv::Tlv;

/// An instant, written out.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Bytes, written out; spaces do not count.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

/// A DER value: tag, length, content.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut der = vec![tag];
    let short = u8::try_from(length).ok();
    match short {
        Some(short @ ..=0x7f) => der.push(short),
        Some(short) => der.extend_from_slice(&[0x81, short]),
        None => {
            der.push(0x82);
            der.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    der.extend_from_slice(content);
    der
}

pub(crate) fn sequence(items: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &items.concat())
}

pub(crate) fn utf8(text: &str) -> Vec<u8> {
    tlv(0x0c, text.as_bytes())
}

pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    der::Encode::to_der(&der::asn1::ObjectIdentifier::new(dotted).unwrap()).unwrap()
}

/// The content of a qcStatements extension; `psd2` is the roles and the nCAId.
pub(crate) fn qc_statements(compliance: bool, types: &[&str], psd2: Option<(&[&str], &str)>) -> Vec<u8> {
    let mut statements = Vec::new();
    if compliance {
        statements.push(sequence(&[oid("0.4.0.1862.1.1")]));
    }
    if !types.is_empty() {
        let types: Vec<_> = types.iter().map(|dotted| oid(dotted)).collect();
        statements.push(sequence(&[oid("0.4.0.1862.1.6"), sequence(&types)]));
    }
    if let Some((roles, nca_id)) = psd2 {
        let named = |dotted: &&str| {
            let role = crate::Role::ALL.into_iter().find(|role| role.oid() == *dotted);
            sequence(&[oid(dotted), utf8(role.map_or("PSP_XX", crate::Role::code))])
        };
        let roles: Vec<_> = roles.iter().map(named).collect();
        let content = sequence(&[sequence(&roles), utf8("Autorité d'essai"), utf8(nca_id)]);
        statements.push(sequence(&[oid("0.4.0.19495.2"), content]));
    }
    sequence(&statements)
}

pub(crate) enum Key {
    P256,
    P384,
    Ed25519,
    /// A point on P-256 in its short form.
    CompressedP256,
    /// A modulus of this many bits that nobody can sign with.
    FakeRsa(usize),
    /// An RSA key of 2048 bits with this exponent.
    FakeRsaExponent(&'static [u8]),
}

/// What a provider's certificate is to say.
pub(crate) struct Leaf {
    pub(crate) organization_identifiers: Vec<&'static str>,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) key: Key,
    pub(crate) key_usages: Vec<Ku>,
    pub(crate) extended_key_usages: Vec<Eku>,
    pub(crate) qc_statements: Option<Vec<u8>>,
    pub(crate) qc_statements_critical: bool,
    pub(crate) extensions: Vec<(&'static [u64], Vec<u8>)>,
    /// Claim SHA-1 in both places that name the algorithm.
    pub(crate) sha1: bool,
    pub(crate) organization_name: &'static str,
    pub(crate) serial: &'static [u8],
    pub(crate) is_ca: bool,
    /// What happens to the tbsCertificate before it is signed.
    pub(crate) edit: fn(&mut Vec<u8>),
}

impl Leaf {
    pub(crate) fn qwac() -> Self {
        let roles: (&[&str], &str) = (&["0.4.0.19495.1.2", "0.4.0.19495.1.3"], "FR-ACPR");
        Self {
            organization_identifiers: vec!["PSDFR-ACPR-12345"],
            not_before: at("2026-01-01T00:00:00Z"),
            not_after: at("2028-01-01T00:00:00Z"),
            key: Key::P256,
            key_usages: vec![Ku::DigitalSignature],
            extended_key_usages: vec![Eku::ClientAuth, Eku::ServerAuth],
            qc_statements: Some(qc_statements(true, &["0.4.0.1862.1.6.3"], Some(roles))),
            qc_statements_critical: false,
            extensions: vec![],
            sha1: false,
            organization_name: "Société d'essai",
            serial: &[1, 2, 0xff],
            is_ca: false,
            edit: |_| {},
        }
    }

    pub(crate) fn qseal() -> Self {
        let roles: (&[&str], &str) = (&["0.4.0.19495.1.2"], "FR-ACPR");
        Self {
            key_usages: vec![Ku::DigitalSignature, Ku::ContentCommitment],
            extended_key_usages: vec![],
            qc_statements: Some(qc_statements(true, &["0.4.0.1862.1.6.2"], Some(roles))),
            ..Self::qwac()
        }
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::new(vec!["tpp.example".to_owned()]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, "FR");
        params.distinguished_name.push(DnType::OrganizationName, self.organization_name);
        for (nth, id) in self.organization_identifiers.iter().enumerate() {
            // rcgen keeps one attribute of a kind: the second takes a placeholder of the same length.
            let attribute = if nth == 0 { 97 } else { 96 };
            params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, attribute]), *id);
        }
        params.distinguished_name.push(DnType::CommonName, "tpp.example");
        params.serial_number = Some(SerialNumber::from_slice(self.serial));
        if self.is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params.not_before = date_time_ymd(1970, 1, 1) + since_epoch(self.not_before);
        params.not_after = date_time_ymd(1970, 1, 1) + since_epoch(self.not_after);
        params.key_usages.clone_from(&self.key_usages);
        params.extended_key_usages.clone_from(&self.extended_key_usages);
        if let Some(content) = &self.qc_statements {
            let oid = [1, 3, 6, 1, 5, 5, 7, 1, 3];
            let mut extension = CustomExtension::from_oid_content(&oid, content.clone());
            extension.set_criticality(self.qc_statements_critical);
            params.custom_extensions.push(extension);
        }
        for (oid, content) in &self.extensions {
            params.custom_extensions.push(CustomExtension::from_oid_content(oid, content.clone()));
        }
        params
    }
}

/// An authority that signs whatever it is asked to.
pub(crate) struct TestCa {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
    name: String,
}

impl TestCa {
    pub(crate) fn new() -> Self {
        Self::with_name("Test QTSP")
    }

    pub(crate) fn with_name(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = ca_params(name);
        let certificate = params.self_signed(&key).unwrap();
        Self { issuer: Issuer::new(params, key), certificate, name: name.to_owned() }
    }

    pub(crate) fn subordinate(&self, name: &str) -> Self {
        self.authority(name, |_| {})
    }

    /// An authority below this one, changed.
    pub(crate) fn authority(&self, name: &str, change: impl Fn(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = ca_params(name);
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Self { issuer: Issuer::new(params, key), certificate, name: name.to_owned() }
    }

    /// Another certificate for the key and name of another authority.
    pub(crate) fn certify(
        &self,
        other: &Self,
        change: impl Fn(&mut CertificateParams),
    ) -> CertificateDer<'static> {
        let mut params = ca_params(&other.name);
        change(&mut params);
        params.signed_by(other.issuer.key(), &self.issuer).unwrap().der().clone()
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn issue_pem(&self, leaf: &Leaf) -> String {
        pem("CERTIFICATE", &self.issue(leaf))
    }

    pub(crate) fn issue(&self, leaf: &Leaf) -> Vec<u8> {
        let params = leaf.params();
        let key = |algorithm| KeyPair::generate_for(algorithm).unwrap();
        let certificate = match leaf.key {
            Key::P256 => params.signed_by(&key(&rcgen::PKCS_ECDSA_P256_SHA256), &self.issuer),
            Key::P384 => params.signed_by(&key(&rcgen::PKCS_ECDSA_P384_SHA384), &self.issuer),
            Key::Ed25519 => params.signed_by(&key(&rcgen::PKCS_ED25519), &self.issuer),
            Key::CompressedP256 => params.signed_by(&FakeKey::compressed_point(), &self.issuer),
            Key::FakeRsa(bits) => params.signed_by(&FakeKey::rsa(bits, &[1, 0, 1]), &self.issuer),
            Key::FakeRsaExponent(exponent) => params.signed_by(&FakeKey::rsa(2048, exponent), &self.issuer),
        };
        self.sign(certificate.unwrap().der(), leaf)
    }

    /// Edits the tbsCertificate and signs it anew.
    fn sign(&self, der: &[u8], leaf: &Leaf) -> Vec<u8> {
        let parts = Tlv::only(der, 0).unwrap().children().unwrap();
        let (mut tbs, mut algorithm) = (parts[0].whole.to_vec(), parts[1].whole.to_vec());
        replace(&mut tbs, &[0x55, 4, 96], &[0x55, 4, 97]);
        if leaf.sha1 {
            // ecdsa-with-SHA256 becomes an algorithm of the same length that nobody takes.
            for place in [&mut tbs, &mut algorithm] {
                replace(place, &oid("1.2.840.10045.4.3.2"), &oid("1.2.840.10045.4.3.1"));
            }
        }
        (leaf.edit)(&mut tbs);
        let mut signature = vec![0];
        signature.extend(self.issuer.key().sign(&tbs).unwrap());
        sequence(&[tbs, algorithm, tlv(3, &signature)])
    }
}

/// A PEM text.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    x509_cert::der::pem::encode_string(label, x509_cert::der::pem::LineEnding::LF, der).unwrap()
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2050, 1, 1);
    params
}

fn since_epoch(instant: Timestamp) -> std::time::Duration {
    std::time::Duration::from_secs(u64::try_from(instant.as_second()).unwrap())
}

/// Puts `to`, of the same length, wherever `from` is.
pub(crate) fn replace(der: &mut [u8], from: &[u8], to: &[u8]) {
    let places: Vec<usize> = (0..der.len()).filter(|at| der[*at..].starts_with(from)).collect();
    for at in places {
        der[at..at + to.len()].copy_from_slice(to);
    }
}

/// A public key that nobody has the private key of.
struct FakeKey(Vec<u8>, &'static SignatureAlgorithm);

impl FakeKey {
    fn rsa(bits: usize, exponent: &[u8]) -> Self {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        if bits.is_multiple_of(8) {
            modulus.insert(0, 0);
        } else {
            modulus[0] = u8::try_from((1_u16 << (bits % 8)) - 1).unwrap();
        }
        Self(sequence(&[tlv(2, &modulus), tlv(2, exponent)]), &rcgen::PKCS_RSA_SHA256)
    }

    fn compressed_point() -> Self {
        let mut point = vec![7; 33];
        point[0] = 2;
        Self(point, &rcgen::PKCS_ECDSA_P256_SHA256)
    }
}

impl PublicKeyData for FakeKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.1
    }
}
