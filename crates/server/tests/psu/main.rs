//! The customer's pages, as a browser sees them: the real router, store and sandbox bank, in process.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy lets test functions do so, but not the helpers they share"
)]

mod browser;
mod limits;
mod paying;
mod races;
mod screens;
mod town;
mod trust;
mod turns;
