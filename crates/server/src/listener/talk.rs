//! Serving a connection: HTTP with its bounds, until it ends or is asked to.

use std::{pin::pin, sync::Arc, time::Duration};

use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::time::{sleep, timeout};

use super::{Door, Stream, activity::Activity, arrive::Caller, front::Front};
use crate::limits::{Limits, count_refused, seconds};

/// Most bytes of a request's line and headers, and of what is buffered.
const MAX_HEAD: usize = 64 * 1024;
/// Most headers of a request over HTTP/1.1.
const MAX_HEADERS: usize = 100;
/// Most bytes of a request's headers over HTTP/2, 32 more counted for each.
const MAX_HEADER_LIST: u32 = 32 * 1024;
/// What a body may be ahead of its reader, in bytes: the largest body there is.
const STREAM_WINDOW: u32 = 64 * 1024;
/// The same for all bodies of a connection.
const CONNECTION_WINDOW: u32 = 256 * 1024;
/// Streams a client may open and reset before they were looked at (CVE-2023-44487).
const MAX_RESET_STREAMS: usize = 20;
/// Streams that we may have to reset for a client's mistakes (CVE-2025-8671).
const MAX_BROKEN_STREAMS: usize = 64;
/// How often a silent HTTP/2 peer is asked whether it is still there, and how long it may take to say so.
const PING_EVERY: Duration = Duration::from_secs(20);

impl Door {
    /// Serves the connection until it ends. It is asked to end when the server stops, when it has been quiet
    /// or has lasted for too long, and has a while for that; then it is cut off.
    ///
    /// A request is in progress from its last header to its answer, so this takes care of headers that
    /// trickle, answers that nobody fetches, and pings that only keep a place.
    pub(super) async fn talk(self: &Arc<Self>, stream: Stream, caller: Caller) {
        let activity = Activity::new();
        let front = Front::new(Arc::clone(self), caller, Arc::clone(&activity));
        let builder = builder(&self.limits);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), front));
        let mut stop = self.stop.clone();
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            _ = stop.wait_for(|stop| *stop) => {}
            () = activity.quiet_for(seconds(self.limits.idle_s)) => {}
            () = sleep(seconds(self.limits.lifetime_s)) => {}
        }
        connection.as_mut().graceful_shutdown();
        if timeout(seconds(self.limits.farewell_s), connection).await.is_err() {
            count_refused("slow");
            tracing::debug!("a connection did not end in time and was cut off");
        }
    }
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(seconds(limits.headers_s))
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEADER_LIST)
        .max_concurrent_streams(limits.streams)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(MAX_HEAD)
        .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
        .max_local_error_reset_streams(MAX_BROKEN_STREAMS)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_EVERY);
    builder
}
