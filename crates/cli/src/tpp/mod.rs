//! `guichet tpp`: who is registered, and who is kept out.
//!
//! It works on the store, beside the server that may be running on it: what it changes counts from the next
//! request on, on connections that are open, too.

mod add;
mod certificates;
mod history;
mod list;
mod remove;
mod show;
mod standing;
mod suspend;

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use payments::{
    ports::{StoreError, TppStore, TppWrite, Written},
    tpp::{self, Tpp},
    values::TppId,
};
use serde::{Serialize, de::DeserializeOwned};
use store::SqliteStore;

use crate::{kept::KeptArguments, plain::say};

/// `guichet tpp`.
#[derive(Debug, Args)]
pub(crate) struct TppArguments {
    #[command(subcommand)]
    command: TppCommand,
}

#[derive(Debug, Subcommand)]
enum TppCommand {
    /// Who is registered, in which standing
    List(ListArguments),
    /// Everything about one: certificates, registers, history
    Show(ShowArguments),
    /// Register one
    Add(Box<add::AddArguments>),
    /// Keep a provider out, with all its registrations, from its next request on
    Suspend(suspend::SuspendArguments),
    /// Let a provider in again that was suspended
    Resume(suspend::ResumeArguments),
    /// Remove a registration, with all its tokens; its history stays
    Remove(remove::RemoveArguments),
}

#[derive(Debug, Args)]
struct ListArguments {
    #[command(flatten)]
    kept: KeptArguments,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ShowArguments {
    /// Its client id
    #[arg(value_name = "CLIENT_ID", value_parser = client_id)]
    id: TppId,
    #[command(flatten)]
    kept: KeptArguments,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Looks at registrations or changes one.
///
/// # Errors
///
/// What stands in the way, in words that tell what to do.
pub(crate) async fn run(arguments: TppArguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        TppCommand::List(arguments) => list::run(&arguments).await,
        TppCommand::Show(arguments) => show::run(&arguments).await,
        TppCommand::Add(arguments) => add::run(&arguments).await,
        TppCommand::Suspend(arguments) => suspend::suspend(&arguments).await,
        TppCommand::Resume(arguments) => suspend::resume(&arguments).await,
        TppCommand::Remove(arguments) => remove::run(&arguments).await,
    }
}

/// The registration of `id`.
async fn registered(store: &SqliteStore, id: &TppId) -> anyhow::Result<Tpp> {
    let found = store.find_tpp(id).await?;
    found.with_context(|| format!("no TPP is registered as {id}; guichet tpp list shows who is"))
}

/// Writes a change; who read something else than is there now has to look again.
async fn write(store: &SqliteStore, change: TppWrite) -> anyhow::Result<()> {
    let id = change.event.tpp.clone();
    match store.change_tpp(change).await {
        Ok(Written::Now) => Ok(()),
        Ok(other) => bail!("the store did not make the change: {other:?}"),
        Err(StoreError::Conflict) => {
            bail!("the registration of {id} was changed by somebody else meanwhile: look at it and try again")
        }
        Err(error) => Err(error).context("the store"),
    }
}

/// The agents that a TPP declared, by client id.
async fn agents_of(store: &SqliteStore, id: &TppId) -> anyhow::Result<Vec<TppId>> {
    let all = store.tpps().await?.into_iter();
    let is_its = |tpp: &Tpp| matches!(&tpp.kind, tpp::Kind::Agent { of } if of == id);
    Ok(all.filter(is_its).map(|tpp| tpp.id).collect())
}

/// What becomes of the agents of a TPP, if it has any.
fn tell_agents(agents: &[TppId], fate: &str) {
    if !agents.is_empty() {
        let ids: Vec<&str> = agents.iter().map(TppId::as_str).collect();
        say(&format!("  {fate}: {}", ids.join(", ")));
    }
}

/// Prints JSON for programs.
fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    say(&serde_json::to_string_pretty(value)?);
    Ok(())
}

fn client_id(text: &str) -> Result<TppId, String> {
    TppId::parse(text).map_err(|error| error.to_string())
}

/// A value of an enumeration by the word that the configuration file has for it.
fn worded<T: DeserializeOwned>(word: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::from(word)).map_err(|error| error.to_string())
}
