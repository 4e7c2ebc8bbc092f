//! `guichet tpp list`.

use std::process::ExitCode;

use jiff::Timestamp;
use payments::{ports::TppStore as _, tpp::Tpp};
use serde::Serialize;

use super::{
    ListArguments, certificates, print_json,
    standing::{self, Standing},
};
use crate::plain::{plain, say};

/// How wide a table is at most, where its columns allow it.
const WIDTH: usize = 80;
/// How far a name may be cut.
const SHORTEST_NAME: usize = 12;

/// One line of the list.
#[derive(Debug, Serialize)]
struct Line {
    client_id: String,
    organization_identifier: String,
    name: String,
    standing: Standing,
    /// How long its longest certificate lasts, in words.
    certificate: String,
}

/// Lists who is registered.
///
/// # Errors
///
/// If the store cannot be read.
pub(super) async fn run(arguments: &ListArguments) -> anyhow::Result<ExitCode> {
    let (store, now) = (arguments.kept.open()?, arguments.kept.now()?);
    let mut lines = Vec::new();
    for tpp in store.tpps().await? {
        let found = standing::find(&store, &tpp).await?;
        lines.push(Line::of(tpp, found.standing, now));
    }
    store.close();
    match (arguments.json, lines.is_empty()) {
        (true, _) => print_json(&lines)?,
        (false, true) => say("no TPP is registered; guichet tpp add registers one"),
        (false, false) => say(table(&lines).trim_end()),
    }
    Ok(ExitCode::SUCCESS)
}

impl Line {
    fn of(tpp: Tpp, standing: Standing, now: Timestamp) -> Self {
        Self {
            client_id: tpp.id.as_str().to_owned(),
            organization_identifier: tpp.organization_identifier,
            name: tpp.name,
            standing,
            certificate: certificates::in_brief(&tpp.seal_certificates, now),
        }
    }
}

/// Columns as wide as what is in them; names are cut where the line would be too long.
fn table(lines: &[Line]) -> String {
    let head = ["CLIENT ID", "NAME", "STANDING", "CERTIFICATE"].map(str::to_owned);
    let mut rows = vec![head];
    rows.extend(lines.iter().map(|line| {
        let standing = line.standing.word().to_owned();
        [line.client_id.clone(), plain(&line.name), standing, line.certificate.clone()]
    }));
    let widest = |column: usize| {
        let widths = rows.iter().filter_map(|row| row.get(column)).map(|text| text.chars().count());
        widths.max().unwrap_or_default()
    };
    let (id, standing, certificate) = (widest(0), widest(2), widest(3));
    let room = WIDTH.saturating_sub(id + standing + certificate + 6).max(SHORTEST_NAME);
    let name = widest(1).min(room);
    rows.iter().fold(String::new(), |table, [client, called, word, last]| {
        let called = cut(called, name);
        let line = format!("{client:<id$}  {called:<name$}  {word:<standing$}  {last}");
        table + line.trim_end() + "\n"
    })
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(client_id: &str, name: &str, standing: Standing, certificate: &str) -> Line {
        Line {
            client_id: client_id.to_owned(),
            organization_identifier: client_id.to_owned(),
            name: name.to_owned(),
            standing,
            certificate: certificate.to_owned(),
        }
    }

    #[test]
    fn the_list_stands_in_columns_of_eighty_characters() {
        let lines = [
            line("PSDFR-ACPR-12345", "Essai Paiement", Standing::Active, "364 days"),
            line(
                "PSDDE-BAFIN-99999",
                "Société \u{202e}très très longue et plus",
                Standing::Suspended,
                "expired",
            ),
        ];
        let expected = "\
CLIENT ID          NAME                                   STANDING   CERTIFICATE
PSDFR-ACPR-12345   Essai Paiement                         active     364 days
PSDDE-BAFIN-99999  Société \\u{202e}très très longue et …  suspended  expired
";
        assert_eq!(table(&lines), expected);
        assert!(table(&lines).lines().all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn a_long_client_id_is_never_cut() {
        let id = "x".repeat(70);
        let shown = table(&[line(&id, "A name that is long enough", Standing::NoPisp, "none")]);
        assert!(shown.contains(&format!("{id}  A name that…  no pisp   none")), "{shown}");
    }
}
