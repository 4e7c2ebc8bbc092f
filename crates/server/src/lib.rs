//! HTTP and background work: token, payment API, PSU journey, execution.
