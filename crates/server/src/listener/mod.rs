//! Listeners: let in, serve, drain.
//!
//! A connection passes through three files: `arrive.rs` finds out who is there and sets TLS up, `talk.rs`
//! serves requests until it is time to go, and `front.rs` prepares each request for the handlers.

mod activity;
mod arrive;
mod front;
mod talk;

#[cfg(test)]
mod tests;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{
    limits::{AddressBlock, Handshakes, Limits, NoPlace, Pace, Place, Places, count_refused},
    proxy::ProxyTrust,
    tls::TlsSource,
};

pub use front::UnclearRequest;
pub(crate) use front::{Refuse, Turned};

/// Pause after the system refused to accept, for want of file descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A socket that listens, and how to talk on it.
pub struct Listener {
    /// The bound socket.
    pub socket: TcpListener,
    /// TLS, or plain HTTP where that is allowed.
    pub tls: Option<TlsSource>,
    /// How much callers may take.
    pub limits: Limits,
    /// The proxies in front of it, if there are any.
    pub proxy: Option<ProxyTrust>,
}

impl Listener {
    /// A listener on `socket` with the usual limits, and no proxy in front of it.
    pub fn new(socket: TcpListener, tls: Option<TlsSource>) -> Self {
        Self { socket, tls, limits: Limits::default(), proxy: None }
    }

    /// Serves `router` until `stop` turns true, then lets requests in flight finish. Requests that must not
    /// get there are answered by `refuse`; `name` is what this listener is called in metrics.
    pub(crate) async fn serve(
        self,
        name: &'static str,
        router: Router,
        refuse: Refuse,
        mut stop: watch::Receiver<bool>,
    ) {
        let (alive, _) = watch::channel(());
        let door =
            Arc::new(Door::new(name, router, refuse, stop.clone(), (self.tls, self.limits, self.proxy)));
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match accepted {
                Ok((stream, address)) => door.admit(stream, address, alive.subscribe()),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.socket);
        // Every connection has heard of the stop, too, and has its time to leave.
        alive.closed().await;
    }
}

/// What every connection of a listener shares.
struct Door {
    name: &'static str,
    tls: Option<TlsSource>,
    proxy: Option<ProxyTrust>,
    limits: Limits,
    places: Places,
    handshakes: Handshakes,
    pace: Pace<AddressBlock>,
    router: Router,
    refuse: Refuse,
    stop: watch::Receiver<bool>,
}

/// Bytes to and from a peer, over TLS or not.
trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

type Stream = Box<dyn Bytes>;

impl Door {
    fn new(
        name: &'static str,
        router: Router,
        refuse: Refuse,
        stop: watch::Receiver<bool>,
        (tls, limits, proxy): (Option<TlsSource>, Limits, Option<ProxyTrust>),
    ) -> Self {
        Self {
            name,
            tls,
            proxy,
            places: Places::new(limits.connections, limits.connections_per_address),
            handshakes: Handshakes::new(limits.handshakes),
            pace: Pace::default(),
            limits,
            router,
            refuse,
            stop,
        }
    }

    /// Lets a connection in, or closes it at once if there is no place for it.
    fn admit(self: &Arc<Self>, stream: TcpStream, address: SocketAddr, alive: watch::Receiver<()>) {
        match self.place_for(address) {
            Ok(place) => {
                let _ = stream.set_nodelay(true);
                let door = Arc::clone(self);
                tokio::spawn(async move {
                    let _counted = Counted::new(door.name);
                    door.receive(Box::new(stream), address, place).await;
                    drop(alive);
                });
            }
            Err(none) => count_refused(none.why()),
        }
    }

    /// A place for a connection from `address`. A proxy has no share of its own: its clients have.
    fn place_for(&self, address: SocketAddr) -> Result<Place, NoPlace> {
        let mut place = self.places.take()?;
        if self.proxy_at(address).is_none() {
            place.assign(address.ip().into())?;
        }
        Ok(place)
    }

    /// What the peer at `address` is believed, if it is one of our proxies.
    fn proxy_at(&self, address: SocketAddr) -> Option<&ProxyTrust> {
        self.proxy.as_ref().filter(|proxy| proxy.is_proxy(address.ip()))
    }

    /// Serves one connection from its first byte to its last.
    async fn receive(self: Arc<Self>, stream: Stream, address: SocketAddr, mut place: Place) {
        if let Some((stream, caller)) = self.arrive(stream, address, &mut place).await {
            self.talk(stream, caller).await;
        }
    }
}

/// A connection in the metrics, until this is dropped.
struct Counted(metrics::Gauge);

impl Counted {
    fn new(listener: &'static str) -> Self {
        let gauge = metrics::gauge!("guichet_connections", "listener" => listener);
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
