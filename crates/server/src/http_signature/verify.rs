//! Verifying a signed request, and the bank's signed answer.

use http::header::DATE;
use http::{HeaderMap, HeaderName, Method};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::SignedMessage;
use super::digest;
use super::header::SignatureHeader;
use super::policy::{Policy, Rules, check_coverage};
use super::refusal::Refusal;
use super::signing_string::{joined, signing_string, spelling};
use crate::seal_key::VerifyingKey;

const REQUEST_ID_MAX: usize = 70; // STET 1.4.0.47, X-Request-ID: maxLength 70
const DIGEST: HeaderName = HeaderName::from_static("digest");

/// What the lenient policy let pass; each use is logged and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leniency {
    /// The body is not covered: there is no `Digest`.
    BodyNotCovered,
    /// The request is a GET and was signed as `post`.
    GetSignedAsPost,
}

impl Leniency {
    /// A name for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BodyNotCovered => "body_not_covered",
            Self::GetSignedAsPost => "get_signed_as_post",
        }
    }
}

/// The proof that a request was signed with one of the keys it was verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Which of the candidate keys, by position.
    pub key: usize,
    /// What only the lenient policy let pass; empty under the others.
    pub leniencies: Vec<Leniency>,
}

/// The `X-Request-ID` of a request: 1 to 70 printable ASCII characters (STET 1.4.0.47, X-Request-ID).
///
/// # Errors
///
/// [`Refusal::MissingHeader`], [`Refusal::RepeatedHeader`] or [`Refusal::RequestId`], all 400.
pub fn request_id(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all("x-request-id").iter();
    let value = values.next().ok_or(Refusal::MissingHeader("X-Request-ID"))?;
    if values.next().is_some() {
        return Err(Refusal::RepeatedHeader("X-Request-ID"));
    }
    let id = value.as_bytes().trim_ascii();
    let printable = id.iter().all(|b| matches!(b, b' '..=b'~'));
    if !printable || !(1..=REQUEST_ID_MAX).contains(&id.len()) {
        return Err(Refusal::RequestId);
    }
    std::str::from_utf8(id).map_err(|_| Refusal::RequestId)
}

/// Verifies a request under `rules` against the keys that its `keyId` led to, certificates already judged.
///
/// # Errors
///
/// The first [`Refusal`] in this order: no candidate key, coverage, `Date`, `Digest`, signature.
pub fn verify(
    request: &SignedMessage<'_>,
    signature: &SignatureHeader,
    keys: &[&VerifyingKey],
    rules: Rules,
    now: Timestamp,
) -> Result<Verified, Refusal> {
    if keys.is_empty() {
        return Err(Refusal::UnknownKey);
    }
    check_coverage(request, signature, rules)?;
    check_date(request.headers, signature, rules, now)?;
    let has_digest = check_digest(request)?;
    let mut leniencies = Vec::new();
    // Any other policy has refused a body without `Digest` by now.
    if !has_digest && !request.body.is_empty() {
        leniencies.push(Leniency::BodyNotCovered);
    }
    let key = match find_key(request, request.method, signature, keys) {
        Err(Refusal::WrongSignature) if may_be_signed_as_post(request, rules) => {
            leniencies.push(Leniency::GetSignedAsPost);
            find_key(request, &Method::POST, signature, keys)?
        }
        found => found?,
    };
    Ok(Verified { key, leniencies })
}

/// Verifies an answer of a bank: `(request-target)` and `Digest` covered, digest right, signature right.
///
/// In `answer`, method and target are those of the request that was answered.
///
/// # Errors
///
/// The first [`Refusal`] in that order.
pub fn verify_answer(answer: &SignedMessage<'_>, key: &VerifyingKey) -> Result<(), Refusal> {
    let signature = SignatureHeader::find(answer.headers)?;
    if !signature.covers_request_target() {
        return Err(Refusal::NotCovered("(request-target)"));
    }
    if !signature.covers(DIGEST.as_str()) {
        return Err(Refusal::NotCovered("Digest"));
    }
    if !check_digest(answer)? {
        return Err(Refusal::MissingDigest);
    }
    find_key(answer, answer.method, &signature, &[key]).map(|_| ())
}

fn check_date(
    headers: &HeaderMap,
    signature: &SignatureHeader,
    rules: Rules,
    now: Timestamp,
) -> Result<(), Refusal> {
    if rules.date_tolerance_s == 0 || !signature.covers(DATE.as_str()) {
        return Ok(());
    }
    let value = joined(headers, &DATE).ok_or(Refusal::CoveredButAbsent("Date"))?;
    let date = rfc2822::DateTimeParser::new().parse_timestamp(&value).map_err(|_| Refusal::MalformedDate)?;
    let skew_s = date.as_second().abs_diff(now.as_second());
    if skew_s > u64::from(rules.date_tolerance_s) {
        return Err(Refusal::DateOutOfTolerance);
    }
    Ok(())
}

/// Whether there is a `Digest`; one that is there has to be right.
fn check_digest(message: &SignedMessage<'_>) -> Result<bool, Refusal> {
    let Some(value) = joined(message.headers, &DIGEST) else {
        return Ok(false);
    };
    digest::check(&value, message.body)?;
    Ok(true)
}

fn may_be_signed_as_post(request: &SignedMessage<'_>, rules: Rules) -> bool {
    rules.policy == Policy::Lenient && request.method == Method::GET
}

fn find_key(
    message: &SignedMessage<'_>,
    method: &Method,
    signature: &SignatureHeader,
    keys: &[&VerifyingKey],
) -> Result<usize, Refusal> {
    let method = method.as_str().to_ascii_lowercase();
    let signed = signing_string(signature.covered(), &method, message)
        .map_err(|absent| Refusal::CoveredButAbsent(spelling(absent.0)))?;
    let suitable = |key: &VerifyingKey| key.algorithm() == signature.algorithm();
    if !keys.iter().any(|key| suitable(key)) {
        return Err(Refusal::UnsuitableAlgorithm);
    }
    keys.iter()
        .position(|key| suitable(key) && key.verify(&signed, signature.signature()))
        .ok_or(Refusal::WrongSignature)
}
