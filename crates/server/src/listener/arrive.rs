//! Who is there: the proxy's header, the share of the address, the handshake.

use std::net::SocketAddr;

use rustls::server::Acceptor;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use super::{Door, Stream};
use crate::{
    connection::Peer,
    limits::{AddressBlock, NoPlace, Place, count_refused, seconds},
    proxy::protocol,
    tls::TlsSource,
};

/// Who is at the other end of a connection.
pub(super) struct Caller {
    pub(super) peer: Peer,
    /// Whether one of our proxies passes on what others ask.
    pub(super) is_proxy: bool,
    /// Whose share its requests are counted to; none while a proxy has not said for whom it speaks.
    pub(super) counted: Option<AddressBlock>,
}

/// Why a connection is closed before a request was read.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Proxy(#[from] protocol::Refusal),
    #[error("the client of the proxy has its share of connections")]
    Share(NoPlace),
    #[error("{0}")]
    Handshake(std::io::Error),
}

impl Door {
    /// Finds out who is there and sets TLS up; none if that fails, takes too long, or the server stops.
    pub(super) async fn arrive(
        &self,
        stream: Stream,
        address: SocketAddr,
        place: &mut Place,
    ) -> Option<(Stream, Caller)> {
        let deadline = Instant::now() + seconds(self.limits.handshake_s);
        let mut stop = self.stop.clone();
        // Who has not shaken hands has no request in flight, and the stop need not wait for him.
        let arrived = tokio::select! {
            arrived = timeout_at(deadline, self.meet(stream, address, place)) => arrived,
            _ = stop.wait_for(|stop| *stop) => return None,
        };
        match arrived {
            Ok(Ok(arrived)) => return Some(arrived),
            Ok(Err(refusal)) => refusal.note(address),
            Err(_elapsed) => count_refused("handshake_timeout"),
        }
        None
    }

    async fn meet(
        &self,
        mut stream: Stream,
        address: SocketAddr,
        place: &mut Place,
    ) -> Result<(Stream, Caller), Refusal> {
        let proxy = self.proxy_at(address);
        let told = match proxy {
            Some(proxy) if proxy.speaks_proxy_protocol() => protocol::read(&mut stream).await?,
            _ => None,
        };
        if let Some(client) = told {
            place.assign(client.ip().into()).map_err(Refusal::Share)?;
        }
        let counted = told.or_else(|| proxy.is_none().then_some(address));
        let counted = counted.map(|client| client.ip().into());
        let address = told.unwrap_or(address);
        let (stream, peer) = match &self.tls {
            Some(tls) => {
                let stream = self.shake_hands(stream, tls, counted).await.map_err(Refusal::Handshake)?;
                let peer = Peer::new(address, stream.get_ref().1.peer_certificates());
                (Box::new(stream) as Stream, peer)
            }
            None => (stream, Peer::new(address, None)),
        };
        Ok((stream, Caller { peer, is_proxy: proxy.is_some(), counted }))
    }

    /// The cryptography waits for its turn; nobody has one before he has said what he wants.
    async fn shake_hands(
        &self,
        stream: Stream,
        tls: &TlsSource,
        counted: Option<AddressBlock>,
    ) -> std::io::Result<TlsStream<Stream>> {
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        // In a future of its own, since the first flight is computed as soon as the configuration is there.
        self.handshakes.run(counted, async { hello.into_stream(tls.current()).await }).await
    }
}

impl Refusal {
    fn note(self, address: SocketAddr) {
        match self {
            Self::Handshake(error) => {
                metrics::counter!("guichet_handshakes_refused_total").increment(1);
                // Whoever likes can make handshakes fail, so the usual log has no line for each.
                tracing::debug!(peer = %address, %error, "a TLS handshake failed");
            }
            Self::Share(none) => count_refused(none.why()),
            Self::Proxy(refusal) => {
                count_refused("proxy_header");
                tracing::warn!(peer = %address, error = %refusal, "a proxy's connection was refused");
            }
        }
    }
}
