//! `guichet cert explain`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::ensure;
use clap::{Args, ValueEnum};
use eidas::{Explanation, Judged, Kind};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

use super::{known::Known, revocation::RevocationFound, verdict::verdict, yardstick::Yardstick};
use crate::plain::{plain, say};

/// Columns of a terminal, where nothing is known of it.
const WIDTH: usize = 80;

/// `guichet cert explain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 every certificate is acceptable, 1 a rule is broken or something failed, \
                        64 the command line was not understood. Without --anchors, --config or --data the \
                        chain is not looked at."
)]
pub(super) struct ExplainArguments {
    /// Certificates, PEM or DER; what follows the first one of a PEM file is its chain; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// What they are shown for; without it, what each says of itself
    #[arg(long, value_enum, value_name = "KIND")]
    pub(super) kind: Option<ShownFor>,
    /// Authorities to trust, PEM; may be given several times
    #[arg(long, value_name = "PEM")]
    pub(super) anchors: Vec<PathBuf>,
    /// Configuration file of a bank: its authorities, its trusted lists, its registers
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "anchors"])]
    pub(super) config: Option<PathBuf>,
    /// Data directory of a sandbox: its authority, its registers
    #[arg(long, value_name = "DIR", conflicts_with = "anchors")]
    pub(super) data: Option<PathBuf>,
    /// How closely they are read
    #[arg(long, value_enum, default_value = "strict", value_name = "READING")]
    pub(super) reading: HowClosely,
    /// Judge them at this time, 2026-11-22 or 2026-11-22T10:00:00Z, instead of now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(super) at: Option<Timestamp>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What a certificate is shown for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ShownFor {
    /// Mutual TLS.
    Qwac,
    /// Signatures.
    Qseal,
}

/// How closely a certificate is read.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum HowClosely {
    /// To the letter.
    Strict,
    /// What leaves no doubt is taken.
    Lenient,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let day: Date = text.parse().map_err(|_| "is no time such as 2026-11-22T10:00:00Z".to_owned())?;
    day.to_zoned(TimeZone::UTC).map(|midnight| midnight.timestamp()).map_err(|error| error.to_string())
}

/// Everything there is to tell of one file.
#[derive(Debug, Serialize)]
pub(super) struct Explained {
    pub(super) file: String,
    #[serde(flatten)]
    pub(super) explanation: Explanation,
    /// What the store knows of its provider, where one was named.
    pub(super) known: Option<Known>,
    /// What the lists in the bank's files have against it.
    pub(super) revocation: RevocationFound,
    #[serde(skip)]
    pub(super) judged: Option<Judged>,
}

/// Everything there is to tell.
#[derive(Debug, Serialize)]
struct Report {
    acceptable: bool,
    certificates: Vec<Explained>,
    /// Whether QWACs and `QSealC`s are of one provider, where both were given.
    pair: Option<Pair>,
}

#[derive(Debug, Serialize)]
struct Pair {
    agree: bool,
    told: String,
}

/// Explains every file.
///
/// # Errors
///
/// If one cannot be read, or what they are to be judged by.
pub(super) async fn run(arguments: &ExplainArguments) -> anyhow::Result<ExitCode> {
    let twice = arguments.files.iter().filter(|file| *file == Path::new("-")).count() > 1;
    ensure!(!twice, "standard input can be read once only");
    let yardstick = Yardstick::of(arguments).await?;
    let mut certificates = Vec::new();
    for file in &arguments.files {
        certificates.push(yardstick.explain(file).await?);
    }
    let pair = pair(&certificates);
    let in_order = certificates.iter().all(Explained::is_acceptable);
    let acceptable = in_order && pair.as_ref().is_none_or(|pair| pair.agree);
    let report = Report { acceptable, certificates, pair };
    if arguments.json {
        say(&serde_json::to_string_pretty(&report)?);
    } else {
        report.tell();
    }
    Ok(if acceptable { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether the certificates that can speak for somebody speak for the same provider, if there are both kinds.
fn pair(certificates: &[Explained]) -> Option<Pair> {
    let of = |kind: Kind| certificates.iter().filter(move |one| one.explanation.kind == Some(kind.name()));
    if of(Kind::Qwac).next().is_none() || of(Kind::Qseal).next().is_none() {
        return None;
    }
    for qwac in of(Kind::Qwac) {
        for qseal in of(Kind::Qseal) {
            let told = match (&qwac.judged, &qseal.judged) {
                (Some(one), Some(other)) => match eidas::agree(one, other) {
                    Ok(()) => continue,
                    Err(disagreement) => disagreement.to_string(),
                },
                _ => "they cannot be compared until both say whom they are of".to_owned(),
            };
            let told = format!("{} and {}: {told}", qwac.file, qseal.file);
            return Some(Pair { agree: false, told });
        }
    }
    Some(Pair { agree: true, told: "QWAC and QSealC are of one provider".to_owned() })
}

impl Explained {
    fn is_acceptable(&self) -> bool {
        let is_licensed = self.known.as_ref().is_none_or(Known::is_licensed);
        self.explanation.is_in_order() && is_licensed && self.revocation.against.is_none()
    }
}

impl Report {
    fn tell(&self) {
        for (number, one) in self.certificates.iter().enumerate() {
            if number > 0 {
                say("");
            }
            let file = plain(&one.file);
            say(&format!("{file}\n{}", "=".repeat(file.chars().count())));
            for line in one.known.iter().flat_map(Known::lines) {
                say(&line);
            }
            for line in one.revocation.lines() {
                say(&line);
            }
            // The explanation knows of the rules alone.
            say(&format!("{:#WIDTH$}", one.explanation));
            say(&verdict(one));
        }
        if let Some(pair) = &self.pair {
            say(&format!("\n{}  {}", if pair.agree { "ok  " } else { "FAIL" }, plain(&pair.told)));
        }
    }
}
