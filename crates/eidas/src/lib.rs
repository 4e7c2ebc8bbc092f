//! PSD2 certificates: read one, judge one.
//!
//! A payment service provider shows who it is with two qualified certificates (eIDAS, Regulation (EU)
//! 910/2014; RTS (EU) 2018/389, Art. 34): a QWAC for TLS and a QSealC for what it signs. This crate reads
//! them ([`Certificate::parse`]), says whether one may be relied on ([`judge`]), whether it comes from an
//! authority we trust ([`Anchors::verify_chain`]), and what is wrong with it in words a developer can act on
//! ([`explain()`]). It opens no file and no socket, and takes the time as an argument. The bytes it reads come
//! from strangers: they are bounded and never make it panic.

mod anchors;
mod certificate;
#[cfg(test)]
mod corpus;
mod defect;
mod departure;
mod distinguished_name;
mod explain;
mod extensions;
mod judge;
mod key_usage;
mod organization;
mod organization_identifier;
mod public_key;
mod qc_statements;
pub mod revocation;
mod rule_id;
mod rules;
mod signature_hash;
#[cfg(test)]
mod testing;
mod text;
mod tlv;
pub mod trusted_list;

pub use anchors::{Anchors, InvalidAnchor, MAX_INTERMEDIATES, UntrustedChain};
pub use certificate::{Certificate, InvalidCertificate, MAX_CERTIFICATE_BYTES};
pub use defect::Defect;
pub use departure::{Departure, TextField};
pub use explain::{Explanation, Finding, Outcome, Question, Summary, explain};
pub use judge::{Disagreement, Judged, Kind, Reading, RoleMissing, agree, judge};
pub use key_usage::KeyUsage;
pub use organization_identifier::{InvalidOrganizationIdentifier, OrganizationIdentifier};
pub use public_key::{KeyKind, PublicKey};
pub use qc_statements::{Psd2Statement, QcStatements, QcType, Role};
pub use rule_id::RuleId;
pub use signature_hash::SignatureHash;
pub use text::one_line;
pub use tlv::Fault;
