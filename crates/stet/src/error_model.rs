//! The error body of the API.

use serde::{Deserialize, Serialize};

/// What every STET endpoint answers other than success (STET 1.4.0.47, `ErrorModel`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorModel {
    /// When, RFC 3339; live banks also write other forms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// The reason phrase of the HTTP status, at most 140 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// A four-letter code, or the code, a colon and a text; at most 140 characters.
    pub message: String,
    /// The path that was called, at most 140 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_written_in_the_order_of_the_standard() {
        let error = ErrorModel {
            timestamp: Some("2026-03-02T10:15:30.499+01:00".into()),
            status: 400,
            error: Some("Bad Request".into()),
            message: "FF01".into(),
            path: Some("/stet/psd2/v1/payment-requests".into()),
        };
        let golden = r#"{"timestamp":"2026-03-02T10:15:30.499+01:00","status":400,"error":"Bad Request","message":"FF01","path":"/stet/psd2/v1/payment-requests"}"#;
        assert_eq!(serde_json::to_string(&error).unwrap(), golden);
    }

    #[test]
    fn a_recorded_error_without_reason_phrase_can_be_read() {
        let body = r#"{"timestamp":"2021-05-27 14:07:11.000000000","status":404,"message":"NAAC","path":"/stet/psd2/v1.4.2/accounts"}"#;
        let error: ErrorModel = serde_json::from_str(body).unwrap();
        assert_eq!((error.status, error.message.as_str(), error.error), (404, "NAAC", None));
    }
}
