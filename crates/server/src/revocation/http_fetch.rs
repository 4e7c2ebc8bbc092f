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
                return Err(NotPublic.into());
            }
            let permitted: Addrs = Box::new(permitted.into_iter());
            Ok(permitted)
        })
    }
}

fn permitted(found: impl Iterator<Item = SocketAddr>, allow_private_addresses: bool) -> Vec<SocketAddr> {
    found.filter(|address| allow_private_addresses || is_public(address.ip())).collect()
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
        task::JoinHandle,
    };

    use super::*;

    /// A server that gives one answer to whoever connects first; gives back what it was asked.
    async fn server(answer: &'static [u8]) -> (u16, JoinHandle<String>) {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let asked = tokio::spawn(async move {
            let (mut stream, _) = socket.accept().await.unwrap();
            let mut request = vec![0; 4_096];
            let length = stream.read(&mut request).await.unwrap();
            stream.write_all(answer).await.unwrap();
            String::from_utf8(request[..length].to_vec()).unwrap()
        });
        (port, asked)
    }

    fn wanted(url: &str) -> Wanted {
        Wanted { url: url.to_owned(), posted: None, max_bytes: 16, within: Duration::from_mins(1) }
    }

    async fn fetch(allow_private: bool, wanted: &Wanted) -> Result<Vec<u8>, FetchError> {
        HttpFetch::new(allow_private).unwrap().fetch(wanted).await
    }

    #[tokio::test]
    async fn what_is_there_is_fetched_and_nothing_about_us_is_told() {
        let (port, asked) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlist").await;
        let wanted = wanted(&format!("http://localhost:{port}/ca.crl?x=1"));
        assert_eq!(fetch(true, &wanted).await, Ok(b"list".to_vec()));
        let asked = asked.await.unwrap().to_ascii_lowercase();
        assert!(asked.starts_with("get /ca.crl?x=1 http/1.1\r\n"), "{asked}");
        for header in ["cookie", "authorization", "referer", "accept-encoding"] {
            assert!(!asked.contains(header), "{asked}");
        }
    }

    #[tokio::test]
    async fn a_question_is_posted_with_its_type() {
        let (port, asked) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        let posted = Some(("application/ocsp-request", b"question".to_vec()));
        let wanted = Wanted { posted, ..wanted(&format!("http://127.0.0.1:{port}/")) };
        assert_eq!(fetch(true, &wanted).await, Ok(vec![]));
        let asked = asked.await.unwrap();
        assert!(asked.starts_with("POST / HTTP/1.1\r\n") && asked.ends_with("\r\n\r\nquestion"), "{asked}");
        assert!(asked.contains("content-type: application/ocsp-request\r\n"), "{asked}");
    }

    #[tokio::test]
    async fn no_redirect_is_followed_and_nothing_is_read_beyond_the_bound() {
        let table: [(&[u8], FetchError); 6] = [
            (
                b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n",
                FetchError::Status(302),
            ),
            (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", FetchError::Status(404)),
            (b"HTTP/1.1 204 No Content\r\n\r\n", FetchError::Status(204)),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n0123456789abcdef!", FetchError::TooLarge(16)),
            (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n0123456789abcdef!", FetchError::TooLarge(16)),
            (b"not HTTP at all\r\n\r\n", FetchError::Connection),
        ];
        for (answer, expected) in table {
            let (port, _asked) = server(answer).await;
            assert_eq!(fetch(true, &wanted(&format!("http://127.0.0.1:{port}/"))).await, Err(expected));
        }
    }

    #[tokio::test]
    async fn who_says_nothing_is_not_waited_for() {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/", socket.local_addr().unwrap());
        let wanted = Wanted { within: Duration::from_millis(1), ..wanted(&url) };
        assert_eq!(fetch(true, &wanted).await, Err(FetchError::Timeout));
    }

    #[tokio::test]
    async fn private_addresses_other_ports_and_other_schemes_are_not_fetched_from() {
        let (port, asked) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        let here = format!("http://127.0.0.1:{port}/");
        let table = [
            (here.as_str(), FetchError::Location),
            ("http://127.0.0.1/", FetchError::Address),
            ("http://2130706433/", FetchError::Address),
            ("http://0x7f.1/", FetchError::Address),
            ("http://017700000001/", FetchError::Address),
            ("http://[::1]/", FetchError::Address),
            ("http://[::ffff:10.0.0.1]/", FetchError::Address),
            ("http://169.254.169.254/latest/meta-data/", FetchError::Address),
            ("http://10.0.0.1:80/", FetchError::Address),
            ("https://192.168.1.1/", FetchError::Address),
            ("http://localhost/", FetchError::Address),
            ("https://localhost:443/", FetchError::Address),
            ("http://user@crl.example/", FetchError::Location),
            ("http://:secret@crl.example/", FetchError::Location),
            ("http://crl.example:22/", FetchError::Location),
            ("http://crl.example:443/", FetchError::Location),
            ("https://crl.example:80/", FetchError::Location),
            ("ldap://crl.example/", FetchError::Location),
            ("file:///etc/passwd", FetchError::Location),
            ("gopher://crl.example:80/", FetchError::Location),
            ("crl.example", FetchError::Location),
        ];
        for (url, expected) in table {
            assert_eq!(fetch(false, &wanted(url)).await, Err(expected), "{url}");
        }
        assert!(!asked.is_finished(), "nobody has connected");
    }

    #[test]
    fn of_the_addresses_of_a_name_only_the_public_ones_are_connected_to() {
        let address = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        let found =
            ["127.0.0.1", "8.8.8.8", "10.0.0.1", "::1", "2a00:1450:4007:80c::200e", "fe80::1"].map(address);
        let public = ["8.8.8.8", "2a00:1450:4007:80c::200e"].map(address);
        assert_eq!(permitted(found.into_iter(), false), public);
        assert_eq!(permitted(found.into_iter(), true), found);
    }
}
