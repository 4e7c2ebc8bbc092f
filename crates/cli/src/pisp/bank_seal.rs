//! Verifying the bank's signature on its answers.

use std::sync::Mutex;

use eidas::Certificate;
use reqwest::{Client, header::HeaderMap};
use server::{
    http_signature::{KeyId, Refusal, SignatureHeader, SignedMessage, verify_answer},
    seal_key::VerifyingKey,
};
use url::Url;

use super::{PispError, read_body};

/// Certificates remembered; a bank has one per institution, and a new one now and then.
const MAX_REMEMBERED: usize = 32;

/// What the bank's seal on an answer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerSeal {
    /// The signature verifies.
    Verified,
    /// The answer is not signed.
    Absent,
    /// It is signed, with a key that is not at hand: no certificate was given, and the signature does not
    /// name one at the bank's own address.
    Unchecked,
}

impl AnswerSeal {
    /// In words.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Verified => "bank's seal verified",
            Self::Absent => "not signed by the bank",
            Self::Unchecked => "bank's seal not verified: its certificate is not at hand",
        }
    }
}

/// The bank's seal certificates.
pub(crate) struct BankSeals {
    /// Given by whoever runs us.
    given: Option<VerifyingKey>,
    /// Served by the bank over TLS, by URL.
    served: Mutex<Vec<(Url, VerifyingKey)>>,
}

impl BankSeals {
    /// What the bank serves at its own address is taken: TLS says that it is the bank's.
    pub(crate) fn served_by_the_bank() -> Self {
        Self { given: None, served: Mutex::default() }
    }

    /// Only the certificate in `pem` is taken.
    ///
    /// # Errors
    ///
    /// If that is no certificate of a usable key.
    pub(crate) fn given(pem: &str) -> Result<Self, PispError> {
        Ok(Self { given: Some(key_of(pem)?.1), served: Mutex::default() })
    }

    /// Verifies the seal of an answer of `bank`.
    ///
    /// # Errors
    ///
    /// [`PispError`]: it does not hold.
    pub(super) async fn check(
        &self,
        client: &Client,
        bank: &Url,
        answer: &SignedMessage<'_>,
    ) -> Result<AnswerSeal, PispError> {
        if !answer.headers.contains_key("signature") {
            return Ok(AnswerSeal::Absent);
        }
        let key = match &self.given {
            Some(key) => key.clone(),
            None => match url_of(answer.headers, bank)? {
                Some((url, fingerprint)) => self.find(client, url, fingerprint).await?,
                None => return Ok(AnswerSeal::Unchecked),
            },
        };
        verify_answer(answer, &key)?;
        Ok(AnswerSeal::Verified)
    }

    async fn find(
        &self,
        client: &Client,
        url: Url,
        fingerprint: [u8; 32],
    ) -> Result<VerifyingKey, PispError> {
        if let Some(key) = self.remembered(&url) {
            return Ok(key);
        }
        let response = client.get(url.clone()).send().await?;
        if !response.status().is_success() {
            return Err(PispError::SealCertificate("the bank does not serve it"));
        }
        let pem = String::from_utf8(read_body(response).await?)
            .map_err(|_| PispError::SealCertificate("it is not PEM"))?;
        let (certificate, key) = key_of(&pem)?;
        if certificate.sha256_hex() != payments::encoding::hex(&fingerprint) {
            return Err(PispError::SealCertificate("it is another than its address says"));
        }
        let mut served = self.served.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if served.len() >= MAX_REMEMBERED {
            served.remove(0);
        }
        served.push((url, key.clone()));
        Ok(key)
    }

    fn remembered(&self, url: &Url) -> Option<VerifyingKey> {
        let served = self.served.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (_, key) = served.iter().find(|(known, _)| known == url)?;
        Some(key.clone())
    }
}

fn key_of(pem: &str) -> Result<(Certificate, VerifyingKey), PispError> {
    let certificate =
        Certificate::from_pem(pem).map_err(|_| PispError::SealCertificate("it cannot be read"))?;
    let key = VerifyingKey::from_spki_der(certificate.public_key().spki_der())
        .map_err(|_| PispError::SealCertificate("its key is of a kind we do not verify"))?;
    Ok((certificate, key))
}

/// Where the answer says its certificate is, and the certificate's hash: only an address at `bank` itself,
/// since nothing else is fetched because an answer says so.
fn url_of(headers: &HeaderMap, bank: &Url) -> Result<Option<(Url, [u8; 32])>, PispError> {
    let signature = SignatureHeader::find(headers)?;
    let KeyId::Certificate(fingerprint) = *signature.key_id() else {
        return Ok(None);
    };
    let text = headers.get("signature").and_then(|value| value.to_str().ok());
    let url = text
        .and_then(|text| text.split_once("keyId=\""))
        .and_then(|(_, rest)| rest.split_once('"'))
        .and_then(|(url, _)| Url::parse(url).ok())
        .ok_or(PispError::Seal(Refusal::UnknownKey))?;
    Ok((url.origin() == bank.origin()).then_some((url, fingerprint)))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_certificate_is_fetched_from_the_bank_itself_or_not_at_all() {
        let hex = "ab".repeat(32);
        let bank = Url::parse("https://bank.example:8443").unwrap();
        let table = [
            (format!("https://bank.example:8443/api/keyid/certificate_{hex}"), true),
            (format!("https://bank.example/api/keyid/certificate_{hex}"), false),
            (format!("https://evil.example:8443/certificate_{hex}"), false),
            (format!("http://bank.example:8443/certificate_{hex}"), false),
            (format!("https://bank.example:8443@evil.example/certificate_{hex}"), false),
            ("https://bank.example:8443/certificate.pem".to_owned(), false),
            ("key-1".to_owned(), false),
        ];
        for (key_id, fetched) in table {
            let text = format!(r#"keyId="{key_id}",algorithm="rsa-sha256",headers="date",signature="AQI=""#);
            let headers = HeaderMap::from_iter([(
                reqwest::header::HeaderName::from_static("signature"),
                HeaderValue::from_str(&text).unwrap(),
            )]);
            assert_eq!(url_of(&headers, &bank).unwrap().is_some(), fetched, "{key_id}");
        }
    }
}
