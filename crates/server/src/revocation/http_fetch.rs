//! Fetching over HTTP from the public internet.

use std::net::SocketAddr;

use async_trait::async_trait;
use reqwest::{
    Client, StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    header::CONTENT_TYPE,
};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use url::{Host, Url};

use super::{
    addresses::is_public,
    fetch::{Fetch, FetchError, Wanted},
};
use crate::tls;

/// How long a connection may take.
const CONNECT_LIMIT: std::time::Duration = std::time::Duration::from_secs(3);

/// Fetches over HTTP.
///
/// It connects only to addresses of the public internet: the resolved address is checked, and it is the one
/// that is connected to, so that a name cannot mean another one in between. It follows no redirect, knows no
/// proxy, keeps no cookie, and stops reading at a bound. Over `https` the server is verified against the
/// authorities of this machine; what is fetched is signed by itself either way.
pub struct HttpFetch {
    client: Client,
    allow_private_addresses: bool,
}

impl HttpFetch {
    /// Fetches from public addresses, or from any.
    ///
    /// # Errors
    ///
    /// If no client can be made.
    pub fn new(allow_private_addresses: bool) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .tls_backend_preconfigured(client_config())
            .dns_resolver(Resolver { allow_private_addresses })
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .http1_only()
            .connect_timeout(CONNECT_LIMIT)
            .user_agent("guichet")
            .build()?;
        Ok(Self { client, allow_private_addresses })
    }

    /// The location, if it may be fetched from as far as it can be seen.
    fn permitted(&self, location: &str) -> Result<Url, FetchError> {
        let url = Url::parse(location).map_err(|_| FetchError::Location)?;
        let usual_port = match url.scheme() {
            "http" => 80,
            "https" => 443,
            _ => return Err(FetchError::Location),
        };
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        let port_is_usual = url.port().is_none_or(|port| port == usual_port);
        if has_credentials || !(port_is_usual || self.allow_private_addresses) {
            return Err(FetchError::Location);
        }
        // An address is not resolved, so it is looked at here.
        let is_permitted = match url.host().ok_or(FetchError::Location)? {
            Host::Domain(_) => true,
            Host::Ipv4(address) => self.allow_private_addresses || is_public(address.into()),
            Host::Ipv6(address) => self.allow_private_addresses || is_public(address.into()),
        };
        if is_permitted { Ok(url) } else { Err(FetchError::Address) }
    }
}

/// TLS that trusts the authorities of this machine; where there are none, `https` leads nowhere.
fn client_config() -> ClientConfig {
    let builder = || {
        ClientConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.2 and 1.3")
    };
    match builder().with_platform_verifier() {
        Ok(builder) => builder.with_no_client_auth(),
        Err(error) => {
            tracing::warn!(%error, "this machine trusts no authority: https locations cannot be fetched");
            builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth()
        }
    }
}

#[async_trait]
impl Fetch for HttpFetch {
    async fn fetch(&self, wanted: &Wanted) -> Result<Vec<u8>, FetchError> {
        let url = self.permitted(&wanted.url)?;
        let request = match &wanted.posted {
            Some((media_type, body)) => {
                self.client.post(url).header(CONTENT_TYPE, *media_type).body(body.clone())
            }
            None => self.client.get(url),
        };
        let mut response = request.timeout(wanted.within).send().await.map_err(|error| cause(&error))?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| cause(&error))? {
            if body.len() + chunk.len() > wanted.max_bytes {
                return Err(FetchError::TooLarge(wanted.max_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

fn cause(error: &reqwest::Error) -> FetchError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<NotPublic>() {
            return FetchError::Address;
        }
        source = error.source();
    }
    if error.is_timeout() { FetchError::Timeout } else { FetchError::Connection }
}

/// A name leads to no public address.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
struct NotPublic;

/// Resolves names, and gives only the addresses that may be connected to.
struct Resolver {
    allow_private_addresses: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private_addresses = self.allow_private_addresses;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let permitted = permitted(found, allow_private_addresses);
            if permitted.is_empty() {
                return Err(Box::new(NotPublic).into());
            }
            let permitted: Addrs = Box::new(permitted.into_iter());
            Ok(permitted)
        })
    }
}

fn permitted(found: impl Iterator<Item = SocketAddr>, allow_private_addresses: bool) -> Vec<SocketAddr> {
    found.filter(|address| allow_private_addresses || is_public(address.ip())).collect()
}
