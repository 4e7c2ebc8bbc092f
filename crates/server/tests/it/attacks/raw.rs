//! Calls as bytes, for what no honest client library sends.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    harness::{Answer, Call, Guichet},
    transport::{exchange, usual},
};

/// Sends the call over a connection of its own, its target and headers to the letter, with more headers.
pub(super) async fn send(guichet: &Guichet, call: Call, more: &[u8]) -> Answer {
    let host = call.host;
    send_as(guichet, call, host, more).await
}

/// The same under any `Host`.
pub(super) async fn send_as(guichet: &Guichet, call: Call, host: &str, more: &[u8]) -> Answer {
    let mut bytes =
        format!("{} {} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n", call.method, call.target);
    for (name, value) in &call.headers {
        write!(bytes, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
    }
    write!(bytes, "content-length: {}\r\n", call.body.len()).unwrap();
    let bytes = [bytes.as_bytes(), more, b"\r\n", &call.body].concat();
    let text = exchange(guichet, usual(guichet), &bytes).await;
    parse(call, &text)
}

/// Reads an answer. One that is not there has status 0.
fn parse(asked: Call, text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.get(9..12)).and_then(|status| status.parse().ok());
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
    });
    let headers: HeaderMap = headers.collect();
    Answer { asked, status: status.unwrap_or(0), headers, body: Bytes::copy_from_slice(body.as_bytes()) }
}
