//! When something is asked about again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use url::Url;

/// What is fresh is asked about again at half of the time that is left, and between these two, in seconds.
const REFRESH_S: (i64, i64) = (60, 60 * 60);
/// What failed is tried again after this, twice this, and so on to the second, in seconds.
const RETRY_S: (i64, i64) = (15, 30 * 60);
/// Doublings of the pause at most.
const MAX_DOUBLINGS: u32 = 7;
/// Servers remembered at most; beyond that all are forgotten.
const MAX_SERVERS: usize = 4_096;

/// When that which is fresh until `until` is asked about again, spread by `random` over a quarter of the time
/// so that not everything is asked at once.
pub(super) fn refresh_at(now: Timestamp, until: Timestamp, random: u64) -> Timestamp {
    let (least, most) = REFRESH_S;
    let left = until.duration_since(now).as_secs() / 2;
    after(now, left.clamp(least, most), random)
}

/// When that which has failed so often in a row is tried again.
pub(super) fn retry_at(now: Timestamp, failures: u32, random: u64) -> Timestamp {
    let (least, most) = RETRY_S;
    let doubled = least << failures.saturating_sub(1).min(MAX_DOUBLINGS);
    after(now, doubled.min(most), random)
}

fn after(now: Timestamp, pause_s: i64, random: u64) -> Timestamp {
    // A thousandth of a quarter of the pause is a quarter of its seconds in milliseconds.
    let early_ms = i64::try_from(random % 1_000).unwrap_or(0) * pause_s / 4;
    let pause = SignedDuration::from_secs(pause_s) - SignedDuration::from_millis(early_ms);
    now.checked_add(pause).unwrap_or(Timestamp::MAX)
}

/// Responders that did not answer, and until when they are left alone by every certificate that names them.
#[derive(Default)]
pub(super) struct Backoffs(Mutex<HashMap<String, Backoff>>);

#[derive(Clone, Copy)]
struct Backoff {
    failures: u32,
    until: Timestamp,
}

impl Backoffs {
    /// Whether the responder at a location may be asked.
    pub(super) fn permits(&self, location: &str, now: Timestamp) -> bool {
        self.lock().get(&server_of(location)).is_none_or(|backoff| backoff.until <= now)
    }

    /// It did not answer, or nothing of use.
    pub(super) fn failed(&self, location: &str, now: Timestamp, random: u64) {
        let mut servers = self.lock();
        if servers.len() >= MAX_SERVERS {
            servers.clear();
        }
        let backoff = servers.entry(server_of(location)).or_insert(Backoff { failures: 0, until: now });
        backoff.failures = backoff.failures.saturating_add(1);
        backoff.until = retry_at(now, backoff.failures, random);
    }

    /// It answered.
    pub(super) fn succeeded(&self, location: &str) {
        self.lock().remove(&server_of(location));
    }

    /// Forgets all of them.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Backoff>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Scheme, host and port: what is down is a server, not a path of it.
fn server_of(location: &str) -> String {
    Url::parse(location).map_or_else(|_| location.to_owned(), |url| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn seconds(from: Timestamp, to: Timestamp) -> i64 {
        to.duration_since(from).as_secs()
    }

    #[test]
    fn what_is_fresh_is_asked_about_long_before_it_runs_out() {
        let now = at("2026-11-22T12:00:00Z");
        let table = [
            ("2026-11-29T12:00:00Z", 3_600),
            ("2026-11-22T13:00:00Z", 1_800),
            ("2026-11-22T12:10:00Z", 300),
            ("2026-11-22T12:00:30Z", 60),
            ("2026-11-22T11:00:00Z", 60),
        ];
        for (until, expected) in table {
            assert_eq!(seconds(now, refresh_at(now, at(until), 0)), expected, "{until}");
            let earliest = refresh_at(now, at(until), 999);
            assert!(earliest > now && seconds(now, earliest) >= expected * 3 / 4, "{until}");
        }
        assert!(refresh_at(now, Timestamp::MAX, 0) < Timestamp::MAX);
    }

    #[test]
    fn pauses_double_up_to_half_an_hour() {
        let now = at("2026-11-22T12:00:00Z");
        let pauses = [1, 2, 3, 4, 7, 8, 100].map(|failures| seconds(now, retry_at(now, failures, 0)));
        assert_eq!(pauses, [15, 30, 60, 120, 960, 1_800, 1_800]);
    }

    #[test]
    fn a_server_that_fails_is_left_alone_whatever_its_path() {
        let backoffs = Backoffs::default();
        let now = at("2026-11-22T12:00:00Z");
        backoffs.failed("http://a.example/1.crl", now, 0);
        let permitted = |location| backoffs.permits(location, now);
        assert!(!permitted("http://a.example/1.crl") && !permitted("HTTP://A.example:80/2.crl"));
        assert!(permitted("http://a.example:8080/1.crl") && permitted("http://b.example/1.crl"));
        assert!(backoffs.permits("http://a.example/1.crl", at("2026-11-22T12:00:15Z")));
        backoffs.succeeded("http://a.example/other");
        assert!(permitted("http://a.example/1.crl"));
    }
}
