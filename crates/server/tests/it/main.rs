//! The server as its callers see it: TPPs, with the bodies they are answered, operators, and who reads its log.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy lets test functions do so, but not the helpers they share"
)]

mod attacks;
#[path = "../psu/browser.rs"]
#[expect(dead_code, reason = "the tests of the pages look at more of them")]
mod browser;
mod call_errors;
mod confirmation;
mod floods;
mod frames;
mod harness;
mod idempotence;
mod log;
mod operator;
mod operator_pages;
mod operator_tokens;
mod proxy;
mod registration;
mod reload;
mod render;
mod revocation;
mod schema;
mod shutdown;
mod signature;
mod smuggling;
mod status;
mod token;
mod token_use;
mod transport;
