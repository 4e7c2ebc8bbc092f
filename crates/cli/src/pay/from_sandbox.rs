//! Taking everything from a running sandbox.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use payments::values::Iban;
use reqwest::Client;
use serde::Deserialize;
use server::app::{Clock, SystemClock};
use url::Url;

use super::{Setup, pisp, qseal, text};
use crate::{arguments::PayArguments, http_client, pisp::Credentials, sandbox::Places};

/// A payee of the sandbox whose bank takes everything.
const PAYEE_NAME: &str = "Boutique Exemple";
const PAYEE_ACCOUNT: &str = "FR7611425009000401234567877";
/// How often the sandbox's clock is looked at.
const CLOCK_PAUSE: Duration = Duration::from_millis(500);

/// Everything a payment needs, from the data directory of a running sandbox; what the command line says
/// counts more.
///
/// # Errors
///
/// If no sandbox runs there.
pub(super) async fn setup(data: &Path, arguments: &PayArguments) -> anyhow::Result<Setup> {
    let places = Places::read(data)?;
    let bank = places
        .bank(&arguments.bank)
        .with_context(|| format!("the sandbox has no institution {}", arguments.bank))?;
    let clock = follow_clock(places.operator_url.clone()).await?;
    let file =
        |given: &Option<std::path::PathBuf>, own: &Path| given.clone().unwrap_or_else(|| data.join(own));
    let tpp = &places.tpp;
    let client_id = arguments.client_id.clone().unwrap_or_else(|| tpp.client_id.clone());
    let credentials = Credentials {
        key_id: arguments.key_id.clone().unwrap_or_else(|| client_id.clone()),
        qwac_pem: text(&file(&arguments.qwac, &tpp.qwac))?,
        qwac_key_pem: text(&file(&arguments.qwac_key, &tpp.qwac_key))?,
        seal: qseal(&file(&arguments.qseal, &tpp.qseal), &file(&arguments.qseal_key, &tpp.qseal_key))?,
        client_id,
    };
    let ca_pem = text(&file(&arguments.ca, &places.tls_ca))?;
    let url = arguments.url.as_ref().unwrap_or(&bank.tpp_url);
    let payee = Iban::parse(PAYEE_ACCOUNT).context("the payee's account is well formed")?;
    Ok(Setup {
        pisp: pisp(url.as_str(), credentials, Some(&ca_pem), arguments, clock)?,
        initiating_party: tpp.name.clone(),
        creditor_name: arguments.creditor_name.clone().unwrap_or_else(|| PAYEE_NAME.to_owned()),
        creditor_account: arguments.creditor_iban.clone().unwrap_or(payee),
    })
}

/// The sandbox's clock: a signature's date must be right by it.
struct ShiftedClock {
    ahead_s: AtomicI64,
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        let ahead = SignedDuration::from_secs(self.ahead_s.load(Ordering::Relaxed));
        now.checked_add(ahead).unwrap_or(now)
    }
}

#[derive(Deserialize)]
struct ClockShown {
    ahead_s: i64,
}

/// The sandbox's clock, asked again and again: somebody may move it while we wait for the customer.
async fn follow_clock(operator: Url) -> anyhow::Result<Arc<ShiftedClock>> {
    let client = http_client::builder(true).build()?;
    let address = operator.join("sandbox/clock")?;
    let ahead_s = ask_clock(&client, &address)
        .await
        .with_context(|| format!("the sandbox does not answer at {operator}: is it running?"))?;
    let clock = Arc::new(ShiftedClock { ahead_s: ahead_s.into() });
    let followed = Arc::downgrade(&clock);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(CLOCK_PAUSE).await;
            let Some(clock) = followed.upgrade() else {
                return;
            };
            // A sandbox that is being restarted keeps its clock.
            if let Ok(ahead_s) = ask_clock(&client, &address).await {
                clock.ahead_s.store(ahead_s, Ordering::Relaxed);
            }
        }
    });
    Ok(clock)
}

async fn ask_clock(client: &Client, address: &Url) -> reqwest::Result<i64> {
    let answer = client.get(address.clone()).send().await?.error_for_status()?;
    let shown: ClockShown = answer.json().await?;
    Ok(shown.ahead_s)
}
