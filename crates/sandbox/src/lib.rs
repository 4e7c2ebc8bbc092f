//! A pretend bank: PSUs, accounts, a ledger, a rail, test certificates.

pub mod bank;
pub mod bank_service;
pub mod clock;
pub mod control;
pub mod issue_service;
pub mod phone;
pub mod pki;
pub mod revocation_service;
