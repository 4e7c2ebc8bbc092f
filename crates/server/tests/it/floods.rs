//! Too much of everything: calls, connections, handshakes, streams.

use std::{sync::Arc, time::Duration};

use http::Method;
use rustls::pki_types::ServerName;
use sandbox::pki::PkiOptions;
use server::Limits;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    frames::{self, Http2, Outcome},
    harness::{Answer, Call, Guichet, HOST, PISP, TOKEN},
    transport::{connect_from, exchange, say, shake_hands, usual},
};

/// Another TPP of the sandbox, which gets no token, and for that an answer.
const OTHER: &str = "PSDFR-ACPR-54321";

async fn start(limits: Limits) -> Guichet {
    Guichet::start_listening(PkiOptions::default(), |_| {}, |listener| listener.limits = limits).await
}

/// Lets this much time pass for everything that waits for time.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

fn limit_headers(answer: &Answer) -> [&str; 3] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| answer.header(name))
}

#[tokio::test]
async fn a_tpp_that_calls_too_often_is_told_when_to_come_back_and_others_are_served() {
    let few = |institution: &mut payments::institution::Institution| {
        institution.settings.rate_limit_per_tpp_per_minute = 3;
    };
    let guichet = Guichet::start_with(PkiOptions::default(), few).await;
    let (pisp, other) = (guichet.pisp(PISP), guichet.pisp(OTHER));
    let first = pisp.ask_token(HOST, &pisp.token_form()).await;
    assert_eq!((first.status, limit_headers(&first)), (200, ["3", "2", "20"]));
    let token = first.json()["access_token"].as_str().unwrap().to_owned();
    let unknown = pisp.get(&token, "/stet/psd2/v1/payment-requests/unknown");
    let second = pisp.sign_and_send(unknown).await;
    assert_eq!((second.status, limit_headers(&second)[1]), (404, "1"));
    // A call is counted whether it was good or not, and so is one for another version.
    assert_eq!(pisp.ask_token(HOST, "").await.status, 400);

    let refused = pisp.sign_and_send(pisp.post(&token, &guichet.body())).await;
    guichet.check_refusal(&refused, 429, "TMRQ").await;
    let wait_s: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&wait_s), "{wait_s}");
    assert_eq!(limit_headers(&refused), ["3", "0", refused.header("retry-after")]);
    let no_token = pisp.ask_token(HOST, &pisp.token_form()).await;
    assert_eq!((no_token.status, no_token.json()["error"].as_str()), (429, Some("invalid_request")));
    assert!(no_token.headers.contains_key("retry-after"));
    // Other TPPs, and the same one at another bank, have limits of their own.
    assert_eq!(other.ask_token(HOST, &other.token_form()).await.status, 400);
    pisp.token_at(crate::harness::OTHER_HOST).await;

    pass(Duration::from_secs(wait_s)).await;
    // The connection of before may have been let go meanwhile.
    let pisp = guichet.pisp(PISP);
    let later = pisp.sign_and_send(pisp.post(&token, &guichet.body())).await;
    assert_eq!(later.status, 201, "{}", later.text());
}

#[tokio::test]
async fn an_address_that_calls_too_often_is_refused_before_anybody_looks_at_it() {
    let guichet = start(Limits { requests_per_address_per_minute: 2, ..Limits::default() }).await;
    let qseal = guichet.pki.tpp(PISP).unwrap().qseal.clone();
    let nobody = guichet.caller(None, &qseal, PISP);
    for remaining in ["1", "0"] {
        let answer = nobody.send(Call::new(Method::GET, "/stet/psd2/v1/payment-requests/1")).await;
        assert_eq!((answer.status, answer.header("ratelimit-remaining")), (400, remaining));
    }
    let call = Call::new(Method::GET, "/stet/psd2/v1/payment-requests/1").with("x-request-id", "seven");
    let refused = nobody.send(call).await;
    let message = refused.refused(429, "TMRQ");
    assert!(message.contains("too many calls"), "{message}");
    assert!(refused.headers.contains_key("retry-after"));
    // A seal would cost what the bound is to save.
    assert!(!refused.headers.contains_key("signature"));
    let no_token = nobody.send(Call::new(Method::POST, TOKEN)).await;
    assert_eq!((no_token.status, no_token.json()["error"].as_str()), (429, Some("invalid_request")));
    // Who has a certificate comes from there as well.
    assert_eq!(guichet.pisp(PISP).ask_token(HOST, "").await.status, 429);
    // Others do not.
    guichet.pisp_from("127.0.0.2", PISP).token().await;
    let metrics = guichet.operator("/metrics").await.1;
    assert!(metrics.contains(r#"guichet_refused_total{why="address_pace"}"#), "{metrics}");
    assert!(metrics.contains(r#"guichet_connections{listener="tpp"}"#), "{metrics}");
    assert_eq!(guichet.count().await, 0);
}

#[tokio::test]
async fn a_visitor_whose_address_asks_too_often_gets_a_page_that_says_so() {
    let guichet = start(Limits { requests_per_address_per_minute: 1, ..Limits::default() }).await;
    let ask = async |headers: &str| {
        let mut stream = TcpStream::connect(guichet.psu).await.unwrap();
        let request = format!("GET /psu HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
        say(&mut stream, request.as_bytes()).await
    };
    let host = format!("Host: {HOST}\r\n");
    let twofold = ask(&format!("{host}{host}")).await;
    assert!(twofold.starts_with("HTTP/1.1 400 ") && twofold.contains("<html"), "{twofold}");
    let refused = ask(&format!("{host}Accept-Language: en\r\n")).await;
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    for expected in ["Too many requests at once", "retry-after: ", "content-security-policy: ", "lang=\"en\""]
    {
        assert!(refused.contains(expected), "{expected}: {refused}");
    }
}

#[tokio::test]
async fn connections_that_say_nothing_keep_nobody_from_shaking_hands() {
    let limits = Limits { handshakes: 1, connections_per_address: 40, ..Limits::default() };
    let guichet = start(limits).await;
    let mut held = Vec::new();
    for number in 0..30 {
        let mut socket = TcpStream::connect(guichet.address).await.unwrap();
        // Every third says at least that it means TLS.
        if number % 3 == 0 {
            socket.write_all(&[0x16, 3, 1, 2, 0]).await.unwrap();
        }
        held.push(socket);
    }
    guichet.pisp(PISP).token().await;
    drop(held);
}

/// What a client says first (RFC 8446, 4.1.2).
fn client_hello(guichet: &Guichet) -> Vec<u8> {
    let name = ServerName::try_from(HOST).unwrap();
    let mut client = rustls::ClientConnection::new(Arc::new(usual(guichet)), name).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    hello
}

#[tokio::test]
async fn handshakes_that_stop_half_way_keep_nobody_else_from_shaking_hands() {
    // Time enough for whoever waited for the stalled ones to wait for ever.
    let limits = Limits { handshakes: 1, handshake_s: 100_000, ..Limits::default() };
    let guichet = start(limits).await;
    let hello = client_hello(&guichet);
    let mut held = Vec::new();
    for number in 0..30 {
        let mut socket = connect_from(&guichet, "127.0.0.3").await;
        socket.write_all(&hello).await.unwrap();
        // The first ones are answered, and say nothing to it; the next ones wait for those.
        if number < 4 {
            assert_eq!(socket.read_u8().await.unwrap(), 0x16);
        }
        held.push(socket);
    }
    guichet.pisp_from("127.0.0.2", PISP).token().await;
    guichet.pisp(PISP).token().await;
    let still_waiting = held.split_off(4);
    assert!(still_waiting.iter().all(|socket| socket.try_read(&mut [0]).is_err()));
    drop((held, still_waiting));
    guichet.pisp_from("127.0.0.3", PISP).token().await;
}

#[tokio::test]
async fn an_address_over_its_share_is_closed_at_once_and_others_get_in() {
    let guichet = start(Limits { connections_per_address: 3, ..Limits::default() }).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(
            shake_hands(TcpStream::connect(guichet.address).await.unwrap(), Arc::new(usual(&guichet))).await,
        );
    }
    assert!(held.iter().all(Result::is_ok));
    let mut fourth = TcpStream::connect(guichet.address).await.unwrap();
    // Closed without a word, whether by a reset or an end.
    assert_eq!(fourth.read(&mut [0]).await.unwrap_or_default(), 0);
    let elsewhere = connect_from(&guichet, "127.0.0.2").await;
    assert!(shake_hands(elsewhere, Arc::new(usual(&guichet))).await.is_ok());
}

#[tokio::test]
async fn what_is_announced_too_large_is_refused_without_waiting_for_it() {
    let guichet = start(Limits::default()).await;
    let path = "/stet/psd2/v1/payment-requests";
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let call = pisp.post(&token, &guichet.body()).sign(&pisp.seal);
    let mut head = format!(
        "POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n"
    );
    for (name, value) in &call.headers {
        head.extend([name.as_str(), ": ", value.to_str().unwrap(), "\r\n"]);
    }
    head.push_str("\r\n");
    let answer = exchange(&guichet, usual(&guichet), head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("FF01"), "{answer}");
    let long = format!("GET /{} HTTP/1.1\r\nHost: {HOST}\r\n\r\n", "x".repeat(70_000));
    let answer = exchange(&guichet, usual(&guichet), long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 414 ") || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert_eq!(guichet.count().await, 0);
    guichet.check_alive(&pisp).await;
}

#[tokio::test]
async fn floods_within_an_http_2_connection_end_it() {
    let guichet = start(Limits::default()).await;
    let good = || frames::request(&[(":authority", HOST)]);
    let opened_and_reset: Vec<u8> = (0..2_000_u32)
        .flat_map(|number| {
            let stream = 2 * number + 1;
            [frames::headers(stream, &good(), true), frames::reset(stream)].concat()
        })
        .collect();
    let continued: Vec<u8> = std::iter::once(frames::frame(1, 0x0, 1, &good()))
        .chain((0..10_000).map(|_| frames::frame(9, 0x0, 1, &frames::literal("x", &"y".repeat(100)))))
        .flatten()
        .collect();
    let empty_continued: Vec<u8> = std::iter::once(frames::frame(1, 0x0, 1, &good()))
        .chain((0..100_000).map(|_| frames::frame(9, 0x0, 1, &[])))
        .flatten()
        .collect();
    for (what, flood) in [
        ("streams opened and reset", opened_and_reset),
        ("headers continued for ever", continued),
        ("headers continued by nothing", empty_continued),
    ] {
        let http2 = Http2::connect(&guichet).await;
        let outcome = http2.flood(&flood).await;
        assert!(matches!(outcome, Outcome::GoAway(_) | Outcome::Closed), "{what}: {outcome:?}");
    }
    assert_eq!(guichet.count().await, 0);
    guichet.check_alive(&guichet.pisp(PISP)).await;
}

#[tokio::test]
async fn headers_too_large_for_http_2_are_refused_and_the_connection_goes_on() {
    let guichet = start(Limits::default()).await;
    let mut http2 = Http2::connect(&guichet).await;
    let mut large = frames::request(&[(":authority", HOST)]);
    for number in 0..20 {
        large.extend(frames::literal(&format!("x-{number}"), &"y".repeat(120)));
    }
    let small = http2.ask(1, &large).await;
    assert!(matches!(small, Outcome::Answer(_)), "{small:?}");
    // Counted with 32 bytes for each (RFC 9113, 10.5.1), these are more than what is announced.
    for number in 0..200 {
        large.extend(frames::literal(&format!("y-{number}"), &"y".repeat(120)));
    }
    let outcome = http2.ask_continued(3, &large).await;
    assert!(!matches!(outcome, Outcome::Answer(200)), "{outcome:?}");
    guichet.check_alive(&guichet.pisp(PISP)).await;
}

#[tokio::test]
async fn a_connection_that_closes_is_not_counted_any_more() {
    let guichet = start(Limits { connections_per_address: 2, ..Limits::default() }).await;
    for _ in 0..10 {
        let socket = TcpStream::connect(guichet.address).await.unwrap();
        let Ok(mut stream) = shake_hands(socket, Arc::new(usual(&guichet))).await else {
            // The one before may be on its way out still.
            tokio::task::yield_now().await;
            continue;
        };
        let ask = format!("GET {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        say(&mut stream, ask.as_bytes()).await;
    }
    guichet.pisp(PISP).token().await;
}
