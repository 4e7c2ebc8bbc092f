//! Certificates come and go; the registration stays.

use eidas::{Kind, revocation::Locations};
use http::Method;
use jiff::SignedDuration;
use payments::institution::RevocationPolicy;
use sandbox::{
    pki::{CertifiedKey, PkiOptions, Validity},
    revocation_service::{CRL_PATH, OCSP_PATH, Wish},
};
use serde_json::{Value, json};
use server::app::Clock as _;

use super::{NEWCOMER, Provider, certificate, check_refused, client_id, jwk};
use crate::harness::{AUTHORITY, Guichet, HOST, Weather};

/// A seal certificate that is good for so many days.
fn seal(guichet: &Guichet, days: i64) -> CertifiedKey {
    let now = guichet.clock.now();
    certificate(guichet, Kind::Qseal, NEWCOMER, |profile| profile.validity = Validity::days_from(now, days))
}

/// The body of a provider with these seals.
fn with_seals(provider: &Provider<'_>, seals: &[&CertifiedKey]) -> Value {
    let keys: Vec<Value> = seals
        .iter()
        .enumerate()
        .map(|(number, seal)| {
            let mut key = jwk(seal);
            key["kid"] = json!(format!("sleutel-{number}"));
            key
        })
        .collect();
    let mut body = provider.body();
    body["jwks"]["keys"] = json!(keys);
    body
}

#[tokio::test]
async fn a_seal_is_renewed_with_overlap_and_without_registering_anew() {
    let guichet = Guichet::start().await;
    let (old, new) = (seal(&guichet, 30), seal(&guichet, 90));
    let before = Provider::with_seal(&guichet, NEWCOMER, old.clone());
    let after = before.signing_with(&new);
    let id = before.register(&before.body()).await;

    // A new certificate brings itself in only when no registered one is good.
    let both = with_seals(&before, &[&old, &new]);
    after.put(&id, &both).await.refused(401, "BE05");
    assert_eq!(before.put(&id, &both).await.status, 200);
    let stored = guichet.registration(&id).await.unwrap().seal_certificates;
    assert_eq!(
        stored.iter().map(|seal| seal.der.as_slice()).collect::<Vec<_>>(),
        [&**old.der(), &**new.der()]
    );
    for provider in [&before, &after] {
        let path = provider.client(&id).pay().await;
        let client = provider.client(&id);
        let status = client.get(&client.token().await, &path);
        assert_eq!(client.sign_and_send(status).await.status, 200);
        assert_eq!(provider.get(&id).await.status, 200);
    }

    // Once the old one is over, the new one signs alone.
    guichet.clock.advance(SignedDuration::from_hours(31 * 24));
    before.get(&id).await.refused(401, "BE05");
    let refused = check_refused(&after.put(&id, &both).await, "invalid_client_metadata");
    assert!(refused.starts_with("jwks.keys[0].x5c "), "{refused}");
    assert_eq!(after.put(&id, &with_seals(&before, &[&new])).await.status, 200);
    assert_eq!(guichet.registration(&id).await.unwrap().seal_certificates.len(), 1);
    after.client(&id).pay().await;
}

#[tokio::test]
async fn a_provider_whose_seals_are_all_over_signs_with_the_one_it_brings() {
    let guichet = Guichet::start().await;
    let (old, new) = (seal(&guichet, 30), seal(&guichet, 90));
    let before = Provider::with_seal(&guichet, NEWCOMER, old.clone());
    let after = before.signing_with(&new);
    let id = before.register(&before.body()).await;
    guichet.clock.advance(SignedDuration::from_hours(31 * 24));
    let stored = guichet.registrations().await;

    // Nothing that has no body can bring one.
    for answer in [before.get(&id).await, after.get(&id).await, after.delete(&id).await] {
        answer.refused(401, "BE05");
    }
    // The one that is over brings nobody in, neither does another provider's or a key without certificate.
    before.put(&id, &with_seals(&before, &[&old])).await.refused(401, "BE05");
    before.put(&id, &with_seals(&before, &[&new])).await.refused(401, "BE05");
    after.put(&id, &with_seals(&before, &[&old, &new])).await.refused(401, "BE05");
    let foreign = certificate(&guichet, Kind::Qseal, "PSDNL-DNB-2", |_| {});
    let stranger = before.signing_with(&foreign);
    stranger.put(&id, &with_seals(&before, &[&foreign])).await.refused(401, "BE05");
    assert_eq!(guichet.registrations().await, stored);

    assert_eq!(after.put(&id, &with_seals(&before, &[&new])).await.status, 200);
    after.client(&id).pay().await;
    assert_eq!(guichet.registration(&id).await.unwrap().created_at, stored.last().unwrap().created_at);
}

#[tokio::test]
async fn a_revoked_seal_signs_nothing_and_its_successor_takes_over_at_once() {
    let options = PkiOptions { revocation_at: Some(AUTHORITY.parse().unwrap()), ..PkiOptions::default() };
    let guichet = Guichet::start_with(options, |_| {}).await;
    let at = |path| vec![format!("http://{AUTHORITY}{path}")];
    let seal = || {
        certificate(&guichet, Kind::Qseal, NEWCOMER, |profile| {
            profile.locations = Locations { crl: at(CRL_PATH), ocsp: at(OCSP_PATH) };
        })
    };
    let (stolen, new) = (seal(), seal());
    let before = Provider::with_seal(&guichet, NEWCOMER, stolen.clone());
    let after = before.signing_with(&new);
    let id = before.register(&before.body()).await;
    let only_new = with_seals(&before, &[&new]);
    after.put(&id, &only_new).await.refused(401, "BE05");

    let serial = Some(stolen.certificate().unwrap().serial().to_owned());
    let wish = Wish { client_id: None, serial, reason: Some("keyCompromise".to_owned()) };
    guichet.network.authority().revoke(&wish, guichet.clock.now()).unwrap();
    guichet.app.revocation.examine_all().await;
    // Whoever has the key cannot bring it in again, nor any other one.
    before.get(&id).await.refused(401, "BE05");
    before.put(&id, &before.body()).await.refused(401, "BE05");
    before.put(&id, &only_new).await.refused(401, "BE05");
    before.post(&before.body()).await.refused(401, "BE05");
    assert_eq!(after.put(&id, &only_new).await.status, 200);
    after.client(&id).pay().await;
    before.get(&id).await.refused(401, "BE05");
}

#[tokio::test]
async fn an_outage_of_the_authority_lets_no_other_key_in() {
    let options = PkiOptions { revocation_at: Some(AUTHORITY.parse().unwrap()), ..PkiOptions::default() };
    let policy = RevocationPolicy::SoftFailHours(24);
    let guichet = Guichet::start_with(options, |institution| institution.settings.revocation = policy).await;
    let at = |path| vec![format!("http://{AUTHORITY}{path}")];
    let provider = |oid: &'static str| {
        let [qwac, qseal] = [Kind::Qwac, Kind::Qseal].map(|kind| {
            certificate(&guichet, kind, oid, |profile| {
                profile.locations = Locations { crl: at(CRL_PATH), ocsp: at(OCSP_PATH) };
            })
        });
        let pisp = guichet.caller(Some(&qwac), &qseal, oid);
        Provider { guichet: &guichet, oid, qwac, qseal, pisp }
    };
    let (owner, other, newcomer) = (provider(NEWCOMER), provider(NEWCOMER), provider("PSDNL-DNB-2"));
    let id = owner.register(&owner.body()).await;
    guichet.network.turn(Weather::Dark);
    guichet.clock.advance(SignedDuration::from_hours(40 * 24));

    // Nobody can say whether the registered seal is revoked; others are let through for a day.
    let stored = guichet.registrations().await;
    let body = with_seals(&other, &[&other.qseal]);
    other.put(&id, &body).await.refused(401, "BE05");
    other.post(&body).await.refused(401, "BE05");
    assert_eq!(guichet.registrations().await, stored);
    newcomer.register(&newcomer.body()).await;

    guichet.network.turn(Weather::Fair);
    guichet.app.revocation.examine_all().await;
    other.put(&id, &body).await.refused(401, "BE05");
    assert_eq!(owner.get(&id).await.status, 200);
}

#[tokio::test]
async fn of_many_seals_those_of_the_named_client_are_tried_first_and_a_fingerprint_finds_any() {
    let guichet = Guichet::start().await;
    let seals: Vec<CertifiedKey> = (0..10).map(|_| seal(&guichet, 30)).collect();
    let oldest = Provider::with_seal(&guichet, NEWCOMER, seals[0].clone());
    let id = oldest.register(&oldest.body()).await;
    let token = oldest.token().await;
    let fingerprint = seals[0].certificate().unwrap().sha256_hex();
    let named = format!("https://tpp.example/seal_{fingerprint}");
    for seal in &seals[1..] {
        guichet.clock.advance(SignedDuration::from_secs(1));
        let body = with_seals(&oldest, &[seal]);
        let call = oldest.call(Method::POST, "", &token, Some(&body)).with_key_id(&named);
        client_id(&oldest.pisp.sign_and_send(call).await);
    }
    let anything = "https://tpp.example/seal.pem";
    let (get, post) =
        ((Method::GET, format!("/{id}"), None), (Method::POST, String::new(), Some(oldest.body())));
    for (key_id, (method, path, body), status) in [
        (anything, &get, 200),
        (NEWCOMER, &get, 200),
        (&named, &get, 200),
        (anything, &post, 401),
        (NEWCOMER, &post, 401),
        (&id, &post, 200),
        (&named, &post, 200),
    ] {
        let call = oldest.call(method.clone(), path, &token, body.as_ref()).with_key_id(key_id);
        let answer = oldest.pisp.sign_and_send(call).await;
        assert_eq!(answer.status, status, "{method} {key_id}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_name_of_a_key_stays_when_it_is_not_repeated() {
    let guichet = Guichet::start().await;
    let provider = Provider::new(&guichet, NEWCOMER);
    let id = provider.register(&provider.body()).await;
    // What was answered is sent back.
    let body = provider.get(&id).await.json();
    assert_eq!(body["jwks"]["keys"][0]["kid"], Value::Null);
    assert_eq!(provider.put(&id, &body).await.status, 200);
    let stored = guichet.registration(&id).await.unwrap();
    assert_eq!(stored.seal_certificates[0].kid.as_deref(), Some("sleutel-1"));
}

#[tokio::test]
async fn a_new_website_certificate_needs_a_new_token_and_nothing_else() {
    let guichet = Guichet::start().await;
    let provider = Provider::new(&guichet, NEWCOMER);
    let id = provider.register(&provider.body()).await;
    let (temporary, token) = (provider.token().await, provider.client(&id).token().await);

    let qwac = certificate(&guichet, Kind::Qwac, NEWCOMER, |_| {});
    let pisp = guichet.caller(Some(&qwac), &provider.qseal, NEWCOMER);
    let renewed = Provider { qwac, pisp, qseal: provider.qseal.clone(), ..provider };
    let call = renewed.call(Method::GET, &format!("/{id}"), &temporary, None);
    renewed.pisp.sign_and_send(call).await.refused(401, "BE05");
    let client = renewed.client(&id);
    let call = client.post(&token, &guichet.body());
    client.sign_and_send(call).await.refused(401, "BE05");
    assert_eq!(renewed.get(&id).await.status, 200);
    client.pay().await;
}

#[tokio::test]
async fn a_second_application_is_signed_with_a_registered_seal() {
    let guichet = Guichet::start().await;
    let (first, second) = (seal(&guichet, 30), seal(&guichet, 90));
    let provider = Provider::with_seal(&guichet, NEWCOMER, first);
    let unknown = provider.signing_with(&second);
    let id = provider.register(&provider.body()).await;
    let body = with_seals(&provider, &[&second]);
    unknown.post(&body).await.refused(401, "BE05");
    let other = client_id(&provider.post(&body).await);
    assert_ne!(id, other);
    // Each client signs its payments with its own; for registrations they are one provider.
    unknown.client(&other).pay().await;
    let call = unknown.client(&id);
    let token = call.token().await;
    let call = call.post(&token, &guichet.body());
    unknown.pisp.sign_and_send(call.with_key_id(&id)).await.refused(401, "BE05");
    assert_eq!(unknown.get(&id).await.status, 200);
    let client = unknown.client(&other);
    assert_eq!(client.ask_token(HOST, &client.token_form()).await.status, 200);
}
