use super::*;
use crate::sqlite::sql::{column, execute, find};

const FIRST: Migration = Migration::Sql(
    "CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE child (parent INTEGER NOT NULL REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED) STRICT;
    CREATE INDEX child_parent ON child (parent)",
);

fn in_directory() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("books.db");
    (directory, path)
}

fn setting(connection: &Connection, pragma: &str) -> String {
    let sql = format!("SELECT CAST(value AS TEXT) FROM (SELECT {pragma} AS value FROM pragma_{pragma})");
    connection.query_row(&sql, [], |row| row.get(0)).unwrap()
}

fn parents(database: &Database) -> i64 {
    let counted = database.read(|connection| {
        let sql = "SELECT id FROM parent WHERE id > 0 ORDER BY id DESC LIMIT 1";
        find(connection, sql, [], |row| column(row, 0))
    });
    counted.unwrap().unwrap_or(0)
}

#[test]
fn each_migration_runs_once_in_order() {
    let (_directory, path) = in_directory();
    let second = Migration::Sql("INSERT INTO parent (id) VALUES (1)");
    let third = Migration::Code(|connection| {
        let sql = "INSERT INTO parent (id) VALUES ((SELECT max(id) + 1 FROM parent))";
        connection.execute_batch(sql).map_err(|error| failure(&error))
    });
    let before = Database::open(&path, &[FIRST]).unwrap();
    assert_eq!(parents(&before), 0);
    // The version before goes on beside the version after.
    for _ in 0..2 {
        let after = Database::open(&path, &[FIRST, second, third]).unwrap();
        assert_eq!(parents(&after), 2);
        assert_eq!(parents(&before), 2);
    }
}

#[test]
fn a_failing_migration_leaves_the_file_as_it_was() {
    let (_directory, path) = in_directory();
    let second = Migration::Sql("INSERT INTO parent (id) VALUES (1)");
    let in_sql = Migration::Sql("INSERT INTO nowhere VALUES (1)");
    let in_code = Migration::Code(|_| Err(StoreError::Unavailable("broken".to_owned())));
    for third in [in_sql, in_code] {
        let broken = Database::open(&path, &[FIRST, second, third]);
        assert!(matches!(broken, Err(StoreError::Unavailable(_))));
    }
    let database = Database::open(&path, &[FIRST]).unwrap();
    assert_eq!(parents(&database), 0);
}

#[test]
fn what_is_newer_than_we_are_or_no_database_is_not_opened() {
    let (directory, path) = in_directory();
    drop(Database::open(&path, &[FIRST, Migration::Sql("SELECT 1")]).unwrap());
    let text = directory.path().join("text.db");
    std::fs::write(&text, "not a database, but longer than a header of one hundred bytes ".repeat(9))
        .unwrap();
    for path in [&path, &text, directory.path()] {
        let opened = Database::open(path, &[FIRST]);
        assert!(matches!(opened, Err(StoreError::Unavailable(_))), "{}", path.display());
    }
}

#[tokio::test]
async fn a_commit_is_durable_and_readers_cannot_write() {
    let (_directory, path) = in_directory();
    let database = Database::open(&path, &[FIRST]).unwrap();
    let settings = database
        .write(|connection| {
            let pragmas = ["journal_mode", "synchronous", "foreign_keys", "page_size"];
            Ok(pragmas.map(|pragma| setting(connection, pragma)))
        })
        .await;
    assert_eq!(settings.unwrap(), ["wal", "2", "1", "8192"]);
    let sql = "INSERT INTO parent (id) VALUES (1)";
    let written = database.read(|connection| execute(connection, sql, []));
    assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
    assert_eq!(parents(&database), 0);
}

#[tokio::test]
async fn a_commit_that_breaks_a_reference_changes_nothing_and_the_next_one_succeeds() {
    let (_directory, path) = in_directory();
    let database = Database::open(&path, &[FIRST]).unwrap();
    let orphan = database
        .write(|connection| {
            execute(connection, "INSERT INTO parent (id) VALUES (1)", [])?;
            execute(connection, "INSERT INTO child (parent) VALUES (7)", [])
        })
        .await;
    assert!(matches!(orphan, Err(StoreError::Unavailable(_))), "{orphan:?}");
    assert_eq!(parents(&database), 0);
    let next = |connection: &Connection| execute(connection, "INSERT INTO parent (id) VALUES (2)", []);
    assert_eq!(database.write(next).await.unwrap(), 1);
    assert_eq!(parents(&database), 2);
    assert_eq!(database.fault(), None);
}

#[tokio::test]
async fn a_job_may_hold_the_last_handle() {
    let (_directory, path) = in_directory();
    let database = Database::open(&path, &[FIRST]).unwrap();
    let (last, (begun, begins)) = (database.clone(), tokio::sync::oneshot::channel());
    let (dropped, drops) = std::sync::mpsc::channel::<()>();
    let (done, finished) = tokio::sync::oneshot::channel();
    let write = tokio::spawn(async move {
        let handle = database.clone();
        let job = move |connection: &Connection| {
            begun.send(()).unwrap();
            let _ = drops.recv();
            drop(handle);
            let written = execute(connection, "INSERT INTO parent (id) VALUES (1)", []);
            done.send(()).unwrap();
            written
        };
        database.write(job).await
    });
    begins.await.unwrap();
    // The caller goes away; the job has the only handle left when it drops it.
    write.abort();
    assert!(write.await.unwrap_err().is_cancelled());
    drop(last);
    drop(dropped);
    finished.await.unwrap();
    let reopened = Database::open(&path, &[FIRST]).unwrap();
    // The write lock is free once the job's commit is over.
    let second = |connection: &Connection| execute(connection, "INSERT INTO parent (id) VALUES (2)", []);
    reopened.write(second).await.unwrap();
    let both = "SELECT count(*) FROM parent WHERE id IN (1, 2)";
    let count = reopened.read(|connection| find(connection, both, [], |row| column::<i64>(row, 0)));
    assert_eq!(count.unwrap(), Some(2));
}
