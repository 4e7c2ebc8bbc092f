//! The provider that calls, and all it has registered here.

use std::sync::Arc;

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
    refused::Refused,
};
use crate::{
    App,
    api::{ApiError, seals},
    http_signature::{KeyId, Refusal},
    trust::KnownCertificate,
};

/// Registrations that one provider may have.
const MAX_REGISTRATIONS: usize = 200;

/// A provider: its registrations, by client id.
pub(super) struct Provider(Vec<Tpp>);

impl Provider {
    /// The provider of a call.
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
    /// [`ApiError::Licence`] for the first registration that is kept out, [`ApiError::Client`] if there are
    /// too many.
    pub(super) fn may_register(&self) -> Result<(), ApiError> {
        self.0.iter().try_for_each(is_welcome)?;
        if self.0.len() >= MAX_REGISTRATIONS {
            return Err(ApiError::Client("this provider has 200 registrations, and cannot have more"));
        }
        Ok(())
    }

    /// The registration that the path names.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotFound`], [`ApiError::Client`] if it is another provider's, [`ApiError::Licence`] if the
    /// bank keeps it out.
    pub(super) async fn registration(
        &self,
        app: &App,
        id: Result<Path<String>, PathRejection>,
    ) -> Result<&Tpp, ApiError> {
        // Bytes that are no text are no id of ours either.
        let Path(id) = id.map_err(|_| ApiError::NotFound)?;
        let id = TppId::parse(&id).map_err(|_| ApiError::NotFound)?;
        if let Some(own) = self.own(&id) {
            is_welcome(own)?;
            if let Kind::Agent { of } = &own.kind {
                self.own(of).map_or(Ok(()), is_welcome)?;
            }
            return Ok(own);
        }
        match app.store.find_tpp(&id).await? {
            Some(_) => Err(ApiError::Client("this client is another provider's")),
            None => Err(ApiError::NotFound),
        }
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

    /// Checks the signature of a call: with a registered seal certificate while one is good now, else with
    /// the first key of the body.
    ///
    /// # Errors
    ///
    /// What is wrong with the signature, the certificate or, if it is needed, `jwks`.
    pub(super) async fn verify(&self, app: &App, call: &Call) -> Result<(), Refused> {
        let good = self.good_seals(app, call).await;
        let seals = match good {
            Ok(seals) => meant(&seals, call.signature.key_id()),
            Err(rule) if call.body.is_empty() => return Err(rule.into()),
            Err(_) => vec![first_of_body(app, call).await?],
        };
        call.verify(app, &seals).map_err(|refusal| ApiError::from(refusal).into())
    }

    /// The registered seal certificates that are good now, each with the client that registered it.
    ///
    /// # Errors
    ///
    /// The rule that the last one breaks, if there is no good one.
    async fn good_seals(&self, app: &App, call: &Call) -> Result<Vec<GoodSeal<'_>>, ApiError> {
        let mut good = Vec::new();
        let mut defect = ApiError::Signature(Refusal::UnknownKey);
        for tpp in &self.0 {
            for registered in &tpp.seal_certificates {
                match jwks::judged(app, call, registered).await {
                    Ok(trusted) => good.push(GoodSeal { tpp, registered, known: trusted.known }),
                    Err(rule) => defect = ApiError::SealCertificate(rule),
                }
            }
        }
        if good.is_empty() { Err(defect) } else { Ok(good) }
    }

    fn own(&self, id: &TppId) -> Option<&Tpp> {
        self.0.iter().find(|tpp| tpp.id == *id)
    }
}

/// A registered seal certificate that is good now.
struct GoodSeal<'a> {
    tpp: &'a Tpp,
    registered: &'a SealCertificate,
    known: Arc<KnownCertificate>,
}

/// The certificates that a `keyId` may mean, each once.
fn meant(seals: &[GoodSeal<'_>], key_id: &KeyId) -> Vec<Arc<KnownCertificate>> {
    let mut meant: Vec<Arc<KnownCertificate>> = Vec::new();
    for seal in seals.iter().filter(|seal| seals::means(key_id, seal.tpp, seal.registered)) {
        if !meant.iter().any(|other| other.certificate.der() == seal.known.certificate.der()) {
            meant.push(Arc::clone(&seal.known));
        }
    }
    meant
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
