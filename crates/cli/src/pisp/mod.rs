//! A PISP: what the demo, the shop and `guichet pay` call a bank with.
//!
//! It speaks to any bank of the STET PSD2 API: a token over mutual TLS, a signed `POST`, the link for the
//! PSU, signed `GET`s until the status is final; and it verifies the bank's signature on every answer.

mod answer;
mod bank_seal;
mod callback;
mod error;
mod order;

use std::{str::FromStr as _, sync::Arc, time::Duration};

use payments::Version;
use reqwest::{
    Client, Method, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use server::{
    app::Clock,
    http_signature::{SignedMessage, sign_request},
    seal_key::SealKey,
};
use url::Url;

pub(crate) use answer::{Created, Seen};
pub(crate) use bank_seal::{AnswerSeal, BankSeals};
pub(crate) use callback::Callback;
pub(crate) use error::PispError;
pub(crate) use order::{Order, Purpose};

use crate::{http_client, random};

const TOKEN_PATH: &str = "/stet/psd2/oauth/token";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Answers are small; a bank that sends more is not listened to.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// How often in a row a bank that knew us may refuse us before we believe it.
const MAX_REFUSALS: u8 = 3;
/// How long the pause between two questions is after a refusal, at first, and at most.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// What a PISP shows a bank.
pub(crate) struct Credentials {
    /// Its client id.
    pub(crate) client_id: String,
    /// Its QWAC with its chain, PEM.
    pub(crate) qwac_pem: String,
    /// The key of that.
    pub(crate) qwac_key_pem: String,
    /// The key of its QSealC.
    pub(crate) seal: SealKey,
    /// What its signatures call that key.
    pub(crate) key_id: String,
}

/// A PISP at one bank.
#[derive(Clone)]
pub(crate) struct Pisp {
    shared: Arc<Shared>,
    /// The bank's API, without path.
    bank: Url,
}

struct Shared {
    client: Client,
    client_id: String,
    key_id: String,
    seal: SealKey,
    clock: Arc<dyn Clock>,
    bank_seals: BankSeals,
}

impl Pisp {
    /// A PISP that calls `bank`, whose server certificate must come from `ca_pem`, or from an authority of
    /// this machine if there is none.
    ///
    /// # Errors
    ///
    /// If a certificate or key cannot be used for TLS.
    pub(crate) fn new(
        bank: Url,
        credentials: Credentials,
        ca_pem: Option<&str>,
        bank_seals: BankSeals,
        clock: Arc<dyn Clock>,
    ) -> reqwest::Result<Self> {
        let local = bank.host_str().is_some_and(http_client::is_local_name);
        let builder = http_client::builder(local);
        let builder = http_client::with_identity(builder, &credentials.qwac_pem, &credentials.qwac_key_pem)?;
        let builder = match ca_pem {
            Some(ca_pem) => http_client::trusting(builder, ca_pem)?,
            None => builder,
        };
        let shared = Shared {
            client: builder.https_only(true).build()?,
            client_id: credentials.client_id,
            key_id: credentials.key_id,
            seal: credentials.seal,
            clock,
            bank_seals,
        };
        Ok(Self { shared: Arc::new(shared), bank })
    }

    /// The same PISP at another bank of the same network.
    pub(crate) fn at(&self, bank: Url) -> Self {
        Self { shared: Arc::clone(&self.shared), bank }
    }

    /// Asks for an access token (RFC 6749, 4.4; STET 1.4.0.47, client credentials).
    ///
    /// # Errors
    ///
    /// [`PispError`]: the bank refused or could not be reached.
    pub(crate) async fn token(&self) -> Result<stet::TokenAnswer, PispError> {
        let form =
            [("grant_type", "client_credentials"), ("client_id", &self.shared.client_id), ("scope", "pisp")];
        self.ask_token(&form).await
    }

    async fn ask_token(&self, form: &[(&str, &str)]) -> Result<stet::TokenAnswer, PispError> {
        let url = self.url(TOKEN_PATH)?;
        let response = self.shared.client.post(url).form(form).send().await?;
        let status = response.status();
        let body = read_body(response).await?;
        if status != StatusCode::OK {
            return Err(PispError::refused(status, &body));
        }
        serde_json::from_slice(&body).map_err(|_| PispError::Unreadable("a token"))
    }

    /// Posts a payment request and gives back where the PSU is to approve it.
    ///
    /// # Errors
    ///
    /// [`PispError`]; with [`PispError::Unreachable`] the bank may or may not have it.
    pub(crate) async fn create(
        &self,
        token: &str,
        version: Version,
        order: &Order,
    ) -> Result<Created, PispError> {
        let body = serde_json::to_vec(&order.body(version, self.shared.clock.now()))
            .expect("a payment request has string keys only");
        let path = format!("{}/payment-requests", version.base_path());
        let answer = self.call(Method::POST, &path, token, body).await?;
        Created::read(&answer)
    }

    /// Asks where a payment request stands.
    ///
    /// # Errors
    ///
    /// [`PispError`].
    pub(crate) async fn status(&self, token: &str, version: Version, id: &str) -> Result<Seen, PispError> {
        let path = format!("{}/payment-requests/{id}", version.base_path());
        let answer = self.call(Method::GET, &path, token, Vec::new()).await?;
        Seen::read(&answer)
    }

    /// Asks with a token of its own, as connectors in the field do.
    ///
    /// # Errors
    ///
    /// [`PispError`].
    pub(crate) async fn status_now(&self, version: Version, id: &str) -> Result<Seen, PispError> {
        let token = self.token().await?;
        self.status(&token.access_token, version, id).await
    }

    /// Asks again and again until the status is final, telling each new one; gives up at `deadline`, with the
    /// last status seen. A bank that cannot be reached is asked again.
    ///
    /// # Errors
    ///
    /// [`PispError`]: the bank's refusal, or whatever stood in the way at the deadline.
    pub(crate) async fn follow(
        &self,
        version: Version,
        id: &str,
        deadline: tokio::time::Instant,
        mut tell: impl FnMut(&Seen),
    ) -> Result<Seen, PispError> {
        let mut last: Option<Seen> = None;
        let mut pause = FIRST_PAUSE;
        let mut refusals = 0;
        loop {
            match self.status_now(version, id).await {
                Ok(seen) => {
                    if last.as_ref().map(|last| last.status) != Some(seen.status) {
                        tell(&seen);
                        pause = FIRST_PAUSE;
                    }
                    if seen.is_final() {
                        return Ok(seen);
                    }
                    last = Some(seen);
                    refusals = 0;
                }
                // It took the payment request: a clock was moved, or a token has ended on the way.
                Err(error) if error.is_unauthorised() && refusals < MAX_REFUSALS => {
                    refusals += 1;
                    pause = pause.max(REFUSED_PAUSE);
                    tracing::debug!(%error, "the bank took this before, trying again");
                }
                Err(error) if error.may_pass() && tokio::time::Instant::now() < deadline => {
                    tracing::debug!(%error, "the bank could not be asked, trying again");
                }
                Err(error) => return last.filter(|_| error.may_pass()).ok_or(error),
            }
            if tokio::time::Instant::now() >= deadline
                && let Some(seen) = last
            {
                return Ok(seen);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Vec<u8>,
    ) -> Result<Answer, PispError> {
        let headers = self.signed_headers(&method, path, token, &body)?;
        let request = self.shared.client.request(method.clone(), self.url(path)?);
        let response = request.headers(headers).body(body).send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response).await?;
        let message = SignedMessage { method: &method, target: path, headers: &headers, body: &body };
        let seal = self.shared.bank_seals.check(&self.shared.client, &self.bank, &message).await?;
        if !status.is_success() {
            return Err(PispError::refused(status, &body));
        }
        Ok(Answer { headers, body, seal })
    }

    fn signed_headers(
        &self,
        method: &Method,
        path: &str,
        token: &str,
        body: &[u8],
    ) -> Result<HeaderMap, PispError> {
        let mut headers = HeaderMap::new();
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| PispError::Unreadable("a token"))?;
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(ACCEPT, HeaderValue::from_static("application/hal+json, application/json"));
        headers.insert(REQUEST_ID, request_id());
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        let message = SignedMessage { method, target: path, headers: &headers, body };
        let shared = &self.shared;
        let signature = sign_request(&shared.seal, &shared.key_id, &message, shared.clock.now())?;
        signature.insert_into(&mut headers);
        Ok(headers)
    }

    fn url(&self, path: &str) -> Result<Url, PispError> {
        self.bank.join(path).map_err(|_| PispError::Address)
    }
}

/// An answer whose seal has been looked at.
pub(crate) struct Answer {
    headers: HeaderMap,
    body: Vec<u8>,
    seal: AnswerSeal,
}

/// A fresh `X-Request-ID` in the form of a UUID (RFC 9562, 5.4).
fn request_id() -> HeaderValue {
    let mut bytes = random::bytes::<16>();
    if let Some(byte) = bytes.get_mut(6) {
        *byte = *byte & 0x0f | 0x40;
    }
    if let Some(byte) = bytes.get_mut(8) {
        *byte = *byte & 0x3f | 0x80;
    }
    let mut text = String::with_capacity(36);
    for (index, digit) in payments::encoding::hex(&bytes).chars().enumerate() {
        if [8, 12, 16, 20].contains(&index) {
            text.push('-');
        }
        text.push(digit);
    }
    HeaderValue::from_str(&text).expect("hexadecimal digits and hyphens can stand in a header")
}

/// Reads a body of bounded size.
async fn read_body(mut response: Response) -> Result<Vec<u8>, PispError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(PispError::Unreadable("an answer of reasonable size"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads a seal key in PEM, for a PISP.
///
/// # Errors
///
/// If it is none.
pub(crate) fn seal_key(pem: &str) -> Result<SealKey, server::seal_key::InvalidKey> {
    SealKey::from_pkcs8_pem(pem.as_bytes())
}

/// Reads the URL of a bank's API: scheme, host and port count, the path does not.
///
/// # Errors
///
/// If it is not `https`.
pub(crate) fn bank_url(text: &str) -> Result<Url, PispError> {
    Url::from_str(text).ok().filter(|url| url.scheme() == "https" && url.has_host()).ok_or(PispError::Address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_uuid() {
        let id = request_id();
        let id = id.to_str().unwrap();
        let shape: String = id.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
        assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        assert_eq!(id.chars().nth(14), Some('4'));
        assert_ne!(id, request_id().to_str().unwrap());
    }

    #[test]
    fn a_bank_is_called_over_tls_only() {
        assert!(bank_url("https://www.17515.sandbox.localhost:8443").is_ok());
        for text in ["http://bank.example", "bank.example", "https://", "file:///etc/passwd"] {
            assert!(bank_url(text).is_err(), "{text}");
        }
    }
}
