//! The certificates that were shown here, and what has been learned about each.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use eidas::{
    Certificate, InvalidCertificate,
    revocation::{Candidate, Evidence, History, Issuer, Standing},
};
use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::CertificateDer;
use tokio::sync::watch;

use super::schedule::{refresh_at, retry_at};

/// Certificates watched at most: many times the TPPs of Europe.
const MAX_WATCHED: usize = 16_384;
/// How long a certificate that nobody shows is watched, in seconds: a week.
const UNSEEN_S: i64 = 7 * 24 * 60 * 60;

/// All of them, by fingerprint.
#[derive(Default)]
pub(super) struct Watch(RwLock<HashMap<[u8; 32], Arc<Watched>>>);

/// A certificate that was shown here.
pub(super) struct Watched {
    pub(super) candidate: Candidate,
    /// Who may speak of it; without, nobody.
    pub(super) issuer: Option<Issuer>,
    /// Whose it is, for the log.
    subject: String,
    state: Mutex<State>,
    /// How often it has been examined.
    examinations: watch::Sender<u64>,
    is_examined: AtomicBool,
    /// Whether an institution wants it asked about: one whose policy is `Off` does not.
    is_wanted: AtomicBool,
    /// Whether its path was found under the present state of trust.
    is_trusted: AtomicBool,
    last_seen_s: AtomicI64,
}

struct State {
    history: History,
    due: Timestamp,
    /// Whether what is being found out just now does not count any more.
    again: bool,
    failures: u32,
}

impl Watch {
    /// The certificate with this fingerprint, seen once more.
    pub(super) fn find(&self, fingerprint: [u8; 32], now: Timestamp) -> Option<Arc<Watched>> {
        let watched = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&fingerprint).cloned()?;
        watched.last_seen_s.store(now.as_second(), Ordering::Relaxed);
        watched.is_trusted.store(true, Ordering::Relaxed);
        Some(watched)
    }

    /// Begins to watch a certificate, unless somebody was faster.
    ///
    /// # Errors
    ///
    /// If issuer and serial number cannot be read from it.
    pub(super) fn insert(
        &self,
        certificate: &Certificate,
        issuer: Option<&CertificateDer<'_>>,
        history: History,
        now: Timestamp,
    ) -> Result<Arc<Watched>, InvalidCertificate> {
        let fresh = Arc::new(Watched::new(certificate, issuer, history, now)?);
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_WATCHED {
            forget_half(&mut all);
        }
        Ok(Arc::clone(all.entry(certificate.sha256()).or_insert(fresh)))
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Watched>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Forgets those that have expired, and those that nobody has shown for long; a revoked one is kept.
    pub(super) fn tidy(&self, now: Timestamp) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, watched| {
            let is_unseen = now.as_second() - watched.last_seen_s.load(Ordering::Relaxed) > UNSEEN_S;
            let is_revoked = matches!(watched.history().standing(now), Standing::Revoked(_));
            now < watched.candidate.not_after() && (!is_unseen || is_revoked)
        });
    }
}

/// Forgets the half that was seen least lately; it is learned anew when it is shown again.
fn forget_half(all: &mut HashMap<[u8; 32], Arc<Watched>>) {
    let mut seen: Vec<i64> = all.values().map(|one| one.last_seen_s.load(Ordering::Relaxed)).collect();
    let half = seen.len() / 2;
    let (_, median, _) = seen.select_nth_unstable(half);
    let median = *median;
    let mut room = half;
    all.retain(|_, watched| {
        let kept = room > 0 && watched.last_seen_s.load(Ordering::Relaxed) >= median;
        room -= usize::from(kept);
        kept
    });
}

impl Watched {
    fn new(
        certificate: &Certificate,
        issuer: Option<&CertificateDer<'_>>,
        history: History,
        now: Timestamp,
    ) -> Result<Self, InvalidCertificate> {
        let subject = certificate.organization_identifier_text().or(certificate.common_name());
        Ok(Self {
            candidate: Candidate::of(certificate)?,
            issuer: issuer.and_then(|der| Issuer::from_der(der).ok()),
            subject: subject.unwrap_or_default().to_owned(),
            state: Mutex::new(State { history, due: Timestamp::MIN, again: false, failures: 0 }),
            examinations: watch::Sender::new(0),
            is_examined: AtomicBool::new(false),
            is_wanted: AtomicBool::new(false),
            is_trusted: AtomicBool::new(true),
            last_seen_s: AtomicI64::new(now.as_second()),
        })
    }

    /// What has been learned so far.
    pub(super) fn history(&self) -> History {
        self.state().history
    }

    /// Takes in what somebody said, and tells the log if the certificate now stands elsewhere.
    pub(super) fn learn(&self, evidence: &Evidence, now: Timestamp) {
        let mut state = self.state();
        let before = state.history.standing(now);
        state.history.learn(evidence);
        let after = state.history.standing(now);
        drop(state);
        let (serial, source) = (self.candidate.serial(), evidence.source.as_str());
        match (before, after) {
            (Standing::Revoked(_), Standing::Revoked(_)) => {}
            (_, Standing::Revoked(revoked)) => {
                let (reason, at) = (revoked.reason.as_str(), revoked.at);
                tracing::warn!(subject = ?self.subject, %serial, source, reason, %at, "a certificate is revoked");
            }
            (Standing::Revoked(_), _) => {
                tracing::warn!(subject = ?self.subject, %serial, source, "a certificate is no longer on hold");
            }
            _ => {}
        }
    }

    /// Counts the examinations from now on.
    pub(super) fn examinations(&self) -> watch::Receiver<u64> {
        self.examinations.subscribe()
    }

    /// Whether it is to be examined, or is being examined.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.state().due <= now
    }

    /// Whether an institution wants it asked about.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    /// An institution wants it asked about; gives whether it is the first one.
    pub(super) fn want(&self) -> bool {
        !self.is_wanted() && !self.is_wanted.swap(true, Ordering::Relaxed)
    }

    /// Whether it was shown since whom we trust has changed last.
    pub(super) fn is_trusted(&self) -> bool {
        self.is_trusted.load(Ordering::Relaxed)
    }

    /// Whom we trust has changed: whoever calls next with it has found its path anew.
    pub(super) fn distrust(&self) {
        self.is_trusted.store(false, Ordering::Relaxed);
    }

    /// Lets it be examined at once.
    pub(super) fn expire(&self) {
        let mut state = self.state();
        (state.due, state.again) = (Timestamp::MIN, true);
    }

    /// Takes it for examination, unless somebody has.
    pub(super) fn take(self: &Arc<Self>) -> Option<Examination> {
        if self.is_examined.swap(true, Ordering::AcqRel) {
            return None;
        }
        self.state().again = false;
        Some(Examination(Arc::clone(self)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A certificate that is being examined, by whoever holds this and nobody else.
pub(super) struct Examination(Arc<Watched>);

impl std::ops::Deref for Examination {
    type Target = Arc<Watched>;
    fn deref(&self) -> &Arc<Watched> {
        &self.0
    }
}

impl Examination {
    /// It is over, and either somebody spoke or nobody did; says when the next one is due.
    pub(super) fn finish(self, spoke: bool, now: Timestamp, random: u64) {
        let mut state = self.0.state();
        let was_silent = state.failures > 0;
        state.failures = if spoke { 0 } else { state.failures.saturating_add(1) };
        state.due = match state.history.standing(now) {
            _ if state.again => Timestamp::MIN,
            // A revocation stays, so that nobody need be asked again; a hold may be taken back.
            Standing::Revoked(revoked) if !revoked.reason.is_hold() => Timestamp::MAX,
            Standing::Good { until } if spoke => refresh_at(now, until, random),
            Standing::Revoked(_) if spoke => refresh_at(now, far_from(now), random),
            _ => retry_at(now, state.failures.max(1), random),
        };
        drop(state);
        if was_silent == spoke {
            self.0.tell_silence(spoke);
        }
    }
}

impl Watched {
    /// Tells the log once when nobody speaks of a certificate any more, and once when somebody does again.
    fn tell_silence(&self, spoke: bool) {
        let serial = self.candidate.serial();
        if spoke {
            tracing::info!(subject = ?self.subject, %serial, "the revocation of a certificate can be checked again");
        } else {
            tracing::warn!(subject = ?self.subject, %serial, "the revocation of a certificate cannot be checked");
        }
    }
}

impl Drop for Examination {
    fn drop(&mut self) {
        self.0.is_examined.store(false, Ordering::Release);
        self.0.examinations.send_modify(|count| *count = count.wrapping_add(1));
    }
}

fn far_from(now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX)
}
