//! `guichet pay`: one payment at any STET bank, from the command line.

mod from_sandbox;
mod return_page;

use std::{path::Path, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use payments::{Version, values::Iban};
use server::app::{Clock, SystemClock};
use tokio::time::Instant;
use url::Url;

use crate::{
    arguments::PayArguments,
    pisp::{BankSeals, Callback, Credentials, Order, Pisp, PispError, Seen, bank_url, seal_key},
    random,
    story::Story,
};
use return_page::ReturnPage;

/// The payment was rejected or cancelled.
const EXIT_REJECTED: u8 = 2;
/// Nobody had decided at the timeout.
const EXIT_UNDECIDED: u8 = 3;

/// Everything a payment needs, from the command line or from a sandbox.
struct Setup {
    pisp: Pisp,
    initiating_party: String,
    creditor_name: String,
    creditor_account: Iban,
}

/// Pays.
///
/// # Errors
///
/// If the bank cannot be asked, refuses, or its signature does not hold.
pub(crate) async fn run(arguments: PayArguments) -> anyhow::Result<ExitCode> {
    let teller = Teller { story: Story::new(), json: arguments.json };
    let setup = match &arguments.sandbox {
        Some(data) => from_sandbox::setup(data, &arguments).await?,
        None => from_arguments(&arguments)?,
    };
    let version = Version::from(arguments.version);
    let (return_url, return_page) = match arguments.return_url.clone() {
        Some(url) => (url, None),
        None => ReturnPage::open().await.map(|(url, page)| (url, Some(page)))?,
    };
    let order = order(&arguments, &setup, return_url.clone());
    let token = setup.pisp.token().await.context("no token")?;
    let created =
        setup.pisp.create(&token.access_token, version, &order).await.context("the payment request")?;
    let callback = setup.pisp.callback(&created, &return_url);
    let link = callback.as_ref().map_or(&created.consent_url, Callback::link);
    anyhow::ensure!(
        callback.is_none() || return_page.is_some(),
        "this bank waits for a confirmation: leave --return-url out, so that the code comes back here"
    );
    teller.created(&created.id, link, created.seal.in_words());
    let deadline = Instant::now() + arguments.timeout;
    let follow = setup.pisp.follow(version, &created.id, deadline, |seen| teller.seen(seen));
    let confirm = confirm(&setup.pisp, version, callback.as_ref(), return_page.as_ref());
    let seen = tokio::select! {
        seen = follow => seen?,
        failed = confirm => return Err(failed).context("the confirmation"),
    };
    teller.outcome(&created.id, link, &seen);
    if let Some(page) = return_page {
        page.close(seen.is_final()).await;
    }
    Ok(exit_code(&seen))
}

/// Confirms as soon as the customer's browser has come back with a code; ends only if that fails, since what
/// comes of it is seen by whoever follows the payment.
async fn confirm(
    pisp: &Pisp,
    version: Version,
    callback: Option<&Callback>,
    page: Option<&ReturnPage>,
) -> PispError {
    if let (Some(callback), Some(page)) = (callback, page)
        && let Some(code) = callback.code_in(&page.query().await)
        && let Err(error) = pisp.confirm(version, callback, code).await
    {
        return error;
    }
    std::future::pending().await
}

fn exit_code(seen: &Seen) -> ExitCode {
    if seen.is_accepted() {
        ExitCode::SUCCESS
    } else if seen.is_final() {
        ExitCode::from(EXIT_REJECTED)
    } else {
        ExitCode::from(EXIT_UNDECIDED)
    }
}

fn from_arguments(arguments: &PayArguments) -> anyhow::Result<Setup> {
    const GIVEN: &str = "the command line asks for it";
    let url = arguments.url.as_ref().context(GIVEN)?;
    let client_id = arguments.client_id.clone().context(GIVEN)?;
    let credentials = Credentials {
        key_id: arguments.key_id.clone().unwrap_or_else(|| client_id.clone()),
        qwac_pem: text(arguments.qwac.as_deref().context(GIVEN)?)?,
        qwac_key_pem: text(arguments.qwac_key.as_deref().context(GIVEN)?)?,
        seal: qseal(
            arguments.qseal.as_deref().context(GIVEN)?,
            arguments.qseal_key.as_deref().context(GIVEN)?,
        )?,
        client_id: client_id.clone(),
    };
    let ca_pem = arguments.ca.as_deref().map(text).transpose()?;
    let clock = Arc::new(SystemClock);
    Ok(Setup {
        pisp: pisp(url.as_str(), credentials, ca_pem.as_deref(), arguments, clock)?,
        initiating_party: client_id,
        creditor_name: arguments.creditor_name.clone().context(GIVEN)?,
        creditor_account: arguments.creditor_iban.clone().context(GIVEN)?,
    })
}

fn pisp(
    url: &str,
    credentials: Credentials,
    ca_pem: Option<&str>,
    arguments: &PayArguments,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Pisp> {
    let seals = match &arguments.bank_seal {
        Some(path) => BankSeals::given(&text(path)?)?,
        None => BankSeals::served_by_the_bank(),
    };
    Pisp::new(bank_url(url)?, credentials, ca_pem, seals, clock)
        .context("a certificate or key cannot be used")
}

/// The key to sign with, which must be that of the certificate: the bank would only say that the signature
/// is wrong.
fn qseal(certificate: &Path, key: &Path) -> anyhow::Result<server::seal_key::SealKey> {
    let seal = seal_key(&text(key)?).with_context(|| format!("in {}", key.display()))?;
    let read = eidas::Certificate::from_pem(&text(certificate)?)
        .with_context(|| format!("in {}", certificate.display()))?;
    anyhow::ensure!(
        read.public_key().spki_der() == seal.spki_der(),
        "{} is not the key of {}",
        key.display(),
        certificate.display()
    );
    Ok(seal)
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn order(arguments: &PayArguments, setup: &Setup, return_url: Url) -> Order {
    let mut failure_url = return_url.clone();
    failure_url.query_pairs_mut().append_pair("outcome", "no");
    Order {
        initiating_party: setup.initiating_party.clone(),
        amount: arguments.amount,
        creditor_name: setup.creditor_name.clone(),
        creditor_account: setup.creditor_account.clone(),
        debtor_account: arguments.debtor_iban.clone(),
        instant: arguments.instant,
        purpose: arguments.purpose,
        remittance: arguments.remittance.clone(),
        end_to_end_id: format!("PAY-{}", random::hex::<8>()),
        success_url: return_url,
        failure_url,
    }
}

/// Tells how it goes: in words, or as one JSON object at the end and the link on standard error.
struct Teller {
    story: Story,
    json: bool,
}

impl Teller {
    fn created(&self, id: &str, link: &Url, seal: &str) {
        if self.json {
            eprintln!("{link}");
            return;
        }
        self.story.entry("payment request", &format!("{id} ({seal})"));
        self.story.line("\n  The customer approves here:\n");
        self.story.line(&format!("    {link}\n"));
    }

    fn seen(&self, seen: &Seen) {
        if !self.json {
            self.story.entry(seen.status.code(), &seen.in_words());
        }
    }

    fn outcome(&self, id: &str, link: &Url, seen: &Seen) {
        if self.json {
            let outcome = serde_json::json!({
                "payment": id,
                "consent_url": link.as_str(),
                "status": seen.status.code(),
                "reason": seen.reason.map(stet::StatusReason::code),
                "seal": seen.seal.in_words(),
            });
            self.story.line(&outcome.to_string());
        } else if !seen.is_final() {
            self.story.entry("timeout", "the status is not final yet");
        }
    }
}

/// How long a closing page may take to reach the browser.
const CLOSING_LIMIT: Duration = Duration::from_secs(5);
