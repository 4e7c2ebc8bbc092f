//! What a connection may take, over pipes and with time that passes as soon as everybody waits.

use std::time::Duration;

use axum::{
    body::Body,
    extract::Request,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    time::{Instant, sleep},
};

use super::*;
use crate::{api, connection::Peer, limits::seconds};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
/// The preface of HTTP/2, and settings that change nothing (RFC 9113, 3.4, 6.5).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0guichet!";
/// Larger than whatever is buffered on the way.
const LARGE: usize = 4 * 1024 * 1024;

fn router() -> Router {
    let read = async |body: Body| api::body::read(body).await.map(drop).map_err(IntoResponse::into_response);
    Router::new()
        .route("/", get(async || "here"))
        .route("/large", get(async || vec![b'x'; LARGE]))
        .route("/read", post(read))
        .route("/never", get(async || std::future::pending::<StatusCode>().await))
        .route(
            "/address",
            get(async |request: Request| {
                request.extensions().get::<Peer>().map_or_else(String::new, |peer| peer.address.to_string())
            }),
        )
}

fn refuse() -> Refuse {
    Arc::new(|_, turned| match turned {
        Turned::TooMany(_) => StatusCode::TOO_MANY_REQUESTS.into_response(),
        Turned::Unclear(_) => StatusCode::BAD_REQUEST.into_response(),
    })
}

/// A door nobody has told to stop, and what tells it.
fn door(limits: Limits, proxy: Option<ProxyTrust>) -> (Arc<Door>, watch::Sender<bool>) {
    let (stop, stopped) = watch::channel(false);
    (Arc::new(Door::new("test", router(), refuse(), stopped, (None, limits, proxy))), stop)
}

/// Somebody's end of a connection to `door`.
fn connect(door: &Arc<Door>, from: &str) -> DuplexStream {
    let (ours, theirs) = duplex(16 * 1024);
    let from = from.parse().unwrap();
    let place = door.place_for(from).expect("a free place");
    tokio::spawn(Arc::clone(door).receive(Box::new(theirs), from, place));
    ours
}

/// Everything that comes until the other end closes.
async fn rest(stream: &mut DuplexStream) -> String {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    String::from_utf8_lossy(&rest).into_owned()
}

/// Sends one byte after the other, ever so slowly, until nobody listens any more.
async fn drip(stream: &mut DuplexStream, bytes: impl Iterator<Item = u8>, every: Duration) {
    for byte in bytes {
        if stream.write_u8(byte).await.is_err() {
            return;
        }
        sleep(every).await;
    }
}

const SLOWLY: Duration = Duration::from_secs(9);

/// Longer than anybody without a request in progress may stay.
fn patience(limits: &Limits) -> Duration {
    seconds(2 * limits.idle_s + limits.farewell_s)
}

#[tokio::test(start_paused = true)]
async fn who_does_not_get_on_with_it_is_let_go() {
    let repeated = |bytes: &'static [u8]| PREFACE.iter().chain(bytes.iter().cycle()).copied();
    // Headers of an HTTP/2 request that go on for ever, one continuation after the other (RFC 9113, 6.10).
    let open = PREFACE.iter().chain(b"\0\0\x01\x01\0\0\0\0\x01\x82");
    let endless_headers = open.chain(b"\0\0\0\x09\0\0\0\0\x01".iter().cycle()).copied();
    let table: [(&str, Box<dyn Iterator<Item = u8> + Send>); 6] = [
        ("nothing at all", Box::new(std::iter::empty())),
        ("half a preface", Box::new(PREFACE.iter().copied())),
        (
            "headers without end",
            Box::new(b"GET / HTTP/1.1\r\nx: ".iter().chain(b"x".iter().cycle()).copied()),
        ),
        ("an empty line after the other", Box::new(b"\r\n".iter().cycle().copied())),
        ("pings", Box::new(repeated(PING))),
        ("endless HTTP/2 headers", Box::new(endless_headers)),
    ];
    for (what, bytes) in table {
        let (door, _stop) = door(Limits::default(), None);
        let start = Instant::now();
        let (mut reader, mut writer) = tokio::io::split(connect(&door, "192.0.2.1:1"));
        let talking = async {
            for byte in bytes {
                if writer.write_u8(byte).await.is_err() {
                    return;
                }
                sleep(SLOWLY).await;
            }
            std::future::pending::<()>().await;
        };
        let mut heard = Vec::new();
        tokio::select! {
            () = talking => {}
            _ = reader.read_to_end(&mut heard) => {}
        }
        assert!(start.elapsed() <= patience(&door.limits), "{what}: {:?}", start.elapsed());
        assert!(!heard.starts_with(b"HTTP/1.1 200"), "{what}");
        tokio::task::yield_now().await;
        assert!(door.places.is_free(), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_answered_408() {
    let (door, _stop) = door(Limits::default(), None);
    let mut stream = connect(&door, "192.0.2.1:1");
    stream.write_all(b"POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n").await.unwrap();
    let start = Instant::now();
    drip(&mut stream, std::iter::repeat_n(b'x', 20), Duration::from_secs(1)).await;
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(start.elapsed() <= patience(&door.limits));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_fetches_is_not_kept_for_ever() {
    let (door, _stop) = door(Limits::default(), None);
    let mut stream = connect(&door, "192.0.2.1:1");
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    sleep(patience(&door.limits)).await;
    let fetched = rest(&mut stream).await;
    assert!(fetched.starts_with("HTTP/1.1 200 ") && fetched.len() < LARGE, "{}", fetched.len());
    assert!(door.places.is_free());
}

#[tokio::test(start_paused = true)]
async fn a_request_in_progress_is_waited_for_and_a_connection_in_use_stays() {
    let (door, _stop) = door(Limits { lifetime_s: 100_000, ..Limits::default() }, None);
    let mut waiting = connect(&door, "192.0.2.1:1");
    waiting.write_all(b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut used = connect(&door, "192.0.2.2:1");
    for _ in 0..100 {
        used.write_all(REQUEST).await.unwrap();
        let mut answer = [0; 12];
        used.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        read_until(&mut used, b"here").await;
        sleep(SLOWLY).await;
    }
    assert!(tokio::time::timeout(SLOWLY, waiting.read_u8()).await.is_err());
}

/// Reads until these bytes have come.
async fn read_until(stream: &mut DuplexStream, end: &[u8]) -> String {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        read.push(stream.read_u8().await.expect("more to come"));
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_after_its_lifetime_even_if_it_is_in_use() {
    let (door, _stop) = door(Limits { lifetime_s: 100, ..Limits::default() }, None);
    let mut stream = connect(&door, "192.0.2.1:1");
    let start = Instant::now();
    while stream.write_all(REQUEST).await.is_ok() {
        let mut answer = [0; 1024];
        if stream.read(&mut answer).await.unwrap_or_default() == 0 {
            break;
        }
        sleep(SLOWLY).await;
    }
    let lasted = start.elapsed().as_secs();
    assert!((100..=110).contains(&lasted), "{lasted}");
}

#[tokio::test(start_paused = true)]
async fn an_address_that_asks_too_often_is_told_when_to_come_back_and_others_are_served() {
    let limits =
        Limits { requests_per_address_per_minute: 2, idle_s: 1_000, headers_s: 1_000, ..Limits::default() };
    let (door, _stop) = door(limits, None);
    let mut streams = ["[2001:db8::1]:1", "[2001:db8::ffff]:2"].map(|from| connect(&door, from));
    let mut ask = async |stream: usize| {
        streams[stream].write_all(REQUEST).await.unwrap();
        read_until(&mut streams[stream], b"\r\n\r\n").await
    };
    let first = ask(0).await;
    assert!(first.contains("ratelimit-limit: 2\r\nratelimit-remaining: 1\r\nratelimit-reset: 30"), "{first}");
    assert!(ask(1).await.contains("ratelimit-remaining: 0"));
    let mut third = connect(&door, "[2001:db8::2]:3");
    third.write_all(REQUEST).await.unwrap();
    let refused = read_until(&mut third, b"\r\n\r\n").await;
    assert!(refused.starts_with("HTTP/1.1 429 ") && refused.contains("retry-after: 30"), "{refused}");
    let mut other = connect(&door, "[2001:db8:0:1::1]:1");
    other.write_all(REQUEST).await.unwrap();
    assert!(read_until(&mut other, b"\r\n\r\n").await.starts_with("HTTP/1.1 200 "));
    sleep(Duration::from_secs(30)).await;
    third.write_all(REQUEST).await.unwrap();
    assert!(read_until(&mut third, b"\r\n\r\n").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test(start_paused = true)]
async fn a_proxys_client_is_counted_by_its_own_address() {
    let proxy = r#"{ "peers": ["10.0.0.0/8"], "forwarded_for": true }"#;
    let limits = Limits { requests_per_address_per_minute: 1, ..Limits::default() };
    let (door, _stop) = door(limits, Some(serde_json::from_str(proxy).unwrap()));
    let mut stream = connect(&door, "10.0.0.1:1");
    let table = [
        ("192.0.2.1", "200", "192.0.2.1:0"),
        ("192.0.2.2", "200", "192.0.2.2:0"),
        // What stands before the last hop was written by the client, who may be anybody.
        ("198.51.100.1, 192.0.2.2", "429", ""),
        ("198.51.100.1, 192.0.2.3, 10.1.1.1", "200", "192.0.2.3:0"),
        ("nonsense", "200", "10.0.0.1:1"),
        ("nonsense", "200", "10.0.0.1:1"),
    ];
    for (forwarded, status, address) in table {
        let request = format!("GET /address HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {forwarded}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = read_until(&mut stream, b"\r\n\r\n").await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{forwarded}: {head}");
        if !address.is_empty() {
            read_until(&mut stream, address.as_bytes()).await;
        }
    }
    // Who is no proxy of ours is not believed.
    let mut forger = connect(&door, "192.0.2.9:9");
    forger
        .write_all(b"GET /address HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.77\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut forger, b"192.0.2.9:9").await;
}

#[tokio::test]
async fn a_listener_that_is_full_can_still_be_stopped() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let limits = Limits { connections: 1, ..Limits::default() };
    let listener = Listener { limits, ..Listener::new(socket, None) };
    let serving = tokio::spawn(listener.serve("test", router(), refuse(), stopped));
    // The only place is taken by a connection that is kept alive; the next one is turned away.
    let mut inside = TcpStream::connect(address).await.unwrap();
    inside.write_all(REQUEST).await.unwrap();
    let mut answer = [0; 12];
    inside.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let mut outside = TcpStream::connect(address).await.unwrap();
    let mut rest = Vec::new();
    // Whether by a reset or an end does not matter.
    let _ = outside.write_all(REQUEST).await;
    let _ = outside.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    stop.send(true).unwrap();
    serving.await.unwrap();
}

#[tokio::test]
async fn an_address_over_its_share_is_turned_away_at_once_while_others_find_a_place() {
    let limits = Limits { connections: 10, connections_per_address: 2, ..Limits::default() };
    let (door, _stop) = door(limits, None);
    let (_first, _second) = (connect(&door, "192.0.2.1:1"), connect(&door, "192.0.2.1:2"));
    assert_eq!(door.place_for("192.0.2.1:3".parse().unwrap()).err(), Some(NoPlace::Share));
    assert!(door.place_for("192.0.2.2:1".parse().unwrap()).is_ok());
}
