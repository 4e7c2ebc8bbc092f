//! Why a signed request is refused, and with which status.

use http::StatusCode;

/// Why a `Signature` header could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedSignature {
    /// Longer than any honest header.
    #[error("header 'Signature' is too long")]
    TooLong,
    /// Bytes other than printable ASCII.
    #[error("header 'Signature' must be printable ASCII")]
    NotAscii,
    /// Not a comma-separated list of `name="value"`.
    #[error("header 'Signature' must be a comma-separated list of name=\"value\"")]
    Syntax,
    /// More parameters than any honest header has.
    #[error("header 'Signature' has too many parameters")]
    TooManyParameters,
    /// A parameter, known to us or not, given twice.
    #[error("header 'Signature' repeats a parameter")]
    RepeatedParameter,
    /// A parameter that is required is absent or empty.
    #[error("header 'Signature' lacks the parameter '{0}'")]
    Missing(&'static str),
    /// `headers` is not lower-case names separated by one space.
    #[error("parameter 'headers' of 'Signature' must be lower-case names separated by one space")]
    HeaderList,
    /// `algorithm` is none of those taken.
    #[error("parameter 'algorithm' of 'Signature' must be rsa-sha256, ecdsa-sha256 or hs2019")]
    Algorithm,
    /// `signature` is not standard base64 with padding.
    #[error("parameter 'signature' of 'Signature' must be standard base64 with padding")]
    Base64,
    /// `keyId` is longer than any honest one.
    #[error("parameter 'keyId' of 'Signature' is too long")]
    KeyIdTooLong,
}

/// Why a signed request is refused; the message may be sent to the TPP as it is.
///
/// Messages name the header and the rule and never repeat what was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A header that every call carries is absent.
    #[error("header '{0}' is missing")]
    MissingHeader(&'static str),
    /// A header that may be given once is given several times.
    #[error("header '{0}' must be given once")]
    RepeatedHeader(&'static str),
    /// `X-Request-ID` is not 1 to 70 printable ASCII characters.
    #[error("header 'X-Request-ID' must be 1 to 70 printable ASCII characters")]
    RequestId,
    /// The `Signature` header does not parse.
    #[error(transparent)]
    Malformed(#[from] MalformedSignature),
    /// There is no `Digest` although the body has to be covered.
    #[error("header 'Digest' is missing")]
    MissingDigest,
    /// `Digest` is not a list of `algorithm=base64`.
    #[error("header 'Digest' must be a list of algorithm=base64")]
    MalformedDigest,
    /// No value of `Digest` is of an algorithm we know.
    #[error("header 'Digest' must have a SHA-256 or SHA-512 value")]
    UnsupportedDigest,
    /// A value of `Digest` is not that of the body.
    #[error("header 'Digest' is not the digest of the body")]
    WrongDigest,
    /// `keyId` leads to no key of this client.
    #[error("parameter 'keyId' of 'Signature' names no key registered for this client")]
    UnknownKey,
    /// `algorithm` is not one that the registered key can be used with.
    #[error("parameter 'algorithm' of 'Signature' does not suit the registered key")]
    UnsuitableAlgorithm,
    /// The policy asks for a header that the signature does not cover.
    #[error("header 'Signature' must cover '{0}'")]
    NotCovered(&'static str),
    /// The signature covers a header that the request does not have.
    #[error("header '{0}' is covered by 'Signature' but absent")]
    CoveredButAbsent(&'static str),
    /// The covered `Date` is not an HTTP date.
    #[error("header 'Date' is not an HTTP date")]
    MalformedDate,
    /// The covered `Date` is too far from our clock.
    #[error("header 'Date' is too far from the current time")]
    DateOutOfTolerance,
    /// No candidate key made this signature.
    #[error("header 'Signature' does not verify")]
    WrongSignature,
}

impl Refusal {
    /// Whether the request is badly formed (400) rather than not authenticated (401).
    pub fn is_malformed(&self) -> bool {
        match self {
            Self::MissingHeader(_)
            | Self::RepeatedHeader(_)
            | Self::RequestId
            | Self::Malformed(_)
            | Self::MissingDigest
            | Self::MalformedDigest
            | Self::UnsupportedDigest
            | Self::WrongDigest => true,
            Self::UnknownKey
            | Self::UnsuitableAlgorithm
            | Self::NotCovered(_)
            | Self::CoveredButAbsent(_)
            | Self::MalformedDate
            | Self::DateOutOfTolerance
            | Self::WrongSignature => false,
        }
    }

    /// The HTTP status of the answer: 400 or 401.
    pub fn status(&self) -> StatusCode {
        if self.is_malformed() { StatusCode::BAD_REQUEST } else { StatusCode::UNAUTHORIZED }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_short_and_every_status_is_as_listed() {
        use MalformedSignature as M;
        let table = [
            (Refusal::MissingHeader("X-Request-ID"), 400),
            (Refusal::RepeatedHeader("Signature"), 400),
            (Refusal::RequestId, 400),
            (M::TooLong.into(), 400),
            (M::NotAscii.into(), 400),
            (M::Syntax.into(), 400),
            (M::TooManyParameters.into(), 400),
            (M::RepeatedParameter.into(), 400),
            (M::Missing("algorithm").into(), 400),
            (M::HeaderList.into(), 400),
            (M::Algorithm.into(), 400),
            (M::Base64.into(), 400),
            (M::KeyIdTooLong.into(), 400),
            (Refusal::MissingDigest, 400),
            (Refusal::MalformedDigest, 400),
            (Refusal::UnsupportedDigest, 400),
            (Refusal::WrongDigest, 400),
            (Refusal::UnknownKey, 401),
            (Refusal::UnsuitableAlgorithm, 401),
            (Refusal::NotCovered("PSU-Accept-Language"), 401),
            (Refusal::CoveredButAbsent("PSU-Accept-Language"), 401),
            (Refusal::MalformedDate, 401),
            (Refusal::DateOutOfTolerance, 401),
            (Refusal::WrongSignature, 401),
        ];
        for (refusal, status) in table {
            let message = refusal.to_string();
            assert_eq!(refusal.status().as_u16(), status, "{message}");
            assert!(message.len() <= 110, "{message}");
            assert!(message.starts_with(|c: char| c.is_ascii_lowercase()), "{message}");
            assert!(message.contains('\''), "names no header: {message}");
        }
    }
}
