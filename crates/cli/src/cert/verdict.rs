//! The last line: what came of everything that was looked at.

use super::{explain::Explained, known::Known};

/// What came of everything that was looked at, in one sentence.
pub(super) fn verdict(one: &Explained) -> String {
    let broken: Vec<&str> = one.explanation.broken().map(eidas::RuleId::as_str).collect();
    let mut others: Vec<String> = one.known.iter().flat_map(Known::against).collect();
    others.extend(one.revocation.against.clone());
    let told = in_words(&broken, &others, &looked_at(one));
    let suspended: Vec<String> = one.known.iter().flat_map(Known::suspended).collect();
    if suspended.is_empty() {
        return told;
    }
    format!("{told}; this bank keeps out: {}", suspended.join(", "))
}

/// What was looked at beside the rules, and found in order.
fn looked_at(one: &Explained) -> Vec<&'static str> {
    let mut looked_at = Vec::new();
    if one.known.as_ref().is_some_and(Known::is_listed) {
        looked_at.push("its licence is in force");
    }
    if one.revocation.checked {
        looked_at.push("no list here revokes it");
    }
    looked_at
}

fn in_words(broken: &[&str], others: &[String], in_order: &[&str]) -> String {
    let rules = match broken.len() {
        0 => "no rule is broken".to_owned(),
        1 => format!("one rule is broken: {}", broken.join(", ")),
        count => format!("{count} rules are broken: {}", broken.join(", ")),
    };
    match (broken.is_empty(), others.is_empty()) {
        (true, true) => [&["in order: no rule is broken"], in_order].concat().join(", "),
        (true, false) => format!("not in order, though {rules}: {}", others.join("; ")),
        (false, true) => format!("not in order, {rules}"),
        (false, false) => format!("not in order, {rules}; {}", others.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_speaks_of_all_that_was_looked_at() {
        let licence = ["licence withdrawn by EBA".to_owned()];
        type Row<'a> = (&'a [&'a str], &'a [String], &'a [&'a str], &'a str);
        let table: [Row<'_>; 5] = [
            (&[], &[], &[], "in order: no rule is broken"),
            (&[], &[], &["its licence is in force"], "in order: no rule is broken, its licence is in force"),
            (&[], &licence, &[], "not in order, though no rule is broken: licence withdrawn by EBA"),
            (&["a.b"], &[], &["x"], "not in order, one rule is broken: a.b"),
            (
                &["a.b", "c.d"],
                &licence,
                &[],
                "not in order, 2 rules are broken: a.b, c.d; licence withdrawn by EBA",
            ),
        ];
        for (broken, others, in_order, expected) in table {
            assert_eq!(in_words(broken, others, in_order), expected);
        }
    }
}
