//! What is known to be revoked, remembered in the store: across restarts, and for every server on it.
//!
//! Without it a certificate that was refused would be taken again after a restart while its issuer is silent.
//! Only the loop writes, and reads again what other servers have written; a request looks into a map.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use eidas::revocation::{Evidence, Reason, Revoked, Source, Standing, Status};
use jiff::Timestamp;
use payments::{ports::StoreError, revoked_certificate::RevokedCertificate};

use super::{Revocation, watch::Watched};
use crate::App;

/// Revocations that the store has, by the fingerprint of the certificate.
#[derive(Default)]
pub(super) struct Remembered(RwLock<HashMap<[u8; 32], Evidence>>);

impl Remembered {
    /// What is remembered of the certificate with this fingerprint: nothing, or that it is revoked.
    pub(super) fn find(&self, fingerprint: [u8; 32]) -> Option<Evidence> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&fingerprint).copied()
    }

    fn replace(&self, all: HashMap<[u8; 32], Evidence>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = all;
    }

    fn add(&self, revoked: &RevokedCertificate) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(revoked.sha256, evidence(revoked));
    }
}

impl Revocation {
    /// Reads what the store remembers, and lets it count.
    ///
    /// # Errors
    ///
    /// If the store fails; then what was read before counts.
    pub(crate) async fn recall(&self, app: &App) -> Result<(), StoreError> {
        let all = app.store.revoked_certificates().await?;
        self.remembered.replace(all.iter().map(|revoked| (revoked.sha256, evidence(revoked))).collect());
        let now = app.now();
        for watched in self.watch.all() {
            self.learn_from_memory(&watched, now);
        }
        Ok(())
    }

    /// Lets the store remember what has been learned since the last time.
    ///
    /// # Errors
    ///
    /// If the store fails; what it has not taken is offered again the next time.
    pub(super) async fn remember_news(&self, app: &App) -> Result<(), StoreError> {
        let now = app.now();
        for watched in self.watch.all() {
            if let Some(revoked) = self.news(&watched, now) {
                app.store.remember_revoked(revoked.clone()).await?;
                self.remembered.add(&revoked);
            }
        }
        Ok(())
    }

    /// What the store is to remember of a certificate, if it does not yet. A hold may be taken back: it is to
    /// be asked about again after a restart.
    pub(super) fn news(&self, watched: &Watched, now: Timestamp) -> Option<RevokedCertificate> {
        let Standing::Revoked(Revoked { at, reason }) = watched.history().standing(now) else {
            return None;
        };
        let (sha256, not_after) = (watched.candidate.fingerprint(), watched.candidate.not_after());
        if reason.is_hold() || not_after <= now || self.remembered.find(sha256).is_some() {
            return None;
        }
        let reason = reason.as_str().to_owned();
        Some(RevokedCertificate { sha256, revoked_at: at, reason, learned_at: now, not_after })
    }

    /// Takes in what is remembered of a certificate.
    pub(super) fn learn_from_memory(&self, watched: &Watched, now: Timestamp) {
        if let Some(evidence) = self.remembered.find(watched.candidate.fingerprint()) {
            watched.learn(&evidence, now);
        }
    }
}

fn evidence(revoked: &RevokedCertificate) -> Evidence {
    let reason = Reason::parse(&revoked.reason);
    Evidence {
        status: Status::Revoked(Revoked { at: revoked.revoked_at, reason }),
        as_of: revoked.learned_at,
        until: revoked.not_after,
        source: Source::Memory,
    }
}
