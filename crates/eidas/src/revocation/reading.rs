//! The little DER that lists, answers and certificates have in common, read in place.

use der::asn1::{AnyRef, BitStringRef};
use der::{Decode, Header, Reader, SliceReader, Tag, TagNumber, Tagged};
use jiff::Timestamp;
use webpki::EndEntityCert;
use x509_cert::time::Time;

use crate::anchors::SIGNATURE_ALGORITHMS;

/// The tag `[number]` of a value that holds others.
pub(super) fn context(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

/// The tag `[number]` of a value that holds none.
pub(super) fn context_primitive(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: false, number: TagNumber(number) }
}

/// The content of `der`, which must be one value with this tag and nothing after it.
pub(super) fn content(der: &[u8], tag: Tag) -> der::Result<SliceReader<'_>> {
    let value = AnyRef::from_der(der)?;
    value.tag().assert_eq(tag)?;
    SliceReader::new(value.value())
}

/// The content of the next value, which must have this tag.
pub(super) fn next<'a>(reader: &mut SliceReader<'a>, tag: Tag) -> der::Result<&'a [u8]> {
    let value = AnyRef::decode(reader)?;
    value.tag().assert_eq(tag)?;
    Ok(value.value())
}

/// The fields of the next value, which must have this tag.
pub(super) fn next_fields<'a>(reader: &mut SliceReader<'a>, tag: Tag) -> der::Result<SliceReader<'a>> {
    SliceReader::new(next(reader, tag)?)
}

/// Whether there is a next value and it has this tag.
pub(super) fn has(reader: &SliceReader<'_>, tag: Tag) -> bool {
    !reader.is_finished() && Header::peek(reader).is_ok_and(|header| header.tag() == tag)
}

/// The content of the next value if it has this tag.
pub(super) fn next_if<'a>(reader: &mut SliceReader<'a>, tag: Tag) -> der::Result<Option<&'a [u8]>> {
    if has(reader, tag) { next(reader, tag).map(Some) } else { Ok(None) }
}

/// Nothing may follow what was read.
pub(super) fn end(reader: SliceReader<'_>) -> der::Result<()> {
    reader.finish()
}

/// A `Time` (RFC 5280, 4.1.2.5); the end of 9999 is a day after the last our calendar knows.
pub(super) fn time(reader: &mut SliceReader<'_>) -> der::Result<Timestamp> {
    Ok(timestamp(Time::decode(reader)?.to_unix_duration()))
}

/// Whether a `Time` comes next.
pub(super) fn has_time(reader: &SliceReader<'_>) -> bool {
    has(reader, Tag::UtcTime) || has(reader, Tag::GeneralizedTime)
}

/// An instant given by what has passed since 1970.
pub(super) fn timestamp(since_epoch: std::time::Duration) -> Timestamp {
    let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

/// A positive number without the zero that DER puts before a set first bit, or anybody before a number.
pub(super) fn magnitude(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// An extension (RFC 5280, 4.1.2.9 and 5.2), its identifier in DER without tag and length.
pub(super) struct Extension<'a> {
    pub(super) oid: &'a [u8],
    pub(super) critical: bool,
    pub(super) value: &'a [u8],
}

impl<'a> Extension<'a> {
    /// The extensions of a `SEQUENCE OF`, each at most once.
    pub(super) fn all(mut reader: SliceReader<'a>) -> der::Result<Vec<Self>> {
        let mut found: Vec<Self> = Vec::new();
        while !reader.is_finished() {
            let extension = Self::read(next_fields(&mut reader, Tag::Sequence)?)?;
            if found.iter().any(|other| other.oid == extension.oid) {
                return Err(Tag::Sequence.value_error().into());
            }
            found.push(extension);
        }
        Ok(found)
    }

    fn read(mut fields: SliceReader<'a>) -> der::Result<Self> {
        let oid = next(&mut fields, Tag::ObjectIdentifier)?;
        let critical = next_if(&mut fields, Tag::Boolean)?.is_some_and(|value| value != [0]);
        let value = next(&mut fields, Tag::OctetString)?;
        end(fields)?;
        Ok(Self { oid, critical, value })
    }
}

/// What somebody signed, how, and the signature (RFC 5280, 4.1.1 and 5.1.1; RFC 6960, 4.2.1).
#[derive(Clone, Copy)]
pub(super) struct Signed<'a> {
    /// The signed bytes, tag and length included.
    pub(super) tbs: &'a [u8],
    /// The `AlgorithmIdentifier`, tag and length included.
    pub(super) algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Reads the three fields; others may follow.
    pub(super) fn take(fields: &mut SliceReader<'a>) -> der::Result<Self> {
        let tbs = fields.tlv_bytes()?;
        let algorithm = fields.tlv_bytes()?;
        let signature = BitStringRef::decode(fields)?;
        let signature = signature.as_bytes().ok_or(Tag::BitString.value_error())?;
        Ok(Self { tbs, algorithm, signature })
    }

    /// Whether the algorithm is one that we take from authorities: SHA-256 or better.
    pub(super) fn algorithm_is_accepted(&self) -> bool {
        SIGNATURE_ALGORITHMS.iter().any(|known| self.is_made_with(known.signature_alg_id().as_ref()))
    }

    /// Whether the key of this certificate made the signature.
    pub(super) fn is_signed_by(&self, signer: &EndEntityCert<'_>) -> bool {
        SIGNATURE_ALGORITHMS
            .iter()
            .filter(|known| self.is_made_with(known.signature_alg_id().as_ref()))
            .any(|known| signer.verify_signature(*known, self.tbs, self.signature).is_ok())
    }

    fn is_made_with(&self, algorithm: &[u8]) -> bool {
        AnyRef::from_der(self.algorithm).is_ok_and(|identifier| identifier.value() == algorithm)
    }
}
