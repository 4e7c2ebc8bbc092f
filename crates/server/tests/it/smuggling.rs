//! Requests that two readers could understand differently: one answer at most, and nothing behind it.

use crate::{
    frames::{self, Http2, Outcome},
    harness::{Guichet, HOST, OTHER_HOST, PISP, TOKEN},
    transport::{exchange, usual},
};

/// What somebody behind a careless proxy would like to be taken for a request.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";

fn statuses(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect()
}

#[tokio::test]
async fn what_follows_a_body_of_doubtful_length_is_no_request() {
    let guichet = Guichet::start().await;
    // Headers, body, and what is answered: nothing but this. A request for a token that holds nothing is
    // answered 400 as well, so every one of them is, or else not answered at all.
    let table = [
        ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding:\x0Bchunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"),
        (" Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding\r\n: chunked\r\n", "0\r\n\r\n"),
        ("Content-Length: 4\r\nContent-Length: 5\r\n", ""),
        ("Content-Length: 0, 4\r\n", ""),
        ("Content-Length: +0\r\n", ""),
        ("Content-Length: -0\r\n", ""),
        ("Content-Length: 0x0\r\n", ""),
        ("Content-Length: 0 0\r\n", ""),
        ("Content-Length: 99999999999999999999\r\n", ""),
        ("Content-Length:\r\n", ""),
        ("Content-Length : 0\r\n", ""),
        ("Content-Length: 0\r\n 4\r\n", ""),
        ("Transfer-Encoding: chunked\r\n", "g\r\n"),
        ("Transfer-Encoding: chunked\r\n", "-1\r\n"),
        ("Transfer-Encoding: chunked\r\n", "+0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "0x0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n"),
        ("Transfer-Encoding: chunked\r\n", "1\r\nab\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "0;a=\n\r\n\r\n"),
        ("X: a\rContent-Length: 4\r\n", ""),
        ("X: a\0b\r\nContent-Length: 0\r\n", ""),
        ("X\0: a\r\nContent-Length: 0\r\n", ""),
        (": a\r\nContent-Length: 0\r\n", ""),
        ("no colon\r\nContent-Length: 0\r\n", ""),
    ];
    for (headers, body) in table {
        let request = format!("POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\n{headers}\r\n{body}{HIDDEN}");
        let answers = exchange(&guichet, usual(&guichet), request.as_bytes()).await;
        let statuses = statuses(&answers);
        assert!(statuses.is_empty() || statuses == ["400"], "{headers:?} {body:?}: {answers}");
    }
    // The same with a length that everybody understands alike are two requests.
    let close = HIDDEN.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let clear = format!("POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 0\r\n\r\n{close}");
    let answers = exchange(&guichet, usual(&guichet), clear.as_bytes()).await;
    assert_eq!(statuses(&answers), ["400", "404"], "{answers}");
    assert_eq!(guichet.count().await, 0);
    guichet.check_alive(&guichet.pisp(PISP)).await;
}

#[tokio::test]
async fn a_request_for_two_hosts_or_in_no_known_form_is_refused() {
    let guichet = Guichet::start().await;
    let form = guichet.pisp(PISP).token_form();
    let rest = format!(
        "Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let table = [
        (format!("POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\n"), "200"),
        (format!("POST https://{HOST}{TOKEN} HTTP/1.1\r\nHost: {HOST}\r\n"), "200"),
        (format!("POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nHost: {HOST}\r\n"), "400"),
        (format!("POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nHost: {OTHER_HOST}\r\n"), "400"),
        (format!("POST https://{OTHER_HOST}{TOKEN} HTTP/1.1\r\nHost: {HOST}\r\n"), "400"),
        (format!("POST http://x@{HOST}{TOKEN} HTTP/1.1\r\nHost: {HOST}\r\n"), "400"),
        (format!("POST {TOKEN} HTTP/1.1\r\n"), "400"),
        (format!("POST {TOKEN} HTTP/1.1\r\nHost: {HOST}, {OTHER_HOST}\r\n"), "400"),
        (format!("POST {TOKEN} HTTP/1.1\r\nHost: {HOST}/../\r\n"), "400"),
        (format!("POST {TOKEN} HTTP/1.0\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n"), "400"),
        (format!("POST {TOKEN} HTTP/1.1 x\r\nHost: {HOST}\r\n"), "400"),
        (format!("POST  {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\n"), "400"),
        (format!("POST {TOKEN}\0 HTTP/1.1\r\nHost: {HOST}\r\n"), "400"),
        (format!("PO\0ST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\n"), "400"),
        (format!("CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n"), "405|404|400"),
        (format!("OPTIONS * HTTP/1.1\r\nHost: {HOST}\r\n"), "405|404|400"),
        (format!("TRACE {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\n"), "405"),
    ];
    for (head, expected) in table {
        let answers = exchange(&guichet, usual(&guichet), format!("{head}{rest}").as_bytes()).await;
        let status = answers.strip_prefix("HTTP/1.").and_then(|answer| answer.get(2..5)).unwrap_or_default();
        assert!(expected.split('|').any(|expected| expected == status), "{head:?}: {answers}");
    }
    assert_eq!(guichet.count().await, 0);
}

#[tokio::test]
async fn what_http_2_does_not_allow_is_no_request() {
    let guichet = Guichet::start().await;
    let good = [(":authority", HOST)];
    let mut http2 = Http2::connect(&guichet).await;
    // By GET there is no token, but an answer.
    assert!(matches!(http2.ask(1, &frames::request(&good)).await, Outcome::Answer(_)));
    let with = |more: &[(&str, &str)]| frames::request(&[&good[..], more].concat());
    let unclear = with(&[("host", OTHER_HOST)]);
    assert_eq!(http2.ask(3, &unclear).await, Outcome::Answer(400));
    let table = [
        with(&[("transfer-encoding", "chunked")]),
        with(&[("connection", "keep-alive")]),
        with(&[("keep-alive", "1")]),
        with(&[("upgrade", "h2c")]),
        with(&[("te", "gzip")]),
        with(&[("X-Upper", "a")]),
        with(&[("x", "a\r\nx-injected: b")]),
        with(&[("x", "a\0b")]),
        with(&[("x\r\ny", "a")]),
        with(&[("x y", "a")]),
        with(&[("", "a")]),
        with(&[(":authority", OTHER_HOST)]),
        with(&[(":path", "/other")]),
        with(&[("x", "a"), (":method", "POST")]),
        with(&[(":status", "200")]),
        with(&[(":unknown", "a")]),
        with(&[("content-length", "5")]),
        with(&[("content-length", "-1")]),
        with(&[("content-length", "0"), ("content-length", "5")]),
        frames::request(&[(":authority", "a b")]),
        frames::request(&[(":authority", "x\r\nhost: y")]),
        [frames::literal(":method", "GET"), frames::literal(":scheme", "https")].concat(),
        [frames::literal(":method", "GET"), frames::literal(":path", "/")].concat(),
        [(":method", "GET"), (":scheme", "https"), (":path", "")]
            .map(|(n, v)| frames::literal(n, v))
            .concat(),
        [(":method", "GET"), (":scheme", "https"), (":path", "/ HTTP/1.1\r\nx: y")]
            .map(|(n, v)| frames::literal(n, v))
            .concat(),
        [(":method", "G ET"), (":scheme", "https"), (":path", "/")]
            .map(|(n, v)| frames::literal(n, v))
            .concat(),
    ];
    for (number, block) in table.iter().enumerate() {
        let mut http2 = Http2::connect(&guichet).await;
        let outcome = http2.ask(1, block).await;
        // Without a path it is one for nothing that is here; with any of ours it would not be 404.
        let refused = !matches!(outcome, Outcome::Answer(status) if status != 400 && status != 404);
        assert!(refused, "{number}: {outcome:?} {}", String::from_utf8_lossy(block));
    }
    assert_eq!(guichet.count().await, 0);
    guichet.check_alive(&guichet.pisp(PISP)).await;
}
