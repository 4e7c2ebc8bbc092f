//! The real binary, over real sockets: what a newcomer and a PISP developer do first.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests say what is wrong by failing")]

mod support;

use std::{fs, path::Path};

use serde_json::Value;
use support::{Sandbox, guichet, output_of};

/// Keeps a demo off the ports that others use.
const ANY_PORT: [&str; 8] =
    ["--tpp-port", "0", "--psu-port", "0", "--operator-port", "0", "--shop-port", "0"];

fn demo(data: &Path, more: &[&str]) -> (i32, String) {
    let data = data.to_str().unwrap();
    let arguments: Vec<&str> =
        ["demo", "--exit", "--data", data].into_iter().chain(ANY_PORT).chain(more.iter().copied()).collect();
    output_of(guichet(&arguments))
}

fn audit(data: &Path) -> (i32, String) {
    output_of(guichet(&["audit", "--data", data.to_str().unwrap()]))
}

#[test]
fn the_demo_settles_a_payment_and_goes_on_where_it_ended() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let (code, told) = demo(&data, &[]);
    assert_eq!(code, 0, "{told}");
    for step in ["token over mutual TLS", "bank's seal verified", "Payment approved", "ACSC, settled", "paid"]
    {
        assert!(told.contains(step), "{step} in {told}");
    }
    let certificate = fs::read(data.join("pki/server.pem")).unwrap();
    let (code, told) = demo(&data, &[]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("1 payment from before"), "{told}");
    assert_eq!(fs::read(data.join("pki/server.pem")).unwrap(), certificate);
    let (code, told) = audit(&data);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("seals                     2"), "{told}");
}

#[test]
fn the_demo_settles_a_payment_over_tls_with_rsa_seals() {
    let home = tempfile::tempdir().unwrap();
    let (code, told) = demo(home.path(), &["--tls", "--seal", "rsa"]);
    assert_eq!(code, 0, "{told}");
    let (code, told) = demo(home.path(), &["--seal", "p256"]);
    assert_eq!(code, 1, "records stay sealed with the keys they were sealed with: {told}");
    let (code, told) = audit(home.path());
    assert_eq!(code, 0, "{told}");
}

#[test]
fn an_audit_finds_what_was_changed() {
    let home = tempfile::tempdir().unwrap();
    let (code, told) = demo(home.path(), &[]);
    assert_eq!(code, 0, "{told}");
    // Another key now says that the old records are sealed with it.
    for extension in ["pem", "key"] {
        let name = |code: &str| home.path().join(format!("pki/seal-{code}.{extension}"));
        fs::copy(name("11425"), name("17515")).unwrap();
    }
    let (code, told) = audit(home.path());
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("FINDING") && told.contains("signature"), "{told}");
}

#[test]
fn one_data_directory_serves_one_server() {
    let home = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(home.path());
    let (code, told) = demo(home.path(), &[]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("another guichet is running"), "{told}");
    let (code, told) = audit(home.path());
    assert_eq!(code, 1, "{told}");
    drop(sandbox);
}

#[test]
fn a_pisp_pays_and_is_refused_from_the_command_line() {
    let home = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(home.path());
    let table = [
        (&["--amount", "12.34"][..], "approve", 0, "ACSC", Value::Null),
        (&["--amount", "5", "--version", "1.4.2", "--instant"], "approve", 0, "ACSC", Value::Null),
        (&["--amount", "6", "--bank", "11425", "--instant"], "approve", 0, "ACSC", Value::Null),
        (&["--amount", "7"], "refuse", 2, "RJCT", "CUST".into()),
        (&["--amount", "8.99"], "approve", 2, "RJCT", "MS03".into()),
        (&["--amount", "9", "--timeout", "1"], "abandon", 3, "ACTC", Value::Null),
    ];
    for (arguments, decision, code, status, reason) in table {
        let mut paying = sandbox.pay(arguments);
        let payment = paying.payment();
        sandbox.play(&payment, decision);
        let (exit, outcome) = paying.outcome();
        assert_eq!(
            (exit, &outcome["status"], &outcome["reason"]),
            (code, &status.into(), &reason),
            "{arguments:?}"
        );
        assert_eq!(outcome["seal"], "bank's seal verified");
    }
}

#[test]
fn the_demo_settles_a_payment_that_the_shop_confirms() {
    let home = tempfile::tempdir().unwrap();
    let (code, told) = demo(home.path(), &["--redirect", "enforced"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("Payment approved") && told.contains("ACSC, settled"), "{told}");
    let (code, told) = audit(home.path());
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("seals                     1"), "{told}");
}

#[test]
fn a_pisp_brings_the_code_back_and_confirms_from_the_command_line() {
    let home = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start_with(home.path(), &["--redirect", "enforced"]);
    let mut paying = sandbox.pay_and_listen(&["--amount", "12.34", "--version", "1.4.2"]);
    let back = sandbox.play_at(&paying.link(), "approve");
    assert!(back.query_pairs().any(|(name, _)| name == "code"), "{back}");
    assert!(support::visit(&back).contains("Back from the bank"));
    let (exit, outcome) = paying.outcome();
    assert_eq!((exit, &outcome["status"]), (0, &"ACSC".into()), "{outcome}");

    let mut refused = sandbox.pay_and_listen(&["--amount", "5", "--version", "1.4.2"]);
    let back = sandbox.play_at(&refused.link(), "refuse");
    assert!(back.query_pairs().any(|(name, value)| name == "error" && value == "access_denied"), "{back}");
    support::visit(&back);
    let (exit, outcome) = refused.outcome();
    assert_eq!((exit, &outcome["reason"]), (2, &"CUST".into()), "{outcome}");

    // 1.4.0 knows no confirmation.
    let mut older = sandbox.pay(&["--amount", "6"]);
    sandbox.play(&older.payment(), "approve");
    assert_eq!(older.outcome().1["status"], "ACSC");

    // Nobody can confirm for an address that is not ours.
    let elsewhere = sandbox.pay(&["--amount", "7", "--version", "1.4.2"]);
    let (exit, told) = elsewhere.failure();
    assert!(exit == 1 && told.contains("--return-url"), "{told}");

    // What waits for its confirmation is sealed, and everything about it is in order.
    let mut waiting = sandbox.pay_and_listen(&["--amount", "8", "--version", "1.4.2", "--timeout", "1"]);
    sandbox.play_at(&waiting.link(), "approve");
    let (exit, outcome) = waiting.outcome();
    assert_eq!((exit, &outcome["status"]), (3, &"ACCO".into()), "{outcome}");
    sandbox.stop();
    let (code, told) = audit(home.path());
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("seals                     3"), "{told}");
}

#[test]
fn what_the_bank_does_not_take_is_told_in_its_words() {
    let home = tempfile::tempdir().unwrap();
    let _sandbox = Sandbox::start(home.path());
    let data = home.path().to_str().unwrap();
    let table = [
        // No instant transfers in 1.4.0 at 17515.
        (&["--instant"][..], "AG01"),
        (&["--client-id", "PSDFR-ACPR-54321"], "invalid_client"),
        (&["--return-url", "https://evil.example/"], "400"),
    ];
    for (arguments, told) in table {
        let mut all = vec!["pay", "--sandbox", data, "--amount", "5"];
        all.extend(arguments);
        let (code, output) = output_of(guichet(&all));
        assert_eq!(code, 1, "{output}");
        assert!(output.contains(told), "{told} in {output}");
    }
}

#[test]
fn a_moved_clock_ends_what_nobody_decided() {
    let home = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(home.path());
    let mut paying = sandbox.pay(&["--amount", "12"]);
    paying.payment();
    let moved = sandbox.post("/sandbox/clock", r#"{"advance":"PT31M"}"#);
    assert_eq!(moved["ahead_s"], 1_860, "{moved}");
    let (exit, outcome) = paying.outcome();
    assert_eq!((exit, outcome["reason"].as_str()), (2, Some("NOAS")), "{outcome}");
    drop(sandbox);
    let sandbox = Sandbox::start(home.path());
    assert_eq!(sandbox.get("/sandbox/clock")["ahead_s"], 1_860);
}

#[test]
fn the_control_api_answers_what_it_does_not_understand() {
    let home = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(home.path());
    let table = [
        ("/sandbox/clock", r#"{"advance":"P1M"}"#, 400),
        ("/sandbox/clock", "x", 400),
        ("/sandbox/clock", r#"{"now":"2026-03-02T10:00:00Z","advance":1}"#, 400),
        ("/sandbox/psu/nothing/approve", "", 404),
        ("/sandbox/psu/0000000123-177244293000011234567890/refuse", "", 404),
        ("/sandbox/psu/0000000123-177244293000011234567890/approve", r#"{"psu":1}"#, 400),
    ];
    for (path, body, status) in table {
        assert_eq!(sandbox.post(path, body)["status"], status, "{path} {body}");
    }
}

#[test]
fn a_configuration_is_checked_with_everything_it_names() {
    let home = tempfile::tempdir().unwrap();
    let (code, told) = demo(&home.path().join("data"), &[]);
    assert_eq!(code, 0, "{told}");
    let config = home.path().join("guichet.toml");
    let example =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guichet.example.toml"));
    let text = example
        .unwrap()
        .replace("qtsp.pem", "data/pki/ca.pem")
        .replace("\"server.", "\"data/pki/server.")
        .replace("\"seal-17515.", "\"data/pki/seal-17515.")
        .replace("tpp/PSDFR-ACPR-12345-qseal.pem", "data/pki/tpp/PSDFR-ACPR-12345/qseal.pem")
        .replace("bank-ca.pem", "data/pki/tls-ca.pem")
        .replace("\"bank.secret\"", "\"data/bank.secret\"");
    fs::write(&config, &text).unwrap();
    let check = || output_of(guichet(&["serve", "--check", "--config", config.to_str().unwrap()]));
    let (code, told) = check();
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("1 institution(s), 1 TPP(s), 1 trust anchor(s)"), "{told}");
    fs::write(&config, text.replace("data/pki/seal-17515.key", "data/pki/seal-11425.key")).unwrap();
    let (code, told) = check();
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("17515") && told.contains("key"), "{told}");
}
