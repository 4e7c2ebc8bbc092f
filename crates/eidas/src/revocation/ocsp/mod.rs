//! The Online Certificate Status Protocol (RFC 6960) in its lightweight profile (RFC 5019).
//!
//! One certificate a request, no nonce: responders sign their answers ahead of time, and an old answer is
//! recognised by its `nextUpdate`.

mod answer;
mod certificate_id;
mod request;
mod responder;

pub use answer::{Answer, InvalidAnswer, MAX_ANSWER_BYTES, read};
pub use request::request;

/// Media type of a request.
pub const REQUEST_TYPE: &str = "application/ocsp-request";
/// Media type of an answer.
pub const ANSWER_TYPE: &str = "application/ocsp-response";
