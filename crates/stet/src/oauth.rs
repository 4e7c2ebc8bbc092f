//! The bodies of the token endpoint (RFC 6749, sections 5.1 and 5.2).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A token that was granted (RFC 6749, section 5.1). `Debug` does not show the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAnswer {
    /// The token, opaque, at most 140 characters.
    pub access_token: String,
    /// `Bearer`; readers compare it without regard to case.
    pub token_type: String,
    /// Lifetime in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// What the token is good for: `pisp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer")
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// Why no token was granted (RFC 6749, section 5.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthError {
    /// The cause.
    pub error: OAuthErrorCode,
    /// The cause in words, for a developer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// The causes of RFC 6749, section 5.2, and of RFC 6750, section 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OAuthErrorCode {
    /// A parameter is missing, given twice or malformed.
    InvalidRequest,
    /// The client is unknown or is not the one its certificate names.
    InvalidClient,
    /// The authorization code is unknown, used, over, or of another client.
    InvalidGrant,
    /// The client may not use this grant.
    UnauthorizedClient,
    /// The grant is not one that the endpoint knows.
    UnsupportedGrantType,
    /// The scope is unknown or not the client's.
    InvalidScope,
    /// The token of an API call is unknown, over, or tied to something else (RFC 6750).
    InvalidToken,
}

impl OAuthErrorCode {
    /// The code as it is written on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidToken => "invalid_token",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_written_in_the_order_of_the_rfc() {
        let token = TokenAnswer {
            access_token: "nX4c".into(),
            token_type: "Bearer".into(),
            expires_in: Some(3600),
            scope: Some("pisp".into()),
        };
        let golden = r#"{"access_token":"nX4c","token_type":"Bearer","expires_in":3600,"scope":"pisp"}"#;
        assert_eq!(serde_json::to_string(&token).unwrap(), golden);
        assert_eq!(serde_json::from_str::<TokenAnswer>(golden).unwrap(), token);
        assert!(!format!("{token:?}").contains("nX4c"));
    }

    #[test]
    fn every_cause_is_written_as_its_code() {
        use OAuthErrorCode as C;
        let all = [
            C::InvalidRequest,
            C::InvalidClient,
            C::InvalidGrant,
            C::UnauthorizedClient,
            C::UnsupportedGrantType,
            C::InvalidScope,
            C::InvalidToken,
        ];
        for error in all {
            let body = serde_json::to_value(OAuthError { error, error_description: None }).unwrap();
            assert_eq!(body, serde_json::json!({ "error": error.code() }));
        }
    }
}
