//! Decisions of a visit and how they are committed: whole, once, and again if somebody else was faster.

use std::{future::Future, sync::Arc};

use axum::response::Response;
use jiff::Timestamp;
use payments::{
    Reason,
    journal::Actor,
    journey::{Journey, Step},
    lifecycle::Event,
    ports::{Change, Unavailable},
    sca::Lockout,
    seal::Seal,
    work::{Task, Work},
};

use super::{
    problem::Problem,
    visit::{Notice, Page, Visit},
};
use crate::App;

/// How often a decision is taken anew before the visitor is asked to try again himself.
pub(super) const ATTEMPTS: usize = 6;

/// Takes a decision, anew with what is then true whenever somebody else saved first: a double click or
/// a second tab finds the decision taken and is shown its outcome.
pub(super) async fn until_saved<F, Fut>(app: &App, visit: Visit, decide: F) -> Result<Response, Problem>
where
    F: Fn(Visit) -> Fut,
    Fut: Future<Output = Result<Response, Problem>>,
{
    let (counter, id) = (Arc::clone(&visit.counter), visit.journey.id);
    // On the heap: a decision holds a payment or two.
    let mut decided = Box::pin(decide(visit)).await;
    for _ in 1..ATTEMPTS {
        if !matches!(decided, Err(Problem::Raced)) {
            break;
        }
        let visit = Visit::find(app, Arc::clone(&counter), id).await?;
        decided = Box::pin(decide(visit)).await;
    }
    decided
}

/// What the bank or its messenger says, if it says it in time.
///
/// # Errors
///
/// [`Problem::Technical`] if it does not.
pub(super) async fn in_time<T>(
    app: &App,
    call: impl Future<Output = Result<T, Unavailable>>,
) -> Result<T, Problem> {
    match tokio::time::timeout(app.bank_timeout, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(unavailable)) => Err(Problem::Technical(unavailable.to_string())),
        Err(_) => Err(Problem::Technical("the bank behind us did not answer in time".to_owned())),
    }
}

/// A change of a payment that a visit is about to commit.
pub(super) struct Draft {
    change: Change,
    events: Vec<&'static str>,
    now: Timestamp,
}

impl Draft {
    /// Nothing happened yet, but the visit is to be as `journey` says.
    pub(super) fn of(visit: &Visit, journey: Journey) -> Self {
        let mut change = Change::of(visit.payment.clone(), Vec::new());
        change.journey = Some(journey);
        Self { change, events: Vec::new(), now: visit.now }
    }

    /// Adds an event.
    ///
    /// # Errors
    ///
    /// [`Problem::Raced`] if the payment is not where it was thought to be.
    pub(super) fn record(mut self, event: Event, actor: Actor) -> Result<Self, Problem> {
        self.events.push(event.name());
        let entry = self.change.payment.record(event, actor, self.now);
        self.change.entries.push(entry.map_err(|_| Problem::Raced)?);
        Ok(self)
    }

    /// Adds an event with which the payment ends: whatever was reserved is given back, the visit is over.
    ///
    /// # Errors
    ///
    /// As [`Draft::record`].
    pub(super) fn end(self, event: Event, actor: Actor) -> Result<Self, Problem> {
        self.record(event, actor).map(Self::over).map(|draft| draft.then(Task::Release))
    }

    /// The visit is over.
    pub(super) fn over(mut self) -> Self {
        if let Some(journey) = &mut self.change.journey {
            journey.step = Step::Over;
        }
        self
    }

    /// Adds work that is due at once.
    pub(super) fn then(self, task: Task) -> Self {
        let due = self.now;
        self.then_at(task, due)
    }

    /// Adds work that is due at a time; it replaces work of the same task.
    pub(super) fn then_at(mut self, task: Task, due: Timestamp) -> Self {
        self.change.work.push(Work { payment: self.change.payment.id().clone(), task, due });
        self
    }

    /// The PSU's failures are to be `after`, if they still are `before`.
    pub(super) fn failures(mut self, before: Lockout, after: Lockout) -> Self {
        self.change.lockout = Some((before, after));
        self
    }

    /// Adds the seal of an approval.
    pub(super) fn sealed(mut self, seal: Seal) -> Self {
        self.change.seal = Some(seal);
        self
    }

    /// Commits everything at once, and wakes the workers if there is something for them.
    ///
    /// # Errors
    ///
    /// [`Problem::Raced`] if somebody else saved first, [`Problem::Technical`] if the store failed.
    pub(super) async fn commit(self, app: &App) -> Result<(), Problem> {
        let payment_id = self.change.payment.id().clone();
        let status = self.change.payment.status().code();
        let has_work = !self.change.work.is_empty();
        app.store.save(self.change).await?;
        if !self.events.is_empty() {
            let events = self.events.join(", ");
            tracing::info!(%payment_id, events, status, "a visit changed a payment");
        }
        if has_work {
            app.bell.ring();
        }
        Ok(())
    }
}

/// The visit goes on as `journey` says and nothing happens to the payment. It is kept only if nothing did in
/// the meantime, so that a late request cannot turn back what a faster one has counted.
pub(super) async fn keep(app: &App, visit: &Visit, journey: Journey) -> Result<(), Problem> {
    Draft::of(visit, journey).commit(app).await
}

/// The visitor did something, and is told about it on the page he is on.
pub(super) async fn tell(app: &App, visit: &Visit, notice: Notice) -> Result<Response, Problem> {
    keep(app, visit, visit.seen()).await?;
    Ok(visit.page().with(notice))
}

/// The bank ends the payment for `reason` and tells the visitor.
pub(super) async fn reject(app: &App, visit: &Visit, reason: Reason) -> Result<Response, Problem> {
    Draft::of(visit, visit.seen()).end(Event::Reject(reason), Actor::Bank)?.commit(app).await?;
    Ok(Page::Outcome.next())
}

/// One more failure to authenticate, whichever element was wrong; one too many ends the payment
/// (RTS (EU) 2018/389, Art. 4(3)(b)).
pub(super) async fn fail(app: &App, visit: &Visit, before: Lockout) -> Result<Response, Problem> {
    let after = before.after_failure(visit.now);
    let mut journey = visit.seen();
    journey.failures = journey.failures.saturating_add(1);
    let too_often = after.blocked_at(visit.now).is_some() || journey.failed_too_often();
    let failure = Event::FailAuthentication { failures: after.failures };
    let mut draft = Draft::of(visit, journey).record(failure, Actor::Psu)?.failures(before, after);
    if too_often {
        draft = draft.end(Event::Reject(Reason::Ms03), Actor::Bank)?;
    }
    draft.commit(app).await?;
    Ok(if too_often { Page::Outcome.next() } else { visit.page().with(Notice::Wrong) })
}
