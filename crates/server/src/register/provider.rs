//! The provider that calls, and all it has registered here.

use std::{cmp::Reverse, sync::Arc};

use axum::extract::{Path, rejection::PathRejection};
use payments::{
    licence::Unlicensed,
    ports::StoreError,
    tpp::{Kind, Licence, SealCertificate, Tpp, TppRefusal},
    values::TppId,
};

use super::{
    call::Call,
    jwks,
    metadata::{self, InvalidMetadata, Metadata},
    over,
    refused::Refused,
};
use crate::{
    App,
    api::{ApiError, seals},
    http_signature::{KeyId, Refusal},
    trust::KnownCertificate,
};

/// Registered certificates that one call is checked against at most.
const MAX_MEANT: usize = 8;

/// A provider: its registrations, by client id.
pub(super) struct Provider(Vec<Tpp>);

impl Provider {
    /// The provider of a call, and its registration that the path names, once the signature is found right.
    ///
    /// # Errors
    ///
    /// As [`registration`] and [`Provider::verify`] say.
    pub(super) async fn with(
        app: &App,
        call: &Call,
        id: Result<Path<String>, PathRejection>,
    ) -> Result<(Self, Tpp), Refused> {
        let named = registration(app, call, id).await?;
        let provider = Self::find(app, call).await?;
        provider.verify(app, call, Some(&named.id)).await?;
        Ok((provider, named))
    }

    /// The provider of a call, which may be new.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub(super) async fn find(app: &App, call: &Call) -> Result<Self, StoreError> {
        app.store.tpps_of(&call.organization_identifier).await.map(Self)
    }

    /// Whether it may register more: a provider that the bank keeps out gets no second way in.
    ///
    /// # Errors
    ///
    /// [`ApiError::Licence`] for the first registration that is kept out.
    pub(super) fn may_register(&self) -> Result<(), ApiError> {
        self.0.iter().try_for_each(is_welcome)
    }

    /// Whether agents are registered under this client.
    pub(super) fn has_agents(&self, id: &TppId) -> bool {
        self.0.iter().any(|tpp| matches!(&tpp.kind, Kind::Agent { of } if of == id))
    }

    /// Whether it is the provider itself or an agent that is to be registered. An agent belongs to the
    /// client that its provider registered first.
    ///
    /// # Errors
    ///
    /// If there is no such client.
    pub(super) fn kind_of(&self, metadata: &Metadata) -> Result<Kind, InvalidMetadata> {
        if metadata.details.client_legal_id.is_none() {
            return Ok(Kind::Tpp);
        }
        let principals = self.0.iter().filter(|tpp| tpp.kind == Kind::Tpp);
        let first = principals.min_by_key(|tpp| (tpp.created_at, &tpp.id)).ok_or_else(|| {
            metadata::invalid("client_legal_id", "names an agent, whose provider must be registered first")
        })?;
        Ok(Kind::Agent { of: first.id.clone() })
    }

    /// Checks the signature of a call with the registered certificates that its `keyId` means; or, if all that
    /// are registered are over, with the first key of the body. `named` is the client that the path names.
    ///
    /// # Errors
    ///
    /// What is wrong with the signature, the certificate or, if it is needed, `jwks`.
    pub(super) async fn verify(&self, app: &App, call: &Call, named: Option<&TppId>) -> Result<(), Refused> {
        let mut good = Vec::new();
        let mut defect = ApiError::Signature(Refusal::UnknownKey);
        for registered in self.meant(call.signature.key_id(), named) {
            match jwks::judged(app, call, registered).await {
                Ok(trusted) => good.push(trusted.known),
                Err(rule) => defect = ApiError::SealCertificate(rule),
            }
        }
        if good.is_empty() {
            if call.body.is_empty() || !self.is_over(app, call).await {
                return Err(defect.into());
            }
            good.push(first_of_body(app, call).await?);
        }
        call.verify(app, &good).map_err(|refusal| ApiError::from(refusal).into())
    }

    /// The registered certificates that a `keyId` may mean, each once: those of the client `named` first, then
    /// the latest registered. A `keyId` that names no certificate may mean all of them; each costs us work, so
    /// only a few are tried.
    fn meant(&self, key_id: &KeyId, named: Option<&TppId>) -> Vec<&SealCertificate> {
        let mut tpps: Vec<&Tpp> = self.0.iter().collect();
        tpps.sort_by_key(|tpp| (named != Some(&tpp.id), Reverse(tpp.created_at), &tpp.id));
        let mut meant: Vec<&SealCertificate> = Vec::new();
        for tpp in tpps {
            for seal in tpp.seal_certificates.iter().filter(|seal| seals::means(key_id, tpp, seal)) {
                if !meant.iter().any(|other| other.der == seal.der) {
                    meant.push(seal);
                }
            }
        }
        meant.truncate(MAX_MEANT);
        meant
    }

    /// Whether every certificate that it registered is over. The first that is not ends the search.
    async fn is_over(&self, app: &App, call: &Call) -> bool {
        for seal in self.0.iter().flat_map(|tpp| &tpp.seal_certificates) {
            if !over::is_over(app, call, seal).await {
                return false;
            }
        }
        true
    }
}

/// The registration that the path names.
///
/// # Errors
///
/// [`ApiError::NotFound`], [`ApiError::Client`] if it is another provider's, [`ApiError::Licence`] if the
/// bank keeps it out.
async fn registration(
    app: &App,
    call: &Call,
    id: Result<Path<String>, PathRejection>,
) -> Result<Tpp, ApiError> {
    // Bytes that are no text are no id of ours either.
    let Path(id) = id.map_err(|_| ApiError::NotFound)?;
    let id = TppId::parse(&id).map_err(|_| ApiError::NotFound)?;
    let named = app.store.find_tpp(&id).await?.ok_or(ApiError::NotFound)?;
    if named.organization_identifier != call.organization_identifier {
        return Err(ApiError::Client("this client is another provider's"));
    }
    is_welcome(&named)?;
    if let Kind::Agent { of } = &named.kind
        && let Some(principal) = app.store.find_tpp(of).await?
    {
        is_welcome(&principal)?;
    }
    Ok(named)
}

/// The certificate of the first key of the body, judged. The bank does not know it yet, so a `keyId` can
/// name it in any way; only a fingerprint must not be another's.
async fn first_of_body(app: &App, call: &Call) -> Result<Arc<KnownCertificate>, Refused> {
    let request = call.request()?;
    let offered = jwks::first(&request)?;
    if let KeyId::Certificate(fingerprint) = call.signature.key_id()
        && *fingerprint != offered.certificate.sha256()
    {
        return Err(ApiError::Signature(Refusal::UnknownKey).into());
    }
    let trusted = jwks::judged(app, call, &offered.seal()).await;
    let trusted = trusted.map_err(ApiError::SealCertificate)?;
    Ok(trusted.known)
}

/// Whether the bank and the operator's own register of licences let this client call.
fn is_welcome(tpp: &Tpp) -> Result<(), ApiError> {
    if tpp.suspension.is_some() {
        return Err(ApiError::Licence(TppRefusal::Suspended.to_string()));
    }
    if tpp.licence != Licence::Active {
        let by = "its registration here".to_owned();
        return Err(ApiError::Licence(Unlicensed::Standing { standing: tpp.licence, by }.to_string()));
    }
    Ok(())
}
