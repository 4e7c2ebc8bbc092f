//! `guichet serve`: the server of a real bank, and nothing of the sandbox.

mod config;
mod parts;

use std::process::ExitCode;

use anyhow::Context as _;
use server::run::{Listeners, run as serve};

pub(crate) use config::Config;
pub(crate) use parts::seal_of;

use crate::{arguments::ServeArguments, stop};

/// Starts the server, or only checks what its configuration names.
///
/// # Errors
///
/// The first thing that is wrong.
pub(crate) async fn run(arguments: ServeArguments) -> anyhow::Result<ExitCode> {
    let config = Config::read(&arguments.config)?;
    let checked = parts::check(&config)?;
    if arguments.check {
        println!("{} is in order: {}", arguments.config.display(), checked.summary());
        return Ok(ExitCode::SUCCESS);
    }
    let sockets = Listeners {
        tpp: parts::listener(config.listen.tpp.as_ref(), checked.tpp_tls.clone()).await?,
        psu: parts::listener(config.listen.psu.as_ref(), checked.psu_tls.clone()).await?,
        operator: parts::operator(config.listen.operator.as_ref()).await.context("the operator listener")?,
        operator_extra: axum::Router::new(),
    };
    let app = parts::assemble(&config, checked).await?;
    tracing::info!(institutions = config.institutions.len(), "serving");
    serve(app, sockets, stop::asked()).await?;
    Ok(ExitCode::SUCCESS)
}
