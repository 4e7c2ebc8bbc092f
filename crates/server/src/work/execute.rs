//! A payment was approved, and confirmed where it must be: hand it to the rail, once.
//!
//! What happens if we crash here? `Submitted`, with our reference, is committed before the rail is
//! called. A crash before that commit leaves the payment Authorised: nothing was sent, we start anew. A
//! crash after it leaves it Submitted: we ask the rail about that reference, and send again only if it
//! has never seen it. The rail executes a reference at most once, so even a second send is harmless.

use jiff::{SignedDuration, Timestamp};
use payments::{
    Payment, Reason,
    journal::{Actor, Entry},
    lifecycle::{Event, State, Submission},
    ports::{Change, Reserved, StoreError, Unavailable},
    seal::SealBroken,
    transfer::{Outcome, TransferOrder},
    work::{Claimed, Task, Work},
};

use super::{Done, WorkError, in_time, retry_at};
use crate::App;

/// How soon to ask again about an outcome that is open.
const FOLLOW: SignedDuration = SignedDuration::from_millis(500);

/// How long after the hand-over to ask often.
const FOLLOW_FOR: SignedDuration = SignedDuration::from_secs(15);

/// Brings an approved payment one step nearer to its end. Nothing is sent, the first time or again,
/// unless the seal permits exactly this order.
pub(super) async fn execute(app: &App, claimed: &Claimed) -> Result<Done, WorkError> {
    let Some(payment) = app.store.load(&claimed.work.payment).await? else {
        return Ok(Done::Finished);
    };
    let Some(order) = TransferOrder::of(&payment) else {
        return Ok(Done::Finished);
    };
    match payment.state() {
        State::Authorised(_) => submit(app, claimed, payment, &order).await,
        State::Submitted(..) => follow(app, claimed, payment, &order).await,
        // Nothing is sent before its PISP has confirmed, whoever put the work there.
        State::Registered
        | State::Prepared(_)
        | State::AwaitingConfirmation(..)
        | State::Settled(..)
        | State::Rejected(_) => Ok(Done::Finished),
    }
}

/// First time: the seal must permit the order and the funds must be set aside on the sealed account;
/// then it is written down, then it is sent.
async fn submit(
    app: &App,
    claimed: &Claimed,
    mut payment: Payment,
    order: &TransferOrder,
) -> Result<Done, WorkError> {
    if let Some(broken) = broken_seal(app, &payment, order).await? {
        tracing::error!(payment_id = %payment.id(), reason = %broken, "not executed");
        return end(app, claimed, payment, Event::Fail(Reason::Ms03)).await;
    }
    // Two visits may have reserved on two accounts before one of them approved; the reservation goes
    // to where the approval wants it. If it is there already, this changes nothing.
    if let Reserved::Refused(reason) = in_time(app, app.bank.reserve(&order.reservation())).await? {
        return end(app, claimed, payment, Event::Fail(reason)).await;
    }
    let now = app.now();
    let submission = Submission { reference: order.reference.clone(), at: now, delayed: false };
    let entry = record(&mut payment, Event::Submit(submission), now)?;
    app.store.save(Change::of(payment.clone(), vec![entry])).await?;
    let outcome = in_time(app, app.rail.submit(order)).await;
    settle(app, claimed, payment, outcome).await
}

/// Every further time: ask first, send again only what the rail has never seen.
async fn follow(
    app: &App,
    claimed: &Claimed,
    payment: Payment,
    order: &TransferOrder,
) -> Result<Done, WorkError> {
    let mut outcome = in_time(app, app.rail.inquire(&order.institution, &order.reference)).await;
    if outcome == Ok(Outcome::Unknown) {
        if let Some(broken) = broken_seal(app, &payment, order).await? {
            tracing::error!(payment_id = %payment.id(), reason = %broken, "not sent again");
            return end(app, claimed, payment, Event::Fail(Reason::Ms03)).await;
        }
        outcome = in_time(app, app.rail.submit(order)).await;
    }
    settle(app, claimed, payment, outcome).await
}

/// When to ask again about an open outcome: soon while an instant transfer may still be under way, then
/// ever more rarely.
fn ask_again_at(app: &App, claimed: &Claimed, payment: &Payment) -> Timestamp {
    let now = app.now();
    match payment.state() {
        State::Submitted(_, submission) if now.duration_since(submission.at) < FOLLOW_FOR => {
            now.saturating_add(FOLLOW).unwrap_or(now)
        }
        _ => retry_at(app, claimed.attempt),
    }
}

type Asked = Result<Outcome, Unavailable>;

async fn settle(app: &App, claimed: &Claimed, payment: Payment, outcome: Asked) -> Result<Done, WorkError> {
    match outcome {
        Ok(Outcome::Settled(at)) => end(app, claimed, payment, Event::Settle(at)).await,
        Ok(Outcome::Rejected(reason)) => end(app, claimed, payment, Event::Fail(reason)).await,
        Ok(Outcome::Pending) => {
            let due = ask_again_at(app, claimed, &payment);
            delay(app, claimed, payment, due).await
        }
        Ok(Outcome::Unknown) | Err(_) => {
            tracing::warn!(payment_id = %payment.id(), attempt = claimed.attempt, "the rail does not say what became of it");
            delay(app, claimed, payment, retry_at(app, claimed.attempt)).await
        }
    }
}

/// The outcome is open: the PISP is told so, and we ask again.
async fn delay(
    app: &App,
    claimed: &Claimed,
    mut payment: Payment,
    due: Timestamp,
) -> Result<Done, WorkError> {
    let Ok(entry) = payment.record(Event::Delay, Actor::Bank, app.now()) else {
        return Ok(Done::Later(due));
    };
    let again = Work { due, ..claimed.work.clone() };
    let change =
        Change { work: vec![again], done: Some(claimed.clone()), ..Change::of(payment, vec![entry]) };
    app.store.save(change).await?;
    Ok(Done::InCommit)
}

/// The end, in one commit with the removal of the work.
async fn end(app: &App, claimed: &Claimed, mut payment: Payment, event: Event) -> Result<Done, WorkError> {
    let rejected = matches!(event, Event::Fail(_));
    let now = app.now();
    let entry = record(&mut payment, event, now)?;
    let id = payment.id().clone();
    let status = payment.status().code();
    // Whatever is still reserved after a failure goes back.
    let release = rejected.then(|| Work { payment: id.clone(), task: Task::Release, due: now });
    let change = Change {
        work: release.into_iter().collect(),
        done: Some(claimed.clone()),
        ..Change::of(payment, vec![entry])
    };
    app.store.save(change).await?;
    tracing::info!(payment_id = %id, status, "payment executed");
    Ok(Done::InCommit)
}

async fn broken_seal(
    app: &App,
    payment: &Payment,
    order: &TransferOrder,
) -> Result<Option<SealBroken>, WorkError> {
    let Some(counter) = app.counter_of(payment) else {
        let code = &payment.registration().institution;
        return Err(Unavailable(format!("institution {code} is not configured")).into());
    };
    let Some(seal) = app.store.seal(payment.id()).await? else {
        return Ok(Some(SealBroken::Missing));
    };
    Ok(seal.permits(payment, order, counter.sealer()).err())
}

fn record(payment: &mut Payment, event: Event, now: Timestamp) -> Result<Entry, WorkError> {
    // The state was matched just before, so the event fits it; if not, somebody must look.
    payment.record(event, Actor::Bank, now).map_err(|illegal| {
        tracing::error!(payment_id = %payment.id(), %illegal, "work does not fit its payment");
        WorkError::Store(StoreError::Conflict)
    })
}
