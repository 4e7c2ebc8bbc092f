//! The register of the European Banking Authority, as JSON.

use jiff::civil::date;
use server::licences::eba;

use crate::register_csv;

/// As every other register.
pub fn check(bytes: &[u8]) {
    register_csv::read(eba::read(bytes, "EBA", date(2026, 11, 24), &mut |_entities| {}));
}
