//! Whose a registration is, who may touch it, and when a call counts twice.

use http::Method;
use jiff::SignedDuration;
use payments::{
    licence::{Licence, Listing, RegisterImport},
    ports::{TppStore as _, TrustStore as _},
    tpp::{Suspension, TppChange},
};
use sandbox::pki::PkiOptions;
use serde_json::{Value, json};
use server::app::Clock as _;

use super::{GENERIC, NEWCOMER, Provider, REGISTER, check_refused, client_id};
use crate::harness::{Answer, Guichet, HOST, PISP, join_all};

#[tokio::test]
async fn a_registration_is_read_changed_and_removed_by_its_provider_only() {
    let guichet = Guichet::start().await;
    let (owner, other) = (Provider::new(&guichet, NEWCOMER), Provider::new(&guichet, "PSDNL-DNB-2"));
    let id = owner.register(&owner.body()).await;
    let others = other.register(&other.body()).await;
    let stored = guichet.registrations().await;
    for target in [&id, &PISP.to_owned()] {
        for answer in
            [other.get(target).await, other.put(target, &other.body()).await, other.delete(target).await]
        {
            answer.refused(403, "BE05");
        }
    }
    let long = "x".repeat(71);
    for unknown in ["1PSDNL-DNB-2-0-AAAA", "%FF", "%00", "a%2Fb", &long, GENERIC] {
        for method in [Method::GET, Method::DELETE] {
            other.send(method, &format!("/{unknown}"), None).await.refused(404, "FF01");
        }
    }
    assert_eq!(guichet.registrations().await, stored);
    assert_eq!(other.get(&others).await.status, 200);
}

#[tokio::test]
async fn a_change_replaces_what_was_registered_and_takes_effect_at_once() {
    let guichet = Guichet::start().await;
    let owner = Provider::new(&guichet, NEWCOMER);
    let id = owner.register(&owner.body()).await;
    let client = owner.client(&id);
    client.pay().await;
    let mut body = owner.body();
    body["redirect_uris"] = json!(["https://anders.example"]);
    body["client_name"] = json!("Ander Voorbeeld");
    body["software_id"] = Value::Null;
    let answer = owner.put(&id, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.text(), owner.get(&id).await.text());
    let mut payment = guichet.body();
    payment["paymentInformationId"] = json!("PI-0002");
    let call = client.post(&client.token().await, &payment);
    client.sign_and_send(call).await.refused(400, "FF01");
    let stored = guichet.registration(&id).await.unwrap();
    assert_eq!((stored.name.as_str(), stored.details.software_id), ("Ander Voorbeeld", None));
    let history = guichet.store.tpp_history(&stored.id).await.unwrap();
    assert_eq!(history.last().unwrap().what, TppChange::Changed);
}

#[tokio::test]
async fn a_removed_client_is_nobody_at_once() {
    let guichet = Guichet::start().await;
    let owner = Provider::new(&guichet, NEWCOMER);
    let id = owner.register(&owner.body()).await;
    let client = owner.client(&id);
    let token = client.token().await;
    let answer = owner.delete(&id).await;
    assert_eq!((answer.status, answer.text().as_str()), (204, ""));
    let call = client.post(&token, &guichet.body());
    client.sign_and_send(call).await.refused(401, "BE05");
    let answer = client.ask_token(HOST, &client.token_form()).await;
    assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")));
    owner.get(&id).await.refused(404, "FF01");
    owner.delete(&id).await.refused(404, "FF01");
    assert_eq!(guichet.count().await, 0);
    // It may come back, as a client like any other.
    assert_ne!(owner.register(&owner.body()).await, id);
}

#[tokio::test]
async fn a_repeated_call_registers_once() {
    let guichet = Guichet::start().await;
    let owner = Provider::new(&guichet, NEWCOMER);
    let send = async |id: &str, body: &Value| -> Answer {
        let call = owner.call(Method::POST, "", &owner.token().await, Some(body)).with("x-request-id", id);
        owner.pisp.sign_and_send(call).await
    };
    let body = owner.body();
    let first = send("same", &body).await;
    let again = send("same", &body).await;
    assert_eq!((again.status, again.text()), (200, first.text()));
    guichet.clock.advance(SignedDuration::from_hours(23));
    assert_eq!(send("same", &body).await.text(), first.text());
    let mut other = body.clone();
    other["client_name"] = json!("Iets anders");
    let refused = check_refused(&send("same", &other).await, "invalid_client_metadata");
    assert!(refused.contains("X-Request-ID"), "{refused}");
    let id = client_id(&first);
    let call = owner.call(Method::DELETE, &format!("/{id}"), &owner.token().await, None);
    let answer = owner.pisp.sign_and_send(call.with("x-request-id", "same")).await;
    check_refused(&answer, "invalid_client_metadata");
    assert!(guichet.registration(&id).await.is_some());
    assert_ne!(client_id(&send("another", &body).await), id);
    // The id is the caller's own: another provider's call with the same one is another call.
    let stranger = Provider::new(&guichet, "PSDNL-DNB-2");
    let call = stranger.call(Method::POST, "", &stranger.token().await, Some(&stranger.body()));
    let answer = stranger.pisp.sign_and_send(call.with("x-request-id", "same")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn of_many_equal_calls_at_once_one_registers() {
    let guichet = Guichet::start().await;
    let owner = Provider::new(&guichet, NEWCOMER);
    let (token, body) = (owner.token().await, owner.body());
    let call = owner.call(Method::POST, "", &token, Some(&body));
    let answers = join_all((0..8).map(|_| owner.pisp.sign_and_send(call.clone()))).await;
    let ids: Vec<String> = answers.iter().map(client_id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(guichet.store.tpps_of(NEWCOMER).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_that_psus_know_is_one_providers() {
    let guichet = Guichet::start().await;
    let (first, second) = (Provider::new(&guichet, NEWCOMER), Provider::new(&guichet, "PSDNL-DNB-2"));
    let named = |provider: &Provider<'_>, name: &str| {
        let mut body = provider.body();
        body["client_name"] = json!(name);
        body
    };
    first.register(&named(&first, "Société  Été")).await;
    let stored = guichet.registrations().await;
    for name in
        ["Société Été", "SOCIÉTÉ ÉTÉ", " société\u{a0}été ", "Essai Paiement", "Soci\u{e9}te\u{301} Été"]
            .into_iter()
            .chain(["Essai Paıement", "Essai Paiement.", "Essai-Paiement", "Essai Paíement", "EssaiPalement"])
    {
        let refused = check_refused(&second.post(&named(&second, name)).await, "invalid_client_metadata");
        assert!(refused.starts_with("client_name "), "{name}: {refused}");
    }
    assert_eq!(guichet.registrations().await, stored);
    let id = second.register(&named(&second, "Hiver")).await;
    check_refused(&second.put(&id, &named(&second, "société été")).await, "invalid_client_metadata");
    assert_eq!(second.put(&id, &named(&second, "HIVER")).await.status, 200);
    // One provider may have many applications of one name.
    first.register(&named(&first, "Société Été")).await;
}

#[tokio::test]
async fn a_provider_has_twenty_registrations_and_no_more() {
    let guichet = Guichet::start().await;
    let owner = Provider::new(&guichet, NEWCOMER);
    let (token, body) = (owner.token().await, owner.body());
    let call = |number: usize| {
        let call = owner.call(Method::POST, "", &token, Some(&body));
        owner.pisp.sign_and_send(call.with("x-request-id", &number.to_string()))
    };
    // All at once: nobody slips through between the count and the commit.
    let answers = join_all((0..24).map(call)).await;
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.iter().enumerate().partition(|(_, answer)| answer.status == 200);
    assert_eq!((made.len(), guichet.store.tpps_of(NEWCOMER).await.unwrap().len()), (20, 20));
    assert!(refused.iter().all(|(_, answer)| answer.refused(403, "BE05").contains("20 registrations")));
    // What was answered is answered again, and what is there can be changed.
    for (number, answer) in &made {
        assert_eq!(call(*number).await.text(), answer.text());
    }
    let id = client_id(made[0].1);
    assert_eq!(owner.put(&id, &body).await.status, 200);
    owner.delete(&id).await;
    assert_eq!(owner.post(&body).await.status, 200);
    owner.post(&body).await.refused(403, "BE05");
    let other = Provider::new(&guichet, "PSDNL-DNB-2");
    other.register(&other.body()).await;
}

#[tokio::test]
async fn whom_the_bank_keeps_out_finds_no_second_way_in() {
    let guichet = Guichet::start().await;
    let owner = Provider::new(&guichet, NEWCOMER);
    let (id, spare) = (owner.register(&owner.body()).await, owner.register(&owner.body()).await);
    let suspension = Suspension { since: guichet.clock.now(), reason: "fraud reported".to_owned() };
    guichet.change_tpp(&id, |tpp| tpp.suspension = Some(suspension.clone())).await;
    let stored = guichet.registrations().await;
    for answer in [
        owner.get(&id).await,
        owner.put(&id, &owner.body()).await,
        owner.delete(&id).await,
        owner.post(&owner.body()).await,
    ] {
        let message = answer.refused(403, "BE05");
        assert!(!message.contains("fraud"), "the reason is the bank's: {message}");
    }
    assert_eq!(guichet.registrations().await, stored);
    assert_eq!(owner.put(&spare, &owner.body()).await.status, 200);
    // What the bank decided outlives a change.
    guichet.change_tpp(&id, |tpp| tpp.suspension = None).await;
    let policy = Some(payments::institution::SignaturePolicy::Strict);
    guichet.change_tpp(&id, |tpp| tpp.signature_policy = policy).await;
    assert_eq!(owner.put(&id, &owner.body()).await.status, 200);
    assert_eq!(guichet.registration(&id).await.unwrap().signature_policy, policy);
}

#[tokio::test]
async fn a_licence_that_the_bank_suspended_is_not_restored_by_registering_again() {
    let guichet = Guichet::start().await;
    // The test TPP whose licence is suspended, with a certificate that is in order.
    let keys = guichet.pki.tpp("PSDDE-BAFIN-99999").unwrap();
    let suspended = Provider::with_seal(&guichet, "PSDDE-BAFIN-99999", keys.qseal.clone());
    let stored = guichet.registrations().await;
    suspended.post(&suspended.body()).await.refused(403, "BE05");
    assert_eq!(guichet.registrations().await, stored);
}

#[tokio::test]
async fn a_provider_that_a_register_calls_withdrawn_registers_nothing() {
    let guichet = Guichet::start().await;
    let owner = Provider::new(&guichet, NEWCOMER);
    let id = owner.register(&owner.body()).await;
    let token = owner.token().await;
    let stored = guichet.registrations().await;
    let listing = Listing {
        register: "DNB".to_owned(),
        organization_identifier: NEWCOMER.to_owned(),
        name: "Voorbeeld".to_owned(),
        standing: Licence::Withdrawn,
        payment_initiation_in: ["FR".to_owned()].into(),
    };
    let import = RegisterImport {
        register: "DNB".to_owned(),
        file: "dnb.csv".to_owned(),
        sha256: [0; 32],
        published_at: guichet.clock.now(),
        imported_at: guichet.clock.now(),
        listings: 1,
    };
    guichet.store.import_register(import, vec![listing]).await.unwrap();
    let answer = owner.ask_token("manageRegistration").await;
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("unauthorized_client")));
    for (method, path, body) in [
        (Method::POST, String::new(), Some(owner.body())),
        (Method::GET, format!("/{id}"), None),
        (Method::DELETE, format!("/{id}"), None),
    ] {
        let call = owner.call(method, &path, &token, body.as_ref());
        owner.pisp.sign_and_send(call).await.refused(403, "BE05");
    }
    assert_eq!(guichet.registrations().await, stored);
}

#[tokio::test]
async fn what_the_configuration_registers_is_read_but_not_changed() {
    let guichet = Guichet::start().await;
    let keys = guichet.pki.tpp(PISP).unwrap();
    let known = Provider::with_seal(&guichet, PISP, keys.qseal.clone());
    let stored = guichet.registrations().await;
    let answer = known.get(PISP).await;
    assert_eq!((answer.status, &answer.json()["scope"]), (200, &json!("pisp")), "{}", answer.text());
    known.put(PISP, &known.body()).await.refused(403, "BE05");
    known.delete(PISP).await.refused(403, "BE05");
    assert_eq!(guichet.registrations().await, stored);
    let id = known.register(&known.body()).await;
    known.client(&id).pay().await;
    assert_eq!(known.delete(&id).await.status, 204);
}

#[tokio::test]
async fn a_bank_that_switched_registration_off_has_none() {
    let guichet = Guichet::start_with(PkiOptions::default(), |institution| {
        if institution.code.as_str() == "17515" {
            institution.settings.registration_client_id = String::new();
        }
    })
    .await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let answer = newcomer.ask_token("manageRegistration").await;
    assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")));
    let call = newcomer.call(Method::POST, "", "token", Some(&newcomer.body()));
    newcomer.pisp.sign_and_send(call).await.refused(404, "FF01");
}

#[tokio::test]
async fn other_methods_are_told_which_there_are() {
    let guichet = Guichet::start().await;
    let newcomer = Provider::new(&guichet, NEWCOMER);
    let one = format!("{REGISTER}/x");
    for (method, path, allowed) in [
        (Method::GET, REGISTER, vec!["POST"]),
        (Method::PUT, REGISTER, vec!["POST"]),
        (Method::DELETE, REGISTER, vec!["POST"]),
        (Method::POST, &one, vec!["GET", "PUT", "DELETE"]),
        (Method::PATCH, &one, vec!["GET", "PUT", "DELETE"]),
    ] {
        let call = newcomer.pisp.call(method, path, "token");
        let answer = newcomer.pisp.sign_and_send(call).await;
        answer.refused(405, "NIMP");
        let allow = answer.header("allow");
        assert!(allowed.iter().all(|method| allow.contains(method)), "{allow}");
    }
}
