//! What came back, and what every answer must have.

use bytes::Bytes;
use http::HeaderMap;
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use serde_json::Value;
use server::{
    http_signature::{self, SignedMessage, digest_value},
    seal_key::VerifyingKey,
};

use super::{Call, Guichet, HOST, Pisp};
use crate::schema;

/// The answer to a call.
pub(crate) struct Answer {
    pub(crate) asked: Call,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {}", self.text()));
        value.to_str().unwrap()
    }

    pub(crate) fn location(&self) -> String {
        self.header("location").to_owned()
    }

    /// Checks that this is the standard's error, with this status and code, and gives its message.
    pub(crate) fn refused(&self, status: u16, code: &str) -> String {
        let what = format!("{} {}: {} {}", self.asked.method, self.asked.target, self.status, self.text());
        assert_eq!(self.status, status, "{what}");
        assert!(self.header("content-type").starts_with("application/json"), "{what}");
        let body = self.json();
        schema::check("ErrorModel", &body);
        assert_eq!(body["status"], status, "{what}");
        let path = self.asked.target.split('?').next().unwrap();
        let path: String = path.chars().take(140).collect();
        assert_eq!(body["path"], *path, "{what}");
        assert!(body["error"].is_string() && body["timestamp"].is_string(), "{what}");
        let message = body["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(&format!("{code}: ")), "{what}");
        self.check_echo();
        message
    }

    /// `X-Request-ID` comes back, if it was one.
    pub(crate) fn check_echo(&self) {
        let mut all = self.asked.headers.get_all("x-request-id").iter();
        let sent = all.next().filter(|id| (1..=70).contains(&id.len()) && all.next().is_none());
        assert_eq!(self.headers.get("x-request-id"), sent);
    }

    /// The answer carries the institution's seal, whose certificate is found where its `keyId` says.
    pub(crate) async fn check_seal(&self, guichet: &Guichet) {
        assert_eq!(self.header("digest"), digest_value(&self.body), "{}", self.text());
        let key = guichet.seal_key_of(self).await;
        let message = SignedMessage {
            method: &self.asked.method,
            target: &self.asked.target,
            headers: &self.headers,
            body: &self.body,
        };
        http_signature::verify_answer(&message, &key).unwrap();
        let signature = self.header("signature");
        for covered in ["digest", "date", "(request-target)"] {
            assert!(signature.contains(covered), "{signature}");
        }
        // 204 has no content, and so no type of it.
        assert_eq!(signature.contains("content-type"), self.status != 204, "{signature}");
        let has_id = self.headers.contains_key("x-request-id");
        assert_eq!(signature.contains("x-request-id"), has_id, "{signature}");
    }
}

impl Guichet {
    /// The key of the certificate that the answer's `keyId` names, fetched as anybody may.
    async fn seal_key_of(&self, answer: &Answer) -> VerifyingKey {
        let signature = answer.header("signature");
        let key_id = signature.split("keyId=\"").nth(1).unwrap().split('"').next().unwrap();
        let path = format!("/{}", key_id.splitn(4, '/').nth(3).unwrap());
        assert!(path.starts_with("/api/keyid/certificate_"), "{key_id}");
        let anybody = self.caller(None, &self.pki.tpps()[0].qseal, "nobody");
        let host = if answer.asked.host.is_empty() { HOST } else { answer.asked.host };
        let found = anybody.send(Call::new(http::Method::GET, &path).at_host(host)).await;
        assert_eq!((found.status, found.header("content-type")), (200, "application/x-pem-file"));
        let der = CertificateDer::from_pem_slice(&found.body).unwrap();
        let certificate = eidas::Certificate::parse(&der).unwrap();
        assert!(path.ends_with(&certificate.sha256_hex()), "{path}");
        VerifyingKey::from_spki_der(certificate.public_key().spki_der()).unwrap()
    }

    /// Checks a refusal: the error, the seal on it, and that nothing came to be stored.
    pub(crate) async fn check_refusal(&self, answer: &Answer, status: u16, code: &str) -> String {
        let stored = self.count().await;
        let message = answer.refused(status, code);
        answer.check_seal(self).await;
        assert_eq!(stored, 0, "{}: {message}", answer.asked.target);
        message
    }

    /// Checks that the server still takes a payment; call it at the end of a table.
    pub(crate) async fn check_alive(&self, pisp: &Pisp<'_>) {
        let before = self.count().await;
        pisp.pay().await;
        assert_eq!(self.count().await, before + 1);
    }
}
