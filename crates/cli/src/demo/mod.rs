//! `guichet demo`: a sandbox bank, a shop, and one whole payment played before your eyes.

mod play;

use std::{process::ExitCode, sync::Arc};

use anyhow::Context as _;
use tokio::sync::watch;
use url::Url;

use play::Scene;

use crate::{
    arguments::DemoArguments,
    pisp::{BankSeals, Credentials, Pisp, seal_key},
    sandbox::{Sandbox, what_to_click},
    shop::{self, Shop},
    stop,
    story::Story,
};

const USUAL_SHOP_PORT: u16 = 8081;

/// Runs the demo.
///
/// # Errors
///
/// If a part cannot be started, or with `--exit` the payment was not settled.
pub(crate) async fn run(arguments: DemoArguments) -> anyhow::Result<ExitCode> {
    let story = Story::new();
    story.heading("Guichet demo: a bank, a shop and a payment, on this machine only");
    let socket = arguments.shop_port.bind(arguments.sandbox.listen, USUAL_SHOP_PORT).await?;
    let shop_url = Url::parse(&format!("http://shop.localhost:{}", socket.local_addr()?.port()))?;
    let sandbox = Sandbox::start(&arguments.sandbox, &story, Some(shop_url.clone())).await?;
    let (places, player) = (sandbox.places.clone(), sandbox.player.clone());
    let bank = places.banks.first().context("a sandbox has banks")?.clone();
    let pisp = pisp(&sandbox, bank.tpp_url.clone())?;
    let shop = Arc::new(Shop::new(shop_url, &places, pisp.clone()));
    let scene = Scene { shop: Arc::clone(&shop), pisp, bank, player };

    let (ending, ended) = watch::channel(false);
    let shop = tokio::spawn(shop::serve(shop, socket, ended.clone()));
    let clicks = what_to_click(&sandbox);
    let mut server = tokio::spawn(sandbox.serve(until(ended)));

    let settled = scene.play(&story).await;
    if !arguments.exit {
        if let Err(error) = &settled {
            story.line(&format!("\nThe payment did not come to its end: {error:#}"));
        }
        clicks.tell(&story);
        tokio::select! {
            () = stop::asked() => story.line("\nStopping."),
            // Only what died ends before it is asked to.
            died = &mut server => return died?.map(|()| ExitCode::FAILURE),
        }
    }
    let _ = ending.send(true);
    let _ = shop.await;
    server.await??;
    let settled = settled?;
    Ok(if settled || !arguments.exit { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn until(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// The PISP that the demo and its shop are.
fn pisp(sandbox: &Sandbox, bank: Url) -> anyhow::Result<Pisp> {
    let tpp = &sandbox.places.tpp;
    let keys = sandbox.pki.tpp(&tpp.client_id).context("the test TPP has certificates")?;
    let credentials = Credentials {
        client_id: tpp.client_id.clone(),
        qwac_pem: keys.qwac.pem().to_owned(),
        qwac_key_pem: keys.qwac.key_pem().to_owned(),
        seal: seal_key(keys.qseal.key_pem())?,
        key_id: tpp.client_id.clone(),
    };
    let ca_pem = sandbox.pki.tls_ca().pem();
    let seals = BankSeals::served_by_the_bank();
    Ok(Pisp::new(bank, credentials, Some(ca_pem), seals, sandbox.clock.clone())?)
}
