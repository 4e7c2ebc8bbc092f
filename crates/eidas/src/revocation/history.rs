//! What is known about a certificate over time, and whether that is enough.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::evidence::{Evidence, Revoked, Status};

/// What a bank does while nobody can say whether a certificate is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutagePolicy {
    /// It refuses the certificate.
    HardFail,
    /// It takes the certificate for so many hours after the last good evidence has run out; one about which
    /// there never was any, for so many hours after it was first seen.
    SoftFail {
        /// How many.
        hours: u32,
    },
}

/// Where a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not revoked.
    Good {
        /// When that is no longer fresh.
        until: Timestamp,
    },
    /// Revoked, or on hold.
    Revoked(Revoked),
    /// Nobody has said, or what was said is no longer fresh.
    Unknown,
}

/// Why a certificate may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Its issuer says that it is good.
    Good,
    /// Nobody can say, and the outage policy lets it through.
    Unchecked {
        /// Until when.
        until: Timestamp,
    },
}

/// Why a certificate is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The bank lists it itself.
    Denied,
    /// Its issuer revoked it.
    Revoked(Revoked),
    /// Nobody can say, and the outage policy does not let it through.
    Unknown,
    /// The same of a certificate that does not say who could be asked about it.
    NobodyNamed,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => f.write_str("the certificate is on the deny list of this bank"),
            Self::Revoked(Revoked { at, reason }) if reason.is_hold() => {
                write!(f, "the certificate was put on hold by its issuer on {} (RFC 5280, 5.3.1)", day(*at))
            }
            Self::Revoked(Revoked { at, reason }) => {
                write!(
                    f,
                    "the certificate was revoked by its issuer on {} ({reason}; RFC 5280, 5.3.1)",
                    day(*at)
                )
            }
            Self::Unknown => f.write_str(
                "whether the certificate is revoked could not be checked with its issuer (RFC 5280, 6.3)",
            ),
            Self::NobodyNamed => f.write_str(
                "whether the certificate is revoked could not be checked: it names no OCSP responder and no CRL \
                 (RFC 5280, 4.2.1.13 and 4.2.2.1)",
            ),
        }
    }
}

impl std::error::Error for Refusal {}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// What has been learned about one certificate since it was first seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    first_seen: Timestamp,
    good: Option<Period>,
    revoked: Option<(Revoked, Timestamp)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Period {
    as_of: Timestamp,
    until: Timestamp,
}

impl History {
    /// Nothing is known yet.
    pub fn new(first_seen: Timestamp) -> Self {
        Self { first_seen, good: None, revoked: None }
    }

    /// Takes in what a source said.
    ///
    /// A revocation stays, whatever is said afterwards; only a hold is taken back, and only by something
    /// newer (RFC 5280, 5.3.1). A source that does not know the certificate says nothing.
    pub fn learn(&mut self, evidence: &Evidence) {
        match evidence.status {
            Status::Revoked(revoked) => self.learn_revoked(revoked, evidence.as_of),
            Status::Good => self.learn_good(evidence),
            Status::Unknown => {}
        }
    }

    fn learn_revoked(&mut self, revoked: Revoked, as_of: Timestamp) {
        let taken_back = |good: Period| revoked.reason.is_hold() && good.as_of > as_of;
        let replaces = match self.revoked {
            None => !self.good.is_some_and(taken_back),
            Some((known, known_as_of)) => {
                known.reason.is_hold() && (!revoked.reason.is_hold() || as_of > known_as_of)
            }
        };
        if replaces {
            self.revoked = Some((revoked, as_of));
        }
    }

    fn learn_good(&mut self, evidence: &Evidence) {
        if let Some((revoked, as_of)) = self.revoked {
            if !revoked.reason.is_hold() || evidence.as_of <= as_of {
                return;
            }
            self.revoked = None;
        }
        // A list is good for days and an answer for an hour: the later end of the two counts.
        let known = self.good.unwrap_or(Period { as_of: evidence.as_of, until: evidence.until });
        self.good =
            Some(Period { as_of: known.as_of.max(evidence.as_of), until: known.until.max(evidence.until) });
    }

    /// Where the certificate stands at `now`.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match (self.revoked, self.good) {
            (Some((revoked, _)), _) => Standing::Revoked(revoked),
            (None, Some(good)) if now < good.until => Standing::Good { until: good.until },
            (None, _) => Standing::Unknown,
        }
    }

    /// Whether the certificate may be taken at `now`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if it is revoked, or nobody can say and the policy does not let it through.
    pub fn settle(&self, policy: OutagePolicy, now: Timestamp) -> Result<Settled, Refusal> {
        match self.standing(now) {
            Standing::Revoked(revoked) => Err(Refusal::Revoked(revoked)),
            Standing::Good { .. } => Ok(Settled::Good),
            Standing::Unknown => match policy {
                OutagePolicy::SoftFail { hours } if now < self.patience_ends(hours) => {
                    Ok(Settled::Unchecked { until: self.patience_ends(hours) })
                }
                OutagePolicy::SoftFail { .. } | OutagePolicy::HardFail => Err(Refusal::Unknown),
            },
        }
    }

    /// When a soft-fail policy of so many hours no longer lets the certificate through unchecked.
    fn patience_ends(&self, hours: u32) -> Timestamp {
        let since = self.good.map_or(self.first_seen, |good| good.until.max(self.first_seen));
        since.checked_add(SignedDuration::from_hours(hours.into())).unwrap_or(Timestamp::MAX)
    }

    /// When the newest good evidence was issued, if there is any.
    pub fn good_as_of(&self) -> Option<Timestamp> {
        self.good.map(|good| good.as_of)
    }
}

#[cfg(test)]
mod tests {
    use super::super::evidence::{Reason, Source};
    use super::*;
    use crate::testing::at;

    const FIRST_SEEN: &str = "2026-11-22T08:00:00Z";

    fn evidence(status: Status, as_of: &str, until: &str) -> Evidence {
        Evidence { status, as_of: at(as_of), until: at(until), source: Source::Ocsp }
    }

    fn good(as_of: &str, until: &str) -> Evidence {
        evidence(Status::Good, as_of, until)
    }

    fn revoked(reason: Reason, as_of: &str) -> Evidence {
        let revoked = Revoked { at: at("2026-11-20T09:00:00Z"), reason };
        evidence(Status::Revoked(revoked), as_of, "2026-11-23T00:00:00Z")
    }

    fn history(learned: &[Evidence]) -> History {
        let mut history = History::new(at(FIRST_SEEN));
        for evidence in learned {
            history.learn(evidence);
        }
        history
    }

    /// `G`ood, `U`nchecked, `R`evoked, or a `?` nobody can answer.
    fn settled(history: &History, policy: OutagePolicy, now: &str) -> char {
        match history.settle(policy, at(now)) {
            Ok(Settled::Good) => 'G',
            Ok(Settled::Unchecked { .. }) => 'U',
            Err(Refusal::Revoked(_)) => 'R',
            Err(Refusal::Unknown | Refusal::NobodyNamed) => '?',
            Err(Refusal::Denied) => 'D',
        }
    }

    #[test]
    fn an_outage_is_borne_as_the_policy_says() {
        let (hard, soft) = (OutagePolicy::HardFail, OutagePolicy::SoftFail { hours: 24 });
        let never = history(&[]);
        let fresh = history(&[good("2026-11-22T09:00:00Z", "2026-11-22T10:00:00Z")]);
        let before = history(&[good("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z")]);
        let unknown = history(&[evidence(Status::Unknown, "2026-11-22T09:00:00Z", "2026-11-22T10:00:00Z")]);
        let table = [
            (never, hard, FIRST_SEEN, '?'),
            (never, soft, FIRST_SEEN, 'U'),
            (never, soft, "2026-11-23T07:59:59Z", 'U'),
            (never, soft, "2026-11-23T08:00:00Z", '?'),
            (never, OutagePolicy::SoftFail { hours: 0 }, FIRST_SEEN, '?'),
            (fresh, hard, "2026-11-22T09:59:59Z", 'G'),
            (fresh, hard, "2026-11-22T10:00:00Z", '?'),
            (fresh, soft, "2026-11-22T09:59:59Z", 'G'),
            (fresh, soft, "2026-11-22T10:00:00Z", 'U'),
            (fresh, soft, "2026-11-23T09:59:59Z", 'U'),
            (fresh, soft, "2026-11-23T10:00:00Z", '?'),
            // Evidence that ran out before the certificate was seen gives no less time than none at all.
            (before, soft, "2026-11-23T07:59:59Z", 'U'),
            (before, soft, "2026-11-23T08:00:00Z", '?'),
            (unknown, hard, "2026-11-22T09:30:00Z", '?'),
            (unknown, soft, "2026-11-22T09:30:00Z", 'U'),
            (fresh, OutagePolicy::SoftFail { hours: u32::MAX }, "9998-01-01T00:00:00Z", 'U'),
        ];
        for (row, (history, policy, now, expected)) in table.into_iter().enumerate() {
            assert_eq!(settled(&history, policy, now), expected, "row {row}");
        }
    }

    #[test]
    fn a_revocation_stays_and_only_a_hold_is_taken_back_by_something_newer() {
        let early = good("2026-11-22T08:00:00Z", "2026-11-24T00:00:00Z");
        let late = good("2026-11-22T10:00:00Z", "2026-11-24T00:00:00Z");
        let unknown = evidence(Status::Unknown, "2026-11-22T11:00:00Z", "2026-11-24T00:00:00Z");
        let hold = revoked(Reason::CertificateHold, "2026-11-22T09:00:00Z");
        let stolen = revoked(Reason::KeyCompromise, "2026-11-22T09:00:00Z");
        let stolen_before = revoked(Reason::KeyCompromise, "2026-11-22T07:00:00Z");
        let table: [(&[Evidence], char); 11] = [
            (&[stolen], 'R'),
            (&[early, stolen], 'R'),
            (&[stolen, late], 'R'),
            (&[late, stolen], 'R'),
            (&[stolen, unknown], 'R'),
            (&[hold], 'R'),
            (&[hold, early], 'R'),
            (&[hold, late], 'G'),
            (&[late, hold], 'G'),
            (&[hold, stolen_before, late], 'R'),
            (&[stolen, hold, late], 'R'),
        ];
        for (row, (learned, expected)) in table.into_iter().enumerate() {
            for policy in [OutagePolicy::HardFail, OutagePolicy::SoftFail { hours: 1_000 }] {
                assert_eq!(settled(&history(learned), policy, "2026-11-22T12:00:00Z"), expected, "row {row}");
            }
        }
        // A revocation does not run out.
        assert_eq!(settled(&history(&[stolen]), OutagePolicy::HardFail, "2027-11-22T12:00:00Z"), 'R');
    }

    #[test]
    fn an_answer_for_an_hour_does_not_shorten_a_list_for_days() {
        let list = good("2026-11-22T00:00:00Z", "2026-11-25T00:00:00Z");
        let answer = good("2026-11-22T09:00:00Z", "2026-11-22T10:00:00Z");
        for learned in [[list, answer], [answer, list]] {
            let history = history(&learned);
            let until = at("2026-11-25T00:00:00Z");
            assert_eq!(history.standing(at("2026-11-24T00:00:00Z")), Standing::Good { until });
            assert_eq!(history.good_as_of(), Some(at("2026-11-22T09:00:00Z")));
        }
    }

    #[test]
    fn a_refusal_says_why_in_a_sentence() {
        let refusal =
            |reason| Refusal::Revoked(Revoked { at: at("2026-11-20T09:00:00Z"), reason }).to_string();
        assert_eq!(
            refusal(Reason::KeyCompromise),
            "the certificate was revoked by its issuer on 2026-11-20 (keyCompromise; RFC 5280, 5.3.1)"
        );
        assert_eq!(
            refusal(Reason::CertificateHold),
            "the certificate was put on hold by its issuer on 2026-11-20 (RFC 5280, 5.3.1)"
        );
        assert!(Refusal::Denied.to_string().contains("deny list"));
        assert!(Refusal::Unknown.to_string().contains("could not be checked with its issuer"));
        assert!(Refusal::NobodyNamed.to_string().contains("it names no OCSP responder and no CRL"));
    }
}
