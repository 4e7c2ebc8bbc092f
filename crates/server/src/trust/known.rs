//! Certificates seen before: read once, and their path to an anchor found once.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use eidas::{Anchors, Certificate, Judged};
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;

use super::Distrust;
use crate::seal_key::VerifyingKey;

/// Certificates remembered at most; beyond that all are forgotten and read anew.
const REMEMBERED: usize = 4_096;

/// A certificate whose path leads to an anchor.
pub(crate) struct KnownCertificate {
    pub(crate) certificate: Certificate,
    /// The authorities from the one that issued it to the anchor.
    path: Vec<Certificate>,
    /// Its key, if it is of a kind that signs requests.
    pub(crate) key: Option<VerifyingKey>,
    /// Until when every authority of the path is valid; then another path has to be found.
    path_ends_at: Timestamp,
    told: AtomicBool,
}

impl KnownCertificate {
    /// Everything of its path that can be revoked, itself first, each with its issuer: who may speak of that.
    pub(super) fn links(&self) -> impl Iterator<Item = (&Certificate, &CertificateDer<'static>)> {
        let issued = std::iter::once(&self.certificate).chain(&self.path);
        issued.zip(self.path.iter().map(Certificate::der))
    }

    /// The anchor its path ends at.
    pub(super) fn anchor(&self) -> Option<&Certificate> {
        self.path.last()
    }

    /// Counts what only a lenient reading took, each time; logs it once.
    pub(super) fn tell_departures(&self, judged: &Judged) {
        for departure in judged.departures() {
            metrics::counter!("guichet_certificate_leniencies_total", "kind" => departure.name())
                .increment(1);
            if !self.told.load(Ordering::Relaxed) {
                tracing::warn!(
                    organization_identifier = judged.organization().as_str(),
                    certificate = self.certificate.sha256_hex(),
                    departure = departure.name(),
                    "certificate taken by leniency"
                );
            }
        }
        if !judged.departures().is_empty() {
            self.told.store(true, Ordering::Relaxed);
        }
    }
}

/// Certificates whose path was found, by SHA-256 of their DER.
#[derive(Default)]
pub(super) struct KnownCertificates(Mutex<BTreeMap<[u8; 32], Arc<KnownCertificate>>>);

impl KnownCertificates {
    /// The certificate `der`, whose path to one of `anchors` is valid at `now`.
    ///
    /// # Errors
    ///
    /// [`Distrust::Unreadable`] or [`Distrust::Chain`]. Failures are not remembered: a path may come.
    pub(super) fn find(
        &self,
        der: &[u8],
        sha256: [u8; 32],
        intermediates: &[CertificateDer<'_>],
        anchors: &Anchors,
        now: Timestamp,
    ) -> Result<Arc<KnownCertificate>, Distrust> {
        let known = self.lock().get(&sha256).map(Arc::clone);
        if let Some(known) = known.filter(|known| now < known.path_ends_at) {
            return Ok(known);
        }
        let known = Arc::new(read(der, intermediates, anchors, now)?);
        let mut all = self.lock();
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(sha256, Arc::clone(&known));
        Ok(known)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<[u8; 32], Arc<KnownCertificate>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(
    der: &[u8],
    intermediates: &[CertificateDer<'_>],
    anchors: &Anchors,
    now: Timestamp,
) -> Result<KnownCertificate, Distrust> {
    let certificate = Certificate::parse(der)?;
    let path = anchors.path(&certificate, intermediates, now)?;
    let path = path.iter().map(|der| Certificate::parse(der)).collect::<Result<Vec<_>, _>>()?;
    let key = VerifyingKey::from_spki_der(certificate.public_key().spki_der()).ok();
    // An anchor's own validity does not count (RFC 5280, 6.1.1): it is trusted because we say so.
    let authorities = path.iter().take(path.len().saturating_sub(1));
    let path_ends_at = authorities.map(Certificate::not_after).min().unwrap_or(Timestamp::MAX);
    Ok(KnownCertificate { certificate, path, key, path_ends_at, told: AtomicBool::new(false) })
}
