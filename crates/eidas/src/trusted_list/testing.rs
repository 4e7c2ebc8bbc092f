//! The example list, with certificates in it.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::testing::TestCa;

const EXAMPLE: &str = include_str!("../../../../docs/examples/trusted-list.xml");

/// The authorities of the example list and its signer.
pub(super) struct Example {
    pub(super) websites: TestCa,
    pub(super) seals: TestCa,
    pub(super) signer: TestCa,
}

impl Example {
    pub(super) fn new() -> Self {
        Self { websites: TestCa::new(), seals: TestCa::new(), signer: TestCa::new() }
    }

    /// The list with these certificates; its signature has no values.
    pub(super) fn text(&self) -> String {
        let base64 = |ca: &TestCa| BASE64_STANDARD.encode(ca.der());
        // Lists break their lines.
        let broken = base64(&self.websites)
            .as_bytes()
            .chunks(64)
            .fold(String::new(), |text, line| text + "\n" + std::str::from_utf8(line).unwrap());
        EXAMPLE
            .replace("@WEBSITES@", &broken)
            .replace("@SEALS@", &base64(&self.seals))
            .replace("@SIGNER@", &base64(&self.signer))
    }
}

/// `text` with `from`, which must be there, replaced everywhere.
pub(super) fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

/// `text` with the first `from` replaced.
pub(super) fn with_first(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}
