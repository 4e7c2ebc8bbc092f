//! A call of the registration API, as far as it can be checked without knowing what it is about.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, OriginalUri, Request},
    http::{HeaderMap, Method, request::Parts},
};
use payments::{
    institution::SignaturePolicy,
    ports::SignedCall,
    token::{Scope, TokenRefusal},
};
use stet::RegistrationRequest;

use super::{licensed, metadata::InvalidMetadata, refused::Refused};
use crate::{
    App, Counter,
    api::{ApiError, body},
    caller::{self, Caller, sha256},
    http_signature::{self, DigestRule, Refusal, Rules, SignatureHeader, SignedMessage},
    proxy,
    trust::KnownCertificate,
};

/// A call with its certificate, licence and token checked, in that order. Its signature is not: whose key
/// made it depends on what is asked ([`super::provider::Provider::verify`]).
pub(super) struct Call {
    /// The institution it calls.
    pub(super) counter: Arc<Counter>,
    /// Its QWAC, judged.
    pub(super) qwac: eidas::Judged,
    /// organizationIdentifier of its QWAC.
    pub(super) organization_identifier: String,
    pub(super) signature: SignatureHeader,
    pub(super) body: Bytes,
    request_id: String,
    method: Method,
    target: String,
    headers: HeaderMap,
}

impl FromRequest<App> for Call {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refused> {
        let (parts, body) = request.into_parts();
        let request_id = http_signature::request_id(&parts.headers).map_err(ApiError::from)?.to_owned();
        let caller = Caller::find(app, &parts).await.map_err(ApiError::from)?;
        let organization_identifier = caller.qwac.organization().as_str().to_owned();
        may_call(app, &caller, &organization_identifier, &parts.headers).await?;
        let signature = SignatureHeader::find(&parts.headers).map_err(ApiError::from)?;
        let body = read_body(&parts, body).await?;
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let target = proxy::target(uri, &parts.extensions).into_owned();
        let Caller { counter, qwac, .. } = caller;
        let Parts { method, headers, .. } = parts;
        Ok(Self {
            counter,
            qwac,
            organization_identifier,
            signature,
            body,
            request_id,
            method,
            target,
            headers,
        })
    }
}

async fn may_call(
    app: &App,
    caller: &Caller,
    organization_identifier: &str,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    let institution = &caller.counter.institution;
    if institution.settings.registration_client_id.is_empty() {
        return Err(ApiError::NotFound);
    }
    let token = caller::token(app, headers).await?;
    token.check(caller.certificate, &institution.code, app.now()).map_err(|refusal| match refusal {
        TokenRefusal::OtherInstitution => ApiError::OtherInstitution,
        TokenRefusal::Expired | TokenRefusal::OtherCertificate => ApiError::Token(refusal.to_string()),
    })?;
    if token.scope != Scope::Registration {
        return Err(ApiError::Token("this token is not one of scope manageRegistration".to_owned()));
    }
    Ok(licensed(app, organization_identifier, institution).await?)
}

async fn read_body(parts: &Parts, body: axum::body::Body) -> Result<Bytes, ApiError> {
    let has_body = matches!(parts.method, Method::POST | Method::PUT);
    let is_json =
        body::media_type(&parts.headers).is_some_and(|found| found.eq_ignore_ascii_case("application/json"));
    if has_body && !is_json {
        return Err(ApiError::ContentType);
    }
    body::read(body).await
}

impl Call {
    /// Its body, read.
    ///
    /// # Errors
    ///
    /// The member that cannot be.
    pub(super) fn request(&self) -> Result<RegistrationRequest, InvalidMetadata> {
        Ok(stet::read_registration_request(&self.body, stet::Limits::default())?)
    }

    /// Checks its signature, which covers the digest of the body whatever the policy, against keys whose
    /// certificates have been judged.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in the order of [`http_signature::verify`].
    pub(super) fn verify(&self, app: &App, seals: &[Arc<KnownCertificate>]) -> Result<(), Refusal> {
        let keys: Vec<_> = seals.iter().filter_map(|seal| seal.key.as_ref()).collect();
        let settings = &self.counter.institution.settings;
        let policy = match settings.signature_policy {
            SignaturePolicy::Strict => SignaturePolicy::Strict,
            // What payment connectors are forgiven is not forgiven here.
            SignaturePolicy::Standard | SignaturePolicy::Lenient => SignaturePolicy::Standard,
        };
        let rules = Rules {
            policy,
            digest: DigestRule::Always,
            date_tolerance_s: settings.signature_date_tolerance_s,
            date: settings.signature_date,
        };
        let Self { method, target, headers, body, .. } = self;
        let message = SignedMessage { method, target, headers, body };
        http_signature::verify(&message, &self.signature, &keys, rules, app.now()).map(|_| ())
    }

    /// What makes a repetition recognisable.
    pub(super) fn signed_call(&self) -> SignedCall {
        let mut text = format!("{} {}\n", self.method, self.target).into_bytes();
        text.extend_from_slice(&self.body);
        SignedCall {
            organization_identifier: self.organization_identifier.clone(),
            request_id: self.request_id.clone(),
            sha256: sha256(&text),
        }
    }
}
