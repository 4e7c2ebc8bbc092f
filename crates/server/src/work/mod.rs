//! Background work: claims what is due, does it, and survives being killed at any moment.
//!
//! Work is rows in the store. A worker claims a row with a lease, and the change that the work makes
//! removes the row in the same commit, so it is done once however often it is tried. A worker that dies
//! loses its lease and somebody else takes over.

mod execute;
mod expire;
mod release;

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use payments::{
    ports::{StoreError, Unavailable},
    work::{Claimed, Lease, Task},
};
use tokio::{
    sync::watch,
    task::{Id, JoinSet},
    time::timeout,
};

use crate::App;

/// Pieces of work done at the same time.
const CONCURRENT: usize = 64;
/// How long a worker may hold a claim beyond its calls of the bank: a worker that was killed is followed
/// by another one that much later.
const LEASE_MARGIN: SignedDuration = SignedDuration::from_secs(5);
/// How often one piece of work calls the bank or the rail at most.
const CALLS: i32 = 2;
/// How long to wait before looking at the queue again when nobody rang.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often what nobody needs any more is removed.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// How long work in flight may take to finish when the server stops.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// What is left of a piece of work after trying it.
enum Done {
    /// Nothing: its row went with the change it made.
    InCommit,
    /// Its row can go.
    Finished,
    /// It is to be tried again, not before then.
    Later(Timestamp),
}

/// Why a piece of work did not come to an end. It is tried again later.
#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Bank(#[from] Unavailable),
}

/// Works until `stop` turns true; then finishes what is in flight and gives the other leases back.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut flight = Flight::default();
    let mut swept_at = Timestamp::MIN;
    while !*stop.borrow() {
        let started = claim(&app, &mut flight).await;
        if app.now().duration_since(swept_at) >= SWEEP_EVERY {
            swept_at = app.now();
            sweep(&app, swept_at).await;
        }
        if started == 0 {
            tokio::select! {
                () = app.bell.heard() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = flight.landed() => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        flight.clear_landed();
    }
    flight.drain(&app).await;
}

/// Claims as much as there is room for and starts it.
async fn claim(app: &App, flight: &mut Flight) -> usize {
    let room = CONCURRENT.saturating_sub(flight.tasks.len());
    let now = app.now();
    let calls =
        SignedDuration::try_from(app.bank_timeout).unwrap_or(SignedDuration::MAX).saturating_mul(CALLS);
    let until = now.saturating_add(calls.saturating_add(LEASE_MARGIN)).unwrap_or(now);
    // The store keeps leases as signed 64-bit numbers.
    let lease = Lease(app.random_u64() >> 1);
    let limit = u32::try_from(room).unwrap_or_default();
    if limit == 0 {
        return 0;
    }
    match app.store.claim(now, until, limit, lease).await {
        Ok(claimed) => {
            let count = claimed.len();
            for work in claimed {
                flight.start(app.clone(), work);
            }
            count
        }
        Err(error) => {
            tracing::error!(%error, "work cannot be claimed");
            0
        }
    }
}

async fn sweep(app: &App, now: Timestamp) {
    if let Err(error) = app.store.sweep(now).await {
        tracing::warn!(%error, "expired records could not be removed");
    }
}

/// Work in flight, and the claims to give back if it has to be broken off.
#[derive(Default)]
struct Flight {
    tasks: JoinSet<()>,
    claims: BTreeMap<String, (Id, Claimed)>,
}

impl Flight {
    fn start(&mut self, app: App, claimed: Claimed) {
        let key = format!("{} {}", claimed.work.payment, claimed.work.task.name());
        let handle = self.tasks.spawn(attend(app, claimed.clone()));
        self.claims.insert(key, (handle.id(), claimed));
    }

    /// Waits until something has landed; for ever if nothing is in flight.
    async fn landed(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => self.forget(id),
            Some(Err(error)) => self.forget(error.id()),
            None => std::future::pending().await,
        }
    }

    fn clear_landed(&mut self) {
        while let Some(landed) = self.tasks.try_join_next_with_id() {
            match landed {
                Ok((id, ())) => self.forget(id),
                Err(error) => self.forget(error.id()),
            }
        }
    }

    fn forget(&mut self, id: Id) {
        self.claims.retain(|_, (task, _)| *task != id);
    }

    async fn drain(mut self, app: &App) {
        let landing = async {
            while !self.tasks.is_empty() {
                self.landed().await;
            }
        };
        if timeout(DRAIN_LIMIT, landing).await.is_ok() {
            return;
        }
        self.tasks.shutdown().await;
        for (_, claimed) in self.claims.into_values() {
            if let Err(error) = app.store.put_back(&claimed, app.now()).await {
                tracing::warn!(%error, "a lease could not be given back; it will run out");
            }
        }
    }
}

/// Does one piece of work and settles its row.
async fn attend(app: App, claimed: Claimed) {
    let task = claimed.work.task;
    let result = match task {
        Task::Expire => expire::expire(&app, &claimed).await,
        Task::Execute => execute::execute(&app, &claimed).await,
        Task::Release => release::release(&app, &claimed).await,
    };
    let label = match &result {
        Ok(Done::InCommit | Done::Finished) => "done",
        Ok(Done::Later(_)) => "later",
        Err(_) => "failed",
    };
    metrics::counter!("guichet_work_total", "task" => task.name(), "result" => label).increment(1);
    let settled = match result {
        Ok(Done::InCommit) => Ok(()),
        Ok(Done::Finished) => app.store.finish(&claimed).await,
        Ok(Done::Later(due)) => app.store.put_back(&claimed, due).await,
        // Somebody else changed the payment or took the lease: whoever holds the row now goes on.
        Err(WorkError::Store(StoreError::Conflict)) => app.store.put_back(&claimed, app.now()).await,
        Err(error) => {
            tracing::warn!(payment_id = %claimed.work.payment, task = task.name(), attempt = claimed.attempt, %error, "work failed, to be tried again");
            app.store.put_back(&claimed, retry_at(&app, claimed.attempt)).await
        }
    };
    if let Err(error) = settled {
        tracing::warn!(payment_id = %claimed.work.payment, task = task.name(), %error, "work keeps its lease until it runs out");
    }
}

/// When to try again after this many attempts: one second, doubling up to one minute.
fn retry_at(app: &App, attempt: u32) -> Timestamp {
    let seconds = 1_i64.checked_shl(attempt.min(6)).unwrap_or(64).min(60);
    let now = app.now();
    now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}

/// A call of the bank or the rail, within its time.
async fn in_time<T>(app: &App, call: impl Future<Output = Result<T, Unavailable>>) -> Result<T, Unavailable> {
    timeout(app.bank_timeout, call)
        .await
        .unwrap_or_else(|_elapsed| Err(Unavailable("no answer in time".to_owned())))
}
