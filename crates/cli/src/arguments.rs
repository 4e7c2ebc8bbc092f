//! The command line.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use payments::{
    Version,
    institution::Redirect,
    values::{Amount, Iban},
};
use url::Url;

use crate::{
    cert::CertArguments, licence::LicenceArguments, logs::LogFormat, pisp::Purpose, port_choice::PortChoice,
    token::TokenArguments, tpp::TppArguments, trust::TrustArguments,
};

/// What `guichet --help` says after the list of commands.
const FIRST_STEPS: &str = "\
First steps:
  guichet demo                              see a whole payment, then click through one yourself
  guichet pay --sandbox guichet-data --amount 12.34
                                            be the PISP, from another terminal
  guichet serve --config guichet.toml --check
                                            what a bank runs: check its configuration

Logs go to standard error. GUICHET_LOG chooses what is logged: debug, or server=debug,warn.";

/// The bank's counter for payment initiators (STET PSD2 API, PISP role).
///
/// Runs the token endpoint, the payment API and the pages where a bank's customers approve; or all of that
/// with a pretend bank behind it, for whoever develops a PISP.
#[derive(Debug, Parser)]
#[command(name = "guichet", version, after_help = FIRST_STEPS)]
pub(crate) struct Cli {
    /// How the log is written.
    #[arg(long, global = true, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a sandbox bank and a shop, play one whole payment, then stay up and show where to click
    Demo(DemoArguments),
    /// Start a sandbox bank: test certificates, pretend customers, a test clock
    Sandbox(SandboxArguments),
    /// Start the server of a real bank, as its configuration file says
    Serve(ServeArguments),
    /// Be a PISP: start one payment at any STET bank, print the customer's link, wait for the outcome
    Pay(Box<PayArguments>),
    /// Verify offline what is stored: every journal, every seal, the sandbox bank's books
    Audit(AuditArguments),
    /// Register, look at, suspend, resume and remove TPPs, beside a running server
    Tpp(TppArguments),
    /// Tell what an access token is good for, and take some back
    Token(TokenArguments),
    /// Tell what is wrong with a certificate, rule by rule
    Cert(CertArguments),
    /// Import trusted lists of Member States, whose authorities are then trusted
    Trust(TrustArguments),
    /// Import registers of licences, and see what they say of a provider
    Licence(LicenceArguments),
}

/// `guichet demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    #[command(flatten)]
    pub(crate) sandbox: SandboxArguments,
    /// End after the played payment, with status 0 if it was settled
    #[arg(long)]
    pub(crate) exit: bool,
    /// Port of the shop: a number, 0 for any, or auto for 8081 or the next one that is free
    #[arg(long, default_value = "auto", value_name = "PORT")]
    pub(crate) shop_port: PortChoice,
}

/// What `guichet demo` and `guichet sandbox` have in common.
#[derive(Debug, Clone, Args)]
pub(crate) struct SandboxArguments {
    /// Directory of everything that is kept: certificates, payments, the pretend bank
    #[arg(long, default_value = "guichet-data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) listen: IpAddr,
    /// Port of the TPP listener, mutual TLS: a number, 0 for any, or auto for 8443 or the next one that is free
    #[arg(long, default_value = "auto", value_name = "PORT")]
    pub(crate) tpp_port: PortChoice,
    /// Port of the customer's pages; auto starts at 8080
    #[arg(long, default_value = "auto", value_name = "PORT")]
    pub(crate) psu_port: PortChoice,
    /// Port of the operator listener (health, metrics, test clock, pretend phones); auto starts at 9090
    #[arg(long, default_value = "auto", value_name = "PORT")]
    pub(crate) operator_port: PortChoice,
    /// Serve the customer's pages over TLS, too; browsers will warn about the test certificate
    #[arg(long)]
    pub(crate) tls: bool,
    /// Kind of key the bank seals its answers and records with: p256 (fast, used if nothing is said) or rsa;
    /// chosen once for a data directory
    #[arg(long, value_enum, value_name = "KIND", hide_possible_values = true)]
    pub(crate) seal: Option<SealKind>,
    /// How customers come back from payments made in 1.4.2: simple, or enforced (with a code, and the payment
    /// waits until the PISP confirms it)
    #[arg(long, value_enum, default_value = "simple", value_name = "KIND", hide_possible_values = true)]
    pub(crate) redirect: RedirectKind,
}

/// Kinds of redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RedirectKind {
    /// The approval is enough.
    Simple,
    /// The PISP exchanges a code and confirms.
    Enforced,
}

impl From<RedirectKind> for Redirect {
    fn from(kind: RedirectKind) -> Self {
        match kind {
            RedirectKind::Simple => Self::Simple,
            RedirectKind::Enforced => Self::Enforced,
        }
    }
}

/// Kinds of seal keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SealKind {
    /// ECDSA on P-256: fast.
    P256,
    /// RSA of 2048 bits: what live French banks use.
    Rsa,
}

/// `guichet serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Configuration file (see guichet.example.toml)
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Read everything the configuration names, report what is wrong, and end
    #[arg(long)]
    pub(crate) check: bool,
}

/// `guichet pay`.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 accepted or settled, 1 something failed, 2 rejected or cancelled, \
                        3 still undecided at the timeout, 64 the command line was not understood.")]
pub(crate) struct PayArguments {
    /// Data directory of a running sandbox: everything below is then taken from there
    #[arg(long, value_name = "DIR")]
    pub(crate) sandbox: Option<PathBuf>,
    /// With --sandbox: code of the institution to pay from
    #[arg(long, default_value = "17515", value_name = "CODE", requires = "sandbox")]
    pub(crate) bank: String,
    /// The bank's API, such as <https://www.17515.live.api.89c3.com>
    #[arg(long, value_name = "URL", required_unless_present = "sandbox")]
    pub(crate) url: Option<Url>,
    /// Version of the API
    #[arg(long, value_enum, default_value = "1.4.0", value_name = "VERSION")]
    pub(crate) version: WireVersion,
    /// Our QWAC, PEM, with its chain
    #[arg(long, value_name = "PEM", required_unless_present = "sandbox")]
    pub(crate) qwac: Option<PathBuf>,
    /// Its key, PKCS#8 PEM
    #[arg(long, value_name = "PEM", required_unless_present = "sandbox")]
    pub(crate) qwac_key: Option<PathBuf>,
    /// Our QSealC, PEM
    #[arg(long, value_name = "PEM", required_unless_present = "sandbox")]
    pub(crate) qseal: Option<PathBuf>,
    /// Its key, PKCS#8 PEM
    #[arg(long, value_name = "PEM", required_unless_present = "sandbox")]
    pub(crate) qseal_key: Option<PathBuf>,
    /// Authority of the bank's server certificate, PEM; without it, the authorities of this machine
    #[arg(long, value_name = "PEM")]
    pub(crate) ca: Option<PathBuf>,
    /// Seal certificate of the bank, PEM, to verify its answers with; without it, the one the bank serves
    #[arg(long, value_name = "PEM")]
    pub(crate) bank_seal: Option<PathBuf>,
    /// Our client id
    #[arg(long, value_name = "ID", required_unless_present = "sandbox")]
    pub(crate) client_id: Option<String>,
    /// keyId of our signatures; without it, the client id
    #[arg(long, value_name = "ID")]
    pub(crate) key_id: Option<String>,
    /// Whom to pay
    #[arg(long, value_name = "NAME", required_unless_present = "sandbox")]
    pub(crate) creditor_name: Option<String>,
    /// Account to pay to
    #[arg(long, value_name = "IBAN", value_parser = parse_iban, required_unless_present = "sandbox")]
    pub(crate) creditor_iban: Option<Iban>,
    /// How much, in euro
    #[arg(long, value_name = "EURO", value_parser = parse_amount)]
    pub(crate) amount: Amount,
    /// Ask for an instant transfer
    #[arg(long)]
    pub(crate) instant: bool,
    /// On whose behalf: a purchase from a merchant (DVPM), or the customer's own transfer (CASH)
    #[arg(long, value_enum, default_value = "merchant", value_name = "PURPOSE")]
    pub(crate) purpose: Purpose,
    /// Account to pay from, if it is known already: the customer then authenticates only once
    #[arg(long, value_name = "IBAN", value_parser = parse_iban)]
    pub(crate) debtor_iban: Option<Iban>,
    /// What the payment is about
    #[arg(long, default_value = "Guichet", value_name = "TEXT")]
    pub(crate) remittance: String,
    /// Where the customer's browser is sent at the end; without it, this program listens for it itself
    #[arg(long, value_name = "URL")]
    pub(crate) return_url: Option<Url>,
    /// How long to wait for the outcome, in seconds
    #[arg(long, default_value = "1800", value_name = "SECONDS", value_parser = parse_seconds)]
    pub(crate) timeout: Duration,
    /// Print the outcome as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Versions of the wire, as people write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WireVersion {
    /// STET 1.4.0.47.
    #[value(name = "1.4.0")]
    V1_4_0,
    /// STET 1.4.2.
    #[value(name = "1.4.2")]
    V1_4_2,
}

impl From<WireVersion> for Version {
    fn from(version: WireVersion) -> Self {
        match version {
            WireVersion::V1_4_0 => Self::V1_4_0,
            WireVersion::V1_4_2 => Self::V1_4_2,
        }
    }
}

/// `guichet audit`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct AuditArguments {
    /// Data directory of a sandbox that is not running
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Configuration file of a bank: its store and its seals
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

fn parse_iban(text: &str) -> Result<Iban, String> {
    Iban::parse(text).map_err(|error| error.to_string())
}

fn parse_amount(text: &str) -> Result<Amount, String> {
    Amount::parse(text).map_err(|error| error.to_string())
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| "must be a whole number of seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn command_lines_are_taken_or_refused() {
        let table = [
            ("guichet demo", true),
            ("guichet demo --exit --data /tmp/x --seal rsa --tpp-port 0 --shop-port 9000", true),
            ("guichet demo --tpp-port 70000", false),
            ("guichet sandbox --tls --log-format json", true),
            ("guichet sandbox --exit", false),
            ("guichet sandbox --redirect enforced", true),
            ("guichet sandbox --redirect plain", false),
            ("guichet serve", false),
            ("guichet serve --config a.toml --check", true),
            ("guichet pay --sandbox d --amount 12.34", true),
            ("guichet pay --sandbox d", false),
            ("guichet pay --amount 12.34", false),
            ("guichet pay --sandbox d --amount 12,34", false),
            ("guichet pay --sandbox d --amount 12.34 --creditor-iban FR00", false),
            ("guichet pay --sandbox d --amount 1 --version 1.4.2 --instant --json --timeout 5", true),
            ("guichet audit", false),
            ("guichet audit --data d", true),
            ("guichet audit --data d --config c", false),
            ("guichet tpp", false),
            ("guichet tpp list", false),
            ("guichet tpp list --data d --json", true),
            ("guichet tpp show X --config c", true),
            ("guichet tpp show --config c", false),
            ("guichet tpp suspend X --data d", false),
            ("guichet tpp suspend X --data d --reason", false),
            ("guichet tpp suspend X --data d --reason fraud", true),
            ("guichet tpp resume X --data d", true),
            ("guichet tpp remove X --data d --yes", true),
            ("guichet tpp add --data d --name N --redirect-uri https://x/ --seal-certificate p", true),
            ("guichet tpp add --data d --name N --redirect-uri http://x/ --seal-certificate p", false),
            ("guichet tpp add --data d --name N --redirect-uri https://x/", false),
            (
                "guichet tpp add --data d --name N --redirect-uri https://x/ --seal-certificate p --grant gold",
                false,
            ),
            ("guichet cert explain", false),
            ("guichet cert explain a.pem b.der - --kind qwac --anchors c.pem --json", true),
            ("guichet cert explain a.pem --at 2026-11-22 --reading lenient", true),
            ("guichet cert explain a.pem --at 2026-11-22T10:00:00Z --data d", true),
            ("guichet cert explain a.pem --at yesterday", false),
            ("guichet cert explain a.pem --data d --config c", false),
            ("guichet cert explain a.pem --data d --anchors c", false),
            ("guichet token inspect --data d", true),
            ("guichet token inspect SECRET --data d", false),
            ("guichet token revoke --data d --client-id X", true),
            ("guichet trust import fr.xml --data d", false),
            ("guichet trust import fr.xml --signer s.pem", false),
            ("guichet trust import fr.xml --signer s.pem --data d --apply", true),
            ("guichet trust list --data d", true),
            ("guichet trust history FR --config c", true),
            ("guichet trust remove --data d", false),
            ("guichet licence import eba.json --register EBA --data d --published 2026-11-01", true),
            ("guichet licence import eba.json --data d", false),
            ("guichet licence import eba.json --register EBA --data d --even-so", false),
            ("guichet licence import x.csv --register X --format csv --data d --apply --even-so", true),
            ("guichet licence show PSDFR-ACPR-12345 --data d", true),
            ("guichet licence registers --data d", true),
        ];
        for (line, taken) in table {
            let parsed = Cli::try_parse_from(line.split(' '));
            assert_eq!(parsed.is_ok(), taken, "{line}: {:?}", parsed.err().map(|e| e.to_string()));
        }
    }
}
