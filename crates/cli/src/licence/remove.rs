//! `guichet licence remove`.

use std::{
    io::{IsTerminal as _, Write as _, stdin, stdout},
    process::ExitCode,
};

use anyhow::{Context as _, bail, ensure};
use payments::{licence::RegisterImport, ports::TrustStore as _};

use super::RemoveArguments;
use crate::plain::{counted, say};

/// Lets a register count no longer.
pub(super) async fn run(arguments: &RemoveArguments) -> anyhow::Result<ExitCode> {
    let (store, now) = (arguments.kept.open()?, arguments.kept.now()?);
    let registers = store.registers().await?;
    let register = find(&registers, &arguments.register)?;
    if !arguments.yes && !is_meant(register)? {
        say("nothing was removed");
        return Ok(ExitCode::FAILURE);
    }
    let name = &register.register;
    ensure!(store.remove_register(name, now).await?, "somebody else has just removed the register {name}");
    store.close();
    say(&format!(
        "removed the register {name} with {}; what it said stays in the history",
        providers(register)
    ));
    say("  a running server asks it no more, from the next call on");
    say("  where licences are required, TPPs that no other register lists may not work now");
    Ok(ExitCode::SUCCESS)
}

/// The register of this name; its case counts only where two differ in nothing else.
fn find<'a>(registers: &'a [RegisterImport], name: &str) -> anyhow::Result<&'a RegisterImport> {
    let exactly = registers.iter().find(|found| found.register == name);
    let found = exactly.or_else(|| registers.iter().find(|found| found.register.eq_ignore_ascii_case(name)));
    found.with_context(|| {
        let names: Vec<&str> = registers.iter().map(|found| found.register.as_str()).collect();
        match names.as_slice() {
            [] => "no register was imported".to_owned(),
            names => format!("no register of this name was imported, only {}", names.join(", ")),
        }
    })
}

/// Asks at a terminal; whoever cannot be asked has to say it.
fn is_meant(register: &RegisterImport) -> anyhow::Result<bool> {
    if !stdin().is_terminal() {
        bail!("nothing was removed: say --yes where nobody can be asked");
    }
    print!("Remove the register {} with {}? [y/N] ", register.register, providers(register));
    stdout().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn providers(register: &RegisterImport) -> String {
    counted(register.listings, "provider")
}
