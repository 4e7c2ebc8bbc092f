//! Registers of licences, read from files: [`eba`] as the European Banking Authority publishes its register,
//! [`csv`] for whatever else a bank keeps.
//!
//! Both give [`Listing`]s and take a file whole or not at all. The files come from outside: they are bounded,
//! and a provider that cannot be told from others is passed over and counted, never guessed.

pub mod csv;
pub mod eba;

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use jiff::Timestamp;
use payments::licence::Listing;

/// Largest register read, in bytes. The register of the European Banking Authority has about 220 million.
pub const MAX_REGISTER_BYTES: u64 = 512 * 1024 * 1024;
/// How many of those passed over are named.
const EXAMPLES: usize = 5;
/// Longest name kept, in characters.
const MAX_NAME: usize = 200;

/// What a file says of providers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Register {
    /// Providers by their organizationIdentifier, each once.
    pub listings: Vec<Listing>,
    /// When the newest of its records was changed, if the file says.
    pub published_at: Option<Timestamp>,
    /// What was passed over, by the reason.
    pub passed_over: BTreeMap<&'static str, PassedOver>,
}

/// Records passed over for one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// How many.
    pub count: u64,
    /// The first few of them.
    pub examples: Vec<String>,
}

impl Register {
    fn pass_over(&mut self, why: &'static str, what: &str) {
        let passed_over = self.passed_over.entry(why).or_default();
        passed_over.count += 1;
        if passed_over.examples.len() < EXAMPLES {
            passed_over.examples.push(printable(what));
        }
    }
}

/// Why a file is not a register that we take.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRegister {
    /// More than [`MAX_REGISTER_BYTES`].
    #[error("the register is larger than 512 MiB")]
    TooLarge,
    /// The file cannot be read.
    #[error("the register cannot be read: {0}")]
    Unreadable(io::Error),
    /// Not the JSON of the European Banking Authority's register.
    #[error("the register is not in the form that the European Banking Authority publishes: {0}")]
    Json(serde_json::Error),
    /// The header of a CSV is not as documented.
    #[error("the first line must name the columns {}; {what}", csv::COLUMNS.join(", "))]
    Header {
        /// What is wrong.
        what: String,
    },
    /// Rows of a CSV are wrong.
    #[error("{}", .0.join("\n"))]
    Rows(Vec<String>),
    /// Nobody is listed: an import would take every licence.
    #[error("the register lists no provider")]
    Empty,
}

impl From<io::Error> for InvalidRegister {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::FileTooLarge => Self::TooLarge,
            _ => Self::Unreadable(error),
        }
    }
}

/// Reads no further than a register may be long.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Bounded<R> {
    fn new(inner: R) -> Self {
        Self { inner, left: MAX_REGISTER_BYTES }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(u64::try_from(read).unwrap_or(u64::MAX))
            .ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

/// Whether this is a country as ISO 3166-1 alpha-2 writes it.
fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// A name of a register on one line, harmless wherever it is shown.
fn printable(text: &str) -> String {
    eidas::one_line(text, MAX_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_is_read_to_its_bound_and_no_further() {
        let read = |left| Bounded { inner: &b"abcdef"[..], left }.read(&mut [0; 16]);
        assert_eq!(read(6).unwrap(), 6);
        assert!(matches!(InvalidRegister::from(read(5).unwrap_err()), InvalidRegister::TooLarge));
    }

    #[test]
    fn names_are_kept_on_one_line_without_what_steers_a_terminal() {
        assert_eq!(
            printable(" Soci\u{e9}t\u{e9}\t d'essai\r\n\u{1b}[31m\u{202e}X "),
            "Société d'essai [31m X"
        );
        assert_eq!(printable(&"a".repeat(500)).len(), MAX_NAME);
    }
}
