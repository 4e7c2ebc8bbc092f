//! The HTTP client of our own PISP and of the customer we play.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use reqwest::{
    Certificate, ClientBuilder, Identity,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};

/// How long one call may take; a bank that is asked to reserve funds may take its time.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// A client that follows no redirect by itself and finds every name under `localhost` on this machine.
///
/// `local` keeps it away from proxies: what it calls is here.
pub(crate) fn builder(local: bool) -> ClientBuilder {
    let builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(CALL_TIMEOUT)
        .user_agent(concat!("guichet/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(LocalhostResolver));
    if local { builder.no_proxy() } else { builder }
}

/// Lets the client show a certificate.
pub(crate) fn with_identity(
    builder: ClientBuilder,
    chain_pem: &str,
    key_pem: &str,
) -> reqwest::Result<ClientBuilder> {
    let identity = Identity::from_pem(format!("{chain_pem}\n{key_pem}").as_bytes())?;
    Ok(builder.identity(identity))
}

/// Lets the client trust these authorities and no others.
pub(crate) fn trusting(builder: ClientBuilder, ca_pem: &str) -> reqwest::Result<ClientBuilder> {
    let certificates = Certificate::from_pem_bundle(ca_pem.as_bytes())?;
    Ok(builder.tls_certs_only(certificates))
}

/// Whether a host is this machine by its name (RFC 6761, 6.3).
pub(crate) fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// Resolves `localhost` and every name under it to this machine, which not every system library does, and
/// leaves other names to the system.
struct LocalhostResolver;

impl Resolve for LocalhostResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        Box::pin(async move {
            if is_local_name(&host) {
                let here: Addrs = Box::new(std::iter::once(SocketAddr::from(([127, 0, 0, 1], 0))));
                return Ok(here);
            }
            let found: Vec<_> = tokio::net::lookup_host((host, 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_under_localhost_are_local_and_others_are_not() {
        let table = [
            ("localhost", true),
            ("www.17515.sandbox.localhost", true),
            ("LOCALHOST.", true),
            ("localhost.example", false),
            ("mylocalhost", false),
            ("127.0.0.1", false),
        ];
        for (host, local) in table {
            assert_eq!(is_local_name(host), local, "{host}");
        }
    }
}
