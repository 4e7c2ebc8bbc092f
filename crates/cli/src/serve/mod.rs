//! `guichet serve`: the server of a real bank, and nothing of the sandbox.

mod config;
mod parts;
mod reload;

use std::{process::ExitCode, sync::Arc};

use anyhow::Context as _;
use server::{
    Listener, TlsSource,
    reload::{self as reloading, Reloader},
    run::{Listeners, run as serve},
};
use store::SqliteStore;

pub(crate) use config::Config;
pub(crate) use parts::{seal_of, trust_lists, trust_of};

use crate::{arguments::ServeArguments, stop};

/// Starts the server, or only checks what its configuration names.
///
/// # Errors
///
/// The first thing that is wrong.
pub(crate) async fn run(arguments: ServeArguments) -> anyhow::Result<ExitCode> {
    let config = Config::read(&arguments.config)?;
    if arguments.check {
        let checked = parts::check(&config, &parts::lists_at_rest(&config).await?)?;
        for warning in &checked.warnings {
            println!("warning: {warning}");
        }
        println!("{} is in order: {}", arguments.config.display(), checked.summary());
        return Ok(ExitCode::SUCCESS);
    }
    let store = Arc::new(SqliteStore::open(&config.store.path).context("the store")?);
    let checked = parts::check(&config, &parts::lists_of(&store).await?)?;
    let tpp_tls = checked.tpp_tls.clone().map(TlsSource::new);
    let psu_tls = checked.psu_tls.clone().map(TlsSource::new);
    let sockets = Sockets {
        tpp: parts::listener(config.listen.tpp.as_ref(), tpp_tls.clone()).await?,
        psu: parts::listener(config.listen.psu.as_ref(), psu_tls.clone()).await?,
        operator: parts::operator(config.listen.operator.as_ref()).await.context("the operator listener")?,
    };
    for warning in &checked.warnings {
        tracing::warn!("{warning}");
    }
    let app = parts::assemble(&config, checked, Arc::clone(&store)).await?;
    tracing::info!(institutions = config.institutions.len(), "serving");
    let source = reload::ConfigFile { path: arguments.config, store, running: config };
    let reloader = Arc::new(Reloader::new(app.clone(), Box::new(source), tpp_tls, psu_tls));
    let listeners = Listeners {
        tpp: sockets.tpp,
        psu: sockets.psu,
        operator: sockets.operator,
        operator_extra: reloading::router(Arc::clone(&reloader)),
    };
    let reloads = tokio::spawn(stop::at_every_hangup(move || {
        let reloader = Arc::clone(&reloader);
        async move {
            // What came of it is in the log.
            let _ = reloader.reload().await;
        }
    }));
    let served = serve(app, listeners, stop::asked()).await;
    reloads.abort();
    served?;
    Ok(ExitCode::SUCCESS)
}

struct Sockets {
    tpp: Option<Listener>,
    psu: Option<Listener>,
    operator: Option<Listener>,
}
