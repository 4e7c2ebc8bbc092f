//! What the program tells on the terminal: headings, steps with their time, aligned.

use std::{
    io::{IsTerminal as _, Write as _, stdout},
    time::Duration,
};

/// Width of the first column.
const LABEL: usize = 26;
/// Width of label and text together, before the time.
const LINE: usize = 98;

/// Tells on standard output. A reader that has gone away is no reason to stop.
#[derive(Debug)]
pub(crate) struct Story {
    styled: bool,
}

impl Story {
    /// A story on standard output; bold headings if that is a terminal.
    pub(crate) fn new() -> Self {
        Self { styled: stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    /// A heading.
    pub(crate) fn heading(&self, text: &str) {
        if self.styled {
            self.line(&format!("\n\x1b[1m{text}\x1b[0m\n"));
        } else {
            self.line(&format!("\n{text}\n"));
        }
    }

    /// Something that was done, and how long it took.
    pub(crate) fn done(&self, label: &str, text: &str, took: Duration) {
        self.line(&timed(label, text, took));
    }

    /// Something to know.
    pub(crate) fn entry(&self, label: &str, text: &str) {
        self.line(&format!("  {label:<LABEL$}{text}"));
    }

    /// A line as it is.
    #[expect(clippy::unused_self, reason = "whoever tells has a story")]
    pub(crate) fn line(&self, text: &str) {
        let mut out = stdout().lock();
        let _ = writeln!(out, "{text}");
        let _ = out.flush();
    }
}

fn timed(label: &str, text: &str, took: Duration) -> String {
    let line = format!("  {label:<LABEL$}{text}");
    format!("{line:<LINE$}{:>7} ms", took.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_in_one_column() {
        let short = timed("a", "é", Duration::from_millis(5));
        let long = timed("a longer label", "and what was done", Duration::from_millis(1_234));
        assert_eq!(short.chars().count(), long.chars().count());
        assert!(short.ends_with("      5 ms") && long.ends_with("   1234 ms"), "{short}\n{long}");
    }
}
