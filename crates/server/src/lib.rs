//! HTTP and background work: token, payment API, PSU journey, execution.
//!
//! A library that a test can start in-process. It owns every socket and every loop; it decides nothing
//! about payments, which is for `payments` to do.

pub mod api;
pub mod app;
pub mod bank_seal;
pub mod caller;
pub mod connection;
pub mod connector;
mod drain;
pub mod http_signature;
pub mod licences;
pub mod limits;
pub mod link;
pub mod listener;
mod oauth;
mod observe;
pub mod operator;
pub mod proxy;
pub mod psu;
mod register;
pub mod reload;
pub mod revocation;
pub mod run;
pub mod seal_key;
pub mod tls;
pub mod trust;
mod work;

pub use app::{App, Counter, Counters, Parts};
pub use limits::Limits;
pub use listener::Listener;
pub use proxy::ProxyTrust;
pub use run::{Listeners, run};
pub use tls::TlsSource;
