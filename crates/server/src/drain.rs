//! Reads what a refused caller is still sending before the refusal goes out.
//!
//! A request can be refused before its body is looked at. If the answer then left at once, HTTP/2 would
//! reset the stream and HTTP/1.1 the connection under the body, and many a client takes that for a broken
//! connection and never shows the answer. So a rest that is short and comes soon is read and thrown away.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::HeaderValue,
    middleware::Next,
    response::Response,
};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};

/// How much is thrown away before the caller is cut off, in bytes.
const MAX_BYTES: usize = 1024 * 1024;
/// How long is waited for it.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// A layer that lets every request be read to its end, or to the limits, before its answer goes out.
pub(crate) async fn refused_bodies(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    // A caller that asked first whether to send its body is told no by the answer itself.
    let waits = parts.headers.get("expect").is_some_and(is_continue);
    let shared = Shared(Arc::new(Mutex::new(body)));
    let response = next.run(Request::from_parts(parts, Body::new(shared.clone()))).await;
    if !waits && !shared.is_end_stream() {
        let _ = tokio::time::timeout(TIME_LIMIT, shared.throw_away()).await;
    }
    response
}

fn is_continue(value: &HeaderValue) -> bool {
    value.as_bytes().eq_ignore_ascii_case(b"100-continue")
}

/// A body that can still be reached when its reader has let go of it.
#[derive(Clone)]
struct Shared(Arc<Mutex<Body>>);

impl Shared {
    async fn throw_away(mut self) {
        let mut thrown = 0;
        while let Some(Ok(frame)) = self.frame().await {
            thrown += frame.data_ref().map_or(0, Bytes::len);
            if thrown > MAX_BYTES {
                return;
            }
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Body) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.with(|body| Pin::new(body).poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::{Router, http::StatusCode, middleware::from_fn, routing::post};
    use tower::ServiceExt as _;

    use super::*;

    /// A body of ten frames that counts those it was asked for.
    struct Counted(Arc<AtomicUsize>);

    impl HttpBody for Counted {
        type Data = Bytes;
        type Error = axum::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
            let read = self.0.fetch_add(1, Ordering::SeqCst);
            Poll::Ready((read < 10).then(|| Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }

    async fn frames_read(expect: Option<&str>) -> usize {
        let read = Arc::new(AtomicUsize::new(0));
        let router =
            Router::new().route("/", post(async || StatusCode::UNAUTHORIZED)).layer(from_fn(refused_bodies));
        let mut request = Request::post("/");
        if let Some(expect) = expect {
            request = request.header("expect", expect);
        }
        let request = request.body(Body::new(Counted(Arc::clone(&read)))).unwrap();
        assert_eq!(router.oneshot(request).await.unwrap().status(), StatusCode::UNAUTHORIZED);
        read.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn a_body_nobody_looked_at_is_read_before_the_refusal_goes_out() {
        assert_eq!(frames_read(None).await, 11);
    }

    #[tokio::test]
    async fn who_asks_whether_to_send_a_body_is_not_told_to() {
        assert_eq!(frames_read(Some("100-continue")).await, 0);
    }
}
