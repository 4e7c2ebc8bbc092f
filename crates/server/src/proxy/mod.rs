//! Behind a proxy: what is believed of whom.
//!
//! Only peers that the configuration names are believed, and only in what it says they tell. From everybody,
//! they included, the headers by which a proxy speaks are taken away before a handler sees the request, so
//! that none can be fooled by one.
//!
//! | What | Told by | Holds for |
//! | --- | --- | --- |
//! | the client's address | PROXY protocol v2, before TLS | the connection |
//! | the client's certificate | a header | the request |
//! | the client's address | `X-Forwarded-For` | the request |
//! | the path before it was cut | `X-Forwarded-Prefix` | the request |

mod certificate;
mod forwarded;
mod network;
pub mod protocol;

use std::{net::IpAddr, str::FromStr as _};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

pub(crate) use certificate::read as certificate;
pub(crate) use forwarded::{Prefix, client_address, target};
pub use network::{InvalidNetwork, Network};

/// What the certificate's header is usually called.
const X_CLIENT_CERT: HeaderName = HeaderName::from_static("x-client-cert");

/// The proxies in front of a listener, and what each of them is believed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct ProxyTrust {
    peers: Vec<Network>,
    certificate_header: Option<HeaderName>,
    proxy_protocol: bool,
    forwarded_prefix: bool,
    forwarded_for: bool,
}

/// As the configuration writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    peers: Vec<Network>,
    certificate_header: Option<String>,
    #[serde(default)]
    proxy_protocol: bool,
    #[serde(default)]
    forwarded_prefix: bool,
    #[serde(default)]
    forwarded_for: bool,
}

/// Why this is no way to trust a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTrust {
    /// It names nobody.
    #[error("proxy.peers must name at least one address or network")]
    Nobody,
    /// What it calls a header can be none.
    #[error("proxy.certificate_header must be the name of a header that nothing else uses")]
    Header,
    /// Nobody would take a forged header away.
    #[error(
        "a proxy that speaks the PROXY protocol and does not end TLS lets every header pass: \
         forwarded_for and forwarded_prefix need a certificate_header to be named as well"
    )]
    PassesHeaders,
}

impl TryFrom<Written> for ProxyTrust {
    type Error = InvalidTrust;

    fn try_from(written: Written) -> Result<Self, InvalidTrust> {
        if written.peers.is_empty() {
            return Err(InvalidTrust::Nobody);
        }
        // Never by default: certificates are public, and a proxy that passes connections on as they are would let
        // everybody be whom he likes.
        let certificate_header = written.certificate_header.as_deref().map(certificate_header).transpose()?;
        if written.proxy_protocol
            && certificate_header.is_none()
            && (written.forwarded_for || written.forwarded_prefix)
        {
            return Err(InvalidTrust::PassesHeaders);
        }
        Ok(Self {
            peers: written.peers,
            certificate_header,
            proxy_protocol: written.proxy_protocol,
            forwarded_prefix: written.forwarded_prefix,
            forwarded_for: written.forwarded_for,
        })
    }
}

/// A header that the standard, or HTTP, gives another meaning would be taken away from where it is needed.
fn certificate_header(name: &str) -> Result<HeaderName, InvalidTrust> {
    let name = HeaderName::from_str(name).map_err(|_| InvalidTrust::Header)?;
    let speaks_of_certificates = name.as_str().contains("cert");
    if speaks_of_certificates { Ok(name) } else { Err(InvalidTrust::Header) }
}

impl ProxyTrust {
    /// Whether it tells the certificates of its clients: then TLS may end there.
    pub fn tells_certificates(&self) -> bool {
        self.certificate_header.is_some()
    }

    /// Whether the peer at `address` is one of the proxies.
    pub(crate) fn is_proxy(&self, address: IpAddr) -> bool {
        self.peers.iter().any(|network| network.contains(address))
    }

    /// The addresses of the proxies.
    pub(crate) fn peers(&self) -> &[Network] {
        &self.peers
    }

    /// Whether it tells anything in headers about its clients or their requests: then nobody else may write them.
    pub fn speaks_in_headers(&self) -> bool {
        self.certificate_header.is_some() || self.forwarded_for || self.forwarded_prefix
    }

    /// Whether each connection of a proxy begins with the PROXY protocol.
    pub fn speaks_proxy_protocol(&self) -> bool {
        self.proxy_protocol
    }

    /// The header of the client's certificate. If there is one, the certificate of our own handshake is that
    /// of the proxy and says nothing about the client.
    pub(crate) fn certificate_header(&self) -> Option<&HeaderName> {
        self.certificate_header.as_ref()
    }

    /// Whether the client's address is taken from `X-Forwarded-For`.
    pub(crate) fn tells_addresses(&self) -> bool {
        self.forwarded_for
    }

    /// Whether the path is completed by `X-Forwarded-Prefix`.
    pub(crate) fn tells_prefix(&self) -> bool {
        self.forwarded_prefix
    }
}

/// A request that a proxy passed on in a way that leaves open what is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// A header stands there twice: the proxy's, and one that it let pass.
    #[error("a header that only the proxy may write is there twice")]
    Twice,
    /// The certificate cannot be decoded.
    #[error("the client certificate passed on by the proxy cannot be decoded")]
    Certificate,
    /// The prefix is no path.
    #[error("X-Forwarded-Prefix is no path")]
    Prefix,
}

/// The one value of a header.
fn only_one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Unclear> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() { Err(Unclear::Twice) } else { Ok(value) }
}

/// Takes every header away by which a proxy could speak, whoever wrote it.
pub(crate) fn strip(headers: &mut HeaderMap, trust: Option<&ProxyTrust>) {
    let named = trust.and_then(ProxyTrust::certificate_header);
    let usual = [
        X_CLIENT_CERT,
        certificate::CLIENT_CERT,
        certificate::CLIENT_CERT_CHAIN,
        forwarded::X_FORWARDED_FOR,
        forwarded::X_FORWARDED_PREFIX,
    ];
    for name in usual.iter().chain(named) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<ProxyTrust, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_header_with_certificates_is_believed_only_where_it_is_written_out() {
        let header = |json: &str| parse(json).unwrap().certificate_header().map(ToString::to_string);
        let table = [
            (r#"{"peers": ["10.0.0.0/8"]}"#, None),
            (r#"{"peers": ["10.0.0.0/8"], "forwarded_for": true}"#, None),
            (r#"{"peers": ["::1"], "proxy_protocol": true}"#, None),
            (r#"{"peers": ["::1"], "certificate_header": "Client-Cert"}"#, Some("client-cert")),
            (
                r#"{"peers": ["::1"], "proxy_protocol": true, "certificate_header": "X-Client-Cert"}"#,
                Some("x-client-cert"),
            ),
        ];
        for (json, expected) in table {
            assert_eq!(header(json).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn trust_that_could_not_be_meant_is_refused() {
        let table = [
            (r#"{"peers": []}"#, "at least one"),
            (r#"{"peers": ["everybody"]}"#, "IP address"),
            (r#"{"peers": ["::1"], "certificate_header": "a b"}"#, "name of a header"),
            (r#"{"peers": ["::1"], "certificate_header": ""}"#, "name of a header"),
            (r#"{"peers": ["::1"], "certificate_header": "Authorization"}"#, "name of a header"),
            (
                r#"{"peers": ["::1"], "proxy_protocol": true, "forwarded_for": true}"#,
                "lets every header pass",
            ),
            (r#"{"peers": ["::1"], "proxy_protocol": true, "forwarded_prefix": true}"#, "lets every"),
            (r#"{"peers": ["::1"], "trusted": true}"#, "unknown field"),
        ];
        for (json, expected) in table {
            let error = parse(json).unwrap_err();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }
}
