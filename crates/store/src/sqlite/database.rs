//! One SQLite file: a writer that commits in groups, and readers on their own connections.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use payments::ports::StoreError;
use rusqlite::{Connection, OpenFlags};

use super::{
    checkpoint::Checkpointer,
    sql::failure,
    writer::{Fault, Writer},
};

/// How long a connection waits for another process, in milliseconds.
const BUSY_MS: u64 = 5_000;
/// Readers kept open while nobody reads.
const IDLE_READERS: usize = 8;
/// Statements a connection keeps prepared.
const PREPARED: usize = 64;

/// A step that brings a file from one shape to the next.
#[derive(Debug, Clone, Copy)]
pub enum Migration {
    /// Statements.
    Sql(&'static str),
    /// What SQL cannot say. It must not rely on how today's program reads the documents.
    Code(fn(&Connection) -> Result<(), StoreError>),
}

/// A SQLite file with one writer thread and as many readers as are needed.
///
/// Every write is durable when its answer comes: the writer gathers what is waiting, commits it as one
/// transaction (WAL, `synchronous=FULL`) and answers afterwards. Clones share the same file.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: Writer,
    checkpointer: Checkpointer,
    readers: Mutex<Readers>,
}

#[derive(Default)]
struct Readers {
    idle: Vec<Connection>,
    closed: bool,
}

impl Database {
    /// Opens the file, making it (mode 0600) and its directories if there is none, and brings it to the
    /// last of `migrations`. Each is run once in the life of a file, in order: never change one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the file cannot be opened, is no database or is newer than we are.
    pub fn open(path: &Path, migrations: &[Migration]) -> Result<Self, StoreError> {
        create(path).map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))?;
        let connection = open_writable(path)?;
        migrate(&connection, migrations)?;
        let checkpointer = Checkpointer::start(open_writable(path)?)?;
        let writer = Writer::start(connection, checkpointer.signal())?;
        let inner = Inner { path: path.to_owned(), writer, checkpointer, readers: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Runs `job` on the writer's connection and gives its result once it is durable. If it fails, its own
    /// statements are undone and nobody else's. Once polled, the job runs even if nobody waits any more.
    ///
    /// # Errors
    ///
    /// What `job` says; [`StoreError::Busy`] if too much is waiting; [`StoreError::Unavailable`] if the
    /// commit failed, or one failed before in a way that leaves the disk in doubt: see [`Self::fault`].
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.inner.writer.write(job).await
    }

    /// Runs `read` on a connection that can only read, in the calling thread: for reads by key, which take
    /// microseconds. Each statement sees everything that was answered before it.
    ///
    /// # Errors
    ///
    /// What `read` says; [`StoreError::Unavailable`] if the file cannot be read.
    pub fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let connection = self.inner.reader()?;
        let result = read(&connection);
        self.inner.keep(connection);
        result
    }

    /// Why nothing is written any more, if so. Only opening the file anew, after a look at the disk, helps.
    pub fn fault(&self) -> Option<&'static str> {
        self.inner.writer.fault().map(Fault::text)
    }

    /// Finishes what is waiting, moves everything into the main file and closes it. Blocks until then;
    /// later calls of [`Self::write`] and [`Self::read`] fail.
    pub fn close(&self) {
        self.inner.close();
    }
}

impl Inner {
    fn reader(&self) -> Result<Connection, StoreError> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.closed {
            return Err(StoreError::Unavailable("the database is closed".to_owned()));
        }
        let idle = readers.idle.pop();
        drop(readers);
        idle.map_or_else(|| open_readable(&self.path), Ok)
    }

    fn keep(&self, connection: Connection) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if !readers.closed && readers.idle.len() < IDLE_READERS {
            readers.idle.push(connection);
        }
    }

    fn close(&self) {
        {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            *readers = Readers { idle: Vec::new(), closed: true };
        }
        self.writer.close();
        self.checkpointer.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// Makes the file, private to its owner, and what leads to it. The directory is synced: a file whose
/// name is lost is lost.
fn create(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => File::open(directory)?.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn open_writable(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // The page size takes effect only in an empty file, before the WAL. `temp_store` keeps what a savepoint
    // may have to undo in memory. The automatic checkpoint is a stop for a writer that never rests, at
    // 64 MB: below it the checkpoint thread does the work.
    let settings = "
        PRAGMA page_size = 8192;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA fullfsync = ON;
        PRAGMA foreign_keys = ON;
        PRAGMA temp_store = MEMORY;
        PRAGMA cache_size = -32768;
        PRAGMA wal_autocheckpoint = 8192;
        PRAGMA journal_size_limit = 67108864;";
    open_with(path, flags, settings)
}

fn open_readable(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    open_with(path, flags, "PRAGMA query_only = ON;")
}

fn open_with(path: &Path, flags: OpenFlags, settings: &str) -> Result<Connection, StoreError> {
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_millis(BUSY_MS))?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.execute_batch(settings)?;
        Ok(connection)
    };
    open().map_err(|error: rusqlite::Error| StoreError::Unavailable(format!("{}: {error}", path.display())))
}

/// Runs the migrations this file has not seen; `user_version` counts them.
fn migrate(connection: &Connection, migrations: &[Migration]) -> Result<(), StoreError> {
    let unavailable = |error: rusqlite::Error| failure(&error);
    // The write lock comes first: two processes that start at once migrate one after the other.
    connection.execute_batch("BEGIN IMMEDIATE").map_err(unavailable)?;
    let seen: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(unavailable)?;
    let missing = usize::try_from(seen).ok().and_then(|seen| migrations.get(seen..));
    let missing = missing.ok_or_else(|| {
        StoreError::Unavailable("the database was made by a newer version of this program".to_owned())
    })?;
    for migration in missing {
        match migration {
            Migration::Sql(statements) => connection.execute_batch(statements).map_err(unavailable)?,
            Migration::Code(step) => step(connection)?,
        }
    }
    connection
        .execute_batch(&format!("PRAGMA user_version = {}; COMMIT", migrations.len()))
        .map_err(unavailable)
}

#[cfg(test)]
mod tests;
