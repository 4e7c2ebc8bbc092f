//! Too much of everything that one call is made of. Floods of calls are in `floods.rs`.

use serde_json::json;

use super::{ask, check, check_alive, check_answer, check_tokens, raw, stored::Stored};
use crate::{
    harness::{Guichet, HOST, PAYMENTS, PISP, TOKEN},
    transport::{exchange, usual},
};

/// More than any honest header has, and less than all headers together may have.
fn long(text: &str) -> String {
    text.repeat(20_000 / text.len())
}

#[tokio::test]
async fn headers_that_are_too_long_are_refused_by_name() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let call = || pisp.post(&token, &guichet.body());
    let signed = || call().sign(&pisp.seal);
    let signature = |value: &str| signed().with("signature", value);
    let sent = signed().headers["signature"].to_str().unwrap().to_owned();
    let parameters = (0..20).fold(String::new(), |text, number| format!("{text},p{number}=\"x\""));
    let covered = |list: &str| signature(&sent.replacen("(request-target)", list, 1));
    let bearer = |text: &str| call().with("authorization", &format!("Bearer {text}")).sign(&pisp.seal);
    let digest = call().headers["digest"].to_str().unwrap().to_owned();
    let many_digests = [digest.as_str(); 9].join(",");
    let unsigned_id = |id: &str| call().covering("(request-target) date digest").with("x-request-id", id);
    let table = vec![
        ("a token", bearer(&long("a")), 401, "BE05", "this token is not known"),
        ("a request id", unsigned_id(&"x".repeat(71)).sign(&pisp.seal), 400, "FF01", "1 to 70 printable"),
        ("a long request id", unsigned_id(&long("x")).sign(&pisp.seal), 400, "FF01", "1 to 70 printable"),
        (
            "a signature header",
            signature(&format!("{sent},x=\"{}\"", long("x"))),
            400,
            "FF01",
            "'Signature' is too long",
        ),
        ("parameters", signature(&format!("{sent}{parameters}")), 400, "FF01", "too many parameters"),
        (
            "a keyId",
            call().with_key_id(&"k".repeat(1_025)).sign(&pisp.seal),
            400,
            "FF01",
            "'keyId' of 'Signature' is too long",
        ),
        ("covered headers", covered("date ".repeat(65).trim_end()), 400, "FF01", "lower-case names"),
        ("a covered name", covered(&"x".repeat(5_000)), 401, "BE05", "must cover '(request-target)'"),
        (
            "digests",
            call().with("digest", &many_digests).sign(&pisp.seal),
            400,
            "FF01",
            "'Digest' must be a list",
        ),
        (
            "a digest",
            call().with("digest", &format!("SHA-256={}", long("A"))).sign(&pisp.seal),
            400,
            "FF01",
            "not the digest",
        ),
        (
            "a date",
            call().with("date", &long("1")).sign(&pisp.seal),
            401,
            "BE05",
            "'Date' is not an HTTP date",
        ),
        (
            "wishes",
            call().with("accept", long("text/html,").trim_end_matches(',')).sign(&pisp.seal),
            406,
            "FF01",
            "Accept must allow",
        ),
        (
            "a type of content",
            call().with("content-type", &long("a/b;")).sign(&pisp.seal),
            415,
            "FF01",
            "application/json",
        ),
        (
            "an address",
            call().with("psu-ip-address", &long("1.")).sign(&pisp.seal),
            400,
            "FF01",
            "PSU-IP-Address",
        ),
    ];
    check(&guichet, &pisp, table).await;
    // What is too long to be kept about the PSU's terminal is left out.
    let call = call().with("psu-user-agent", &long("Mozilla/5.0 ")).sign(&pisp.seal);
    assert_eq!(pisp.send(call).await.status, 201);
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn a_body_that_is_too_large_deep_or_long_is_refused() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let with = |body: Vec<u8>| pisp.post(&token, &json!({})).with_body(body).sign(&pisp.seal);
    let bent = |pointer: &str, value: serde_json::Value| {
        let mut body = guichet.body();
        *body.pointer_mut(pointer).unwrap() = value;
        with(serde_json::to_vec(&body).unwrap())
    };
    let nested = |open: &str, close: &str, depth: usize| {
        with(format!("{}{}", open.repeat(depth), close.repeat(depth)).into_bytes())
    };
    let plain = serde_json::to_string(&guichet.body()).unwrap();
    let members: Vec<_> = (0..3_000).map(|number| format!("\"m{number}\":0,")).collect();
    let members = members.concat();
    let transfer = guichet.body()["creditTransferTransaction"][0].clone();
    let digits = plain.replacen(
        "\"numberOfTransactions\":1",
        &format!("\"numberOfTransactions\":{}", "9".repeat(20_000)),
        1,
    );
    let exponent = plain.replacen("\"numberOfTransactions\":1", "\"numberOfTransactions\":1e999999999", 1);
    let name = "/beneficiary/creditor/name";
    let amount = "/creditTransferTransaction/0/instructedAmount/amount";
    let table = vec![
        ("one byte more than there may be", with(vec![b' '; 65_537]), 413, "FF01", "at most 65536 bytes"),
        ("as many as there may be", with(vec![b' '; 65_536]), 400, "FF01", "body"),
        ("arrays", nested("[", "]", 30_000), 400, "FF01", "[0][0]"),
        ("objects", nested("{\"a\":", "}", 10_000), 400, "FF01", "a.a.a"),
        ("arrays that nobody closes", with(vec![b'['; 60_000]), 400, "FF01", ""),
        (
            "transfers",
            bent("/creditTransferTransaction", json!(vec![transfer; 200])),
            400,
            "AM18",
            "numberOfTransactions",
        ),
        ("a name", bent(name, json!("x".repeat(50_000))), 400, "FF01", "beneficiary.creditor.name"),
        ("an amount", bent(amount, json!("9".repeat(50_000))), 400, "FF01", "amount"),
        ("digits", with(digits.into_bytes()), 400, "FF01", "numberOfTransactions"),
        ("an exponent", with(exponent.into_bytes()), 400, "FF01", ""),
        (
            "an IBAN",
            bent("/beneficiary/creditorAccount/iban", json!("FR76".repeat(5_000))),
            400,
            "AC01",
            "iban",
        ),
        (
            "a URL",
            bent(
                "/supplementaryData/successfulReportUrl",
                json!(format!("https://tpp.example/cb?{}", long("x"))),
            ),
            400,
            "FF01",
            "successfulReportUrl",
        ),
        (
            "a reference",
            bent("/paymentInformationId", json!("A".repeat(50_000))),
            400,
            "FF01",
            "paymentInformationId",
        ),
        (
            "remittances",
            bent("/creditTransferTransaction/0/remittanceInformation", json!(vec!["a"; 5_000])),
            400,
            "FF01",
            "remittanceInformation",
        ),
    ];
    check(&guichet, &pisp, table).await;
    // Members that nobody knows are passed over, however many there are.
    assert_eq!(
        pisp.send(with(plain.replacen('{', &format!("{{{members}"), 1).into_bytes())).await.status,
        201
    );
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn a_form_that_is_too_large_or_long_gets_no_token() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let form = pisp.token_form();
    let padded = |name: &str, length: usize| ask(&format!("{form}&{name}={}", "x".repeat(length)));
    let asked = |client: &str| ask(&format!("grant_type=client_credentials&client_id={client}"));
    let mut in_query = ask("");
    in_query.target = format!("{TOKEN}?grant_type=client_credentials&client_id={}", long("x"));
    let table = vec![
        ("a form", padded("padding", 70_000), 413, "invalid_request", "at most 65536 bytes"),
        ("a client id", asked(&"x".repeat(60_000)), 401, "invalid_client", "not known"),
        (
            "a client id that grows when it is read",
            asked(&"%FF".repeat(20_000)),
            401,
            "invalid_client",
            "not known",
        ),
        (
            "a scope",
            ask(&form.replace("scope=pisp", &format!("scope={}", "pisp+".repeat(10_000)))),
            400,
            "invalid_scope",
            "pisp",
        ),
        (
            "a grant",
            ask(&format!("grant_type={}", "x".repeat(60_000))),
            400,
            "unsupported_grant_type",
            "grant_type",
        ),
        ("parameters", ask(&"a=b&".repeat(15_000)), 400, "invalid_request", "grant_type is missing"),
        ("a query", in_query, 401, "invalid_client", "not known"),
    ];
    check_tokens(&guichet, &pisp, table).await;
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn what_is_larger_than_http_bears_is_refused_before_anybody_reads_it() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    // A path that is long, but not too long to be answered.
    let target = format!("{PAYMENTS}/{}", long("x"));
    let answer = raw::send(&guichet, pisp.get(&token, &target).sign(&pisp.seal), b"").await;
    check_answer(&guichet, "a path", &answer, (404, "FF01", "not found")).await;
    assert!(answer.body.len() < 1_000, "what was sent is not sent back: {}", answer.body.len());

    let before = Stored::read(&guichet);
    let headers = |count: usize| "x-padding: y\r\n".repeat(count);
    let table = [
        ("a target", format!("POST {PAYMENTS}?{} HTTP/1.1\r\nHost: {HOST}\r\n\r\n", "x".repeat(70_000)), "4"),
        ("a method", format!("{} {PAYMENTS} HTTP/1.1\r\nHost: {HOST}\r\n\r\n", "X".repeat(70_000)), "4"),
        (
            "a header",
            format!("POST {PAYMENTS} HTTP/1.1\r\nHost: {HOST}\r\nx: {}\r\n\r\n", "x".repeat(70_000)),
            "431",
        ),
        (
            "a name",
            format!("POST {PAYMENTS} HTTP/1.1\r\nHost: {HOST}\r\n{}: x\r\n\r\n", "x".repeat(70_000)),
            "4",
        ),
        ("headers", format!("POST {PAYMENTS} HTTP/1.1\r\nHost: {HOST}\r\n{}\r\n", headers(101)), "431"),
        (
            "a host",
            format!("POST {PAYMENTS} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", long("x")),
            "4",
        ),
        (
            "a body in pieces",
            format!(
                "POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\n{}0\r\n\r\n",
                format!("1000\r\n{}\r\n", "x".repeat(0x1000)).repeat(17)
            ),
            "413",
        ),
        (
            "headers behind a body",
            format!(
                "POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\n0\r\n{}\r\n",
                headers(2_000)
            ),
            "4",
        ),
        (
            "what is said about a piece",
            format!(
                "POST {TOKEN} HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\n1;{}\r\na\r\n0\r\n\r\n",
                "x".repeat(70_000)
            ),
            "4",
        ),
    ];
    for (what, bytes, status) in table {
        let answer = exchange(&guichet, usual(&guichet), bytes.as_bytes()).await;
        let said = answer.strip_prefix("HTTP/1.1 ").unwrap_or("4, by closing");
        assert!(said.starts_with(status), "{what}: {answer}");
        before.check_unchanged(&guichet, what);
    }
    check_alive(&guichet, &pisp).await;
}
