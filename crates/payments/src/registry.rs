//! Registrations that a configuration makes.

use jiff::Timestamp;

use crate::{
    ports::{StoreError, TppStore, TppWrite},
    tpp::{Registrar, Tpp},
};

/// Registers `tpp` as a configuration describes it, or brings its registration to that; whether anything
/// was changed. Since when it is registered, and whether this bank keeps it out, stays as it was.
///
/// # Errors
///
/// If the store fails, or somebody else changes the same registration meanwhile.
pub async fn configure(
    store: &(impl TppStore + ?Sized),
    tpp: Tpp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let before = store.find_tpp(&tpp.id).await?;
    let after = match &before {
        Some(known) => Tpp { created_at: known.created_at, suspension: known.suspension.clone(), ..tpp },
        None => tpp,
    };
    if before.as_ref() == Some(&after) {
        return Ok(false);
    }
    store.change_tpp(TppWrite::put(before, after, Registrar::Configuration, now)).await?;
    Ok(true)
}
