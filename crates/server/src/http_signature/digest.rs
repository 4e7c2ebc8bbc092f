//! The `Digest` header (RFC 3230) over the raw bytes of the body.

use aws_lc_rs::digest::{Algorithm, SHA256, SHA512, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::refusal::Refusal;

// Honest clients send one or two; each kind is hashed once however many there are.
const MAX_VALUES: usize = 8;

/// The `Digest` value we send for `body`: `SHA-256=` and the base64 of its hash.
pub fn digest_value(body: &[u8]) -> String {
    format!("SHA-256={}", encoded(&SHA256, body))
}

fn encoded(algorithm: &'static Algorithm, body: &[u8]) -> String {
    STANDARD.encode(digest(algorithm, body))
}

/// Checks a `Digest` value against the body: at least one value is SHA-256 or SHA-512, and all such are right.
pub(super) fn check(value: &[u8], body: &[u8]) -> Result<(), Refusal> {
    let text = std::str::from_utf8(value).map_err(|_| Refusal::MalformedDigest)?;
    if text.split(',').count() > MAX_VALUES {
        return Err(Refusal::MalformedDigest);
    }
    let (mut sha256, mut sha512) = (None, None);
    for instance in text.split(',') {
        let (name, given) = instance.split_once('=').ok_or(Refusal::MalformedDigest)?;
        let right = match name.trim_ascii() {
            name if name.eq_ignore_ascii_case("SHA-256") => {
                sha256.get_or_insert_with(|| encoded(&SHA256, body))
            }
            name if name.eq_ignore_ascii_case("SHA-512") => {
                sha512.get_or_insert_with(|| encoded(&SHA512, body))
            }
            _ => continue,
        };
        // The digest is no secret, so plain comparison; base64 has one right form, so comparison of text.
        if given.trim_ascii() != right.as_str() {
            return Err(Refusal::WrongDigest);
        }
    }
    if sha256.is_none() && sha512.is_none() {
        return Err(Refusal::UnsupportedDigest);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn the_digest_of_an_empty_body_is_the_well_known_one() {
        assert_eq!(digest_value(b""), EMPTY);
    }

    #[test]
    fn one_supported_value_is_needed_and_all_supported_ones_must_be_right() {
        let sha256 = encoded(&SHA256, b"body");
        let sha512 = encoded(&SHA512, b"body");
        let other = encoded(&SHA512, b"other");
        let table = [
            (format!("SHA-256={sha256}"), Ok(())),
            (format!("sha-256={sha256}"), Ok(())),
            (format!("SHA-512={sha512}"), Ok(())),
            (format!(" Sha-512={sha512} , SHA-256={sha256} "), Ok(())),
            (format!("MD5=anything,SHA-256={sha256},UNIXsum=30637"), Ok(())),
            (format!("SHA-256={sha256},SHA-512={other}"), Err(Refusal::WrongDigest)),
            (format!("SHA-256={sha256},SHA-256={other}"), Err(Refusal::WrongDigest)),
            (format!("SHA-256={sha512}"), Err(Refusal::WrongDigest)),
            (format!("SHA-256={}", sha256.trim_end_matches('=')), Err(Refusal::WrongDigest)),
            (EMPTY.to_owned(), Err(Refusal::WrongDigest)),
            ("MD5=mL2NPw==".to_owned(), Err(Refusal::UnsupportedDigest)),
            (format!("SHA-1={sha256}"), Err(Refusal::UnsupportedDigest)),
            (String::new(), Err(Refusal::MalformedDigest)),
            (sha256.replace('=', ""), Err(Refusal::MalformedDigest)),
            (format!("SHA-256={sha256},"), Err(Refusal::MalformedDigest)),
            (vec![format!("SHA-256={sha256}"); MAX_VALUES + 1].join(","), Err(Refusal::MalformedDigest)),
        ];
        for (value, expected) in table {
            assert_eq!(check(value.as_bytes(), b"body"), expected, "{value}");
        }
        assert_eq!(check(b"SHA-256=\xff", b"body"), Err(Refusal::MalformedDigest));
    }
}
