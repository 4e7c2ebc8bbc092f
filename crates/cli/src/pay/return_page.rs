//! Where the customer's browser comes back to: a page of our own, on this machine only.

use std::net::Ipv4Addr;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};
use url::Url;

use super::CLOSING_LIMIT;
use crate::random;

const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Back from the bank</title>\
    <h1>Back from the bank</h1><p>The outcome is on the terminal. This page can be closed.</p>\
    <p lang=\"fr\">Le résultat est dans le terminal. Vous pouvez fermer cette page.</p></html>";

/// The page, while it is served.
pub(super) struct ReturnPage {
    /// With which query the browser came back, once it has.
    came_back: watch::Receiver<Option<String>>,
    stop: watch::Sender<bool>,
    server: JoinHandle<std::io::Result<()>>,
}

impl ReturnPage {
    /// Serves the page on a free port; gives its address, which nobody guesses.
    ///
    /// # Errors
    ///
    /// If there is no free port.
    pub(super) async fn open() -> anyhow::Result<(Url, Self)> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let path = format!("/{}", random::hex::<16>());
        let url = Url::parse(&format!("http://{}{path}", socket.local_addr()?))?;
        let (arrived, came_back) = watch::channel(None);
        let (stop, mut stopped) = watch::channel(false);
        let router = Router::new().route(&path, get(show)).with_state(arrived);
        let server = axum::serve(socket, router).with_graceful_shutdown(async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        });
        let server = tokio::spawn(server.into_future());
        Ok((url, Self { came_back, stop, server }))
    }

    /// Waits for the browser; gives the query with which it came back.
    pub(super) async fn query(&self) -> String {
        let mut came_back = self.came_back.clone();
        let query = came_back.wait_for(Option::is_some).await;
        let query = query.ok().and_then(|query| query.clone());
        // Without the page nobody comes.
        match query {
            Some(query) => query,
            None => std::future::pending().await,
        }
    }

    /// Stops serving. After an outcome the browser is on its way: it gets a moment to arrive.
    pub(super) async fn close(self, expected: bool) {
        if expected {
            let _ = timeout(CLOSING_LIMIT, self.query()).await;
        }
        let _ = self.stop.send(true);
        let _ = timeout(CLOSING_LIMIT, self.server).await;
    }
}

async fn show(State(arrived): State<watch::Sender<Option<String>>>, uri: Uri) -> Response {
    arrived.send_replace(Some(uri.query().unwrap_or_default().to_owned()));
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONNECTION, "close"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    (StatusCode::OK, headers, Html(PAGE)).into_response()
}
