//! Who may answer for an issuer.

use der::{Reader, SliceReader, Tag};
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

use super::super::candidate::Parts;
use super::super::issuer::Issuer;
use super::super::reading::{Signed, content, context, next, next_if};
use super::answer::InvalidAnswer;
use super::certificate_id::sha1;
use crate::anchors::SIGNATURE_ALGORITHMS;

/// `id-kp-OCSPSigning`, 1.3.6.1.5.5.7.3.9
const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
/// Certificates of an answer looked at, at most.
const MAX_CERTIFICATES: usize = 4;

/// A `ResponderID` (RFC 6960, 4.2.1).
pub(super) enum ResponderId<'a> {
    /// A distinguished name, tag and length included.
    Name(&'a [u8]),
    /// SHA-1 of a key.
    Key(&'a [u8]),
}

impl<'a> ResponderId<'a> {
    pub(super) fn read(fields: &mut SliceReader<'a>) -> der::Result<Self> {
        if let Some(name) = next_if(fields, context(1))? {
            return Ok(Self::Name(name));
        }
        let mut key = SliceReader::new(next(fields, context(2))?)?;
        let hash = next(&mut key, Tag::OctetString)?;
        key.finish()?;
        Ok(Self::Key(hash))
    }

    fn is(&self, subject: &[u8], key: &[u8]) -> bool {
        match self {
            Self::Name(name) => *name == subject,
            Self::Key(hash) => sha1(key) == *hash,
        }
    }
}

/// Checks that the answer is signed by the issuer itself, or by a responder to whom it gave a certificate
/// for that and nothing in between (RFC 6960, 4.2.2.2). Whether that certificate is revoked is not asked:
/// issuers keep them short-lived and mark them `id-pkix-ocsp-nocheck` (4.2.2.2.1).
pub(super) fn verify(
    signed: &Signed<'_>,
    responder: &ResponderId<'_>,
    certificates: &[CertificateDer<'_>],
    issuer: &Issuer,
    now: Timestamp,
) -> Result<(), InvalidAnswer> {
    if !signed.algorithm_is_accepted() {
        return Err(InvalidAnswer::Algorithm);
    }
    if responder.is(issuer.subject(), issuer.key()) {
        return if issuer.has_signed(signed) { Ok(()) } else { Err(InvalidAnswer::Signature) };
    }
    let named =
        |der: &&CertificateDer<'_>| Parts::of(der).is_ok_and(|parts| responder.is(parts.subject, parts.key));
    let delegate = certificates.iter().find(named).ok_or(InvalidAnswer::Responder)?;
    let delegate = EndEntityCert::try_from(delegate).map_err(|_| InvalidAnswer::Delegate)?;
    is_delegated(&delegate, issuer, now)?;
    if signed.is_signed_by(&delegate) { Ok(()) } else { Err(InvalidAnswer::Signature) }
}

fn is_delegated(delegate: &EndEntityCert<'_>, issuer: &Issuer, now: Timestamp) -> Result<(), InvalidAnswer> {
    let anchor = webpki::anchor_from_trusted_cert(issuer.der()).map_err(|_| InvalidAnswer::Delegate)?;
    let since_epoch = u64::try_from(now.as_second()).map_err(|_| InvalidAnswer::Delegate)?;
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(since_epoch));
    let usage = KeyUsage::required(OCSP_SIGNING);
    delegate
        .verify_for_usage(&SIGNATURE_ALGORITHMS, &[anchor], &[], time, usage, None, None)
        .map(drop)
        .map_err(|_| InvalidAnswer::Delegate)
}

/// The certificates that came with an answer.
pub(super) fn certificates<'a>(basic: &mut SliceReader<'a>) -> der::Result<Vec<CertificateDer<'a>>> {
    let mut found = Vec::new();
    if let Some(explicit) = next_if(basic, context(0))? {
        let mut certificates = content(explicit, Tag::Sequence)?;
        while !certificates.is_finished() {
            let der = certificates.tlv_bytes()?;
            if found.len() < MAX_CERTIFICATES {
                found.push(CertificateDer::from(der));
            }
        }
    }
    Ok(found)
}
