//! A bank's own list of certificates that it does not take.

use eidas::revocation::DenyList;

use crate::given::{candidate, sendable};

/// It is taken whole, or refused with the line that is wrong.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match DenyList::parse(text) {
        Ok(list) => {
            assert!(list.len() <= text.lines().count());
            assert!(!list.is_empty() || !list.denies(&candidate()));
        }
        Err(invalid) => sendable(&invalid, 1_024),
    }
}
