//! Why a call of the bank did not do.

use reqwest::StatusCode;
use server::http_signature::{CannotSign, Refusal};

/// How much of an unknown answer is repeated.
const MAX_SHOWN: usize = 300;

/// Why a call of the bank did not do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PispError {
    /// The bank's address cannot be used.
    #[error("the bank's address must be an https URL")]
    Address,
    /// The bank could not be reached, or did not answer in time.
    #[error("the bank cannot be reached: {0}")]
    Unreachable(String),
    /// The bank answered no.
    #[error("the bank refused with {status}: {message}")]
    Refused {
        /// HTTP status.
        status: StatusCode,
        /// What it said.
        message: String,
    },
    /// The bank's answer is not what the standard says.
    #[error("the bank's answer is not {0}")]
    Unreadable(&'static str),
    /// The bank's signature on its answer is wrong.
    #[error("the signature on the bank's answer does not hold: {0}")]
    Seal(#[from] Refusal),
    /// The certificate that the bank's signature names cannot be used.
    #[error("the certificate that the bank's signature names cannot be used: {0}")]
    SealCertificate(&'static str),
    /// Our own request could not be signed.
    #[error(transparent)]
    CannotSign(#[from] CannotSign),
}

impl PispError {
    /// What a bank says when it refuses: the API's error body, or the token endpoint's.
    pub(super) fn refused(status: StatusCode, body: &[u8]) -> Self {
        let message = serde_json::from_slice::<stet::ErrorModel>(body)
            .map(|error| error.message)
            .or_else(|_| {
                serde_json::from_slice::<stet::OAuthError>(body).map(|error| {
                    let description = error.error_description.unwrap_or_default();
                    format!("{} {description}", error.error.code()).trim().to_owned()
                })
            })
            .unwrap_or_else(|_| String::from_utf8_lossy(body).chars().take(MAX_SHOWN).collect());
        Self::Refused {
            status,
            // It goes to a terminal: no control sequences.
            message: message.chars().filter(|c| !c.is_control()).collect(),
        }
    }

    /// Whether asking again later may do.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            _ => false,
        }
    }
}

impl PispError {
    /// Whether the bank says that it does not know us.
    pub(super) fn is_unauthorised(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if *status == StatusCode::UNAUTHORIZED)
    }
}

impl From<reqwest::Error> for PispError {
    /// Keeps the cause at the bottom: "connection refused" says more than "error sending request".
    fn from(error: reqwest::Error) -> Self {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        Self::Unreachable(cause.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_the_bank_said() {
        let table: [(&[u8], &str); 4] = [
            (br#"{"status":400,"message":"FF01: amount"}"#, "FF01: amount"),
            (br#"{"error":"invalid_client"}"#, "invalid_client"),
            (br#"{"error":"invalid_scope","error_description":"only pisp"}"#, "invalid_scope only pisp"),
            (b"<html>\x1b[2J", "<html>[2J"),
        ];
        for (body, expected) in table {
            let PispError::Refused { message, .. } = PispError::refused(StatusCode::BAD_REQUEST, body) else {
                panic!("a refusal");
            };
            assert_eq!(message, expected);
        }
    }
}
