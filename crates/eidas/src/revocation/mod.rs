//! Whether a certificate has been revoked: deny list, CRL, OCSP, and what to do while nobody can say.
//!
//! ```text
//! Candidate ─┬─ DenyList::entry_for       the bank's own list
//!            ├─ Crl::evidence             RFC 5280, 5
//!            └─ ocsp::Answer::evidence    RFC 6960
//!                     └──▶ History::learn ──▶ History::settle(outage policy, now)
//! ```
//!
//! Nothing is fetched here: the bytes, the time and the certificate of the issuer are passed in. That
//! certificate must come from a verified path ([`crate::Anchors::path`]); what it did not sign is no evidence.

mod candidate;
mod crl;
mod crl_entries;
mod crl_scope;
mod deny_list;
mod evidence;
mod history;
mod issuer;
mod locations;
mod name;
pub mod ocsp;
mod reading;
#[cfg(test)]
mod testing;

pub use candidate::{Candidate, SerialNumber};
pub use crl::{Crl, InvalidCrl, UnverifiedCrl};
pub use deny_list::{DenyList, InvalidDenyList, MAX_DENY_LIST_BYTES};
pub use evidence::{CLOCK_TOLERANCE_S, Evidence, Reason, Revoked, Source, Status};
pub use history::{History, OutagePolicy, Refusal, Settled, Standing};
pub use issuer::{InvalidIssuer, Issuer};
pub use locations::{Locations, MAX_LOCATION_BYTES, MAX_LOCATIONS};
