//! Registrations that a configuration makes.

use jiff::Timestamp;

use crate::{
    ports::{StoreError, TppStore, TppWrite},
    tpp::{Registrar, Tpp},
};

/// How often a registration that somebody else changes meanwhile is read again.
const ATTEMPTS: u32 = 4;

/// Registers `tpp` as a configuration describes it, or brings its registration to that; whether anything
/// was changed. Since when it is registered, and whether this bank keeps it out, stays as it was.
///
/// # Errors
///
/// If the store fails, or others go on changing the same registration.
pub async fn configure(
    store: &(impl TppStore + ?Sized),
    tpp: Tpp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    for _ in 1..ATTEMPTS {
        match try_to_configure(store, &tpp, now).await {
            Err(StoreError::Conflict) => {}
            decided => return decided,
        }
    }
    try_to_configure(store, &tpp, now).await
}

async fn try_to_configure(
    store: &(impl TppStore + ?Sized),
    tpp: &Tpp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let before = store.find_tpp(&tpp.id).await?;
    let mut after = tpp.clone();
    if let Some(known) = &before {
        after.created_at = known.created_at;
        after.suspension.clone_from(&known.suspension);
    }
    if before.as_ref() == Some(&after) {
        return Ok(false);
    }
    store.change_tpp(TppWrite::put(before, after, Registrar::Configuration, now)).await?;
    Ok(true)
}
