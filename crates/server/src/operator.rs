//! The operator's listener: health and metrics, tokens, certificates.
//!
//! On a loopback address, for whoever may log in to this machine. Health and metrics are for monitors; all
//! else is kept from pages that a browser on this machine may be showing.

mod explain;
mod guard;
mod introspection;
mod known;
mod page;
mod tokens;
mod trust;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    middleware::from_fn,
    response::IntoResponse,
    routing::get,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::sync::watch;

use crate::App;
pub use guard::{is_loopback_host, only_from_here};
pub use introspection::{Confirmation, Grant, Introspection, introspect, revoke};

/// How often measurements are folded into their buckets.
const UPKEEP: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Operator {
    app: App,
    stopped: watch::Receiver<bool>,
    lists: Arc<Lists>,
}

/// Whether each trusted list is overdue, by territory, as it was told last.
#[derive(Default)]
struct Lists(Mutex<BTreeMap<String, bool>>);

impl Lists {
    /// Measures the lists of today; one that is not relied on any more is not overdue.
    fn measure(&self, app: &App) {
        let (trust, now) = (app.trust.current(), app.now());
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.values_mut().for_each(|is_overdue| *is_overdue = false);
        told.extend(trust.lists().iter().map(|list| (list.territory.clone(), list.is_overdue(now))));
        for (territory, is_overdue) in told.iter() {
            metrics::gauge!("guichet_trusted_list_overdue", "territory" => territory.clone())
                .set(u8::from(*is_overdue));
        }
    }
}

/// Routes for the operator's listener; `extra` ones are guarded as ours are.
pub fn router(app: App, stopped: watch::Receiver<bool>, extra: Router) -> Router {
    recorder();
    let pages = page::with_frame(explain::router(app.clone()).merge(trust::router(app.clone())));
    let guarded = pages.merge(tokens::router(app.clone())).merge(extra).layer(from_fn(only_from_here));
    Router::new()
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(render))
        .with_state(Operator { app, stopped, lists: Arc::default() })
        .merge(guarded)
}

/// Ready while the store answers and the server is not stopping.
async fn ready(State(operator): State<Operator>) -> impl IntoResponse {
    if *operator.stopped.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    let store = &operator.app.store;
    let answers = match store.takes_changes().await {
        Ok(()) => store.last_sequence().await.map(drop),
        Err(error) => Err(error),
    };
    match answers {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "not ready: the store does not work");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not work\n")
        }
    }
}

/// Prometheus text format. What the store knows is read when asked for.
async fn render(State(operator): State<Operator>) -> impl IntoResponse {
    let app = &operator.app;
    if let Ok(counts) = app.store.count_by_status().await {
        for (status, count) in counts {
            metrics::gauge!("guichet_payments", "status" => status.code()).set(as_gauge(count));
        }
    }
    let now = app.now();
    if let Ok(oldest) = app.store.oldest_due(now).await {
        let age_ms = oldest.map_or(0, |due| now.duration_since(due).as_millis().max(0));
        metrics::gauge!("guichet_work_oldest_due_ms")
            .set(as_gauge(u64::try_from(age_ms).unwrap_or_default()));
    }
    operator.lists.measure(app);
    let recorder = recorder();
    recorder.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], recorder.render())
}

/// Folds what was measured into its buckets every few seconds, so that nobody has to ask for the metrics
/// to keep them small.
pub(crate) async fn keep_up(mut stop: watch::Receiver<bool>) {
    let mut every = tokio::time::interval(UPKEEP);
    loop {
        tokio::select! {
            _ = every.tick() => recorder().run_upkeep(),
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// A count as metrics want it.
#[expect(clippy::cast_precision_loss, reason = "a gauge beyond 2^53 may be off by one")]
fn as_gauge(count: u64) -> f64 {
    count as f64
}

/// The process's one recorder, described and with buckets that suit requests.
fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let buckets =
            [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &buckets)
            .expect("there is at least one bucket")
            .install_recorder()
            .expect("nobody else installs a recorder");
        describe();
        handle
    })
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!("guichet_requests_total", "Requests answered, by listener, route, method and status");
    describe_histogram!(
        "guichet_request_seconds",
        "Time from the request's headers to the answer, in seconds"
    );
    describe_gauge!("guichet_connections", "Connections open, by listener");
    describe_counter!(
        "guichet_refused_total",
        "Connections and requests that were turned away or cut off for what they took, by why"
    );
    describe_counter!("guichet_handshakes_refused_total", "TLS handshakes that failed");
    describe_counter!("guichet_signature_leniencies_total", "Signatures taken only by leniency, by kind");
    describe_counter!("guichet_certificate_leniencies_total", "Certificates taken only by leniency, by kind");
    describe_counter!("guichet_reloads_total", "Reloads, by result");
    describe_counter!("guichet_revocation_checks_total", "Answers about revocation, by source and result");
    describe_counter!("guichet_revocation_refusals_total", "Requests refused for revocation, by reason");
    describe_gauge!("guichet_revocation_certificates", "Certificates seen lately, by what is known of them");
    describe_gauge!(
        "guichet_revocation_oldest_evidence_seconds",
        "Age of the oldest answer that a certificate is not revoked, in seconds"
    );
    describe_gauge!(
        "guichet_trusted_list_overdue",
        "Whether the next issue of a trusted list is due and was not imported, by territory: 1 or 0"
    );
    describe_counter!("guichet_work_total", "Pieces of background work done, by task and result");
    describe_gauge!("guichet_payments", "Payments stored, by status");
    describe_gauge!("guichet_work_oldest_due_ms", "How long the oldest due work has been waiting, in ms");
}
