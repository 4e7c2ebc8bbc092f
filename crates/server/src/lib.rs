//! HTTP and background work: token, payment API, PSU journey, execution.
//!
//! A library that a test can start in-process. It owns every socket and every loop; it decides nothing
//! about payments, which is for `payments` to do.

pub mod app;
pub mod bank_seal;
pub mod http_signature;
pub mod link;
pub mod seal_key;

pub use app::{App, Counter, Counters, Parts};
