//! Authorities that sign lists and answers for the tests, as odd as they need to be.

use aws_lc_rs::digest;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose as Eku, IsCa,
    Issuer as RcgenIssuer, KeyPair, KeyUsagePurpose as Ku, SerialNumber, SigningKey as _, date_time_ymd,
};
use rustls_pki_types::CertificateDer;

use super::{Candidate, Issuer};
use crate::Certificate;
use crate::testing::{oid, sequence, tlv};

pub(super) const NOW: &str = "2026-11-22T12:00:00Z";
pub(super) const YESTERDAY: &str = "2026-11-21T12:00:00Z";
pub(super) const TOMORROW: &str = "2026-11-23T12:00:00Z";
const ECDSA_WITH_SHA256: &str = "1.2.840.10045.4.3.2";

/// An authority, or a responder to which one has given a certificate.
pub(super) struct Authority {
    key: KeyPair,
    params: CertificateParams,
    der: CertificateDer<'static>,
}

impl Authority {
    /// A root with this common name.
    pub(super) fn new(name: &str, usages: &[Ku]) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = usages.to_vec();
        let der = params.self_signed(&key).unwrap().der().clone();
        Self { key, params, der }
    }

    /// A certificate for somebody with a key of his own, valid for these years.
    pub(super) fn delegate(&self, name: &str, usages: &[Eku], years: (i32, i32)) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = params(name);
        params.extended_key_usages = usages.to_vec();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let der = params.signed_by(&key, &self.as_issuer()).unwrap().der().clone();
        Self { key, params, der }
    }

    /// A provider's certificate with this serial number.
    pub(super) fn issue(&self, serial: &[u8]) -> Candidate {
        self.issue_with(serial, |_| {})
    }

    pub(super) fn issue_with(&self, serial: &[u8], change: impl FnOnce(&mut CertificateParams)) -> Candidate {
        let mut params = params("tpp.example");
        params.serial_number = Some(SerialNumber::from_slice(serial));
        change(&mut params);
        let der = params.signed_by(&KeyPair::generate().unwrap(), &self.as_issuer()).unwrap().der().clone();
        Candidate::of(&Certificate::parse(&der).unwrap()).unwrap()
    }

    fn as_issuer(&self) -> RcgenIssuer<'_, &KeyPair> {
        RcgenIssuer::from_params(&self.params, &self.key)
    }

    pub(super) fn der(&self) -> CertificateDer<'static> {
        self.der.clone()
    }

    pub(super) fn issuer(&self) -> Issuer {
        Issuer::from_der(&self.der).unwrap()
    }

    /// Its name in DER.
    pub(super) fn name(&self) -> Vec<u8> {
        self.issuer().subject().to_vec()
    }

    /// Signs what is to be signed, claiming this algorithm: three fields.
    pub(super) fn signed(&self, tbs: &[u8], algorithm: &[u8]) -> Vec<u8> {
        let signature = self.key.sign(tbs).unwrap();
        [tbs, algorithm, &tlv(3, &[&[0], signature.as_slice()].concat())].concat()
    }

    fn hash(&self, algorithm: &'static digest::Algorithm) -> (Vec<u8>, Vec<u8>) {
        let hash = |bytes: &[u8]| digest::digest(algorithm, bytes).as_ref().to_vec();
        (hash(&self.name()), hash(self.issuer().key()))
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

pub(super) fn algorithm(dotted: &str) -> Vec<u8> {
    sequence(&[oid(dotted)])
}

pub(super) fn instant(text: &str) -> Timestamp {
    crate::testing::at(text)
}

pub(super) fn generalized(text: &str) -> Vec<u8> {
    tlv(0x18, instant(text).strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
}

pub(super) fn utc(text: &str) -> Vec<u8> {
    tlv(0x17, instant(text).strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
}

pub(super) fn extension(dotted: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { vec![1, 1, 0xff] } else { vec![] };
    sequence(&[oid(dotted), critical, tlv(4, value)])
}

/// A list to be made.
#[derive(Clone)]
pub(super) struct List {
    pub(super) version: Option<u8>,
    pub(super) inner_algorithm: Vec<u8>,
    pub(super) outer_algorithm: Vec<u8>,
    pub(super) this_update: Vec<u8>,
    pub(super) next_update: Vec<u8>,
    /// Each with its extensions.
    pub(super) entries: Vec<Vec<u8>>,
    pub(super) extensions: Vec<Vec<u8>>,
}

impl List {
    /// In order, of yesterday until tomorrow, and empty.
    pub(super) fn new() -> Self {
        Self {
            version: Some(1),
            inner_algorithm: algorithm(ECDSA_WITH_SHA256),
            outer_algorithm: algorithm(ECDSA_WITH_SHA256),
            this_update: utc(YESTERDAY),
            next_update: utc(TOMORROW),
            entries: vec![],
            extensions: vec![],
        }
    }

    pub(super) fn numbered(number: &[u8]) -> Self {
        Self { extensions: vec![extension("2.5.29.20", false, &tlv(2, number))], ..Self::new() }
    }

    /// Lists a serial number.
    pub(super) fn with(mut self, serial: &[u8], extensions: &[Vec<u8>]) -> Self {
        let extensions = if extensions.is_empty() { vec![] } else { sequence(extensions) };
        self.entries.push(sequence(&[tlv(2, serial), utc("2026-11-20T09:00:00Z"), extensions]));
        self
    }

    pub(super) fn with_reason(self, serial: &[u8], reason: u8) -> Self {
        self.with(serial, &[extension("2.5.29.21", false, &tlv(0x0a, &[reason]))])
    }

    pub(super) fn extended(mut self, dotted: &str, critical: bool, value: &[u8]) -> Self {
        self.extensions.push(extension(dotted, critical, value));
        self
    }

    /// Signed by this authority, in its name.
    pub(super) fn der(&self, authority: &Authority) -> Vec<u8> {
        self.der_in_the_name_of(&authority.name(), authority)
    }

    pub(super) fn der_in_the_name_of(&self, name: &[u8], authority: &Authority) -> Vec<u8> {
        let version = self.version.map(|version| tlv(2, &[version])).unwrap_or_default();
        let entries = if self.entries.is_empty() { vec![] } else { sequence(&self.entries) };
        let extensions =
            if self.extensions.is_empty() { vec![] } else { tlv(0xa0, &sequence(&self.extensions)) };
        let tbs = sequence(&[
            version,
            self.inner_algorithm.clone(),
            name.to_vec(),
            self.this_update.clone(),
            self.next_update.clone(),
            entries,
            extensions,
        ]);
        tlv(0x30, &authority.signed(&tbs, &self.outer_algorithm))
    }
}

/// An answer to be made.
#[derive(Clone)]
pub(super) struct OcspAnswer {
    pub(super) status: u8,
    pub(super) response_type: &'static str,
    pub(super) by_key: bool,
    pub(super) singles: Vec<Vec<u8>>,
    pub(super) extensions: Vec<Vec<u8>>,
    pub(super) algorithm: Vec<u8>,
    pub(super) certificates: Vec<Vec<u8>>,
}

/// What a responder says of one certificate.
#[derive(Clone)]
pub(super) struct Single {
    pub(super) hash: (&'static str, &'static digest::Algorithm),
    pub(super) serial: Vec<u8>,
    pub(super) status: Vec<u8>,
    pub(super) this_update: Vec<u8>,
    pub(super) next_update: Option<Vec<u8>>,
    pub(super) extensions: Vec<Vec<u8>>,
}

impl Single {
    pub(super) fn good(serial: &[u8]) -> Self {
        Self {
            hash: ("1.3.14.3.2.26", &digest::SHA1_FOR_LEGACY_USE_ONLY),
            serial: serial.to_vec(),
            status: tlv(0x80, &[]),
            this_update: generalized(YESTERDAY),
            next_update: Some(generalized(TOMORROW)),
            extensions: vec![],
        }
    }

    pub(super) fn unknown(serial: &[u8]) -> Self {
        Self { status: tlv(0x82, &[]), ..Self::good(serial) }
    }

    pub(super) fn revoked(serial: &[u8], reason: Option<u8>) -> Self {
        let reason = reason.map(|reason| tlv(0xa0, &tlv(0x0a, &[reason]))).unwrap_or_default();
        let status = tlv(0xa1, &[generalized("2026-11-20T09:00:00Z"), reason].concat());
        Self { status, ..Self::good(serial) }
    }

    pub(super) fn der(&self, issuer: &Authority) -> Vec<u8> {
        let (oid_of_hash, algorithm) = self.hash;
        let (name, key) = issuer.hash(algorithm);
        let id = sequence(&[
            sequence(&[oid(oid_of_hash), tlv(5, &[])]),
            tlv(4, &name),
            tlv(4, &key),
            tlv(2, &self.serial),
        ]);
        let next_update = self.next_update.as_ref().map(|at| tlv(0xa0, at)).unwrap_or_default();
        let extensions =
            if self.extensions.is_empty() { vec![] } else { tlv(0xa1, &sequence(&self.extensions)) };
        sequence(&[id, self.status.clone(), self.this_update.clone(), next_update, extensions])
    }
}

impl OcspAnswer {
    pub(super) fn of(singles: Vec<Vec<u8>>) -> Self {
        Self {
            status: 0,
            response_type: "1.3.6.1.5.5.7.48.1.1",
            by_key: true,
            singles,
            extensions: vec![],
            algorithm: algorithm(ECDSA_WITH_SHA256),
            certificates: vec![],
        }
    }

    /// With the certificate of whoever signs it.
    pub(super) fn showing(mut self, responder: &Authority) -> Self {
        self.certificates.push(responder.der().to_vec());
        self
    }

    /// Signed by this responder.
    pub(super) fn der(&self, responder: &Authority) -> Vec<u8> {
        self.der_in_the_name_of(responder, responder)
    }

    /// Claims one responder and is signed by another.
    pub(super) fn der_in_the_name_of(&self, claimed: &Authority, signer: &Authority) -> Vec<u8> {
        if self.status != 0 {
            return sequence(&[tlv(0x0a, &[self.status])]);
        }
        let responder = if self.by_key {
            let (_, key) = claimed.hash(&digest::SHA1_FOR_LEGACY_USE_ONLY);
            tlv(0xa2, &tlv(4, &key))
        } else {
            tlv(0xa1, &claimed.name())
        };
        let extensions =
            if self.extensions.is_empty() { vec![] } else { tlv(0xa1, &sequence(&self.extensions)) };
        let data = sequence(&[responder, generalized(NOW), sequence(&self.singles), extensions]);
        let certificates =
            if self.certificates.is_empty() { vec![] } else { tlv(0xa0, &sequence(&self.certificates)) };
        let basic = tlv(0x30, &[signer.signed(&data, &self.algorithm), certificates].concat());
        let bytes = sequence(&[oid(self.response_type), tlv(4, &basic)]);
        sequence(&[tlv(0x0a, &[0]), tlv(0xa0, &bytes)])
    }
}
