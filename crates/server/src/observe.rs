//! Counts and times every request, by listener and route, and gives it an id of ours that every line of
//! the log about it carries.

use std::{future::Future, pin::Pin, time::Instant};

use axum::{
    extract::{MatchedPath, Request},
    http::HeaderValue,
    middleware::Next,
    response::Response,
};
use payments::encoding::hex;
use tracing::{Instrument, field::Empty};

use crate::App;

type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Our own id of a request, told to TPPs as `X-CorrelationID`.
#[derive(Clone)]
pub(crate) struct CorrelationId(String);

impl CorrelationId {
    /// The id as a header's value.
    pub(crate) fn as_header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

/// A layer that observes the requests of a listener. Routes are named by their pattern, so that no id
/// becomes a label.
pub(crate) fn requests(listener: &'static str, app: App) -> impl Fn(Request, Next) -> Answering + Clone {
    move |mut request, next| {
        let id = CorrelationId(hex(&app.random_bytes::<8>()));
        let span = tracing::info_span!("request", listener, correlation_id = %id.0, request_id = Empty);
        request.extensions_mut().insert(id);
        Box::pin(observed(listener, request, next).instrument(span))
    }
}

async fn observed(listener: &'static str, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("other", MatchedPath::as_str).to_owned();
    let method = method_name(request.method());
    let start = Instant::now();
    let response = next.run(request).await;
    let elapsed = start.elapsed();
    let status = response.status().as_str().to_owned();
    metrics::histogram!(
        "guichet_request_seconds",
        "listener" => listener, "route" => route.clone(), "method" => method
    )
    .record(elapsed);
    metrics::counter!(
        "guichet_requests_total",
        "listener" => listener, "route" => route, "method" => method, "status" => status
    )
    .increment(1);
    response
}

/// The method as a label: only known ones, since a caller may invent any.
fn method_name(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "other",
    }
}
