//! Whether certificates are revoked: asked in the background, answered at every request.
//!
//! ```text
//! request ──▶ Revocation::check ──▶ Watch: what is known of this certificate     one look into a map
//!                                     ▲ learn
//! background: run ──▶ examine ──┬─ Responders: OCSP      ─┐
//!                               └─ Lists: CRLs            ├─▶ Fetch ─▶ the network, behind `addresses`
//! file or directory ──▶ Sources: deny list, CRLs          ┘
//! store ◀──▶ Remembered: what is revoked for good
//! ```
//!
//! A request never fetches. A certificate is first examined when it is first seen; only then, and when it
//! would be refused for want of an answer that is due, a request waits for the examination, and not for long
//! ([`Revocation::consult`]). What is learned counts at the next request, on open connections too.
//!
//! Only locations in certificates that were passed in are ever fetched, and their callers have found a path
//! from each of those to an anchor; nothing that a caller of the API writes leads here. What is fetched is
//! verified against the issuer's certificate on that path.

mod addresses;
mod config;
mod examine;
mod fetch;
mod http_fetch;
mod lists;
mod remembered;
mod responders;
mod run;
mod schedule;
mod sources;
#[cfg(test)]
mod tests;
mod watch;

use std::{sync::Arc, time::Duration};

use eidas::{
    Certificate,
    revocation::{Candidate, History, OutagePolicy, Settled, Standing},
};
use jiff::Timestamp;
use payments::institution::RevocationPolicy;
use rustls_pki_types::CertificateDer;
use tokio::{sync::Notify, time::timeout};

pub use addresses::is_public;
pub use config::Config;
pub use eidas::revocation::Refusal;
pub use fetch::{Fetch, FetchError, NoFetch, Wanted};
pub use http_fetch::HttpFetch;
pub(crate) use run::recall;
pub use run::run;
pub use sources::{InvalidSource, Sources, load_directory};

use crate::trust::Live;
use lists::Lists;
use remembered::Remembered;
use schedule::Backoffs;
use watch::{Watch, Watched};

/// How long a request waits for an examination that is due.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// What is known about the revocation of every certificate that was shown here.
pub struct Revocation {
    config: Config,
    fetch: Arc<dyn Fetch>,
    sources: Live<Sources>,
    watch: Watch,
    lists: Lists,
    remembered: Remembered,
    backoffs: Backoffs,
    /// Rung when something is to be examined at once.
    bell: Notify,
}

impl Revocation {
    /// Knows what `config` names and fetches with `fetch`, if it is to fetch at all.
    ///
    /// # Errors
    ///
    /// [`InvalidSource`] if the directory cannot be used.
    pub fn new(config: Config, fetch: Arc<dyn Fetch>) -> Result<Self, InvalidSource> {
        let sources = config.directory.as_deref().map(load_directory).transpose()?.unwrap_or_default();
        let fetch = if config.fetch { fetch } else { Arc::new(NoFetch) };
        Ok(Self {
            config,
            fetch,
            sources: Live::new(sources),
            watch: Watch::default(),
            lists: Lists::default(),
            remembered: Remembered::default(),
            backoffs: Backoffs::default(),
            bell: Notify::new(),
        })
    }

    /// Asks nobody and refuses nobody but whom a deny list names or who is remembered as revoked. A server that
    /// is to serve strangers needs a source, unless every institution's policy is `Off`: its configuration is
    /// to be refused without.
    pub fn none() -> Self {
        let config = Config { fetch: false, directory: None, allow_private_addresses: false };
        Self::new(config, Arc::new(NoFetch)).expect("there is no directory that could be wrong")
    }

    /// Whether `certificate` may be taken at `now`, from what is known already; nothing waits.
    ///
    /// `issuer` is the certificate of its issuer on a path to an anchor: the caller has found that path. A
    /// certificate that is seen for the first time is examined in the background from now on.
    ///
    /// # Errors
    ///
    /// [`Refusal`], whose text is a sentence for the TPP.
    pub fn check(
        &self,
        certificate: &Certificate,
        issuer: Option<&CertificateDer<'_>>,
        policy: RevocationPolicy,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let watched = self.watched(certificate, issuer, policy, now);
        let settled = watched.and_then(|watched| self.settle(&watched, policy, now));
        if let Err(refusal) = &settled {
            metrics::counter!("guichet_revocation_refusals_total", "reason" => reason(refusal)).increment(1);
        }
        settled.map(drop)
    }

    /// Waits until `certificate` has been examined, if it has never been, or if it would now be refused and an
    /// examination that is due may change that: two and a half seconds at most, and not at all while its issuer
    /// is known not to answer. Then [`Revocation::check`] says what became of it.
    pub async fn consult(
        &self,
        certificate: &Certificate,
        issuer: Option<&CertificateDer<'_>>,
        policy: RevocationPolicy,
        now: Timestamp,
    ) {
        if policy == RevocationPolicy::Off {
            return;
        }
        let Ok(watched) = self.watched(certificate, issuer, policy, now) else {
            return;
        };
        let settled = self.settle(&watched, policy, now);
        let refused = settled.is_err();
        if settled.is_err_and(|refusal| !may_change(&refusal)) {
            return;
        }
        // From here on: what had been examined before does not count.
        let mut examined = watched.examinations();
        if !self.asks_about(&watched) || !watched.is_due(now) || (*examined.borrow() > 0 && !refused) {
            return;
        }
        self.bell.notify_one();
        let _ = timeout(PATIENCE, examined.changed()).await;
    }

    /// Whether the bank's own list names this certificate: for an anchor, about which nobody else can say
    /// anything.
    pub(crate) fn denies(&self, certificate: &Certificate) -> bool {
        let sources = self.sources.current();
        !sources.deny_list().is_empty()
            && Candidate::of(certificate).is_ok_and(|candidate| sources.deny_list().denies(&candidate))
    }

    /// Whether these files may take the place of those that were read.
    ///
    /// # Errors
    ///
    /// [`InvalidSource::Older`] if a list is older than the one it is to replace.
    pub fn may_take(&self, sources: &Sources) -> Result<(), InvalidSource> {
        sources.may_follow(&self.sources.current())
    }

    /// Puts other files in the place of those that were read.
    ///
    /// # Errors
    ///
    /// [`InvalidSource::Older`] if a list is older than the one it is to replace; then nothing changes.
    pub fn replace_sources(&self, sources: Sources, now: Timestamp) -> Result<(), InvalidSource> {
        sources.may_follow(&self.sources.current())?;
        self.sources.replace(sources);
        let sources = self.sources.current();
        for watched in self.watch.all() {
            learn_from_files(&watched, &sources, now);
        }
        Ok(())
    }

    /// Reads the configured directory again, if there is one.
    ///
    /// # Errors
    ///
    /// [`InvalidSource`]; then nothing changes.
    pub fn reload(&self, now: Timestamp) -> Result<(), InvalidSource> {
        match &self.config.directory {
            Some(directory) => self.replace_sources(load_directory(directory)?, now),
            None => Ok(()),
        }
    }

    /// Whom the server trusts has changed: nothing is fetched about a certificate any more until it is shown
    /// again, its path found anew. What has been learned is kept.
    pub fn trust_has_changed(&self) {
        for watched in self.watch.all() {
            watched.distrust();
        }
    }

    /// Examines every certificate anew, whatever is still fresh, and waits until that is done; not for longer
    /// than a request would.
    pub async fn examine_all(&self) {
        self.lists.expire();
        self.backoffs.forget();
        let asks = |watched: &Arc<Watched>| watched.is_trusted() && self.asks_about(watched);
        let asked = self.watch.all().into_iter().filter(asks);
        let examinations: Vec<_> = asked
            .map(|watched| {
                watched.expire();
                watched.examinations()
            })
            .collect();
        self.bell.notify_one();
        let all = async {
            for mut examined in examinations {
                let _ = examined.changed().await;
            }
        };
        let _ = timeout(PATIENCE, all).await;
    }

    fn settle(
        &self,
        watched: &Watched,
        policy: RevocationPolicy,
        now: Timestamp,
    ) -> Result<Settled, Refusal> {
        if self.sources.current().deny_list().denies(&watched.candidate) {
            return Err(Refusal::Denied);
        }
        let history = watched.history();
        if let Standing::Revoked(revoked) = history.standing(now) {
            return Err(Refusal::Revoked(revoked));
        }
        if !self.config.has_a_source() {
            return Ok(Settled::Good);
        }
        let policy = match policy {
            RevocationPolicy::Off => return Ok(Settled::Good),
            RevocationPolicy::HardFail => OutagePolicy::HardFail,
            RevocationPolicy::SoftFailHours(hours) => OutagePolicy::SoftFail { hours },
        };
        history.settle(policy, now).map_err(|refusal| match refusal {
            // Nor has a file of the bank ever said anything.
            Refusal::Unknown if !is_located(watched) && history.good_as_of().is_none() => {
                Refusal::NobodyNamed
            }
            refusal => refusal,
        })
    }

    /// What is known of a certificate; with what is remembered and what the files and the lists at hand say,
    /// if it is new. Unless the policy is that nobody is asked, it is examined from now on.
    fn watched(
        &self,
        certificate: &Certificate,
        issuer: Option<&CertificateDer<'_>>,
        policy: RevocationPolicy,
        now: Timestamp,
    ) -> Result<Arc<Watched>, Refusal> {
        let watched = match self.watch.find(certificate.sha256(), now) {
            Some(watched) => watched,
            None => self.newly_watched(certificate, issuer, now)?,
        };
        if policy != RevocationPolicy::Off && watched.want() {
            self.bell.notify_one();
        }
        Ok(watched)
    }

    fn newly_watched(
        &self,
        certificate: &Certificate,
        issuer: Option<&CertificateDer<'_>>,
        now: Timestamp,
    ) -> Result<Arc<Watched>, Refusal> {
        let watched = self.watch.insert(certificate, issuer, History::new(now), now);
        // Of a certificate whose issuer and serial number cannot be read nobody can say anything.
        let watched = watched.map_err(|_| Refusal::Unknown)?;
        self.learn_from_memory(&watched, now);
        learn_from_files(&watched, &self.sources.current(), now);
        self.learn_from_lists(&watched, now);
        Ok(watched)
    }

    /// Whether there is anybody to ask about a certificate, and an institution that wants it asked.
    fn asks_about(&self, watched: &Watched) -> bool {
        self.config.fetch && watched.is_wanted() && is_located(watched) && watched.issuer.is_some()
    }

    fn learn_from_lists(&self, watched: &Watched, now: Timestamp) {
        if let Some(issuer) = &watched.issuer {
            for location in &watched.candidate.locations().crl {
                let list = self.lists.held(location, issuer);
                if let Some(evidence) = list.and_then(|list| list.evidence(&watched.candidate, now)) {
                    watched.learn(&evidence, now);
                }
            }
        }
    }
}

fn learn_from_files(watched: &Watched, sources: &Sources, now: Timestamp) {
    if let Some(issuer) = &watched.issuer {
        for list in sources.lists_of(issuer) {
            if let Some(evidence) = list.evidence(&watched.candidate, now) {
                watched.learn(&evidence, now);
            }
        }
    }
}

/// Whether a certificate names anybody who could be asked about it.
fn is_located(watched: &Watched) -> bool {
    let locations = watched.candidate.locations();
    !locations.ocsp.is_empty() || !locations.crl.is_empty()
}

/// Whether asking again may help.
fn may_change(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Denied => false,
        Refusal::Revoked(revoked) => revoked.reason.is_hold(),
        Refusal::Unknown | Refusal::NobodyNamed => true,
    }
}

fn reason(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Denied => "denied",
        Refusal::Revoked(_) => "revoked",
        Refusal::Unknown | Refusal::NobodyNamed => "unknown",
    }
}
