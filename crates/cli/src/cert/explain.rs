//! `guichet cert explain`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use eidas::{Anchors, Certificate, Explanation, Judged, Kind, Question, Reading};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rustls::pki_types::CertificateDer;
use serde::Serialize;
use server::{
    app::{Clock as _, SystemClock},
    trust::{Gathered, Trust, Uses},
};
use store::SqliteStore;

use super::{
    input::{ders_of, first_of, read_file},
    known::Known,
};
use crate::{
    kept::KeptArguments,
    plain::{plain, say},
};

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
    kind: Option<ShownFor>,
    /// Authorities to trust, PEM; may be given several times
    #[arg(long, value_name = "PEM")]
    anchors: Vec<PathBuf>,
    /// Configuration file of a bank: its authorities, its trusted lists, its registers
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "anchors"])]
    config: Option<PathBuf>,
    /// Data directory of a sandbox: its authority, its registers
    #[arg(long, value_name = "DIR", conflicts_with = "anchors")]
    data: Option<PathBuf>,
    /// How closely they are read
    #[arg(long, value_enum, default_value = "strict", value_name = "READING")]
    reading: HowClosely,
    /// Judge them at this time, 2026-11-22 or 2026-11-22T10:00:00Z, instead of now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Timestamp>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What a certificate is shown for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ShownFor {
    /// Mutual TLS.
    Qwac,
    /// Signatures.
    Qseal,
}

/// How closely a certificate is read.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum HowClosely {
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
struct Explained {
    file: String,
    #[serde(flatten)]
    explanation: Explanation,
    /// What the store knows of its provider, where one was named.
    known: Option<Known>,
    #[serde(skip)]
    judged: Option<Judged>,
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

/// What certificates are judged by.
struct Yardstick {
    kind: Option<Kind>,
    reading: Reading,
    now: Timestamp,
    trust: Option<Trust>,
    store: Option<SqliteStore>,
}

impl Yardstick {
    async fn of(arguments: &ExplainArguments) -> anyhow::Result<Self> {
        let (config, data) = (arguments.config.clone(), arguments.data.clone());
        let kept = (config.is_some() || data.is_some()).then_some(KeptArguments { config, data });
        let store = kept.as_ref().map(KeptArguments::open).transpose()?;
        let trust = match (&kept, &store) {
            (Some(kept), Some(store)) => Some(kept.trust(store).await?),
            _ if arguments.anchors.is_empty() => None,
            _ => Some(trust_in(&arguments.anchors)?),
        };
        let now = match (arguments.at, &kept) {
            (Some(at), _) => at,
            (None, Some(kept)) => kept.now()?,
            (None, None) => SystemClock.now(),
        };
        let now = Timestamp::from_second(now.as_second())?;
        let kind = arguments.kind.map(|kind| match kind {
            ShownFor::Qwac => Kind::Qwac,
            ShownFor::Qseal => Kind::Qseal,
        });
        let reading = match arguments.reading {
            HowClosely::Strict => Reading::Strict,
            HowClosely::Lenient => Reading::Lenient,
        };
        Ok(Self { kind, reading, now, trust, store })
    }

    async fn explain(&self, file: &Path) -> anyhow::Result<Explained> {
        let bytes = read_file(file)?;
        let kind = self.kind.or_else(|| self.guess(&bytes));
        let anchors = self.trust.as_ref().map(|trust| trust.anchors(kind.unwrap_or(Kind::Qwac)));
        let explanation = self.ask(&bytes, anchors);
        let known = match (&self.store, &explanation.summary) {
            (Some(store), Some(summary)) => match &summary.organization_identifier {
                Some(organization) => Some(Known::of(store, organization, &summary.sha256).await?),
                None => None,
            },
            _ => None,
        };
        let judged = kind.and_then(|kind| self.judged(&bytes, kind));
        Ok(Explained { file: file.display().to_string(), explanation, known, judged })
    }

    fn ask(&self, bytes: &[u8], anchors: Option<&Anchors>) -> Explanation {
        let Self { kind, reading, now, .. } = *self;
        eidas::explain(bytes, &Question { kind, anchors, intermediates: &[], reading, now })
    }

    /// What it says of itself.
    fn guess(&self, bytes: &[u8]) -> Option<Kind> {
        let name = self.ask(bytes, None).kind?;
        [Kind::Qwac, Kind::Qseal].into_iter().find(|kind| kind.name() == name)
    }

    /// Whom it speaks for, were it valid now: who it is of does not change when it expires.
    fn judged(&self, bytes: &[u8], kind: Kind) -> Option<Judged> {
        let certificate: Certificate = first_of(bytes).ok()?;
        eidas::judge(&certificate, kind, self.reading, certificate.not_before()).ok()
    }
}

/// Trust in the authorities of these files, whatever a certificate is shown for.
fn trust_in(files: &[PathBuf]) -> anyhow::Result<Trust> {
    let mut gathered = Gathered::default();
    for file in files {
        for der in ders_of(&read_file(file)?) {
            let der: CertificateDer<'_> = der;
            let added =
                gathered.add(&der, Uses { websites: true, seals: true }, file.display().to_string(), None);
            added.with_context(|| format!("in {}", file.display()))?;
        }
    }
    Ok(gathered.trust()?)
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
        self.explanation.is_in_order() && self.known.as_ref().is_none_or(Known::is_licensed)
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
            say(format!("{:WIDTH$}", one.explanation).trim_end());
        }
        if let Some(pair) = &self.pair {
            say(&format!("\n{}  {}", if pair.agree { "ok  " } else { "FAIL" }, plain(&pair.told)));
        }
    }
}
