//! Behind a proxy: whom the server believes what. The proxy of these tests sits at 127.0.0.2, everybody else
//! at 127.0.0.1.

use std::sync::Arc;

use http::Method;
use rustls::ClientConfig;
use sandbox::pki::{Ca, CertifiedKey, PkiOptions, TppProfile, Validity};
use server::{app::Clock as _, tls};
use tokio::io::AsyncWriteExt as _;

use crate::{
    harness::{Call, Guichet, HOST, PAYMENTS, PISP, TOKEN},
    transport::{connect_from, say, shake_hands, usual},
};

const PROXY: &str = "127.0.0.2";
const ANYBODY: &str = "127.0.0.1";
const TELLS_CERTIFICATES: &str = r#", "certificate_header": "X-Client-Cert""#;
/// A PROXY header of version 2 that tells of 192.0.2.7.
const HEADER: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0C\xC0\x00\x02\x07\xC6\x33\x64\x01\x30\x39\x01\xBB";

/// A server that trusts the proxy with what this says.
async fn start(trust: &str) -> Guichet {
    let trust = format!(r#"{{ "peers": ["{PROXY}"] {trust} }}"#);
    let proxy = serde_json::from_str(&trust).unwrap();
    Guichet::start_listening(PkiOptions::default(), |_| {}, |listener| listener.proxy = Some(proxy)).await
}

/// TLS without a certificate, as a proxy without one of its own uses it.
fn bare(guichet: &Guichet) -> ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(guichet.pki.tls_ca().der().clone()).unwrap();
    ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn escaped(pem: &str) -> String {
    url::form_urlencoded::byte_serialize(pem.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A request for a token, with these headers as well.
fn token_request(guichet: &Guichet, headers: &str) -> Vec<u8> {
    let form = guichet.pisp(PISP).token_form();
    format!(
        "POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n{headers}\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .into_bytes()
}

async fn ask_from(guichet: &Guichet, address: &str, config: ClientConfig, request: &[u8]) -> String {
    let socket = connect_from(guichet, address).await;
    let mut stream = shake_hands(socket, Arc::new(config)).await.unwrap();
    say(&mut stream, request).await
}

fn header_of(certificate: &CertifiedKey) -> String {
    format!("X-Client-Cert: {}\r\n", escaped(certificate.pem()))
}

#[tokio::test]
async fn a_certificate_in_a_header_counts_from_the_proxy_and_from_nobody_else() {
    let guichet = start(TELLS_CERTIFICATES).await;
    let header = header_of(&guichet.pki.tpp(PISP).unwrap().qwac);
    let request = token_request(&guichet, &header);
    let from_proxy = ask_from(&guichet, PROXY, bare(&guichet), &request).await;
    assert!(from_proxy.starts_with("HTTP/1.1 200 "), "{from_proxy}");
    let forged = ask_from(&guichet, ANYBODY, bare(&guichet), &request).await;
    assert!(forged.starts_with("HTTP/1.1 401 ") && forged.contains("no client certificate"), "{forged}");
    // Nor does a header stand in the way of a certificate that was shown.
    let other = Ca::create("Self-made", Validity::days_from(guichet.clock.now(), 9)).unwrap();
    let other = token_request(&guichet, &format!("X-Client-Cert: {}\r\n", escaped(other.pem())));
    let direct = ask_from(&guichet, ANYBODY, usual(&guichet), &other).await;
    assert!(direct.starts_with("HTTP/1.1 200 "), "{direct}");
    // The handshake with the proxy is the proxy's, whatever it shows.
    let silent = ask_from(&guichet, PROXY, usual(&guichet), &token_request(&guichet, "")).await;
    assert!(silent.starts_with("HTTP/1.1 401 ") && silent.contains("no client certificate"), "{silent}");
}

#[tokio::test]
async fn a_header_that_could_be_somebody_elses_is_refused_even_from_the_proxy() {
    let guichet = start(TELLS_CERTIFICATES).await;
    let qwac = &guichet.pki.tpp(PISP).unwrap().qwac;
    let (good, now) = (header_of(qwac), guichet.clock.now());
    let profile = TppProfile::new(
        eidas::Kind::Qwac,
        &eidas::OrganizationIdentifier::parse(PISP).unwrap(),
        &[eidas::Role::PaymentInitiation],
        Validity::days_from(now, 30),
    );
    let self_made = Ca::create("Self-made", Validity::days_from(now, 30)).unwrap();
    let self_made = self_made.issue_tpp(&profile).unwrap();
    let table = [
        (format!("{good}{good}"), "400", "twice"),
        (format!("X-Client-Cert:\r\n{good}"), "400", "twice"),
        ("X-Client-Cert: %2D%2D\r\n".to_owned(), "400", "cannot be decoded"),
        ("X-Client-Cert:\r\n".to_owned(), "401", "no client certificate"),
        (good.replace("X-Client-Cert", "X_Client_Cert"), "401", "no client certificate"),
        (good.replace("X-Client-Cert", "Client-Cert"), "401", "no client certificate"),
        (header_of(&self_made), "401", "not issued by an authority"),
        (header_of(&guichet.pki.tpp(PISP).unwrap().qseal), "401", "invalid_client"),
    ];
    for (headers, status, expected) in table {
        let answer = ask_from(&guichet, PROXY, bare(&guichet), &token_request(&guichet, &headers)).await;
        let refused = answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(expected);
        assert!(refused, "{expected}: {answer}");
    }
}

#[tokio::test]
async fn a_certificate_in_a_header_that_nobody_configured_is_nobodys() {
    for trust in ["", r#", "forwarded_for": true, "forwarded_prefix": true"#] {
        let guichet = start(trust).await;
        let request = token_request(&guichet, &header_of(&guichet.pki.tpp(PISP).unwrap().qwac));
        let forged = ask_from(&guichet, PROXY, bare(&guichet), &request).await;
        assert!(forged.starts_with("HTTP/1.1 401 ") && forged.contains("no client certificate"), "{forged}");
        // What a client shows itself counts, through a balancer that passes connections on.
        let shown = ask_from(&guichet, PROXY, usual(&guichet), &token_request(&guichet, "")).await;
        assert!(shown.starts_with("HTTP/1.1 200 "), "{shown}");
    }
}

#[tokio::test]
async fn the_header_of_rfc_9440_is_read_where_it_is_configured() {
    let guichet = start(r#", "certificate_header": "Client-Cert""#).await;
    let qwac = &guichet.pki.tpp(PISP).unwrap().qwac;
    let base64: String = qwac.pem().lines().filter(|line| !line.starts_with('-')).collect();
    let header = format!("Client-Cert: :{base64}:\r\n");
    let answer = ask_from(&guichet, PROXY, bare(&guichet), &token_request(&guichet, &header)).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn on_one_connection_of_the_proxy_every_request_has_its_own_certificate() {
    let guichet = start(TELLS_CERTIFICATES).await;
    let qwac = header_of(&guichet.pki.tpp(PISP).unwrap().qwac);
    let form = guichet.pisp(PISP).token_form();
    let request = |headers: &str| {
        format!(
            "POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\n{headers}Content-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        )
    };
    let last = String::from_utf8(token_request(&guichet, "")).unwrap();
    let all = [request(&qwac), request(""), request(&qwac), last].concat();
    let answers = ask_from(&guichet, PROXY, bare(&guichet), all.as_bytes()).await;
    let statuses: Vec<_> =
        answers.split("HTTP/1.1 ").skip(1).map(|answer| answer.split(' ').next().unwrap()).collect();
    assert_eq!(statuses, ["200", "401", "200", "401"], "{answers}");
}

#[tokio::test]
async fn the_proxy_protocol_is_spoken_by_the_proxy_and_by_nobody_else() {
    let guichet = start(r#", "proxy_protocol": true"#).await;
    let request = token_request(&guichet, "");
    let local = [&HEADER[..12], b"\x20\0\0\0"].concat();
    let version_1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 12345 443\r\n";
    let table: [(&str, &[u8], bool); 7] = [
        (PROXY, HEADER, true),
        (PROXY, &local, true),
        (PROXY, b"", false),
        (PROXY, version_1, false),
        (PROXY, &HEADER[..15], false),
        (ANYBODY, b"", true),
        (ANYBODY, HEADER, false),
    ];
    for (from, header, served) in table {
        let mut socket = connect_from(&guichet, from).await;
        socket.write_all(header).await.unwrap();
        let answer = match shake_hands(socket, Arc::new(usual(&guichet))).await {
            Ok(mut stream) => say(&mut stream, &request).await,
            Err(_closed) => String::new(),
        };
        let expected = if served { "HTTP/1.1 200 " } else { "" };
        assert_eq!(answer.get(..13).unwrap_or_default(), expected, "{from} {header:x?}: {answer}");
    }
    // A proxy that passes TLS on does not look at headers: one it lets pass is the client's own.
    let header = header_of(&guichet.pki.tpp(PISP).unwrap().qwac);
    let mut socket = connect_from(&guichet, PROXY).await;
    socket.write_all(HEADER).await.unwrap();
    let mut stream = shake_hands(socket, Arc::new(bare(&guichet))).await.unwrap();
    let forged = say(&mut stream, &token_request(&guichet, &header)).await;
    assert!(forged.starts_with("HTTP/1.1 401 "), "{forged}");
}

#[tokio::test]
async fn a_prefix_that_the_proxy_took_away_was_signed_by_the_client() {
    let guichet = start(&format!(r#"{TELLS_CERTIFICATES}, "forwarded_prefix": true"#)).await;
    let pisp = guichet.pisp(PISP);
    let qwac = &guichet.pki.tpp(PISP).unwrap().qwac;
    let through_proxy = guichet.pisp_from(PROXY, PISP);
    let escaped = escaped(qwac.pem());
    let signed = |token: &str, number: u32| {
        let call = pisp.post(token, &guichet.body()).with("x-request-id", &format!("prefixed-{number}"));
        let asked_for = format!("/bank{PAYMENTS}");
        let text = call.signing_string().replace(PAYMENTS, &asked_for);
        call.sign_text(&pisp.seal, &text).with("x-forwarded-prefix", "/bank").with("x-client-cert", &escaped)
    };
    // Who is no proxy may say what he likes: the path is the one he called.
    let answer = pisp.send(signed(&pisp.token().await, 1)).await;
    guichet.check_refusal(&answer, 401, "BE05").await;

    let mut answer = through_proxy.send(signed(&pisp.token().await, 2)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    // So is the answer: for the path the client knows.
    answer.asked = Call::new(Method::POST, &format!("/bank{PAYMENTS}"));
    answer.check_seal(&guichet).await;

    let twice = signed(&pisp.token().await, 3).with("x-forwarded-prefix", "/a, /b");
    let answer = through_proxy.send(twice).await;
    assert_eq!(answer.refused(400, "FF01"), "FF01: X-Forwarded-Prefix is no path");
    assert_eq!(guichet.count().await, 1);
}
