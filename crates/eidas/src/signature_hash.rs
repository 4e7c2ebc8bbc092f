//! The hash under the signature of a certificate.

use der::Sequence;
use der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef};

const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// The hash that the issuer signed a certificate over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureHash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// SHA-1, MD5, or an algorithm this crate does not know.
    Other,
}

impl SignatureHash {
    /// The hash of a signature algorithm (RFC 4055, RFC 5758).
    pub(crate) fn of(algorithm: &AlgorithmIdentifierOwned) -> Self {
        if algorithm.oid == RSASSA_PSS {
            return pss_hash(algorithm).unwrap_or(Self::Other);
        }
        match algorithm.oid.to_string().as_str() {
            // sha256WithRSAEncryption, ecdsa-with-SHA256
            "1.2.840.113549.1.1.11" | "1.2.840.10045.4.3.2" => Self::Sha256,
            "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Self::Sha384,
            "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Self::Sha512,
            _ => Self::Other,
        }
    }
}

/// RSASSA-PSS-params (RFC 4055, 3.1). An absent hash means SHA-1.
#[derive(Sequence)]
struct PssParams<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AnyRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt_length: Option<AnyRef<'a>>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<AnyRef<'a>>,
}

fn pss_hash(algorithm: &AlgorithmIdentifierOwned) -> Option<SignatureHash> {
    let params: PssParams<'_> = algorithm.parameters.as_ref()?.decode_as().ok()?;
    Some(match params.hash?.oid.to_string().as_str() {
        "2.16.840.1.101.3.4.2.1" => SignatureHash::Sha256,
        "2.16.840.1.101.3.4.2.2" => SignatureHash::Sha384,
        "2.16.840.1.101.3.4.2.3" => SignatureHash::Sha512,
        _ => SignatureHash::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use SignatureHash::{Other, Sha256, Sha384, Sha512};
    use der::Decode;

    #[test]
    fn the_algorithm_names_the_hash() {
        let table = [
            ("1.2.840.113549.1.1.4", Other), // md5WithRSAEncryption
            ("1.2.840.113549.1.1.5", Other), // sha1WithRSAEncryption
            ("1.2.840.113549.1.1.11", Sha256),
            ("1.2.840.113549.1.1.12", Sha384),
            ("1.2.840.113549.1.1.13", Sha512),
            ("1.2.840.10045.4.1", Other), // ecdsa-with-SHA1
            ("1.2.840.10045.4.3.2", Sha256),
            ("1.2.840.10045.4.3.3", Sha384),
            ("1.2.840.10045.4.3.4", Sha512),
            ("1.2.840.113549.1.1.10", Other), // RSASSA-PSS without parameters
        ];
        for (oid, expected) in table {
            let algorithm =
                AlgorithmIdentifierOwned { oid: ObjectIdentifier::new_unwrap(oid), parameters: None };
            assert_eq!(SignatureHash::of(&algorithm), expected, "{oid}");
        }
    }

    #[test]
    fn pss_names_the_hash_in_its_parameters() {
        // RSASSA-PSS, [0] SHA-256, [1] MGF1 with SHA-256, [2] salt of 32 bytes
        let sha256 = "304106092a864886f70d01010a3034a00f300d06096086480165030402010500\
                      a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120";
        // RSASSA-PSS with empty parameters: SHA-1 by default
        let default = "300d06092a864886f70d01010a3000";
        for (hex, expected) in [(sha256, Sha256), (default, Other)] {
            let der = crate::testing::unhex(hex);
            let algorithm = AlgorithmIdentifierOwned::from_der(&der).unwrap();
            assert_eq!(SignatureHash::of(&algorithm), expected, "{hex}");
        }
    }
}
