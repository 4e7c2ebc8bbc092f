//! Nobody decided, or nobody confirmed, in time.

use payments::{
    journal::Actor,
    lifecycle::Event,
    ports::Change,
    work::{Claimed, Task, Work},
};

use super::{Done, WorkError};
use crate::App;

/// Rejects the payment with `NOAS` if its time is over and the PSU has not decided, or the PISP has not
/// confirmed what he approved; the bank is then told to give funds back that are reserved, or that a decision
/// at the last moment may have reserved.
pub(super) async fn expire(app: &App, claimed: &Claimed) -> Result<Done, WorkError> {
    let Some(mut payment) = app.store.load(&claimed.work.payment).await? else {
        return Ok(Done::Finished);
    };
    let now = app.now();
    match payment.waits_until() {
        None => return Ok(Done::Finished),
        Some(end) if now < end => return Ok(Done::Later(end)),
        Some(_) => {}
    }
    let awaited = payment.status().code();
    let Ok(entry) = payment.record(Event::Expire, Actor::Clock, now) else {
        return Ok(Done::Finished);
    };
    let release = Work { payment: payment.id().clone(), task: Task::Release, due: now };
    let id = payment.id().clone();
    let change =
        Change { work: vec![release], done: Some(claimed.clone()), ..Change::of(payment, vec![entry]) };
    app.store.save(change).await?;
    app.bell.ring();
    tracing::info!(payment_id = %id, was = awaited, "payment request expired");
    Ok(Done::InCommit)
}
