//! A registration, from the domain to the wire.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use eidas::{Certificate, KeyKind};
use payments::{
    ports::StoreError,
    tpp::{Contact, GrantType, RedirectUri, SealCertificate, Tpp},
    values::Moment,
};
use stet::{AnsweredKey, AnsweredKeySet, RegistrationAnswer, RegistrationContact};

use super::{
    metadata::{AUTH_METHOD, GRANT_TYPES, RESPONSE_TYPE},
    refused::Refused,
};
use crate::api::ApiError;

/// The answer to a registration, a change and a question: 200, as live banks have it.
///
/// # Errors
///
/// [`ApiError::Internal`] if a stored certificate cannot be read.
pub(super) fn registration(tpp: &Tpp) -> Result<Response, Refused> {
    let body = serde_json::to_vec(&answer(tpp)?).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        ApiError::Internal
    })?;
    let content_type = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    Ok((StatusCode::OK, content_type, body).into_response())
}

fn answer(tpp: &Tpp) -> Result<RegistrationAnswer, StoreError> {
    let keys: Result<Vec<_>, _> = tpp.seal_certificates.iter().map(key).collect();
    let details = tpp.details.clone();
    Ok(RegistrationAnswer {
        client_id: tpp.id.as_str().to_owned(),
        client_id_issued_at: issued_at(tpp),
        redirect_uris: tpp.redirect_uris.iter().map(RedirectUri::as_str).map(str::to_owned).collect(),
        token_endpoint_auth_method: AUTH_METHOD.to_owned(),
        grant_types: tpp.grant_types.iter().copied().filter_map(grant_type).collect(),
        response_types: vec![RESPONSE_TYPE.to_owned()],
        client_name: tpp.name.clone(),
        client_uri: details.client_uri,
        logo_uri: details.logo_uri,
        scope: scope(tpp),
        contact: details.contact.map(contact),
        jwks: AnsweredKeySet { keys: keys? },
        provider_legal_id: tpp.organization_identifier.clone(),
        client_legal_id: details.client_legal_id,
        software_id: details.software_id,
        ..RegistrationAnswer::default()
    })
}

fn grant_type(grant: GrantType) -> Option<String> {
    GRANT_TYPES.iter().find(|(_, known)| *known == grant).map(|(name, _)| (*name).to_owned())
}

/// Local time without offset, as live banks write it: `2022-04-22T15:33:39.521`.
fn issued_at(tpp: &Tpp) -> String {
    const WITHOUT_OFFSET: usize = 23;
    Moment::in_paris(tpp.created_at).to_rfc3339().chars().take(WITHOUT_OFFSET).collect()
}

/// The roles; of a client that somebody else registered only the one that counts here is known.
fn scope(tpp: &Tpp) -> String {
    match tpp.details.scopes.as_slice() {
        [] if tpp.scope_pisp => "pisp".to_owned(),
        scopes => scopes.join(", "),
    }
}

fn contact(contact: Contact) -> RegistrationContact {
    RegistrationContact { contact_name: contact.name, email: contact.email, phone_number: contact.phone }
}

fn key(registered: &SealCertificate) -> Result<AnsweredKey, StoreError> {
    let certificate =
        Certificate::parse(&registered.der).map_err(|_| StoreError::Corrupt("seal certificate"))?;
    let is_rsa = matches!(certificate.public_key().kind(), KeyKind::Rsa { .. });
    Ok(AnsweredKey {
        kty: if is_rsa { "RSA" } else { "EC" }.to_owned(),
        key_use: "sig".to_owned(),
        x5c: vec![BASE64_STANDARD.encode(&registered.der)],
        ..AnsweredKey::default()
    })
}
