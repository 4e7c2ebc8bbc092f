//! The suite on SQLite, and what only a file can show.

use std::{os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use ::payments::ports::{PaymentStore, Store, StoreError, TppStore};
use ::payments::{samples as domain, tpp::Tpp, work::Lease};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{Database, MIGRATIONS, SqliteStore};
use crate::suite::{
    self,
    samples::{id, new_payment, token},
};

crate::every_rule!(fresh());

fn fresh() -> (TempDir, Arc<dyn Store>) {
    let (directory, store) = SqliteStore::temporary().unwrap();
    (directory, Arc::new(store))
}

/// What may read a whole table: the registers, what is revoked, a migration, the six counts, and the one greatest id.
const MAY_SCAN: [&str; 7] = [
    "SELECT document FROM registers ORDER BY register",
    "SELECT document FROM trusted_lists ORDER BY territory",
    "SELECT document FROM revoked_certificates ORDER BY sha256",
    "SELECT document FROM tpps ORDER BY id",
    "SELECT id, json_extract(document, '$.name') FROM tpps ORDER BY id",
    "SELECT status, count FROM status_counts ORDER BY status",
    "SELECT id FROM payments ORDER BY id DESC LIMIT 1",
];

/// Every statement of every test goes through here: none may take longer as its table grows.
pub(super) fn assert_no_scan(connection: &Connection, sql: &str) {
    if MAY_SCAN.contains(&sql) {
        return;
    }
    let mut statement = connection.prepare_cached(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().unwrap() {
        let step: String = row.get("detail").unwrap();
        assert!(!step.starts_with("SCAN") && !step.contains("B-TREE"), "{step}: {sql}");
    }
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path).unwrap()
}

#[tokio::test]
async fn everything_is_there_after_the_file_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/er/store.db");
    // Closed in an orderly way, or only dropped.
    for orderly in [true, false] {
        let path = path.with_extension(orderly.to_string());
        let store = open(&path);
        let shared: Arc<dyn Store> = Arc::new(store.clone());
        suite::fill(&shared).await;
        if orderly {
            store.close();
            assert!(matches!(shared.tpps().await, Err(StoreError::Unavailable(_))));
        }
        drop((store, shared));
        assert!(!path.with_extension(format!("{orderly}-wal")).exists());
        let reopened: Arc<dyn Store> = Arc::new(open(&path));
        suite::assert_filled(&reopened).await;
    }
}

#[tokio::test]
async fn everything_answered_is_there_when_the_process_leaves_without_closing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let running: Arc<dyn Store> = Arc::new(open(&path));
    suite::fill(&running).await;
    // The file and its WAL as a kill would leave them.
    let left = directory.path().join("left.db");
    for ending in ["", "-wal"] {
        let from = directory.path().join(format!("store.db{ending}"));
        std::fs::copy(from, directory.path().join(format!("left.db{ending}"))).unwrap();
    }
    let reopened: Arc<dyn Store> = Arc::new(open(&left));
    suite::assert_filled(&reopened).await;
}

#[tokio::test]
async fn names_in_a_file_of_an_earlier_version_are_found() {
    let directory = tempfile::tempdir().unwrap();
    for version in 1..MIGRATIONS.len() {
        let path = directory.path().join(format!("{version}.db"));
        drop(Database::open(&path, &MIGRATIONS[..version]).unwrap());
        let earlier = Connection::open(&path).unwrap();
        let tpp = Tpp { name: "ÉXEMPLE".to_owned(), ..domain::tpp() };
        let document = serde_json::to_string(&tpp).unwrap();
        // What the version filled in, or the next migration will.
        let columns = if version == 1 { "id, document" } else { "id, document, name" };
        let values = if version == 1 { "?1, ?2" } else { "?1, ?2, lower(json_extract(?2, '$.name'))" };
        let sql = format!("INSERT INTO tpps ({columns}) VALUES ({values})");
        earlier.execute(&sql, (tpp.id.as_str(), &document)).unwrap();
        drop(earlier);
        for _ in 0..2 {
            let store = open(&path);
            for name in ["ÉXEMPLE", "éxemple", "Exemple."] {
                let found = store.tpps_named(name).await.unwrap();
                assert_eq!(found, std::slice::from_ref(&tpp), "{name} in version {version}");
            }
        }
    }
}

#[test]
fn the_file_is_private_to_its_owner() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data/store.db");
    let store = open(&path);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path.with_file_name("store.db-wal")), 0o600);
    drop(store);
}

#[tokio::test]
async fn a_row_that_does_not_parse_is_corrupt() {
    let (tpp, hash) = (domain::tpp().id, token(1).hash);
    let institution = domain::institution().code;
    let psu = domain::debtor().psu;
    let journey = domain::journey().id;
    let now = domain::registration().expires_at;
    let table = [
        "UPDATE payments SET document = '{}'",
        "UPDATE payments SET document = replace(document, '17515', '1751x')",
        "UPDATE payments SET document = replace(document, 'PI-1', 'PI_1')",
        "UPDATE payments SET seq = seq + 1",
        "UPDATE payments SET status = 'ACSC'",
        "UPDATE payments SET id = replace(id, '0', 'x')",
        "UPDATE journal SET hash = x'00' WHERE seq = 1",
        "UPDATE journal SET seq = -1 WHERE seq = 1",
        "UPDATE journal SET at = 9223372036854775807",
        "UPDATE tokens SET tpp = ''",
        "UPDATE tokens SET certificate = x''",
        "UPDATE tokens SET payment = 'none'",
        "UPDATE tpps SET document = 'null'",
        "UPDATE journeys SET document = '['",
        "UPDATE lockouts SET failures = 999",
        "UPDATE work SET task = 'dance'",
        "UPDATE status_counts SET count = -1",
        "UPDATE status_counts SET status = 'XXXX' WHERE count = 1",
    ];
    for damage in table {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.db");
        let store: Arc<dyn Store> = Arc::new(open(&path));
        suite::fill(&store).await;
        let vandal = Connection::open(&path).unwrap();
        vandal.execute_batch(&format!("PRAGMA foreign_keys = OFF; {damage}")).unwrap();
        let readings = [
            store.load(&id(1)).await.err(),
            store.find(&id(1), &tpp, &institution).await.err(),
            store.journal(&id(1)).await.err(),
            store.ids_after(None, 9).await.err(),
            store.find_token(&hash).await.err(),
            store.tpps().await.err(),
            store.find_journey(&journey).await.err(),
            store.lockout(&institution, &psu).await.err(),
            store.count_by_status().await.err(),
            store.claim(now, now, 9, Lease(1)).await.err(),
        ];
        let errors: Vec<StoreError> = readings.into_iter().flatten().collect();
        assert!(!errors.is_empty(), "{damage}");
        assert!(errors.iter().all(|error| matches!(error, StoreError::Corrupt(_))), "{damage}: {errors:?}");
    }
}

#[tokio::test]
async fn a_changed_journal_is_given_back_as_it_is_for_the_audit_to_find() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let store = open(&path);
    store.insert(new_payment(1)).await.unwrap();
    let vandal = Connection::open(&path).unwrap();
    for damage in ["at = at + 1", "text = 'x'", "text = replace(text, '124', '125')"] {
        vandal
            .execute_batch(&format!("SAVEPOINT whole; UPDATE journal SET {damage}; RELEASE whole"))
            .unwrap();
        let journal = store.journal(&id(1)).await.unwrap();
        assert!(journal[0].read().is_err(), "{damage}");
    }
}
