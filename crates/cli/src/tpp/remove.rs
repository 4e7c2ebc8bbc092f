//! `guichet tpp remove`.

use std::{
    io::{IsTerminal as _, Write as _, stdin, stdout},
    process::ExitCode,
};

use anyhow::bail;
use clap::Args;
use payments::{
    ports::{TokenStore as _, TppWrite},
    tpp::{Registrar, Tpp},
    values::TppId,
};

use super::{agents_of, client_id, registered, tell_agents, write};
use crate::{
    kept::{self, KeptArguments},
    plain::{counted, plain, say},
};

/// `guichet tpp remove`.
#[derive(Debug, Args)]
pub(super) struct RemoveArguments {
    /// Its client id
    #[arg(value_name = "CLIENT_ID", value_parser = client_id)]
    id: TppId,
    #[command(flatten)]
    kept: KeptArguments,
    /// Do not ask whether it is meant
    #[arg(long)]
    yes: bool,
}

/// Removes a registration.
///
/// # Errors
///
/// If there is none, or nobody said that it is meant.
pub(super) async fn run(arguments: &RemoveArguments) -> anyhow::Result<ExitCode> {
    let (store, now) = (arguments.kept.open()?, arguments.kept.now()?);
    let tpp = registered(&store, &arguments.id).await?;
    let tokens = store.live_tokens_of(&tpp.id, now).await?;
    if !arguments.yes && !is_meant(&tpp, tokens)? {
        say("nothing was removed");
        return Ok(ExitCode::FAILURE);
    }
    let agents = agents_of(&store, &tpp.id).await?;
    let (id, name) = (tpp.id.clone(), plain(&tpp.name));
    write(&store, TppWrite::remove(tpp, Registrar::Operator, now).by(kept::operator())).await?;
    store.close();
    say(&format!("removed {id} ({name}) and {} of it; its history stays", counted(tokens, "live token")));
    tell_agents(&agents, "they can do nothing without it, its agents");
    if let Some(registrar) = arguments.kept.registrar_of(&id)? {
        say(&format!("  {registrar} registers it again at the next start"));
        say("  to keep it out for good, suspend it instead: that outlasts a start");
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks at a terminal; whoever cannot be asked has to say it.
fn is_meant(tpp: &Tpp, tokens: u64) -> anyhow::Result<bool> {
    if !stdin().is_terminal() {
        bail!("nothing was removed: say --yes where nobody can be asked");
    }
    let (name, tokens) = (plain(&tpp.name), counted(tokens, "live token"));
    print!("Remove {} ({name}) with {tokens}? [y/N] ", tpp.id);
    stdout().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
