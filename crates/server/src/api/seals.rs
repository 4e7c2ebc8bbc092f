//! Which keys of a TPP may have signed a request.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use eidas::{Anchors, Certificate, Kind, Role};
use jiff::Timestamp;
use payments::tpp::{SealCertificate, Tpp};

use super::ApiError;
use crate::{
    caller::{Pisp, sha256},
    http_signature::{KeyId, Refusal},
    seal_key::VerifyingKey,
};

/// Certificates remembered at most; beyond that all are forgotten and read anew.
const REMEMBERED: usize = 4_096;

/// A seal certificate that chains to an anchor, with its key parsed once.
pub(crate) struct KnownSeal {
    certificate: Certificate,
    pub(crate) key: VerifyingKey,
}

/// Seal certificates read before, by SHA-256 of their DER: the chain of a certificate does not change,
/// what changes with time is judged at every request.
#[derive(Default)]
pub struct KnownSeals(Mutex<BTreeMap<[u8; 32], Arc<KnownSeal>>>);

impl KnownSeals {
    /// The seals of `pisp` that `key_id` may mean and that are good at `now`.
    ///
    /// # Errors
    ///
    /// [`ApiError::Signature`] if it means none that is registered, [`ApiError::SealCertificate`] naming
    /// the broken rule if none of those meant is good.
    pub(crate) fn candidates(
        &self,
        pisp: &Pisp,
        key_id: &KeyId,
        anchors: &Anchors,
        now: Timestamp,
    ) -> Result<Vec<Arc<KnownSeal>>, ApiError> {
        let mut good = Vec::new();
        let mut defect = ApiError::Signature(Refusal::UnknownKey);
        for registered in meant(&pisp.tpp, key_id) {
            match self.judged(registered, pisp, anchors, now) {
                Ok(seal) => good.push(seal),
                Err(rule) => defect = ApiError::SealCertificate(rule),
            }
        }
        if good.is_empty() { Err(defect) } else { Ok(good) }
    }

    fn judged(
        &self,
        registered: &SealCertificate,
        pisp: &Pisp,
        anchors: &Anchors,
        now: Timestamp,
    ) -> Result<Arc<KnownSeal>, String> {
        let seal = self.known(registered, anchors, now)?;
        let judged = eidas::judge(&seal.certificate, Kind::Qseal, eidas::Reading::Strict, now)
            .map_err(|defect| defect.to_string())?;
        judged.require(Role::PaymentInitiation).map_err(|missing| missing.to_string())?;
        if judged.organization().as_str() != pisp.organization_identifier {
            return Err("the seal certificate is of another organisation than the QWAC".to_owned());
        }
        Ok(seal)
    }

    fn known(
        &self,
        registered: &SealCertificate,
        anchors: &Anchors,
        now: Timestamp,
    ) -> Result<Arc<KnownSeal>, String> {
        let fingerprint = sha256(&registered.der);
        if let Some(seal) = self.lock().get(&fingerprint) {
            return Ok(Arc::clone(seal));
        }
        let certificate = Certificate::parse(&registered.der).map_err(|error| error.to_string())?;
        anchors.verify_chain(&certificate, &[], now).map_err(|error| error.to_string())?;
        let key = VerifyingKey::from_spki_der(certificate.public_key().spki_der())
            .map_err(|error| error.to_string())?;
        let seal = Arc::new(KnownSeal { certificate, key });
        let mut seals = self.lock();
        if seals.len() >= REMEMBERED {
            seals.clear();
        }
        seals.insert(fingerprint, Arc::clone(&seal));
        Ok(seal)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<[u8; 32], Arc<KnownSeal>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The registered certificates a `keyId` may mean. Nothing is ever fetched: a URL that does not end in a
/// fingerprint means whatever the client has registered.
fn meant<'a>(tpp: &'a Tpp, key_id: &'a KeyId) -> impl Iterator<Item = &'a SealCertificate> {
    tpp.seal_certificates.iter().filter(move |registered| match key_id {
        KeyId::Certificate(fingerprint) => sha256(&registered.der) == *fingerprint,
        KeyId::Url(_) => true,
        KeyId::Name(name) => {
            name == tpp.id.as_str()
                || *name == tpp.organization_identifier
                || registered.kid.as_ref() == Some(name)
        }
    })
}
