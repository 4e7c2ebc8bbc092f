//! The PSU's way through our pages: one step after the other, within time limits.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    code::Callback,
    lifecycle::Debtor,
    sca::{Challenge, MAX_FAILURES},
    values::{InstitutionCode, PaymentId, PsuId},
};

/// How long a page may stand without action, in seconds.
pub const INACTIVITY_S: i64 = 240;
/// How long a whole visit may take, in seconds.
pub const VISIT_S: i64 = 1_800;
/// How many codes one visit may ask for.
pub const MAX_CODES: u8 = 5;
/// How many authorisation codes one visit is sent back with: a browser may reload the way back, or lose it.
pub const MAX_CALLBACKS: u8 = 10;

/// SHA-256 of the cookie that identifies a visit: the only form in which we keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JourneyId(#[serde(with = "crate::encoding::hex32")] pub [u8; 32]);

/// One visit of a PSU to approve one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journey {
    /// The visit.
    pub id: JourneyId,
    /// The payment it is about.
    pub payment: PaymentId,
    /// The institution whose pages are shown.
    pub institution: InstitutionCode,
    /// What the PISP added to the link, where the redirect is enforced.
    #[serde(default)]
    pub callback: Callback,
    /// What every form of this visit must send back.
    pub csrf: String,
    /// Language of the pages: `fr` or `en`.
    pub language: String,
    /// When it began.
    pub opened_at: Timestamp,
    /// When the PSU last did something.
    pub last_seen_at: Timestamp,
    /// Failures in a row during this visit, under whatever name.
    pub failures: u8,
    /// Codes sent during this visit.
    pub codes_sent: u8,
    /// Authorisation codes with which it was sent back to the PISP.
    #[serde(default)]
    pub callbacks: u8,
    /// How far it has come.
    pub step: Step,
}

/// How far a visit has come. Each step holds what has been proven by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// The PSU is to say who he is.
    Identify,
    /// He said who; he is to prove it.
    Password(PsuId),
    /// He proved it; he is to choose an account.
    Account(PsuId),
    /// He is to read what he is about to approve.
    Review(Debtor),
    /// He is to type the code he was sent.
    Authenticate(Debtor, Challenge),
    /// He, or the bank for him, decided here: nothing more is asked.
    Over,
}

/// Why a visit has ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimedOut {
    /// Nothing happened on a page for too long.
    #[error("nothing happened for 4 minutes")]
    Inactivity,
    /// The visit as a whole took too long.
    #[error("the visit took more than 30 minutes")]
    Visit,
}

impl Journey {
    /// Whether the visit is still alive at `now`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`]: the PSU is disconnected and not sent back to the PISP.
    pub fn check_time(&self, now: Timestamp) -> Result<(), TimedOut> {
        if now.duration_since(self.opened_at).as_secs() >= VISIT_S {
            return Err(TimedOut::Visit);
        }
        if now.duration_since(self.last_seen_at).as_secs() >= INACTIVITY_S {
            return Err(TimedOut::Inactivity);
        }
        Ok(())
    }

    /// Whether it was this visit that decided the payment, and not another one of the same link.
    pub fn has_decided(&self) -> bool {
        self.step == Step::Over
    }

    /// Whether this visit has seen so many failures that the payment is refused.
    pub fn failed_too_often(&self) -> bool {
        self.failures >= MAX_FAILURES
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;
    use crate::samples;

    #[test]
    fn a_visit_that_was_stored_before_there_were_codes_to_send_back_is_still_read() {
        let journey = samples::journey();
        let mut stored = serde_json::to_value(&journey).unwrap();
        let members = stored.as_object_mut().unwrap();
        assert!(members.remove("callback").is_some() && members.remove("callbacks").is_some());
        assert_eq!(serde_json::from_value::<Journey>(stored).unwrap(), journey);
    }

    #[test]
    fn a_visit_ends_after_4_idle_minutes_or_30_in_all() {
        let table = [
            (0, 0, Ok(())),
            (239, 239, Ok(())),
            (240, 240, Err(TimedOut::Inactivity)),
            (1_799, 10, Ok(())),
            (1_800, 10, Err(TimedOut::Visit)),
        ];
        for (open_for_s, idle_for_s, expected) in table {
            let mut journey = samples::journey();
            let now = samples::now();
            journey.opened_at = now - i64::from(open_for_s).seconds();
            journey.last_seen_at = now - i64::from(idle_for_s).seconds();
            assert_eq!(journey.check_time(now), expected, "{open_for_s} {idle_for_s}");
        }
    }
}
