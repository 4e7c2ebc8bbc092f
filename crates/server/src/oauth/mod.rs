//! The token endpoint (RFC 6749). A file for each grant.

mod authorization_code;
mod client_credentials;
mod form;
mod refused;
mod registration;
pub(crate) mod token;
