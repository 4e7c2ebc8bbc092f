//! Who calls: host → institution, certificate → TPP, token → right to act.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderMap, header, request::Parts},
};
use eidas::{Role, RoleMissing};
use payments::{
    institution::{Institution, ScopeOfUse},
    ports::StoreError,
    token::{CertificateThumbprint, Scope, Token, TokenHash, TokenRefusal},
    tpp::{self, Tpp, TppRefusal},
    values::{PaymentId, TppId},
};

use crate::{
    App, Counter,
    api::ApiError,
    connection::{Peer, PeerCertificate},
    limits::{self, Standing},
    trust::Distrust,
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
        let Caller { counter, qwac, certificate } = Caller::find(app, parts).await?;
        let token = token(app, &parts.headers).await?;
        token.check(certificate, &counter.institution.code, app.now()).map_err(|refusal| match refusal {
            TokenRefusal::OtherInstitution => ApiError::OtherInstitution,
            TokenRefusal::Expired | TokenRefusal::OtherCertificate => ApiError::Token(refusal.to_string()),
        })?;
        if token.scope == Scope::Registration {
            return Err(ApiError::Scope("this token is not one of scope pisp".to_owned()));
        }
        let tpp = app.store.find_tpp(&token.tpp).await?.ok_or(ApiError::UnknownTpp)?;
        if tpp.organization_identifier != qwac.organization().as_str() {
            return Err(ApiError::Token("this token was given to another organisation".to_owned()));
        }
        may_initiate(app, &tpp, &qwac, &counter.institution).await?;
        let organization_identifier = qwac.organization().as_str().to_owned();
        Ok(Self { counter, tpp: Arc::new(tpp), token, organization_identifier })
    }
}

/// Somebody on a connection: the bank he asks, and the QWAC he showed, judged.
pub(crate) struct Caller {
    pub(crate) counter: Arc<Counter>,
    pub(crate) qwac: eidas::Judged,
    pub(crate) certificate: CertificateThumbprint,
}

/// Why nobody can be told by a connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stranger {
    #[error("this host name belongs to no bank served here")]
    UnknownHost,
    #[error("no client certificate was shown")]
    NoCertificate,
    #[error("QWAC, {0}")]
    Certificate(#[from] Distrust),
    #[error("too many calls; Retry-After says when to come back")]
    TooMany(Standing),
}

impl Caller {
    /// Who calls.
    ///
    /// # Errors
    ///
    /// [`Stranger`], in its order.
    pub(crate) async fn find(app: &App, parts: &Parts) -> Result<Self, Stranger> {
        let counter = counter(app, parts).ok_or(Stranger::UnknownHost)?;
        let peer = peer(parts).ok_or(Stranger::NoCertificate)?;
        let qwac = app.judge_qwac(&peer, &counter.institution).await?.judged;
        let organization = qwac.organization().as_str();
        limits::charge(app, &counter.institution, organization, parts).map_err(Stranger::TooMany)?;
        Ok(Self { counter, qwac, certificate: peer.thumbprint })
    }
}

impl From<Stranger> for ApiError {
    fn from(stranger: Stranger) -> Self {
        match stranger {
            Stranger::UnknownHost => Self::UnknownHost,
            Stranger::NoCertificate => Self::NoCertificate,
            Stranger::Certificate(rule) => Self::Certificate(rule.to_string()),
            Stranger::TooMany(standing) => Self::TooMany(standing),
        }
    }
}

/// Why a registered TPP may not initiate payments.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAllowed {
    #[error(transparent)]
    Tpp(#[from] TppRefusal),
    #[error("the TPP that declared this agent is not registered any more")]
    AgentOfNobody,
    #[error("{rule}: {0}", rule = .0.rule())]
    Role(#[from] RoleMissing),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NotAllowed> for ApiError {
    fn from(refusal: NotAllowed) -> Self {
        match refusal {
            NotAllowed::Tpp(TppRefusal::Scope) => Self::Scope(refusal.to_string()),
            NotAllowed::Tpp(_) | NotAllowed::AgentOfNobody => Self::Licence(refusal.to_string()),
            NotAllowed::Role(_) => Self::Role(refusal.to_string()),
            NotAllowed::Store(error) => error.into(),
        }
    }
}

/// Whether a registered TPP may initiate payments today (PSD2 Art. 66; the bank checks certificate and
/// national licence): by its standing and by its certificate.
///
/// # Errors
///
/// The first that stands against it.
pub(crate) async fn may_initiate(
    app: &App,
    tpp: &Tpp,
    qwac: &eidas::Judged,
    institution: &Institution,
) -> Result<(), NotAllowed> {
    in_good_standing(app, tpp, institution).await?;
    Ok(qwac.require(Role::PaymentInitiation)?)
}

/// What of [`may_initiate`] can be told without a certificate: by its registration, by this bank and by the
/// registers; an agent stands no better than the TPP that declared it.
///
/// # Errors
///
/// The first that stands against it.
pub(crate) async fn in_good_standing(
    app: &App,
    tpp: &Tpp,
    institution: &Institution,
) -> Result<(), NotAllowed> {
    let listings = app.store.listings(&tpp.organization_identifier).await?;
    let (rule, country) = (institution.settings.licence_rule, institution.country());
    tpp.may_initiate(&listings, rule, country)?;
    if let tpp::Kind::Agent { of } = &tpp.kind {
        let principal = app.store.find_tpp(of).await?.ok_or(NotAllowed::AgentOfNobody)?;
        principal.may_initiate(&listings, rule, country)?;
    }
    Ok(())
}

impl Pisp {
    /// Whether the token may be used on `payment`, as far as it remembers.
    ///
    /// # Errors
    ///
    /// [`ApiError::TokenSpent`] if it has served another payment request.
    pub fn token_serves(&self, payment: &PaymentId) -> Result<(), ApiError> {
        let serves = match (&self.token.tied_to, self.token.scope) {
            (Some(tied), Scope::Confirmation) => tied == payment,
            // It is given for one payment; without, for none.
            (None, Scope::Confirmation) => false,
            (Some(tied), _) => tied == payment || !self.ties_token(),
            (None, _) => true,
        };
        if serves { Ok(()) } else { Err(ApiError::TokenSpent) }
    }

    /// Whether the token was given for this.
    ///
    /// # Errors
    ///
    /// [`ApiError::Scope`] if it is good for a confirmation only, [`ApiError::Token`] if it is not good for one.
    pub fn token_is_for(&self, scope: Scope) -> Result<(), ApiError> {
        match (scope, self.token.scope) {
            (wanted, given) if wanted == given => Ok(()),
            (Scope::Confirmation, _) => {
                let rule = "a confirmation needs the token of the authorization code of this payment request";
                Err(ApiError::Token(rule.to_owned()))
            }
            _ => {
                let rule = "this token is good for the confirmation of one payment request only";
                Err(ApiError::Scope(rule.to_owned()))
            }
        }
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
    app.counters.by_host(&host)
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

/// The token of `Authorization: Bearer` (RFC 6750, 2.1); the scheme is compared without regard to case.
pub(crate) async fn token(app: &App, headers: &HeaderMap) -> Result<Token, ApiError> {
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
pub(crate) async fn find_tpp(app: &App, client_id: &str) -> Result<Option<Tpp>, StoreError> {
    match TppId::parse(client_id) {
        Ok(id) => app.store.find_tpp(&id).await,
        Err(_) => Ok(None),
    }
}
