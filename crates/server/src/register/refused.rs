//! Why a call of the registration API is refused.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use stet::{RegistrationError, RegistrationErrorCode as Code};

use super::metadata::InvalidMetadata;
use crate::api::ApiError;

/// Why a call is refused: what is wrong with it has the form of RFC 7591, 3.2.2, the rest the API's own.
pub(super) enum Refused {
    Metadata(InvalidMetadata),
    Api(ApiError),
}

impl From<InvalidMetadata> for Refused {
    fn from(invalid: InvalidMetadata) -> Self {
        Self::Metadata(invalid)
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (error, description) = match self {
            Self::Metadata(invalid) => (invalid.error, invalid.to_string()),
            Self::Api(error) if error.verdict().0 == StatusCode::BAD_REQUEST => {
                (Code::InvalidClientMetadata, error.to_string())
            }
            Self::Api(error) => return error.into_response(),
        };
        tracing::info!(error = error.code(), description, "registration refused");
        // RFC 6749, 5.2 leaves these two out of a description.
        let description = description.replace(['"', '\\'], "'");
        let body = RegistrationError { error, error_description: Some(description) };
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}
