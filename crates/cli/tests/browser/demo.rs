//! The real binary with its shop, started for one test.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    thread,
};

use serde_json::Value;
use tempfile::TempDir;
use url::Url;

/// A running `guichet demo` of its own; killed when dropped.
pub(crate) struct Demo {
    child: Child,
    /// Where the shop is.
    pub(crate) shop: Url,
    /// Where the pretend phones are.
    pub(crate) operator: Url,
    _data: TempDir,
}

impl Demo {
    /// Starts one on free ports and waits until it says where to click.
    pub(crate) fn start() -> Self {
        let data = tempfile::tempdir().expect("a temporary directory can be made");
        let ports = ["--tpp-port", "--psu-port", "--operator-port", "--shop-port"];
        let mut child = Command::new(env!("CARGO_BIN_EXE_guichet"))
            .arg("demo")
            .args(ports.into_iter().flat_map(|port| [port, "0"]))
            .arg("--data")
            .arg(data.path())
            .env_remove("GUICHET_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary can be started");
        wait_until_ready(&mut child);
        let places = std::fs::read(data.path().join("sandbox.json")).expect("a demo writes where it is");
        let places: Value = serde_json::from_slice(&places).expect("places are JSON");
        let url = |name: &str| -> Url {
            let url = places[name].as_str().expect("a demo has this address");
            url.parse().expect("addresses are URLs")
        };
        Self { child, shop: url("shop_url"), operator: url("operator_url"), _data: data }
    }

    /// The page of a customer's pretend phone.
    pub(crate) fn phone(&self, customer: &str) -> Url {
        self.operator.join(&format!("phone/17515/{customer}")).expect("a number fits into a path")
    }
}

fn wait_until_ready(child: &mut Child) {
    let output = child.stdout.take().expect("the output is a pipe");
    let mut lines = BufReader::new(output).lines();
    let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("Ctrl-C stops"));
    assert!(ready, "the demo did not start: {:?}", child.wait());
    // What it goes on telling must not fill the pipe.
    thread::spawn(move || lines.for_each(drop));
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
