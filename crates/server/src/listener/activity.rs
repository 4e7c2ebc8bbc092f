//! Whether anything is going on, on a connection.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// The requests of one connection that are in progress, and when the last one ended.
pub(super) struct Activity {
    in_progress: AtomicUsize,
    quiet_since: Mutex<Instant>,
}

/// A request in progress, until this is dropped.
pub(super) struct InProgress(Arc<Activity>);

impl Activity {
    /// None so far.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { in_progress: AtomicUsize::new(0), quiet_since: Mutex::new(Instant::now()) })
    }

    /// A request begins.
    pub(super) fn begin(self: &Arc<Self>) -> InProgress {
        self.in_progress.fetch_add(1, Ordering::SeqCst);
        InProgress(Arc::clone(self))
    }

    /// Done once nothing has been in progress for `limit`; late by as much again at most.
    pub(super) async fn quiet_for(&self, limit: Duration) {
        loop {
            let now = Instant::now();
            let quiet_since = *self.quiet_since.lock().unwrap_or_else(PoisonError::into_inner);
            let is_quiet = self.in_progress.load(Ordering::SeqCst) == 0;
            let until = if is_quiet { quiet_since + limit } else { now + limit };
            if until <= now {
                return;
            }
            sleep_until(until).await;
        }
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        *self.0.quiet_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.in_progress.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn quiet_is_counted_from_the_end_of_the_last_request() {
        let (activity, start) = (Activity::new(), Instant::now());
        let limit = Duration::from_secs(10);
        let busy = activity.begin();
        let request = async {
            tokio::time::sleep(Duration::from_secs(25)).await;
            drop(busy);
        };
        tokio::join!(activity.quiet_for(limit), request);
        let elapsed = start.elapsed().as_secs();
        assert!((35..=45).contains(&elapsed), "{elapsed}");
    }
}
