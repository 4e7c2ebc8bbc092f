//! `guichet trust`: trusted lists of Member States, imported from files.

mod import;
mod show;
mod xmlsec;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};

use crate::kept::KeptArguments;

/// `guichet trust`.
#[derive(Debug, Args)]
pub(crate) struct TrustArguments {
    #[command(subcommand)]
    command: TrustCommand,
}

#[derive(Debug, Subcommand)]
enum TrustCommand {
    /// Verify a national trusted list and show what it would change; --apply puts it in force
    Import(ImportArguments),
    /// Show the lists in force, where they came from, and every authority they name
    List(KeptArguments),
    /// Show every issue of a country's list that was ever imported
    History(TerritoryArguments),
    /// Trust a country's list no longer
    Remove(TerritoryArguments),
}

/// `guichet trust import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The list: XML after ETSI TS 119 612, as its country publishes it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Certificates that may have signed it, from a source you trust, such as the list of the lists
    #[arg(long, value_name = "PEM")]
    signer: PathBuf,
    /// Put the list in force, rather than only show what it would change
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    kept: KeptArguments,
}

/// Which country's list.
#[derive(Debug, Args)]
struct TerritoryArguments {
    /// The country, as the list writes it: FR
    #[arg(value_name = "COUNTRY")]
    territory: String,
    #[command(flatten)]
    kept: KeptArguments,
}

/// Does what is asked of trusted lists.
///
/// # Errors
///
/// The first thing that is wrong; nothing was changed then.
pub(crate) async fn run(arguments: TrustArguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        TrustCommand::Import(arguments) => import::run(&arguments).await,
        TrustCommand::List(kept) => show::list(&kept).await,
        TrustCommand::History(of) => show::history(&of.kept, &of.territory).await,
        TrustCommand::Remove(of) => show::remove(&of.kept, &of.territory).await,
    }
    .map(|()| ExitCode::SUCCESS)
}
