//! The certificate whose revocation is in question.

use std::fmt;
use std::fmt::Write as _;

use der::asn1::BitStringRef;
use der::{Decode, Reader, SliceReader, Tag};
use jiff::Timestamp;

use super::locations::Locations;
use super::name::CanonicalName;
use super::reading::{Extension, content, context, magnitude, next, next_fields, next_if};
use crate::certificate::{Certificate, InvalidCertificate};

const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];

/// A certificate, by what its issuer knows it: issuer and serial number (RFC 5280, 4.1.2.2), with where the
/// issuer says that revocation can be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    issuer: Vec<u8>,
    issuer_name: CanonicalName,
    serial: SerialNumber,
    fingerprint: [u8; 32],
    is_authority: bool,
    not_after: Timestamp,
    locations: Locations,
}

/// A serial number, content of a DER INTEGER.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SerialNumber(Vec<u8>);

impl SerialNumber {
    /// The bytes of the number, the highest first, without leading zeros.
    pub fn magnitude(&self) -> &[u8] {
        magnitude(&self.0)
    }

    /// The bytes as DER has them.
    pub(super) fn as_der(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.magnitude().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        fmt::Display::fmt(self, f)?;
        f.write_char('"')
    }
}

impl Candidate {
    /// What is needed to ask about a certificate.
    ///
    /// # Errors
    ///
    /// [`InvalidCertificate::Der`] if it cannot be read.
    pub fn of(certificate: &Certificate) -> Result<Self, InvalidCertificate> {
        let parts = Parts::of(certificate.der()).map_err(|_| InvalidCertificate::Der)?;
        Ok(Self {
            issuer: parts.issuer.to_vec(),
            issuer_name: CanonicalName::read(parts.issuer).map_err(|_| InvalidCertificate::Der)?,
            serial: SerialNumber(parts.serial.to_vec()),
            fingerprint: certificate.sha256(),
            is_authority: parts.is_authority(),
            not_after: certificate.not_after(),
            locations: Locations::of(&parts.extensions),
        })
    }

    /// The issuer's distinguished name in DER.
    pub fn issuer(&self) -> &[u8] {
        &self.issuer
    }

    /// The serial number that the issuer gave it.
    pub fn serial(&self) -> &SerialNumber {
        &self.serial
    }

    /// SHA-256 of the certificate.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// Whether it is the certificate of an authority (`basicConstraints`).
    pub fn is_authority(&self) -> bool {
        self.is_authority
    }

    /// From when it is not valid anyway.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Where its issuer says that revocation can be asked about.
    pub fn locations(&self) -> &Locations {
        &self.locations
    }

    pub(super) fn issuer_name(&self) -> &CanonicalName {
        &self.issuer_name
    }
}

/// The fields of a certificate that matter here, in place (RFC 5280, 4.1).
pub(super) struct Parts<'a> {
    /// Content of the serial number.
    pub(super) serial: &'a [u8],
    /// The issuer's name, tag and length included.
    pub(super) issuer: &'a [u8],
    /// The subject's name, tag and length included.
    pub(super) subject: &'a [u8],
    /// The bits of the subject's key.
    pub(super) key: &'a [u8],
    pub(super) extensions: Vec<Extension<'a>>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(der: &'a [u8]) -> der::Result<Self> {
        let mut certificate = content(der, Tag::Sequence)?;
        let mut tbs = next_fields(&mut certificate, Tag::Sequence)?;
        let _version = next_if(&mut tbs, context(0))?;
        let serial = next(&mut tbs, Tag::Integer)?;
        let _algorithm = tbs.tlv_bytes()?;
        let issuer = tbs.tlv_bytes()?;
        let _validity = tbs.tlv_bytes()?;
        let subject = tbs.tlv_bytes()?;
        let key = key_bits(next_fields(&mut tbs, Tag::Sequence)?)?;
        Ok(Self { serial, issuer, subject, key, extensions: extensions(&mut tbs)? })
    }

    pub(super) fn find(&self, oid: &[u8]) -> Option<&'a [u8]> {
        self.extensions.iter().find(|extension| extension.oid == oid).map(|extension| extension.value)
    }

    fn is_authority(&self) -> bool {
        let cas = self.find(BASIC_CONSTRAINTS).and_then(|der| {
            let mut fields = content(der, Tag::Sequence).ok()?;
            next_if(&mut fields, Tag::Boolean).ok()?
        });
        cas.is_some_and(|value| value != [0])
    }
}

fn key_bits(mut spki: SliceReader<'_>) -> der::Result<&[u8]> {
    let _algorithm = spki.tlv_bytes()?;
    Ok(BitStringRef::decode(&mut spki)?.raw_bytes())
}

fn extensions<'a>(tbs: &mut SliceReader<'a>) -> der::Result<Vec<Extension<'a>>> {
    while !tbs.is_finished() {
        if let Some(explicit) = next_if(tbs, context(3))? {
            return Extension::all(content(explicit, Tag::Sequence)?);
        }
        let _unique_identifier = tbs.tlv_bytes()?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Leaf, TestCa, at, replace};

    fn candidate(der: &[u8]) -> Candidate {
        Candidate::of(&Certificate::parse(der).unwrap()).unwrap()
    }

    #[test]
    fn a_certificate_is_known_by_issuer_and_serial() {
        let ca = TestCa::new();
        let der = ca.issue(&Leaf::qwac());
        let leaf = candidate(&der);
        let authority = candidate(&ca.der());
        assert_eq!(leaf.serial().to_string(), "0102ff");
        assert_eq!(leaf.issuer(), authority.issuer(), "the authority is self-issued");
        assert_eq!(leaf.fingerprint(), Certificate::parse(&der).unwrap().sha256());
        assert_eq!(leaf.not_after(), at("2028-01-01T00:00:00Z"));
        assert_eq!((leaf.is_authority(), authority.is_authority()), (false, true));
        assert_eq!(*leaf.locations(), Locations::default());
    }

    #[test]
    fn leading_zeros_are_no_part_of_a_serial_number() {
        let mut der = TestCa::new().issue(&Leaf::qwac());
        replace(&mut der, &[2, 3, 1, 2, 0xff], &[2, 3, 0, 0x82, 0xff]);
        let leaf = candidate(&der);
        assert_eq!(leaf.serial().magnitude(), [0x82, 0xff]);
        assert_eq!(leaf.serial().as_der(), [0, 0x82, 0xff]);
        assert_eq!(format!("{:?}", leaf.serial()), "\"82ff\"");
    }
}
