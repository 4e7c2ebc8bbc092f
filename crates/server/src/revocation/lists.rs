//! Lists that were fetched, each once for all certificates that name it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use eidas::revocation::{Crl, InvalidCrl, Issuer, UnverifiedCrl};
use jiff::Timestamp;

use super::{
    Revocation,
    fetch::{FetchError, Wanted},
    schedule::{refresh_at, retry_at},
};
use crate::{App, caller::sha256};

/// Largest list fetched, in bytes.
const MAX_LIST_BYTES: usize = 32 * 1024 * 1024;
/// How long a list may take.
const WITHIN: Duration = Duration::from_secs(15);
/// Lists kept at most.
const MAX_LISTS: usize = 512;
/// What all lists together may take in memory, in bytes.
const MAX_TOTAL_BYTES: usize = 256 * 1024 * 1024;

/// The lists by where they come from and whose they are.
#[derive(Default)]
pub(super) struct Lists {
    by_place: Mutex<HashMap<Place, Arc<List>>>,
    total_bytes: AtomicUsize,
}

/// A location, and SHA-256 of the certificate of the issuer that speaks there.
type Place = (String, [u8; 32]);

/// One list, or the place for it.
#[derive(Default)]
struct List {
    state: Mutex<State>,
    /// Held by whoever fetches it; the others wait and find it fetched.
    fetching: tokio::sync::Mutex<()>,
}

struct State {
    held: Option<Arc<Crl>>,
    due: Timestamp,
    failures: u32,
}

impl Default for State {
    fn default() -> Self {
        Self { held: None, due: Timestamp::MIN, failures: 0 }
    }
}

/// Why a fetched list does not take the place of the one that is held.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Invalid(#[from] InvalidCrl),
    #[error("it is older than the one that is held (RFC 5280, 5.2.3)")]
    Older,
    #[error("all lists together would take more memory than they may")]
    Memory,
    #[error("it could not be read")]
    Interrupted,
}

impl Lists {
    /// The list that is held of this issuer and location, however old.
    pub(super) fn held(&self, location: &str, issuer: &Issuer) -> Option<Arc<Crl>> {
        let list = self.lock().get(&place(location, issuer)).map(Arc::clone)?;
        list.state().held.clone()
    }

    /// Lets every list be fetched again.
    pub(super) fn expire(&self) {
        for list in self.lock().values() {
            list.state().due = Timestamp::MIN;
        }
    }

    fn list(&self, location: &str, issuer: &Issuer) -> Option<Arc<List>> {
        let mut lists = self.lock();
        let place = place(location, issuer);
        if lists.len() >= MAX_LISTS && !lists.contains_key(&place) {
            return None;
        }
        Some(Arc::clone(lists.entry(place).or_default()))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Place, Arc<List>>> {
        self.by_place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(location: &str, issuer: &Issuer) -> Place {
    (location.to_owned(), sha256(issuer.der()))
}

impl List {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Revocation {
    /// The list of this issuer at a location: the one that is held, or a new one if that is due.
    pub(super) async fn list(&self, location: &str, issuer: &Issuer, app: &App) -> Option<Arc<Crl>> {
        let list = self.lists.list(location, issuer)?;
        let _fetching = list.fetching.lock().await;
        let now = app.now();
        if now < list.state().due {
            return list.state().held.clone();
        }
        match self.newer_list(location, issuer, &list).await {
            Ok(crl) => {
                self.keep(&list, &crl, app);
                self.spread(location, issuer, &crl, app.now());
            }
            Err(error) => list_failed(location, &list, &error, app),
        }
        list.state().held.clone()
    }

    async fn newer_list(&self, location: &str, issuer: &Issuer, list: &List) -> Result<Arc<Crl>, Unusable> {
        let wanted =
            Wanted { url: location.to_owned(), posted: None, max_bytes: MAX_LIST_BYTES, within: WITHIN };
        let bytes = self.fetch.fetch(&wanted).await?;
        let issuer = issuer.clone();
        // A long list takes its time, which is not the connections'.
        let read = tokio::task::spawn_blocking(move || {
            UnverifiedCrl::parse(&bytes, MAX_LIST_BYTES).and_then(|crl| crl.verify(&issuer))
        });
        let crl = read.await.map_err(|_| Unusable::Interrupted)??;
        let held = list.state().held.clone();
        if held.as_ref().is_some_and(|held| crl.is_older_than(held)) {
            return Err(Unusable::Older);
        }
        let others = self.lists.total_bytes.load(Ordering::Relaxed) - held.map_or(0, |held| held.size());
        if others + crl.size() > MAX_TOTAL_BYTES { Err(Unusable::Memory) } else { Ok(crl) }
    }

    fn keep(&self, list: &List, crl: &Arc<Crl>, app: &App) {
        let mut state = list.state();
        let before = state.held.replace(Arc::clone(crl)).map_or(0, |held| held.size());
        self.lists.total_bytes.fetch_add(crl.size(), Ordering::Relaxed);
        self.lists.total_bytes.fetch_sub(before, Ordering::Relaxed);
        state.failures = 0;
        state.due = refresh_at(app.now(), crl.next_update(), app.random_u64());
    }

    /// Tells what a new list says of every certificate that names it.
    fn spread(&self, location: &str, issuer: &Issuer, crl: &Crl, now: Timestamp) {
        for watched in self.watch.all() {
            let names_it = watched.candidate.locations().crl.iter().any(|known| known == location);
            if names_it
                && watched.issuer.as_ref() == Some(issuer)
                && let Some(evidence) = crl.evidence(&watched.candidate, now)
            {
                watched.learn(&evidence, now);
            }
        }
    }
}

fn list_failed(location: &str, list: &List, error: &Unusable, app: &App) {
    let mut state = list.state();
    state.failures = state.failures.saturating_add(1);
    state.due = retry_at(app.now(), state.failures, app.random_u64());
    metrics::counter!("guichet_revocation_checks_total", "source" => "crl", "result" => "failed")
        .increment(1);
    if state.failures == 1 {
        tracing::warn!(location = ?location, %error, "a revocation list cannot be used");
    }
}
