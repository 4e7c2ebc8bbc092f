//! What every store must do, one function a rule, each on an empty store.
#![expect(clippy::unwrap_used, reason = "these are tests; they live outside cfg(test) to be shared")]

pub mod samples;

use std::sync::Arc;

use payments::ports::{Inserted, Store};

/// A payment that was added is found by its owner, with its journal.
pub async fn a_payment_is_found_by_its_owner_only(store: Arc<dyn Store>) {
    let new = samples::new_payment(1);
    assert_eq!(store.insert(new.clone()).await.unwrap(), Inserted::New);
    assert_eq!(store.load(&samples::id(1)).await.unwrap().unwrap(), new.payment);
}
