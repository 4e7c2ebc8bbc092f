//! Lists that were fetched, each once for all certificates that name it.
//!
//! A list is kept while a certificate that is watched names it. Where there is no room for another, the one
//! that was longest not asked for makes it: what it has said of certificates stays, and it is fetched again
//! when it is wanted again.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use eidas::revocation::{Crl, InvalidCrl, Issuer, UnverifiedCrl};
use jiff::Timestamp;

use super::{
    Revocation,
    fetch::{FetchError, Wanted},
    schedule::{refresh_at, retry_at},
    watch::{Watch, Watched},
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
pub(super) struct Lists(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_place: HashMap<Place, Entry>,
    /// How often any of them was asked for.
    uses: u64,
}

/// A location, and SHA-256 of the certificate of the issuer that speaks there.
type Place = (String, [u8; 32]);

struct Entry {
    list: Arc<List>,
    /// [`Kept::uses`] when it was last asked for.
    last_use: u64,
}

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
    #[error("it would take more memory than all lists together may")]
    Memory,
    #[error("it could not be read")]
    Interrupted,
}

impl Lists {
    /// The list that is held of this issuer and location, however old.
    pub(super) fn held(&self, location: &str, issuer: &Issuer) -> Option<Arc<Crl>> {
        let list = self.lock().find(&place(location, issuer))?;
        list.state().held.clone()
    }

    /// Lets every list be fetched again.
    pub(super) fn expire(&self) {
        for entry in self.lock().by_place.values() {
            entry.list.state().due = Timestamp::MIN;
        }
    }

    /// Forgets the lists that no certificate names any more.
    pub(super) fn tidy(&self, watch: &Watch) {
        // Before the certificates are looked at: the list of one that is being examined was not there before it.
        let mut kept = self.lock();
        if kept.by_place.is_empty() {
            return;
        }
        let watched = watch.all();
        let named: HashSet<Place> = watched.iter().flat_map(|watched| places(watched)).collect();
        kept.by_place.retain(|place, _| named.contains(place));
    }

    fn list(&self, location: &str, issuer: &Issuer) -> Arc<List> {
        let place = place(location, issuer);
        let mut kept = self.lock();
        if let Some(list) = kept.find(&place) {
            return list;
        }
        while kept.by_place.len() >= MAX_LISTS && kept.forget_one(|_| true) {}
        let list = Arc::<List>::default();
        let last_use = kept.uses;
        kept.by_place.insert(place, Entry { list: Arc::clone(&list), last_use });
        list
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// A list that is asked for now.
    fn find(&mut self, place: &Place) -> Option<Arc<List>> {
        self.uses += 1;
        let entry = self.by_place.get_mut(place)?;
        entry.last_use = self.uses;
        Some(Arc::clone(&entry.list))
    }

    /// Forgets others until `list` may hold so many bytes.
    fn make_room(&mut self, list: &List, bytes: usize) -> Result<(), Unusable> {
        if bytes > MAX_TOTAL_BYTES {
            return Err(Unusable::Memory);
        }
        let is_other = |entry: &Entry| !std::ptr::eq(Arc::as_ptr(&entry.list), list) && entry.bytes() > 0;
        let others = |kept: &Self| -> usize {
            kept.by_place.values().filter(|entry| is_other(entry)).map(Entry::bytes).sum()
        };
        while others(self) > MAX_TOTAL_BYTES - bytes && self.forget_one(is_other) {}
        Ok(())
    }

    /// Forgets the one of these that was longest not asked for; gives whether there was one.
    fn forget_one(&mut self, of: impl Fn(&Entry) -> bool) -> bool {
        let candidates = self.by_place.iter().filter(|(_, entry)| of(entry));
        let oldest = candidates.min_by_key(|(_, entry)| entry.last_use).map(|(place, _)| place.clone());
        oldest.is_some_and(|place| self.by_place.remove(&place).is_some())
    }
}

impl Entry {
    /// What it takes in memory.
    fn bytes(&self) -> usize {
        self.list.state().held.as_ref().map_or(0, |held| held.size())
    }
}

fn place(location: &str, issuer: &Issuer) -> Place {
    (location.to_owned(), sha256(issuer.der()))
}

/// The places of the lists that may speak of a certificate.
fn places(watched: &Watched) -> Vec<Place> {
    let locations = &watched.candidate.locations().crl;
    // One look at the issuer is enough.
    let Some(issuer) = watched.issuer.as_ref().filter(|_| !locations.is_empty()) else {
        return vec![];
    };
    let speaker = sha256(issuer.der());
    locations.iter().map(|location| (location.clone(), speaker)).collect()
}

impl List {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Revocation {
    /// The list of this issuer at a location: the one that is held, or a new one if that is due.
    pub(super) async fn list(&self, location: &str, issuer: &Issuer, app: &App) -> Option<Arc<Crl>> {
        let list = self.lists.list(location, issuer);
        let _fetching = list.fetching.lock().await;
        let now = app.now();
        if now < list.state().due {
            return list.state().held.clone();
        }
        let newer = self.newer_list(location, issuer, &list).await;
        match newer.and_then(|crl| self.keep(&list, &crl, app).map(|()| crl)) {
            Ok(crl) => self.spread(location, issuer, &crl, app.now()),
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
        if held.is_some_and(|held| crl.is_older_than(&held)) { Err(Unusable::Older) } else { Ok(crl) }
    }

    fn keep(&self, list: &List, crl: &Arc<Crl>, app: &App) -> Result<(), Unusable> {
        // Held until the list is: nobody else takes the room.
        let mut kept = self.lists.lock();
        kept.make_room(list, crl.size())?;
        let mut state = list.state();
        state.held = Some(Arc::clone(crl));
        state.failures = 0;
        state.due = refresh_at(app.now(), crl.next_update(), app.random_u64());
        Ok(())
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

#[cfg(test)]
mod tests {
    use eidas::{Certificate, Kind, OrganizationIdentifier, Role, revocation::History};
    use jiff::SignedDuration;
    use sandbox::pki::{Ca, TppProfile, Validity};

    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn authority() -> (Ca, Issuer) {
        let ca = Ca::create("Test QTSP", Validity::days_from(now(), 100)).unwrap();
        let issuer = Issuer::from_der(ca.der()).unwrap();
        (ca, issuer)
    }

    /// A certificate that is valid for so many days and names these lists.
    fn certificate(ca: &Ca, days: i64, lists: &[&str]) -> Certificate {
        let oid = OrganizationIdentifier::parse("PSDFR-ACPR-12345").unwrap();
        let validity = Validity::days_from(now(), days);
        let mut profile = TppProfile::new(Kind::Qwac, &oid, &[Role::PaymentInitiation], validity);
        profile.locations.crl = lists.iter().map(|list| (*list).to_owned()).collect();
        ca.issue_tpp(&profile).unwrap().certificate().unwrap()
    }

    fn crl(ca: &Ca, issuer: &Issuer) -> Arc<Crl> {
        let hour = SignedDuration::from_hours(1);
        let der = ca.crl(&[], 1, now() - hour, now() + hour).unwrap();
        UnverifiedCrl::parse(&der, MAX_LIST_BYTES).unwrap().verify(issuer).unwrap()
    }

    fn has(lists: &Lists, location: &str, issuer: &Issuer) -> bool {
        lists.lock().by_place.contains_key(&place(location, issuer))
    }

    #[test]
    fn a_list_is_kept_while_a_watched_certificate_of_its_issuer_names_it() {
        let ((ca, issuer), (other_ca, other)) = (authority(), authority());
        let (lists, watch) = (Lists::default(), Watch::default());
        for (ca, days, named) in [(&ca, 50, "http://a/"), (&ca, 5, "http://b/"), (&other_ca, 50, "http://c/")]
        {
            let certificate = certificate(ca, days, &[named]);
            watch.insert(&certificate, Some(ca.der()), History::new(now()), now()).unwrap();
        }
        let all = [
            ("http://a/", &issuer, true, true),
            ("http://b/", &issuer, true, false),
            ("http://c/", &other, true, true),
            ("http://c/", &issuer, false, false),
            ("http://d/", &issuer, false, false),
        ];
        for (location, issuer, ..) in all {
            lists.list(location, issuer);
        }
        lists.tidy(&watch);
        for (location, issuer, named, _) in all {
            assert_eq!(has(&lists, location, issuer), named, "{location}");
        }
        watch.tidy(now() + SignedDuration::from_hours(6 * 24));
        lists.tidy(&watch);
        for (location, issuer, _, named_later) in all {
            assert_eq!(has(&lists, location, issuer), named_later, "{location}");
        }
    }

    #[test]
    fn beyond_the_most_that_are_kept_the_longest_unused_list_makes_room() {
        let (_, issuer) = authority();
        let lists = Lists::default();
        let location = |nth: usize| format!("http://lists.example/{nth}");
        for nth in 0..MAX_LISTS {
            lists.list(&location(nth), &issuer);
        }
        // Both ways to ask are a use.
        lists.list(&location(0), &issuer);
        lists.held(&location(1), &issuer);
        for nth in MAX_LISTS..MAX_LISTS + 2 {
            lists.list(&location(nth), &issuer);
        }
        let gone: Vec<usize> =
            (0..MAX_LISTS + 2).filter(|nth| !has(&lists, &location(*nth), &issuer)).collect();
        assert_eq!(gone, [2, 3]);
        assert_eq!(lists.lock().by_place.len(), MAX_LISTS);
    }

    #[test]
    fn lists_make_room_in_memory_for_a_new_one_and_only_as_many_as_it_takes() {
        let (ca, issuer) = authority();
        let lists = Lists::default();
        let crl = crl(&ca, &issuer);
        let locations = ["http://a/", "http://b/", "http://c/", "http://empty/"];
        for location in &locations[..3] {
            lists.list(location, &issuer).state().held = Some(Arc::clone(&crl));
        }
        let new = lists.list("http://empty/", &issuer);
        lists.held("http://a/", &issuer);
        let kept = || locations.map(|location| has(&lists, location, &issuer));

        let room_for = |others: usize| MAX_TOTAL_BYTES - others * crl.size();
        assert!(matches!(lists.lock().make_room(&new, MAX_TOTAL_BYTES + 1), Err(Unusable::Memory)));
        lists.lock().make_room(&new, room_for(3)).unwrap();
        assert_eq!(kept(), [true; 4]);
        lists.lock().make_room(&new, room_for(3) + 1).unwrap();
        assert_eq!(kept(), [true, false, true, true]);
        // What it holds itself is replaced.
        new.state().held = Some(Arc::clone(&crl));
        lists.lock().make_room(&new, room_for(2)).unwrap();
        assert_eq!(kept(), [true, false, true, true]);
        lists.lock().make_room(&new, MAX_TOTAL_BYTES).unwrap();
        assert_eq!(kept(), [false, false, false, true]);
    }
}
