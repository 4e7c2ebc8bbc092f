//! `guichet tpp suspend` and `resume`: keeping a provider out, with a reason that is written down (PSD2,
//! Art. 68(5)).
//!
//! What an authority is told about is a provider, not one of its applications: both act on all that is
//! registered under its organizationIdentifier, unless `--only` is given.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::Timestamp;
use payments::{
    ports::{StoreError, TppStore as _, TppWrite},
    tpp::{Kind, Registrar, Suspension, Tpp, TppChange},
    values::TppId,
};
use store::SqliteStore;

use super::{client_id, registered};
use crate::{
    kept::{self, KeptArguments},
    plain::{minute, plain, say},
};

/// How often it is tried when the TPP changes its registration, or registers more, at the same moment.
const ATTEMPTS: usize = 8;

/// Whose registrations are meant.
#[derive(Debug, Args)]
struct Whose {
    /// Its client id, or its organizationIdentifier
    #[arg(value_name = "ID", value_parser = client_id)]
    id: TppId,
    /// The registration with this client id alone; without it, all of the same organizationIdentifier
    #[arg(long)]
    only: bool,
}

/// `guichet tpp suspend`.
#[derive(Debug, Args)]
pub(super) struct SuspendArguments {
    #[command(flatten)]
    whose: Whose,
    /// Why, for the history and the authority (PSD2, Art. 68(6)); the TPP is not told
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
    #[command(flatten)]
    kept: KeptArguments,
}

/// `guichet tpp resume`.
#[derive(Debug, Args)]
pub(super) struct ResumeArguments {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    kept: KeptArguments,
}

fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("must not be empty".to_owned()),
        1..=500 => Ok(text.to_owned()),
        _ => Err("must have at most 500 characters".to_owned()),
    }
}

/// Keeps a provider out.
///
/// # Errors
///
/// If it is not registered, or all of it kept out already.
pub(super) async fn suspend(arguments: &SuspendArguments) -> anyhow::Result<ExitCode> {
    let (store, now) = (arguments.kept.open()?, arguments.kept.now()?);
    let whose = &arguments.whose;
    let provider = whose.provider(&store).await?;
    let already: Vec<Tpp> =
        whose.meant(&store, &provider).await?.into_iter().filter(|tpp| tpp.suspension.is_some()).collect();
    let suspension = Suspension { since: now, reason: arguments.reason.clone() };
    let decide = |tpp: Tpp| {
        if tpp.suspension.is_some() {
            return None;
        }
        let suspended = Tpp { suspension: Some(suspension.clone()), ..tpp };
        Some((suspended, TppChange::Suspended(suspension.reason.clone())))
    };
    let changed = change_all(&store, whose, &provider, now, decide).await?;
    for tpp in &changed {
        say(&format!("suspended {} ({}): refused from its next request on", tpp.id, plain(&tpp.name)));
    }
    let others = whose.others(&store, &provider).await?;
    store.close();
    if changed.is_empty() {
        bail!("{}; to write down another reason, resume it first", told_already(&already));
    }
    if !already.is_empty() {
        say(&format!("  {}", told_already(&already)));
    }
    say(&format!("  its tokens serve nothing until it is resumed: guichet tpp resume {}", whose.again()));
    let (agents, others): (Vec<Tpp>, Vec<Tpp>) = others
        .into_iter()
        .filter(|tpp| tpp.suspension.is_none())
        .partition(|tpp| matches!(&tpp.kind, Kind::Agent { of } if *of == whose.id));
    tell(&agents, "kept out with it, its agents");
    tell(&others, "GO ON WORKING, registrations of the same provider");
    Ok(ExitCode::SUCCESS)
}

/// Lets a provider in again.
///
/// # Errors
///
/// If it is not registered, or none of it kept out.
pub(super) async fn resume(arguments: &ResumeArguments) -> anyhow::Result<ExitCode> {
    let (store, now) = (arguments.kept.open()?, arguments.kept.now()?);
    let whose = &arguments.whose;
    let provider = whose.provider(&store).await?;
    let before = whose.meant(&store, &provider).await?;
    let decide = |tpp: Tpp| {
        let is_suspended = tpp.suspension.is_some();
        is_suspended.then_some((Tpp { suspension: None, ..tpp }, TppChange::Resumed))
    };
    let changed = change_all(&store, whose, &provider, now, decide).await?;
    let others = whose.others(&store, &provider).await?;
    store.close();
    if changed.is_empty() {
        let id = &whose.id;
        bail!("{id} is not suspended; guichet tpp list tells the standing of all that is registered");
    }
    for tpp in &changed {
        say(&format!("resumed {} ({}): served from its next request on", tpp.id, plain(&tpp.name)));
        let earlier = before.iter().find(|one| one.id == tpp.id).and_then(|one| one.suspension.as_ref());
        if let Some(Suspension { since, reason }) = earlier {
            say(&format!("  it was suspended since {}: {}", minute(*since), plain(reason)));
        }
    }
    let out: Vec<Tpp> = others.into_iter().filter(|tpp| tpp.suspension.is_some()).collect();
    tell(&out, "still suspended, registrations of the same provider");
    Ok(ExitCode::SUCCESS)
}

impl Whose {
    /// The organizationIdentifier that is meant.
    async fn provider(&self, store: &SqliteStore) -> anyhow::Result<String> {
        let its_own = store.find_tpp(&self.id).await?.map(|tpp| tpp.organization_identifier);
        let id = self.id.as_str();
        let is_provider = !self.only && !store.tpps_of(id).await?.is_empty();
        match its_own {
            Some(other) if is_provider && other != id => bail!(
                "{id} is a client id of {} and the organizationIdentifier of somebody else: say --only for the \
                 client, or give another client id of who is meant",
                plain(&other)
            ),
            Some(provider) => Ok(provider),
            None if is_provider => Ok(id.to_owned()),
            None => registered(store, &self.id).await.map(|tpp| tpp.organization_identifier),
        }
    }

    /// The registrations that are meant, as they stand.
    async fn meant(&self, store: &SqliteStore, provider: &str) -> anyhow::Result<Vec<Tpp>> {
        if self.only {
            return Ok(vec![registered(store, &self.id).await?]);
        }
        Ok(store.tpps_of(provider).await?)
    }

    /// The provider's registrations that are not meant.
    async fn others(&self, store: &SqliteStore, provider: &str) -> anyhow::Result<Vec<Tpp>> {
        if !self.only {
            return Ok(Vec::new());
        }
        let all = store.tpps_of(provider).await?.into_iter();
        Ok(all.filter(|tpp| tpp.id != self.id).collect())
    }

    /// How to name the same again.
    fn again(&self) -> String {
        if self.only { format!("{} --only", self.id) } else { self.id.to_string() }
    }
}

fn told_already(suspended: &[Tpp]) -> String {
    let told = suspended.iter().filter_map(|tpp| {
        let Suspension { since, reason } = tpp.suspension.as_ref()?;
        Some(format!("{} is suspended already, since {}: {}", tpp.id, minute(*since), plain(reason)))
    });
    told.collect::<Vec<_>>().join("\n  ")
}

/// What becomes of registrations, if there are any.
fn tell(tpps: &[Tpp], fate: &str) {
    if !tpps.is_empty() {
        let ids: Vec<&str> = tpps.iter().map(|tpp| tpp.id.as_str()).collect();
        say(&format!("  {fate}: {}", ids.join(", ")));
    }
}

/// Changes all that are meant, until none is left that is to be changed: one that is registered meanwhile
/// is no way around it.
async fn change_all(
    store: &SqliteStore,
    whose: &Whose,
    provider: &str,
    now: Timestamp,
    decide: impl Fn(Tpp) -> Option<(Tpp, TppChange)>,
) -> anyhow::Result<Vec<Tpp>> {
    let mut changed = Vec::new();
    for _ in 0..ATTEMPTS {
        let meant = whose.meant(store, provider).await?.into_iter();
        let due: Vec<Tpp> = meant.filter(|tpp| decide(tpp.clone()).is_some()).collect();
        if due.is_empty() {
            return Ok(changed);
        }
        for before in due {
            changed.extend(change(store, before, now, &decide).await?);
        }
    }
    bail!("{provider} goes on registering: look at guichet tpp list and try again")
}

/// Changes a registration as it stands, and again if it changed meanwhile: an operator in a hurry is not
/// to be beaten by the TPP. Nothing if it need not be changed any more, or is gone.
async fn change(
    store: &SqliteStore,
    mut before: Tpp,
    now: Timestamp,
    decide: impl Fn(Tpp) -> Option<(Tpp, TppChange)>,
) -> anyhow::Result<Option<Tpp>> {
    let id = before.id.clone();
    for _ in 0..ATTEMPTS {
        let Some((after, what)) = decide(before.clone()) else {
            return Ok(None);
        };
        let mut write = TppWrite::put(Some(before), after.clone(), Registrar::Operator, now);
        write.event.what = what;
        match store.change_tpp(write.by(kept::operator())).await {
            Ok(_) => return Ok(Some(after)),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error).context("the store"),
        }
        match store.find_tpp(&id).await? {
            Some(stands) => before = stands,
            None => return Ok(None),
        }
    }
    bail!("the registration of {id} changes all the time: try again")
}
