//! What happened to a registration, in words.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use payments::{
    encoding::hex,
    tpp::{Registrar, Tpp, TppChange, TppEvent},
};
use serde::Serialize;

use super::show::{word, words};
use crate::plain::plain;

/// What happened and who did it; then what changed, a line each. `earlier` is what was registered before.
///
/// # Errors
///
/// None that could happen: the words for values are those of the configuration file.
pub(super) fn told(event: &TppEvent, earlier: Option<&Tpp>) -> anyhow::Result<Vec<String>> {
    let actor = match event.actor {
        Registrar::Tpp => "the TPP",
        Registrar::Operator => "an operator",
        Registrar::Configuration => "the configuration",
    };
    let by = event.by.as_deref().map(|by| format!(" ({})", plain(by))).unwrap_or_default();
    let mut lines = vec![match &event.what {
        TppChange::Registered => format!("registered by {actor}{by}"),
        TppChange::Changed => format!("changed by {actor}{by}"),
        TppChange::Suspended(reason) => format!("suspended by {actor}{by}: {}", plain(reason)),
        TppChange::Resumed => format!("resumed by {actor}{by}"),
        TppChange::Removed => format!("removed by {actor}{by}"),
    }];
    match (&event.what, &event.registration, earlier) {
        (TppChange::Registered, Some(after), _) => lines.extend(differences(None, after)?),
        (TppChange::Changed, Some(after), Some(before)) => lines.extend(differences(Some(before), after)?),
        (TppChange::Changed, Some(_), None) => lines.push("  what was there before was not kept".to_owned()),
        (TppChange::Registered | TppChange::Changed, None, _) => {
            lines.push("  what was registered was not kept".to_owned());
        }
        _ => {}
    }
    Ok(lines)
}

fn differences(before: Option<&Tpp>, after: &Tpp) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    let earlier = before.map(values).transpose()?;
    for (place, (label, value)) in values(after)?.into_iter().enumerate() {
        let was = earlier.as_ref().and_then(|values| values.get(place)).map(|(_, value)| value);
        match was {
            None => lines.push(format!("  {label}: {value}")),
            Some(was) if *was != value => lines.push(format!("  {label}: {value}, was {was}")),
            Some(_) => {}
        }
    }
    type SetOf = fn(&Tpp) -> BTreeSet<String>;
    let sets: [(&str, SetOf); 2] = [("redirect URI", uris), ("certificate", certificates)];
    for (label, of) in sets {
        let (was, is) = (before.map(of).unwrap_or_default(), of(after));
        lines.extend(is.difference(&was).map(|one| format!("  {label} added: {one}")));
        lines.extend(was.difference(&is).map(|one| format!("  {label} removed: {one}")));
    }
    if before.is_some_and(|before| before.details != after.details) {
        lines.push("  contact, pages or scopes changed (--json has them)".to_owned());
    }
    if before.is_some_and(|before| before.seal_certificates != after.seal_certificates) && lines.is_empty() {
        lines.push("  names or authorities of its certificates changed (--json has them)".to_owned());
    }
    if lines.is_empty() {
        lines.push("  nothing that is told here: --json has the whole".to_owned());
    }
    Ok(lines)
}

/// What has one value, by its label.
fn values(tpp: &Tpp) -> anyhow::Result<[(&'static str, String); 6]> {
    Ok([
        ("name", plain(&tpp.name)),
        ("organizationIdentifier", plain(&tpp.organization_identifier)),
        ("licence", tpp.licence.as_str().to_owned()),
        ("payment initiation", if tpp.scope_pisp { "yes" } else { "no" }.to_owned()),
        ("grants", words(&tpp.grant_types)?),
        ("signature policy", policy(tpp.signature_policy.as_ref())?),
    ])
}

fn policy(policy: Option<&impl Serialize>) -> anyhow::Result<String> {
    policy.map_or_else(|| Ok("the institution's".to_owned()), word)
}

fn uris(tpp: &Tpp) -> BTreeSet<String> {
    tpp.redirect_uris.iter().map(|uri| plain(uri.as_str())).collect()
}

/// By their fingerprints.
fn certificates(tpp: &Tpp) -> BTreeSet<String> {
    tpp.seal_certificates.iter().map(|seal| hex(digest(&SHA256, &seal.der).as_ref())).collect()
}
