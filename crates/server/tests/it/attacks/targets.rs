//! Methods, paths and hosts that somebody could take for others.

use http::Method;

use super::{ask, check_alive, check_answer, pay, raw, stored::Stored};
use crate::harness::{Guichet, HOST, OTHER_HOST, PAYMENTS, PISP, TOKEN};

#[tokio::test]
async fn a_path_is_only_what_it_is_to_the_letter() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pay(&guichet, &pisp).await;
    let token = pisp.token().await;
    let id = path.rsplit('/').next().unwrap();
    let table = [
        format!("/{path}"),
        path.replace("/psd2", "//psd2"),
        path.replace("/v1/", "/v1//"),
        format!("{path}/"),
        format!("{path}//"),
        format!("{path}/."),
        path.replace("/v1/", "/v1/./"),
        path.replace("/v1/", "/v1/x/../"),
        path.replace("/v1/", "/v1/%2e%2e/v1/"),
        path.replace("/v1/", "/v1%2f"),
        format!("{PAYMENTS}%2f{id}"),
        format!("{PAYMENTS}%2F{id}"),
        format!("{PAYMENTS}%5c{id}"),
        format!("{PAYMENTS}/%2e%2e/payment-requests/{id}"),
        format!("{PAYMENTS}/..;/payment-requests/{id}"),
        format!("{path};a=b"),
        format!("{path}%00"),
        format!("{path}%00.pem"),
        format!("{path}%0a"),
        format!("{path}%20"),
        format!("{path}.json"),
        format!("{path}/confirmation/.."),
        path.to_uppercase(),
        path.replace("payment", "Payment"),
        path.replace("payment", "%70ayment"),
        path.replace("/v1/", "/v01/"),
        path.replace("/v1/", "/v1.4.3/"),
        // What other listeners serve.
        "/health/ready".to_owned(),
        "/metrics".to_owned(),
        "/reload".to_owned(),
        "/tpps".to_owned(),
        "/tokens/introspect".to_owned(),
        "/sandbox/clock".to_owned(),
        "/psu/identify".to_owned(),
        "/89C3api/consent".to_owned(),
        "/.git/config".to_owned(),
        "/api/keyid/../../server.key".to_owned(),
    ];
    let before = Stored::read(&guichet);
    for target in table {
        let call = pisp.get(&token, &target).sign(&pisp.seal);
        let answer = raw::send(&guichet, call, b"").await;
        check_answer(&guichet, &target, &answer, (404, "FF01", "not found")).await;
        before.check_unchanged(&guichet, &target);
    }
    assert_eq!(raw::send(&guichet, pisp.get(&token, &path).sign(&pisp.seal), b"").await.status, 200);
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn a_method_is_only_what_it_is_to_the_letter() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pay(&guichet, &pisp).await;
    let token = pisp.token().await;
    let body = serde_json::to_vec(&guichet.body()).unwrap();
    let table = [
        (PAYMENTS, "GET PUT PATCH DELETE OPTIONS TRACE post POSTX BREW PROPFIND"),
        (path.as_str(), "POST PUT PATCH DELETE OPTIONS TRACE get GETX"),
        ("/stet/psd2/v1/payment-requests/1/confirmation", "POST GET PUT"),
        ("/stet/psd2/v1/payment-requests/1/o-confirmation", "POST GET PUT"),
    ];
    let before = Stored::read(&guichet);
    for (target, methods) in table {
        for method in methods.split(' ') {
            let mut call = pisp.post(&token, &guichet.body());
            call.target = target.to_owned();
            call.method = Method::from_bytes(method.as_bytes()).unwrap();
            let what = format!("{method} {target}");
            let answer = raw::send(&guichet, call.sign(&pisp.seal), b"").await;
            check_answer(&guichet, &what, &answer, (405, "NIMP", "not offered")).await;
            before.check_unchanged(&guichet, &what);
        }
    }
    // A method in a header or in the query is none.
    for told in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let mut call = pisp.get(&token, PAYMENTS).with_body(body.clone());
        call = call.with("content-type", "application/json").sign(&pisp.seal);
        let answer = raw::send(&guichet, call, format!("{told}: POST\r\n").as_bytes()).await;
        check_answer(&guichet, told, &answer, (405, "NIMP", "not offered")).await;
    }
    let in_query = pisp.get(&token, &format!("{PAYMENTS}?_method=POST")).sign(&pisp.seal);
    let answer = raw::send(&guichet, in_query, b"").await;
    check_answer(&guichet, "_method", &answer, (405, "NIMP", "not offered")).await;
    for target in [PAYMENTS, &path, TOKEN] {
        let mut call = pisp.get(&token, target);
        call.method = Method::HEAD;
        let answer = raw::send(&guichet, call.sign(&pisp.seal), b"").await;
        assert_eq!((answer.status, answer.body.len()), (405, 0), "HEAD {target}");
    }
    for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post"] {
        let mut call = ask(&pisp.token_form());
        call.method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = raw::send(&guichet, call, b"x-http-method-override: POST\r\n").await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{method}");
    }
    before.check_unchanged(&guichet, "a method");
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn a_host_that_is_not_to_the_letter_is_no_bank() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let before = Stored::read(&guichet);
    let table = [
        format!("{HOST}."),
        format!(".{HOST}"),
        format!("x.{HOST}"),
        format!("{HOST}:8443:8443"),
        format!("{HOST}:evil.example"),
        format!("{HOST}:@evil.example"),
        format!("{HOST}@evil.example"),
        format!("user@{HOST}"),
        format!("user:password@{HOST}"),
        format!("{HOST}/"),
        format!("{HOST}#"),
        format!("{HOST}?"),
        format!("{HOST}%00"),
        format!("{HOST}, {OTHER_HOST}"),
        format!("https://{HOST}"),
        HOST.replace('.', "%2e"),
        HOST.replace('w', "\u{ff57}"),
        "127.0.0.1".to_owned(),
        "localhost".to_owned(),
        "[::1]:8443".to_owned(),
        String::new(),
    ];
    for host in table {
        for call in [pisp.post(&token, &guichet.body()).sign(&pisp.seal), ask(&pisp.token_form())] {
            let what = format!("{host:?} {}", call.target);
            let answer = raw::send_as(&guichet, call, &host, b"").await;
            assert!(matches!(answer.status, 400 | 404), "{what}: {} {}", answer.status, answer.text());
            assert!(answer.headers.get("location").is_none(), "{what}");
            assert!(!answer.text().contains("evil.example"), "{what}: {}", answer.text());
            before.check_unchanged(&guichet, &what);
        }
    }
    // Letters are compared without regard to case, and any port may have led here (RFC 9110, 7.2 and 4.2.3).
    for host in [HOST.to_uppercase(), format!("{HOST}:1"), format!("{HOST}:65535"), format!("{HOST}:")] {
        let answer = raw::send_as(&guichet, ask(&pisp.token_form()), &host, b"").await;
        assert_eq!(answer.status, 200, "{host}: {}", answer.text());
    }
    check_alive(&guichet, &pisp).await;
}
