use std::sync::Arc;

use super::SqliteStore;
use crate::suite;

#[tokio::test]
async fn a_payment_is_found_by_its_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&directory.path().join("deep/er/store.db")).unwrap();
    suite::a_payment_is_found_by_its_owner_only(Arc::new(store)).await;
}
