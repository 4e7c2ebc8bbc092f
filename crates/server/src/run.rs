//! The whole server: three listeners and the work loop, started together and drained together.

use std::{collections::HashMap, future::Future, sync::Arc};

use axum::{Router, http::StatusCode, middleware::from_fn, response::IntoResponse};
use tokio::{
    sync::watch,
    task::{Id, JoinSet},
};

use crate::{
    App, drain,
    limits::Limits,
    listener::{Listener, Refuse, Turned},
    observe, operator, revocation, work,
};

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

/// Something that has to run as long as the server ended before it.
#[derive(Debug, thiserror::Error)]
#[error("{0} ended before the server was asked to")]
pub struct EndedEarly(&'static str);

/// Serves until `shutdown` is done; then takes no new connection, finishes what is in flight and gives
/// the leases of waiting work back. Operators are served until all that is done, so that they can see it.
///
/// # Errors
///
/// [`EndedEarly`] if a listener or the background work died: a server that takes payments and executes
/// none must not stay up. The rest is drained all the same.
pub async fn run(
    app: App,
    listeners: Listeners,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), EndedEarly> {
    revocation::recall(&app).await;
    let (stop, stopped) = watch::channel(false);
    let (stop_last, stopped_last) = watch::channel(false);
    let operator_router = operator::router(app.clone(), stopped.clone(), listeners.operator_extra);
    let psu_router = crate::psu::router(app.clone())
        .layer(from_fn(drain::refused_bodies))
        .layer(from_fn(observe::requests("psu", app.clone())));
    let served = [
        ("tpp", "the TPP listener", listeners.tpp, crate::api::router(app.clone()), api_manner(&app)),
        ("psu", "the PSU listener", listeners.psu, psu_router, psu_manner(&app)),
    ];
    let (mut tasks, mut last) = (Tasks::default(), Tasks::default());
    for (name, task, listener, router, refuse) in served {
        if let Some(listener) = listener {
            tasks.start(task, listener.serve(name, router, refuse, stopped.clone()));
        }
    }
    tasks.start("the checks for revocation", revocation::run(app.clone(), stopped.clone()));
    tasks.start("background work", work::run(app, stopped));
    if let Some(listener) = listeners.operator {
        let serving =
            for_operators(listener).serve("operator", operator_router, plain(), stopped_last.clone());
        last.start("the operator listener", serving);
    }
    last.start("the metrics' upkeep", operator::keep_up(stopped_last));
    let ended = tokio::select! {
        () = shutdown => Ok(()),
        name = tasks.next() => Err(EndedEarly(name.unwrap_or("everything"))),
        name = last.next() => Err(EndedEarly(name.unwrap_or("everything"))),
    };
    match &ended {
        Ok(()) => tracing::info!("stopping: no new connections, finishing what is in flight"),
        Err(error) => tracing::error!(%error, "stopping"),
    }
    let _ = stop.send(true);
    while tasks.next().await.is_some() {}
    let _ = stop_last.send(true);
    while last.next().await.is_some() {}
    ended
}

/// Refusals as an API call gets them.
fn api_manner(app: &App) -> Refuse {
    let app = app.clone();
    Arc::new(move |parts, turned| crate::api::turned_away(&app, parts, turned))
}

/// Refusals as a visitor gets them.
fn psu_manner(app: &App) -> Refuse {
    let app = app.clone();
    Arc::new(move |parts, turned| crate::psu::turned_away(&app, parts, turned))
}

/// Refusals as an operator gets them.
fn plain() -> Refuse {
    Arc::new(|_, turned| match turned {
        Turned::TooMany(_) => StatusCode::TOO_MANY_REQUESTS.into_response(),
        Turned::Unclear(unclear) => (StatusCode::BAD_REQUEST, format!("{unclear}\n")).into_response(),
    })
}

/// Operators are at home: a script of theirs may ask as often as it likes.
fn for_operators(listener: Listener) -> Listener {
    let limits = Limits { requests_per_address_per_minute: 0, ..listener.limits };
    Listener { limits, ..listener }
}

/// What runs, by name.
#[derive(Default)]
struct Tasks {
    running: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

impl Tasks {
    fn start(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.running.spawn(task);
        self.names.insert(handle.id(), name);
    }

    /// The name of the next one that ends, or panics.
    async fn next(&mut self) -> Option<&'static str> {
        let id = match self.running.join_next_with_id().await? {
            Ok((id, ())) => id,
            Err(error) => error.id(),
        };
        self.names.remove(&id)
    }
}
