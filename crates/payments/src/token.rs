//! Access tokens: opaque to their holder, bound to everything that could be stolen with them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::values::{InstitutionCode, PaymentId, TppId};

/// SHA-256 of an access token: the only form in which we keep one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenHash(#[serde(with = "crate::encoding::hex32")] pub [u8; 32]);

/// SHA-256 of a certificate (`x5t#S256`, RFC 8705).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CertificateThumbprint(#[serde(with = "crate::encoding::hex32")] pub [u8; 32]);

/// What a token was given for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The token, hashed.
    pub hash: TokenHash,
    /// The client it was given to.
    pub tpp: TppId,
    /// The institution it was taken for.
    pub institution: InstitutionCode,
    /// What it may be used for.
    pub scope: Scope,
    /// The certificate it was asked with (RFC 8705, section 3).
    pub certificate: CertificateThumbprint,
    /// When it was given.
    pub issued_at: Timestamp,
    /// From when it is worth nothing.
    pub expires_at: Timestamp,
    /// The payment request it serves, once it has been used.
    pub tied_to: Option<PaymentId>,
}

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Payment initiation, `pisp` (client credentials).
    PaymentInitiation,
    /// The confirmation of the one payment it is tied to, and reading it (authorisation code).
    Confirmation,
    /// The registration API, `manageRegistration`.
    Registration,
}

impl Scope {
    /// The scope as the wire names it (RFC 6749, 3.3).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PaymentInitiation | Self::Confirmation => "pisp",
            Self::Registration => "manageRegistration",
        }
    }
}

/// Why a token does not serve a call. To the caller all are `invalid_token`, save the institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// Past its lifetime.
    #[error("this token has expired")]
    Expired,
    /// Presented over another certificate than it was given to.
    #[error("this token was given to another certificate")]
    OtherCertificate,
    /// Taken for another institution.
    #[error("this token was taken for another institution")]
    OtherInstitution,
}

impl Token {
    /// Whether this token may be presented over `certificate` to `institution` at `now`.
    ///
    /// # Errors
    ///
    /// The first bond that is broken.
    pub fn check(
        &self,
        certificate: CertificateThumbprint,
        institution: &InstitutionCode,
        now: Timestamp,
    ) -> Result<(), TokenRefusal> {
        if now >= self.expires_at {
            return Err(TokenRefusal::Expired);
        }
        if self.certificate != certificate {
            return Err(TokenRefusal::OtherCertificate);
        }
        if &self.institution != institution {
            return Err(TokenRefusal::OtherInstitution);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_serves_its_certificate_and_institution_until_it_expires() {
        let code = |text| InstitutionCode::parse(text).unwrap();
        let token = Token {
            hash: TokenHash([0; 32]),
            tpp: TppId::parse("PSDFR-ACPR-12345").unwrap(),
            institution: code("17515"),
            scope: Scope::PaymentInitiation,
            certificate: CertificateThumbprint([1; 32]),
            issued_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::from_second(3_600).unwrap(),
            tied_to: None,
        };
        let table = [
            (1, "17515", 3_599, Ok(())),
            (1, "17515", 3_600, Err(TokenRefusal::Expired)),
            (2, "17515", 0, Err(TokenRefusal::OtherCertificate)),
            (1, "11425", 0, Err(TokenRefusal::OtherInstitution)),
        ];
        for (certificate, institution, second, expected) in table {
            let now = Timestamp::from_second(second).unwrap();
            assert_eq!(
                token.check(CertificateThumbprint([certificate; 32]), &code(institution), now),
                expected
            );
        }
    }
}
