//! `guichet tpp suspend` and `resume`: keeping a TPP out, with a reason that is written down (PSD2, Art. 68(5)).

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::Timestamp;
use payments::{
    ports::{StoreError, TppStore as _, TppWrite},
    tpp::{Registrar, Suspension, Tpp, TppChange},
    values::TppId,
};
use store::SqliteStore;

use super::{agents_of, client_id, registered, tell_agents};
use crate::{
    kept::KeptArguments,
    plain::{minute, plain, say},
};

/// How often it is tried when the TPP changes its registration at the same moment.
const ATTEMPTS: usize = 8;

/// `guichet tpp suspend`.
#[derive(Debug, Args)]
pub(super) struct SuspendArguments {
    /// Its client id
    #[arg(value_name = "CLIENT_ID", value_parser = client_id)]
    id: TppId,
    /// Why, for the history and the authority (PSD2, Art. 68(6)); the TPP is not told
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
    #[command(flatten)]
    kept: KeptArguments,
}

/// `guichet tpp resume`.
#[derive(Debug, Args)]
pub(super) struct ResumeArguments {
    /// Its client id
    #[arg(value_name = "CLIENT_ID", value_parser = client_id)]
    id: TppId,
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

/// Keeps a TPP out.
///
/// # Errors
///
/// If it is not registered, or kept out already.
pub(super) async fn suspend(arguments: &SuspendArguments) -> anyhow::Result<ExitCode> {
    let (store, now) = (arguments.kept.open()?, arguments.kept.now()?);
    let suspension = Suspension { since: now, reason: arguments.reason.clone() };
    let tpp = change(&store, &arguments.id, now, |tpp| {
        if let Some(earlier) = &tpp.suspension {
            bail!(
                "{} is suspended already, since {}: {}; to write down another reason, resume it first",
                tpp.id,
                minute(earlier.since),
                plain(&earlier.reason)
            );
        }
        let suspended = Tpp { suspension: Some(suspension.clone()), ..tpp };
        Ok((suspended, TppChange::Suspended(suspension.reason.clone())))
    })
    .await?;
    say(&format!("suspended {} ({}): refused from its next request on", tpp.id, plain(&tpp.name)));
    say(&format!("  its tokens serve nothing until it is resumed: guichet tpp resume {}", tpp.id));
    tell_agents(&agents_of(&store, &tpp.id).await?, "kept out with it, its agents");
    store.close();
    Ok(ExitCode::SUCCESS)
}

/// Lets a TPP in again.
///
/// # Errors
///
/// If it is not registered, or not kept out.
pub(super) async fn resume(arguments: &ResumeArguments) -> anyhow::Result<ExitCode> {
    let (store, now) = (arguments.kept.open()?, arguments.kept.now()?);
    let tpp = change(&store, &arguments.id, now, |tpp| {
        if tpp.suspension.is_none() {
            bail!("{} is not suspended; guichet tpp show {} tells its standing", tpp.id, tpp.id);
        }
        Ok((Tpp { suspension: None, ..tpp }, TppChange::Resumed))
    })
    .await?;
    store.close();
    say(&format!("resumed {} ({}): served from its next request on", tpp.id, plain(&tpp.name)));
    Ok(ExitCode::SUCCESS)
}

/// Changes a registration as it stands, and again if it changed meanwhile: an operator in a hurry is not
/// to be beaten by the TPP.
async fn change(
    store: &SqliteStore,
    id: &TppId,
    now: Timestamp,
    decide: impl Fn(Tpp) -> anyhow::Result<(Tpp, TppChange)>,
) -> anyhow::Result<Tpp> {
    for _ in 0..ATTEMPTS {
        let before = registered(store, id).await?;
        let (after, what) = decide(before.clone())?;
        let mut write = TppWrite::put(Some(before), after.clone(), Registrar::Operator, now);
        write.event.what = what;
        match store.change_tpp(write).await {
            Ok(_) => return Ok(after),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error).context("the store"),
        }
    }
    bail!("the registration of {id} changes all the time: try again")
}
