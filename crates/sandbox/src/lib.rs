//! A pretend bank: PSUs, accounts, a ledger, a rail, test certificates.

pub mod bank;
pub mod pki;
