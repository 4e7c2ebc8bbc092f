//! `guichet trust import`: verify, show, and only then put in force.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use eidas::trusted_list::{self, Authority, MAX_LIST_BYTES};
use jiff::Timestamp;
use payments::{
    ports::TrustStore as _,
    trusted_list::{Difference, ListedAuthority, TrustedList},
};
use server::app::{Clock as _, SystemClock};

use super::{ImportArguments, show, xmlsec};
use crate::{cert, story::Story};

/// Largest file of pinned certificates, in bytes.
const MAX_SIGNERS_BYTES: usize = 1024 * 1024;

/// Verifies a list, shows what it changes, and puts it in force if told so.
pub(super) async fn run(arguments: &ImportArguments) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let (list, read) = verified(&arguments.file, &arguments.signer, now)?;
    let store = arguments.kept.open()?;
    let earlier = store.trusted_list_history(&list.territory).await?.pop();
    if let Some(earlier) = earlier {
        ensure!(
            earlier.sequence_number <= list.sequence_number,
            "issue {} is older than issue {}, imported on {}",
            list.sequence_number,
            earlier.sequence_number,
            show::day(earlier.imported_at)
        );
    }
    let lists = store.trusted_lists().await?;
    let in_force = lists.iter().find(|present| present.territory == list.territory);
    let teller = Story::new();
    show::head(&teller, &list, now);
    tell(&teller, &list.difference(in_force), now);
    tell_left_out(&teller, &read);
    if !arguments.apply {
        teller.line("\nNothing was changed. The same command with --apply puts the list in force.");
        return Ok(());
    }
    store.put_trusted_list(list).await?;
    store.close();
    teller.line("\nThe list is in force. A running server takes it up when it is told to reload:");
    teller.line(show::RELOAD);
    Ok(())
}

/// The list in a file, once its form, its signer and its signature are found in order.
fn verified(
    file: &Path,
    signer: &Path,
    now: Timestamp,
) -> anyhow::Result<(TrustedList, trusted_list::TrustedList)> {
    let pinned = cert::all_of(&read_bounded(signer, MAX_SIGNERS_BYTES)?);
    let pinned = pinned.with_context(|| signer.display().to_string())?;
    let bytes = read_bounded(file, MAX_LIST_BYTES)?;
    let named = || file.display().to_string();
    let signature = trusted_list::examine(&bytes).with_context(named)?;
    let signer = signature.signer(&pinned).with_context(named)?;
    xmlsec::verify(&bytes, signer).with_context(named)?;
    let read = trusted_list::read(&bytes).with_context(named)?;
    if !(signer.not_before()..signer.not_after()).contains(&read.issued_at) {
        bail!("{}: the signer's certificate was not valid on {}", named(), show::day(read.issued_at));
    }
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, &bytes).as_ref());
    let list = TrustedList {
        territory: read.territory.clone(),
        sequence_number: read.sequence_number,
        issued_at: read.issued_at,
        next_update: read.next_update,
        file: absolute(file).display().to_string(),
        sha256,
        signer_sha256: signer.sha256(),
        imported_at: now,
        authorities: read.authorities.iter().map(listed).collect(),
        removed: None,
    };
    Ok((list, read))
}

fn listed(authority: &Authority) -> ListedAuthority {
    ListedAuthority {
        provider: authority.provider.clone(),
        service: authority.service.clone(),
        granted_since: authority.granted_since,
        der: authority.certificate.der().to_vec(),
        for_websites: authority.for_websites,
        for_seals: authority.for_seals,
    }
}

fn absolute(file: &Path) -> PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned())
}

fn read_bounded(file: &Path, most: usize) -> anyhow::Result<Vec<u8>> {
    let named = || format!("cannot read {}", file.display());
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    File::open(file).with_context(named)?.take(limit).read_to_end(&mut bytes).with_context(named)?;
    ensure!(bytes.len() <= most, "{} is larger than {most} bytes", file.display());
    Ok(bytes)
}

fn tell(story: &Story, difference: &Difference<'_>, now: Timestamp) {
    story.heading("What changes");
    for (sign, authorities) in [("+ added", &difference.added), ("- removed", &difference.removed)] {
        for authority in authorities {
            show::authority(story, sign, authority, now);
        }
    }
    let (added, removed, kept) = (difference.added.len(), difference.removed.len(), difference.kept.len());
    story.entry("authorities", &format!("{added} added, {removed} removed, {kept} kept"));
}

fn tell_left_out(story: &Story, list: &trusted_list::TrustedList) {
    for left_out in &list.left_out {
        story.entry("LEFT OUT", &format!("{}: {} ({})", left_out.provider, left_out.service, left_out.why));
    }
    let passed_over =
        format!("{} not granted, {} for signatures only", list.not_granted, list.signatures_only);
    story.entry("passed over", &passed_over);
}
