//! `guichet licence import`: read whole, show, and only then put in force.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use anyhow::{Context as _, bail};
use aws_lc_rs::digest::{Context, SHA256};
use jiff::{Timestamp, tz::TimeZone};
use payments::{
    licence::{Licence, ListingChange, RegisterImport},
    ports::{ImportSummary, TrustStore as _},
};
use server::{
    app::{Clock as _, SystemClock},
    licences::{Register, csv, eba},
};

use super::{Format, ImportArguments, show};
use crate::story::Story;

/// How many changes are shown one by one.
const SHOWN: usize = 20;
/// The part of all licences, one in so many, that an import may withdraw unasked.
const ONE_IN: u64 = 5;

/// Reads a register, shows what it changes, and puts it in force if told so.
pub(super) async fn run(arguments: &ImportArguments) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let (register, sha256) = read(arguments, now)?;
    let store = arguments.kept.open()?;
    let import = RegisterImport {
        register: arguments.register.clone(),
        file: std::path::absolute(&arguments.file)
            .unwrap_or_else(|_| arguments.file.clone())
            .display()
            .to_string(),
        sha256,
        published_at: published(arguments, &register, now)?,
        imported_at: now,
        listings: u64::try_from(register.listings.len()).unwrap_or(u64::MAX),
    };
    let last = store.registers().await?.into_iter().find(|last| last.register == import.register);
    let summary = store.compare_register(&import.register, register.listings.clone()).await?;
    let teller = Story::new();
    show::head(&teller, &import);
    tell_passed_over(&teller, &register);
    tell(&teller, &summary);
    let doubts = doubts(&import, last.as_ref(), &summary);
    for doubt in &doubts {
        teller.entry("DOUBT", doubt);
    }
    if !arguments.apply {
        let further = if doubts.is_empty() { "--apply" } else { "--apply --even-so" };
        teller.line(&format!(
            "\nNothing was changed. The same command with {further} puts the register in force."
        ));
        return Ok(());
    }
    if !doubts.is_empty() && !arguments.even_so {
        bail!("nothing was changed: {}; if this is meant, add --even-so", doubts.join("; "));
    }
    store.import_register(import, register.listings).await?;
    store.close();
    teller.line(
        "\nThe register is in force: a running server asks it at every call, tokens given before included.",
    );
    Ok(())
}

fn read(arguments: &ImportArguments, now: Timestamp) -> anyhow::Result<(Register, [u8; 32])> {
    let named = || arguments.file.display().to_string();
    let mut source = Hashed::open(&arguments.file).with_context(named)?;
    let register = match arguments.format() {
        Format::Eba => {
            let today = now.to_zoned(TimeZone::UTC).date();
            let mut progress = |entities| eprintln!("{entities} entities read");
            eba::read(&mut source, &arguments.register, today, &mut progress)
        }
        Format::Csv => csv::read(&mut source, &arguments.register),
    };
    let register = register.with_context(|| match other_format(arguments) {
        Some(hint) => format!("{} ({hint})", named()),
        None => named(),
    })?;
    Ok((register, source.finish().with_context(named)?))
}

/// What to write if the file looks as if it were in the format that was not asked for.
fn other_format(arguments: &ImportArguments) -> Option<&'static str> {
    let mut beginning = [0; 64];
    let read = File::open(&arguments.file).and_then(|mut file| file.read(&mut beginning)).ok()?;
    let beginning = beginning.get(..read)?;
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
    let is_json = matches!(text.first()?, b'[' | b'{');
    match (arguments.format(), is_json) {
        (Format::Csv, true) => Some("it looks like JSON: for the EBA's format add --format eba"),
        (Format::Eba, false) => Some("it is no JSON: for a table add --format csv"),
        _ => None,
    }
}

/// A file, and the SHA-256 of what was read of it.
struct Hashed {
    file: File,
    hash: Context,
}

impl Hashed {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, hash: Context::new(&SHA256) })
    }

    /// Reads what is left, and gives the hash of the whole.
    fn finish(mut self) -> io::Result<[u8; 32]> {
        io::copy(&mut self, &mut io::sink())?;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.hash.finish().as_ref());
        Ok(sha256)
    }
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

fn published(arguments: &ImportArguments, register: &Register, now: Timestamp) -> anyhow::Result<Timestamp> {
    let told = arguments.published.map(|day| day.to_zoned(TimeZone::UTC)).transpose();
    let told = told.context("--published")?.map(|zoned| zoned.timestamp());
    Ok(told.or(register.published_at).unwrap_or(now))
}

/// What should make somebody look before this is put in force.
fn doubts(import: &RegisterImport, last: Option<&RegisterImport>, summary: &ImportSummary) -> Vec<String> {
    let mut doubts = Vec::new();
    if let Some(last) = last.filter(|last| last.published_at > import.published_at) {
        doubts.push(format!(
            "the file is of {}, older than the last that was imported, of {}",
            show::day(import.published_at),
            show::day(last.published_at)
        ));
    }
    let withdrawn = count(summary, ListingChange::withdraws);
    if withdrawn.saturating_mul(ONE_IN) > summary.in_force_before {
        doubts.push(format!(
            "{withdrawn} of {} licences would be withdrawn, more than one in {ONE_IN}",
            summary.in_force_before
        ));
    }
    doubts
}

fn count(summary: &ImportSummary, what: impl Fn(&ListingChange) -> bool) -> u64 {
    u64::try_from(summary.changes.iter().filter(|change| what(change)).count()).unwrap_or(u64::MAX)
}

fn stands(change: &ListingChange) -> Option<Licence> {
    change.after.as_ref().map(|after| after.standing)
}

fn tell_passed_over(story: &Story, register: &Register) {
    for (why, passed_over) in &register.passed_over {
        let examples = passed_over.examples.join(", ");
        let more = if passed_over.count > u64::try_from(passed_over.examples.len()).unwrap_or(0) {
            ", …"
        } else {
            ""
        };
        story.entry("PASSED OVER", &format!("{} {why}: {examples}{more}", passed_over.count));
    }
}

fn tell(story: &Story, summary: &ImportSummary) {
    story.heading("What changes");
    for change in summary.changes.iter().take(SHOWN) {
        show::change(story, change);
    }
    let further = summary.changes.len().saturating_sub(SHOWN);
    if further > 0 {
        story.entry("", &format!("and {further} more"));
    }
    let new = count(summary, |change| change.before.is_none());
    let withdrawn = count(summary, ListingChange::withdraws);
    let suspended =
        count(summary, |change| change.before.is_some() && stands(change) == Some(Licence::Suspended));
    let all = u64::try_from(summary.changes.len()).unwrap_or(u64::MAX);
    let changed = all.saturating_sub(new).saturating_sub(withdrawn).saturating_sub(suspended);
    story.entry(
        "providers",
        &format!(
            "{new} new, {changed} changed, {suspended} suspended, {withdrawn} withdrawn, {} unchanged",
            summary.unchanged
        ),
    );
}
