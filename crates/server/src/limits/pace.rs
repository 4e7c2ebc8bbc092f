//! How often each caller has come lately, in one number for each.
//!
//! The generic cell rate algorithm (ITU-T I.371, annex A): a caller owes a fixed time for each request, pays
//! it off by waiting, and is refused while it would owe more than a minute. A caller who owes nothing is
//! like one never seen, so forgetting him changes nothing.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::Standing;

/// What a limit is counted over.
const WINDOW: Duration = Duration::from_mins(1);
/// Callers remembered one by one. There are fewer TPPs in Europe, and who commands more addresses than
/// this can be slowed down by counting all the rest as one.
const MAX_KEYS: usize = 65_536;
/// Requests after which those who owe nothing are forgotten, at the least.
const MIN_SWEEP: usize = 1_024;

/// The pace of callers named by `K`.
pub(crate) struct Pace<K>(Mutex<Debts<K>>);

struct Debts<K> {
    /// When each will owe nothing any more.
    paid_off: HashMap<K, Instant>,
    /// The same for everybody who is not remembered by name.
    others: Option<Instant>,
    /// Requests since those who owe nothing were forgotten.
    since_sweep: usize,
}

impl<K> Default for Pace<K> {
    fn default() -> Self {
        Self(Mutex::new(Debts { paid_off: HashMap::new(), others: None, since_sweep: 0 }))
    }
}

impl<K: Eq + Hash> Pace<K> {
    /// Counts a request of `key`, who may make `per_minute`; 0 is no limit, and gives no standing.
    ///
    /// # Errors
    ///
    /// Where the caller stands, if he has come too often. A request that is refused is not counted.
    pub(crate) fn charge(&self, key: K, per_minute: u32, now: Instant) -> Result<Option<Standing>, Standing> {
        let Some(cost) = WINDOW.checked_div(per_minute) else {
            return Ok(None);
        };
        let mut debts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        debts.sweep(now);
        let debt = debts.of(&key).map_or(Duration::ZERO, |paid_off| paid_off.duration_since(now));
        let debt_after = debt + cost;
        if let Some(wait) = debt_after.checked_sub(WINDOW).filter(|wait| !wait.is_zero()) {
            return Err(Standing { limit: per_minute, remaining: 0, reset_s: whole_seconds(wait) });
        }
        debts.owe(key, now + debt_after);
        let left = WINDOW.saturating_sub(debt_after).as_nanos() / cost.as_nanos().max(1);
        let remaining = u32::try_from(left).unwrap_or(u32::MAX);
        Ok(Some(Standing { limit: per_minute, remaining, reset_s: whole_seconds(debt_after) }))
    }
}

impl<K: Eq + Hash> Debts<K> {
    fn of(&self, key: &K) -> Option<Instant> {
        if self.is_full() {
            self.paid_off.get(key).copied().or(self.others)
        } else {
            self.paid_off.get(key).copied()
        }
    }

    fn owe(&mut self, key: K, paid_off: Instant) {
        if self.is_full() && !self.paid_off.contains_key(&key) {
            self.others = Some(paid_off);
        } else {
            self.paid_off.insert(key, paid_off);
        }
    }

    fn is_full(&self) -> bool {
        self.paid_off.len() >= MAX_KEYS
    }

    /// Forgets who owes nothing, once in as many requests as there are callers: a few steps for each.
    fn sweep(&mut self, now: Instant) {
        self.since_sweep += 1;
        if self.since_sweep >= self.paid_off.len().max(MIN_SWEEP) {
            self.since_sweep = 0;
            self.paid_off.retain(|_, paid_off| *paid_off > now);
        }
    }
}

/// Rounded up, so that whoever waits as long as he was told is not refused again.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When a request comes, in seconds, and what is answered: how many remain, or after how many seconds
    /// to come back.
    type Row = (u64, Result<u32, u64>);

    fn check(per_minute: u32, rows: &[Row]) {
        let (pace, start) = (Pace::default(), Instant::now());
        for (number, (at, expected)) in rows.iter().enumerate() {
            let answer = pace.charge("caller", per_minute, start + Duration::from_secs(*at));
            let answer = answer.map(|standing| standing.unwrap().remaining);
            assert_eq!(answer.map_err(|standing| standing.reset_s), *expected, "request {number} at {at}");
        }
    }

    #[test]
    fn as_many_as_allowed_may_come_at_once_and_as_many_again_within_a_minute() {
        check(
            3,
            &[
                (0, Ok(2)),
                (0, Ok(1)),
                (0, Ok(0)),
                (0, Err(20)),
                (19, Err(1)),
                (20, Ok(0)),
                (20, Err(20)),
                (80, Ok(2)),
                (1_000, Ok(2)),
            ],
        );
        check(1, &[(0, Ok(0)), (59, Err(1)), (60, Ok(0)), (60, Err(60))]);
        // A minute is not a whole number of sevenths.
        check(
            7,
            &[
                (0, Ok(6)),
                (0, Ok(5)),
                (0, Ok(4)),
                (0, Ok(3)),
                (0, Ok(2)),
                (0, Ok(1)),
                (0, Ok(0)),
                (0, Err(9)),
            ],
        );
    }

    #[test]
    fn each_caller_has_a_pace_of_his_own_and_zero_is_no_limit() {
        let (pace, now) = (Pace::default(), Instant::now());
        assert!(pace.charge("one", 1, now).is_ok());
        assert!(pace.charge("one", 1, now).is_err());
        assert!(pace.charge("other", 1, now).is_ok());
        assert_eq!(pace.charge("one", 0, now), Ok(None));
    }

    #[test]
    fn who_owes_nothing_is_forgotten() {
        let (pace, start) = (Pace::default(), Instant::now());
        for key in 0..10 * MIN_SWEEP {
            pace.charge(key, 60, start + Duration::from_secs(key as u64)).unwrap();
        }
        assert!(pace.0.lock().unwrap().paid_off.len() <= 2 * MIN_SWEEP);
    }

    #[test]
    fn more_callers_than_are_remembered_share_one_pace() {
        let (pace, now) = (Pace::default(), Instant::now());
        for key in 0..MAX_KEYS {
            pace.charge(key, 2, now).unwrap();
        }
        let answers: Vec<_> = (0..4).map(|more| pace.charge(MAX_KEYS + more, 2, now).is_ok()).collect();
        assert_eq!(answers, [true, true, false, false]);
        assert!(pace.charge(0, 2, now).is_ok(), "who is remembered has what is left of his own");
        assert!(pace.0.lock().unwrap().paid_off.len() <= MAX_KEYS);
        let later = now + WINDOW;
        for key in 0..2 * MAX_KEYS {
            pace.charge(key, 2, later).ok();
        }
        assert!(pace.charge(3 * MAX_KEYS, 2, later + WINDOW).is_ok());
    }
}
