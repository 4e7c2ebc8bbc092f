//! What is known of a token, for the operator who was shown one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use payments::{
    ports::{StoreError, TokenStore, TppStore},
    token::{Token, TokenHash},
    tpp::Tpp,
};
use serde::Serialize;

use crate::caller::hash_of;

/// What is known of a token (RFC 7662, 2.2). Of one that is worth nothing only that is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Introspection {
    /// Whether it was given, has not been taken back, and has not expired.
    pub active: bool,
    /// What it was given for, if so.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
}

/// What a token was given for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// `Bearer`.
    pub token_type: &'static str,
    /// The client it was given to.
    pub client_id: String,
    /// The client's name; our own member.
    pub client_name: Option<String>,
    /// Whether this bank keeps the client out, so that the token serves nothing for now; our own member.
    pub client_suspended: bool,
    /// What it may be used for.
    pub scope: &'static str,
    /// When it was given, in seconds since 1970.
    pub iat: i64,
    /// From when it is worth nothing, in seconds since 1970.
    pub exp: i64,
    /// The certificate it is bound to (RFC 8705, 3.2).
    pub cnf: Confirmation,
    /// The bank code of the institution it was taken for; our own member.
    pub institution: String,
    /// The payment request it is tied to, once it has been used; our own member.
    pub payment_request_id: Option<String>,
}

/// The certificate that has to be shown with a token (RFC 8705, 3.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confirmation {
    /// SHA-256 of its DER, base64url.
    #[serde(rename = "x5t#S256")]
    pub x5t_s256: String,
}

/// What is known at `now` of the token that reads `secret`.
///
/// # Errors
///
/// If the store fails.
pub async fn introspect(
    store: &(impl TokenStore + TppStore + ?Sized),
    secret: &str,
    now: Timestamp,
) -> Result<Introspection, StoreError> {
    let found = store.find_token(&hash_of_token(secret)).await?;
    let Some(token) = found.filter(|token| now < token.expires_at) else {
        return Ok(Introspection { active: false, grant: None });
    };
    let client = store.find_tpp(&token.tpp).await?;
    Ok(Introspection { active: true, grant: Some(Grant::of(&token, client.as_ref())) })
}

/// Takes the token that reads `secret` back; the client it had been given to, if there was one.
///
/// # Errors
///
/// If the store fails.
pub async fn revoke(store: &(impl TokenStore + ?Sized), secret: &str) -> Result<Option<Token>, StoreError> {
    let hash = hash_of_token(secret);
    let token = store.find_token(&hash).await?;
    let revoked = store.revoke_token(&hash).await?;
    Ok(token.filter(|_| revoked))
}

/// A token copied from somewhere may have come with the line's end.
fn hash_of_token(secret: &str) -> TokenHash {
    hash_of(secret.trim())
}

impl Grant {
    fn of(token: &Token, client: Option<&Tpp>) -> Self {
        Self {
            token_type: "Bearer",
            client_id: token.tpp.as_str().to_owned(),
            client_name: client.map(|tpp| tpp.name.clone()),
            client_suspended: client.is_some_and(|tpp| tpp.suspension.is_some()),
            scope: token.scope.as_str(),
            iat: token.issued_at.as_second(),
            exp: token.expires_at.as_second(),
            cnf: Confirmation { x5t_s256: URL_SAFE_NO_PAD.encode(token.certificate.0) },
            institution: token.institution.as_str().to_owned(),
            payment_request_id: token.tied_to.as_ref().map(|payment| payment.as_str().to_owned()),
        }
    }
}
