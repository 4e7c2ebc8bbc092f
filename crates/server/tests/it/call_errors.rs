//! Every error of the API over the wire: status, code, the standard's body, the bank's seal, nothing stored.

use http::Method;
use jiff::SignedDuration;
use payments::{tpp::Licence, values::Moment};
use sandbox::pki::TppProfile;
use serde_json::{Value, json};
use server::app::Clock as _;

use crate::harness::{Call, Guichet, HOST, NO_HOST, PAYMENTS, PISP, Pisp};

/// The body with one member changed; `null` takes it away. `path` is in the form errors have.
fn changed(guichet: &Guichet, path: &str, value: Value) -> Vec<u8> {
    let mut body = guichet.body();
    let pointer = format!("/{}", path.replace('[', ".").replace(']', "").replace('.', "/"));
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value;
    serde_json::to_vec(&body).unwrap()
}

async fn check_post(guichet: &Guichet, pisp: &Pisp<'_>, token: &str, body: Vec<u8>, code: &str, field: &str) {
    let call = pisp.post(token, &json!({})).with_body(body);
    let answer = pisp.sign_and_send(call).await;
    let message = guichet.check_refusal(&answer, 400, code).await;
    let text = message.split_once(": ").unwrap().1;
    assert!(text.starts_with(&format!("{field} ")), "{message}, not {field}");
}

#[tokio::test]
async fn a_body_with_one_member_wrong_is_refused_by_code_and_name() {
    // `T` is the transfer, `{n}` the day n days from today, `=` the path itself.
    let table = r#"
        paymentInformationId        | null   | FF01 | =
        paymentInformationId        | "a_b"  | FF01 | =
        numberOfTransactions        | "1"    | FF01 | =
        numberOfTransactions        | 2      | AM18 | =
        creditTransferTransaction   | [{}, {}] | AM18 | numberOfTransactions
        paymentTypeInformation.serviceLevel    | "NURG" | FF01 | =
        paymentTypeInformation.categoryPurpose | null   | FF01 | =
        chargeBearer                | "SHAR" | FF01 | =
        beneficiary                 | null   | FF01 | =
        T.beneficiary | {"creditor": {"name": "B"}, "creditorAccount": {"iban": "DE89370400440532013000"}} | FF01 | beneficiary
        creditor                    | {"name": "Boutique"} | FF01 | beneficiary
        beneficiary.creditorAccount | null   | FF01 | =
        beneficiary.creditorAccount.iban | "FR7611425009000401234567878" | AC01 | =
        beneficiary.creditorAccount.iban | "US64SVBKUS6S3300958879"      | AC01 | =
        beneficiary.creditorAccount.iban | "CH9300762011623852957" | FF01 | beneficiary.creditorAgent.bicFi
        debtorAccount | {"iban": "FR7611425009000401234567877"}    | RR01 | debtorAccount.iban
        debtorAgent                 | {"bicFi": "BNPAFRPP"} | FF01 | debtorAgent.bicFi
        T.paymentId.endToEndId      | "7c9b1f2e-3a4d-4e5f-8a9b-0c1d2e3f4a5b" | FF01 | =
        T.remittanceInformation     | ["a", "b"] | FF01 | =
        T.instructedAmount.amount   | "0.001" | FF01 | =
        T.instructedAmount.currency | "USD"   | FF01 | =
        T.frequency                 | "MNTH"  | FF01 | =
        creationDateTime            | "{-2}"  | FF01 | =
        requestedExecutionDate      | "{-1}"  | FF01 | =
        requestedExecutionDate      | "{1}"   | FF01 | =
        requestedExecutionDate      | "{32}"  | CH03 | =
        supplementaryData.acceptedAuthenticationApproach | ["DECOUPLED"] | FF01 | =
        supplementaryData.successfulReportUrl   | null   | FF01 | =
        supplementaryData.successfulReportUrl   | "http://tpp.example/cb"   | FF01 | =
        supplementaryData.successfulReportUrl   | "https://evil.example/cb" | FF01 | =
        supplementaryData.unsuccessfulReportUrl | "https://evil.example/cb" | FF01 | =
        "#;
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    for row in table.lines().filter(|row| row.contains('|')) {
        let cells: Vec<&str> = row.split(" | ").map(str::trim).collect();
        let [path, value, code, field] = cells[..] else { panic!("{row}") };
        let value = [-2, -1, 1, 32].into_iter().fold(value.to_owned(), |value, days| {
            let at = guichet.clock.now() + SignedDuration::from_hours(24 * days);
            value.replace(&format!("{{{days}}}"), &Moment::in_paris(at).to_rfc3339())
        });
        let value = serde_json::from_str(&value).expect(row);
        let [path, field] = [path, if field == "=" { path } else { field }]
            .map(|path| path.replace("T.", "creditTransferTransaction[0]."));
        check_post(&guichet, &pisp, &token, changed(&guichet, &path, value), code, &field).await;
    }
    guichet.check_alive(&pisp).await;
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let deep = format!("{}1{}", r#"{"a":"#.repeat(17), "}".repeat(17));
    let very_deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let table: [(&[u8], &str); 8] = [
        (b"", "body"),
        (b"not json", "body"),
        (b"[]", "body"),
        (b"null", "body"),
        (b"\xff\xfe{}", "body"),
        (br#"{"purpose":"COMC","purpose":"COMC"}"#, "purpose"),
        (deep.as_bytes(), "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a"),
        (very_deep.as_bytes(), "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]"),
    ];
    for (body, field) in table {
        check_post(&guichet, &pisp, &token, body.to_vec(), "FF01", field).await;
    }
    guichet.check_alive(&pisp).await;
}

#[tokio::test]
async fn a_call_with_a_header_wrong_is_refused() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let plain = || pisp.post(&token, &guichet.body());
    let long_id = "x".repeat(71);
    let unsigned = |call: Call| call.covering("(request-target) date digest");
    let table = [
        (unsigned(plain()).without("x-request-id"), 400, "FF01"),
        (unsigned(plain()).with("x-request-id", &long_id), 400, "FF01"),
        (unsigned(plain()).with("x-request-id", ""), 400, "FF01"),
        (plain().with("psu-ip-address", "not an address"), 400, "FF01"),
        (plain().with("psu-ip-address", "192.0.2.1, 192.0.2.2"), 400, "FF01"),
        (plain().with("digest", "SHA-256=AAAA"), 400, "FF01"),
        (plain().with("digest", "MD5=AAAA"), 400, "FF01"),
        (plain().with("accept", "text/html"), 406, "FF01"),
        (plain().with("accept", "application/json;q=0"), 406, "FF01"),
        (plain().without("content-type"), 415, "FF01"),
        (plain().with("content-type", "text/plain"), 415, "FF01"),
        (plain().with("content-type", "application/x-www-form-urlencoded"), 415, "FF01"),
        (plain().with_body(vec![b' '; 64 * 1024 + 1]), 413, "FF01"),
        (plain().without("authorization"), 401, "BE05"),
        (plain().with("authorization", "Bearer"), 401, "BE05"),
        (plain().with("authorization", "Bearer unknown"), 401, "BE05"),
        (plain().with("authorization", &format!("Basic {token}")), 401, "BE05"),
    ];
    for (call, status, code) in table {
        let answer = pisp.sign_and_send(call).await;
        guichet.check_refusal(&answer, status, code).await;
        let challenge = answer.headers.get("www-authenticate").is_some();
        assert_eq!(challenge, status == 401, "RFC 6750, 3");
    }
    let no_signature = pisp.send(plain()).await;
    guichet.check_refusal(&no_signature, 400, "FF01").await;
    guichet.check_alive(&pisp).await;
}

#[tokio::test]
async fn headers_that_only_look_strange_are_taken() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let calls = [
        ("content-type", "application/json; charset=utf-8"),
        ("content-type", "Application/JSON"),
        ("accept", "*/*"),
        ("accept", "application/json"),
        ("psu-ip-address", "203.0.113.7"),
        ("psu-ip-address", "2001:db8::1"),
        ("psu-date", "not a date"),
        ("psu-geo-location", "somewhere"),
        ("x-unknown", "1"),
    ];
    for (name, value) in calls {
        let token = pisp.token().await;
        let call = pisp.post(&token, &guichet.body()).with(name, value);
        let answer = pisp.sign_and_send(call).await;
        assert_eq!(answer.status, 201, "{name}: {value}: {}", answer.text());
    }
    let lower = pisp.token().await;
    let call = pisp.post(&lower, &guichet.body()).with("authorization", &format!("bearer {lower}"));
    assert_eq!(pisp.sign_and_send(call).await.status, 201);
}

#[tokio::test]
async fn the_answer_is_of_the_type_asked_for() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pisp.pay().await;
    let token = pisp.token().await;
    for (accept, content_type) in [
        ("application/json", "application/json; charset=utf-8"),
        ("application/hal+json", "application/hal+json; charset=utf-8"),
        ("*/*", "application/hal+json; charset=utf-8"),
    ] {
        let answer = pisp.sign_and_send(pisp.get(&token, &path).with("accept", accept)).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, content_type));
        answer.check_seal(&guichet).await;
    }
}

#[tokio::test]
async fn what_is_not_there_is_answered_alike_and_methods_are_told_apart() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let id = "0000000001-177244293000011234567890";
    let paths: [(Method, String, u16, &str); 15] = [
        (Method::GET, format!("{PAYMENTS}/{id}"), 404, "FF01"),
        (Method::GET, format!("{PAYMENTS}/{}", "x".repeat(36)), 404, "FF01"),
        (Method::GET, format!("{PAYMENTS}/%00"), 404, "FF01"),
        (Method::GET, format!("{PAYMENTS}/%FF"), 404, "FF01"),
        (Method::GET, format!("{PAYMENTS}/{id}/transactions"), 404, "FF01"),
        (Method::GET, "/stet/psd2/v1/nothing".to_owned(), 404, "FF01"),
        (Method::GET, "/stet/psd2/v9/payment-requests".to_owned(), 404, "FF01"),
        (Method::GET, "/".to_owned(), 404, "FF01"),
        (Method::GET, "/stet/psd2/v1/accounts".to_owned(), 501, "NIMP"),
        (Method::POST, "/stet/psd2/v1.4.2/funds-confirmations".to_owned(), 501, "NIMP"),
        (Method::GET, PAYMENTS.to_owned(), 405, "NIMP"),
        (Method::DELETE, format!("{PAYMENTS}/{id}"), 405, "NIMP"),
        (Method::POST, format!("{PAYMENTS}/{id}"), 405, "NIMP"),
        (Method::POST, format!("{PAYMENTS}/{id}/confirmation"), 405, "NIMP"),
        (Method::POST, format!("{PAYMENTS}/{id}/o-confirmation"), 405, "NIMP"),
    ];
    for (method, target, status, code) in paths {
        let mut call = pisp.get(&token, &target);
        call.method = method;
        let answer = pisp.sign_and_send(call).await;
        guichet.check_refusal(&answer, status, code).await;
        assert_eq!(answer.headers.contains_key("allow"), status == 405, "{target}");
    }
    guichet.check_alive(&pisp).await;
}

#[tokio::test]
async fn a_caller_who_may_not_is_refused_by_the_reason() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let post = || pisp.post(&token, &guichet.body());

    guichet.change_tpp(PISP, |tpp| tpp.scope_pisp = false).await;
    guichet.check_refusal(&pisp.sign_and_send(post()).await, 403, "BADS").await;
    for licence in [Licence::Suspended, Licence::Withdrawn] {
        guichet
            .change_tpp(PISP, |tpp| {
                tpp.scope_pisp = true;
                tpp.licence = licence;
            })
            .await;
        guichet.check_refusal(&pisp.sign_and_send(post()).await, 403, "BE05").await;
    }
    guichet.change_tpp(PISP, |tpp| tpp.licence = Licence::Active).await;

    let qseal = guichet.pki.tpp(PISP).unwrap().qseal.clone();
    let without = guichet.caller(None, &qseal, PISP);
    let answer = without.sign_and_send(without.post(&token, &guichet.body())).await;
    assert!(guichet.check_refusal(&answer, 401, "BE05").await.contains("certificate"));
    guichet.check_alive(&pisp).await;
}

#[tokio::test]
async fn a_host_that_is_no_bank_of_ours_is_unknown() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let call = pisp.post(&token, &guichet.body()).at_host(NO_HOST);
    // Nobody's seal is on this answer: there is no bank whose it could be.
    let answer = pisp.sign_and_send(call).await;
    answer.refused(404, "FF01");
    assert!(!answer.headers.contains_key("signature"));
    guichet.check_alive(&pisp).await;
}

#[tokio::test]
async fn a_certificate_without_the_role_may_not_use_a_token_it_was_given() {
    let guichet = Guichet::start().await;
    let oid = eidas::OrganizationIdentifier::parse("PSDFR-ACPR-77777").unwrap();
    let validity = sandbox::pki::Validity::days_from(guichet.clock.now(), 365);
    let profile = TppProfile::new(eidas::Kind::Qwac, &oid, &[eidas::Role::AccountInformation], validity);
    let qwac = guichet.pki.qtsp().issue_tpp(&profile).unwrap();
    let known = guichet.pki.tpp(PISP).unwrap();
    let caller = guichet.caller(Some(&qwac), &known.qseal, PISP);
    // A token as it would be if the role had been lost after it was given.
    let secret = "a token from better days";
    guichet.give_token(secret, oid.as_str(), &qwac).await;
    guichet.copy_tpp(PISP, oid.as_str()).await;
    let answer = caller.sign_and_send(caller.post(secret, &guichet.body())).await;
    assert!(guichet.check_refusal(&answer, 403, "BE05").await.contains("role"));
}

#[tokio::test]
async fn a_store_that_fails_is_told_as_such_and_a_retry_asked_for() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    guichet.store.close();
    let answer = pisp.sign_and_send(pisp.post(&token, &guichet.body())).await;
    answer.refused(503, "INTS");
    answer.check_seal(&guichet).await;
    assert_eq!(answer.header("retry-after"), "2");
    let no_token = pisp.ask_token(HOST, &pisp.token_form()).await;
    assert_eq!((no_token.status, no_token.header("retry-after")), (503, "2"));
}
