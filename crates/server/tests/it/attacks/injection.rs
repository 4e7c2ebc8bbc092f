//! Control characters wherever they can be put: none reaches a header of an answer, its body or the log.

use serde_json::json;

use super::{ask, check_alive, check_no_token, pay, raw, stored::Stored};
use crate::{
    harness::{Answer, Guichet, HOST, PAYMENTS, PISP},
    log::Log,
    transport::{exchange, usual},
};

/// What ends a line, a text or a document, or turns a terminal or the reading direction, as bytes of a form.
const HOSTILE: [&str; 10] = [
    "%0d%0aX-Injected:%20yes",
    "%0aX-Injected:%20yes",
    "%0dX-Injected:%20yes",
    "%00",
    "%1b%5b31m",
    "%c2%9b31m",
    "%e2%80%ae",
    "%e2%80%a8X-Injected",
    "%ff%fe",
    "%22%7d%2c%7b%22injected%22%3a%22yes",
];

/// No answer repeats what was injected as anything but escaped text.
fn check_clean(what: &str, answer: &Answer) {
    for (name, value) in &answer.headers {
        let clean = value.as_bytes().iter().all(|byte| (0x20..0x7f).contains(byte));
        assert!(clean && name != "x-injected" && name != "set-cookie", "{what}: {name}: {value:?}");
    }
    let text = answer.text();
    assert!(!text.chars().any(char::is_control), "{what}: {text}");
    assert!(!text.contains("\"injected\"") && !text.contains("\u{202e}"), "{what}: {text}");
}

#[tokio::test]
async fn forms_headers_and_paths_inject_nothing() {
    let (log, _here) = Log::of_this_thread();
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let path = pay(&guichet, &pisp).await;
    let before = Stored::read(&guichet);
    for hostile in HOSTILE {
        let forms = [
            (format!("grant_type={hostile}&client_id={PISP}"), 400, "unsupported_grant_type"),
            (format!("grant_type=client_credentials&client_id={hostile}"), 401, "invalid_client"),
            (format!("grant_type=client_credentials&client_id={PISP}{hostile}"), 401, "invalid_client"),
            (format!("grant_type=client_credentials&client_id={PISP}&scope={hostile}"), 400, "invalid_scope"),
        ];
        for (form, status, error) in forms {
            let answer = pisp.send(ask(&form)).await;
            check_no_token(&form, &answer, (status, error, ""));
            check_clean(&form, &answer);
        }
        for target in [
            format!("{PAYMENTS}/{hostile}"),
            format!("{path}{hostile}"),
            format!("/stet/psd2/v1/{hostile}"),
            format!("/{hostile}"),
            format!("{PAYMENTS}/x?{hostile}={hostile}"),
        ] {
            let answer = raw::send(&guichet, pisp.get(&token, &target).sign(&pisp.seal), b"").await;
            assert_eq!(answer.status, 404, "{target}: {}", answer.text());
            answer.refused(404, "FF01");
            check_clean(&target, &answer);
        }
        before.check_unchanged(&guichet, hostile);
    }
    check_alive(&guichet, &pisp).await;
    log.check_clean();
}

#[tokio::test]
async fn members_of_a_body_inject_nothing() {
    let (log, _here) = Log::of_this_thread();
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let before = Stored::read(&guichet);
    let hostile =
        ["a\r\nX-Injected: yes", "a\nb", "a\0b", "\u{1b}[31m", "\u{9b}31m", "<script>alert(1)</script>\u{7}"];
    let places = [
        "/paymentInformationId",
        "/beneficiary/creditor/name",
        "/beneficiary/creditorAccount/iban",
        "/chargeBearer",
        "/creationDateTime",
        "/creditTransferTransaction/0/paymentId/endToEndId",
        "/creditTransferTransaction/0/instructedAmount/amount",
        "/creditTransferTransaction/0/remittanceInformation/0",
        "/supplementaryData/successfulReportUrl",
    ];
    for text in hostile {
        for place in places {
            let mut body = guichet.body();
            *body.pointer_mut(place).unwrap() = json!(text);
            let what = format!("{text:?} in {place}");
            let answer = pisp.sign_and_send(pisp.post(&token, &body)).await;
            // Text that a bank can print is text; nothing else gets that far.
            assert_eq!(answer.status, 400, "{what}: {}", answer.text());
            check_clean(&what, &answer);
            before.check_unchanged(&guichet, &what);
        }
        // The name of a member is repeated in the refusal, as far as it is one.
        let mut body = guichet.body();
        body["beneficiary"]["creditorAccount"] = json!({ text: text });
        let answer = pisp.sign_and_send(pisp.post(&token, &body)).await;
        assert_eq!(answer.status, 400, "{text:?}: {}", answer.text());
        check_clean(text, &answer);
    }
    check_alive(&guichet, &pisp).await;
    log.check_clean();
}

#[tokio::test]
async fn header_values_inject_nothing() {
    let (log, _here) = Log::of_this_thread();
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let before = Stored::read(&guichet);
    let names = [
        "x-request-id",
        "psu-user-agent",
        "psu-ip-address",
        "user-agent",
        "signature",
        "authorization",
        "digest",
        "date",
        "x-anything",
    ];
    // A line end, a NUL or a fold is no part of a value (RFC 9110, 5.5; RFC 9112, 5.2): the request is none.
    let broken: [&[u8]; 7] =
        [b"a\rb", b"a\nX-Injected: yes", b"a\r\n folded", b"a\0b", b"a\x1b[31m", b"a\x7f", b"a\x08"];
    for name in names {
        for value in broken {
            let call = pisp.post(&token, &guichet.body());
            let line = [name.as_bytes(), b": ", value, b"\r\n"].concat();
            let what = format!("{name}: {}", value.escape_ascii());
            let answer = raw::send(&guichet, call.without(name), &line).await;
            let refused = answer.status == 400 || answer.status == 0 || answer.status == 401;
            assert!(refused, "{what}: {} {}", answer.status, answer.text());
            check_clean(&what, &answer);
            before.check_unchanged(&guichet, &what);
        }
    }
    // Bytes beyond ASCII are let through by HTTP: what they are in decides.
    for name in ["x-request-id", "signature", "authorization", "digest", "psu-ip-address"] {
        for value in [&b"\x9b31m"[..], b"\xe2\x80\xae", b"\xff\xfe", b"a\tb\x85"] {
            let call = pisp.post(&token, &guichet.body()).sign(&pisp.seal).without(name);
            let line = [name.as_bytes(), b": ", value, b"\r\n"].concat();
            let what = format!("{name}: {}", value.escape_ascii());
            let answer = raw::send(&guichet, call, &line).await;
            let code = if answer.status == 401 { "BE05" } else { "FF01" };
            assert!(matches!(answer.status, 400 | 401), "{what}: {} {}", answer.status, answer.text());
            assert!(answer.json()["message"].as_str().unwrap().starts_with(code), "{what}");
            check_clean(&what, &answer);
            before.check_unchanged(&guichet, &what);
        }
    }
    check_alive(&guichet, &pisp).await;
    log.check_clean();
}

#[tokio::test]
async fn a_request_line_injects_nothing() {
    let (log, _here) = Log::of_this_thread();
    let guichet = Guichet::start().await;
    let before = Stored::read(&guichet);
    let lines: [&[u8]; 6] = [
        b"GET /\x1b[31m HTTP/1.1",
        b"GET /\xff\xfe HTTP/1.1",
        b"GET / HTTP/1.1\rX-Injected: yes",
        b"\x1b[31m / HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"GET /\xe2\x80\xae HTTP/1.1",
    ];
    for line in lines {
        let bytes = [line, b"\r\nHost: ", HOST.as_bytes(), b"\r\nConnection: close\r\n\r\n"].concat();
        let answer = exchange(&guichet, usual(&guichet), &bytes).await;
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(refused && !answer.contains("X-Injected"), "{}: {answer}", line.escape_ascii());
        before.check_unchanged(&guichet, "a request line");
    }
    check_alive(&guichet, &guichet.pisp(PISP)).await;
    log.check_clean();
}
