//! The TPP's listener as its callers see it, and the bodies it answers with.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy lets test functions do so, but not the helpers they share"
)]

mod call_errors;
mod harness;
mod idempotence;
mod render;
mod schema;
mod signature;
mod status;
mod token;
mod token_use;
mod transport;
