//! HTTP and background work: token, payment API, PSU journey, execution.

pub mod http_signature;
pub mod seal_key;
