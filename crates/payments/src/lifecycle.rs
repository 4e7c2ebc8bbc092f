//! The life of a payment, on one screen.
//!
//! ```text
//! Registered ──prepare──▶ Prepared ──authorise──▶ Authorised ──submit──▶ Submitted ──settle──▶ Settled
//!   ACTC                   ACCP  ◀┐ (another       ▲ ACSP                 ACSP, or              ACSC
//!     │                     │ │ └─┘  account)      │  │                   PDNG once delayed
//!     │              await  │ │                    │  │                     │
//!     │        confirmation │ └──▶ Awaiting ───────┘  │                     │
//!     │                     │    Confirmation confirm │                     │
//!     │ refuse, expire,     │          ACCO           │ fail                │ fail
//!     │ reject              │           │ expire      │                     │
//!     └─────────────────────┴───────────┴─────────────┴─────────────────────┴────────────▶ Rejected
//!                                                                                           RJCT
//! ```
//!
//! Nothing leaves Settled or Rejected. Until the PSU has approved, his steps are recorded as events
//! that change no state. Where the redirect is simple, his approval authorises the payment; where it is
//! enforced, it then awaits the confirmation of its PISP (see [`crate::institution::Redirect`]).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Reason,
    values::{Iban, Name, PsuId, Reference},
};

/// Where a payment stands, with the data that is true there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Stored and technically right; the PSU has not chosen an account.
    Registered,
    /// The PSU is known and has an eligible account chosen.
    Prepared(Debtor),
    /// Approved, sealed, funds reserved; the PISP is to confirm before then.
    AwaitingConfirmation(Authorisation, Timestamp),
    /// Approved, sealed, funds reserved, and confirmed where it must be: nothing stands in the way.
    Authorised(Authorisation),
    /// Written down as handed to the rail under our reference.
    Submitted(Authorisation, Submission),
    /// Booked on the debtor account.
    Settled(Authorisation, Timestamp),
    /// Over without money moved.
    Rejected(Rejection),
}

/// Who pays, from which account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debtor {
    /// The identified PSU.
    pub psu: PsuId,
    /// The account's holder, as the bank knows him.
    pub name: Name,
    /// The account to debit.
    pub account: Iban,
}

/// The PSU's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorisation {
    /// Who pays, from which account.
    pub debtor: Debtor,
    /// SHA-256 of the sealed statement, in hex: which seal proves the approval.
    pub seal_sha256: String,
    /// When the PSU approved.
    pub at: Timestamp,
    /// When the PISP confirmed, where it had to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
}

/// The hand-over to the rail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// Our reference of the transfer.
    pub reference: Reference,
    /// When it was written down.
    pub at: Timestamp,
    /// Whether the outcome has been late once; the PISP then reads `PDNG`.
    pub delayed: bool,
}

/// The end of a payment that was not made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Why.
    pub reason: Reason,
    /// The approval, if there was one before.
    pub authorisation: Option<Authorisation>,
}

/// Something that happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The PSU opened the link.
    Open,
    /// The PSU proved who he is.
    Identify(PsuId),
    /// The PSU, or the bank for him, failed to authenticate; how many failures in a row.
    FailAuthentication {
        /// Failures in a row, this one included.
        failures: u8,
    },
    /// A one-time code was sent to the PSU.
    Challenge,
    /// An eligible account was chosen.
    Prepare(Debtor),
    /// The PSU approved with strong authentication.
    Authorise(Authorisation),
    /// The PSU approved with strong authentication; the PISP is to confirm before then.
    AwaitConfirmation(Authorisation, Timestamp),
    /// The PISP confirmed, when.
    Confirm(Timestamp),
    /// The PSU refused.
    Refuse,
    /// Nobody decided in time.
    Expire,
    /// The bank refused before approval.
    Reject(Reason),
    /// About to be handed to the rail.
    Submit(Submission),
    /// The rail could not say the outcome yet.
    Delay,
    /// Booked on the debtor account.
    Settle(Timestamp),
    /// Not executed: refused by the bank or the rail after approval.
    Fail(Reason),
}

/// The event is not allowed in this state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event} is not allowed in state {from:?}")]
pub struct IllegalTransition {
    /// The status the payment had.
    pub from: Status,
    /// The name of the event.
    pub event: &'static str,
}

impl State {
    /// The state after `event`.
    ///
    /// # Errors
    ///
    /// [`IllegalTransition`] for every pair not listed: a new state starts with no way out of it.
    pub fn apply(&self, event: &Event) -> Result<Self, IllegalTransition> {
        use Event as E;
        Ok(match (self, event) {
            (
                Self::Registered | Self::Prepared(_),
                E::Open | E::Identify(_) | E::FailAuthentication { .. } | E::Challenge,
            ) => self.clone(),
            (Self::Registered | Self::Prepared(_), E::Prepare(debtor)) => Self::Prepared(debtor.clone()),
            (Self::Registered | Self::Prepared(_), E::Refuse) => Self::rejected(Reason::Cust, None),
            (Self::Registered | Self::Prepared(_), E::Expire) => Self::rejected(Reason::Noas, None),
            (Self::Registered | Self::Prepared(_), E::Reject(reason)) => Self::rejected(*reason, None),
            (Self::Prepared(debtor), E::Authorise(approval)) if *debtor == approval.debtor => {
                Self::Authorised(approval.clone())
            }
            (Self::Prepared(debtor), E::AwaitConfirmation(approval, end)) if *debtor == approval.debtor => {
                Self::AwaitingConfirmation(approval.clone(), *end)
            }
            (Self::AwaitingConfirmation(approval, end), E::Confirm(at)) if at < end => {
                Self::Authorised(Authorisation { confirmed_at: Some(*at), ..approval.clone() })
            }
            (Self::AwaitingConfirmation(approval, _), E::Expire) => {
                Self::rejected(Reason::Noas, Some(approval.clone()))
            }
            (Self::Authorised(approval), E::Submit(submission)) => {
                Self::Submitted(approval.clone(), submission.clone())
            }
            (Self::Submitted(approval, submission), E::Delay) if !submission.delayed => {
                Self::Submitted(approval.clone(), Submission { delayed: true, ..submission.clone() })
            }
            (Self::Submitted(approval, _), E::Settle(at)) => Self::Settled(approval.clone(), *at),
            (Self::Authorised(approval) | Self::Submitted(approval, _), E::Fail(reason)) => {
                Self::rejected(*reason, Some(approval.clone()))
            }
            (from, event) => {
                return Err(IllegalTransition { from: from.status(), event: event.name() });
            }
        })
    }

    /// What the PISP sees, in the newest vocabulary.
    pub fn status(&self) -> Status {
        match self {
            Self::Registered => Status::Actc,
            Self::Prepared(_) => Status::Accp,
            Self::AwaitingConfirmation(..) => Status::Acco,
            Self::Submitted(_, submission) if submission.delayed => Status::Pdng,
            Self::Authorised(_) | Self::Submitted(..) => Status::Acsp,
            Self::Settled(..) => Status::Acsc,
            Self::Rejected(_) => Status::Rjct,
        }
    }

    /// Whether the PSU can still decide.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Registered | Self::Prepared(_))
    }

    /// Whether nothing can happen any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Settled(..) | Self::Rejected(_))
    }

    /// The PSU's approval, once given.
    pub fn authorisation(&self) -> Option<&Authorisation> {
        match self {
            Self::AwaitingConfirmation(approval, _)
            | Self::Authorised(approval)
            | Self::Submitted(approval, _)
            | Self::Settled(approval, _) => Some(approval),
            Self::Rejected(rejection) => rejection.authorisation.as_ref(),
            Self::Registered | Self::Prepared(_) => None,
        }
    }

    fn rejected(reason: Reason, authorisation: Option<Authorisation>) -> Self {
        Self::Rejected(Rejection { reason, authorisation })
    }
}

impl Event {
    /// The event's name, as it stands in the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Identify(_) => "identify",
            Self::FailAuthentication { .. } => "fail authentication",
            Self::Challenge => "challenge",
            Self::Prepare(_) => "prepare",
            Self::Authorise(_) => "authorise",
            Self::AwaitConfirmation(..) => "await confirmation",
            Self::Confirm(_) => "confirm",
            Self::Refuse => "refuse",
            Self::Expire => "expire",
            Self::Reject(_) => "reject",
            Self::Submit(_) => "submit",
            Self::Delay => "delay",
            Self::Settle(_) => "settle",
            Self::Fail(_) => "fail",
        }
    }
}

/// The status of a payment request, `paymentInformationStatus` (ISO 20022, external payment group status).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Status {
    /// `ACTC`, accepted technical validation.
    Actc,
    /// `ACCP`, accepted customer profile.
    Accp,
    /// `ACCO`, accepted, the confirmation of the PISP is awaited.
    Acco,
    /// `ACSP`, accepted, settlement in process.
    Acsp,
    /// `PDNG`, pending.
    Pdng,
    /// `ACSC`, accepted, settlement on the debtor account completed.
    Acsc,
    /// `RJCT`, rejected.
    Rjct,
}

impl Status {
    /// The four-letter code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Actc => "ACTC",
            Self::Accp => "ACCP",
            Self::Acco => "ACCO",
            Self::Acsp => "ACSP",
            Self::Pdng => "PDNG",
            Self::Acsc => "ACSC",
            Self::Rjct => "RJCT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use jiff::ToSpan;
    use proptest::prelude::*;

    #[test]
    fn only_the_transitions_in_the_diagram_are_legal() {
        let table = "\
                       open identify failauth challenge prepare authorise await confirm refuse expire reject submit delay settle fail
            registered ACTC ACTC     ACTC     ACTC      ACCP    -         -     -       RJCT   RJCT   RJCT   -      -     -      -
            prepared   ACCP ACCP     ACCP     ACCP      ACCP    ACSP      ACCO  -       RJCT   RJCT   RJCT   -      -     -      -
            awaiting   -    -        -        -         -       -         -     ACSP    -      RJCT   -      -      -     -      -
            authorised -    -        -        -         -       -         -     -       -      -      -      ACSP   -     -      RJCT
            submitted  -    -        -        -         -       -         -     -       -      -      -      -      PDNG  ACSC   RJCT
            delayed    -    -        -        -         -       -         -     -       -      -      -      -      -     ACSC   RJCT
            settled    -    -        -        -         -       -         -     -       -      -      -      -      -     -      -
            rejected   -    -        -        -         -       -         -     -       -      -      -      -      -     -      -";
        let mut checked = 0;
        for (from, row) in samples::every_state().into_iter().zip(table.lines().skip(1)) {
            for (event, expected) in samples::every_event().into_iter().zip(row.split_whitespace().skip(1)) {
                let reached = from.apply(&event).map_or("-", |state| state.status().code());
                assert_eq!(reached, expected, "{from:?} on {event:?}");
                checked += 1;
            }
        }
        assert_eq!(checked, 8 * 15);
    }

    #[test]
    fn an_approval_counts_for_the_account_that_was_chosen() {
        let mut other = samples::authorisation();
        other.debtor.account = Iban::parse("FR7617515900000800123457584").unwrap();
        let prepared = State::Prepared(samples::debtor());
        assert!(prepared.apply(&Event::Authorise(other.clone())).is_err());
        let end = samples::confirmation_end();
        assert!(prepared.apply(&Event::AwaitConfirmation(other, end)).is_err());
    }

    #[test]
    fn a_confirmation_counts_until_its_time_is_over_and_is_written_into_the_approval() {
        let (approval, end) = (samples::authorisation(), samples::confirmation_end());
        let awaiting = State::AwaitingConfirmation(approval.clone(), end);
        let just_in_time = end - 1.nanosecond();
        let confirmed = Authorisation { confirmed_at: Some(just_in_time), ..approval.clone() };
        assert_eq!(awaiting.apply(&Event::Confirm(just_in_time)), Ok(State::Authorised(confirmed)));
        assert!(awaiting.apply(&Event::Confirm(end)).is_err());
        let over = Rejection { reason: Reason::Noas, authorisation: Some(approval) };
        assert_eq!(awaiting.apply(&Event::Expire), Ok(State::Rejected(over)));
    }

    proptest! {
        #[test]
        fn no_sequence_of_events_leaves_a_final_state(picks in proptest::collection::vec(0_usize..15, 0..60)) {
            let events = samples::every_event();
            let mut state = State::Registered;
            for pick in picks {
                let before = state.clone();
                if let Ok(next) = state.apply(&events[pick]) {
                    prop_assert!(!before.is_final());
                    prop_assert!(next.status() >= before.status(), "a status never goes back");
                    state = next;
                }
            }
        }
    }
}
