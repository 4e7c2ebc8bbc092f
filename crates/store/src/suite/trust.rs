//! What registers and trusted lists say, and that it is never forgotten; and which certificates are revoked.

use std::{collections::BTreeSet, sync::Arc};

use jiff::{Timestamp, ToSpan};
use payments::{
    licence::{Licence, Listing, RegisterImport},
    ports::{ImportSummary, Store, StoreError},
    revoked_certificate::RevokedCertificate,
    samples as domain,
    trusted_list::{ListedAuthority, Removal, TrustedList},
};

use super::samples::bytes;

const ACTIVE: Licence = Licence::Active;
const WITHDRAWN: Licence = Licence::Withdrawn;

/// An import replaces what its register says and nothing that another says; a comparison changes nothing.
pub async fn an_import_replaces_what_its_register_says(store: Arc<dyn Store>) {
    let first = [listing("EBA", 1, ACTIVE), listing("EBA", 2, Licence::Suspended)];
    let compared = store.compare_register("EBA", first.to_vec()).await.unwrap();
    assert_eq!((compared.changes.len(), compared.unchanged, compared.in_force_before), (2, 0, 0));
    assert_eq!(store.listings("PSDFR-ACPR-00001").await.unwrap(), []);
    assert_eq!(store.registers().await.unwrap(), []);

    let imported = import(&store, "EBA", 1, &first).await;
    assert_eq!(imported.changes.len(), 2);
    assert!(imported.changes.iter().all(|change| change.before.is_none() && change.at == minutes(1)));
    import(&store, "ACPR", 2, &[listing("ACPR", 1, WITHDRAWN)]).await;
    let both = store.listings("PSDFR-ACPR-00001").await.unwrap();
    assert_eq!(both, [listing("ACPR", 1, WITHDRAWN), listing("EBA", 1, ACTIVE)]);
    assert_eq!(store.listings("PSDFR-ACPR-00002").await.unwrap(), [listing("EBA", 2, Licence::Suspended)]);

    let renamed = Listing { name: "Renamed".to_owned(), ..listing("EBA", 1, ACTIVE) };
    let changed = import(&store, "EBA", 3, &[renamed.clone(), listing("EBA", 2, Licence::Suspended)]).await;
    assert_eq!((changed.changes.len(), changed.unchanged, changed.in_force_before), (1, 1, 2));
    assert_eq!(changed.changes[0].before, Some(listing("EBA", 1, ACTIVE)));
    assert_eq!(changed.changes[0].after.as_ref(), Some(&renamed));
    let both = store.listings("PSDFR-ACPR-00001").await.unwrap();
    assert_eq!(both, [listing("ACPR", 1, WITHDRAWN), renamed]);
    let kept: Vec<_> = store.registers().await.unwrap();
    assert_eq!(kept, [register("ACPR", 2, 1), register("EBA", 3, 2)]);
}

/// The same file again is noted, and changes no listing and no history.
pub async fn an_import_of_the_same_changes_nothing(store: Arc<dyn Store>) {
    let same = [listing("EBA", 1, ACTIVE), listing("EBA", 2, WITHDRAWN)];
    import(&store, "EBA", 1, &same).await;
    let again = import(&store, "EBA", 2, &same).await;
    assert_eq!(again, ImportSummary { changes: vec![], unchanged: 2, in_force_before: 1 });
    assert_eq!(store.listing_history("PSDFR-ACPR-00001").await.unwrap().len(), 1);
    assert_eq!(store.registers().await.unwrap(), [register("EBA", 2, 2)]);
}

/// A provider that a register no longer lists is withdrawn, once, and stays so until it is listed again.
pub async fn a_provider_that_disappears_is_withdrawn_and_its_history_kept(store: Arc<dyn Store>) {
    let (one, two) = (listing("EBA", 1, ACTIVE), listing("EBA", 2, ACTIVE));
    import(&store, "EBA", 1, &[one.clone(), two.clone()]).await;
    let gone = import(&store, "EBA", 2, std::slice::from_ref(&two)).await;
    assert_eq!((gone.changes.len(), gone.unchanged), (1, 1));
    assert!(gone.changes[0].withdraws());
    let withdrawn = Listing { standing: WITHDRAWN, ..one.clone() };
    assert_eq!(store.listings("PSDFR-ACPR-00001").await.unwrap(), std::slice::from_ref(&withdrawn));

    let still = import(&store, "EBA", 3, std::slice::from_ref(&two)).await;
    assert_eq!((still.changes.len(), still.unchanged, still.in_force_before), (0, 2, 1));
    import(&store, "EBA", 4, &[one.clone(), two]).await;
    assert_eq!(store.listings("PSDFR-ACPR-00001").await.unwrap(), std::slice::from_ref(&one));

    let history = store.listing_history("PSDFR-ACPR-00001").await.unwrap();
    let told: Vec<_> = history.into_iter().map(|change| (change.at, change.before, change.after)).collect();
    let expected = [
        (minutes(1), None, Some(one.clone())),
        (minutes(2), Some(one.clone()), Some(withdrawn.clone())),
        (minutes(4), Some(withdrawn), Some(one)),
    ];
    assert_eq!(told, expected);
    assert_eq!(store.listing_history("PSDFR-ACPR-00003").await.unwrap(), []);
}

/// What a removed register said counts no longer, what others say does, and nothing is forgotten.
pub async fn a_removed_register_counts_no_longer_and_its_history_is_kept(store: Arc<dyn Store>) {
    let (one, two, other) =
        (listing("EBA", 1, ACTIVE), listing("EBA", 2, WITHDRAWN), listing("ACPR", 1, ACTIVE));
    import(&store, "EBA", 1, &[one.clone(), two.clone()]).await;
    import(&store, "ACPR", 2, std::slice::from_ref(&other)).await;
    assert!(!store.remove_register("eba", minutes(3)).await.unwrap());
    assert!(store.remove_register("EBA", minutes(3)).await.unwrap());
    assert!(!store.remove_register("EBA", minutes(4)).await.unwrap());

    assert_eq!(store.listings("PSDFR-ACPR-00001").await.unwrap(), [other]);
    assert_eq!(store.listings("PSDFR-ACPR-00002").await.unwrap(), []);
    assert_eq!(store.registers().await.unwrap(), [register("ACPR", 2, 1)]);
    let history = store.listing_history("PSDFR-ACPR-00002").await.unwrap();
    let told: Vec<_> = history.into_iter().map(|change| (change.at, change.before, change.after)).collect();
    assert_eq!(told, [(minutes(1), None, Some(two.clone())), (minutes(3), Some(two), None)]);
    assert_eq!(store.listing_history("PSDFR-ACPR-00001").await.unwrap().len(), 3);

    let again = import(&store, "EBA", 5, std::slice::from_ref(&one)).await;
    assert_eq!((again.changes.len(), again.in_force_before), (1, 0));
    assert_eq!(again.changes[0].before, None);
}

/// A trusted list replaces the issue before it, never a later one; every issue is kept.
pub async fn a_trusted_list_gives_way_to_later_issues_only(store: Arc<dyn Store>) {
    let (first, second, german) = (list("FR", 41), list("FR", 42), list("DE", 7));
    for list in [&first, &second, &german] {
        store.put_trusted_list(list.clone()).await.unwrap();
    }
    assert_eq!(store.trusted_lists().await.unwrap(), [german.clone(), second.clone()]);
    let older = store.put_trusted_list(list("FR", 41)).await;
    assert!(matches!(older, Err(StoreError::Conflict)), "{older:?}");
    // The same issue may be imported again: with another signer pinned, say.
    store.put_trusted_list(second.clone()).await.unwrap();
    assert_eq!(store.trusted_lists().await.unwrap(), [german.clone(), second.clone()]);
    let history = store.trusted_list_history("FR").await.unwrap();
    assert_eq!(history, [first, second.clone(), second.clone()]);

    assert!(store.remove_trusted_list("FR", removal()).await.unwrap());
    assert!(!store.remove_trusted_list("FR", removal()).await.unwrap());
    assert_eq!(store.trusted_lists().await.unwrap(), [german]);
    let history = store.trusted_list_history("FR").await.unwrap();
    assert_eq!(history.len(), 4, "one removal was made, and one is told");
    assert_eq!(history[3], TrustedList { removed: Some(removal()), ..second });
}

/// Who removed a list cannot be made to take an issue older than any that was ever in force.
pub async fn a_removed_trusted_list_does_not_come_back_older(store: Arc<dyn Store>) {
    store.put_trusted_list(list("FR", 42)).await.unwrap();
    assert!(store.remove_trusted_list("FR", removal()).await.unwrap());
    let older = store.put_trusted_list(list("FR", 41)).await;
    assert!(matches!(older, Err(StoreError::Conflict)), "{older:?}");
    assert_eq!(store.trusted_lists().await.unwrap(), []);
    store.put_trusted_list(list("FR", 42)).await.unwrap();
    assert_eq!(store.trusted_lists().await.unwrap(), [list("FR", 42)]);
}

/// What was learned first about a revoked certificate stays, and is swept when the certificate has expired.
pub async fn a_revoked_certificate_is_remembered_until_it_expires(store: Arc<dyn Store>) {
    let (soon, late) = (revoked(1, 5), revoked(2, 6));
    assert_eq!(store.revoked_certificates().await.unwrap(), []);
    for one in [&late, &soon] {
        store.remember_revoked(one.clone()).await.unwrap();
    }
    let again =
        RevokedCertificate { reason: "superseded".to_owned(), learned_at: minutes(1), ..soon.clone() };
    store.remember_revoked(again).await.unwrap();
    assert_eq!(store.revoked_certificates().await.unwrap(), [soon.clone(), late.clone()]);
    for (at, kept) in [(4, vec![soon, late.clone()]), (5, vec![late]), (6, vec![])] {
        store.sweep(minutes(at)).await.unwrap();
        assert_eq!(store.revoked_certificates().await.unwrap(), kept, "after {at} minutes");
    }
}

fn revoked(number: u64, expires: i64) -> RevokedCertificate {
    RevokedCertificate {
        sha256: bytes(number),
        revoked_at: domain::now(),
        reason: "keyCompromise".to_owned(),
        learned_at: domain::now(),
        not_after: minutes(expires),
    }
}

fn minutes(minutes: i64) -> Timestamp {
    domain::now() + minutes.minutes()
}

fn listing(register: &str, number: u32, standing: Licence) -> Listing {
    Listing {
        register: register.to_owned(),
        organization_identifier: format!("PSDFR-ACPR-{number:05}"),
        name: format!("Exemple {number}"),
        standing,
        payment_initiation_in: BTreeSet::from(["FR".to_owned(), "DE".to_owned()]),
    }
}

fn register(register: &str, at: i64, listings: u64) -> RegisterImport {
    RegisterImport {
        register: register.to_owned(),
        file: "register.json".to_owned(),
        sha256: bytes(1),
        published_at: domain::now(),
        imported_at: minutes(at),
        listings,
    }
}

async fn import(store: &Arc<dyn Store>, name: &str, at: i64, listings: &[Listing]) -> ImportSummary {
    let count = u64::try_from(listings.len()).unwrap();
    store.import_register(register(name, at, count), listings.to_vec()).await.unwrap()
}

fn removal() -> Removal {
    Removal { at: minutes(9), by: Some("berta".to_owned()) }
}

fn list(territory: &str, sequence_number: u64) -> TrustedList {
    TrustedList {
        territory: territory.to_owned(),
        sequence_number,
        issued_at: domain::now(),
        next_update: Some(minutes(1)),
        file: "list.xml".to_owned(),
        sha256: bytes(sequence_number),
        signer_sha256: bytes(2),
        imported_at: domain::now(),
        authorities: vec![ListedAuthority {
            provider: "Trust & Sons".to_owned(),
            service: "Websites".to_owned(),
            granted_since: domain::now(),
            der: vec![0x30, 0x00, 0xff],
            for_websites: true,
            for_seals: false,
        }],
        removed: None,
    }
}
