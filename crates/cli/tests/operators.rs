//! What operators do with the real binary, beside a server that is running.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what is wrong by failing"
)]

mod support;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use reqwest::{Certificate, Client, Identity};
use serde_json::{Value, json};
use support::{Sandbox, guichet, output_of};

const PISP: &str = "PSDFR-ACPR-12345";
const HOST: &str = "www.17515.sandbox.localhost";

/// A sandbox, and the operator beside it.
struct Bench {
    home: tempfile::TempDir,
    sandbox: Option<Sandbox>,
}

impl Bench {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let sandbox = Some(Sandbox::start(home.path()));
        Self { home, sandbox }
    }

    fn data(&self) -> &str {
        self.home.path().to_str().unwrap()
    }

    fn file(&self, name: &str) -> String {
        self.home.path().join("pki").join(name).to_str().unwrap().to_owned()
    }

    /// `guichet` with these arguments, on the sandbox's store.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        self.run_with(arguments, "")
    }

    /// The same, with something to read.
    fn run_with(&self, arguments: &[&str], input: &str) -> (i32, String) {
        let mut all = arguments.to_vec();
        all.extend(["--data", self.data()]);
        let mut child = guichet(&all).stdin(Stdio::piped()).spawn().unwrap();
        // Who does not read it has ended already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        (status.code().unwrap(), text)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let (_, told) = self.run(arguments);
        serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"))
    }
}

/// A PISP that keeps its connection.
struct Connected {
    client: Client,
    base: String,
}

impl Connected {
    fn new(home: &Path) -> Self {
        let read = |name: &str| fs::read_to_string(home.join("pki").join(name)).unwrap();
        let places: Value =
            serde_json::from_str(&fs::read_to_string(home.join("sandbox.json")).unwrap()).unwrap();
        let bank = places["banks"].as_array().unwrap().iter().find(|bank| bank["code"] == "17515").unwrap();
        let url: url::Url = bank["tpp_url"].as_str().unwrap().parse().unwrap();
        let (qwac, key) = (read(&format!("tpp/{PISP}/qwac.pem")), read(&format!("tpp/{PISP}/qwac.key")));
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder()
            .identity(Identity::from_pem(format!("{qwac}\n{key}").as_bytes()).unwrap())
            .tls_certs_only(Certificate::from_pem_bundle(read("tls-ca.pem").as_bytes()).unwrap())
            .resolve(HOST, ([127, 0, 0, 1], url.port().unwrap()).into())
            .no_proxy()
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(Duration::from_mins(1))
            .build()
            .unwrap();
        Self { client, base: format!("https://{HOST}:{}", url.port().unwrap()) }
    }

    async fn ask_token(&self) -> (u16, Value) {
        let form = format!("grant_type=client_credentials&client_id={PISP}&scope=pisp");
        let answer = self
            .client
            .post(format!("{}/stet/psd2/oauth/token", self.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn token(&self) -> String {
        let (status, answer) = self.ask_token().await;
        assert_eq!(status, 200, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// The status of a call with `token`. It is not signed: 403 keeps it out before anybody looks at that.
    async fn call(&self, token: &str) -> (u16, String) {
        let answer = self
            .client
            .get(format!("{}/stet/psd2/v1/payment-requests/0000000123-177244293000011234567890", self.base))
            .bearer_auth(token)
            .header("x-request-id", "operators-test")
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_counts_at_the_next_request_of_a_connection_that_is_open() {
    let bench = Bench::start();
    let pisp = Connected::new(bench.home.path());
    let token = pisp.token().await;
    let (served, told) = pisp.call(&token).await;
    assert_ne!(served, 403, "{told}");

    let (code, told) = bench.run(&["tpp", "suspend", PISP, "--reason", "fraud \u{1b}[31mreported"]);
    assert_eq!(code, 0, "{told}");
    let (status, told) = pisp.call(&token).await;
    assert_eq!(status, 403, "{told}");
    assert!(told.contains("suspended") && !told.contains("fraud"), "{told}");
    let (status, answer) = pisp.ask_token().await;
    assert_eq!((status, &answer["error"]), (400, &json!("unauthorized_client")), "{answer}");
    let (code, told) = bench.run(&["tpp", "suspend", PISP, "--reason", "once more"]);
    assert_eq!(code, 1);
    assert!(told.contains("suspended already") && told.contains("fraud \\u{1b}[31mreported"), "{told}");

    let (code, told) = bench.run(&["tpp", "resume", PISP]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(pisp.call(&token).await.0, served, "with the token of before");
    pisp.token().await;
    assert_eq!(bench.run(&["tpp", "resume", PISP]).0, 1);

    let shown = bench.json(&["tpp", "show", PISP, "--json"]);
    let history: Vec<&Value> =
        shown["history"].as_array().unwrap().iter().map(|event| &event["what"]).collect();
    let suspended = json!({ "suspended": "fraud \u{1b}[31mreported" });
    assert_eq!(history, [&json!("registered"), &suspended, &json!("resumed")]);
    assert_eq!(shown["registration"]["live_tokens"], 2);
    let (_, told) = bench.run(&["tpp", "show", PISP]);
    assert!(told.contains("suspended by an operator: fraud \\u{1b}[31mreported"), "{told}");
    assert!(!told.contains('\u{1b}'), "{told:?}");
}

/// Customers are not debited for a TPP that is kept out, however good the link it was given before.
#[test]
fn a_suspension_stops_the_links_that_are_open() {
    let bench = Bench::start();
    let sandbox = bench.sandbox.as_ref().unwrap();
    let payment = sandbox.pay(&["--amount", "10"]).created().unwrap();
    let approve = format!("/sandbox/psu/{payment}/approve");
    let (code, told) = bench.run(&["tpp", "suspend", PISP, "--reason", "fraud"]);
    assert_eq!(code, 0, "{told}");
    let answer = sandbox.post(&approve, "");
    let shown = "We take no payments through this service for now";
    assert!(answer["message"].as_str().is_some_and(|told| told.contains(shown)), "{answer}");

    let (code, told) = bench.run(&["tpp", "resume", PISP]);
    assert_eq!(code, 0, "{told}");
    let answer = sandbox.post(&approve, "");
    assert!(answer["sent_back"].is_string(), "nothing had happened to the payment: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_kept_out_with_all_its_registrations_unless_one_is_named_alone() {
    let bench = Bench::start();
    let pisp = Connected::new(bench.home.path());
    let token = pisp.token().await;
    let (served, _) = pisp.call(&token).await;
    let qseal = bench.file(&format!("tpp/{PISP}/qseal.pem"));
    let mut add = vec!["tpp", "add", "--client-id", "SECOND", "--name", "Essai Paiement"];
    add.extend(["--redirect-uri", "https://zwei.example/cb", "--seal-certificate", &qseal]);
    let (code, told) = bench.run(&add);
    assert_eq!(code, 0, "{told}");
    let grants = &bench.json(&["tpp", "show", "SECOND", "--json"])["registration"]["grant_types"];
    assert_eq!(grants, &json!(["client_credentials", "authorization_code"]), "enough to pay and to confirm");
    let standings = || -> [String; 2] {
        [PISP, "SECOND"].map(|id| {
            let shown = bench.json(&["tpp", "show", id, "--json"]);
            shown["registration"]["standing"].as_str().unwrap().to_owned()
        })
    };

    // By the other's client id, or by organizationIdentifier, which is the first one's client id.
    for id in ["SECOND", PISP] {
        let (code, told) = bench.run(&["tpp", "suspend", id, "--reason", "ticket 4711"]);
        assert_eq!(code, 0, "{told}");
        assert!(told.contains(&format!("suspended {PISP} ")) && told.contains("suspended SECOND "), "{told}");
        assert_eq!(standings(), ["suspended", "suspended"]);
        assert_eq!(pisp.call(&token).await.0, 403);
        let (code, told) = bench.run(&["tpp", "resume", id]);
        assert_eq!(code, 0, "{told}");
        assert!(told.contains("resumed SECOND ") && told.contains("ticket 4711"), "{told}");
        assert_eq!(standings(), ["active", "active"]);
        assert_eq!(pisp.call(&token).await.0, served);
    }

    let (code, told) = bench.run(&["tpp", "suspend", "SECOND", "--only", "--reason", "a test"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains(&format!("GO ON WORKING, registrations of the same provider: {PISP}")), "{told}");
    assert_eq!(standings(), ["active", "suspended"]);
    assert_eq!(pisp.call(&token).await.0, served);
    let (code, told) = bench.run(&["tpp", "suspend", PISP, "--reason", "fraud"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("SECOND is suspended already") && told.contains("a test"), "{told}");
    let (code, told) = bench.run(&["tpp", "resume", PISP, "--only"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("still suspended") && told.contains("SECOND"), "{told}");
    assert_eq!(standings(), ["active", "suspended"]);
    assert_eq!(bench.run(&["tpp", "resume", PISP, "--only"]).0, 1, "it is not suspended");
    assert_eq!(bench.run(&["tpp", "suspend", "NOBODY", "--reason", "x"]).0, 1);

    let history = &bench.json(&["tpp", "show", "SECOND", "--json"])["history"];
    let told: Vec<&Value> = history.as_array().unwrap().iter().map(|event| &event["what"]).collect();
    let suspended = json!({ "suspended": "ticket 4711" });
    let (resumed, last) = (json!("resumed"), json!({ "suspended": "a test" }));
    assert_eq!(told, [&json!("registered"), &suspended, &resumed, &suspended, &resumed, &last]);
}

#[test]
fn a_history_tells_who_changed_what() {
    let bench = Bench::start();
    let of = |oid: &str| bench.file(&format!("tpp/{oid}/qseal.pem"));
    let run = |name: &str, uri: &str, seal: &str, more: &[&str]| {
        let mut all = vec!["tpp", "add", "--data", bench.data(), "--client-id", "NEU", "--name", name];
        all.extend(["--organization-identifier", PISP, "--even-so"]);
        all.extend(["--redirect-uri", uri, "--seal-certificate", seal]);
        all.extend(more);
        let mut command = guichet(&all);
        command.env("SUDO_USER", "berta\u{1b}[31m");
        let (code, told) = output_of(command);
        assert_eq!(code, 0, "{told}");
    };
    run("Neu", "https://eins.example/cb", &of(PISP), &[]);
    run("Neuer", "https://zwei.example/cb", &of("PSDFR-ACPR-54321"), &["--replace"]);
    let (_, told) = bench.run(&["tpp", "show", "NEU"]);
    let fingerprint = |oid: &str| {
        let pem = fs::read_to_string(of(oid)).unwrap();
        eidas::Certificate::from_pem(&pem).unwrap().sha256_hex()
    };
    let (was, is) = (fingerprint(PISP), fingerprint("PSDFR-ACPR-54321"));
    for expected in [
        "registered by an operator (berta\\u{1b}[31m)".to_owned(),
        "redirect URI added: https://eins.example/cb".to_owned(),
        "changed by an operator".to_owned(),
        "name: Neuer, was Neu".to_owned(),
        "redirect URI added: https://zwei.example/cb".to_owned(),
        "redirect URI removed: https://eins.example/cb".to_owned(),
        format!("certificate added: {is}"),
        format!("certificate removed: {was}"),
    ] {
        assert!(told.contains(&expected), "{expected} in {told}");
    }
    assert_eq!(bench.run(&["tpp", "remove", "NEU", "--yes"]).0, 0);
    let history = &bench.json(&["tpp", "show", "NEU", "--json"])["history"];
    assert_eq!(history[0]["by"], "berta\u{1b}[31m");
    assert_eq!(history[0]["registration"]["name"], "Neu");
    assert_eq!(history[2]["what"], "removed");
    assert_eq!(history[2]["registration"]["redirect_uris"], json!(["https://zwei.example/cb"]), "until then");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_outlasts_a_restart_and_a_removal_of_a_test_tpp_does_not() {
    let mut bench = Bench::start();
    for arguments in
        [&["tpp", "suspend", PISP, "--reason", "fraud"][..], &["tpp", "remove", "PSDFR-ACPR-54321", "--yes"]]
    {
        let (code, told) = bench.run(arguments);
        assert_eq!(code, 0, "{told}");
    }
    let sandbox = bench.sandbox.take().unwrap();
    // Who answers has learnt to be stopped.
    assert_eq!(sandbox.text("/health/ready"), "ready\n");
    sandbox.stop();
    let standing = |bench: &Bench| -> Vec<(String, String)> {
        let list = bench.json(&["tpp", "list", "--json"]);
        let lines = list.as_array().unwrap().iter();
        let of = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
        lines.map(|line| (of(line, "client_id"), of(line, "standing"))).collect()
    };
    assert!(!standing(&bench).iter().any(|(id, _)| id == "PSDFR-ACPR-54321"), "beside no server, too");
    bench.sandbox = Some(Sandbox::start(bench.home.path()));
    let after = standing(&bench);
    assert!(after.contains(&(PISP.to_owned(), "suspended".to_owned())), "{after:?}");
    assert!(after.iter().any(|(id, _)| id == "PSDFR-ACPR-54321"), "{after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_tpp_is_a_stranger_at_once_and_its_history_stays() {
    let bench = Bench::start();
    let pisp = Connected::new(bench.home.path());
    let token = pisp.token().await;
    let (code, told) = bench.run(&["tpp", "remove", PISP]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("--yes"), "{told}");
    pisp.token().await;
    let (code, told) = bench.run(&["tpp", "remove", PISP, "--yes"]);
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("2 live tokens") && told.contains("registers it again at the next start"),
        "{told}"
    );
    assert_eq!(pisp.call(&token).await.0, 401);
    let (status, answer) = pisp.ask_token().await;
    assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")), "{answer}");
    let (code, told) = bench.run(&["tpp", "show", PISP]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("not registered any more") && told.contains("removed by an operator"), "{told}");
    for arguments in [["tpp", "show", "NOBODY"], ["tpp", "resume", "NOBODY"], ["tpp", "remove", "NOBODY"]] {
        let (code, told) = bench.run(&arguments);
        assert_eq!(code, 1, "{arguments:?}");
        assert!(told.contains("guichet tpp list"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tpp_is_registered_if_the_server_would_take_its_certificates() {
    let bench = Bench::start();
    let qseal = |oid: &str| bench.file(&format!("tpp/{oid}/qseal.pem"));
    let add = |id: &str, name: &str, certificate: &str, more: &[&str]| {
        let uri = "https://neu.example/cb";
        let mut all = vec!["tpp", "add", "--client-id", id, "--name", name, "--redirect-uri", uri];
        all.extend(["--seal-certificate", certificate]);
        all.extend(more);
        bench.run(&all)
    };
    let good = qseal(PISP);
    let key = bench.file(&format!("tpp/{PISP}/qseal.key"));
    let qwac = bench.file(&format!("tpp/{PISP}/qwac.pem"));
    let refused: &[(&str, &str, &str, &[&str], &str)] = &[
        ("EXPIRED", "Neue", &qseal("PSDFR-ACPR-11111"), &[], "expired"),
        ("UNQUALIFIED", "Neue", &qseal("PSDFR-ACPR-22222"), &[], "QcCompliance"),
        ("QWAC", "Neue", &qwac, &[], "QSealC"),
        ("OTHER", "Neue", &good, &["--organization-identifier", "PSDDE-BAFIN-99999"], PISP),
        ("NAMESAKE", "ESSAI comptes", &good, &[], "PSDFR-ACPR-54321 goes by the same name"),
        ("KEY", "Neue", &key, &["--even-so"], "qseal.key"),
        ("NOTHING", "Neue", "/nowhere.pem", &["--even-so"], "nowhere.pem"),
        (PISP, "Neue", &good, &[], "--replace"),
    ];
    let before = bench.json(&["tpp", "list", "--json"]);
    for (id, name, certificate, more, expected) in refused {
        let (code, told) = add(id, name, certificate, more);
        assert_eq!(code, 1, "{id}: {told}");
        assert!(told.contains(expected), "{id}: {told}");
    }
    assert_eq!(bench.json(&["tpp", "list", "--json"]), before, "nothing was added");
    for (name, more) in [("", &[][..]), ("a\u{202e}b", &[]), ("Neue", &["--grant", "gold"])] {
        assert_eq!(add("X", name, &good, more).0, 64, "{name:?}");
    }

    let (code, told) = add("NEU", "Neue Zahlung", &good, &["--signature-policy", "strict"]);
    assert_eq!(code, 0, "{told}");
    let registration = &bench.json(&["tpp", "show", "NEU", "--json"])["registration"];
    assert_eq!(registration["organization_identifier"], PISP, "from the certificate");
    assert_eq!(registration["signature_policy"], "strict");
    assert_eq!(registration["certificates"][0]["organization_identifier"], PISP);
    assert_eq!(registration["standing"], "active");
    let (code, told) = bench.run(&["tpp", "suspend", "NEU", "--reason", "test"]);
    assert_eq!(code, 0, "{told}");
    let (code, told) = add("NEU", "Neue Zahlung II", &good, &["--replace"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("it stays suspended"), "{told}");
    let replaced = &bench.json(&["tpp", "show", "NEU", "--json"])["registration"];
    assert_eq!((&replaced["name"], &replaced["signature_policy"]), (&json!("Neue Zahlung II"), &Value::Null));
    assert_eq!(replaced["created_at"], registration["created_at"]);
    let (code, told) = add("EXPIRED", "Alte", &qseal("PSDFR-ACPR-11111"), &["--even-so"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("expired"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_inspected_and_revoked_from_standard_input() {
    let bench = Bench::start();
    let pisp = Connected::new(bench.home.path());
    let (token, other) = (pisp.token().await, pisp.token().await);
    let (served, _) = pisp.call(&token).await;
    let (code, told) = bench.run_with(&["token", "inspect"], &format!("{token}\n"));
    assert_eq!(code, 0, "{told}");
    assert!(told.contains(PISP) && told.contains("17515") && !told.contains(&token), "{told}");
    let (code, told) = bench.run_with(&["token", "inspect", "--json"], &token);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &told["active"], &told["client_id"]), (0, &json!(true), &json!(PISP)));
    let (code, told) = bench.run_with(&["token", "revoke"], &token);
    assert_eq!(code, 0, "{told}");
    assert_eq!(pisp.call(&token).await.0, 401);
    assert_eq!(pisp.call(&other).await.0, served);
    for verb in ["inspect", "revoke"] {
        let (code, told) = bench.run_with(&["token", verb], &token);
        assert_eq!(code, 1, "{told}");
        for nothing in ["", " \n", "two words"] {
            assert_eq!(bench.run_with(&["token", verb], nothing).0, 1, "{nothing:?}");
        }
    }
    assert_eq!(bench.run(&["token", "inspect", &token]).0, 64, "never on the command line");
    let (code, told) = bench.run(&["token", "revoke", "--client-id", PISP]);
    assert_eq!((code, told.contains("revoked 1 token")), (0, true), "{told}");
    assert_eq!(pisp.call(&other).await.0, 401);
    assert_eq!(bench.run(&["token", "revoke", "--client-id", "NOBODY"]).0, 1);
}

#[test]
fn certificates_are_explained_with_an_exit_status_for_scripts() {
    let bench = Bench::start();
    let of = |oid: &str, kind: &str| bench.file(&format!("tpp/{oid}/{kind}.pem"));
    let (qwac, qseal) = (of(PISP, "qwac"), of(PISP, "qseal"));
    let expired = of("PSDFR-ACPR-11111", "qwac");
    let german = of("PSDDE-BAFIN-99999", "qseal");
    let anchors = bench.file("ca.pem");
    let others = bench.file("tls-ca.pem");
    let table: &[(&[&str], i32, &str)] = &[
        (&[&qwac], 0, "no rule is broken"),
        (&[&qwac, &qseal, "--anchors", &anchors], 0, "QWAC and QSealC are of one provider"),
        (&[&qwac, "--anchors", &others], 1, "chain.path"),
        (&[&qwac, "--kind", "qseal"], 1, "qseal.qc_type"),
        (&[&expired], 1, "validity.not_after"),
        (&[&qwac, "--at", "2001-01-01"], 1, "validity.not_before"),
        (&[&qwac, &german], 1, "FAIL"),
        (&[&anchors], 1, "certificate.end_entity"),
        (&["/nowhere.pem"], 1, "/nowhere.pem"),
        (&["-", "-"], 1, "once only"),
        (&[], 64, "FILE"),
        (&[&qwac, "--at", "soon"], 64, "soon"),
    ];
    for (arguments, status, expected) in table {
        let mut all = vec!["cert", "explain"];
        all.extend(*arguments);
        let (code, told) = output_of(guichet(&all));
        assert_eq!(code, *status, "{arguments:?}: {told}");
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
    let (code, told) = bench.run(&["cert", "explain", &qseal]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("PSDFR-ACPR-12345 (Essai Paiement), with this seal certificate"), "{told}");
    let pem = fs::read_to_string(&qwac).unwrap();
    let (code, told) = bench.run_with(&["cert", "explain", "-", "--json"], &pem);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &told["acceptable"], &told["pair"]), (0, &json!(true), &Value::Null));
    assert_eq!(told["certificates"][0]["kind"], "QWAC");
    let (code, told) = bench.run_with(&["cert", "explain", "-"], "\u{1b}[31m no certificate");
    assert_eq!((code, told.contains('\u{1b}')), (1, false), "{told:?}");
}

/// A configuration that serves from a sandbox's store with its certificates.
fn configuration(home: &Path) -> String {
    let example =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guichet.example.toml")).unwrap();
    let text = example
        .replace("/var/lib/guichet/guichet.sqlite", "guichet.sqlite")
        .replace("qtsp.pem", "pki/ca.pem")
        .replace("\"server.", "\"pki/server.")
        .replace("\"seal-17515.", "\"pki/seal-17515.")
        .replace("tpp/PSDFR-ACPR-12345-qseal.pem", "pki/tpp/PSDFR-ACPR-12345/qseal.pem")
        .replace("bank-ca.pem", "pki/tls-ca.pem")
        .replace("# directory = \"revocation\"", "directory = \"revocation\"");
    assert!(text.contains("\ndirectory = "), "the example names the directory");
    let path = home.join("guichet.toml");
    fs::write(&path, text).unwrap();
    fs::create_dir(home.join("revocation")).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_configuration_brings_its_trust_its_deny_list_and_its_tpps() {
    let bench = Bench::start();
    let config = configuration(bench.home.path());
    let qwac = bench.file(&format!("tpp/{PISP}/qwac.pem"));
    let explain = || output_of(guichet(&["cert", "explain", &qwac, "--config", &config]));
    let (code, told) = explain();
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("Guichet Sandbox QTSP, which is trusted"), "{told}");
    let pem = fs::read_to_string(&qwac).unwrap();
    let sha256 = eidas::Certificate::from_pem(&pem).unwrap().sha256_hex();
    fs::write(bench.home.path().join("revocation/deny.txt"), format!("sha256 {sha256}\n")).unwrap();
    let (code, told) = explain();
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("FAIL the certificate is on the deny list of this bank"), "{told}");
    let last = told.trim_end().lines().last().unwrap();
    assert!(last.starts_with("not in order") && last.contains("on the deny list"), "{last}");
    fs::write(bench.home.path().join("revocation/deny.txt"), "garbage\n").unwrap();
    let (code, told) = explain();
    assert_eq!((code, told.contains("deny.txt")), (1, true), "{told}");

    let tpp = |arguments: &[&str]| {
        let mut all = vec!["tpp"];
        all.extend(arguments);
        all.extend(["--config", &config]);
        output_of(guichet(&all))
    };
    let (code, told) = tpp(&["remove", PISP, "--yes"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("the configuration file registers it again at the next start"), "{told}");
    let qseal = bench.file(&format!("tpp/{PISP}/qseal.pem"));
    let add = ["add", "--name", "Exemple", "--seal-certificate", &qseal, "--redirect-uri"];
    let (code, told) = tpp(&[&add[..], &["http://localhost:9000/cb"]].concat());
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("must be https"), "{told}");
    let (code, told) = tpp(&[&add[..], &["https://tpp.example/cb"]].concat());
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("puts its own version in place"), "{told}");
    let nowhere = home_without_store(bench.home.path());
    let (code, told) = output_of(guichet(&["tpp", "list", "--data", &nowhere]));
    assert_eq!((code, told.contains("there is no store")), (1, true), "{told}");
}

fn home_without_store(home: &Path) -> String {
    home.join("nowhere").to_str().unwrap().to_owned()
}

/// What a TPP's call is refused for and what the doctor says have the same words.
#[test]
fn the_server_refuses_a_certificate_in_the_words_of_its_explanation() {
    let bench = Bench::start();
    let folder = PathBuf::from(bench.file("tpp/PSDFR-ACPR-22222"));
    let qwac = folder.join("qwac.pem");
    let (code, told) = bench.run(&["cert", "explain", qwac.to_str().unwrap(), "--json"]);
    assert_eq!(code, 1, "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    let findings = told["certificates"][0]["findings"].as_array().unwrap();
    let broken = findings.iter().find(|finding| finding["outcome"] == "failed").unwrap();
    let problem = broken["problem"].as_str().unwrap();
    let mut pay = guichet(&["pay", "--sandbox", bench.data(), "--amount", "5"]);
    pay.args(["--client-id", "PSDFR-ACPR-22222", "--qwac", qwac.to_str().unwrap()]);
    pay.args(["--qwac-key", folder.join("qwac.key").to_str().unwrap()]);
    let (code, refused) = output_of(pay);
    assert_eq!(code, 1, "{refused}");
    assert!(refused.contains(problem), "{problem} in {refused}");
}
