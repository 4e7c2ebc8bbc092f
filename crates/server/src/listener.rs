//! Listeners: accept, shake hands, serve, drain.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;

use crate::{connection::Peer, tls::TlsSource};

/// How long a handshake may take.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How long the headers of a request may take.
const HEADER_LIMIT: Duration = Duration::from_secs(15);
/// How long a connection may be silent: more than any answer of ours takes, and than clients keep one
/// alive between two requests.
const IDLE_LIMIT: Duration = Duration::from_secs(75);
/// How often a silent HTTP/2 peer is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(20);
/// Connections of one listener at a time; the next ones wait to be accepted.
const MAX_CONNECTIONS: usize = 4_096;
/// Pause after the system refused to accept, for want of file descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long requests in flight may take to finish when the server stops.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// A socket that listens, and how to talk on it.
pub struct Listener {
    /// The bound socket.
    pub socket: TcpListener,
    /// TLS, or plain HTTP where that is allowed.
    pub tls: Option<TlsSource>,
}

impl Listener {
    /// A listener on `socket`.
    pub fn new(socket: TcpListener, tls: Option<TlsSource>) -> Self {
        Self { socket, tls }
    }

    /// Serves `router` until `stop` turns true, then lets requests in flight finish.
    pub(crate) async fn serve(self, router: Router, stop: watch::Receiver<bool>) {
        self.serve_at_most(MAX_CONNECTIONS, router, stop).await;
    }

    async fn serve_at_most(self, connections: usize, router: Router, mut stop: watch::Receiver<bool>) {
        let graceful = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(connections));
        loop {
            let accepted = tokio::select! {
                accepted = next_connection(&self.socket, &places) => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let (stream, address, place) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let (tls, router, watcher) = (self.tls.as_ref().map(TlsSource::current), router.clone(), graceful.watcher());
            let stop = stop.clone();
            tokio::spawn(async move {
                let _place = place;
                let _ = stream.set_nodelay(true);
                match tls {
                    Some(tls) => serve_tls(stream, address, tls, router, watcher, stop).await,
                    None => serve_http(stream, Peer::new(address, None), router, watcher).await,
                }
            });
        }
        drop(self.socket);
        if timeout(DRAIN_LIMIT, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests did not finish in time");
        }
    }
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

async fn next_connection(socket: &TcpListener, places: &Arc<Semaphore>) -> io::Result<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, address) = socket.accept().await?;
    Ok((stream, address, place))
}

type Watcher = hyper_util::server::graceful::Watcher;

async fn serve_tls(
    stream: TcpStream,
    address: SocketAddr,
    tls: Arc<ServerConfig>,
    router: Router,
    watcher: Watcher,
    mut stop: watch::Receiver<bool>,
) {
    let handshake = timeout(HANDSHAKE_LIMIT, TlsAcceptor::from(tls).accept(stream));
    // Who has not shaken hands has no request in flight, and the stop need not wait for him.
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        _ = stop.wait_for(|stop| *stop) => return,
    };
    let stream = match shaken {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            metrics::counter!("guichet_handshakes_refused_total").increment(1);
            tracing::info!(peer = %address, %error, "a TLS handshake failed");
            return;
        }
        Err(_elapsed) => return,
    };
    let peer = Peer::new(address, stream.get_ref().1.peer_certificates());
    serve_http(stream, peer, router, watcher).await;
}

async fn serve_http<S>(stream: S, peer: Peer, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut stream = TimeoutStream::new(stream);
    stream.set_read_timeout(Some(IDLE_LIMIT));
    stream.set_write_timeout(Some(IDLE_LIMIT));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_LIMIT).max_buf_size(64 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(32 * 1024)
        .keep_alive_interval(PING_EVERY)
        .max_concurrent_streams(64);
    let service = TowerToHyperService::new(router.layer(Extension(peer)));
    let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service);
    if let Err(error) = watcher.watch(connection.into_owned()).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn a_listener_that_is_full_can_still_be_stopped() {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let router = Router::new().route("/", get(async || "here"));
        let listener = Listener::new(socket, None);
        let serving = tokio::spawn(listener.serve_at_most(1, router, stopped));
        // The only place is taken by a connection that is kept alive; the next one waits outside.
        let mut inside = TcpStream::connect(address).await.unwrap();
        inside.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        inside.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        let mut outside = TcpStream::connect(address).await.unwrap();
        outside.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        stop.send(true).unwrap();
        serving.await.unwrap();
        let mut rest = Vec::new();
        // Turned away without an answer; whether by a reset or an end does not matter.
        let _ = outside.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
    }
}
