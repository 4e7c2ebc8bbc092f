//! The bank behind us over HTTP: what a real bank implements in front of its core-banking system.
//!
//! Each question is one POST of JSON to `<url>/<question>`, with the secret as bearer token. The answer
//! is 200 and JSON; anything else, or none in time, means "not available" and is asked again: what
//! changes something carries our reference, and the bank does it at most once per reference.

use std::time::Duration;

use async_trait::async_trait;
use payments::{
    ports::{Account, Bank, CodeMessage, Messenger, Password, Psu, Rail, Reservation, Reserved, Unavailable},
    transfer::{Outcome, TransferOrder},
    values::{InstitutionCode, PsuId, Reference},
};
use reqwest::{Client, StatusCode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Largest answer that is read, in bytes: far more than a PSU has accounts.
const MAX_ANSWER: usize = 1024 * 1024;

/// The questions, as the last part of the path.
pub mod question {
    /// [`super::Credentials`] → the PSU, or null.
    pub const AUTHENTICATE: &str = "authenticate";
    /// [`super::Holder`] → list of accounts.
    pub const ACCOUNTS: &str = "accounts";
    /// A reservation → whether the funds are set aside.
    pub const RESERVE: &str = "reserve";
    /// [`super::Referred`] → null.
    pub const RELEASE: &str = "release";
    /// A transfer order → what became of it.
    pub const SUBMIT: &str = "submit";
    /// [`super::Referred`] → what became of it.
    pub const INQUIRE: &str = "inquire";
    /// A code message → null.
    pub const SEND_CODE: &str = "send-code";
}

/// Who a PSU says he is, and his proof.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// The institution.
    pub institution: InstitutionCode,
    /// His customer number.
    pub psu: PsuId,
    /// His password.
    pub password: String,
}

/// Whose accounts are asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Holder {
    /// The institution.
    pub institution: InstitutionCode,
    /// The PSU.
    pub psu: PsuId,
}

/// Which of our references is meant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Referred {
    /// The institution.
    pub institution: InstitutionCode,
    /// The reference.
    pub reference: Reference,
}

/// A bank reached over HTTP: accounts, rail and messenger in one.
pub struct HttpBank {
    url: String,
    secret: String,
    client: Client,
}

/// Why a connector cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum InvalidConnector {
    /// Money is not asked for in the clear: only this machine may be asked over plain HTTP.
    #[error("the bank's URL must be https, or http on a loopback address")]
    Url,
    /// The certificate authority or the client cannot be used.
    #[error("the connection to the bank cannot be set up")]
    Client(#[from] reqwest::Error),
}

impl HttpBank {
    /// The bank at `url`, known by `secret`; `authority_pem` is trusted beside the public authorities of
    /// nobody: without it only plain HTTP on loopback can be reached.
    ///
    /// # Errors
    ///
    /// [`InvalidConnector`].
    pub fn new(
        url: &str,
        secret: &str,
        authority_pem: Option<&[u8]>,
        timeout: Duration,
    ) -> Result<Self, InvalidConnector> {
        if !is_private(url) {
            return Err(InvalidConnector::Url);
        }
        let roots = authority_pem.map(reqwest::Certificate::from_pem_bundle).transpose()?.unwrap_or_default();
        let client = Client::builder()
            .tls_certs_only(roots)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(timeout)
            .build()?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), secret: secret.trim().to_owned(), client })
    }

    async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        question: &str,
        asked: &Q,
    ) -> Result<A, Unavailable> {
        let request =
            self.client.post(format!("{}/{question}", self.url)).bearer_auth(&self.secret).json(asked);
        // A reqwest error may carry the URL, never the body; the URL is the operator's own.
        let mut response = request.send().await.map_err(|error| failed(question, &error))?;
        if response.status() != StatusCode::OK {
            return Err(Unavailable(format!("{question} was answered {}", response.status())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(question, &error))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(Unavailable(format!("the answer to {question} is too large")));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body)
            .map_err(|_| Unavailable(format!("the answer to {question} cannot be read")))
    }
}

fn failed(question: &str, error: &reqwest::Error) -> Unavailable {
    let why = if error.is_timeout() { "was not answered in time" } else { "could not be asked" };
    Unavailable(format!("{question} {why}"))
}

fn is_private(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else {
        return false;
    };
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

#[async_trait]
impl Bank for HttpBank {
    async fn authenticate(
        &self,
        institution: &InstitutionCode,
        psu: &PsuId,
        password: &Password,
    ) -> Result<Option<Psu>, Unavailable> {
        let credentials =
            Credentials { institution: institution.clone(), psu: psu.clone(), password: password.0.clone() };
        self.ask(question::AUTHENTICATE, &credentials).await
    }

    async fn accounts(
        &self,
        institution: &InstitutionCode,
        psu: &PsuId,
    ) -> Result<Vec<Account>, Unavailable> {
        self.ask(question::ACCOUNTS, &Holder { institution: institution.clone(), psu: psu.clone() }).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, Unavailable> {
        self.ask(question::RESERVE, reservation).await
    }

    async fn release(&self, institution: &InstitutionCode, reference: &Reference) -> Result<(), Unavailable> {
        self.ask(question::RELEASE, &referred(institution, reference)).await
    }
}

#[async_trait]
impl Rail for HttpBank {
    async fn submit(&self, order: &TransferOrder) -> Result<Outcome, Unavailable> {
        self.ask(question::SUBMIT, order).await
    }

    async fn inquire(
        &self,
        institution: &InstitutionCode,
        reference: &Reference,
    ) -> Result<Outcome, Unavailable> {
        self.ask(question::INQUIRE, &referred(institution, reference)).await
    }
}

#[async_trait]
impl Messenger for HttpBank {
    async fn send_code(&self, message: &CodeMessage) -> Result<(), Unavailable> {
        self.ask(question::SEND_CODE, message).await
    }
}

fn referred(institution: &InstitutionCode, reference: &Reference) -> Referred {
    Referred { institution: institution.clone(), reference: reference.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_asked_for_over_tls_or_on_this_machine() {
        let table = [
            ("https://core.bank.example/guichet", true),
            ("http://127.0.0.1:9090/bank/v1", true),
            ("http://[::1]:9090/bank/v1", true),
            ("http://localhost:9090/bank/v1", true),
            ("http://core.bank.example/guichet", false),
            ("http://localhost.evil.example/", false),
            ("ftp://127.0.0.1/", false),
            ("core.bank.example", false),
        ];
        for (url, expected) in table {
            assert_eq!(is_private(url), expected, "{url}");
        }
    }
}
