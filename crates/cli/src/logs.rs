//! The log: to standard error, as text or as JSON, one object a line.

use std::io::IsTerminal as _;

use clap::ValueEnum;
use tracing_subscriber::{EnvFilter, fmt};

/// The environment variable that chooses what is logged.
const FILTER_VARIABLE: &str = "GUICHET_LOG";

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Starts the log. A filter that does not parse is reported and the default taken.
pub(crate) fn start(format: LogFormat, default_level: &str) {
    let wish = std::env::var(FILTER_VARIABLE).unwrap_or_else(|_| default_level.to_owned());
    let filter = EnvFilter::try_new(&wish).unwrap_or_else(|error| {
        eprintln!("guichet: {FILTER_VARIABLE} is not understood ({error}), logging {default_level}");
        EnvFilter::new(default_level)
    });
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_target(false).with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}
