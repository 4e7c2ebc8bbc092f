//! When failures block a PSU.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::values::{InstitutionCode, PsuId};

/// Failures in a row after which a PSU is blocked (RTS (EU) 2018/389, Art. 4(3)(b)).
pub const MAX_FAILURES: u8 = 5;
/// How long failures count, and he stays blocked, in seconds.
pub const BLOCK_S: i64 = 1_800;

/// Failures in a row of one PSU at one institution, whichever element was wrong. They count for half
/// an hour after the last one; five within that time block him until it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lockout {
    /// The institution.
    pub institution: InstitutionCode,
    /// The PSU, or whoever claims to be him.
    pub psu: PsuId,
    /// Failures in a row.
    pub failures: u8,
    /// Until when they count.
    pub ends_at: Option<Timestamp>,
}

impl Lockout {
    /// The clean sheet of a PSU who has not failed.
    pub fn none(institution: InstitutionCode, psu: PsuId) -> Self {
        Self { institution, psu, failures: 0, ends_at: None }
    }

    /// Until when the PSU is blocked, if he is at `now`.
    pub fn blocked_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.ends_at.filter(|end| self.failures >= MAX_FAILURES && now < *end)
    }

    /// After one more failure. Failures that no longer count start anew; a block is not prolonged.
    #[must_use]
    pub fn after_failure(&self, now: Timestamp) -> Self {
        let still_count = self.ends_at.is_some_and(|end| now < end);
        let failures = if still_count { self.failures.saturating_add(1) } else { 1 };
        let ends_at = self.blocked_at(now).or_else(|| now.checked_add(BLOCK_S.seconds()).ok());
        Self { failures, ends_at, ..self.clone() }
    }

    /// After a success.
    #[must_use]
    pub fn after_success(&self) -> Self {
        Self { failures: 0, ends_at: None, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn the_fifth_failure_in_a_row_blocks_for_half_an_hour() {
        let now = samples::now();
        let mut lockout = Lockout::none(samples::institution().code, samples::debtor().psu);
        for failures in 1..=4 {
            lockout = lockout.after_failure(now);
            assert_eq!((lockout.failures, lockout.blocked_at(now)), (failures, None));
        }
        lockout = lockout.after_failure(now);
        let end = now + BLOCK_S.seconds();
        assert_eq!(lockout.blocked_at(now), Some(end));
        assert_eq!(lockout.blocked_at(end), None);
        assert_eq!(lockout.after_failure(end).failures, 1);
        assert_eq!(lockout.after_success().failures, 0);
        let prolonged = lockout.after_failure(now + 60.seconds());
        assert_eq!(prolonged.blocked_at(now), Some(end));
    }

    #[test]
    fn failures_count_for_half_an_hour() {
        let now = samples::now();
        let mut lockout = Lockout::none(samples::institution().code, samples::debtor().psu);
        for _ in 0..4 {
            lockout = lockout.after_failure(now);
        }
        assert_eq!(lockout.after_failure(now + (BLOCK_S - 1).seconds()).failures, 5);
        assert_eq!(lockout.after_failure(now + BLOCK_S.seconds()).failures, 1);
    }
}
