//! `guichet tpp show`: everything about one TPP.

use std::{fmt::Write as _, process::ExitCode};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use payments::{
    licence::Listing,
    ports::{TokenStore as _, TppStore as _},
    tpp::{Kind, RedirectUri, Tpp, TppEvent},
};
use serde::Serialize;
use serde_json::Value;

use super::{
    ShowArguments,
    certificates::CertificateShown,
    history, print_json,
    standing::{self, Found, Standing},
};
use crate::plain::{minute, plain, say, second};

/// Width of the labels.
const LABEL: usize = 24;

/// Everything about one TPP.
#[derive(Debug, Serialize)]
struct Shown {
    /// As it is registered; nothing if it was removed.
    registration: Option<Registration>,
    /// What happened to its registration, oldest first.
    history: Vec<TppEvent>,
}

#[derive(Debug, Serialize)]
struct Registration {
    #[serde(flatten)]
    tpp: Tpp,
    standing: Standing,
    #[serde(skip)]
    sentence: String,
    certificates: Vec<CertificateShown>,
    listings: Vec<Listing>,
    live_tokens: u64,
}

/// Shows one TPP, also one that was removed.
///
/// # Errors
///
/// If nothing is known of it, or the store cannot be read.
pub(super) async fn run(arguments: &ShowArguments) -> anyhow::Result<ExitCode> {
    let (store, now) = (arguments.kept.open()?, arguments.kept.now()?);
    let id = &arguments.id;
    let history = store.tpp_history(id).await?;
    let registration = match store.find_tpp(id).await? {
        Some(tpp) => {
            let Found { standing, sentence, listings } = standing::find(&store, &tpp).await?;
            let certificates =
                tpp.seal_certificates.iter().map(|seal| CertificateShown::of(seal, now)).collect();
            let live_tokens = store.live_tokens_of(id, now).await?;
            Some(Registration { tpp, standing, sentence, certificates, listings, live_tokens })
        }
        None if history.is_empty() => {
            bail!("nothing is known of a TPP {id}; guichet tpp list shows who is registered")
        }
        None => None,
    };
    store.close();
    let shown = Shown { registration, history };
    if arguments.json {
        print_json(&shown.as_json()?)?;
    } else {
        say(shown.as_text(id.as_str(), now)?.trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

impl Shown {
    /// For programs. Of the registration the DER of certificates is left out, what is read of it is there; the
    /// history is whole.
    fn as_json(&self) -> anyhow::Result<Value> {
        let mut json = serde_json::to_value(self)?;
        if let Some(registration) = json.get_mut("registration").and_then(Value::as_object_mut) {
            registration.remove("seal_certificates");
        }
        Ok(json)
    }

    /// For people.
    fn as_text(&self, id: &str, now: Timestamp) -> anyhow::Result<String> {
        let mut page = Page::default();
        page.heading(&plain(id));
        match &self.registration {
            Some(registration) => registration.tell(&mut page, now)?,
            None => page.row("standing", "not registered any more; its history stays"),
        }
        page.heading("History");
        let mut earlier = None;
        for event in &self.history {
            let at = second(event.at);
            page.rows(&at, &history::told(event, earlier)?);
            earlier = event.registration.as_deref();
        }
        Ok(page.0)
    }
}

impl Registration {
    fn tell(&self, page: &mut Page, now: Timestamp) -> anyhow::Result<()> {
        let tpp = &self.tpp;
        page.row("name", &plain(&tpp.name));
        page.row("organizationIdentifier", &plain(&tpp.organization_identifier));
        if let Kind::Agent { of } = &tpp.kind {
            page.row("kind", &format!("agent of {}", plain(of.as_str())));
        }
        page.row("standing", &self.sentence);
        page.row("registered", &minute(tpp.created_at));
        page.row("live tokens", &self.live_tokens.to_string());
        page.row("grants", &words(&tpp.grant_types)?);
        let policy = tpp.signature_policy.map(|policy| word(&policy)).transpose()?;
        page.row("signature policy", policy.as_deref().unwrap_or("the institution's"));
        let uris: Vec<String> = tpp.redirect_uris.iter().map(RedirectUri::as_str).map(plain).collect();
        page.rows("redirect URIs", &uris);
        self.tell_details(page);
        for (number, certificate) in self.certificates.iter().enumerate() {
            page.heading(&format!("Seal certificate {}", number + 1));
            for (label, text) in certificate.rows(now) {
                page.row(label, &text);
            }
        }
        page.heading("Registers");
        if self.listings.is_empty() {
            page.row("", "no imported register lists it");
        }
        for listing in &self.listings {
            let countries: Vec<&str> = listing.payment_initiation_in.iter().map(String::as_str).collect();
            let countries = if countries.is_empty() { "nowhere".to_owned() } else { countries.join(" ") };
            let text = format!("{}; initiates payments in: {countries}", listing.standing.as_str());
            page.row(&plain(&listing.register), &plain(&text));
        }
        Ok(())
    }

    fn tell_details(&self, page: &mut Page) {
        let details = &self.tpp.details;
        let contact = details.contact.clone().unwrap_or_default();
        let facts = [
            ("application", details.software_id.as_ref()),
            ("contact", contact.name.as_ref()),
            ("", contact.email.as_ref()),
            ("", contact.phone.as_ref()),
        ];
        for (label, fact) in facts {
            if let Some(fact) = fact {
                page.row(label, &plain(fact));
            }
        }
    }
}

/// The word that the configuration file has for a value.
pub(super) fn word(value: &impl Serialize) -> anyhow::Result<String> {
    let json = serde_json::to_value(value)?;
    json.as_str().map(str::to_owned).context("it is an enumeration of words")
}

/// The words, with commas.
pub(super) fn words(values: &[impl Serialize]) -> anyhow::Result<String> {
    let words: anyhow::Result<Vec<String>> = values.iter().map(word).collect();
    Ok(words?.join(", "))
}

/// Labels and texts below headings.
#[derive(Default)]
struct Page(String);

impl Page {
    fn heading(&mut self, text: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        let _ = writeln!(self.0, "{gap}{text}");
    }

    fn row(&mut self, label: &str, text: &str) {
        let _ = writeln!(self.0, "  {label:<LABEL$}  {text}");
    }

    /// One label for several texts.
    fn rows(&mut self, label: &str, texts: &[String]) {
        for (number, text) in texts.iter().enumerate() {
            self.row(if number == 0 { label } else { "" }, text);
        }
    }
}
