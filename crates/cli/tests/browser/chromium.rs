//! Chromium without a window, driven through chromedriver.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use tempfile::TempDir;
use thirtyfour::{
    ChromiumLikeCapabilities as _, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver,
    extensions::query::ElementPollerWithTimeout,
};

const MISSING: &str = "the browser tests need chromium and chromedriver, which scripts/test installs \
                       (on Debian: apt-get install chromium chromium-driver)";

/// How long a page may take to come, and how often to look.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// Arguments that make it quiet, alone and the same everywhere.
const ARGUMENTS: [&str; 8] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
];

/// A browser of its own; it and its driver end when dropped.
pub(crate) struct Chromium {
    /// The session.
    pub(crate) driver: WebDriver,
    // Fields are dropped in this order: the session before its driver, the profile last.
    _chromedriver: Chromedriver,
    _profile: TempDir,
}

impl Chromium {
    /// Starts one that prefers pages in `language`.
    pub(crate) async fn start(language: &str) -> Self {
        let profile = tempfile::tempdir().expect("a temporary directory can be made");
        let chromedriver = Chromedriver::start();
        let mut wanted = DesiredCapabilities::chrome();
        let own =
            [format!("--user-data-dir={}", profile.path().display()), format!("--accept-lang={language}")];
        for argument in ARGUMENTS.into_iter().chain(own.iter().map(String::as_str)) {
            wanted.add_arg(argument).expect("an argument is a capability");
        }
        for log in ["browser", "performance"] {
            wanted.set_logging_prefs(log, LoggingPrefsLogLevel::All).expect("a log is a capability");
        }
        let driver = WebDriver::builder(chromedriver.url(), wanted)
            .poller(Arc::new(ElementPollerWithTimeout::new(PATIENCE, LOOK_EVERY)))
            .connect()
            .await
            .unwrap_or_else(|error| panic!("{MISSING}: {error}"));
        Self { driver, _chromedriver: chromedriver, _profile: profile }
    }
}

/// A running chromedriver on a free port.
struct Chromedriver {
    child: Child,
    port: u16,
}

impl Chromedriver {
    fn start() -> Self {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{MISSING}: {error}"));
        let output = child.stdout.take().expect("the output is a pipe");
        let mut lines = BufReader::new(output).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| port_told(&line));
        thread::spawn(move || lines.for_each(drop));
        Self { port: port.unwrap_or_else(|| panic!("chromedriver did not start: {:?}", child.wait())), child }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Asks it to end its browsers and itself, and waits for that.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.write_all(b"GET /shutdown HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    }
}

/// The port in "`ChromeDriver` was started successfully on port 40123."
fn port_told(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        // Killed outright, it would leave its browsers behind.
        if self.shut_down().is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
