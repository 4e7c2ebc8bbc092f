//! `guichet serve`, the real binary with a configuration of its own: a whole payment over TLS with the sandbox
//! as the bank behind it, and what is replaced while it runs.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests say what is wrong by failing")]

#[path = "../support/mod.rs"]
mod support;

mod connection;
mod customer;
mod reload;
mod server;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
};

use serde_json::Value;
use url::Url;

use customer::Customer;
use server::{HOST, PISP, Server};
use support::{Sandbox, guichet, output_of};

const CREDITOR: &str = "FR7611425009000401234567877";
const DEBTOR: &str = "FR7617515900000800123456711";
const CAMILLE: &str = "170000001";

/// Where the sandbox answers for the bank.
fn bank_url(data: &Path) -> String {
    let places: Value =
        serde_json::from_str(&fs::read_to_string(data.join("sandbox.json")).unwrap()).unwrap();
    let operator: Url = places.get("operator_url").unwrap().as_str().unwrap().parse().unwrap();
    format!("http://127.0.0.1:{}/bank/v1", operator.port().unwrap())
}

/// The arguments of a PISP who pays over what `server` serves.
fn pay(server: &Server, pki: &Path) -> Vec<String> {
    let file = |name: &str| pki.join(name).display().to_string();
    let own = |name: &str| file(&format!("tpp/{PISP}/{name}"));
    let url = format!("https://{HOST}:{}", server.tpp_port());
    let arguments = [
        ("--url", url),
        ("--qwac", own("qwac.pem")),
        ("--qwac-key", own("qwac.key")),
        ("--qseal", own("qseal.pem")),
        ("--qseal-key", own("qseal.key")),
        ("--ca", file("tls-ca.pem")),
        ("--client-id", PISP.to_owned()),
        ("--creditor-name", "Boutique Exemple".to_owned()),
        ("--creditor-iban", CREDITOR.to_owned()),
        ("--amount", "12.34".to_owned()),
        ("--return-url", "https://tpp.example/cb".to_owned()),
    ];
    let named = arguments.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
    ["pay".to_owned(), "--json".to_owned()].into_iter().chain(named).collect()
}

#[tokio::test]
async fn a_payment_over_tls_is_approved_on_the_pages_and_settled_by_the_bank_behind() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("sandbox");
    let sandbox = Sandbox::start(&data);
    let pki = data.join("pki");
    let server = Server::new(home.path(), &pki)
        .with_bank(&bank_url(&data), &data.join("bank.secret"))
        .with_tpp(PISP)
        .start();

    let arguments = pay(&server, &pki);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut paying = guichet(&arguments).spawn().unwrap();
    let mut told = BufReader::new(paying.stderr.take().unwrap());
    let mut link = String::new();
    told.read_line(&mut link).unwrap();
    let link: Url = link.trim().parse().unwrap_or_else(|_| {
        told.read_to_string(&mut link).unwrap();
        panic!("a link, not {link}")
    });
    assert_eq!((link.host_str(), link.port()), (Some(HOST), Some(server.psu_port())));

    let mut camille = Customer::new(&pki, server.psu_port());
    camille.open(link).await;
    camille.fill_in("/psu/identify", &[("customer", CAMILLE)]).await;
    camille.fill_in("/psu/password", &[("password", "sandbox")]).await;
    camille.fill_in("/psu/account", &[("account", DEBTOR)]).await;
    camille.fill_in("/psu/review", &[]).await;
    let phone = sandbox.get(&format!("/phone/17515/{CAMILLE}"));
    let code = phone.pointer("/messages/0/code").unwrap().as_str().unwrap();
    camille.fill_in("/psu/authenticate", &[("code", code)]).await;
    assert!(camille.sees("id=\"approved\""), "{}", camille.page());
    let back = camille.leave("/psu/return").await;
    assert!(back.starts_with("https://tpp.example/cb"), "{back}");

    let mut errors = String::new();
    told.read_to_string(&mut errors).unwrap();
    let output = paying.wait_with_output().unwrap();
    let outcome = String::from_utf8_lossy(&output.stdout).into_owned();
    let outcome: Value = serde_json::from_str(&outcome).unwrap_or_else(|_| panic!("{outcome}: {errors}"));
    assert_eq!(
        (output.status.code(), outcome.get("status").unwrap()),
        (Some(0), &"ACSC".into()),
        "{outcome}"
    );
    assert_eq!(outcome.get("seal").unwrap(), "bank's seal verified");

    // Nobody's account is in the log, and the books of both sides say the same.
    let log = server.stop();
    assert!(!log.contains(CREDITOR) && !log.contains(DEBTOR), "{log}");
    let config = home.path().join("guichet.toml");
    let (code, told) = output_of(guichet(&["audit", "--config", config.to_str().unwrap()]));
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("seals                     1"), "{told}");
}
