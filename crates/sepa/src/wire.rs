//! The messages as the schema has them: element by element, in the order it prescribes.
//!
//! Fields are public and plain; [`crate::CreditTransfer`] and [`crate::StatusReport`] hold proven values.

pub(crate) mod common;
pub(crate) mod pacs_002;
pub(crate) mod pacs_008;
