//! The revoked certificates of a list, to be found by serial number.

use der::{Decode, Reader, SliceReader, Tag};
use jiff::Timestamp;

use super::crl::InvalidCrl;
use super::evidence::{Reason, Revoked};
use super::reading::{Extension, content, magnitude, next, next_fields, next_if, time};

const REASON_CODE: &[u8] = &[0x55, 0x1d, 0x15];
const HOLD_INSTRUCTION: &[u8] = &[0x55, 0x1d, 0x17];
const INVALIDITY_DATE: &[u8] = &[0x55, 0x1d, 0x18];
const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 0x1d];

/// The entries in a few bytes each, since a list may have a million: the serial numbers one after the other,
/// and an index of them in their order.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Entries {
    serials: Vec<u8>,
    index: Vec<Entry>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    start: u32,
    length: u16,
    reason: u8,
    at_s: i64,
}

impl Entries {
    /// Reads `revokedCertificates` (RFC 5280, 5.1.2.6).
    ///
    /// # Errors
    ///
    /// [`InvalidCrl::Der`]; [`InvalidCrl::Indirect`] if an entry names another issuer;
    /// [`InvalidCrl::CriticalExtension`] if one must not be read without knowing more (5.3).
    pub(super) fn read(mut revoked: SliceReader<'_>) -> Result<Self, InvalidCrl> {
        let mut entries = Self::default();
        while !revoked.is_finished() {
            entries.take(next_fields(&mut revoked, Tag::Sequence)?)?;
        }
        let Self { serials, mut index } = entries;
        index.sort_unstable_by(|a, b| bytes(&serials, a).cmp(bytes(&serials, b)));
        Ok(Self { serials, index })
    }

    fn take(&mut self, mut fields: SliceReader<'_>) -> Result<(), InvalidCrl> {
        let serial = magnitude(next(&mut fields, Tag::Integer)?);
        let at = time(&mut fields)?;
        let extensions = next_if(&mut fields, Tag::Sequence)?.map(SliceReader::new).transpose()?;
        fields.finish()?;
        let reason = extensions.map(reason).transpose()?.unwrap_or(0);
        let start = u32::try_from(self.serials.len()).map_err(|_| InvalidCrl::TooLarge)?;
        let length = u16::try_from(serial.len()).map_err(|_| InvalidCrl::Der)?;
        self.serials.extend_from_slice(serial);
        self.index.push(Entry { start, length, reason, at_s: at.as_second() });
        Ok(())
    }

    /// The revocation of the certificate with this serial number, if it is listed.
    ///
    /// Of several entries any that revokes counts; `removeFromCRL` revokes nothing.
    pub(super) fn find(&self, serial: &[u8]) -> Option<Revoked> {
        let first = self.index.partition_point(|entry| bytes(&self.serials, entry) < serial);
        let of_this = self.index.iter().skip(first).take_while(|entry| bytes(&self.serials, entry) == serial);
        let mut revocations = of_this.map(Entry::revocation);
        revocations.find(|revoked| revoked.reason != Reason::RemoveFromCrl)
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// What they take in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        self.serials.capacity() + self.index.capacity() * size_of::<Entry>()
    }
}

impl Entry {
    fn revocation(&self) -> Revoked {
        let at = Timestamp::from_second(self.at_s).unwrap_or(Timestamp::MAX);
        Revoked { at, reason: Reason::of(self.reason) }
    }
}

fn bytes<'a>(serials: &'a [u8], entry: &Entry) -> &'a [u8] {
    let start = usize::try_from(entry.start).unwrap_or(usize::MAX);
    serials.get(start..start.saturating_add(entry.length.into())).unwrap_or_default()
}

fn reason(extensions: SliceReader<'_>) -> Result<u8, InvalidCrl> {
    let mut reason = 0;
    for extension in Extension::all(extensions)? {
        match extension.oid {
            REASON_CODE => reason = enumerated(extension.value)?,
            CERTIFICATE_ISSUER => return Err(InvalidCrl::Indirect),
            HOLD_INSTRUCTION | INVALIDITY_DATE => {}
            _ if extension.critical => return Err(InvalidCrl::CriticalExtension),
            _ => {}
        }
    }
    Ok(reason)
}

/// An `ENUMERATED` of one byte; a longer one is no reason that we know.
pub(super) fn enumerated(der: &[u8]) -> der::Result<u8> {
    let value = der::asn1::AnyRef::from_der(der)?;
    content(der, Tag::Enumerated)?;
    Ok(match value.value() {
        [number] => *number,
        _ => u8::MAX,
    })
}
