//! The whole server: three listeners and the work loop, started together and drained together.

use std::future::Future;

use axum::{Router, middleware::from_fn};
use tokio::sync::watch;

use crate::{App, listener::Listener, observe, operator, work};

/// The sockets to serve on; each is optional.
pub struct Listeners {
    /// For TPPs: mutual TLS.
    pub tpp: Option<Listener>,
    /// For PSUs.
    pub psu: Option<Listener>,
    /// For operators: health, metrics.
    pub operator: Option<Listener>,
    /// Further routes for the operator's listener, such as a sandbox's controls.
    pub operator_extra: Router,
}

/// Serves until `shutdown` is done; then takes no new connection, finishes what is in flight and gives
/// the leases of waiting work back.
pub async fn run(app: App, listeners: Listeners, shutdown: impl Future<Output = ()> + Send) {
    let (stop, stopped) = watch::channel(false);
    let operator_router = operator::router(app.clone(), stopped.clone()).merge(listeners.operator_extra);
    let psu_router = crate::psu::router(app.clone()).layer(from_fn(observe::requests("psu", app.clone())));
    let served = [
        (listeners.tpp, crate::api::router(app.clone())),
        (listeners.psu, psu_router),
        (listeners.operator, operator_router),
    ];
    let mut tasks = tokio::task::JoinSet::new();
    for (listener, router) in served {
        if let Some(listener) = listener {
            tasks.spawn(listener.serve(router, stopped.clone()));
        }
    }
    tasks.spawn(work::run(app, stopped));
    shutdown.await;
    tracing::info!("stopping: no new connections, finishing what is in flight");
    let _ = stop.send(true);
    while tasks.join_next().await.is_some() {}
}
