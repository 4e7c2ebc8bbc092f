//! Signing: a PISP's request with its QSealC, the bank's answer with its seal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::SignedMessage;
use super::digest::digest_value;
use super::signing_string::{Covered, signing_string};
use crate::seal_key::{SealKey, SigningFailed};

const DIGEST: HeaderName = HeaderName::from_static("digest");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SIGNATURE: HeaderName = HeaderName::from_static("signature");

/// Why a message could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotSign {
    /// A request has to carry its `X-Request-ID` before it is signed.
    #[error("header 'X-Request-ID' is missing")]
    MissingRequestId,
    /// The key id does not fit between quotes.
    #[error("the keyId must be printable ASCII without quote or backslash")]
    KeyId,
    /// The time cannot be written as an HTTP date.
    #[error("the time cannot be written as an HTTP date")]
    Date,
    /// The key could not sign.
    #[error(transparent)]
    Key(#[from] SigningFailed),
}

/// The headers that signing adds to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHeaders {
    /// `Date`, the time of signing.
    pub date: HeaderValue,
    /// `Digest` of the body.
    pub digest: HeaderValue,
    /// `Signature`.
    pub signature: HeaderValue,
}

impl SignatureHeaders {
    /// Puts them into `headers`, in place of any that are there.
    pub fn insert_into(self, headers: &mut HeaderMap) {
        headers.insert(DATE, self.date);
        headers.insert(DIGEST, self.digest);
        headers.insert(SIGNATURE, self.signature);
    }
}

/// Signs a request so that every policy takes it: target, `Date`, `Digest` (also without a body),
/// `X-Request-ID`, and of `Content-Type`, `Content-Length` and `PSU-*` what is there.
///
/// # Errors
///
/// [`CannotSign`].
pub fn sign_request(
    key: &SealKey,
    key_id: &str,
    request: &SignedMessage<'_>,
    now: Timestamp,
) -> Result<SignatureHeaders, CannotSign> {
    if !request.headers.contains_key(REQUEST_ID) {
        return Err(CannotSign::MissingRequestId);
    }
    let mut covered = vec![
        Covered::RequestTarget,
        Covered::Header(DATE),
        Covered::Header(DIGEST),
        Covered::Header(REQUEST_ID),
    ];
    let others = request.headers.keys().filter(|name| {
        **name == CONTENT_TYPE || **name == CONTENT_LENGTH || name.as_str().starts_with("psu-")
    });
    covered.extend(others.cloned().map(Covered::Header));
    sign(key, key_id, &covered, request, now)
}

/// Signs an answer as BPCE does, errors included: `digest date content-type x-request-id (request-target)`,
/// without the `Content-Type` or `X-Request-ID` that the answer does not have.
///
/// In `answer`, method and target are those of the request that is answered; `key_id` is the URL where the
/// bank serves the certificate of its seal.
///
/// # Errors
///
/// [`CannotSign`].
pub fn sign_answer(
    key: &SealKey,
    key_id: &str,
    answer: &SignedMessage<'_>,
    now: Timestamp,
) -> Result<SignatureHeaders, CannotSign> {
    let mut covered = vec![Covered::Header(DIGEST), Covered::Header(DATE)];
    let optional = [CONTENT_TYPE, REQUEST_ID].into_iter();
    let there = optional.filter(|name| answer.headers.contains_key(name));
    covered.extend(there.map(Covered::Header));
    covered.push(Covered::RequestTarget);
    sign(key, key_id, &covered, answer, now)
}

fn sign(
    key: &SealKey,
    key_id: &str,
    covered: &[Covered],
    message: &SignedMessage<'_>,
    now: Timestamp,
) -> Result<SignatureHeaders, CannotSign> {
    let quotable = |b: u8| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\';
    if key_id.is_empty() || !key_id.bytes().all(quotable) {
        return Err(CannotSign::KeyId);
    }
    let date =
        rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now).map_err(|_| CannotSign::Date)?;
    let date = header_value(&date);
    let digest = header_value(&digest_value(message.body));
    let mut headers = message.headers.clone();
    headers.insert(DATE, date.clone());
    headers.insert(DIGEST, digest.clone());
    let method = message.method.as_str().to_ascii_lowercase();
    let signed = signing_string(covered, &method, &SignedMessage { headers: &headers, ..*message })
        .expect("only headers that are there are covered");
    let signature = STANDARD.encode(key.sign(&signed)?);
    let algorithm = key.algorithm().as_str();
    let names = names(covered);
    let signature = header_value(&format!(
        r#"keyId="{key_id}",algorithm="{algorithm}",headers="{names}",signature="{signature}""#
    ));
    Ok(SignatureHeaders { date, digest, signature })
}

fn names(covered: &[Covered]) -> String {
    let name = |covered: &Covered| match covered {
        Covered::RequestTarget => "(request-target)".to_owned(),
        Covered::Header(name) => name.as_str().to_owned(),
    };
    covered.iter().map(name).collect::<Vec<_>>().join(" ")
}

fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("dates, base64 and checked key ids are printable ASCII")
}
