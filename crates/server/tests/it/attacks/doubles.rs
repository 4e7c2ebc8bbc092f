//! Parameters and headers that are there twice, or say two things.

use http::{HeaderName, HeaderValue};
use server::http_signature::digest_value;

use super::{TokenAttack, ask, check, check_alive, check_tokens};
use crate::harness::{Call, Guichet, PISP, TOKEN};

/// The same call with another value of a header beside the one it has.
fn and(mut call: Call, name: &'static str, value: &str) -> Call {
    call.headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    call
}

#[tokio::test]
async fn a_parameter_of_the_token_endpoint_says_one_thing() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let form = pisp.token_form();
    let in_query = |query: &str| {
        let mut call = ask(&form);
        call.target = format!("{TOKEN}?{query}");
        call
    };
    let twice = "given twice with different values";
    let table: Vec<TokenAttack<'_>> = vec![
        ("two clients", ask(&format!("{form}&client_id=other")), 400, "invalid_request", twice),
        ("two grants", ask(&format!("{form}&grant_type=password")), 400, "invalid_request", twice),
        ("two scopes", ask(&format!("{form}&scope=aisp")), 400, "invalid_request", twice),
        ("a client here and there", in_query("client_id=other"), 400, "invalid_request", twice),
        ("a grant here and there", in_query("grant_type=refresh_token"), 400, "invalid_request", twice),
        ("a scope here and there", in_query("scope=manageRegistration"), 400, "invalid_request", twice),
        ("nothing here and something there", in_query("client_id="), 400, "invalid_request", twice),
        ("escaped in the query", in_query("%63lient_id=other"), 400, "invalid_request", twice),
        ("escaped in the body", ask(&format!("{form}&%63lient_id=other")), 400, "invalid_request", twice),
        (
            "two types of content",
            and(ask(&form), "content-type", "application/json"),
            415,
            "invalid_request",
            "content type",
        ),
    ];
    check_tokens(&guichet, &pisp, table).await;
    // Other names are other parameters, and change nothing.
    for harmless in ["client_id[]=other", "Client_Id=other", "client_id%20=other", "client_id%00=other"] {
        let answer = pisp.send(ask(&format!("{form}&{harmless}"))).await;
        assert_eq!(answer.status, 200, "{harmless}: {}", answer.text());
    }
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn a_header_that_counts_is_there_once() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let (token, other) = (pisp.token().await, pisp.token().await);
    let call = || pisp.post(&token, &guichet.body());
    let signed = || call().sign(&pisp.seal);
    // Before it is signed, so that the signature covers both; and after, as somebody on the way would do it.
    let both = |name, value: &str| and(call(), name, value).sign(&pisp.seal);
    let after = |name, value: &str| and(signed(), name, value);
    let signature = signed().headers["signature"].to_str().unwrap().to_owned();
    let bearer = format!("Bearer {other}");
    let two_addresses = and(call().with("psu-ip-address", "203.0.113.7"), "psu-ip-address", "127.0.0.1");
    let two_addresses = two_addresses.sign(&pisp.seal);
    let table = vec![
        ("two tokens", both("authorization", &bearer), 401, "BE05", "must be: Bearer <token>"),
        (
            "the same token",
            both("authorization", &format!("Bearer {token}")),
            401,
            "BE05",
            "must be: Bearer <token>",
        ),
        ("two signatures", after("signature", &signature), 400, "FF01", "'Signature' must be given once"),
        (
            "two request ids",
            both("x-request-id", "another"),
            400,
            "FF01",
            "'X-Request-ID' must be given once",
        ),
        ("two digests, one right", both("digest", "SHA-256=AAAA"), 400, "FF01", "'Digest'"),
        ("two digests, the later right", both("digest", &digest_value(b"{}")), 400, "FF01", "'Digest'"),
        ("a digest added on the way", after("digest", &digest_value(b"{}")), 400, "FF01", "'Digest'"),
        ("two dates", both("date", "Mon, 02 Mar 2026 09:15:30 GMT"), 401, "BE05", "'Date'"),
        ("two types of content", both("content-type", "text/xml"), 415, "FF01", "application/json"),
        ("two addresses of the PSU", two_addresses, 400, "FF01", "PSU-IP-Address"),
    ];
    check(&guichet, &pisp, table).await;
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn a_member_of_a_body_is_there_once() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let body = serde_json::to_string(&guichet.body()).unwrap();
    let evil = r#"{"iban":"FR7617515900000800123456711"}"#;
    let with = |from: &str, to: String| {
        assert!(body.contains(from), "{from}");
        let body = body.replacen(from, &to, 1);
        pisp.post(&token, &guichet.body()).with_body(body).sign(&pisp.seal)
    };
    let account = r#""creditorAccount":"#;
    let table = vec![
        ("an account", with(account, format!("{account}{evil},{account}")), 400, "FF01", "creditorAccount"),
        (
            "an account, escaped",
            with(account, format!(r#""\u0063reditorAccount":{evil},{account}"#)),
            400,
            "FF01",
            "creditorAccount",
        ),
        ("an amount", with(r#""amount":"#, r#""amount":"0.01","amount":"#.to_owned()), 400, "FF01", "amount"),
        ("the whole request", with("{", r#"{"beneficiary":null,"#.to_owned()), 400, "FF01", "beneficiary"),
        ("two documents", with("{", "{}{".to_owned()), 400, "FF01", "body"),
    ];
    check(&guichet, &pisp, table).await;
    check_alive(&guichet, &pisp).await;
}
