//! Starting the binary, and talking to what it started.

#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses its part")]
#![allow(unreachable_pub, reason = "a module of test binaries")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Mutex, PoisonError},
};

use serde_json::Value;
use url::Url;

/// The binary with arguments, its output to be read.
pub fn guichet(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
    command
        .args(arguments)
        .env_remove("GUICHET_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end; gives the exit status and everything it wrote.
pub fn output_of(mut command: Command) -> (i32, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    (status.code().unwrap_or(-1), text)
}

/// A running sandbox; killed when dropped.
pub struct Sandbox {
    child: Mutex<Child>,
    data: PathBuf,
    operator: Url,
}

impl Sandbox {
    /// Starts one on any ports and waits until it is ready.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// The same, with more arguments.
    pub fn start_with(data: &Path, more: &[&str]) -> Self {
        let arguments = [
            "sandbox",
            "--tpp-port",
            "0",
            "--psu-port",
            "0",
            "--operator-port",
            "0",
            "--data",
            data.to_str().unwrap(),
        ];
        let arguments: Vec<&str> = arguments.iter().chain(more).copied().collect();
        let mut child = guichet(&arguments).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("Ctrl-C stops"));
        if !ready {
            let status = child.wait().unwrap();
            panic!("the sandbox did not start: {status}");
        }
        // What it goes on telling must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let places = std::fs::read_to_string(data.join("sandbox.json")).unwrap();
        let places: Value = serde_json::from_str(&places).unwrap();
        let operator = places.get("operator_url").unwrap().as_str().unwrap().parse().unwrap();
        Self { child: child.into(), data: data.to_owned(), operator }
    }

    /// Ends it as a power cut would, with whatever is under way.
    pub fn kill_now(&self) {
        self.child.lock().unwrap().kill().unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(self) {
        let mut child = self.child.lock().unwrap();
        let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let status = child.wait().unwrap();
        assert!(status.success(), "{status}");
    }

    /// Starts `guichet pay` on it.
    pub fn pay(&self, arguments: &[&str]) -> Paying {
        Paying::start(&self.data, arguments)
    }

    /// Starts `guichet pay` on it, which listens for the customer's browser itself.
    pub fn pay_and_listen(&self, arguments: &[&str]) -> Paying {
        Paying::spawn(&self.data, arguments)
    }

    /// Plays the customer of a payment from this link to where the bank sends his browser.
    pub fn play_at(&self, link: &str, decision: &str) -> Url {
        let payment = payment_of(link).unwrap();
        let body = serde_json::json!({ "link": link }).to_string();
        let answer = self.post(&format!("/sandbox/psu/{payment}/{decision}"), &body);
        let back = answer.get("sent_back").and_then(Value::as_str);
        back.unwrap_or_else(|| panic!("{decision}: {answer}")).parse().unwrap()
    }

    /// Plays the customer of a payment.
    pub fn play(&self, payment: &str, decision: &str) {
        let answer = self.post(&format!("/sandbox/psu/{payment}/{decision}"), "");
        assert!(answer.get("message").is_none(), "{decision}: {answer}");
    }

    /// `POST` to the operator listener; gives the JSON that comes back.
    pub fn post(&self, path: &str, body: &str) -> Value {
        self.call("POST", path, body).unwrap()
    }

    /// `GET` from the operator listener.
    pub fn get(&self, path: &str) -> Value {
        self.call("GET", path, "").unwrap()
    }

    /// A call of the operator listener, `Null` for an answer without body; an error if the sandbox is gone.
    pub fn call(&self, method: &str, path: &str, body: &str) -> std::io::Result<Value> {
        let answer = call(self.operator.port().unwrap(), method, path, body)?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&answer).map_err(std::io::Error::other)
    }

    /// `GET` from the operator listener, as text.
    pub fn text(&self, path: &str) -> String {
        call(self.operator.port().unwrap(), "GET", path, "").unwrap()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Opens an address on this machine, as a browser that is sent there does; gives the page.
pub fn visit(url: &Url) -> String {
    let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    call(url.port().unwrap(), "GET", &path, "").unwrap()
}

/// One HTTP call on this machine; gives the body of the answer.
fn call(port: u16, method: &str, path: &str, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    Ok(body.to_owned())
}

/// A running `guichet pay --json`.
pub struct Paying {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Paying {
    fn start(data: &Path, arguments: &[&str]) -> Self {
        let own = ["--return-url", "http://127.0.0.1:9/back"];
        Self::spawn(data, &own.iter().chain(arguments).copied().collect::<Vec<_>>())
    }

    fn spawn(data: &Path, arguments: &[&str]) -> Self {
        let own = ["pay", "--json", "--sandbox", data.to_str().unwrap()];
        let all: Vec<&str> = own.iter().chain(arguments).copied().collect();
        let mut child = guichet(&all).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr }
    }

    /// Waits for the link.
    pub fn link(&mut self) -> String {
        self.line().trim().to_owned()
    }

    /// Waits for the link and gives the payment's id.
    pub fn payment(&mut self) -> String {
        let line = self.line();
        payment_of(&line).unwrap_or_else(|| panic!("a link, not {line}"))
    }

    /// Gives the payment's id, if the bank took it, and ends without waiting for the outcome.
    pub fn created(mut self) -> Option<String> {
        let payment = payment_of(&self.line());
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        payment
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line
    }

    /// Waits for the end; gives the exit status and what was told on the way.
    pub fn failure(mut self) -> (i32, String) {
        let mut errors = String::new();
        self.stderr.read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code().unwrap_or(-1), errors)
    }

    /// Waits for the end; gives the exit status and the outcome.
    pub fn outcome(mut self) -> (i32, Value) {
        let mut errors = String::new();
        self.stderr.read_to_string(&mut errors).unwrap();
        let output = self.child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let outcome =
            serde_json::from_str(&told).unwrap_or_else(|_| panic!("one JSON object, not {told:?}: {errors}"));
        (output.status.code().unwrap_or(-1), outcome)
    }
}

/// The payment that a consent link is about.
fn payment_of(line: &str) -> Option<String> {
    let consent: Url = line.trim().parse().ok()?;
    let (_, payment) = consent.query_pairs().find(|(name, _)| name == "paymentRequestRessourceId")?;
    Some(payment.into_owned())
}
