//! Below HTTP: versions of TLS, and bytes that are no request.

use std::{net::SocketAddr, sync::Arc};

use http::Method;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs::cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
    pki_types::ServerName,
    version::{TLS12, TLS13},
};
use sandbox::pki::{Ca, KeyType, PkiOptions, Validity};
use server::{app::Clock as _, tls};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::harness::{Call, Guichet, HOST, PISP, TOKEN};

/// A PISP's TLS with these algorithms.
fn config(
    guichet: &Guichet,
    provider: CryptoProvider,
    version: &'static rustls::SupportedProtocolVersion,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(guichet.pki.tls_ca().der().clone()).unwrap();
    let qwac = &guichet.pki.tpp(PISP).unwrap().qwac;
    ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![qwac.der().clone()], qwac.key_der())
        .unwrap()
}

/// A connection to the server from this loopback address.
pub(crate) async fn connect_from(guichet: &Guichet, address: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
    socket.connect(guichet.address).await.unwrap()
}

/// TLS over a connection.
pub(crate) async fn shake_hands(
    socket: TcpStream,
    config: Arc<ClientConfig>,
) -> std::io::Result<TlsStream<TcpStream>> {
    TlsConnector::from(config).connect(ServerName::try_from(HOST).unwrap(), socket).await
}

/// Sends bytes over a connection of their own; what came back, if the server said anything.
pub(crate) async fn exchange(guichet: &Guichet, config: ClientConfig, bytes: &[u8]) -> String {
    let socket = TcpStream::connect(guichet.address).await.unwrap();
    let mut stream = shake_hands(socket, Arc::new(config)).await.unwrap();
    say(&mut stream, bytes).await
}

/// Sends bytes and reads what comes back until the server closes.
pub(crate) async fn say(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), bytes: &[u8]) -> String {
    // A server that has closed already does not read them.
    let _ = stream.write_all(bytes).await;
    let _ = stream.flush().await;
    let mut answer = Vec::new();
    // A server that closes without a farewell has said what it had to say.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

pub(crate) fn usual(guichet: &Guichet) -> ClientConfig {
    config(guichet, (*tls::provider()).clone(), &TLS13)
}

#[tokio::test]
async fn clients_of_tls_1_2_and_1_3_are_served() {
    // One connector's TLS 1.2 has a single modern suite, and that needs an RSA certificate.
    let options = PkiOptions { server_key: KeyType::Rsa2048, ..PkiOptions::default() };
    let guichet = Guichet::start_with(options, |_| {}).await;
    let old = CryptoProvider {
        cipher_suites: vec![TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384],
        ..(*tls::provider()).clone()
    };
    let request = format!("GET {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    for config in [config(&guichet, old, &TLS12), usual(&guichet)] {
        let answer = exchange(&guichet, config, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_request_change_nothing() {
    let guichet = Guichet::start().await;
    let long = format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nx: {}\r\n\r\n", "x".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n{}\r\n", "x: y\r\n".repeat(1_000));
    let two_lengths =
        format!("POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
    let negative = format!("POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: -1\r\n\r\n");
    let table: [&[u8]; 9] = [
        b"\0\0\0\0\r\n\r\n",
        b"\xff\xfe\xfd\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        long.as_bytes(),
        many.as_bytes(),
        two_lengths.as_bytes(),
        negative.as_bytes(),
    ];
    for bytes in table {
        let answer = exchange(&guichet, usual(&guichet), bytes).await;
        let refused =
            answer.is_empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.0 4");
        assert!(refused, "{} -> {answer}", String::from_utf8_lossy(bytes));
    }
    // Not even TLS.
    let mut plain = TcpStream::connect(guichet.address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut farewell = Vec::new();
    let _ = plain.read_to_end(&mut farewell).await;
    assert!(!farewell.starts_with(b"HTTP"), "{farewell:?}");
    assert_eq!(guichet.count().await, 0);
    guichet.check_alive(&guichet.pisp(PISP)).await;
}

#[tokio::test]
async fn two_hosts_name_no_bank() {
    let guichet = Guichet::start().await;
    let body = guichet.pisp(PISP).token_form();
    let request = format!(
        "POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nHost: {HOST}\r\nConnection: close\r\n\
        Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = exchange(&guichet, usual(&guichet), request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("invalid_request"), "{answer}");
}

#[tokio::test]
async fn the_banks_seal_certificate_is_there_for_everybody_and_nothing_else_is() {
    let guichet = Guichet::start().await;
    let qseal = guichet.pki.tpp(PISP).unwrap().qseal.clone();
    let anybody = guichet.caller(None, &qseal, PISP);
    let ours = guichet.pki.seal("17515").unwrap();
    let name = format!("/api/keyid/certificate_{}", ours.certificate().unwrap().sha256_hex());
    let found = anybody.send(Call::new(Method::GET, &name)).await;
    assert_eq!((found.status, found.text().as_str()), (200, ours.pem()));
    let other = format!("/api/keyid/certificate_{}", "0".repeat(64));
    for target in [other, "/api/keyid/".to_owned(), "/api/keyid/..%2Fserver.key".to_owned()] {
        assert_eq!(anybody.send(Call::new(Method::GET, &target)).await.status, 404, "{target}");
    }
}

#[tokio::test]
async fn new_tls_is_for_new_connections_and_forgets_the_sessions_of_the_old() {
    let guichet = Guichet::start().await;
    let ask = format!("GET {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    let config = Arc::new(usual(&guichet));
    let connect = async || {
        let socket = TcpStream::connect(guichet.address).await.unwrap();
        shake_hands(socket, Arc::clone(&config)).await
    };
    let asked = async |stream: &mut TlsStream<TcpStream>| {
        stream.write_all(ask.as_bytes()).await?;
        let mut answer = [0; 13];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let resumes = |stream: &TlsStream<TcpStream>| {
        stream.get_ref().1.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    };
    let mut old = connect().await.unwrap();
    assert_eq!(asked(&mut old).await.unwrap(), "HTTP/1.1 405 ");
    // A session is resumed, as long as nothing has changed.
    let mut again = connect().await.unwrap();
    assert_eq!(asked(&mut again).await.unwrap(), "HTTP/1.1 405 ");
    assert!(resumes(&again));

    // The same anchors once more: who was known has to show his certificate again.
    let server = guichet.pki.server();
    let qtsp = guichet.pki.anchors().unwrap();
    guichet.tpp_tls.replace(tls::tpp_config(server.pem(), server.key_pem(), &qtsp).unwrap());
    let mut shown_again = connect().await.unwrap();
    assert_eq!(asked(&mut shown_again).await.unwrap(), "HTTP/1.1 405 ");
    assert!(!resumes(&shown_again));

    // Other anchors, though a session that was made under these was just given out.
    let stranger = Ca::create("Another authority", Validity::days_from(guichet.clock.now(), 30)).unwrap();
    let config_of_stranger =
        tls::tpp_config(server.pem(), server.key_pem(), &stranger.anchors().unwrap()).unwrap();
    guichet.tpp_tls.replace(config_of_stranger);
    let refused = async {
        let mut stream = connect().await?;
        asked(&mut stream).await
    };
    assert!(refused.await.is_err());
    // Who was in stays in, as far as TLS is concerned.
    assert!(old.write_all(ask.as_bytes()).await.is_ok());
}

#[tokio::test]
async fn sessions_that_a_replacement_brings_along_are_forgotten_too() {
    let guichet = Guichet::start().await;
    let server = guichet.pki.server();
    let kept = tls::tpp_config(server.pem(), server.key_pem(), &guichet.pki.anchors().unwrap()).unwrap();
    let config = Arc::new(usual(&guichet));
    for _ in 0..3 {
        // The very same storage each time, as a careless reload would do it.
        guichet.tpp_tls.replace(kept.clone());
        let socket = TcpStream::connect(guichet.address).await.unwrap();
        let mut stream = shake_hands(socket, Arc::clone(&config)).await.unwrap();
        let ask = format!("GET {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        assert!(say(&mut stream, ask.as_bytes()).await.starts_with("HTTP/1.1 405 "));
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(rustls::HandshakeKind::Full));
    }
}
