//! The one binary: the bank's counter for payment initiators, its sandbox, and a PISP to try it with.
//!
//! Here, and only here, ports meet their implementations.

mod arguments;
mod audit;
mod cert;
mod data_dir;
mod demo;
mod http_client;
mod kept;
mod licence;
mod logs;
mod pay;
mod pisp;
mod plain;
mod port_choice;
mod psu;
mod random;
mod sandbox;
mod secrets;
mod serve;
mod shop;
mod stop;
mod story;
mod token;
mod tpp;
mod trust;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The command was not understood (`EX_USAGE` of sysexits; 2 is taken for a payment that was rejected).
const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    logs::start(cli.log_format, default_level(&cli.command));
    // Libraries that speak TLS take the process's provider; it is the same as the server's.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    run(cli.command).unwrap_or_else(|error| {
        eprintln!("guichet: {error:#}");
        ExitCode::FAILURE
    })
}

/// Commands that tell a story on the terminal keep the log out of it.
fn default_level(command: &Command) -> &'static str {
    match command {
        Command::Sandbox(_) | Command::Serve(_) => "info",
        _ => "warn",
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Demo(arguments) => demo::run(arguments).await,
            Command::Sandbox(arguments) => sandbox::run(arguments).await,
            Command::Serve(arguments) => serve::run(arguments).await,
            Command::Pay(arguments) => pay::run(*arguments).await,
            Command::Audit(arguments) => audit::run(arguments).await,
            Command::Tpp(arguments) => tpp::run(arguments).await,
            Command::Token(arguments) => token::run(arguments).await,
            Command::Cert(arguments) => cert::run(arguments).await,
            Command::Trust(arguments) => trust::run(arguments).await,
            Command::Licence(arguments) => licence::run(arguments).await,
        }
    })
}
