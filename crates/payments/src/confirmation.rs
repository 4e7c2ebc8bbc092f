//! The PISP's confirmation of what the PSU approved, where the redirect is enforced (STET PSD2 API 1.4.2,
//! payment request confirmation): the bank waits for it before it executes.

use jiff::Timestamp;

use crate::{
    Payment,
    lifecycle::{Event, State},
};

/// What a confirmation that may be made does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// It is the first: this is to be recorded, and the payment executed.
    First(Event),
    /// The payment was confirmed before. Nothing changes: a PISP that missed the answer asks again.
    Again,
}

/// Why a payment request cannot be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotConfirmable {
    /// The PSU has not decided.
    #[error("the PSU has not approved this payment request yet")]
    NotApproved,
    /// The window has ended.
    #[error("the time to confirm this payment request is over")]
    TooLate,
    /// It was rejected, or its approval was enough.
    #[error("this payment request does not wait for a confirmation")]
    NotAwaited,
}

/// What a confirmation of `payment` at `now` does.
///
/// # Errors
///
/// [`NotConfirmable`]; the payment is then not changed.
pub fn confirm(payment: &Payment, now: Timestamp) -> Result<Confirmation, NotConfirmable> {
    match payment.state() {
        State::Registered | State::Prepared(_) => Err(NotConfirmable::NotApproved),
        State::AwaitingConfirmation(_, end) if now < *end => Ok(Confirmation::First(Event::Confirm(now))),
        State::AwaitingConfirmation(..) => Err(NotConfirmable::TooLate),
        state => match state.authorisation() {
            Some(approval) if approval.confirmed_at.is_some() => Ok(Confirmation::Again),
            _ => Err(NotConfirmable::NotAwaited),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Reason, institution::Redirect, journal::Actor, payment::Registration, samples};

    fn after(redirect: Redirect, events: &[Event]) -> Payment {
        let registration = Registration { redirect, ..samples::registration() };
        let (mut payment, _) = Payment::register(registration);
        for event in events {
            payment.record(event.clone(), Actor::Psu, samples::now()).unwrap();
        }
        payment
    }

    #[test]
    fn a_payment_is_confirmed_once_after_its_approval_and_in_time() {
        let (now, end) = (samples::now(), samples::confirmation_end());
        let prepare = Event::Prepare(samples::debtor());
        let awaiting = Event::AwaitConfirmation(samples::authorisation(), end);
        let confirm_it = Event::Confirm(now);
        let submit = Event::Submit(samples::submission());
        let approved = [prepare.clone(), awaiting];
        let with = |more: &[Event]| [&approved, more].concat();
        let first = || Ok(Confirmation::First(Event::Confirm(now)));
        let table = [
            (vec![], now, Err(NotConfirmable::NotApproved)),
            (vec![prepare], now, Err(NotConfirmable::NotApproved)),
            (vec![Event::Refuse], now, Err(NotConfirmable::NotAwaited)),
            (with(&[]), now, first()),
            (with(&[]), end, Err(NotConfirmable::TooLate)),
            (with(&[Event::Expire]), end, Err(NotConfirmable::NotAwaited)),
            (with(std::slice::from_ref(&confirm_it)), end, Ok(Confirmation::Again)),
            (with(&[confirm_it.clone(), submit.clone()]), end, Ok(Confirmation::Again)),
            (with(&[confirm_it.clone(), submit, Event::Settle(now)]), end, Ok(Confirmation::Again)),
            (with(&[confirm_it, Event::Fail(Reason::Am04)]), end, Ok(Confirmation::Again)),
        ];
        for (events, at, expected) in table {
            assert_eq!(confirm(&after(Redirect::Enforced, &events), at), expected, "{events:?}");
        }
    }

    #[test]
    fn an_approval_that_was_enough_needs_no_confirmation() {
        let events = [Event::Prepare(samples::debtor()), Event::Authorise(samples::authorisation())];
        let payment = after(Redirect::Simple, &events);
        assert_eq!(confirm(&payment, samples::now()), Err(NotConfirmable::NotAwaited));
    }
}
