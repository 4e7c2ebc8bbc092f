//! Nobody decided in time.

use payments::{
    journal::Actor,
    lifecycle::Event,
    ports::Change,
    work::{Claimed, Task, Work},
};

use super::{Done, WorkError};
use crate::App;

/// Rejects the payment with `NOAS` if the PSU has not decided; the bank is then told to give funds back
/// that a decision at the last moment may have reserved.
pub(super) async fn expire(app: &App, claimed: &Claimed) -> Result<Done, WorkError> {
    let Some(mut payment) = app.store.load(&claimed.work.payment).await? else {
        return Ok(Done::Finished);
    };
    let now = app.now();
    let Ok(entry) = payment.record(Event::Expire, Actor::Clock, now) else {
        return Ok(Done::Finished);
    };
    let release = Work { payment: payment.id().clone(), task: Task::Release, due: now };
    let id = payment.id().clone();
    let change =
        Change { work: vec![release], done: Some(claimed.clone()), ..Change::of(payment, vec![entry]) };
    app.store.save(change).await?;
    app.bell.ring();
    tracing::info!(payment_id = %id, "payment request expired");
    Ok(Done::InCommit)
}
