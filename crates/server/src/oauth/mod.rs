//! OAuth2 (RFC 6749) with mutual TLS (RFC 8705).

pub(crate) mod token;
