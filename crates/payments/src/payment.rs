//! A payment: the request, its owner, where it stands, and the chain of its journal.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::{
    PaymentRequest, Version,
    institution::{Institution, Redirect},
    journal::{Actor, BrokenJournal, Entry, EntryHash, Fact, Record},
    lifecycle::{Event, IllegalTransition, State, Status},
    request::PsuContext,
    values::{InstitutionCode, PaymentId, TppId},
};

/// Journal entries after which an undecided payment takes no new visit.
const MAX_ENTRIES_UNDECIDED: u64 = 200;

/// A payment request as the bank holds it. It is the fold of its journal: [`Payment::replay`] of the
/// entries gives back an equal value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    registration: Registration,
    state: State,
    /// When the status last changed.
    state_since: Timestamp,
    /// Sequence number of the last journal entry; also what guards against lost updates.
    seq: u64,
    /// Hash of the last journal entry.
    last_hash: EntryHash,
}

/// What was true from the start and never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The resource id.
    pub id: PaymentId,
    /// The institution that was asked.
    pub institution: InstitutionCode,
    /// The TPP that asked.
    pub tpp: TppId,
    /// The TPP's name, as PSUs are shown it.
    pub tpp_name: String,
    /// The wire version it was asked in.
    pub version: Version,
    /// How it comes back from the PSU. Not written down where it is simple, so that journals of payments
    /// older than the choice read as they were written.
    #[serde(default, skip_serializing_if = "Redirect::is_simple")]
    pub redirect: Redirect,
    /// When it was registered.
    pub at: Timestamp,
    /// Until when the PSU can decide.
    pub expires_at: Timestamp,
    /// What was asked.
    pub request: PaymentRequest,
    /// What the PISP told about the PSU's terminal.
    pub psu_context: PsuContext,
}

impl Payment {
    /// Registers a request: the payment and the first entry of its journal.
    pub fn register(registration: Registration) -> (Self, Entry) {
        let record = Record {
            payment: registration.id.clone(),
            seq: 1,
            at: registration.at,
            actor: Actor::Tpp,
            fact: Fact::Registered(Box::new(registration.clone())),
        };
        let entry = Entry::new(&record, EntryHash::GENESIS);
        let payment = Self {
            state_since: registration.at,
            registration,
            state: State::Registered,
            seq: 1,
            last_hash: entry.hash,
        };
        (payment, entry)
    }

    /// Applies an event and gives the journal entry that must be stored with the change.
    ///
    /// # Errors
    ///
    /// [`IllegalTransition`]; the payment is then unchanged.
    pub fn record(&mut self, event: Event, actor: Actor, now: Timestamp) -> Result<Entry, IllegalTransition> {
        let state = self.after(&event)?;
        let record = Record {
            payment: self.id().clone(),
            seq: self.seq + 1,
            at: now,
            actor,
            fact: Fact::Happened(event),
        };
        let entry = Entry::new(&record, self.last_hash);
        self.advance(state, &entry);
        Ok(entry)
    }

    /// Rebuilds a payment from its journal, checking every hash and every transition.
    ///
    /// # Errors
    ///
    /// [`BrokenJournal`] at the first entry that is missing, changed or not allowed.
    pub fn replay(entries: &[Entry]) -> Result<Self, BrokenJournal> {
        let (first, rest) = entries.split_first().ok_or(BrokenJournal::Empty)?;
        let Fact::Registered(registration) = first.read()?.fact else {
            return Err(BrokenJournal::Sequence { seq: 1 });
        };
        let (mut payment, expected) = Self::register(*registration);
        if *first != expected {
            return Err(BrokenJournal::Sequence { seq: 1 });
        }
        for entry in rest {
            payment.replay_one(entry)?;
        }
        Ok(payment)
    }

    fn replay_one(&mut self, entry: &Entry) -> Result<(), BrokenJournal> {
        let record = entry.read()?;
        let seq = self.seq + 1;
        let Fact::Happened(event) = record.fact else {
            return Err(BrokenJournal::Sequence { seq });
        };
        if entry.payment != *self.id() || entry.seq != seq || entry.previous != self.last_hash {
            return Err(BrokenJournal::Sequence { seq });
        }
        let state = self.after(&event).map_err(|_| BrokenJournal::Illegal { seq })?;
        self.advance(state, entry);
        Ok(())
    }

    /// The state after `event`. Whether a confirmation must follow the approval was settled when the payment
    /// was registered, and nobody can do otherwise later.
    fn after(&self, event: &Event) -> Result<State, IllegalTransition> {
        let fitting = match event {
            Event::Authorise(_) => self.registration.redirect == Redirect::Simple,
            Event::AwaitConfirmation(..) => self.registration.redirect == Redirect::Enforced,
            _ => true,
        };
        if !fitting {
            return Err(IllegalTransition { from: self.status(), event: event.name() });
        }
        self.state.apply(event)
    }

    fn advance(&mut self, state: State, entry: &Entry) {
        if state.status() != self.state.status() {
            self.state_since = entry.at;
        }
        self.state = state;
        self.seq = entry.seq;
        self.last_hash = entry.hash;
    }

    /// The resource id.
    pub fn id(&self) -> &PaymentId {
        &self.registration.id
    }

    /// What was true from the start.
    pub fn registration(&self) -> &Registration {
        &self.registration
    }

    /// What the PISP asked.
    pub fn request(&self) -> &PaymentRequest {
        &self.registration.request
    }

    /// Where it stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What the PISP sees of that.
    pub fn status(&self) -> Status {
        self.state.status()
    }

    /// When the status last changed.
    pub fn state_since(&self) -> Timestamp {
        self.state_since
    }

    /// Sequence number of the last journal entry.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Until when somebody is waited for, the PSU or after him the PISP; nothing once nobody is. From then on
    /// the payment expires.
    pub fn waits_until(&self) -> Option<Timestamp> {
        match &self.state {
            State::Registered | State::Prepared(_) => Some(self.registration.expires_at),
            State::AwaitingConfirmation(_, end) => Some(*end),
            State::Authorised(_) | State::Submitted(..) | State::Settled(..) | State::Rejected(_) => None,
        }
    }

    /// Whether so much has happened before any decision that no further visit is let in: whoever holds
    /// the link may open it again and again, and each time costs a record.
    pub fn is_worn_out(&self) -> bool {
        self.state.is_open() && self.seq >= MAX_ENTRIES_UNDECIDED
    }

    /// Whether it can still be read by its PISP at `now`.
    pub fn is_retained(&self, institution: &Institution, now: Timestamp) -> bool {
        let hours = i64::from(institution.settings.status_retention_days) * 24;
        self.registration.at.checked_add(hours.hours()).is_ok_and(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn told(events: Vec<Event>) -> (Payment, Vec<Entry>) {
        let (mut payment, first) = Payment::register(samples::registration());
        let mut entries = vec![first];
        for event in events {
            entries.push(payment.record(event, Actor::Psu, samples::now()).unwrap());
        }
        (payment, entries)
    }

    fn whole_life() -> (Payment, Vec<Entry>) {
        told(vec![
            Event::Open,
            Event::Identify(samples::debtor().psu),
            Event::Prepare(samples::debtor()),
            Event::Challenge,
            Event::Authorise(samples::authorisation()),
            Event::Submit(samples::submission()),
            Event::Delay,
            Event::Settle(samples::now()),
        ])
    }

    #[test]
    fn replaying_the_journal_gives_the_payment_at_every_point_of_its_life() {
        let (payment, entries) = whole_life();
        assert_eq!(Payment::replay(&entries).unwrap(), payment);
        for length in 1..entries.len() {
            assert_eq!(Payment::replay(&entries[..length]).unwrap().seq(), length as u64);
        }
    }

    /// As [`whole_life`], with a confirmation.
    fn confirmed_life() -> (Payment, Vec<Entry>) {
        let registration = Registration { redirect: Redirect::Enforced, ..samples::registration() };
        let (mut payment, first) = Payment::register(registration);
        let events = [
            Event::Prepare(samples::debtor()),
            Event::AwaitConfirmation(samples::authorisation(), samples::confirmation_end()),
            Event::Confirm(samples::now()),
            Event::Submit(samples::submission()),
            Event::Settle(samples::now()),
        ];
        let mut entries = vec![first];
        entries.extend(events.map(|event| payment.record(event, Actor::Psu, samples::now()).unwrap()));
        (payment, entries)
    }

    #[test]
    fn a_payment_survives_its_stored_form() {
        for (payment, entries) in [whole_life(), confirmed_life()] {
            let text = serde_json::to_string(&payment).unwrap();
            assert_eq!(serde_json::from_str::<Payment>(&text).unwrap(), payment);
            assert_eq!(Payment::replay(&entries).unwrap(), payment);
        }
    }

    #[test]
    fn what_is_new_with_confirmations_is_not_written_where_there_is_none() {
        let (payment, entries) = whole_life();
        let texts = entries.iter().map(|entry| entry.text.clone());
        for text in texts.chain([serde_json::to_string(&payment).unwrap()]) {
            assert!(!text.contains("\"redirect\"") && !text.contains("confirmed_at"), "{text}");
        }
    }

    #[test]
    fn only_an_enforced_redirect_awaits_a_confirmation_and_then_nothing_goes_without_it() {
        let approval = samples::authorisation();
        let awaited = Event::AwaitConfirmation(approval.clone(), samples::confirmation_end());
        let at_once = Event::Authorise(approval);
        for (redirect, allowed, refused) in
            [(Redirect::Simple, &at_once, &awaited), (Redirect::Enforced, &awaited, &at_once)]
        {
            let registration = Registration { redirect, ..samples::registration() };
            let (mut payment, _) = Payment::register(registration);
            payment.record(Event::Prepare(samples::debtor()), Actor::Psu, samples::now()).unwrap();
            assert!(payment.record(refused.clone(), Actor::Psu, samples::now()).is_err(), "{redirect:?}");
            payment.record(allowed.clone(), Actor::Psu, samples::now()).unwrap();
        }
    }

    #[test]
    fn a_payment_waits_for_the_psu_and_then_for_the_pisp_where_it_must() {
        let (payment, _) = told(vec![]);
        assert_eq!(payment.waits_until(), Some(payment.registration().expires_at));
        assert_eq!(whole_life().0.waits_until(), None);
        let entries = confirmed_life().1;
        let awaiting = Payment::replay(&entries[..3]).unwrap();
        assert_eq!(awaiting.waits_until(), Some(samples::confirmation_end()));
        assert_eq!(Payment::replay(&entries[..4]).unwrap().waits_until(), None);
    }

    #[test]
    fn a_changed_missing_or_swapped_entry_is_found() {
        let (_, entries) = whole_life();
        let mut changed = entries.clone();
        changed[3].text = changed[3].text.replace("Exemple", "Examples");
        changed[3].text.push(' ');
        assert_eq!(Payment::replay(&changed), Err(BrokenJournal::Hash { seq: 4 }));
        let mut missing = entries.clone();
        missing.remove(2);
        assert_eq!(Payment::replay(&missing), Err(BrokenJournal::Sequence { seq: 3 }));
        let mut swapped = entries.clone();
        swapped.swap(1, 2);
        assert_eq!(Payment::replay(&swapped), Err(BrokenJournal::Sequence { seq: 2 }));
        assert_eq!(Payment::replay(&[]), Err(BrokenJournal::Empty));
    }

    #[test]
    fn an_illegal_event_leaves_the_payment_as_it_was() {
        let (mut payment, _) = told(vec![]);
        let before = payment.clone();
        assert!(payment.record(Event::Settle(samples::now()), Actor::Bank, samples::now()).is_err());
        assert_eq!(payment, before);
    }

    #[test]
    fn nothing_personal_shows_in_debug() {
        let (payment, _) = whole_life();
        let shown = format!("{payment:?}");
        for secret in ["Boutique", "CAMILLE", "0401234567877", "Commande", "170000001"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}
