//! `guichet sandbox`: the production server with a pretend bank behind it.

mod institutions;
mod places;
mod player;
mod reload;
mod start;
mod summary;
mod tpps;

use std::process::ExitCode;

pub(crate) use places::{BankPlace, Places};
pub(crate) use player::first_persona;
pub(crate) use reload::trust_of;
pub(crate) use start::Sandbox;
pub(crate) use summary::what_to_click;

use crate::{arguments::SandboxArguments, stop, story::Story};

/// Starts a sandbox bank and runs it until asked to stop.
///
/// # Errors
///
/// If the data directory is in use or a part cannot be started.
pub(crate) async fn run(arguments: SandboxArguments) -> anyhow::Result<ExitCode> {
    let story = Story::new();
    story.heading("Guichet sandbox");
    let sandbox = Sandbox::start(&arguments, &story, None).await?;
    what_to_click(&sandbox).tell(&story);
    sandbox.serve(stop::asked()).await?;
    Ok(ExitCode::SUCCESS)
}
