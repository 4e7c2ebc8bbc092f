//! A configuration, and the server that runs on it.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use super::support::guichet;

/// The institution served, as its callers name it.
pub(crate) const HOST: &str = "www.17515.sandbox.localhost";
/// The PISP of the sandbox where everything is in order.
pub(crate) const PISP: &str = "PSDFR-ACPR-12345";

/// Nobody waits that long for a line of the log: the test has hung.
const HUNG: Duration = Duration::from_mins(2);

/// What a bank would write into its files, and where.
pub(crate) struct Server {
    home: PathBuf,
    pki: PathBuf,
    bank: (String, PathBuf),
    tpps: Vec<String>,
    /// The end of the configuration.
    more: String,
    /// For TPPs, PSUs and operators.
    ports: [u16; 3],
    running: Option<Running>,
}

struct Running {
    child: Child,
    lines: Receiver<String>,
    log: String,
}

impl Server {
    /// A bank at `home` with the certificates of a sandbox, and nothing behind it.
    pub(crate) fn new(home: &Path, pki: &Path) -> Self {
        let secret = home.join("bank.secret");
        fs::write(&secret, "nobody asks\n").unwrap();
        fs::create_dir(home.join("revocation")).unwrap();
        for name in ["server.pem", "server.key"] {
            fs::copy(pki.join(name), home.join(name)).unwrap();
        }
        // Kept until all three are known, so that they differ; given back before the server needs them.
        let free = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = free.map(|listener| listener.local_addr().unwrap().port());
        let bank = ("http://127.0.0.1:9/bank/v1".to_owned(), secret);
        Self {
            home: home.to_owned(),
            pki: pki.to_owned(),
            bank,
            tpps: Vec::new(),
            more: String::new(),
            ports,
            running: None,
        }
    }

    /// The bank behind it.
    pub(crate) fn with_bank(self, url: &str, secret: &Path) -> Self {
        Self { bank: (url.to_owned(), secret.to_owned()), ..self }
    }

    /// Registers a test TPP by the file.
    pub(crate) fn with_tpp(mut self, oid: &str) -> Self {
        self.tpps.push(oid.to_owned());
        self
    }

    /// Tables at the end of the configuration.
    pub(crate) fn with_more(self, more: &str) -> Self {
        Self { more: more.to_owned(), ..self }
    }

    /// Writes another test TPP into the file.
    pub(crate) fn add_tpp(&mut self, oid: &str) {
        self.tpps.push(oid.to_owned());
        self.write();
    }

    pub(crate) fn tpp_port(&self) -> u16 {
        self.ports[0]
    }

    pub(crate) fn psu_port(&self) -> u16 {
        self.ports[1]
    }

    pub(crate) fn operator_port(&self) -> u16 {
        self.ports[2]
    }

    /// A file beside the configuration.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    /// Writes the configuration.
    pub(crate) fn write(&self) {
        let [tpp, psu, operator] = self.ports;
        let (bank, secret) = (&self.bank.0, self.bank.1.display());
        let pki = self.pki.display();
        let mut text = format!(
            r#"
secrets_file = "secrets"
[store]
path = "guichet.sqlite"
[listen.tpp]
address = "127.0.0.1:{tpp}"
certificate = "server.pem"
key = "server.key"
[listen.psu]
address = "127.0.0.1:{psu}"
certificate = "server.pem"
key = "server.key"
[listen.operator]
address = "127.0.0.1:{operator}"
[trust]
anchors = ["{pki}/ca.pem"]
[trust.revocation]
fetch = false
directory = "revocation"
[bank]
url = "{bank}"
secret_file = "{secret}"
[[institution]]
code = "17515"
name = "Caisse d'Epargne Île-de-France"
bic = "CEPAFRPP751"
hosts = ["{HOST}"]
psu_url = "https://{HOST}:{psu}"
tpp_url = "https://{HOST}:{tpp}"
products = {{ "1.4.0" = ["SCT"], "1.4.2" = ["SCT", "SCT Inst"] }}
seal = {{ certificate = "{pki}/seal-17515.pem", key = "{pki}/seal-17515.key" }}
"#
        );
        for oid in &self.tpps {
            write!(
                text,
                r#"
[[tpp]]
client_id = "{oid}"
name = "Exemple Paiement SAS"
redirect_uris = ["https://tpp.example/cb"]
seal_certificates = ["{pki}/tpp/{oid}/qseal.pem"]
"#
            )
            .unwrap();
        }
        fs::write(self.file("guichet.toml"), text + &self.more).unwrap();
    }

    /// Starts it and waits until it serves.
    pub(crate) fn start(mut self) -> Self {
        self.write();
        let config = self.file("guichet.toml");
        let mut child = guichet(&["serve", "--config", config.to_str().unwrap()]).spawn().unwrap();
        let (sender, lines) = channel();
        let told = BufReader::new(child.stderr.take().unwrap());
        // Ends with the process, or with the test.
        std::thread::spawn(move || {
            told.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)).ok();
        });
        self.running = Some(Running { child, lines, log: String::new() });
        self.wait_for("serving");
        self
    }

    /// Waits for a line of the log that says this, and gives it.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let running = self.running.as_mut().unwrap();
        loop {
            let line = running.lines.recv_timeout(HUNG);
            let line = line.unwrap_or_else(|_| panic!("{text:?} is not logged:\n{}", running.log));
            running.log += &line;
            running.log.push('\n');
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Sends the process a signal.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.running.as_ref().unwrap().child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Asks it to stop, waits until it has, and gives everything it logged.
    pub(crate) fn stop(mut self) -> String {
        self.signal("TERM");
        let mut running = self.running.take().unwrap();
        let status = running.child.wait().unwrap();
        let rest: Vec<String> = running.lines.iter().collect();
        let log = std::mem::take(&mut running.log) + &rest.join("\n");
        assert!(status.success(), "{status}: {log}");
        log
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
