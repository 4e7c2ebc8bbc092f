//! Authorisation codes of the enforced redirect: what the PSU's browser carries to the PISP (RFC 6749, 4.1).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::values::{InstitutionCode, PaymentId, TppId};

/// How long a code can be exchanged, in seconds.
pub const CODE_LIFETIME_S: i64 = 300;

/// SHA-256 of an authorisation code: the only form in which we keep one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CodeHash(#[serde(with = "crate::encoding::hex32")] pub [u8; 32]);

/// SHA-256 of a code verifier (RFC 7636, 4.2: the method `S256`; `plain` is not taken).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeChallenge(#[serde(with = "crate::encoding::hex32")] pub [u8; 32]);

/// What a code was given for. It is good for one exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorisationCode {
    /// The code, hashed.
    pub hash: CodeHash,
    /// The client whose payment was approved.
    pub tpp: TppId,
    /// The institution that gave it.
    pub institution: InstitutionCode,
    /// The payment request that was approved.
    pub payment: PaymentId,
    /// The URI the browser was sent to with it, as the PISP wrote it.
    pub redirect_uri: String,
    /// What the PISP's verifier must hash to, if it gave a challenge.
    pub challenge: Option<CodeChallenge>,
    /// From when it is worth nothing.
    pub expires_at: Timestamp,
}

/// What a client shows with a code.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// The client.
    pub tpp: &'a TppId,
    /// The institution it asks.
    pub institution: &'a InstitutionCode,
    /// Its `redirect_uri`.
    pub redirect_uri: &'a str,
    /// SHA-256 of its `code_verifier`, if it gave one.
    pub verifier: Option<CodeChallenge>,
}

/// Why a code is not exchanged. To the client all are `invalid_grant` (RFC 6749, 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// Past its lifetime.
    #[error("this code has expired")]
    Expired,
    /// Given to another client, or by another institution.
    #[error("this code was not given to this client here")]
    OtherClient,
    /// The redirect URI is not the one the browser was sent to.
    #[error("redirect_uri is not the one this code was sent to")]
    OtherRedirectUri,
    /// The verifier is missing, not expected or wrong (RFC 7636, 4.6).
    #[error("code_verifier does not match the code_challenge")]
    Verifier,
}

impl AuthorisationCode {
    /// Whether `exchange` may have a token for this code at `now`.
    ///
    /// # Errors
    ///
    /// The first bond that is broken.
    pub fn check(&self, exchange: &Exchange<'_>, now: Timestamp) -> Result<(), CodeRefusal> {
        if &self.tpp != exchange.tpp || &self.institution != exchange.institution {
            return Err(CodeRefusal::OtherClient);
        }
        if now >= self.expires_at {
            return Err(CodeRefusal::Expired);
        }
        if self.redirect_uri != exchange.redirect_uri {
            return Err(CodeRefusal::OtherRedirectUri);
        }
        if self.challenge != exchange.verifier {
            return Err(CodeRefusal::Verifier);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_code_is_exchanged_by_its_client_at_its_uri_with_its_verifier_in_time() {
        let challenge = Some(CodeChallenge([3; 32]));
        let code = AuthorisationCode {
            hash: CodeHash([1; 32]),
            tpp: samples::tpp().id,
            institution: samples::institution().code,
            payment: samples::registration().id,
            redirect_uri: "https://tpp.example/cb".to_owned(),
            challenge,
            expires_at: Timestamp::from_second(300).unwrap(),
        };
        let other_tpp = TppId::parse("PSDFR-ACPR-99999").unwrap();
        let other_bank = InstitutionCode::parse("11425").unwrap();
        let right = Exchange {
            tpp: &code.tpp,
            institution: &code.institution,
            redirect_uri: &code.redirect_uri,
            verifier: challenge,
        };
        let table = [
            (right, 299, Ok(())),
            (right, 300, Err(CodeRefusal::Expired)),
            (Exchange { tpp: &other_tpp, ..right }, 0, Err(CodeRefusal::OtherClient)),
            (Exchange { institution: &other_bank, ..right }, 0, Err(CodeRefusal::OtherClient)),
            (
                Exchange { redirect_uri: "https://tpp.example/cb/", ..right },
                0,
                Err(CodeRefusal::OtherRedirectUri),
            ),
            (Exchange { verifier: None, ..right }, 0, Err(CodeRefusal::Verifier)),
            (Exchange { verifier: Some(CodeChallenge([4; 32])), ..right }, 0, Err(CodeRefusal::Verifier)),
        ];
        for (exchange, second, expected) in table {
            assert_eq!(code.check(&exchange, Timestamp::from_second(second).unwrap()), expected);
        }
        let plain = AuthorisationCode { challenge: None, ..code.clone() };
        let unasked = Exchange { verifier: challenge, ..right };
        assert_eq!(plain.check(&unasked, Timestamp::UNIX_EPOCH), Err(CodeRefusal::Verifier));
        assert_eq!(plain.check(&Exchange { verifier: None, ..right }, Timestamp::UNIX_EPOCH), Ok(()));
    }
}
