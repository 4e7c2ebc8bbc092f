//! What a responder says.

use der::asn1::GeneralizedTime;
use der::{Decode, Reader, SliceReader, Tag};
use jiff::{SignedDuration, Timestamp};

use super::super::candidate::Candidate;
use super::super::crl_entries::enumerated;
use super::super::evidence::{Evidence, Reason, Revoked, Source, Status, is_in_the_future};
use super::super::issuer::Issuer;
use super::super::reading::{
    Extension, Signed, content, context, context_primitive, next, next_fields, next_if, timestamp,
};
use super::certificate_id::CertificateId;
use super::responder::{self, ResponderId};

/// Largest answer read, in bytes. One with a responder's certificate has two or three thousand.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// How long an answer that does not say when there is a newer one is taken for fresh, in seconds.
const FRESH_WITHOUT_NEXT_UPDATE_S: i64 = 60 * 60;
/// `id-pkix-ocsp-basic`, 1.3.6.1.5.5.7.48.1.1
const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
/// `successful` of `OCSPResponseStatus`.
const SUCCESSFUL: u8 = 0;

/// A verified answer about one certificate.
pub type Answer = Evidence;

/// Why an answer cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAnswer {
    /// More than [`MAX_ANSWER_BYTES`].
    #[error("the OCSP answer is larger than 64 KiB")]
    TooLarge,
    /// Not an answer in DER.
    #[error("the OCSP answer is not well-formed DER (RFC 6960, 4.2.1)")]
    Der,
    /// The responder could not answer, and says why by a number.
    #[error("the OCSP responder answered with the error {0} (RFC 6960, 4.2.1)")]
    Unsuccessful(u8),
    /// Not a basic response.
    #[error("the OCSP answer is of another type than id-pkix-ocsp-basic (RFC 6960, 4.2.1)")]
    Type,
    /// Signed with something weaker than SHA-256.
    #[error("the OCSP answer's signature algorithm is not accepted (ETSI TS 119 312)")]
    Algorithm,
    /// The responder is not the issuer, and its certificate is not there.
    #[error("the OCSP responder is not the issuer and shows no certificate (RFC 6960, 4.2.2.2)")]
    Responder,
    /// The responder's certificate is not of the issuer, not for this purpose, or not valid.
    #[error("the OCSP responder's certificate is not one of the issuer for OCSPSigning (RFC 6960, 4.2.2.2)")]
    Delegate,
    /// The responder did not sign it.
    #[error("the OCSP answer's signature does not verify")]
    Signature,
    /// A critical extension that we do not know.
    #[error("the OCSP answer has a critical extension that is not supported (RFC 6960, 4.4)")]
    CriticalExtension,
    /// It is about other certificates.
    #[error("the OCSP answer is not about this certificate (RFC 6960, 3.2)")]
    OtherCertificate,
    /// It has not been given yet, by our clock.
    #[error("the OCSP answer's thisUpdate lies in the future (RFC 6960, 4.2.2.1)")]
    Future,
}

impl From<der::Error> for InvalidAnswer {
    fn from(_: der::Error) -> Self {
        Self::Der
    }
}

/// Reads and verifies what a responder said about a certificate of this issuer (RFC 6960, 3.2).
///
/// What it said may have run out by `now`: a revocation counts all the same.
///
/// # Errors
///
/// The first rule that the answer breaks.
pub fn read(
    bytes: &[u8],
    candidate: &Candidate,
    issuer: &Issuer,
    now: Timestamp,
) -> Result<Answer, InvalidAnswer> {
    if bytes.len() > MAX_ANSWER_BYTES {
        return Err(InvalidAnswer::TooLarge);
    }
    let mut basic = content(basic_response(bytes)?, Tag::Sequence)?;
    let signed = Signed::take(&mut basic)?;
    let certificates = responder::certificates(&mut basic)?;
    basic.finish()?;
    let data = Data::read(signed.tbs)?;
    responder::verify(&signed, &data.responder, &certificates, issuer, now)?;
    let about = data.singles.into_iter().filter(|single| single.id.names(candidate, issuer));
    let evidence =
        about.map(|single| single.evidence).reduce(stricter).ok_or(InvalidAnswer::OtherCertificate)?;
    if is_in_the_future(evidence.as_of, now) { Err(InvalidAnswer::Future) } else { Ok(evidence) }
}

/// The `BasicOCSPResponse` of an `OCSPResponse`.
fn basic_response(bytes: &[u8]) -> Result<&[u8], InvalidAnswer> {
    let mut response = content(bytes, Tag::Sequence)?;
    let status = enumerated(response.tlv_bytes()?)?;
    if status != SUCCESSFUL {
        return Err(InvalidAnswer::Unsuccessful(status));
    }
    let mut fields = content(next(&mut response, context(0))?, Tag::Sequence)?;
    response.finish()?;
    if next(&mut fields, Tag::ObjectIdentifier)? != BASIC {
        return Err(InvalidAnswer::Type);
    }
    let basic = next(&mut fields, Tag::OctetString)?;
    fields.finish()?;
    Ok(basic)
}

/// `ResponseData`, in place.
struct Data<'a> {
    responder: ResponderId<'a>,
    singles: Vec<Single<'a>>,
}

impl<'a> Data<'a> {
    fn read(tbs: &'a [u8]) -> Result<Self, InvalidAnswer> {
        let mut fields = content(tbs, Tag::Sequence)?;
        let _version = next_if(&mut fields, context(0))?;
        let responder = ResponderId::read(&mut fields)?;
        let _produced_at = GeneralizedTime::decode(&mut fields)?;
        let mut responses = next_fields(&mut fields, Tag::Sequence)?;
        let mut singles = Vec::new();
        while !responses.is_finished() {
            singles.push(Single::read(next_fields(&mut responses, Tag::Sequence)?)?);
        }
        no_critical_extension(&mut fields)?;
        fields.finish()?;
        Ok(Self { responder, singles })
    }
}

/// `SingleResponse`.
struct Single<'a> {
    id: CertificateId<'a>,
    evidence: Evidence,
}

impl<'a> Single<'a> {
    fn read(mut fields: SliceReader<'a>) -> Result<Self, InvalidAnswer> {
        let id = CertificateId::read(&mut fields)?;
        let status = status(&mut fields)?;
        let as_of = instant(&mut fields)?;
        let next_update = next_if(&mut fields, context(0))?.map(explicit_instant).transpose()?;
        no_critical_extension(&mut fields)?;
        fields.finish()?;
        let assumed = SignedDuration::from_secs(FRESH_WITHOUT_NEXT_UPDATE_S);
        let until = next_update.or_else(|| as_of.checked_add(assumed).ok()).unwrap_or(as_of);
        Ok(Self { id, evidence: Evidence { status, as_of, until, source: Source::Ocsp } })
    }
}

fn status(fields: &mut SliceReader<'_>) -> Result<Status, InvalidAnswer> {
    if next_if(fields, context_primitive(0))?.is_some() {
        return Ok(Status::Good);
    }
    if next_if(fields, context_primitive(2))?.is_some() {
        return Ok(Status::Unknown);
    }
    let mut revoked = next_fields(fields, context(1))?;
    let at = instant(&mut revoked)?;
    let reason = next_if(&mut revoked, context(0))?.map(enumerated).transpose()?;
    revoked.finish()?;
    Ok(Status::Revoked(Revoked { at, reason: Reason::of(reason.unwrap_or(0)) }))
}

fn instant(fields: &mut SliceReader<'_>) -> der::Result<Timestamp> {
    Ok(timestamp(GeneralizedTime::decode(fields)?.to_unix_duration()))
}

fn explicit_instant(der: &[u8]) -> der::Result<Timestamp> {
    Ok(timestamp(GeneralizedTime::from_der(der)?.to_unix_duration()))
}

/// Reads the extensions `[1]` that may come at the end; we know none of them.
fn no_critical_extension(fields: &mut SliceReader<'_>) -> Result<(), InvalidAnswer> {
    if let Some(explicit) = next_if(fields, context(1))? {
        let extensions = Extension::all(content(explicit, Tag::Sequence)?)?;
        if extensions.iter().any(|extension| extension.critical) {
            return Err(InvalidAnswer::CriticalExtension);
        }
    }
    Ok(())
}

/// Of two statements about one certificate: a revocation, or else the newer.
fn stricter(a: Evidence, b: Evidence) -> Evidence {
    match (a.status, b.status) {
        (Status::Revoked(_), _) => a,
        (_, Status::Revoked(_)) => b,
        _ if b.as_of > a.as_of => b,
        _ => a,
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
