//! Whether many registered TPPs make a token slower: the same call, over a connection that is kept, to servers
//! that know one TPP and a thousand, each listed in two registers.
//!
//! `scripts/measure-tpps` runs it. The servers take turns, so that whatever else the machine does slows all of
//! them; a second server with one TPP shows how much two that do the same differ.

#![allow(dead_code, clippy::allow_attributes, reason = "the modules of the tests can do more")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement that goes wrong is none"
)]

#[path = "../tests/serve/connection.rs"]
mod connection;
#[path = "../tests/serve/server.rs"]
mod server;
#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use ::server::app::{Clock as _, SystemClock};
use connection::Connection;
use eidas::{Kind, OrganizationIdentifier, Role};
use sandbox::pki::{Institution, PkiOptions, TestPki, TppProfile, Validity};
use server::{HOST, Server};
use support::{guichet, output_of};

const MANY: usize = 1_000;
const ROUNDS: usize = 40;
const TOKENS_A_ROUND: usize = 100;
/// What would otherwise keep one TPP from asking so often.
const NO_BOUNDS: &str = "
[institution.settings]
rate_limit_per_tpp_per_minute = 0
licence_rule = \"required\"
[listen.tpp.limits]
requests_per_address_per_minute = 0
";

/// A server, who asks it, and how long each answer took.
struct Candidate {
    server: Server,
    connection: Connection,
    client_id: String,
    times: Vec<Duration>,
}

fn main() {
    // `cargo test --benches` asks each benchmark whether it has tests.
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let pki = make_pki(home.path());
    let all: Vec<String> = (0..MANY).map(|number| format!("PSDFR-ACPR-{}", 100_000 + number)).collect();
    for oid in &all {
        make_tpp(&pki, home.path(), oid);
    }
    let asking = &all[MANY / 2];
    let only = std::slice::from_ref(asking);
    let mut candidates = [("one", only), ("another", only), ("many", &all)]
        .map(|(name, tpps)| Candidate::start(&home.path().join(name), home.path(), tpps, asking));
    for round in 0..ROUNDS {
        for turn in 0..candidates.len() {
            let next = (round + turn) % candidates.len();
            candidates[next].ask(TOKENS_A_ROUND);
        }
    }
    report(&mut candidates);
    for candidate in candidates {
        candidate.server.stop();
    }
}

fn make_pki(home: &Path) -> TestPki {
    let institutions = [Institution { code: "17515", name: "Île-de-France" }];
    let dir = home.join("pki");
    let hosts = [HOST.to_owned()];
    TestPki::load_or_create(&dir, SystemClock.now(), &hosts, &institutions, PkiOptions::default()).unwrap()
}

/// The certificates of a TPP, where the tests keep those of the sandbox's.
fn make_tpp(pki: &TestPki, home: &Path, oid: &str) {
    let dir = home.join("pki/tpp").join(oid);
    fs::create_dir_all(&dir).unwrap();
    let validity = Validity::days_from(SystemClock.now(), 30);
    let identifier = OrganizationIdentifier::parse(oid).unwrap();
    for (kind, name) in [(Kind::Qwac, "qwac"), (Kind::Qseal, "qseal")] {
        let profile = TppProfile::new(kind, &identifier, &[Role::PaymentInitiation], validity);
        let issued = pki.qtsp().issue_tpp(&profile).unwrap();
        fs::write(dir.join(format!("{name}.pem")), issued.pem()).unwrap();
        fs::write(dir.join(format!("{name}.key")), issued.key_pem()).unwrap();
    }
}

impl Candidate {
    /// Starts a server with these TPPs, each listed twice; each of them has called once.
    fn start(home: &Path, shared: &Path, tpps: &[String], asking: &str) -> Self {
        fs::create_dir(home).unwrap();
        let pki = shared.join("pki");
        let server = Server::new(home, &pki).with_more(NO_BOUNDS);
        let server = tpps.iter().fold(server, |server, oid| server.with_tpp(oid));
        let server = server.start();
        for register in ["ACPR", "BANK"] {
            import(home, register, tpps);
        }
        for oid in tpps {
            let (status, told) = Connection::open(&pki, server.tpp_port(), oid).ask_token(oid);
            assert_eq!(status, 200, "{told}");
        }
        let connection = Connection::open(&pki, server.tpp_port(), asking);
        let mut candidate = Self { server, connection, client_id: asking.to_owned(), times: Vec::new() };
        candidate.ask(TOKENS_A_ROUND);
        candidate.times.clear();
        candidate
    }

    fn ask(&mut self, times: usize) {
        for _ in 0..times {
            let asked = Instant::now();
            let (status, told) = self.connection.ask_token(&self.client_id);
            self.times.push(asked.elapsed());
            assert_eq!(status, 200, "{told}");
        }
    }

    /// The time that this share of the answers took at most, in microseconds.
    fn quantile_us(&mut self, share_percent: usize) -> u128 {
        self.times.sort_unstable();
        self.times[(self.times.len() - 1) * share_percent / 100].as_micros()
    }
}

/// Imports a register that lists these TPPs, with the command an operator uses.
fn import(home: &Path, register: &str, tpps: &[String]) {
    let rows: Vec<_> = tpps.iter().map(|oid| format!("{oid},Exemple Paiement SAS,active,FR DE\n")).collect();
    let csv = home.join(format!("{register}.csv"));
    let header = "organization_identifier,name,standing,payment_initiation_in\n";
    fs::write(&csv, header.to_owned() + &rows.concat()).unwrap();
    let config: PathBuf = home.join("guichet.toml");
    let (csv, config) = (csv.to_str().unwrap(), config.to_str().unwrap());
    let arguments = ["licence", "import", csv, "--register", register, "--config", config, "--apply"];
    let (code, told) = output_of(guichet(&arguments));
    assert_eq!(code, 0, "{told}");
}

fn report(candidates: &mut [Candidate; 3]) {
    let tokens = ROUNDS * TOKENS_A_ROUND;
    println!("A token over a connection that is kept, {tokens} from each server in {ROUNDS} rounds in turn");
    println!("{:<28}{:>10}{:>10}", "", "median", "p99");
    let names = ["1 TPP", "1 TPP, another server", "1000 TPPs"];
    let mut medians = [0; 3];
    for ((name, candidate), median) in names.into_iter().zip(candidates.iter_mut()).zip(&mut medians) {
        *median = candidate.quantile_us(50);
        println!("{name:<28}{:>7} us{:>7} us", *median, candidate.quantile_us(99));
    }
    let [one, another, many] = medians;
    println!("1000 TPPs to 1: {}, two servers with 1: {}", ratio(many, one), ratio(another, one));
}

/// To two decimals.
fn ratio(of: u128, to: u128) -> String {
    let hundredths = of * 100 / to.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
