//! What a PISP sends to confirm.

use std::fmt;

use serde::Serialize;

use crate::{json::Value, read::Read, read_error::ReadError};

/// The body of a confirmation (STET 1.4.0.47 and 1.4.2, `ConfirmationResource`). Neither member has to be
/// there. Both are secrets: `Debug` shows neither.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Confirmation {
    /// The challenge of the creation's answer, at most 70 characters, 1.4.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// What the PSU authenticated with, where he does so on the PISP's pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psu_authentication_factor: Option<String>,
}

impl Read for Confirmation {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            nonce: object.member("nonce")?,
            psu_authentication_factor: object.member("psuAuthenticationFactor")?,
        })
    }
}

impl fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirmation").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, read_confirmation};

    #[test]
    fn a_confirmation_is_an_object_with_or_without_a_nonce() {
        let nonce = |text: &str| Confirmation { nonce: Some(text.to_owned()), ..Confirmation::default() };
        let factor = Confirmation {
            psu_authentication_factor: Some("JJKJKJ788GKJKJBK".to_owned()),
            ..Confirmation::default()
        };
        let table = [
            ("{}", Some(Confirmation::default())),
            (r#"{"nonce":null,"other":[1]}"#, Some(Confirmation::default())),
            (r#"{"nonce":"aa1b"}"#, Some(nonce("aa1b"))),
            (r#"{"psuAuthenticationFactor":"JJKJKJ788GKJKJBK"}"#, Some(factor)),
            ("", None),
            ("null", None),
            ("[]", None),
            (r#"{"nonce":1}"#, None),
            (r#"{"nonce":"a","nonce":"a"}"#, None),
            ("{", None),
        ];
        for (body, expected) in table {
            assert_eq!(read_confirmation(body.as_bytes(), Limits::default()).ok(), expected, "{body}");
        }
        assert!(!format!("{:?}", nonce("aa1b")).contains("aa1b"));
    }

    #[test]
    fn a_confirmation_is_written_without_what_it_does_not_hold() {
        let confirmation = Confirmation { nonce: Some("aa1b".to_owned()), ..Confirmation::default() };
        assert_eq!(serde_json::to_string(&confirmation).unwrap(), r#"{"nonce":"aa1b"}"#);
        assert_eq!(serde_json::to_string(&Confirmation::default()).unwrap(), "{}");
    }
}
