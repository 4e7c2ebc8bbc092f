use std::sync::{
    atomic::{AtomicUsize, Ordering::SeqCst},
    mpsc::{Sender, channel},
};

use rusqlite::ffi;
use tokio::task::{JoinHandle, yield_now};

use super::*;

type Answer = Result<(), StoreError>;

/// A writer on a table of numbers, whose commits are counted and may fail.
struct Bench {
    writer: Arc<Writer>,
    commits: Arc<AtomicUsize>,
    /// Jobs whose tasks were made, and those that have reached the queue.
    spawned: AtomicUsize,
    queued: Arc<AtomicUsize>,
    signal: Signal,
    _directory: tempfile::TempDir,
    reader: Connection,
}

impl Bench {
    /// `fail` says with which code of SQLite the commit with this number, from 1, fails.
    fn new(fail: impl Fn(usize) -> Option<i32> + Send + 'static) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bench.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE numbers (n INTEGER NOT NULL UNIQUE)")
            .unwrap();
        let commits = Arc::new(AtomicUsize::new(0));
        let (counted, signal) = (Arc::clone(&commits), Signal::default());
        let writer = Writer::start_with(connection, signal.clone(), move |connection| {
            let number = counted.fetch_add(1, SeqCst) + 1;
            match fail(number) {
                Some(code) => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
                None => connection.execute_batch("COMMIT"),
            }
        });
        Self {
            writer: Arc::new(writer.unwrap()),
            commits,
            spawned: AtomicUsize::new(0),
            queued: Arc::default(),
            signal,
            reader: Connection::open(&path).unwrap(),
            _directory: directory,
        }
    }

    /// Keeps the writer busy until the sender is dropped; what is written meanwhile is one batch.
    async fn hold(&self) -> (Sender<()>, JoinHandle<Answer>) {
        let (release, released) = channel::<()>();
        let (begun, begins) = oneshot::channel();
        let held = self.spawn(move |_| {
            begun.send(()).unwrap();
            let _ = released.recv();
            Ok(())
        });
        begins.await.unwrap();
        (release, held)
    }

    /// Writes in a task of its own.
    fn spawn(&self, job: impl FnOnce(&Connection) -> Answer + Send + 'static) -> JoinHandle<Answer> {
        self.spawned.fetch_add(1, SeqCst);
        let (writer, queued) = (Arc::clone(&self.writer), Arc::clone(&self.queued));
        tokio::spawn(async move {
            // The job is in the queue when this task waits for the first time.
            queued.fetch_add(1, SeqCst);
            writer.write(job).await
        })
    }

    /// Lets every job that was spawned reach the queue.
    async fn settle(&self) {
        while self.queued.load(SeqCst) < self.spawned.load(SeqCst) {
            yield_now().await;
        }
    }

    fn numbers(&self) -> Vec<i64> {
        let mut statement = self.reader.prepare("SELECT n FROM numbers ORDER BY n").unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

fn add(connection: &Connection, number: i64) -> Answer {
    super::super::sql::execute(connection, "INSERT INTO numbers (n) VALUES (?1)", [number]).map(|_| ())
}

fn never(_: usize) -> Option<i32> {
    None
}

fn is_unavailable(answer: &Answer) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}

#[tokio::test]
async fn a_batch_with_failing_jobs_commits_the_others() {
    let bench = Bench::new(never);
    let (release, held) = bench.hold().await;
    let jobs: Vec<_> = (0..60)
        .map(|number| {
            bench.spawn(move |connection| {
                add(connection, number)?;
                match number % 6 {
                    1 => Err(StoreError::Conflict),
                    2 => add(connection, number),
                    3 => panic!("a bug in a job"),
                    _ => add(connection, number + 100),
                }
            })
        })
        .collect();
    bench.settle().await;
    drop(release);
    held.await.unwrap().unwrap();
    let mut expected = Vec::new();
    for (number, job) in (0..).zip(jobs) {
        let answer = job.await.unwrap();
        match number % 6 {
            1 | 2 => assert!(matches!(answer, Err(StoreError::Conflict)), "{number}: {answer:?}"),
            3 => assert!(is_unavailable(&answer), "{number}: {answer:?}"),
            _ => {
                answer.unwrap();
                expected.extend([number, number + 100]);
            }
        }
    }
    expected.sort_unstable();
    assert_eq!(bench.numbers(), expected);
    assert_eq!(bench.commits.load(SeqCst), 2, "the held job, and all others together");
}

#[tokio::test]
async fn nothing_is_answered_before_its_commit() {
    let (release, released) = channel::<()>();
    let (committing, commits) = channel();
    let bench = Bench::new(move |_| {
        committing.send(()).unwrap();
        let _ = released.recv();
        None
    });
    let job = bench.spawn(|connection| add(connection, 1));
    bench.settle().await;
    commits.recv().unwrap();
    for _ in 0..100 {
        yield_now().await;
    }
    assert!(!job.is_finished());
    assert!(bench.numbers().is_empty());
    drop(release);
    job.await.unwrap().unwrap();
    assert_eq!(bench.numbers(), [1]);
}

#[tokio::test]
async fn a_failed_commit_fails_everybody_and_the_next_one_is_tried() {
    let bench = Bench::new(|number| (number == 2).then_some(ffi::SQLITE_FULL));
    let (release, held) = bench.hold().await;
    let conflicting = bench.spawn(|_| Err(StoreError::Conflict));
    let job = bench.spawn(|connection| add(connection, 1));
    bench.settle().await;
    drop(release);
    held.await.unwrap().unwrap();
    for job in [conflicting, job] {
        let answer = job.await.unwrap();
        assert!(is_unavailable(&answer), "{answer:?}");
    }
    assert!(bench.numbers().is_empty());
    assert_eq!(bench.writer.fault(), None);
    bench.writer.write(|connection| add(connection, 2)).await.unwrap();
    assert_eq!(bench.numbers(), [2]);
}

#[tokio::test]
async fn after_a_commit_the_disk_refused_nothing_is_written_any_more() {
    for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_CORRUPT] {
        let bench = Bench::new(move |number| (number == 1).then_some(code));
        for number in [1, 2] {
            let answer = bench.writer.write(move |connection| add(connection, number)).await;
            assert!(is_unavailable(&answer), "{code}: {answer:?}");
        }
        assert_eq!(bench.writer.fault(), Some(Fault::Disk));
        assert_eq!(bench.commits.load(SeqCst), 1, "the second is not even tried");
        assert!(bench.signal.is_halted());
        assert!(bench.numbers().is_empty());
    }
}

#[tokio::test]
async fn a_job_that_ends_the_transaction_fails_its_batch_and_nobody_after() {
    let bench = Bench::new(never);
    let (release, held) = bench.hold().await;
    let before = bench.spawn(|connection| add(connection, 1));
    let culprit = bench.spawn(|connection| {
        connection.execute_batch("ROLLBACK").unwrap();
        Ok(())
    });
    let after = bench.spawn(|connection| add(connection, 2));
    bench.settle().await;
    drop(release);
    held.await.unwrap().unwrap();
    for job in [before, culprit, after] {
        let answer = job.await.unwrap();
        assert!(is_unavailable(&answer), "{answer:?}");
    }
    bench.writer.write(|connection| add(connection, 3)).await.unwrap();
    assert_eq!(bench.numbers(), [3]);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let bench = Bench::new(never);
    let (release, held) = bench.hold().await;
    let jobs: Vec<_> = (0..QUEUE).map(|_| bench.spawn(|_| Ok(()))).collect();
    bench.settle().await;
    let refused = bench.writer.write(|_| Ok(())).await;
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    drop(release);
    held.await.unwrap().unwrap();
    for job in jobs {
        job.await.unwrap().unwrap();
    }
    let batches = QUEUE / BATCH;
    assert_eq!(bench.commits.load(SeqCst), 1 + batches);
}

#[tokio::test]
async fn closing_finishes_what_waits_and_takes_nothing_more() {
    let bench = Bench::new(never);
    let (release, held) = bench.hold().await;
    let jobs: Vec<_> = (0..10).map(|number| bench.spawn(move |connection| add(connection, number))).collect();
    bench.settle().await;
    let writer = Arc::clone(&bench.writer);
    let closing = tokio::task::spawn_blocking(move || writer.close());
    drop(release);
    closing.await.unwrap();
    held.await.unwrap().unwrap();
    for job in jobs {
        job.await.unwrap().unwrap();
    }
    assert_eq!(bench.numbers().len(), 10);
    assert!(is_unavailable(&bench.writer.write(|_| Ok(())).await));
    bench.writer.close();
}
