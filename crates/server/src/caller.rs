//! Who calls: host → institution, certificate → TPP, token → right to act.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderMap, header, request::Parts},
};
use eidas::{Kind, Role};
use payments::{
    institution::ScopeOfUse,
    token::{Token, TokenHash, TokenRefusal},
    tpp::{Licence, Tpp},
    values::{PaymentId, TppId},
};

use crate::{
    App, Counter,
    api::ApiError,
    connection::{Peer, PeerCertificate},
};

/// A payment initiator that may call: certificate, token, licence and role have been checked together.
#[derive(Clone)]
pub struct Pisp {
    /// The institution it calls.
    pub counter: Arc<Counter>,
    /// Its registration.
    pub tpp: Arc<Tpp>,
    /// The token it showed.
    pub token: Token,
    /// organizationIdentifier of its QWAC.
    pub organization_identifier: String,
}

impl FromRequestParts<App> for Pisp {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let counter = counter(app, parts).ok_or(ApiError::UnknownHost)?;
        let peer = peer(parts).ok_or(ApiError::NoCertificate)?;
        let now = app.now();
        let qwac = qwac(&peer, now).map_err(ApiError::Certificate)?;
        let token = token(app, &parts.headers).await?;
        token.check(peer.thumbprint, &counter.institution.code, now).map_err(|refusal| match refusal {
            TokenRefusal::OtherInstitution => ApiError::OtherInstitution,
            TokenRefusal::Expired | TokenRefusal::OtherCertificate => ApiError::Token(refusal.to_string()),
        })?;
        let tpp = app.store.find_tpp(&token.tpp).await?.ok_or(ApiError::UnknownTpp)?;
        may_initiate(&tpp, &qwac)?;
        let organization_identifier = qwac.organization().as_str().to_owned();
        Ok(Self { counter, tpp: Arc::new(tpp), token, organization_identifier })
    }
}

impl Pisp {
    /// Whether the token may be used on `payment`, as far as it remembers.
    ///
    /// # Errors
    ///
    /// [`ApiError::TokenSpent`] if it has served another payment request.
    pub fn token_serves(&self, payment: &PaymentId) -> Result<(), ApiError> {
        let tied_elsewhere = self.token.tied_to.as_ref().is_some_and(|tied| tied != payment);
        if self.ties_token() && tied_elsewhere { Err(ApiError::TokenSpent) } else { Ok(()) }
    }

    /// Ties the token to `payment`, if this institution's tokens serve one transaction.
    ///
    /// # Errors
    ///
    /// [`ApiError::TokenSpent`] if it has come to serve another one.
    pub async fn tie_token(&self, app: &App, payment: &PaymentId) -> Result<(), ApiError> {
        if !self.ties_token() || self.token.tied_to.as_ref() == Some(payment) {
            return Ok(());
        }
        if app.store.tie_token(&self.token.hash, payment).await? { Ok(()) } else { Err(ApiError::TokenSpent) }
    }

    /// The token to tie in the same commit as a new payment.
    pub fn token_to_tie(&self) -> Option<TokenHash> {
        self.ties_token().then_some(self.token.hash)
    }

    fn ties_token(&self) -> bool {
        self.counter.institution.settings.token_scope_of_use == ScopeOfUse::Transaction
    }
}

/// The institution meant by the request's host (HTTP/1.1 `Host`, HTTP/2 `:authority`).
pub(crate) fn counter(app: &App, parts: &Parts) -> Option<Arc<Counter>> {
    let host = host(parts)?;
    app.counters.by_host(&host).cloned()
}

/// The host the client believes it talks to. Two `Host` headers name none.
pub(crate) fn host(parts: &Parts) -> Option<String> {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str().to_owned());
    }
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?.to_owned();
    hosts.next().is_none().then_some(host)
}

/// The certificate shown on this connection.
pub(crate) fn peer(parts: &Parts) -> Option<Arc<PeerCertificate>> {
    parts.extensions.get::<Peer>()?.certificate.clone()
}

/// The QWAC on this connection, judged at `now`; the error names the rule that is broken.
pub(crate) fn qwac(peer: &PeerCertificate, now: jiff::Timestamp) -> Result<eidas::Judged, String> {
    let certificate = peer.read.as_ref().map_err(ToString::to_string)?;
    eidas::judge(certificate, Kind::Qwac, eidas::Reading::Strict, now).map_err(|defect| defect.to_string())
}

/// Whether a registered TPP may initiate payments today (PSD2 Art. 66; the bank checks certificate and
/// national licence).
fn may_initiate(tpp: &Tpp, qwac: &eidas::Judged) -> Result<(), ApiError> {
    if tpp.organization_identifier != qwac.organization().as_str() {
        return Err(ApiError::Token("this token was given to another organisation".to_owned()));
    }
    if tpp.licence != Licence::Active {
        return Err(ApiError::Licence);
    }
    if !tpp.scope_pisp {
        return Err(ApiError::Scope);
    }
    qwac.require(Role::PaymentInitiation).map_err(|missing| ApiError::Role(missing.to_string()))
}

/// The token of `Authorization: Bearer` (RFC 6750, 2.1); the scheme is compared without regard to case.
async fn token(app: &App, headers: &HeaderMap) -> Result<Token, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(|| ApiError::Token("there is no access token".to_owned()))?;
    let malformed = || ApiError::Token("the Authorization header must be: Bearer <token>".to_owned());
    if values.next().is_some() {
        return Err(malformed());
    }
    let (scheme, secret) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(malformed());
    }
    let found = app.store.find_token(&hash_of(secret.trim())).await?;
    found.ok_or_else(|| ApiError::Token("this token is not known".to_owned()))
}

/// The form in which a token is stored.
pub(crate) fn hash_of(secret: &str) -> TokenHash {
    TokenHash(sha256(secret.as_bytes()))
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    hash
}

/// A client id as it came in; text that cannot be one belongs to nobody.
pub(crate) async fn find_tpp(app: &App, client_id: &str) -> Result<Option<Tpp>, payments::ports::StoreError> {
    match TppId::parse(client_id) {
        Ok(id) => app.store.find_tpp(&id).await,
        Err(_) => Ok(None),
    }
}
