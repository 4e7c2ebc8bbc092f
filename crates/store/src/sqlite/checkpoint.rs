//! The checkpoint thread: moves committed pages from the WAL into the main file, so that no commit has to.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use payments::ports::StoreError;
use rusqlite::{Connection, config::DbConfig};

/// Least time between two checkpoints, in milliseconds.
const INTERVAL_MS: u64 = 200;

/// What the thread is told.
#[derive(Default)]
struct State {
    /// There is something to move.
    written: bool,
    /// The thread is to end.
    ended: bool,
    /// The WAL is in doubt: leave it as it is.
    halted: bool,
}

/// How the writer speaks to the thread.
#[derive(Clone, Default)]
pub(super) struct Signal {
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Signal {
    /// There is something to move.
    pub(super) fn written(&self) {
        let mut state = self.state();
        if !state.written {
            state.written = true;
            self.shared.1.notify_all();
        }
    }

    /// Touch the WAL no more.
    pub(super) fn halt(&self) {
        self.state().halted = true;
    }

    #[cfg(test)]
    pub(super) fn is_halted(&self) -> bool {
        self.state().halted
    }

    fn end(&self) {
        self.state().ended = true;
        self.shared.1.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something was written; false once the thread is to end.
    fn wait(&self) -> bool {
        let idle = |state: &mut State| !state.written && !state.ended;
        let mut state = self.shared.1.wait_while(self.state(), idle).unwrap_or_else(PoisonError::into_inner);
        state.written = false;
        !state.ended
    }

    /// Waits for the interval to pass, or for the end.
    fn rest(&self) {
        let interval = Duration::from_millis(INTERVAL_MS);
        drop(
            self.shared
                .1
                .wait_timeout_while(self.state(), interval, |state| !state.ended)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }
}

/// The handle to the checkpoint thread.
pub(super) struct Checkpointer {
    signal: Signal,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpointer {
    /// Starts the thread, which owns `connection`.
    pub(super) fn start(connection: Connection) -> Result<Self, StoreError> {
        let signal = Signal::default();
        let told = signal.clone();
        let thread = thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || run(&connection, &told))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { signal, thread: Mutex::new(Some(thread)) })
    }

    /// For whoever writes.
    pub(super) fn signal(&self) -> Signal {
        self.signal.clone()
    }

    /// Ends the thread; its connection moves what is left if it is the last to close.
    pub(super) fn close(&self) {
        self.signal.end();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The thread runs nobody else's code; a panic of its own has been printed already.
            let _ = thread.join();
        }
    }
}

fn run(connection: &Connection, signal: &Signal) {
    while signal.wait() {
        if !signal.state().halted {
            checkpoint(connection);
        }
        signal.rest();
    }
    if signal.state().halted {
        leave_wal_alone(connection);
    }
}

/// The last connection to close moves what is left and removes the WAL. Not if the WAL is in doubt.
pub(super) fn leave_wal_alone(connection: &Connection) {
    if let Err(error) = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
        tracing::error!(%error, "the WAL may be moved at close");
    }
}

/// A checkpoint that fails has moved nothing that counts: the WAL still holds it, the next one tries again.
fn checkpoint(connection: &Connection) {
    let outcome = connection
        .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")
        .and_then(|mut statement| statement.query_row([], |_| Ok(())));
    if let Err(error) = outcome {
        tracing::warn!(%error, "a checkpoint failed");
    }
}
