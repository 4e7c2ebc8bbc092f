//! A national trusted list (ETSI TS 119 612).

use eidas::{Anchors, trusted_list};

use crate::given::{issuer_certificate, sendable};

/// Every authority that is read can be an anchor, and no list has a signature of somebody unknown.
pub fn check(bytes: &[u8]) {
    match trusted_list::read(bytes) {
        Ok(list) => {
            assert!(list.territory.len() == 2, "{}", list.territory);
            let ders = list.authorities.iter().map(|authority| authority.certificate.der().clone());
            assert!(Anchors::from_ders(ders).is_ok());
            for authority in &list.authorities {
                assert!(authority.for_websites || authority.for_seals);
                sendable(&authority.provider, 4_096);
                sendable(&authority.service, 4_096);
            }
        }
        Err(invalid) => sendable(&invalid, 1_024),
    }
    match trusted_list::examine(bytes) {
        Ok(signature) => assert!(signature.signer(&[issuer_certificate()]).is_err()),
        Err(invalid) => sendable(&invalid, 1_024),
    }
}
