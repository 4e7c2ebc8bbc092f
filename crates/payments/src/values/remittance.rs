//! What the payment is about, in the words the creditor will read.

use serde::{Deserialize, Serialize};

use super::Text;

/// Remittance information: SEPA carries one of the two forms (EPC125-05, Remittance Information).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remittance {
    /// One line of free text, at most 140 characters.
    Unstructured(Text<140>),
    /// A reference the creditor gave, such as `RF18…` (ISO 11649).
    CreditorReference(Text<35>),
}

impl Remittance {
    /// The line or reference, for showing it or sending it on.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unstructured(line) => line.as_str(),
            Self::CreditorReference(reference) => reference.as_str(),
        }
    }
}
