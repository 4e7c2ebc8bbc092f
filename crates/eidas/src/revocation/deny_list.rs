//! Certificates that the bank itself no longer takes.

use std::collections::{HashMap, HashSet};

use super::candidate::Candidate;
use super::name::{CanonicalName, unhex};
use super::reading::magnitude;

/// Longest text of a deny list, in bytes.
pub const MAX_DENY_LIST_BYTES: usize = 4 * 1024 * 1024;

/// Longest serial number (RFC 5280, 4.1.2.2, allows 20 bytes; some issuers took more).
const MAX_SERIAL_BYTES: usize = 64;

/// Certificates that are refused whatever their issuer says, by serial number and issuer or by fingerprint.
///
/// One entry a line; empty lines and what follows a `#` at the start of a word do not count:
///
/// ```text
/// # serial number in hexadecimal, then the issuer's name (RFC 4514)
/// 01:02:FF   CN=Example QTSP CA,O=Example,C=FR
/// # or the SHA-256 of one certificate
/// sha256     9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
/// ```
///
/// Serial number and fingerprint may have colons; of the name neither case, spaces nor the order of its
/// attributes count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DenyList {
    by_issuer: HashMap<CanonicalName, HashSet<Vec<u8>>>,
    fingerprints: HashSet<[u8; 32]>,
}

/// Why a text is no deny list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDenyList {
    /// More than [`MAX_DENY_LIST_BYTES`].
    #[error("the deny list is larger than 4 MiB")]
    TooLarge,
    /// A line has no second part.
    #[error("line {line}: an entry is a serial number and an issuer, or sha256 and a fingerprint")]
    Incomplete {
        /// Which, from 1.
        line: usize,
    },
    /// A serial number is not hexadecimal or too long.
    #[error("line {line}: the serial number must be in hexadecimal, of at most 64 bytes")]
    Serial {
        /// Which, from 1.
        line: usize,
    },
    /// A fingerprint is not a SHA-256.
    #[error("line {line}: the fingerprint must be 64 hexadecimal digits")]
    Fingerprint {
        /// Which, from 1.
        line: usize,
    },
    /// An issuer cannot be read.
    #[error("line {line}: the issuer must be a distinguished name as CN=...,O=...,C=.. (RFC 4514)")]
    Issuer {
        /// Which, from 1.
        line: usize,
    },
}

impl DenyList {
    /// Reads a deny list.
    ///
    /// # Errors
    ///
    /// The first line that is wrong, by number: half a deny list is none.
    pub fn parse(text: &str) -> Result<Self, InvalidDenyList> {
        if text.len() > MAX_DENY_LIST_BYTES {
            return Err(InvalidDenyList::TooLarge);
        }
        let mut list = Self::default();
        for (line, text) in (1..).zip(text.lines()) {
            list.take(line, uncommented(text).trim())?;
        }
        Ok(list)
    }

    fn take(&mut self, line: usize, entry: &str) -> Result<(), InvalidDenyList> {
        if entry.is_empty() {
            return Ok(());
        }
        let (first, second) =
            entry.split_once(char::is_whitespace).ok_or(InvalidDenyList::Incomplete { line })?;
        if first.eq_ignore_ascii_case("sha256") {
            let fingerprint = bytes(second.trim()).and_then(|bytes| bytes.try_into().ok());
            self.fingerprints.insert(fingerprint.ok_or(InvalidDenyList::Fingerprint { line })?);
            return Ok(());
        }
        let serial = bytes(first).filter(|serial| serial.len() <= MAX_SERIAL_BYTES);
        let serial = serial.ok_or(InvalidDenyList::Serial { line })?;
        let issuer = CanonicalName::parse(second.trim()).map_err(|_| InvalidDenyList::Issuer { line })?;
        self.by_issuer.entry(issuer).or_default().insert(magnitude(&serial).to_vec());
        Ok(())
    }

    /// Whether this certificate is refused.
    pub fn denies(&self, candidate: &Candidate) -> bool {
        let by_issuer = || {
            let serials = self.by_issuer.get(candidate.issuer_name());
            serials.is_some_and(|serials| serials.contains(candidate.serial().magnitude()))
        };
        self.fingerprints.contains(&candidate.fingerprint()) || by_issuer()
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.fingerprints.len() + self.by_issuer.values().map(HashSet::len).sum::<usize>()
    }

    /// Whether it refuses nobody.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds what another list refuses.
    pub fn extend(&mut self, other: Self) {
        self.fingerprints.extend(other.fingerprints);
        for (issuer, serials) in other.by_issuer {
            self.by_issuer.entry(issuer).or_default().extend(serials);
        }
    }
}

/// The line without its comment; a `#` within a word may be part of a name.
fn uncommented(line: &str) -> &str {
    let comment = line.char_indices().find(|(at, c)| {
        *c == '#'
            && line
                .get(..*at)
                .is_some_and(|before| before.chars().next_back().is_none_or(char::is_whitespace))
    });
    comment.and_then(|(at, _)| line.get(..at)).unwrap_or(line)
}

/// Hexadecimal with or without colons; an odd number of digits has lost its leading zero.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| *c != ':').collect();
    let text = if text.len() % 2 == 1 { format!("0{text}") } else { text };
    unhex(&text).filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Certificate;
    use crate::testing::{Leaf, TestCa};

    fn candidate() -> Candidate {
        Candidate::of(&Certificate::parse(&TestCa::new().issue(&Leaf::qwac())).unwrap()).unwrap()
    }

    #[test]
    fn an_entry_refuses_the_certificate_it_names_and_no_other() {
        let candidate = candidate();
        let by_fingerprint = format!(
            "SHA256 {}",
            candidate.fingerprint().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
        );
        let table = [
            ("0102ff CN=Test QTSP", true),
            ("102FF   cn = test qtsp", true),
            ("00:01:02:ff\tCN=Test QTSP   # since the letter of 2026-11-20", true),
            ("\u{20}# nothing\n\n0102ff CN=Test QTSP\r\n", true),
            (by_fingerprint.as_str(), true),
            ("", false),
            ("# 0102ff CN=Test QTSP", false),
            ("0102fe CN=Test QTSP", false),
            ("0102ff CN=Test QTSP 2", false),
            ("0102ff CN=Test QTSP,C=FR", false),
            ("sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", false),
        ];
        for (text, expected) in table {
            assert_eq!(DenyList::parse(text).unwrap().denies(&candidate), expected, "{text}");
        }
    }

    #[test]
    fn a_line_that_is_wrong_is_named() {
        use InvalidDenyList as Invalid;
        let long = format!("{} CN=a", "ff".repeat(65));
        let table = [
            ("01 CN=a\n02", Invalid::Incomplete { line: 2 }),
            ("x1 CN=a", Invalid::Serial { line: 1 }),
            (":: CN=a", Invalid::Serial { line: 1 }),
            (&long, Invalid::Serial { line: 1 }),
            ("\n\n01 somebody", Invalid::Issuer { line: 3 }),
            ("sha256 0102", Invalid::Fingerprint { line: 1 }),
        ];
        for (text, expected) in table {
            assert_eq!(DenyList::parse(text), Err(expected), "{text}");
        }
        assert_eq!(DenyList::parse(&" ".repeat(MAX_DENY_LIST_BYTES + 1)), Err(Invalid::TooLarge));
    }

    #[test]
    fn entries_are_counted_once() {
        let mut list = DenyList::parse("01 CN=a\n001 cn=A\n02 CN=a\n01 CN=b").unwrap();
        assert_eq!((list.len(), list.is_empty()), (3, false));
        list.extend(DenyList::parse("03 CN=a\n01 CN=a").unwrap());
        assert_eq!(list.len(), 4);
        assert!(DenyList::default().is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,120}") {
            let _ = DenyList::parse(&text);
        }
    }
}
