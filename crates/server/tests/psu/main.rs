//! The customer's pages, as a browser sees them, and the work that follows them: the real router, work loop,
//! store and sandbox bank, in process.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy lets test functions do so, but not the helpers they share"
)]

mod browser;
mod crashes;
mod crowd;
mod enforced;
mod execution;
mod expiry;
mod initiator;
mod limits;
mod paying;
mod races;
mod rail;
mod screens;
mod town;
mod trust;
mod turns;
mod working;
