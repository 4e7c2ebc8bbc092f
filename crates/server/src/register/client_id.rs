//! The client ids that are given at registration.

use payments::{ports::StoreError, values::TppId};

use crate::App;

/// What comes before and after the provider in a client id.
const PREFIX: &str = "1";
const INFIX: &str = "-0-";
/// Random letters at the end.
const LETTERS: usize = 4;
/// Longest client id, in bytes.
const MAX_LENGTH: usize = 70;

/// An id that nobody has, in the form of live banks: a digit, the legal id, `-0-` and four letters, such as
/// `1PSDNL-DNB-33031431-0-RWMH`.
///
/// # Errors
///
/// [`StoreError::Busy`] if every id that was tried is taken.
pub(super) async fn fresh(app: &App, legal_id: &str) -> Result<TppId, StoreError> {
    const TRIES: usize = 8;
    for _ in 0..TRIES {
        let id = client_id(legal_id, app.random_bytes());
        if app.store.find_tpp(&id).await?.is_none() {
            return Ok(id);
        }
    }
    Err(StoreError::Busy)
}

/// A legal id may have characters that a path or a form would change; they become hyphens. One that is too
/// long is cut: the letters tell ids apart.
fn client_id(legal_id: &str, random: [u8; LETTERS]) -> TppId {
    let room = MAX_LENGTH - PREFIX.len() - INFIX.len() - LETTERS;
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' };
    let legal_id: String = legal_id.chars().map(plain).take(room).collect();
    let letters: String = random.into_iter().map(|byte| char::from(b'A' + byte % 26)).collect();
    TppId::parse(&format!("{PREFIX}{legal_id}{INFIX}{letters}")).expect("at most 70 printable characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_names_its_provider_and_passes_through_paths_and_forms() {
        let table = [
            ("PSDNL-DNB-33031431", "1PSDNL-DNB-33031431-0-ABZA"),
            ("PSDPL-PFSA-A/1+2 é%", "1PSDPL-PFSA-A-1-2----0-ABZA"),
            ("AGTFR-ACPR-12345001", "1AGTFR-ACPR-12345001-0-ABZA"),
            ("", "1-0-ABZA"),
        ];
        for (legal_id, expected) in table {
            assert_eq!(client_id(legal_id, [0, 1, 25, 26]).as_str(), expected);
        }
        assert_eq!(client_id(&"X".repeat(128), [255; 4]).as_str().len(), MAX_LENGTH);
    }
}
