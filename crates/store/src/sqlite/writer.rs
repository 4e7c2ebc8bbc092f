//! The writer thread: takes what is waiting, commits it as one transaction, answers after the commit.
//!
//! On a disk that needs 4 ms to be sure, single commits give 250 rows a second and groups fifty times
//! that. Nobody waits for a group to fill: whatever came while the last commit was under way is the next.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
};

use payments::ports::StoreError;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::checkpoint::{Signal, leave_wal_alone};

/// Jobs that may wait; one more is refused at once instead of waiting without end.
const QUEUE: usize = 4_096;
/// Jobs in one commit.
const BATCH: usize = 256;

/// Why the writer refuses to write for the rest of its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A commit could not be brought to the disk. What the disk holds is unknown, and the kernel may
    /// report the next sync as a success although the pages of this one are gone.
    Disk,
}

impl Fault {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Disk => "a commit could not be written to the disk; nothing is written any more",
        }
    }
}

/// A piece of work for the writer, with somebody who waits for its result.
trait Job: Send {
    /// Does the work. False if its statements are to be undone.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Tells the result, or the failure of the commit.
    fn answer(self: Box<Self>, failure: Option<&str>);
}

struct Waiting<T, F> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Waiting<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        // A job that panics is a bug of its own; its neighbours and the writer live on.
        let result = catch_unwind(AssertUnwindSafe(|| work(connection)))
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the write panicked".to_owned())));
        let succeeded = result.is_ok();
        self.result = Some(result);
        succeeded
    }

    fn answer(self: Box<Self>, failure: Option<&str>) {
        let unavailable = |text: &str| Err(StoreError::Unavailable(text.to_owned()));
        let answer = match failure {
            Some(text) => unavailable(text),
            None => self.result.unwrap_or_else(|| unavailable("the write was not tried")),
        };
        // A caller who has gone wants no answer.
        let _ = self.caller.send(answer);
    }
}

/// The handle to the writer thread.
pub(super) struct Writer {
    /// Gone once the writer is to end.
    jobs: RwLock<Option<SyncSender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    fault: Arc<OnceLock<Fault>>,
}

impl Writer {
    /// Starts the thread, which owns `connection`.
    pub(super) fn start(connection: Connection, signal: Signal) -> Result<Self, StoreError> {
        Self::start_with(connection, signal, |connection| {
            connection.prepare_cached("COMMIT")?.execute([]).map(|_| ())
        })
    }

    /// As [`Writer::start`], with another way to commit: tests have disks that fail.
    fn start_with(
        connection: Connection,
        signal: Signal,
        commit: impl FnMut(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (jobs, waiting) = sync_channel(QUEUE);
        let fault = Arc::new(OnceLock::new());
        let committer = Committer { connection, commit, signal, fault: Arc::clone(&fault) };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || committer.run(&waiting))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { jobs: RwLock::new(Some(jobs)), thread: Mutex::new(Some(thread)), fault })
    }

    /// As [`super::Database::write`].
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (caller, answer) = oneshot::channel();
        self.send(Box::new(Waiting { work: Some(work), result: None, caller }))?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the writer has ended".to_owned())))
    }

    fn send(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let jobs = self.jobs.read().unwrap_or_else(PoisonError::into_inner);
        let closed = || StoreError::Unavailable("the database is closed".to_owned());
        match jobs.as_ref().ok_or_else(closed)?.try_send(job) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(StoreError::Busy),
            Err(TrySendError::Disconnected(_)) => Err(closed()),
        }
    }

    /// Why nothing is written any more, if so.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault.get().copied()
    }

    /// Takes no more jobs, waits until those that wait are done, and ends the thread.
    pub(super) fn close(&self) {
        self.jobs.write().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id()) {
            // The thread catches panics of jobs; one of its own has been printed already.
            let _ = thread.join();
        }
    }
}

/// What the thread owns.
struct Committer<C> {
    connection: Connection,
    commit: C,
    signal: Signal,
    fault: Arc<OnceLock<Fault>>,
}

impl<C: FnMut(&Connection) -> rusqlite::Result<()>> Committer<C> {
    fn run(mut self, waiting: &Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(BATCH);
        while let Ok(first) = waiting.recv() {
            batch.push(first);
            batch.extend(waiting.try_iter().take(BATCH - 1));
            let failure = self.write(&mut batch).err();
            for job in batch.drain(..) {
                job.answer(failure.as_deref());
            }
            self.signal.written();
        }
    }

    /// Runs and commits a batch. An error says why nothing of it counts.
    fn write(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), String> {
        if let Some(fault) = self.fault.get() {
            return Err(fault.text().to_owned());
        }
        let outcome = self.apply(batch).and_then(|()| self.commit());
        if let Err(reason) = &outcome {
            tracing::error!(jobs = batch.len(), reason, "a commit failed");
        }
        if !self.connection.is_autocommit()
            && let Err(error) = self.statement("ROLLBACK")
        {
            tracing::error!(%error, "a failed transaction could not be rolled back");
        }
        outcome
    }

    fn apply(&self, batch: &mut [Box<dyn Job>]) -> Result<(), String> {
        let text = |error: rusqlite::Error| error.to_string();
        self.statement("BEGIN IMMEDIATE").map_err(text)?;
        for job in batch {
            self.statement("SAVEPOINT job").map_err(text)?;
            let succeeded = job.run(&self.connection);
            // Some errors, a full disk among them, make SQLite roll back everybody's work.
            if self.connection.is_autocommit() {
                return Err("the transaction was rolled back".to_owned());
            }
            if !succeeded {
                self.statement("ROLLBACK TO job").map_err(text)?;
            }
            self.statement("RELEASE job").map_err(text)?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), String> {
        (self.commit)(&self.connection).map_err(|error| {
            let in_doubt = matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt)
            );
            if in_doubt {
                // Set once, by this thread alone.
                let _ = self.fault.set(Fault::Disk);
                self.signal.halt();
                leave_wal_alone(&self.connection);
            }
            error.to_string()
        })
    }

    fn statement(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(|_| ())
    }
}

#[cfg(test)]
mod tests;
