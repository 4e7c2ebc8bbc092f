//! `guichet token`: what a token is good for, and taking some back.
//!
//! A token is read from standard input and never from the command line, which everybody on the machine sees.

use std::{
    io::{IsTerminal as _, Read as _, stdin},
    process::ExitCode,
};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use payments::{
    ports::{TokenStore as _, TppStore as _},
    values::TppId,
};
use server::operator::{Grant, Introspection, introspect, revoke};
use store::SqliteStore;

use crate::{
    kept::KeptArguments,
    plain::{counted, plain, say, second},
    story::Story,
};

/// Longest input read, in bytes; tokens have at most 140.
const MAX_INPUT: u64 = 4_096;

/// `guichet token`.
#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Tell what the token on standard input is good for
    #[command(after_help = "Exit status: 0 it is worth something, 1 it is not, or something failed.")]
    Inspect {
        #[command(flatten)]
        kept: KeptArguments,
        /// Print it as RFC 7662 has it, JSON
        #[arg(long)]
        json: bool,
    },
    /// Take the token on standard input back; or every token of a client
    Revoke {
        #[command(flatten)]
        kept: KeptArguments,
        /// Every token of this client instead
        #[arg(long, value_name = "ID", value_parser = client_id)]
        client_id: Option<TppId>,
    },
}

fn client_id(text: &str) -> Result<TppId, String> {
    TppId::parse(text).map_err(|error| error.to_string())
}

/// Looks at a token or takes some back.
///
/// # Errors
///
/// If there is no token, or the store cannot be used.
pub(crate) async fn run(arguments: TokenArguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        TokenCommand::Inspect { kept, json } => inspect(&kept, json).await,
        TokenCommand::Revoke { kept, client_id: Some(id) } => revoke_all(&kept.open()?, &id).await,
        TokenCommand::Revoke { kept, client_id: None } => revoke_one(&kept.open()?).await,
    }
}

async fn inspect(kept: &KeptArguments, json: bool) -> anyhow::Result<ExitCode> {
    let (store, now) = (kept.open()?, kept.now()?);
    let known = introspect(&store, &token_of_stdin()?, now).await?;
    store.close();
    if json {
        say(&serde_json::to_string_pretty(&known)?);
    } else {
        tell(&known);
    }
    Ok(if known.active { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(known: &Introspection) {
    let story = Story::new();
    let Some(grant) = &known.grant else {
        story.entry("active", "no: never given, taken back, or expired");
        return;
    };
    let Grant { client_id, client_name, institution, payment_request_id, .. } = grant;
    let name = client_name.as_deref().map(plain).unwrap_or_default();
    let active = if grant.client_suspended { "yes, but its client is suspended" } else { "yes" };
    story.entry("active", active);
    story.entry("client", &format!("{} {name}", plain(client_id)));
    story.entry("institution", institution);
    story.entry("scope", grant.scope);
    story.entry("given", &moment(grant.iat));
    story.entry("expires", &moment(grant.exp));
    story.entry("certificate (x5t#S256)", &grant.cnf.x5t_s256);
    story.entry("payment request", payment_request_id.as_deref().unwrap_or("none yet"));
}

fn moment(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), second)
}

async fn revoke_one(store: &SqliteStore) -> anyhow::Result<ExitCode> {
    let Some(token) = revoke(store, &token_of_stdin()?).await? else {
        bail!("there is no such token: never given, taken back already, or swept after it expired");
    };
    store.close();
    say(&format!("revoked a token of {} at institution {}", token.tpp, token.institution));
    Ok(ExitCode::SUCCESS)
}

async fn revoke_all(store: &SqliteStore, id: &TppId) -> anyhow::Result<ExitCode> {
    let revoked = store.revoke_tokens_of(id).await?;
    let is_registered = store.find_tpp(id).await?.is_some();
    store.close();
    ensure!(revoked > 0 || is_registered, "no TPP is registered as {id}; guichet tpp list shows who is");
    say(&format!("revoked {} of {id}", counted(revoked, "token")));
    say(&format!("  it may take new ones at once: guichet tpp suspend {id} keeps it out"));
    Ok(ExitCode::SUCCESS)
}

fn token_of_stdin() -> anyhow::Result<String> {
    if stdin().is_terminal() {
        eprintln!("the token, then Ctrl-D:");
    }
    let mut text = String::new();
    stdin().take(MAX_INPUT).read_to_string(&mut text).context("standard input is no text")?;
    let token = text.trim().to_owned();
    ensure!(!token.is_empty(), "there is no token on standard input");
    ensure!(!token.contains(char::is_whitespace), "standard input must hold the token and nothing else");
    Ok(token)
}
