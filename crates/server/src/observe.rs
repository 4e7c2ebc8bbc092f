//! Counts and times every request, by listener and route.

use std::{future::Future, pin::Pin, time::Instant};

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};

type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A layer that observes the requests of a listener. Routes are named by their pattern, so that no id
/// becomes a label.
pub(crate) fn requests(listener: &'static str) -> impl Fn(Request, Next) -> Answering + Clone {
    move |request, next| {
        Box::pin(async move {
            let route = request
                .extensions()
                .get::<MatchedPath>()
                .map_or("other", |path| path.as_str())
                .to_owned();
            let method = method_name(request.method());
            let start = Instant::now();
            let response = next.run(request).await;
            let status = response.status().as_u16().to_string();
            let elapsed = start.elapsed();
            let labels = [
                ("listener", listener.to_owned()),
                ("route", route),
                ("method", method.to_owned()),
            ];
            metrics::histogram!("guichet_request_seconds", &labels).record(elapsed);
            let [listener, route, method] = labels;
            metrics::counter!(
                "guichet_requests_total",
                &[listener, route, method, ("status", status)]
            )
            .increment(1);
            response
        })
    }
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
