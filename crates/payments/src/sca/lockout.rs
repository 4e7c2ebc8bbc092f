//! When failures block a PSU.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::values::{InstitutionCode, PsuId};

/// Failures in a row after which a PSU is blocked (RTS (EU) 2018/389, Art. 4(3)(b)).
pub const MAX_FAILURES: u8 = 5;
/// How long he stays blocked, in seconds.
pub const BLOCK_S: i64 = 1_800;

/// Failures in a row of one PSU at one institution, whichever element was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lockout {
    /// The institution.
    pub institution: InstitutionCode,
    /// The PSU, or whoever claims to be him.
    pub psu: PsuId,
    /// Failures in a row.
    pub failures: u8,
    /// Until when nothing is accepted.
    pub blocked_until: Option<Timestamp>,
}

impl Lockout {
    /// The clean sheet of a PSU who has not failed.
    pub fn none(institution: InstitutionCode, psu: PsuId) -> Self {
        Self {
            institution,
            psu,
            failures: 0,
            blocked_until: None,
        }
    }

    /// Until when the PSU is blocked, if he is at `now`.
    pub fn blocked_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.blocked_until.filter(|until| now < *until)
    }

    /// After one more failure. A block that is over starts a new count.
    #[must_use]
    pub fn after_failure(&self, now: Timestamp) -> Self {
        let over = self.blocked_until.is_some() && self.blocked_at(now).is_none();
        let failures = if over { 1 } else { self.failures.saturating_add(1) };
        let blocked_until = if failures >= MAX_FAILURES {
            self.blocked_at(now)
                .or_else(|| now.checked_add(BLOCK_S.seconds()).ok())
        } else {
            None
        };
        Self {
            failures,
            blocked_until,
            ..self.clone()
        }
    }

    /// After a success.
    #[must_use]
    pub fn after_success(&self) -> Self {
        Self {
            failures: 0,
            blocked_until: None,
            ..self.clone()
        }
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
    }
}
