//! A reload: what is read from files is read anew and put in place while the server runs.
//!
//! All of it is read and checked before any of it counts. If anything is wrong, everything stays as it is and
//! the reason is told. Connections and requests in flight go on; each request is judged by the trust of its
//! moment, so whoever is no longer trusted is refused on a connection that is open, too.

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use payments::{registry, tpp::Tpp};
use rustls::ServerConfig;
use serde::Serialize;
use tokio::sync::Mutex;

use crate::{
    App, Counter, TlsSource,
    revocation::{InvalidSource, Sources},
    trust::Trust,
};

/// What a reload puts in place.
pub struct Fresh {
    /// Whom to trust.
    pub trust: Trust,
    /// The institutions. One that is served and not among them stays until the next start.
    pub counters: Vec<Arc<Counter>>,
    /// TLS for TPPs, where they are served.
    pub tpp_tls: Option<ServerConfig>,
    /// TLS for PSUs, where they are served with it.
    pub psu_tls: Option<ServerConfig>,
    /// TPPs that a file registers.
    pub tpps: Vec<Tpp>,
    /// Revocation lists and deny list of the configured directory.
    pub revocation: Sources,
    /// What an operator should know of it, in words: what takes effect only at the next start, what stays
    /// although its file does not name it any more.
    pub notes: Vec<String>,
}

/// Why a reload changed nothing, in words an operator can act on.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotReloaded(pub String);

/// Where everything comes from.
#[async_trait]
pub trait Source: Send + Sync {
    /// Reads everything anew and changes nothing.
    ///
    /// # Errors
    ///
    /// [`NotReloaded`] naming the first file that cannot be used.
    async fn read(&self) -> Result<Fresh, NotReloaded>;
}

/// Reloads a running server, one reload after the other.
pub struct Reloader {
    app: App,
    source: Box<dyn Source>,
    tpp_tls: Option<TlsSource>,
    psu_tls: Option<TlsSource>,
    one_at_a_time: Mutex<()>,
}

/// What a reload did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reloaded {
    /// How many authorities are trusted now.
    pub anchors: usize,
    /// How many institutions are served now.
    pub institutions: usize,
    /// How many registrations of TPPs were added or changed.
    pub tpps_changed: usize,
    /// What an operator should know of it.
    pub notes: Vec<String>,
}

impl Reloader {
    /// Reloads `app` and its listeners from `source`.
    pub fn new(
        app: App,
        source: Box<dyn Source>,
        tpp_tls: Option<TlsSource>,
        psu_tls: Option<TlsSource>,
    ) -> Self {
        Self { app, source, tpp_tls, psu_tls, one_at_a_time: Mutex::default() }
    }

    /// Reads everything anew and puts it in place.
    ///
    /// # Errors
    ///
    /// [`NotReloaded`]: then everything is as it was, save TPPs that were registered before the store failed.
    pub async fn reload(&self) -> Result<Reloaded, NotReloaded> {
        let _turn = self.one_at_a_time.lock().await;
        let result = self.put_in_place().await;
        match &result {
            Ok(reloaded) => {
                let notes = reloaded.notes.join("; ");
                tracing::info!(
                    anchors = reloaded.anchors,
                    institutions = reloaded.institutions,
                    tpps_changed = reloaded.tpps_changed,
                    notes,
                    "reloaded"
                );
            }
            Err(error) => tracing::error!(%error, "not reloaded"),
        }
        let outcome = if result.is_ok() { "done" } else { "refused" };
        metrics::counter!("guichet_reloads_total", "result" => outcome).increment(1);
        result
    }

    async fn put_in_place(&self) -> Result<Reloaded, NotReloaded> {
        let mut fresh = self.source.read().await?;
        self.keep_served(&mut fresh.counters, &mut fresh.notes);
        let refused = |error: InvalidSource| NotReloaded(error.to_string());
        self.app.revocation.may_take(&fresh.revocation).map_err(refused)?;
        let tpps_changed = self.register(fresh.tpps).await?;
        self.app.revocation.replace_sources(fresh.revocation, self.app.now()).map_err(refused)?;
        let reloaded = Reloaded {
            anchors: fresh.trust.origins().len(),
            institutions: fresh.counters.len(),
            tpps_changed,
            notes: fresh.notes,
        };
        self.app.trust.replace(fresh.trust);
        self.app.revocation.trust_has_changed();
        self.app.counters.replace(fresh.counters);
        for (source, config) in [(&self.tpp_tls, fresh.tpp_tls), (&self.psu_tls, fresh.psu_tls)] {
            if let (Some(source), Some(config)) = (source, config) {
                source.replace(config);
            }
        }
        Ok(reloaded)
    }

    /// Registers TPPs before anything else changes: only the store can fail half way.
    async fn register(&self, tpps: Vec<Tpp>) -> Result<usize, NotReloaded> {
        let (mut done, mut changed, all) = (0, 0, tpps.len());
        for tpp in tpps {
            let id = tpp.id.clone();
            match registry::configure(self.app.store.as_ref(), tpp, self.app.now()).await {
                Ok(is_new) => changed += usize::from(is_new),
                Err(error) => {
                    return Err(NotReloaded(format!(
                        "TPP {id} could not be registered: {error}; {done} of {all} TPPs were brought up to \
                         the file, everything else is as it was"
                    )));
                }
            }
            done += 1;
        }
        Ok(changed)
    }

    /// Adds to `counters` those that are served and not among them: payments that are under way need their
    /// institution, so a restart takes one out.
    fn keep_served(&self, counters: &mut Vec<Arc<Counter>>, notes: &mut Vec<String>) {
        for served in self.app.counters.all().iter() {
            let code = &served.institution.code;
            if counters.iter().all(|counter| counter.institution.code != *code) {
                notes.push(format!(
                    "institution {code} is not configured any more and served until the next start"
                ));
                counters.push(Arc::clone(served));
            }
        }
    }
}

/// `POST /reload` of the operator's listener.
pub fn router(reloader: Arc<Reloader>) -> Router {
    Router::new().route("/reload", post(on_demand)).with_state(reloader)
}

async fn on_demand(State(reloader): State<Arc<Reloader>>) -> Response {
    match reloader.reload().await {
        Ok(done) => Json(done).into_response(),
        Err(error) => {
            let body = serde_json::json!({ "status": 422, "message": error.to_string() });
            (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
        }
    }
}
