//! What takes effect while the server runs: by a signal, by a call of the operator, or not at all.

use std::{fs, path::PathBuf};

use ::server::app::{Clock as _, SystemClock};
use payments::{ports::TrustStore as _, trusted_list::TrustedList};
use sandbox::pki::{Institution, KeyType, PkiOptions, TestPki, Validity};
use store::SqliteStore;
use tempfile::TempDir;

use super::{
    connection::{Connection, ask_operator},
    server::{HOST, PISP, Server},
};

/// Certificates, and a bank that has nothing behind it.
struct Town {
    home: TempDir,
    pki: TestPki,
}

impl Town {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let institutions = [Institution { code: "17515", name: "Île-de-France" }];
        let options = PkiOptions { tpp_seal_key: KeyType::P256, ..PkiOptions::default() };
        let (dir, hosts) = (home.path().join("pki"), [HOST.to_owned()]);
        let pki = TestPki::load_or_create(&dir, SystemClock.now(), &hosts, &institutions, options).unwrap();
        Self { home, pki }
    }

    fn dir(&self) -> PathBuf {
        self.home.path().join("pki")
    }

    fn server(&self) -> Server {
        Server::new(self.home.path(), &self.dir())
    }

    /// A trusted list whose next issue is due then.
    fn import(&self, territory: &str, next_update: &str) {
        let list: TrustedList = serde_json::from_value(serde_json::json!({
            "territory": territory,
            "sequence_number": 41,
            "issued_at": "2026-01-01T00:00:00Z",
            "next_update": next_update,
            "file": "list.xml",
            "sha256": "00".repeat(32),
            "signer_sha256": "00".repeat(32),
            "imported_at": "2026-01-01T00:00:00Z",
            "authorities": [],
        }))
        .unwrap();
        let store = SqliteStore::open(&self.home.path().join("guichet.sqlite")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(store.put_trusted_list(list)).unwrap();
        store.close();
    }

    fn connect(&self, server: &Server) -> Connection {
        Connection::open(&self.dir(), server.tpp_port(), PISP)
    }

    /// Puts a new server certificate where the configuration names the old one; gives its DER.
    fn renew(&self, server: &Server) -> Vec<u8> {
        let validity = Validity::days_from(SystemClock.now(), 30);
        let renewed = self.pki.tls_ca().issue_server(&[HOST.to_owned()], KeyType::P256, validity).unwrap();
        fs::write(server.file("server.key"), renewed.key_pem()).unwrap();
        fs::write(server.file("server.pem"), renewed.pem()).unwrap();
        renewed.der().to_vec()
    }
}

#[test]
fn a_new_server_certificate_is_for_new_connections_and_harms_no_old_one() {
    let town = Town::new();
    let mut server = town.server().with_tpp(PISP).start();
    let mut old = town.connect(&server);
    assert_eq!(old.ask_token(PISP).0, 200);
    assert_eq!(old.certificate(), town.pki.server().der().to_vec());

    let renewed = town.renew(&server);
    server.signal("HUP");
    server.wait_for("reloaded");
    let mut new = town.connect(&server);
    assert_eq!(new.certificate(), renewed);
    assert_eq!(new.ask_token(PISP).0, 200);
    assert_eq!(old.ask_token(PISP).0, 200, "the connection of before goes on");

    // By a call of the operator, too.
    let again = town.renew(&server);
    let (status, told) = ask_operator(server.operator_port(), "POST", "/reload");
    assert_eq!(status, 200, "{told}");
    assert_eq!(town.connect(&server).certificate(), again);
    assert_eq!(old.ask_token(PISP).0, 200);
    server.stop();
}

#[test]
fn a_file_that_cannot_be_used_leaves_everything_as_it_was_and_is_named() {
    let town = Town::new();
    let mut server = town.server().with_tpp(PISP).start();
    let mut old = town.connect(&server);
    let shown = old.certificate();
    let key = fs::read_to_string(server.file("server.key")).unwrap();
    let other = town.pki.tpp(PISP).unwrap().qwac.key_pem().to_owned();
    // What is broken, and what is said of it, once.
    let table = [
        ("server.key", other, "server.key: the server certificate and key cannot be used: "),
        ("server.key", "-----BEGIN".to_owned(), "listen.tpp"),
        ("server.key", String::new(), "listen.tpp"),
        ("guichet.toml", "listen = 1".to_owned(), "guichet.toml"),
    ];
    for (file, text, told) in table {
        fs::write(server.file(file), text).unwrap();
        server.signal("HUP");
        let line = server.wait_for("not reloaded");
        assert!(line.contains(told), "{file}: {line}");
        let (status, body) = ask_operator(server.operator_port(), "POST", "/reload");
        assert_eq!(status, 422, "{body}");
        assert!(body.contains(told), "{file}: {body}");
        assert!(body.matches("KeyMismatch").count() < 2, "{body}");
        server.wait_for("not reloaded");
        let mut new = town.connect(&server);
        assert_eq!(new.certificate(), shown, "{file}");
        assert_eq!(new.ask_token(PISP).0, 200, "{file}");
        assert_eq!(old.ask_token(PISP).0, 200, "{file}");
        fs::write(server.file("server.key"), &key).unwrap();
        server.write();
    }
    let (status, told) = ask_operator(server.operator_port(), "POST", "/reload");
    assert_eq!(status, 200, "what is mended is taken: {told}");
    server.stop();
}

#[test]
fn a_tpp_that_is_written_into_the_file_gets_its_token_after_a_signal() {
    let town = Town::new();
    let settings = "[institution.settings]\ntoken_lifetime_s = 600\n";
    let mut server = town.server().with_more(settings).start();
    let mut connection = town.connect(&server);
    let (status, told) = connection.ask_token(PISP);
    assert_eq!(status, 401, "{told}");
    assert!(told.contains("invalid_client"), "{told}");
    server.add_tpp(PISP);
    assert_eq!(connection.ask_token(PISP).0, 401, "writing a file changes nothing yet");
    server.signal("HUP");
    let line = server.wait_for("reloaded");
    assert!(line.contains("tpps_changed=1"), "{line}");
    let (status, told) = connection.ask_token(PISP);
    assert_eq!(status, 200, "{told}");
    assert!(told.contains("\"expires_in\":600"), "{told}");
    server.stop();
}

#[test]
fn a_trusted_list_that_is_overdue_is_told_at_the_start_and_at_each_reload_and_measured() {
    let town = Town::new();
    town.import("FR", "2026-01-02T00:00:00Z");
    town.import("LU", "2999-01-01T00:00:00Z");
    let mut server = town.server().start();
    town.import("DE", "2026-01-03T00:00:00Z");
    server.signal("HUP");
    server.wait_for("reloaded");
    let (_, told) = ask_operator(server.operator_port(), "GET", "/metrics");
    for (territory, overdue) in [("DE", 1), ("FR", 1), ("LU", 0)] {
        let line = format!("guichet_trusted_list_overdue{{territory=\"{territory}\"}} {overdue}");
        assert!(told.contains(&line), "{line}: {told}");
    }
    let log = server.stop();
    let overdue = |parts: [&str; 2]| {
        let warnings = log.lines().filter(|line| line.contains("WARN") && line.contains("is overdue"));
        warnings.filter(|line| parts.iter().all(|part| line.contains(part))).count()
    };
    assert_eq!(overdue(["territory=FR", "due=\"2026-01-02T00:00:00Z\""]), 2, "{log}");
    assert_eq!(overdue(["territory=DE", "due=\"2026-01-03T00:00:00Z\""]), 1, "{log}");
    assert_eq!(overdue(["territory=LU", ""]), 0, "{log}");
}
