//! One call, which a test may bend before or after it is signed.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use server::{http_signature::digest_value, seal_key::SealKey};

use super::HOST;

/// A call as it will go over the wire.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) host: &'static str,
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// What the signature is to cover, in this order.
    pub(crate) covered: String,
    /// `keyId`, `algorithm` and whatever else is to stand before `headers`.
    pub(crate) key_id: String,
}

impl Call {
    /// A call that has no header yet.
    pub(crate) fn new(method: Method, target: &str) -> Self {
        Self {
            host: HOST,
            method,
            target: target.to_owned(),
            headers: HeaderMap::new(),
            body: Vec::new(),
            covered: "(request-target) date digest x-request-id".to_owned(),
            key_id: String::new(),
        }
    }

    pub(crate) fn at_host(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    pub(crate) fn covering(self, covered: &str) -> Self {
        Self { covered: covered.to_owned(), ..self }
    }

    pub(crate) fn with_key_id(self, key_id: &str) -> Self {
        Self { key_id: key_id.to_owned(), ..self }
    }

    /// Sets a header.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// Takes a header away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// Sets the body and its digest.
    pub(crate) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let digest = digest_value(&self.body);
        self.with("digest", &digest)
    }

    /// The text a signature is made over (draft-cavage-http-signatures, 2.3), written here anew so that the
    /// server's own reading of the draft is tested and not repeated.
    pub(crate) fn signing_string(&self) -> String {
        let line = |name: &str| match name {
            "(request-target)" => {
                format!("(request-target): {} {}", self.method.as_str().to_lowercase(), self.target)
            }
            name => {
                let values = self.headers.get_all(name).iter().map(|value| value.to_str().unwrap().trim());
                format!("{name}: {}", values.collect::<Vec<_>>().join(", "))
            }
        };
        self.covered.split(' ').map(line).collect::<Vec<_>>().join("\n")
    }

    /// Adds the `Signature` header.
    pub(crate) fn sign(self, key: &SealKey) -> Self {
        let text = self.signing_string();
        self.sign_text(key, &text)
    }

    /// Adds the `Signature` header, made over another text than it should be.
    pub(crate) fn sign_text(self, key: &SealKey, text: &str) -> Self {
        let signature = BASE64_STANDARD.encode(key.sign(text.as_bytes()).unwrap());
        let (key_id, covered, algorithm) = (&self.key_id, &self.covered, key.algorithm().as_str());
        let value = format!(
            r#"keyId="{key_id}",algorithm="{algorithm}",headers="{covered}",signature="{signature}""#
        );
        self.with("signature", &value)
    }
}
