//! Stopping: nobody new is let in, whoever is being served is served to the end.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    harness::{self, Guichet, HOST, PISP, TOKEN},
    transport,
};

/// Less than the server grants requests in flight, far more than anything here takes.
const SOON: Duration = Duration::from_secs(8);

async fn connect(guichet: &Guichet) -> TlsStream<TcpStream> {
    let socket = TcpStream::connect(guichet.address).await.unwrap();
    let name = ServerName::try_from(HOST).unwrap();
    TlsConnector::from(Arc::new(transport::usual(guichet))).connect(name, socket).await.unwrap()
}

/// Reads until what was read contains `end`.
async fn read_until(stream: &mut TlsStream<TcpStream>, end: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(end) {
        read.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(read).unwrap()
}

/// Comes back once nobody is let in any more.
async fn refused(address: SocketAddr) {
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_request_in_flight_is_answered_while_nobody_new_is_let_in() {
    let guichet = Guichet::start().await;
    let form = guichet.pisp(PISP).token_form();
    let mut stream = connect(&guichet).await;
    let head = format!(
        "POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nExpect: 100-continue\r\n\
        Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server says so when the handler asks for the body: the request is in flight.
    let told = read_until(&mut stream, "\r\n\r\n").await;
    assert!(told.starts_with("HTTP/1.1 100 "), "{told}");
    assert_eq!(guichet.operator("/health/ready").await, (200, "ready\n".to_owned()));

    let ended = guichet.stop();
    refused(guichet.address).await;
    assert!(!ended.is_finished());
    let ready = guichet.operator("/health/ready").await;
    assert_eq!(ready, (503, "stopping\n".to_owned()));
    assert_eq!(guichet.operator("/health/live").await.0, 200);

    stream.write_all(form.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, "access_token").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    ended.await.unwrap().unwrap();
    refused(guichet.operator).await;
}

#[tokio::test]
async fn who_only_keeps_a_connection_open_does_not_hold_up_the_stop() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    // One that never shakes hands, one that never asks, one that has asked, one that stops in the middle
    // of nothing: an operator's, without TLS.
    let _silent = TcpStream::connect(guichet.address).await.unwrap();
    let _shaken = connect(&guichet).await;
    let _plain = TcpStream::connect(guichet.operator).await.unwrap();
    pisp.token().await;
    assert_eq!(guichet.operator("/health/live").await.0, 200);
    let ended = timeout(SOON, guichet.stop()).await;
    ended.expect("nobody is waited for").unwrap().unwrap();
}

#[tokio::test]
async fn a_server_whose_stop_is_dropped_stops_too() {
    let guichet = Guichet::start().await;
    let (first, second) = (guichet.address, guichet.operator);
    drop(guichet);
    harness::join_all([first, second].into_iter().map(refused)).await;
}
