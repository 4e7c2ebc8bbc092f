//! Which keys of a TPP may have signed a request.

use std::sync::Arc;

use eidas::Role;
use payments::tpp::{SealCertificate, Tpp};

use super::ApiError;
use crate::{
    App,
    caller::{Pisp, sha256},
    http_signature::{KeyId, Refusal},
    trust::{KnownCertificate, Trusted},
};

/// The seal certificates of `pisp` that `key_id` may mean and that are good now. Each has a key that signs.
///
/// # Errors
///
/// [`ApiError::Signature`] if it means none that is registered, [`ApiError::SealCertificate`] naming
/// the broken rule if none of those meant is good.
pub(crate) async fn candidates(
    app: &App,
    pisp: &Pisp,
    key_id: &KeyId,
) -> Result<Vec<Arc<KnownCertificate>>, ApiError> {
    let mut good = Vec::new();
    let mut defect = ApiError::Signature(Refusal::UnknownKey);
    for registered in meant(&pisp.tpp, key_id) {
        match judged(app, pisp, registered).await {
            Ok(seal) => good.push(seal),
            Err(rule) => defect = ApiError::SealCertificate(rule),
        }
    }
    if good.is_empty() { Err(defect) } else { Ok(good) }
}

async fn judged(
    app: &App,
    pisp: &Pisp,
    registered: &SealCertificate,
) -> Result<Arc<KnownCertificate>, String> {
    let trusted = app.judge_qseal(registered, &pisp.counter.institution).await;
    let Trusted { known, judged } = trusted.map_err(|rule| format!("QSealC, {rule}"))?;
    judged
        .require(Role::PaymentInitiation)
        .map_err(|missing| format!("QSealC, {}: {missing}", missing.rule()))?;
    if judged.organization().as_str() != pisp.organization_identifier {
        return Err("the seal certificate is of another organisation than the QWAC".to_owned());
    }
    if known.key.is_none() {
        return Err("the seal certificate's key signs no requests".to_owned());
    }
    Ok(known)
}

/// The registered certificates a `keyId` may mean. Nothing is ever fetched: a URL that does not end in a
/// fingerprint means whatever the client has registered.
fn meant<'a>(tpp: &'a Tpp, key_id: &'a KeyId) -> impl Iterator<Item = &'a SealCertificate> {
    tpp.seal_certificates.iter().filter(move |registered| means(key_id, tpp, registered))
}

/// Whether a `keyId` may mean a certificate that `tpp` has registered.
pub(crate) fn means(key_id: &KeyId, tpp: &Tpp, registered: &SealCertificate) -> bool {
    match key_id {
        KeyId::Certificate(fingerprint) => sha256(&registered.der) == *fingerprint,
        KeyId::Url(_) => true,
        KeyId::Name(name) => {
            name == tpp.id.as_str()
                || *name == tpp.organization_identifier
                || registered.kid.as_ref() == Some(name)
        }
    }
}
