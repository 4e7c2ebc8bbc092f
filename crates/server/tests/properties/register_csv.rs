//! A national register of licences, as CSV.

use std::collections::BTreeSet;

use eidas::OrganizationIdentifier;
use server::licences::{InvalidRegister, Register, csv};

use crate::given::sendable;

/// A register that is taken lists each provider once, by a number that a certificate can have.
pub fn check(bytes: &[u8]) {
    read(csv::read(bytes, "ACPR"));
}

/// What holds for every register.
pub fn read(register: Result<Register, InvalidRegister>) {
    let register = match register {
        Ok(register) => register,
        Err(invalid) => {
            for line in invalid.to_string().lines() {
                sendable(&line, 4_096);
            }
            return;
        }
    };
    let mut seen = BTreeSet::new();
    for listing in &register.listings {
        assert!(OrganizationIdentifier::parse(&listing.organization_identifier).is_ok(), "{listing:?}");
        assert!(seen.insert(&listing.organization_identifier), "twice: {listing:?}");
        sendable(&listing.name, 200);
        let countries = &listing.payment_initiation_in;
        assert!(countries.iter().all(|country| country.len() == 2), "{listing:?}");
    }
    for passed_over in register.passed_over.values() {
        assert!(passed_over.count >= u64::try_from(passed_over.examples.len()).unwrap());
        passed_over.examples.iter().for_each(|example| sendable(example, 200));
    }
}
