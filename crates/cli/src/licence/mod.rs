//! `guichet licence`: registers of licences, imported from files.

mod import;
mod remove;
mod show;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::kept::KeptArguments;

/// The register of the European Banking Authority.
const EBA: &str = "EBA";
/// Longest name of a register, in characters.
const MAX_REGISTER: usize = 32;

/// `guichet licence`.
#[derive(Debug, Args)]
pub(crate) struct LicenceArguments {
    #[command(subcommand)]
    command: LicenceCommand,
}

#[derive(Debug, Subcommand)]
enum LicenceCommand {
    /// Read a register and show what it would change; --apply puts it in force
    Import(ImportArguments),
    /// Show what every register says of a provider, and how that changed
    Show(ShowArguments),
    /// Show the registers that were imported
    Registers(KeptArguments),
    /// Let a register count no longer; what it said stays in the history
    Remove(RemoveArguments),
}

/// `guichet licence import`.
#[derive(Debug, Args)]
struct ImportArguments {
    /// The register as it was published (see docs/registers.md)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose register it is: EBA in any case, or a name of your choice; an import replaces all that it said
    #[arg(long, value_name = "NAME", value_parser = parse_register)]
    register: String,
    /// Form of the file; without it, eba for the register EBA, and csv for every other
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Day on which the file was published; without it, that of its newest record, or else today
    #[arg(long, value_name = "DATE")]
    published: Option<Date>,
    /// Put the register in force, rather than only show what it would change
    #[arg(long)]
    apply: bool,
    /// Put it in force even if it is older than the last, or withdraws more than a fifth of all licences
    #[arg(long, requires = "apply")]
    even_so: bool,
    #[command(flatten)]
    kept: KeptArguments,
}

/// `guichet licence show`.
#[derive(Debug, Args)]
struct ShowArguments {
    /// The provider, as its certificates name it: PSDFR-ACPR-12345
    #[arg(value_name = "OID")]
    organization_identifier: String,
    #[command(flatten)]
    kept: KeptArguments,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// `guichet licence remove`.
#[derive(Debug, Args)]
struct RemoveArguments {
    /// The register, as guichet licence registers shows it
    #[arg(value_name = "NAME")]
    register: String,
    #[command(flatten)]
    kept: KeptArguments,
    /// Do not ask whether it is meant
    #[arg(long)]
    yes: bool,
}

/// Forms of registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The JSON that the European Banking Authority publishes.
    Eba,
    /// A table.
    Csv,
}

impl ImportArguments {
    fn format(&self) -> Format {
        let by_name = if self.register == EBA { Format::Eba } else { Format::Csv };
        self.format.unwrap_or(by_name)
    }
}

/// Does what is asked of licences.
///
/// # Errors
///
/// The first thing that is wrong; nothing was changed then.
pub(crate) async fn run(arguments: LicenceArguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        LicenceCommand::Import(arguments) => import::run(&arguments).await?,
        LicenceCommand::Show(arguments) => show::provider(&arguments).await?,
        LicenceCommand::Registers(kept) => show::registers(&kept).await?,
        LicenceCommand::Remove(arguments) => return remove::run(&arguments).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn parse_register(text: &str) -> Result<String, String> {
    let named = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if text.is_empty() || text.len() > MAX_REGISTER || !text.chars().all(named) {
        return Err(format!("must be 1 to {MAX_REGISTER} letters, digits and ._-"));
    }
    // In any case it is the same register, in the same format.
    Ok(if text.eq_ignore_ascii_case(EBA) { EBA } else { text }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_registers_are_short_and_plain() {
        for (text, taken) in
            [("EBA", true), ("acpr-2026", true), ("", false), ("a b", false), (&"a".repeat(33), false)]
        {
            assert_eq!(parse_register(text).is_ok(), taken, "{text}");
        }
    }

    #[test]
    fn the_banking_authority_is_meant_in_any_case() {
        for (text, register) in [("EBA", "EBA"), ("eba", "EBA"), ("Eba", "EBA"), ("acpr", "acpr")] {
            assert_eq!(parse_register(text).unwrap(), register);
        }
    }
}
