//! Trusted lists: the certificate authorities that a Member State supervises, as they were imported.
//!
//! A national list (eIDAS, Art. 22; ETSI TS 119 612) is read and its signature verified at import only;
//! this is what remains: which authorities it names, where that came from and when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A national trusted list that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedList {
    /// The country whose list it is (`SchemeTerritory`), ISO 3166-1 alpha-2 or `EL`, `UK`.
    pub territory: String,
    /// Number of the issue (`TSLSequenceNumber`); a later one replaces an earlier one.
    pub sequence_number: u64,
    /// When it was issued (`ListIssueDateTime`).
    pub issued_at: Timestamp,
    /// By when the next one is due (`NextUpdate`); none if the list is closed.
    pub next_update: Option<Timestamp>,
    /// The file it was read from, as its importer named it.
    pub file: String,
    /// SHA-256 of that file.
    #[serde(with = "crate::encoding::hex32")]
    pub sha256: [u8; 32],
    /// SHA-256 of the certificate that signed it: the one its importer pinned.
    #[serde(with = "crate::encoding::hex32")]
    pub signer_sha256: [u8; 32],
    /// When it was imported.
    pub imported_at: Timestamp,
    /// The authorities that it names and we trust for it.
    pub authorities: Vec<ListedAuthority>,
    /// In a history: this entry is not an import, it tells that the list was taken out of force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removal>,
}

/// A list was taken out of force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// When.
    pub at: Timestamp,
    /// The account of the operator who did it, if it is known.
    pub by: Option<String>,
}

/// A certificate authority of a trusted list whose service is granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedAuthority {
    /// The trust service provider.
    pub provider: String,
    /// The service.
    pub service: String,
    /// Since when it has been granted.
    pub granted_since: Timestamp,
    /// Its certificate, DER.
    #[serde(with = "crate::encoding::base64")]
    pub der: Vec<u8>,
    /// Whether it may issue certificates for websites: a QWAC has to come from such a one.
    pub for_websites: bool,
    /// Whether it may issue certificates for seals: a `QSealC` has to come from such a one.
    pub for_seals: bool,
}

impl TrustedList {
    /// The authorities whose status has been granted by `now`.
    pub fn granted_at(&self, now: Timestamp) -> impl Iterator<Item = &ListedAuthority> {
        self.authorities.iter().filter(move |authority| authority.granted_since <= now)
    }

    /// Whether the next issue should have come by `now` (ETSI TS 119 612, 5.3.15).
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.next_update.is_some_and(|due| due < now)
    }

    /// What changes when this list takes the place of `earlier`, or of none.
    pub fn difference<'a>(&'a self, earlier: Option<&'a Self>) -> Difference<'a> {
        let before = earlier.map_or(&[][..], |list| &list.authorities);
        let listed =
            |list: &[ListedAuthority], one: &ListedAuthority| list.iter().any(|other| one.same(other));
        let (kept, added) = self.authorities.iter().partition(|authority| listed(before, authority));
        let removed = before.iter().filter(|authority| !listed(&self.authorities, authority)).collect();
        Difference { added, removed, kept }
    }
}

/// What a new issue of a list changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference<'a> {
    /// Authorities that were not there with this certificate for this purpose.
    pub added: Vec<&'a ListedAuthority>,
    /// Authorities that are no longer there with this certificate for this purpose.
    pub removed: Vec<&'a ListedAuthority>,
    /// Authorities that are trusted as before.
    pub kept: Vec<&'a ListedAuthority>,
}

impl ListedAuthority {
    /// Whether both are trusted alike: the same certificate for the same purposes.
    fn same(&self, other: &Self) -> bool {
        self.der == other.der && self.for_websites == other.for_websites && self.for_seals == other.for_seals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(name: &str, der: u8, for_websites: bool) -> ListedAuthority {
        ListedAuthority {
            provider: "Trust & Sons".to_owned(),
            service: name.to_owned(),
            granted_since: Timestamp::UNIX_EPOCH,
            der: vec![der],
            for_websites,
            for_seals: true,
        }
    }

    fn list(authorities: Vec<ListedAuthority>) -> TrustedList {
        TrustedList {
            territory: "FR".to_owned(),
            sequence_number: 1,
            issued_at: Timestamp::UNIX_EPOCH,
            next_update: Some(Timestamp::UNIX_EPOCH),
            file: "fr.xml".to_owned(),
            sha256: [0; 32],
            signer_sha256: [0; 32],
            imported_at: Timestamp::UNIX_EPOCH,
            authorities,
            removed: None,
        }
    }

    #[test]
    fn an_authority_is_kept_with_its_certificate_and_purpose_whatever_its_name() {
        let earlier = list(vec![authority("A", 1, true), authority("B", 2, true), authority("C", 3, true)]);
        let later =
            list(vec![authority("A renamed", 1, true), authority("B", 2, false), authority("D", 4, true)]);
        let names = |authorities: &[&ListedAuthority]| {
            authorities.iter().map(|authority| authority.service.clone()).collect::<Vec<_>>().join(", ")
        };
        let difference = later.difference(Some(&earlier));
        assert_eq!(names(&difference.added), "B, D");
        assert_eq!(names(&difference.removed), "B, C");
        assert_eq!(names(&difference.kept), "A renamed");
        let first = earlier.difference(None);
        assert_eq!((first.added.len(), first.removed.len(), first.kept.len()), (3, 0, 0));
    }

    #[test]
    fn time_decides_what_is_granted_and_whether_the_list_is_overdue() {
        let second = Timestamp::from_second(1).unwrap();
        let mut list = list(vec![authority("A", 1, true)]);
        list.authorities[0].granted_since = second;
        assert_eq!(list.granted_at(Timestamp::UNIX_EPOCH).count(), 0);
        assert_eq!(list.granted_at(second).count(), 1);
        assert!(!list.is_overdue(Timestamp::UNIX_EPOCH));
        assert!(list.is_overdue(second));
        list.next_update = None;
        assert!(!list.is_overdue(second));
    }
}
