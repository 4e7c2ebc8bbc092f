//! Certificate revocation lists (RFC 5280, 5).

use std::fmt;
use std::sync::Arc;

use der::{Reader, SliceReader, Tag};
use jiff::Timestamp;
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;

use super::candidate::Candidate;
use super::crl_entries::Entries;
use super::crl_scope::Scope;
use super::evidence::{Evidence, Source, Status, is_in_the_future};
use super::issuer::Issuer;
use super::reading::{Extension, Signed, content, context, has_time, magnitude, next, next_if, time};

const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
const DELTA_CRL_INDICATOR: &[u8] = &[0x55, 0x1d, 0x1b];
const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 0x1c];
/// The INTEGER of `v2`.
const VERSION_2: &[u8] = &[1];
/// Longest CRL number (RFC 5280, 5.2.3), in bytes.
const MAX_NUMBER_BYTES: usize = 20;
const PEM_MARK: &[u8] = b"-----BEGIN";

/// A list that its issuer has signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Crl {
    issuer: Vec<u8>,
    this_update: Timestamp,
    next_update: Timestamp,
    number: Option<Vec<u8>>,
    scope: Scope,
    entries: Entries,
}

/// A list as it came in: nobody has looked at the signature yet.
#[derive(Clone)]
pub struct UnverifiedCrl {
    crl: Arc<Crl>,
    der: Vec<u8>,
}

/// Why a list cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCrl {
    /// More bytes than the caller reads.
    #[error("the CRL is too large")]
    TooLarge,
    /// The text has no `BEGIN X509 CRL` block, or one that is not base64.
    #[error("there is no readable PEM CRL")]
    Pem,
    /// Not a list in DER.
    #[error("the CRL is not well-formed DER (RFC 5280, 5.1)")]
    Der,
    /// Not version 2.
    #[error("the CRL is not of version 2 (RFC 5280, 5.1.2.1)")]
    Version,
    /// The two places that name the signature algorithm disagree, or it is weaker than SHA-256.
    #[error("the CRL's signature algorithm is not accepted (RFC 5280, 5.1.1.2; ETSI TS 119 312)")]
    Algorithm,
    /// It never ends, or ends before it begins.
    #[error("the CRL has no nextUpdate after its thisUpdate (RFC 5280, 5.1.2.5)")]
    Validity,
    /// A critical extension that we do not know.
    #[error("the CRL has a critical extension that is not supported (RFC 5280, 5.2 and 5.3)")]
    CriticalExtension,
    /// Only changes to another list.
    #[error("the CRL is a delta CRL, which is not supported (RFC 5280, 5.2.4)")]
    Delta,
    /// Certificates of other issuers.
    #[error("the CRL is an indirect CRL, which is not supported (RFC 5280, 5.2.5)")]
    Indirect,
    /// Only some reasons, or no certificates of public keys.
    #[error("the CRL covers only some reasons or only attribute certificates (RFC 5280, 5.2.5)")]
    Partial,
    /// Of another issuer.
    #[error("the CRL is of another issuer (RFC 5280, 6.3.3)")]
    OtherIssuer,
    /// The issuer may not sign lists.
    #[error("the issuer's keyUsage does not allow cRLSign (RFC 5280, 4.2.1.3)")]
    KeyUsage,
    /// The issuer did not sign it.
    #[error("the CRL's signature does not verify with the issuer's key")]
    Signature,
}

impl From<der::Error> for InvalidCrl {
    fn from(_: der::Error) -> Self {
        Self::Der
    }
}

impl UnverifiedCrl {
    /// Reads a list in DER or PEM of at most `max_bytes`.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks by itself.
    pub fn parse(bytes: &[u8], max_bytes: usize) -> Result<Self, InvalidCrl> {
        if bytes.len() > max_bytes {
            return Err(InvalidCrl::TooLarge);
        }
        let der = if bytes.trim_ascii_start().starts_with(PEM_MARK) {
            let der = CertificateRevocationListDer::from_pem_slice(bytes).map_err(|_| InvalidCrl::Pem)?;
            der.as_ref().to_vec()
        } else {
            bytes.to_vec()
        };
        let crl = Arc::new(Crl::read(&signed(&der)?)?);
        Ok(Self { crl, der })
    }

    /// The distinguished name of whoever is said to have issued it, in DER.
    pub fn issuer(&self) -> &[u8] {
        &self.crl.issuer
    }

    /// Whether it speaks for the certificates for which `held` does, and is older.
    pub fn would_roll_back(&self, held: &Self) -> bool {
        let speaks_for_the_same = self.crl.issuer == held.crl.issuer && self.crl.scope == held.crl.scope;
        speaks_for_the_same && self.crl.is_older_than(&held.crl)
    }

    /// The list, if this authority signed it and may (RFC 5280, 6.3.3 (f) and (g)).
    ///
    /// # Errors
    ///
    /// [`InvalidCrl::OtherIssuer`], [`InvalidCrl::KeyUsage`] or [`InvalidCrl::Signature`].
    pub fn verify(&self, issuer: &Issuer) -> Result<Arc<Crl>, InvalidCrl> {
        if self.crl.issuer != issuer.subject() {
            return Err(InvalidCrl::OtherIssuer);
        }
        if !issuer.may_sign_crls() {
            return Err(InvalidCrl::KeyUsage);
        }
        if !issuer.has_signed(&signed(&self.der)?) {
            return Err(InvalidCrl::Signature);
        }
        Ok(Arc::clone(&self.crl))
    }
}

impl fmt::Debug for UnverifiedCrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedCrl").field("crl", &self.crl).finish_non_exhaustive()
    }
}

fn signed(der: &[u8]) -> der::Result<Signed<'_>> {
    let mut list = content(der, Tag::Sequence)?;
    let signed = Signed::take(&mut list)?;
    list.finish()?;
    Ok(signed)
}

impl Crl {
    fn read(signed: &Signed<'_>) -> Result<Self, InvalidCrl> {
        let mut tbs = content(signed.tbs, Tag::Sequence)?;
        if next_if(&mut tbs, Tag::Integer)? != Some(VERSION_2) {
            return Err(InvalidCrl::Version);
        }
        if tbs.tlv_bytes()? != signed.algorithm || !signed.algorithm_is_accepted() {
            return Err(InvalidCrl::Algorithm);
        }
        let issuer = tbs.tlv_bytes()?.to_vec();
        let (this_update, next_update) = validity(&mut tbs)?;
        let revoked = next_if(&mut tbs, Tag::Sequence)?.map(SliceReader::new).transpose()?;
        let extensions = next_if(&mut tbs, context(0))?;
        tbs.finish()?;
        let (number, scope) = match extensions {
            Some(explicit) => read_extensions(content(explicit, Tag::Sequence)?)?,
            None => (None, Scope::default()),
        };
        let entries = revoked.map(Entries::read).transpose()?.unwrap_or_default();
        Ok(Self { issuer, this_update, next_update, number, scope, entries })
    }

    /// What the list says about a certificate; nothing if it does not speak for it, or comes from the future.
    pub fn evidence(&self, candidate: &Candidate, now: Timestamp) -> Option<Evidence> {
        if self.issuer != candidate.issuer()
            || !self.scope.covers(candidate)
            || is_in_the_future(self.this_update, now)
        {
            return None;
        }
        let revoked = self.entries.find(candidate.serial().magnitude());
        Some(Evidence {
            status: revoked.map_or(Status::Good, Status::Revoked),
            as_of: self.this_update,
            until: self.next_update,
            source: Source::Crl,
        })
    }

    /// Whether it is older than another list of the same issuer: then it must not take its place.
    ///
    /// By number where both have one (RFC 5280, 5.2.3), else by `thisUpdate`.
    pub fn is_older_than(&self, other: &Self) -> bool {
        let by_number = self.number.as_ref().zip(other.number.as_ref());
        by_number.map_or(self.this_update < other.this_update, |(ours, theirs)| {
            (ours.len(), ours) < (theirs.len(), theirs)
        })
    }

    /// When it was issued.
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// By when the next one will have been issued.
    pub fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// How many certificates it lists.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it lists none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it takes in memory, in bytes.
    pub fn size(&self) -> usize {
        self.issuer.len() + self.entries.size()
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crl")
            .field("this_update", &self.this_update)
            .field("next_update", &self.next_update)
            .field("entries", &self.len())
            .finish_non_exhaustive()
    }
}

fn validity(tbs: &mut SliceReader<'_>) -> Result<(Timestamp, Timestamp), InvalidCrl> {
    let this_update = time(tbs)?;
    if !has_time(tbs) {
        return Err(InvalidCrl::Validity);
    }
    let next_update = time(tbs)?;
    if next_update <= this_update { Err(InvalidCrl::Validity) } else { Ok((this_update, next_update)) }
}

fn read_extensions(extensions: SliceReader<'_>) -> Result<(Option<Vec<u8>>, Scope), InvalidCrl> {
    let (mut number, mut scope) = (None, Scope::default());
    for extension in Extension::all(extensions)? {
        match extension.oid {
            CRL_NUMBER => number = Some(crl_number(extension.value)?),
            ISSUING_DISTRIBUTION_POINT => scope = Scope::read(extension.value)?,
            DELTA_CRL_INDICATOR => return Err(InvalidCrl::Delta),
            AUTHORITY_KEY_IDENTIFIER => {}
            _ if extension.critical => return Err(InvalidCrl::CriticalExtension),
            _ => {}
        }
    }
    Ok((number, scope))
}

fn crl_number(der: &[u8]) -> Result<Vec<u8>, InvalidCrl> {
    let mut reader = SliceReader::new(der)?;
    let number = magnitude(next(&mut reader, Tag::Integer)?).to_vec();
    reader.finish()?;
    if number.len() > MAX_NUMBER_BYTES { Err(InvalidCrl::Der) } else { Ok(number) }
}

#[cfg(test)]
#[path = "crl_tests.rs"]
mod tests;
