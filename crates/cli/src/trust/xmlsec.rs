//! The signature of a trusted list, verified by `xmlsec1`: a tool that has done so for twenty years.
//!
//! It is told one key, that of the pinned certificate, and to take none from the document; it may follow
//! references within the document only. What the signature covers was looked at before.

use std::{
    fs::{self, File, Permissions},
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use eidas::{Certificate, trusted_list::ELEMENTS_WITH_ID};

const TOOL: &str = "xmlsec1";
/// Longest time the tool may take. The largest lists take it a second.
const TIME_LIMIT: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How much of what the tool says is repeated, in bytes.
const SAID_MAX: u64 = 2_000;
/// Since then the tool uses a key that it is given only if the document names it or it is told so.
const STRICT_SINCE: (u32, u32) = (1, 3);

/// Verifies that the only signature of `list` was made with the key of `signer`.
///
/// # Errors
///
/// If it was not, the tool is not there or does not end.
pub(super) fn verify(list: &[u8], signer: &Certificate) -> anyhow::Result<()> {
    let directory = tempfile::Builder::new()
        .prefix("guichet-trust-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .context("cannot make a directory for xmlsec1")?;
    // The tool reads what we read, not the file again, which may have changed.
    let (document, key) = (directory.path().join("list.xml"), directory.path().join("signer.der"));
    fs::write(&document, list).and_then(|()| fs::write(&key, signer.der())).context("cannot write")?;
    let mut command = tool();
    command.args(["--verify", "--enabled-reference-uris", "empty,same-doc"]);
    // The certificate in the document is not a key to use: only what is named, and nothing has a name.
    command.args(["--enabled-key-data", "key-name", "--pubkey-cert-der"]).arg(&key);
    for element in ELEMENTS_WITH_ID {
        command.args(["--id-attr:Id", element]);
    }
    if version(directory.path())? >= STRICT_SINCE {
        command.arg("--lax-key-search");
    }
    let (verified, said) = run(command.arg(&document), directory.path())?;
    if !verified {
        bail!(
            "the signature does not verify: the list was changed, or somebody else signed it{}",
            reason(&said).map(|reason| format!(" ({TOOL}: {reason})")).unwrap_or_default()
        );
    }
    Ok(())
}

fn tool() -> Command {
    let mut command = Command::new(TOOL);
    command.env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// Major and minor version of the tool.
fn version(directory: &Path) -> anyhow::Result<(u32, u32)> {
    let (_, said) = run(tool().arg("--version"), directory)?;
    parse_version(&said).with_context(|| format!("{TOOL} --version says nothing that is understood"))
}

/// From `xmlsec1 1.2.37 (openssl)`.
fn parse_version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.split_whitespace().nth(1)?.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
        _ => None,
    }
}

/// What the tool says was wrong last, from `func=…:error=12:invalid data:data and digest do not match`.
fn reason(said: &str) -> Option<&str> {
    let last = said.lines().rfind(|line| line.starts_with("func="))?;
    let (_, reason) = last.split_once(":error=")?;
    reason.split_once(':').map(|(_, reason)| reason)
}

/// Runs the tool to its end, or until its time is up. Gives whether it succeeded, and what it said.
fn run(command: &mut Command, directory: &Path) -> anyhow::Result<(bool, String)> {
    // A file takes all that is said, where a pipe that nobody reads would fill.
    let said = directory.join("said");
    let out = File::create(&said).context("cannot write")?;
    command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => anyhow::anyhow!(
            "{TOOL} is not installed: it verifies the signature of a trusted list (Debian, Ubuntu: apt-get install xmlsec1)"
        ),
        _ => anyhow::Error::from(error).context("cannot start xmlsec1"),
    })?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().context(TOOL)? {
            break status;
        }
        if started.elapsed() > TIME_LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            bail!("{TOOL} did not end within {} seconds", TIME_LIMIT.as_secs());
        }
        thread::sleep(LOOK_AGAIN);
    };
    let mut text = Vec::new();
    File::open(&said)?.take(SAID_MAX).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    Ok((status.success(), text.replace(|c: char| c.is_control() && c != '\n', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_the_tool_says_the_last_reason_is_told() {
        let first = "func=a:file=a.c:line=1:obj=x:subj=y:error=1:first:details\n";
        let last = "func=b:file=b.c:line=2:obj=sha256:subj=unknown:error=12:invalid data:no match\nFAIL\n";
        let table = [
            (format!("{first}{last}"), Some("invalid data:no match")),
            ("func=b\n".to_owned(), None),
            ("FAIL\nError: failed to verify file \"list.xml\"\n".to_owned(), None),
            (String::new(), None),
        ];
        for (said, expected) in table {
            assert_eq!(reason(&said), expected, "{said}");
        }
    }

    #[test]
    fn the_version_of_the_tool_is_understood() {
        let table = [
            ("xmlsec1 1.2.37 (openssl)\n", Some((1, 2))),
            ("xmlsec1 1.3.9 (openssl)", Some((1, 3))),
            ("xmlsec1 2.0", Some((2, 0))),
            ("xmlsec1", None),
            ("", None),
        ];
        for (said, expected) in table {
            assert_eq!(parse_version(said), expected, "{said}");
        }
    }
}
