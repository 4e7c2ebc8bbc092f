//! What a developer is told once a sandbox runs: where to click, what to type, what to paste.

use std::path::{Path, PathBuf};

use payments::values::InstitutionCode;
use sandbox::bank::{PASSWORD, SandboxBank};

use super::{Places, Sandbox};
use crate::story::Story;

/// Where to click and what to type, to be told once the server runs.
pub(crate) struct Summary {
    places: Places,
    data: PathBuf,
}

/// What a developer needs to know of a sandbox.
pub(crate) fn what_to_click(sandbox: &Sandbox) -> Summary {
    Summary { places: sandbox.places.clone(), data: sandbox.data.path().to_owned() }
}

impl Summary {
    /// Tells it.
    pub(crate) fn tell(&self, story: &Story) {
        where_to_click(&self.places, story);
        story.heading(&format!("Who can pay (password: {PASSWORD}; the code is on the pretend phone)"));
        people(&self.places, story);
        story.heading("For a PISP developer");
        for_developers(&self.places, &self.data, story);
        story.line("");
        story.line("Ctrl-C stops.");
    }
}

fn where_to_click(places: &Places, story: &Story) {
    let operator = places.operator_url.as_str();
    story.heading("Where to click");
    if let Some(shop) = &places.shop_url {
        story.entry("the shop", shop.as_str());
    }
    story.entry("pretend phones", &format!("{operator}phone"));
    story.entry("health, metrics", &format!("{operator}health/ready   {operator}metrics"));
    for bank in &places.banks {
        story.entry(&format!("bank {}", bank.code), &format!("{}   {}", bank.tpp_url, bank.name));
    }
}

fn people(places: &Places, story: &Story) {
    let Some(bank) = places.banks.first() else {
        return;
    };
    let Ok(code) = InstitutionCode::parse(&bank.code) else {
        return;
    };
    for persona in SandboxBank::personas(&code) {
        story.entry(persona.psu.as_str(), &format!("{:<18} {}", persona.name, persona.shows));
    }
    let elsewhere = places.banks.iter().skip(1);
    let elsewhere: Vec<String> = elsewhere
        .filter_map(|bank| {
            let people = SandboxBank::personas(&InstitutionCode::parse(&bank.code).ok()?);
            let (first, last) = (people.first()?, people.last()?);
            Some(format!("{} to {} at {}", first.psu.as_str(), last.psu.as_str(), bank.code))
        })
        .collect();
    story.entry("the same people", &elsewhere.join(", "));
}

fn for_developers(places: &Places, data: &Path, story: &Story) {
    let file = |name: &Path| data.join(name).display().to_string();
    let tpp = &places.tpp;
    story.entry("client id", &format!("{} ({})", tpp.client_id, tpp.name));
    story.entry("mutual TLS", &format!("{}, {}", file(&tpp.qwac), file(&tpp.qwac_key)));
    story.entry("signatures", &format!("{}, {}", file(&tpp.qseal), file(&tpp.qseal_key)));
    story.entry("trust", &file(&places.tls_ca));
    story.entry(
        "test clock",
        &format!("curl -d '{{\"advance\":\"PT1H\"}}' {}sandbox/clock", places.operator_url),
    );
    story.entry(
        "play a customer",
        &format!("curl -X POST {}sandbox/psu/PAYMENT-ID/approve", places.operator_url),
    );
    story.entry("a payment", &format!("guichet pay --sandbox {} --amount 12.34", data.display()));
    story.line("");
    story.line("  A token, with curl:");
    story.line("");
    if let Some(bank) = places.banks.first() {
        story.line(&format!("    curl --cacert {} \\", file(&places.tls_ca)));
        story.line(&format!("      --cert {} --key {} \\", file(&tpp.qwac), file(&tpp.qwac_key)));
        story.line(&format!(
            "      -d grant_type=client_credentials -d client_id={} -d scope=pisp \\",
            tpp.client_id
        ));
        story.line(&format!("      {}stet/psd2/oauth/token", bank.tpp_url));
    }
}
