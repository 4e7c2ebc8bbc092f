//! Why a payment was rejected.

use serde::{Deserialize, Serialize};

/// ISO 20022 status reason codes as STET lists them, newest edition included. A code that an older
/// wire version lacks is replaced by that version's codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Reason {
    /// Account number wrong or unknown.
    Ac01,
    /// Account closed.
    Ac04,
    /// Account blocked.
    Ac06,
    /// Transaction forbidden on this account.
    Ag01,
    /// Transaction type not supported on this account.
    Ag03,
    /// Amount above the allowed maximum.
    Am02,
    /// Insufficient funds.
    Am04,
    /// Creditor bank not registered in the clearing.
    Cnor,
    /// Decision of the PSU: refused.
    Cust,
    /// Order cancelled by an authorised user.
    Ds02,
    /// The original request is invalid.
    Ff01,
    /// Fraud suspected.
    Frad,
    /// No reason given: authentication failed or blocked, technical failure and others.
    Ms03,
    /// No answer from the PSU in time.
    Noas,
    /// Debtor account or identification missing or inconsistent.
    Rr01,
    /// Regulatory reason: screening, or an initiator with which the bank does not work any more when the PSU
    /// approves (PSD2, Art. 66 and 68(5)).
    Rr04,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 16] = [
        Self::Ac01,
        Self::Ac04,
        Self::Ac06,
        Self::Ag01,
        Self::Ag03,
        Self::Am02,
        Self::Am04,
        Self::Cnor,
        Self::Cust,
        Self::Ds02,
        Self::Ff01,
        Self::Frad,
        Self::Ms03,
        Self::Noas,
        Self::Rr01,
        Self::Rr04,
    ];

    /// The four-letter code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ac01 => "AC01",
            Self::Ac04 => "AC04",
            Self::Ac06 => "AC06",
            Self::Ag01 => "AG01",
            Self::Ag03 => "AG03",
            Self::Am02 => "AM02",
            Self::Am04 => "AM04",
            Self::Cnor => "CNOR",
            Self::Cust => "CUST",
            Self::Ds02 => "DS02",
            Self::Ff01 => "FF01",
            Self::Frad => "FRAD",
            Self::Ms03 => "MS03",
            Self::Noas => "NOAS",
            Self::Rr01 => "RR01",
            Self::Rr04 => "RR04",
        }
    }

    /// The reason with this code, if it is one of ours.
    pub fn find(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}
