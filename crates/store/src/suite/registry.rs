//! Registrations of TPPs: added, changed, removed; what goes with them and what stays.

use std::sync::Arc;

use jiff::ToSpan;
use payments::{
    code::{AuthorisationCode, CodeHash},
    ports::{SignedCall, Store, StoreError, TppWrite, Written},
    samples as domain,
    token::Token,
    tpp::{Registrar, ReportUrl, Suspension, Tpp, TppChange, TppEvent},
    values::TppId,
};
use tokio::task::JoinSet;

use super::samples::{bytes, id, put_tpp, token};

fn tpp_id(text: &str) -> TppId {
    TppId::parse(text).unwrap()
}

fn named(client_id: &str, name: &str) -> Tpp {
    Tpp { id: tpp_id(client_id), name: name.to_owned(), ..domain::tpp() }
}

fn put(before: Option<Tpp>, after: Tpp) -> TppWrite {
    TppWrite::put(before, after, Registrar::Operator, domain::now())
}

fn code(number: u64, tpp: &TppId) -> AuthorisationCode {
    AuthorisationCode {
        hash: CodeHash(bytes(number)),
        tpp: tpp.clone(),
        institution: domain::institution().code,
        payment: id(number),
        redirect_uri: ReportUrl::parse("https://tpp.example/cb").unwrap(),
        challenge: None,
        expires_at: domain::registration().expires_at,
    }
}

/// What happened to a registration is kept in order, beyond its removal, and apart from that of others.
pub async fn a_registration_has_a_history_that_survives_its_removal(store: Arc<dyn Store>) {
    let added = domain::tpp();
    let suspension = Suspension { since: domain::now(), reason: "reported by the PSU\n💣".to_owned() };
    let suspended = Tpp { suspension: Some(suspension.clone()), ..added.clone() };
    let event = |what, registration: &Tpp| TppEvent {
        tpp: added.id.clone(),
        at: domain::now(),
        actor: Registrar::Operator,
        what,
        registration: Some(Box::new(registration.clone())),
        by: None,
    };
    let mut suspend = put(Some(added.clone()), suspended.clone()).by(Some("berta".to_owned()));
    suspend.event.what = TppChange::Suspended(suspension.reason);
    put_tpp(&*store, named("PSDDE-BAFIN-99999", "Probe")).await;
    assert_eq!(store.tpp_history(&added.id).await.unwrap(), []);
    for write in [put(None, added.clone()), suspend.clone()] {
        assert_eq!(store.change_tpp(write).await.unwrap(), Written::Now);
    }
    assert_eq!(store.find_tpp(&added.id).await.unwrap().as_ref(), Some(&suspended));
    let remove = TppWrite::remove(suspended.clone(), Registrar::Operator, domain::now());
    assert_eq!(remove.event, event(TppChange::Removed, &suspended), "what was there before");
    store.change_tpp(remove.clone()).await.unwrap();
    assert_eq!(store.find_tpp(&added.id).await.unwrap(), None);
    store.change_tpp(put(None, added.clone())).await.unwrap();
    let registered = event(TppChange::Registered, &added);
    assert_eq!(
        store.tpp_history(&added.id).await.unwrap(),
        [registered.clone(), suspend.event, remove.event, registered]
    );
    assert_eq!(store.tpp_history(&tpp_id("PSDDE-BAFIN-99999")).await.unwrap().len(), 1);
}

/// Who read another registration than is stored changes nothing and leaves no trace.
pub async fn a_registration_that_changed_meanwhile_is_not_overwritten(store: Arc<dyn Store>) {
    let stored = domain::tpp();
    let other = Tpp { scope_pisp: false, ..stored.clone() };
    let remove = |tpp: &Tpp| TppWrite::remove(tpp.clone(), Registrar::Operator, domain::now());
    let missing = [put(Some(stored.clone()), other.clone()), remove(&stored)];
    for write in missing {
        assert!(matches!(store.change_tpp(write).await, Err(StoreError::Conflict)), "there is none yet");
    }
    store.change_tpp(put(None, stored.clone())).await.unwrap();
    let stale = [put(None, other.clone()), put(Some(other.clone()), other.clone()), remove(&other)];
    for write in stale {
        assert!(matches!(store.change_tpp(write).await, Err(StoreError::Conflict)));
    }
    assert_eq!(store.tpp_history(&stored.id).await.unwrap().len(), 1);
    assert_eq!(store.tpps().await.unwrap(), [stored]);
}

/// Of many who change what they all read, one does.
pub async fn of_concurrent_changes_of_a_registration_one_is_made(store: Arc<dyn Store>) {
    let stored = domain::tpp();
    put_tpp(&*store, stored.clone()).await;
    let mut changes = JoinSet::new();
    for number in 0..8 {
        let after = Tpp { name: format!("Exemple {number}"), ..stored.clone() };
        let (store, write) = (Arc::clone(&store), put(Some(stored.clone()), after));
        changes.spawn(async move { store.change_tpp(write).await });
    }
    let outcomes = changes.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(store.tpp_history(&stored.id).await.unwrap().len(), 2);
}

/// With a registration go its tokens and codes; those of others stay.
pub async fn a_removed_tpp_leaves_no_token_and_no_code(store: Arc<dyn Store>) {
    let (removed, other) = (domain::tpp(), named("PSDDE-BAFIN-99999", "Probe"));
    for tpp in [&removed, &other] {
        put_tpp(&*store, tpp.clone()).await;
    }
    fill(&store, &removed.id, &other.id).await;
    let write = TppWrite::remove(removed, Registrar::Tpp, domain::now());
    assert_eq!(store.change_tpp(write).await.unwrap(), Written::Now);
    assert_emptied(&store).await;
}

/// A token is taken back once; all of a client are, with its codes, and nobody else's.
pub async fn revoked_tokens_are_gone(store: Arc<dyn Store>) {
    let (tpp, other) = (domain::tpp().id, tpp_id("PSDDE-BAFIN-99999"));
    assert!(!store.revoke_token(&token(1).hash).await.unwrap());
    assert_eq!(store.revoke_tokens_of(&tpp).await.unwrap(), 0);
    fill(&store, &tpp, &other).await;
    store.insert_token(token(9)).await.unwrap();
    assert!(store.revoke_token(&token(9).hash).await.unwrap());
    assert!(!store.revoke_token(&token(9).hash).await.unwrap());
    assert_eq!(store.find_token(&token(9).hash).await.unwrap(), None);
    assert!(!store.tie_token(&token(9).hash, &id(1)).await.unwrap(), "nobody can use it any more");
    let end = token(1).expires_at;
    for (now, live) in [(domain::now(), 2), (end - 1.second(), 2), (end, 0)] {
        assert_eq!(store.live_tokens_of(&tpp, now).await.unwrap(), live, "at {now}");
    }
    assert_eq!(store.revoke_tokens_of(&tpp).await.unwrap(), 2);
    assert_emptied(&store).await;
    assert_eq!(store.revoke_tokens_of(&tpp).await.unwrap(), 0);
}

/// Tokens 1 and 2 and code 1 of one client; token 3 and code 2 of another.
async fn fill(store: &Arc<dyn Store>, one: &TppId, other: &TppId) {
    for (number, tpp) in [(1, one), (2, one), (3, other)] {
        store.insert_token(Token { tpp: tpp.clone(), ..token(number) }).await.unwrap();
    }
    for (number, tpp) in [(1, one), (2, other)] {
        store.insert_code(code(number, tpp)).await.unwrap();
    }
}

/// Only what is the other client's is left of [`fill`].
async fn assert_emptied(store: &Arc<dyn Store>) {
    for (number, kept) in [(1, false), (2, false), (3, true)] {
        assert_eq!(store.find_token(&token(number).hash).await.unwrap().is_some(), kept, "token {number}");
    }
    for (number, kept) in [(1, false), (2, true)] {
        let found = store.find_code(&CodeHash(bytes(number))).await.unwrap();
        assert_eq!(found.is_some(), kept, "code {number}");
    }
}

/// A name is found under whatever passes for it, and under the name of today only.
pub async fn tpps_are_found_by_name_whatever_its_case(store: Arc<dyn Store>) {
    let (first, second) = (named("A", "Société Été SA"), named("B", "SOCIÉTÉ ÉTÉ SA"));
    let renamed = named("A", "Société Hiver SA");
    for tpp in [&first, &second, &named("C", "Société")] {
        put_tpp(&*store, tpp.clone()).await;
    }
    for name in ["société été sa", "Societe-Ete S.A.", "Société Étė SA"] {
        let mut found = store.tpps_named(name).await.unwrap();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(found, [first.clone(), second.clone()], "{name}");
    }
    put_tpp(&*store, renamed.clone()).await;
    assert_eq!(store.tpps_named("Société Été SA").await.unwrap(), [second]);
    assert_eq!(store.tpps_named("société hiver SA").await.unwrap(), [renamed]);
    assert_eq!(store.tpps_named("Soci%").await.unwrap(), []);
}

/// A provider's applications and agents are found together, under the provider of today.
pub async fn tpps_are_found_by_provider(store: Arc<dyn Store>) {
    let of = |id: &str, organization: &str| Tpp {
        organization_identifier: organization.to_owned(),
        ..named(id, "Exemple")
    };
    let (app, agent) = (of("1", "PSDFR-ACPR-12345"), of("2", "PSDFR-ACPR-12345"));
    for tpp in [&agent, &app, &of("3", "PSDFR-ACPR-123456"), &of("4", "PSDFR-ACPR-54321")] {
        put_tpp(&*store, tpp.clone()).await;
    }
    assert_eq!(store.tpps_of("PSDFR-ACPR-12345").await.unwrap(), [app.clone(), agent.clone()]);
    put_tpp(&*store, of("2", "PSDFR-ACPR-54321")).await;
    assert_eq!(store.tpps_of("PSDFR-ACPR-12345").await.unwrap(), [app]);
    assert_eq!(store.tpps_of("PSDFR-ACPR-1234").await.unwrap(), []);
}

/// A signed call takes no name of another provider; a name kept is no name taken, and operators may.
pub async fn a_name_serves_one_provider(store: Arc<dyn Store>) {
    let of = |id: &str, organization: &str, name: &str| Tpp {
        organization_identifier: organization.to_owned(),
        ..named(id, name)
    };
    let (mine, theirs) = ("PSDFR-ACPR-12345", "PSDDE-BAFIN-99999");
    let first = of("1", mine, "Société Été");
    let mut calls = 0;
    let mut called = |write: TppWrite| {
        calls += 1;
        let organization = write.after.as_ref().unwrap().organization_identifier.clone();
        let request_id = calls.to_string();
        let call = SignedCall { organization_identifier: organization, request_id, sha256: bytes(calls) };
        TppWrite { call: Some(call), ..write }
    };
    let other = of("3", theirs, "Probe");
    let table = [
        (called(put(None, first.clone())), Written::Now),
        (called(put(None, of("2", mine, "SOCIÉTÉ ÉTÉ"))), Written::Now),
        (called(put(None, of("3", theirs, "société été"))), Written::NameTaken),
        (called(put(None, of("3", theirs, "Socıété-Été."))), Written::NameTaken),
        (called(put(None, other.clone())), Written::Now),
        (called(put(Some(other.clone()), of("3", theirs, "Société ÉTÉ"))), Written::NameTaken),
        (put(Some(other), of("3", theirs, "Société Été")), Written::Now),
        (called(put(Some(first), of("1", mine, "société Été"))), Written::Now),
    ];
    for (row, (write, expected)) in table.into_iter().enumerate() {
        assert_eq!(store.change_tpp(write).await.unwrap(), expected, "row {row}");
    }
    assert_eq!(store.tpps_of(theirs).await.unwrap().len(), 1);
}

/// Signed calls add no more registrations than a provider may have; changes and operators go on.
pub async fn a_provider_registers_so_many_clients_by_itself(store: Arc<dyn Store>) {
    let mut calls = 0;
    let mut called = |write: TppWrite| {
        calls += 1;
        let organization_identifier = write.after.as_ref().unwrap().organization_identifier.clone();
        let call =
            SignedCall { organization_identifier, request_id: calls.to_string(), sha256: bytes(calls) };
        TppWrite { call: Some(call), ..write }
    };
    for number in 1..=SignedCall::MAX_REGISTRATIONS {
        let written = store.change_tpp(called(put(None, named(&number.to_string(), "Exemple")))).await;
        assert_eq!(written.unwrap(), Written::Now, "{number}");
    }
    let (first, more) = (named("1", "Exemple"), named("A", "Exemple"));
    let other = Tpp { organization_identifier: "PSDDE-BAFIN-99999".to_owned(), ..named("B", "Probe") };
    let table = [
        (called(put(None, more.clone())), Written::TooMany),
        (called(put(Some(first.clone()), named("1", "Exemple II"))), Written::Now),
        (called(put(None, other)), Written::Now),
        (put(None, more), Written::Now),
        (called(put(None, named("C", "Exemple"))), Written::TooMany),
    ];
    for (row, (write, expected)) in table.into_iter().enumerate() {
        assert_eq!(store.change_tpp(write).await.unwrap(), expected, "row {row}");
    }
}

/// The same signed call changes a registration once; its request id serves no other call for 24 hours.
pub async fn a_signed_call_changes_a_registration_once(store: Arc<dyn Store>) {
    let tpp = domain::tpp();
    let call = |organization: &str, request: &str, body: u64| {
        Some(SignedCall {
            organization_identifier: organization.to_owned(),
            request_id: request.to_owned(),
            sha256: bytes(body),
        })
    };
    let own = tpp.organization_identifier.as_str();
    let other = named("PSDDE-BAFIN-99999", "Probe");
    let renamed = Tpp { name: "Exemple II".to_owned(), ..tpp.clone() };
    let table = [
        (put(None, tpp.clone()), call(own, "1", 1), Written::Now),
        (put(None, tpp.clone()), call(own, "1", 1), Written::Before(tpp.id.clone())),
        (put(Some(tpp.clone()), renamed.clone()), call(own, "1", 2), Written::RequestIdReused),
        (put(None, other.clone()), call("PSDDE-BAFIN-99999", "1", 2), Written::Now),
        (put(Some(tpp.clone()), renamed.clone()), call(own, "2", 2), Written::Now),
        (put(Some(tpp.clone()), renamed.clone()), call(own, "2", 2), Written::Before(tpp.id.clone())),
    ];
    for (row, (write, call, expected)) in table.into_iter().enumerate() {
        let written = store.change_tpp(TppWrite { call, ..write }).await.unwrap();
        assert_eq!(written, expected, "row {row}");
    }
    let refused = TppWrite { call: call(own, "3", 3), ..put(None, tpp.clone()) };
    assert!(matches!(store.change_tpp(refused).await, Err(StoreError::Conflict)));
    let free = TppWrite { call: call(own, "3", 4), ..put(Some(renamed.clone()), tpp.clone()) };
    assert_eq!(store.change_tpp(free).await.unwrap(), Written::Now, "a refused call uses no request id up");
    assert_eq!(store.tpp_history(&tpp.id).await.unwrap().len(), 3);

    let again = || TppWrite { call: call(own, "1", 5), ..put(Some(tpp.clone()), renamed.clone()) };
    store.sweep(domain::now() + 86_399.seconds()).await.unwrap();
    assert_eq!(store.change_tpp(again()).await.unwrap(), Written::RequestIdReused);
    store.sweep(domain::now() + 24.hours()).await.unwrap();
    assert_eq!(store.change_tpp(again()).await.unwrap(), Written::Now);
}
