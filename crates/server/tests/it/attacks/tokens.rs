//! Tokens that were stolen, guessed, lent or kept.

use eidas::Kind;
use http::Method;
use jiff::SignedDuration;
use payments::{
    ports::{TokenStore as _, TppStore as _, TppWrite},
    token::{CertificateThumbprint, Scope, Token, TokenHash},
    tpp::Registrar,
    values::{InstitutionCode, PaymentId, TppId},
};
use sandbox::pki::CertifiedKey;
use serde_json::json;
use server::app::Clock as _;
use sha2::{Digest as _, Sha256};

use super::{
    THIEF, check, check_alive, check_answer, forge, license_thief, pay,
    stored::{Stored, at_rest},
};
use crate::harness::{Guichet, OTHER_HOST, PAYMENTS, PISP, Pisp};

/// A token as another endpoint gives it.
fn token(guichet: &Guichet, secret: &str, scope: Scope, tied_to: Option<PaymentId>) -> Token {
    let qwac: &CertifiedKey = &guichet.pki.tpp(PISP).unwrap().qwac;
    Token {
        hash: TokenHash(Sha256::digest(secret.as_bytes()).into()),
        tpp: TppId::parse(PISP).unwrap(),
        institution: InstitutionCode::parse("17515").unwrap(),
        scope,
        certificate: CertificateThumbprint(Sha256::digest(qwac.der()).into()),
        issued_at: guichet.clock.now(),
        expires_at: guichet.clock.now() + SignedDuration::from_hours(1),
        tied_to,
    }
}

fn id_of(path: &str) -> PaymentId {
    PaymentId::parse(path.rsplit('/').next().unwrap()).unwrap()
}

#[tokio::test]
async fn a_stolen_token_is_worth_nothing_to_whoever_stole_it() {
    let guichet = Guichet::start().await;
    license_thief(&guichet).await;
    let owner = guichet.pisp(PISP);
    let path = pay(&guichet, &owner).await;
    let stolen = owner.token().await;
    let body = guichet.body();
    // A licensed competitor; somebody the same authority certified in the owner's name; nobody at all.
    let twin = forge::qtsp_issued(&guichet, Kind::Qwac, PISP, |_| {});
    let twin_seal = forge::qtsp_issued(&guichet, Kind::Qseal, PISP, |_| {});
    let owners_seal = &guichet.pki.tpp(PISP).unwrap().qseal;
    let thieves = [
        ("a competitor", guichet.pisp(THIEF), "another certificate"),
        ("a twin", guichet.caller(Some(&twin), &twin_seal, PISP), "another certificate"),
        (
            "a twin with the owner's seal",
            guichet.caller(Some(&twin), owners_seal, PISP),
            "another certificate",
        ),
        ("somebody without certificate", guichet.caller(None, owners_seal, PISP), "no client certificate"),
    ];
    for (who, thief, rule) in &thieves {
        let table = vec![
            (*who, thief.post(&stolen, &body).sign(&thief.seal), 401, "BE05", *rule),
            (*who, thief.get(&stolen, &path).sign(&thief.seal), 401, "BE05", *rule),
        ];
        check(&guichet, thief, table).await;
    }
    check_alive(&guichet, &owner).await;
}

#[tokio::test]
async fn a_token_that_was_given_for_something_else_does_nothing() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let (first, second) = (pay(&guichet, &pisp).await, pay(&guichet, &pisp).await);
    let tied = pisp.token().await;
    assert_eq!(pisp.sign_and_send(pisp.get(&tied, &first)).await.status, 200);
    let elsewhere = pisp.token_at(OTHER_HOST).await;
    let given = [
        ("for registration", Scope::Registration, None),
        ("for one confirmation", Scope::Confirmation, Some(id_of(&first))),
        ("for a confirmation of nothing", Scope::Confirmation, None),
    ];
    for (secret, scope, tied_to) in given {
        guichet.store.insert_token(token(&guichet, secret, scope, tied_to)).await.unwrap();
    }
    let body = guichet.body();
    let post = |token: &str| pisp.post(token, &body).sign(&pisp.seal);
    let get = |token: &str, path: &str| pisp.get(token, path).sign(&pisp.seal);
    let other = "another institution";
    let spent = "already serves another payment request";
    let table = vec![
        ("of another institution", post(&elsewhere), 403, "BE05", other),
        ("of another institution", get(&elsewhere, &first), 403, "BE05", other),
        ("at another institution", post(&tied).at_host(OTHER_HOST), 403, "BE05", other),
        ("of another transaction", post(&tied), 401, "BE05", spent),
        ("of another transaction", get(&tied, &second), 401, "BE05", spent),
        ("of the register", post("for registration"), 403, "BADS", "scope pisp"),
        ("of the register", get("for registration", &first), 403, "BADS", "scope pisp"),
        ("of a confirmation", post("for one confirmation"), 403, "BADS", "confirm"),
        ("of a confirmation", get("for one confirmation", &second), 401, "BE05", spent),
        ("of no confirmation", post("for a confirmation of nothing"), 403, "BADS", "confirm"),
    ];
    check(&guichet, &pisp, table).await;
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn what_only_looks_like_a_token_is_none() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let hash = TokenHash(Sha256::digest(token.as_bytes()).into());
    let hash = hash.0.map(|byte| format!("{byte:02x}")).concat();
    let body = guichet.body();
    let with = |value: &str| pisp.post(&token, &body).with("authorization", value).sign(&pisp.seal);
    let without = || pisp.post(&token, &body).without("authorization");
    let at = |target: String| {
        let mut call = without();
        call.target = target;
        call
    };
    let flipped = token.chars().rev().collect::<String>();
    let (unknown, form) = ("this token is not known", "must be: Bearer <token>");
    let table = vec![
        ("nothing", without().sign(&pisp.seal), 401, "BE05", "there is no access token"),
        ("an empty one", with("Bearer "), 401, "BE05", ""),
        ("its hash", with(&format!("Bearer {hash}")), 401, "BE05", unknown),
        ("a pattern", with("Bearer %"), 401, "BE05", unknown),
        ("a quotation mark", with("Bearer ' OR 1=1 --"), 401, "BE05", unknown),
        ("in capitals", with(&format!("Bearer {}", token.to_uppercase())), 401, "BE05", unknown),
        ("reversed", with(&format!("Bearer {flipped}")), 401, "BE05", unknown),
        ("cut short", with(&format!("Bearer {}", &token[..42])), 401, "BE05", unknown),
        ("padded", with(&format!("Bearer {token}=")), 401, "BE05", unknown),
        ("two in one", with(&format!("Bearer {token}, Bearer {token}")), 401, "BE05", unknown),
        ("two in one", with(&format!("Bearer {token} {token}")), 401, "BE05", unknown),
        ("quoted", with(&format!("Bearer \"{token}\"")), 401, "BE05", unknown),
        ("of another scheme", with(&format!("DPoP {token}")), 401, "BE05", form),
        ("of no scheme", with(&token), 401, "BE05", form),
        ("after a tab", with(&format!("Bearer\t{token}")), 401, "BE05", form),
        (
            "in the query",
            at(format!("{PAYMENTS}?access_token={token}")).sign(&pisp.seal),
            401,
            "BE05",
            "there is no access token",
        ),
        (
            "in a header of another's making",
            without().with("x-authorization", &format!("Bearer {token}")).sign(&pisp.seal),
            401,
            "BE05",
            "there is no access token",
        ),
        (
            "in a cookie",
            without().with("cookie", &format!("access_token={token}")).sign(&pisp.seal),
            401,
            "BE05",
            "there is no access token",
        ),
    ];
    check(&guichet, &pisp, table).await;
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn a_token_ends_with_what_it_was_given_on() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pay(&guichet, &pisp).await;
    let (revoked, kept) = (pisp.token().await, pisp.token().await);
    assert!(guichet.store.revoke_token(&TokenHash(Sha256::digest(revoked.as_bytes()).into())).await.unwrap());
    check_all(&guichet, &pisp, &revoked, &path, (401, "BE05", "this token is not known")).await;

    // Its client is removed, and another comes to be registered under the same id.
    let id = TppId::parse(PISP).unwrap();
    let tpp = guichet.store.find_tpp(&id).await.unwrap().unwrap();
    let removal = TppWrite::remove(tpp.clone(), Registrar::Operator, guichet.clock.now());
    guichet.store.change_tpp(removal).await.unwrap();
    let before = Stored::read(&guichet);
    let answer = pisp.sign_and_send(pisp.post(&kept, &guichet.body())).await;
    assert_eq!(answer.status, 401, "{}", answer.text());
    answer.refused(401, "BE05");
    before.check_unchanged(&guichet, "a removed client");
    payments::registry::configure(&guichet.store, tpp, guichet.clock.now()).await.unwrap();
    let answer = pisp.sign_and_send(pisp.post(&kept, &guichet.body())).await;
    check_answer(&guichet, "registered again", &answer, (401, "BE05", "this token is not known")).await;
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn a_token_past_its_time_does_nothing() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pay(&guichet, &pisp).await;
    let token = pisp.token().await;
    guichet.clock.advance(SignedDuration::from_secs(3_600));
    // By then it has been swept away; until then it is told that it has expired.
    at_rest(&guichet).await;
    check_all(&guichet, &pisp, &token, &path, (401, "BE05", "this token is not known")).await;
    check_alive(&guichet, &pisp).await;
}

/// Checks that a token serves for nothing.
async fn check_all(
    guichet: &Guichet,
    pisp: &Pisp<'_>,
    token: &str,
    path: &str,
    (status, code, rule): (u16, &str, &str),
) {
    let mut remove = pisp.get(token, path);
    remove.method = Method::DELETE;
    let table = vec![
        ("to pay", pisp.post(token, &guichet.body()).sign(&pisp.seal), status, code, rule),
        ("to pay nothing", pisp.post(token, &json!({})).sign(&pisp.seal), status, code, rule),
        ("to read", pisp.get(token, path).sign(&pisp.seal), status, code, rule),
        ("to remove", remove.sign(&pisp.seal), 405, "NIMP", "not offered"),
    ];
    check(guichet, pisp, table).await;
}
