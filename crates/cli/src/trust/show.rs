//! `guichet trust list`, `history`, `remove`.

use anyhow::{Context as _, ensure};
use eidas::Certificate;
use jiff::Timestamp;
use payments::{
    encoding::hex,
    ports::TrustStore as _,
    trusted_list::{ListedAuthority, Removal, TrustedList},
};
use server::app::{Clock as _, SystemClock};

use crate::{
    kept::{self, KeptArguments},
    plain::{plain, second},
    story::Story,
};

/// How a server is told to reload.
pub(super) const RELOAD: &str = "  kill -HUP PID, or POST /reload on its operator listener";

/// Shows the lists in force and every authority they name.
pub(super) async fn list(kept: &KeptArguments) -> anyhow::Result<()> {
    let lists = kept.open()?.trusted_lists().await?;
    let (story, now) = (Story::new(), SystemClock.now());
    for list in &lists {
        head(&story, list, now);
        story.entry("imported", &second(list.imported_at));
        for one in &list.authorities {
            authority(&story, "authority", one, now);
        }
    }
    if lists.is_empty() {
        story.line(
            "No trusted list is in force: only the authorities that the configuration names are trusted.",
        );
    }
    Ok(())
}

/// Shows every issue of a territory that was imported, oldest first.
pub(super) async fn history(kept: &KeptArguments, territory: &str) -> anyhow::Result<()> {
    let store = kept.open()?;
    let issues = store.trusted_list_history(territory).await?;
    ensure!(!issues.is_empty(), "no trusted list of {territory} was ever imported");
    let in_force = store.trusted_lists().await?;
    let (teller, now) = (Story::new(), SystemClock.now());
    let mut earlier: Option<&TrustedList> = None;
    for issue in &issues {
        if let Some(removal) = &issue.removed {
            removed(&teller, issue, removal);
            earlier = None;
            continue;
        }
        head(&teller, issue, now);
        teller.entry("imported", &second(issue.imported_at));
        let difference = issue.difference(earlier);
        for (sign, authorities) in [("+ added", difference.added), ("- removed", difference.removed)] {
            for one in authorities {
                authority(&teller, sign, one, now);
            }
        }
        earlier = Some(issue);
    }
    let still = in_force.iter().any(|list| list.territory == territory);
    teller.line(if still {
        "\nThe last of them is in force."
    } else {
        "\nNone of them is in force any more."
    });
    Ok(())
}

/// Takes a territory's list out of force.
pub(super) async fn remove(kept: &KeptArguments, territory: &str) -> anyhow::Result<()> {
    let store = kept.open()?;
    let removal = Removal { at: SystemClock.now(), by: kept::operator() };
    let was_in_force = store.remove_trusted_list(territory, removal).await?;
    ensure!(was_in_force, "no trusted list of {territory} is in force");
    store.close();
    let teller = Story::new();
    teller.line(&format!("The trusted list of {territory} is no longer in force; its history is kept."));
    teller.line("A running server drops its authorities when it is told to reload:");
    teller.line(RELOAD);
    Ok(())
}

/// That a list was taken out of force.
fn removed(story: &Story, list: &TrustedList, removal: &Removal) {
    story.heading(&format!("Trusted list of {}, issue {}: removed", list.territory, list.sequence_number));
    story.entry("removed", &second(removal.at));
    story.entry("by", &removal.by.as_deref().map_or_else(|| "an unknown account".to_owned(), plain));
}

/// What a list says of itself, and where it came from.
pub(super) fn head(story: &Story, list: &TrustedList, now: Timestamp) {
    story.heading(&format!("Trusted list of {}, issue {}", list.territory, list.sequence_number));
    story.entry("issued", &second(list.issued_at));
    let next = match list.next_update {
        None => "none: the list is closed".to_owned(),
        Some(due) if list.is_overdue(now) => format!("{}  OVERDUE: fetch the current issue", second(due)),
        Some(due) => second(due),
    };
    story.entry("next update", &next);
    story.entry("file", &list.file);
    story.entry("SHA-256", &hex(&list.sha256));
    story.entry("signer's SHA-256", &hex(&list.signer_sha256));
}

/// One authority, in two lines.
pub(super) fn authority(story: &Story, label: &str, authority: &ListedAuthority, now: Timestamp) {
    story.entry(label, &format!("{}: {}", authority.provider, authority.service));
    let purposes = match (authority.for_websites, authority.for_seals) {
        (true, true) => "websites, seals",
        (true, false) => "websites",
        (false, true) => "seals",
        (false, false) => "nothing",
    };
    let since = if authority.granted_since > now { "NOT BEFORE" } else { "since" };
    let certificate = match Certificate::parse(&authority.der).context("unreadable") {
        Ok(certificate) => {
            format!("SHA-256 {}, until {}", certificate.sha256_hex(), day(certificate.not_after()))
        }
        Err(error) => format!("{error:#}"),
    };
    story.entry("", &format!("{purposes} {since} {}; {certificate}", day(authority.granted_since)));
}

/// The day of an instant, in UTC.
pub(super) fn day(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%d").to_string()
}
