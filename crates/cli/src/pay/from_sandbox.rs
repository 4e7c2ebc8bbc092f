//! Taking everything from a running sandbox.

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use payments::values::Iban;
use serde::Deserialize;
use server::app::{Clock, SystemClock};
use url::Url;

use super::{Setup, pisp, qseal, text};
use crate::{arguments::PayArguments, http_client, pisp::Credentials, sandbox::Places};

/// A payee of the sandbox whose bank takes everything.
const PAYEE_NAME: &str = "Boutique Exemple";
const PAYEE_ACCOUNT: &str = "FR7611425009000401234567877";

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
    let clock = Arc::new(ask_clock(&places.operator_url).await?);
    let file =
        |given: &Option<std::path::PathBuf>, own: &Path| given.clone().unwrap_or_else(|| data.join(own));
    let tpp = &places.tpp;
    let client_id = arguments
        .client_id
        .clone()
        .unwrap_or_else(|| tpp.client_id.clone());
    let credentials = Credentials {
        key_id: arguments.key_id.clone().unwrap_or_else(|| client_id.clone()),
        qwac_pem: text(&file(&arguments.qwac, &tpp.qwac))?,
        qwac_key_pem: text(&file(&arguments.qwac_key, &tpp.qwac_key))?,
        seal: qseal(
            &file(&arguments.qseal, &tpp.qseal),
            &file(&arguments.qseal_key, &tpp.qseal_key),
        )?,
        client_id,
    };
    let ca_pem = text(&file(&arguments.ca, &places.tls_ca))?;
    let url = arguments.url.as_ref().unwrap_or(&bank.tpp_url);
    let payee = Iban::parse(PAYEE_ACCOUNT).context("the payee's account is well formed")?;
    Ok(Setup {
        pisp: pisp(url.as_str(), credentials, Some(&ca_pem), arguments, clock)?,
        initiating_party: tpp.name.clone(),
        creditor_name: arguments
            .creditor_name
            .clone()
            .unwrap_or_else(|| PAYEE_NAME.to_owned()),
        creditor_account: arguments.creditor_iban.clone().unwrap_or(payee),
    })
}

/// The sandbox's clock, as far ahead as it was when asked: a signature's date must be right by it.
struct ShiftedClock {
    ahead: SignedDuration,
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        now.checked_add(self.ahead).unwrap_or(now)
    }
}

#[derive(Deserialize)]
struct ClockShown {
    ahead_s: i64,
}

async fn ask_clock(operator: &Url) -> anyhow::Result<ShiftedClock> {
    let answer = http_client::builder(true)
        .build()?
        .get(operator.join("sandbox/clock")?)
        .send()
        .await;
    let answer = answer
        .with_context(|| format!("the sandbox does not answer at {operator}: is it running?"))?
        .error_for_status()?;
    let shown: ClockShown = answer
        .json()
        .await
        .context("the sandbox's clock cannot be read")?;
    Ok(ShiftedClock {
        ahead: SignedDuration::from_secs(shown.ahead_s),
    })
}
