//! Revocation: asked of the authority in the background, answered at every request.

use std::sync::Arc;

use http::Method;
use jiff::SignedDuration;
use payments::{
    institution::RevocationPolicy, ports::TrustStore as _, revoked_certificate::RevokedCertificate,
};
use rustls::pki_types::ServerName;
use sandbox::{
    pki::PkiOptions,
    revocation_service::{CRL_PATH, CannotRevoke, OCSP_PATH, Wish},
};
use server::{
    app::Clock as _,
    revocation::{Sources, load_directory},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::harness::{AUTHORITY, Answer, Call, Guichet, HOST, OTHER_HOST, PISP, TOKEN, Weather, join_all};
use crate::transport::usual;

/// The test TPP whose certificates the authority has revoked from the beginning.
const REVOKED: &str = "PSDFR-ACPR-33333";
const SOFT: RevocationPolicy = RevocationPolicy::SoftFailHours(24);

fn options() -> PkiOptions {
    PkiOptions { revocation_at: Some(AUTHORITY.parse().unwrap()), ..PkiOptions::default() }
}

/// A server whose TPPs' certificates name the test authority, which answers so.
async fn start(weather: Weather, policy: RevocationPolicy) -> Guichet {
    let guichet =
        Guichet::start_with(options(), |institution| institution.settings.revocation = policy).await;
    guichet.network.turn(weather);
    guichet
}

async fn ask(guichet: &Guichet, oid: &str) -> Answer {
    let pisp = guichet.pisp(oid);
    pisp.ask_token(HOST, &pisp.token_form()).await
}

fn check_refused(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 401, "{}", answer.text());
    let told = answer.json();
    assert_eq!(told["error"], "invalid_client");
    assert!(told["error_description"].as_str().unwrap().contains(why), "{told}");
}

fn client(oid: &str, reason: Option<&str>) -> Wish {
    Wish { client_id: Some(oid.to_owned()), serial: None, reason: reason.map(str::to_owned) }
}

/// Revokes the certificates of a test TPP, and lets the server know.
async fn revoke(guichet: &Guichet, wish: &Wish) {
    guichet.network.authority().revoke(wish, guichet.clock.now()).unwrap();
    guichet.app.revocation.examine_all().await;
}

#[tokio::test]
async fn the_revoked_test_tpp_is_refused_from_its_first_call_and_told_when_and_why() {
    for weather in [Weather::Fair, Weather::ListsOnly] {
        for policy in [RevocationPolicy::HardFail, SOFT] {
            let guichet = start(weather, policy).await;
            let answer = ask(&guichet, REVOKED).await;
            check_refused(&answer, "was revoked by its issuer on 20");
            check_refused(&answer, "cessationOfOperation; RFC 5280, 5.3.1");
            guichet.check_alive(&guichet.pisp(PISP)).await;
        }
    }
}

/// A connection that stays open for several requests.
struct Line {
    stream: TlsStream<TcpStream>,
    request: String,
}

impl Line {
    async fn open(guichet: &Guichet) -> Self {
        let socket = TcpStream::connect(guichet.address).await.unwrap();
        let name = ServerName::try_from(HOST).unwrap();
        let stream = TlsConnector::from(Arc::new(usual(guichet))).connect(name, socket).await.unwrap();
        let form = guichet.pisp(PISP).token_form();
        let request = format!(
            "POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
            Content-Length: {}\r\n\r\n{form}",
            form.len()
        );
        Self { stream, request }
    }

    /// Asks for a token; what came back, head and body.
    async fn ask(&mut self) -> String {
        self.stream.write_all(self.request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        loop {
            let byte = self.stream.read_u8().await.expect("the connection stays open");
            answer.push(byte);
            if answer.ends_with(b"\r\n\r\n") {
                break;
            }
        }
        let head = String::from_utf8(answer).unwrap().to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.stream.read_exact(&mut body).await.unwrap();
        head + &String::from_utf8(body).unwrap()
    }
}

#[tokio::test]
async fn a_certificate_revoked_on_an_open_connection_is_refused_at_its_next_request() {
    let guichet = start(Weather::Fair, SOFT).await;
    let mut line = Line::open(&guichet).await;
    for _ in 0..2 {
        let answer = line.ask().await;
        assert!(answer.starts_with("http/1.1 200 "), "{answer}");
    }
    revoke(&guichet, &client(PISP, Some("keyCompromise"))).await;
    for _ in 0..2 {
        let answer = line.ask().await;
        assert!(answer.starts_with("http/1.1 401 ") && answer.contains("keyCompromise"), "{answer}");
    }
}

#[tokio::test]
async fn a_token_taken_before_does_not_outlive_the_certificate_and_nothing_is_stored() {
    let guichet = start(Weather::Fair, SOFT).await;
    let pisp = guichet.pisp(PISP);
    let (token, path) = (pisp.token().await, pisp.pay().await);
    let before = guichet.count().await;
    revoke(&guichet, &client(PISP, None)).await;
    let post = pisp.sign_and_send(pisp.post(&token, &guichet.body())).await;
    let get = pisp.sign_and_send(pisp.get(&token, &path)).await;
    for answer in [post, get] {
        assert_eq!(answer.status, 401, "{}", answer.text());
        let told = answer.text();
        assert!(told.contains("BE05: ") && told.contains("was revoked by its issuer on"), "{told}");
    }
    assert_eq!(guichet.count().await, before);
}

#[tokio::test]
async fn a_revoked_seal_signs_nothing_though_the_qwac_is_good() {
    let guichet = start(Weather::Fair, SOFT).await;
    let pisp = guichet.pisp(PISP);
    pisp.pay().await;
    let qseal = guichet.pki.tpp(PISP).unwrap().qseal.certificate().unwrap();
    revoke(&guichet, &Wish { serial: Some(qseal.serial().to_owned()), ..Wish::default() }).await;
    let token = pisp.token().await;
    let answer = pisp.sign_and_send(pisp.post(&token, &guichet.body())).await;
    assert_eq!(answer.status, 401, "{}", answer.text());
    assert!(answer.text().contains("was revoked by its issuer"), "{}", answer.text());
    assert_eq!(guichet.count().await, 1);
}

#[tokio::test]
async fn while_nobody_can_say_the_institution_decides() {
    let guichet = Guichet::start_with(options(), |institution| {
        let is_strict = institution.hosts.contains(&HOST.to_owned());
        institution.settings.revocation = if is_strict { RevocationPolicy::HardFail } else { SOFT };
    })
    .await;
    for weather in [Weather::Dark, Weather::Fog] {
        guichet.network.turn(weather);
        guichet.app.revocation.examine_all().await;
        let pisp = guichet.pisp(PISP);
        check_refused(
            &pisp.ask_token(HOST, &pisp.token_form()).await,
            "could not be checked with its issuer",
        );
        assert_eq!(pisp.ask_token(OTHER_HOST, &pisp.token_form()).await.status, 200, "{weather:?}");
    }
    guichet.network.turn(Weather::Fair);
    guichet.app.revocation.examine_all().await;
    guichet.check_alive(&guichet.pisp(PISP)).await;
}

#[tokio::test]
async fn patience_with_a_silent_authority_ends_and_comes_back_with_its_answer() {
    let guichet = start(Weather::Dark, SOFT).await;
    for (hours, expected) in [(0, 200), (23, 200), (2, 401)] {
        guichet.clock.advance(SignedDuration::from_hours(hours));
        let answer = ask(&guichet, PISP).await;
        assert_eq!(answer.status, expected, "after {hours} more: {}", answer.text());
    }
    guichet.network.turn(Weather::Fair);
    // Long enough for the next attempt to be due: the request itself waits for it.
    guichet.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(ask(&guichet, PISP).await.status, 200);
}

#[tokio::test]
async fn an_answer_that_has_run_out_is_asked_for_again_before_it_would_matter() {
    let guichet = start(Weather::Fair, RevocationPolicy::HardFail).await;
    assert_eq!(ask(&guichet, PISP).await.status, 200);
    guichet.clock.advance(SignedDuration::from_hours(30 * 24));
    assert_eq!(ask(&guichet, PISP).await.status, 200);
    guichet.network.turn(Weather::Dark);
    guichet.clock.advance(SignedDuration::from_mins(59));
    assert_eq!(ask(&guichet, PISP).await.status, 200, "what was said is fresh for an hour");
    guichet.clock.advance(SignedDuration::from_mins(1));
    check_refused(&ask(&guichet, PISP).await, "could not be checked");
}

#[tokio::test]
async fn a_revocation_that_is_known_outlives_the_authority_and_its_change_of_mind() {
    let guichet = start(Weather::Fair, SOFT).await;
    let wish = client(PISP, Some("keyCompromise"));
    assert_eq!(ask(&guichet, PISP).await.status, 200);
    revoke(&guichet, &wish).await;
    for weather in [Weather::Dark, Weather::Fog, Weather::Fair] {
        guichet.network.turn(weather);
        let released = guichet.network.authority().release(&wish, guichet.clock.now());
        assert!(matches!(released, Err(CannotRevoke::NotOnHold)), "only a hold is released: {released:?}");
        guichet.app.revocation.examine_all().await;
        check_refused(&ask(&guichet, PISP).await, "keyCompromise");
    }
}

#[tokio::test]
async fn a_revocation_that_is_known_outlives_a_restart_while_the_authority_is_silent() {
    for policy in [SOFT, RevocationPolicy::Off] {
        let guichet = start(Weather::Fair, SOFT).await;
        let wish = client(PISP, Some("keyCompromise"));
        assert_eq!(ask(&guichet, PISP).await.status, 200);
        revoke(&guichet, &wish).await;
        check_refused(&ask(&guichet, PISP).await, "keyCompromise");
        // The authority of the second server has revoked nobody but the usual one, and does not answer.
        let guichet =
            guichet.restart(options(), |institution| institution.settings.revocation = policy).await;
        guichet.network.turn(Weather::Dark);
        check_refused(&ask(&guichet, PISP).await, "keyCompromise");
    }
}

#[tokio::test]
async fn a_hold_is_not_remembered_after_a_restart() {
    let guichet = start(Weather::Fair, SOFT).await;
    assert_eq!(ask(&guichet, PISP).await.status, 200);
    revoke(&guichet, &client(PISP, Some("certificateHold"))).await;
    check_refused(&ask(&guichet, PISP).await, "was put on hold");
    let guichet = guichet.restart(options(), |_| {}).await;
    assert_eq!(guichet.store.revoked_certificates().await.unwrap(), []);
    assert_eq!(ask(&guichet, PISP).await.status, 200, "its issuer has taken it back");
}

#[tokio::test]
async fn what_another_server_has_let_the_store_remember_counts() {
    let guichet = start(Weather::Dark, SOFT).await;
    assert_eq!(ask(&guichet, PISP).await.status, 200);
    let qwac = guichet.pki.tpp(PISP).unwrap().qwac.certificate().unwrap();
    let revoked = RevokedCertificate {
        sha256: qwac.sha256(),
        revoked_at: guichet.clock.now(),
        reason: "superseded".to_owned(),
        learned_at: guichet.clock.now(),
        not_after: qwac.not_after(),
    };
    guichet.store.remember_revoked(revoked).await.unwrap();
    let guichet = guichet.restart(options(), |_| {}).await;
    guichet.network.turn(Weather::Dark);
    check_refused(&ask(&guichet, PISP).await, "superseded");
}

#[tokio::test]
async fn nobody_else_speaks_in_the_name_of_the_authority() {
    let guichet = start(Weather::Impostor, RevocationPolicy::HardFail).await;
    for oid in [PISP, REVOKED] {
        check_refused(&ask(&guichet, oid).await, "could not be checked");
    }
    guichet.network.turn(Weather::Fair);
    guichet.app.revocation.examine_all().await;
    check_refused(&ask(&guichet, REVOKED).await, "was revoked");
    guichet.network.turn(Weather::Impostor);
    guichet.app.revocation.examine_all().await;
    check_refused(&ask(&guichet, REVOKED).await, "was revoked");
}

#[tokio::test]
async fn an_old_list_that_is_given_again_does_not_take_the_place_of_a_newer_one() {
    let guichet = start(Weather::ListsOnly, RevocationPolicy::HardFail).await;
    guichet.network.keep_list();
    guichet.network.authority().revoke(&client(PISP, None), guichet.clock.now()).unwrap();
    // The new list is fetched for somebody else.
    check_refused(&ask(&guichet, REVOKED).await, "was revoked");
    guichet.network.turn(Weather::Replay);
    guichet.app.revocation.examine_all().await;
    check_refused(&ask(&guichet, PISP).await, "was revoked");
}

#[tokio::test]
async fn a_hold_can_be_released() {
    let guichet = start(Weather::Fair, SOFT).await;
    let wish = client(PISP, Some("certificateHold"));
    for _ in 0..2 {
        revoke(&guichet, &wish).await;
        check_refused(&ask(&guichet, PISP).await, "was put on hold by its issuer on");
        guichet.network.authority().release(&wish, guichet.clock.now()).unwrap();
        // Long enough for the next question to be due: the request itself waits for the answer.
        guichet.clock.advance(SignedDuration::from_hours(2));
        assert_eq!(ask(&guichet, PISP).await.status, 200);
    }
    revoke(&guichet, &wish).await;
    guichet.network.authority().release(&wish, guichet.clock.now()).unwrap();
    guichet.app.revocation.examine_all().await;
    assert_eq!(ask(&guichet, PISP).await.status, 200, "within the same second");
}

#[tokio::test]
async fn one_certificate_is_asked_about_once_however_many_requests_it_makes() {
    let guichet = start(Weather::Fair, RevocationPolicy::HardFail).await;
    let pisp = guichet.pisp(PISP);
    let form = pisp.token_form();
    let answers = join_all((0..10).map(|_| pisp.ask_token(HOST, &form))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(guichet.network.fetched(), [OCSP_PATH]);
}

#[tokio::test]
async fn one_list_serves_every_certificate_that_names_it() {
    let guichet = start(Weather::ListsOnly, RevocationPolicy::HardFail).await;
    guichet.pisp(PISP).pay().await;
    check_refused(&ask(&guichet, REVOKED).await, "was revoked");
    let fetched = guichet.network.fetched();
    assert_eq!(fetched.iter().filter(|path| *path == CRL_PATH).count(), 1, "{fetched:?}");
    // A responder that is down is left alone for a while.
    assert_eq!(fetched.iter().filter(|path| *path == OCSP_PATH).count(), 1, "{fetched:?}");
}

#[tokio::test]
async fn nothing_is_fetched_for_a_certificate_that_is_not_trusted_or_not_in_order() {
    let guichet = start(Weather::Fair, RevocationPolicy::HardFail).await;
    let elsewhere = Guichet::start_with(options(), |_| {}).await;
    let (ours, theirs) = (guichet.pki.tpp(PISP).unwrap(), elsewhere.pki.tpp(PISP).unwrap());
    // Expired, without QcStatements, without a certificate, and of another authority.
    let expired = guichet.pisp("PSDFR-ACPR-11111");
    let unqualified = guichet.pisp("PSDFR-ACPR-22222");
    let nobody = guichet.caller(None, &ours.qseal, PISP);
    let stranger = guichet.caller(Some(&theirs.qwac), &theirs.qseal, PISP);
    for pisp in [expired, unqualified, nobody, stranger] {
        let call = Call::new(Method::POST, TOKEN).with("content-type", "application/x-www-form-urlencoded");
        let answer = pisp.try_send(call).await;
        assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 401));
    }
    assert_eq!(guichet.network.fetched(), [""; 0]);
    assert_eq!(elsewhere.network.fetched(), [""; 0]);
}

#[tokio::test]
async fn nothing_is_fetched_any_more_about_certificates_of_an_authority_that_is_no_longer_trusted() {
    let guichet = start(Weather::Fair, SOFT).await;
    assert_eq!(ask(&guichet, PISP).await.status, 200);
    let before = guichet.network.fetched();
    let nobody = server::trust::Trust::new(eidas::Anchors::from_ders([]).unwrap(), vec![]);
    guichet.app.trust.replace(nobody);
    guichet.app.revocation.trust_has_changed();
    guichet.app.revocation.examine_all().await;
    check_refused(&ask(&guichet, PISP).await, "not issued by an authority that this bank trusts");
    assert_eq!(guichet.network.fetched(), before);
}

#[tokio::test]
async fn switched_off_nobody_is_asked() {
    let guichet = start(Weather::Fair, RevocationPolicy::Off).await;
    assert_eq!(ask(&guichet, REVOKED).await.status, 200);
    guichet.app.revocation.examine_all().await;
    assert_eq!(ask(&guichet, REVOKED).await.status, 200);
    assert_eq!(guichet.network.fetched(), [""; 0]);
}

#[tokio::test]
async fn the_banks_own_deny_list_counts_at_the_next_request_whatever_the_authority_says() {
    let guichet = start(Weather::Fair, RevocationPolicy::Off).await;
    let mut line = Line::open(&guichet).await;
    assert!(line.ask().await.starts_with("http/1.1 200 "));
    let qwac = guichet.pki.tpp(PISP).unwrap().qwac.certificate().unwrap();
    let files = tempfile::tempdir().unwrap();
    let now = guichet.clock.now();
    std::fs::write(files.path().join("deny.txt"), format!("{} {}\n", qwac.serial(), qwac.issuer())).unwrap();
    guichet.app.revocation.replace_sources(load_directory(files.path()).unwrap(), now).unwrap();
    let answer = line.ask().await;
    assert!(answer.starts_with("http/1.1 401 ") && answer.contains("deny list of this bank"), "{answer}");
    guichet.app.revocation.replace_sources(Sources::default(), now).unwrap();
    assert!(line.ask().await.starts_with("http/1.1 200 "));
}

#[tokio::test]
async fn operators_see_what_was_asked_and_refused() {
    let guichet = start(Weather::Fair, SOFT).await;
    assert_eq!(ask(&guichet, PISP).await.status, 200);
    ask(&guichet, REVOKED).await;
    let (status, metrics) = guichet.operator("/metrics").await;
    assert_eq!(status, 200);
    for name in [
        r#"guichet_revocation_checks_total{source="ocsp",result="good"}"#,
        r#"guichet_revocation_checks_total{source="ocsp",result="revoked"}"#,
        r#"guichet_revocation_refusals_total{reason="revoked"}"#,
    ] {
        assert!(metrics.contains(name), "{name} is not in\n{metrics}");
    }
}
