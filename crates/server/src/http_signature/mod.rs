//! HTTP signatures of draft-cavage-http-signatures, as STET uses them with the QSealC.
//!
//! Every call of a PISP carries `Signature` and `X-Request-ID`, and `Digest` over its body; every answer of
//! the bank carries `Digest` and `Signature` of the bank's seal (STET 1.4.0.47, application authentication).
//! Nothing here opens a socket: a `keyId` is looked up among registered keys and never fetched.
//!
//! A request is checked in the order in which the failures are to be told:
//!
//! 1. [`request_id`]: `X-Request-ID` is there and well formed, else 400;
//! 2. [`SignatureHeader::find`]: `Signature` is there and parses, else 400;
//! 3. the caller looks [`SignatureHeader::key_id`] up among the keys of its client, else 401
//!    ([`Refusal::UnknownKey`]), and judges their certificates;
//! 4. [`verify`]: coverage (401), `Date` (401), `Digest` (400), signature (401).
//!
//! ```ignore
//! let request_id = http_signature::request_id(headers)?;
//! let signature = SignatureHeader::find(headers)?;
//! let keys = registry.keys(client, signature.key_id()).ok_or(Refusal::UnknownKey)?;
//! let verified = verify(&request, &signature, &keys, rules, now)?;
//! ```

mod digest;
mod header;
mod key_id;
mod policy;
mod refusal;
mod sign;
mod signing_string;
mod verify;

#[cfg(test)]
mod tests;

use http::{HeaderMap, Method};

pub use digest::digest_value;
pub use header::SignatureHeader;
pub use key_id::KeyId;
pub use policy::{DateRule, DigestRule, Policy, Rules};
pub use refusal::{MalformedSignature, Refusal};
pub use sign::{CannotSign, SignatureHeaders, sign_answer, sign_request};
pub use verify::{Leniency, Verified, request_id, verify, verify_answer};

/// A message that is, or is to be, signed, as it goes over the wire.
///
/// For a request, all four fields are the request's. For an answer, `headers` and `body` are the answer's,
/// `method` and `target` those of the request answered.
#[derive(Clone, Copy)]
pub struct SignedMessage<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// Path and query exactly as on the request line, as the client saw them.
    pub target: &'a str,
    /// The headers. HTTP/2 has no `Host`: who wants it covered puts it here from `:authority`.
    pub headers: &'a HeaderMap,
    /// The body, byte for byte, before any decoding.
    pub body: &'a [u8],
}
