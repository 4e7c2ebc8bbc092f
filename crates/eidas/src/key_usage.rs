//! What a key may be used for.

use std::fmt;

use der::asn1::BitStringRef;

/// The names of the bits, from the first (RFC 5280, 4.2.1.3).
const NAMES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

/// The keyUsage extension (RFC 5280, 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    pub(crate) fn read(bits: &BitStringRef<'_>) -> Self {
        let set = bits.bits().take(NAMES.len()).enumerate().filter(|(_, set)| *set);
        Self(set.fold(0, |all, (nth, _)| all | 1 << nth))
    }

    fn has(self, bit: u16) -> bool {
        self.0 & (1 << bit) != 0
    }

    /// `digitalSignature`: TLS handshakes, HTTP signatures.
    pub fn digital_signature(self) -> bool {
        self.has(0)
    }

    /// `nonRepudiation`, also called `contentCommitment`: seals.
    pub fn non_repudiation(self) -> bool {
        self.has(1)
    }

    /// `keyCertSign`: certificates.
    pub fn key_cert_sign(self) -> bool {
        self.has(5)
    }

    /// `cRLSign`: revocation lists.
    pub fn crl_sign(self) -> bool {
        self.has(6)
    }
}

/// The names of the standard: `digitalSignature, nonRepudiation`.
impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = (0_u16..).zip(NAMES).filter(|(bit, _)| self.has(*bit));
        let names: Vec<_> = set.map(|(_, name)| name).collect();
        f.write_str(if names.is_empty() { "nothing" } else { "" })?;
        f.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use der::Decode;

    #[test]
    fn bits_have_the_names_of_the_standard() {
        let table: [(&[u8], &str); 4] = [
            (&[3, 2, 6, 0xc0], "digitalSignature, nonRepudiation"),
            (&[3, 2, 1, 0x06], "keyCertSign, cRLSign"),
            (&[3, 3, 7, 0x00, 0x80], "decipherOnly"),
            (&[3, 1, 0], "nothing"),
        ];
        for (der, expected) in table {
            let usage = KeyUsage::read(&BitStringRef::from_der(der).unwrap());
            assert_eq!(usage.to_string(), expected);
            assert_eq!(usage.digital_signature(), expected.contains("digitalSignature"));
            assert_eq!(usage.non_repudiation(), expected.contains("nonRepudiation"));
            assert_eq!(usage.key_cert_sign(), expected.contains("keyCertSign"));
            assert_eq!(usage.crl_sign(), expected.contains("cRLSign"));
        }
    }
}
