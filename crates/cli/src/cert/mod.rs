//! `guichet cert`: what is wrong with a certificate, rule by rule.

mod explain;
mod input;
mod known;
mod revocation;
mod verdict;
mod yardstick;

use std::process::ExitCode;

use clap::{Args, Subcommand};

pub(crate) use input::{all_of, ders_of, first_of, read_file};

/// `guichet cert`.
#[derive(Debug, Args)]
pub(crate) struct CertArguments {
    #[command(subcommand)]
    command: CertCommand,
}

#[derive(Debug, Subcommand)]
enum CertCommand {
    /// Explain certificates: every rule asked of them, what was found, and what to do about it
    Explain(Box<explain::ExplainArguments>),
}

/// Explains certificates.
///
/// # Errors
///
/// If a file cannot be read. What is wrong with a certificate is no error: the exit status tells it.
pub(crate) async fn run(arguments: CertArguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        CertCommand::Explain(arguments) => explain::run(&arguments).await,
    }
}
