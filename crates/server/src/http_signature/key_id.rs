//! What a `keyId` points at.

use std::fmt;

/// The `keyId` of a `Signature` header, classified; it is looked up among registered keys and never fetched.
///
/// STET asks for the URL of the QSealC (STET 1.4.0.47, application authentication); clients in the field
/// also send their client id or the name of a key agreed at enrolment.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyId {
    /// An https URL without query that ends with `_` and the lower-case hexadecimal SHA-256 of the
    /// certificate's DER: the registered certificate of this client with that fingerprint.
    Certificate([u8; 32]),
    /// Any other http or https URL, say of a PEM file: it names no key, so the client's registered ones serve.
    Url(String),
    /// Anything else, to be compared with the client id and with the `kid` of the client's keys.
    Name(String),
}

impl KeyId {
    /// Classifies the value of a `keyId` parameter.
    pub fn classify(text: &str) -> Self {
        if let Some(fingerprint) = fingerprint_of(text) {
            Self::Certificate(fingerprint)
        } else if text.starts_with("https://") || text.starts_with("http://") {
            Self::Url(text.to_owned())
        } else {
            Self::Name(text.to_owned())
        }
    }
}

/// Shows the kind only: the value was chosen by a stranger.
impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate(_) => "KeyId::Certificate",
            Self::Url(_) => "KeyId::Url",
            Self::Name(_) => "KeyId::Name",
        })
    }
}

fn fingerprint_of(url: &str) -> Option<[u8; 32]> {
    let rest = url.strip_prefix("https://")?;
    if rest.contains(['?', '#']) {
        return None;
    }
    let (_, hex) = rest.rsplit_once('_')?;
    parse_lower_hex(hex)
}

fn parse_lower_hex(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        for digit in pair {
            *byte = (*byte << 4) | lower_hex_value(*digit)?;
        }
    }
    Some(bytes)
}

fn lower_hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_https_url_ending_in_a_fingerprint_names_a_certificate() {
        let hex = "00ff".repeat(16);
        let mut fingerprint = [0; 32];
        for (i, byte) in fingerprint.iter_mut().enumerate() {
            *byte = if i % 2 == 0 { 0x00 } else { 0xff };
        }
        let certificates = [
            format!("https://path.to/myQsealCertificate_{hex}"),
            format!("https://path.to/a_b,c=d/certificate_{hex}"),
            format!("https://_{hex}"),
        ];
        for text in certificates {
            assert_eq!(KeyId::classify(&text), KeyId::Certificate(fingerprint), "{text}");
        }
        let urls = [
            format!("http://path.to/certificate_{hex}"),
            format!("https://path.to/certificate_{hex}?v=1"),
            format!("https://path.to/q?a=_{hex}"),
            format!("https://path.to/#_{hex}"),
            format!("https://path.to/certificate_{}", hex.to_uppercase()),
            format!("https://path.to/certificate_{hex}.pem"),
            format!("https://path.to/certificate_0{hex}"),
            format!("https://path.to/certificate_{}", &hex[1..]),
            format!("https://path.to/{hex}"),
            "https://path.to/qseal.pem".to_owned(),
        ];
        for text in urls {
            assert_eq!(KeyId::classify(&text), KeyId::Url(text.clone()), "{text}");
        }
        for text in ["PSDFR-ACPR-12345", "key-2026", "_", &format!("certificate_{hex}"), "é_"] {
            assert_eq!(KeyId::classify(text), KeyId::Name(text.to_owned()), "{text}");
        }
    }
}
