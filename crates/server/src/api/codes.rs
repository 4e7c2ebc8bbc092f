//! The code lists of a payment request, each as one table read in both directions.

use payments::request::{CategoryPurpose, InstructionPriority, Product, Purpose, ScaHint};

/// Codes and what they mean.
pub(super) type Codes<T> = &'static [(&'static str, T)];

/// `instructionPriority`.
pub(super) const PRIORITIES: Codes<InstructionPriority> =
    &[("HIGH", InstructionPriority::High), ("NORM", InstructionPriority::Norm)];

/// `serviceLevel`: other levels exist, but not for euro transfers.
pub(super) const SERVICE_LEVELS: Codes<()> = &[("SEPA", ())];

/// `localInstrument`; without it a transfer is not instant.
pub(super) const LOCAL_INSTRUMENTS: Codes<Product> = &[("INST", Product::SctInst)];

/// `categoryPurpose`: the codes of international and treasury transfers (1.4.2) are not for SEPA.
pub(super) const CATEGORY_PURPOSES: Codes<CategoryPurpose> =
    &[("CASH", CategoryPurpose::Cash), ("DVPM", CategoryPurpose::Dvpm)];

/// `chargeBearer`: SEPA knows shared charges only.
pub(super) const CHARGE_BEARERS: Codes<()> = &[("SLEV", ())];

/// `purpose`.
pub(super) const PURPOSES: Codes<Purpose> = &[
    ("ACCT", Purpose::Acct),
    ("CASH", Purpose::Cash),
    ("COMC", Purpose::Comc),
    ("CPKC", Purpose::Cpkc),
    ("TRPT", Purpose::Trpt),
];

/// `executionRule`: `PREC` would debit the PSU before the day he approves.
pub(super) const EXECUTION_RULES: Codes<()> = &[("FWNG", ())];

/// `scaHint`.
pub(super) const SCA_HINTS: Codes<ScaHint> =
    &[("noScaExemption", ScaHint::NoScaExemption), ("scaExemption", ScaHint::ScaExemption)];

/// Currencies of accounts and amounts.
pub(super) const CURRENCIES: Codes<()> = &[("EUR", ())];

/// What `code` means, if the list has it.
pub(super) fn meaning<T: Copy>(codes: Codes<T>, code: &str) -> Option<T> {
    codes.iter().find(|(known, _)| *known == code).map(|(_, meaning)| *meaning)
}

/// The code for `meaning`, if there is one: a plain transfer has no `localInstrument`.
pub(super) fn code<T: PartialEq>(codes: Codes<T>, meaning: &T) -> Option<String> {
    codes.iter().find(|(_, known)| known == meaning).map(|(code, _)| (*code).to_owned())
}
