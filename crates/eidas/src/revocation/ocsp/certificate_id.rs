//! How a certificate is named to a responder.

use aws_lc_rs::digest;
use der::{Reader, SliceReader, Tag};

use super::super::candidate::Candidate;
use super::super::issuer::Issuer;
use super::super::reading::{magnitude, next, next_fields};

/// `id-sha1`, 1.3.14.3.2.26
const SHA1: &[u8] = &[0x2b, 0x0e, 3, 2, 0x1a];
/// `id-sha256`, 2.16.840.1.101.3.4.2.1
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];

/// A `CertID` (RFC 6960, 4.1.1), in place.
pub(super) struct CertificateId<'a> {
    algorithm: &'a [u8],
    name_hash: &'a [u8],
    key_hash: &'a [u8],
    serial: &'a [u8],
}

impl<'a> CertificateId<'a> {
    pub(super) fn read(fields: &mut SliceReader<'a>) -> der::Result<Self> {
        let mut fields = next_fields(fields, Tag::Sequence)?;
        let mut algorithm = next_fields(&mut fields, Tag::Sequence)?;
        let id = Self {
            algorithm: next(&mut algorithm, Tag::ObjectIdentifier)?,
            name_hash: next(&mut fields, Tag::OctetString)?,
            key_hash: next(&mut fields, Tag::OctetString)?,
            serial: next(&mut fields, Tag::Integer)?,
        };
        fields.finish()?;
        Ok(id)
    }

    /// Whether it names this certificate of this issuer. A responder repeats the hash of the request; one
    /// that answers ahead of time may have taken SHA-256.
    pub(super) fn names(&self, candidate: &Candidate, issuer: &Issuer) -> bool {
        let algorithm = match self.algorithm {
            SHA1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            SHA256 => &digest::SHA256,
            _ => return false,
        };
        digest::digest(algorithm, candidate.issuer()).as_ref() == self.name_hash
            && digest::digest(algorithm, issuer.key()).as_ref() == self.key_hash
            && magnitude(self.serial) == candidate.serial().magnitude()
    }
}

/// SHA-1, with which keys and names are told apart here; nothing relies on its strength.
pub(super) fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut hash = [0; 20];
    hash.copy_from_slice(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref());
    hash
}
