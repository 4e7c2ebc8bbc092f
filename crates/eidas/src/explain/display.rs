//! An explanation as a text for a terminal.

use std::fmt;

use super::{Explanation, Finding, Outcome, Summary};

/// Columns of a line, at most, unless the format asks for a width (`{explanation:80}`).
const WIDTH: usize = 100;
/// Where the details of a rule start.
const INDENT: usize = 6;
/// Where what a detail says starts.
const DETAIL: usize = 14;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(summary) = &self.summary {
            summary.fmt(f)?;
        }
        let kind = match (self.kind, self.kind_guessed) {
            (Some(kind), false) => format!("judged as {kind}"),
            (Some(kind), true) => format!("judged as {kind}, by what it says of itself"),
            (None, _) => "not judged".to_owned(),
        };
        let judged = format!("{kind}, in the {} reading, at {}", self.reading, self.now);
        let (first, rest) = judged.split_once(' ').unwrap_or((&judged, ""));
        write_wrapped(f, first, rest, DETAIL)?;
        for finding in &self.findings {
            writeln!(f)?;
            finding.fmt(f)?;
        }
        if f.alternate() {
            return Ok(());
        }
        writeln!(f)?;
        let broken: Vec<_> = self.broken().map(super::RuleId::as_str).collect();
        if broken.is_empty() {
            return writeln!(f, "in order: no rule is broken");
        }
        let count = match broken.len() {
            1 => "one rule is broken".to_owned(),
            count => format!("{count} rules are broken"),
        };
        write_wrapped(f, &format!("not in order, {count}:"), &broken.join(", "), 0)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        write_wrapped(f, "identifier   ", or_none(&self.organization_identifier).trim_end(), DETAIL)?;
        write_wrapped(f, "organisation ", or_none(&self.organization_name).trim_end(), DETAIL)?;
        write_wrapped(f, "common name  ", or_none(&self.common_name).trim_end(), DETAIL)?;
        write_wrapped(f, "issuer       ", &self.issuer, DETAIL)?;
        writeln!(f, "serial        {}", self.serial)?;
        writeln!(f, "valid         {} until {}", self.not_before, self.not_after)?;
        writeln!(f, "key           {}", self.key)?;
        writeln!(f, "SHA-256       {}", self.sha256)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.outcome {
            Outcome::Passed => "ok",
            Outcome::Noted => "note",
            Outcome::Failed => "FAIL",
            Outcome::NotChecked => "--",
        };
        writeln!(f, "{mark:<INDENT$}{}", self.rule)?;
        if self.outcome == Outcome::NotChecked {
            return detail(f, "why", self.problem.as_deref().unwrap_or_default());
        }
        detail(f, "asks", self.requires)?;
        if let Some(problem) = &self.problem {
            detail(f, "broken", problem)?;
        }
        detail(f, "clause", self.clause)?;
        detail(f, "field", self.field)?;
        if let Some(found) = &self.found {
            detail(f, "found", found)?;
        }
        if let Some(bytes) = &self.bytes {
            detail(f, "bytes", bytes)?;
        }
        for departure in &self.departures {
            detail(f, "departs", departure)?;
        }
        match self.advice {
            Some(advice) => detail(f, "advice", advice),
            None => Ok(()),
        }
    }
}

fn detail(f: &mut fmt::Formatter<'_>, name: &str, text: &str) -> fmt::Result {
    const NAME: usize = DETAIL - INDENT - 1;
    write_wrapped(f, &format!("{:INDENT$}{name:<NAME$}", ""), text, DETAIL)
}

/// Writes a text after what is on its first line, in lines of the width that is asked for.
fn write_wrapped(f: &mut fmt::Formatter<'_>, first: &str, text: &str, indent: usize) -> fmt::Result {
    let columns = f.width().unwrap_or(WIDTH);
    let mut line = first.to_owned();
    let mut width = line.chars().count();
    for word in text.split(' ').flat_map(|word| pieces(word, columns)) {
        let length = word.chars().count();
        if width + 1 + length > columns && width > indent {
            writeln!(f, "{line}")?;
            line = " ".repeat(indent.saturating_sub(1));
            width = line.len();
        }
        line.push(' ');
        line.push_str(&word);
        width += 1 + length;
    }
    writeln!(f, "{line}")
}

/// A word, in pieces that fit a line: hexadecimal has no spaces.
fn pieces(word: &str, columns: usize) -> Vec<String> {
    let room = columns.saturating_sub(DETAIL).max(1);
    let chars: Vec<char> = word.chars().collect();
    chars.chunks(room).map(|piece| piece.iter().collect()).collect()
}
