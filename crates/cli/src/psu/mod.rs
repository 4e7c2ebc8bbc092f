//! The customer, played over HTTP: opens the consent link, fills in the bank's own pages, reads the code from
//! the pretend phone. Whatever a page decides is decided by the page.

mod browser;
mod html;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use url::Url;

use browser::{Arrival, Browser, Shown};
use html::{Button, Form, Input};

/// Pages a visit may take; the longest way has eight.
const MAX_PAGES: usize = 16;

/// A customer to be played.
#[derive(Clone)]
pub(crate) struct Customer {
    /// Code of his bank.
    pub(crate) institution: String,
    /// His customer number.
    pub(crate) number: String,
    /// His password.
    pub(crate) password: String,
    /// IBAN of the account he pays from; any that can pay if there is none.
    pub(crate) account: Option<String>,
}

/// What the customer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To pay.
    Approve,
    /// Not to pay.
    Refuse,
    /// Nothing: he opens the link and walks away.
    Abandon,
}

/// How a visit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The bank sent the browser to this address of the PISP.
    SentBack(Url),
    /// The bank shows a page from which nothing leads on: its heading.
    Stayed(String),
}

/// Plays customers against one sandbox.
#[derive(Clone)]
pub(crate) struct Player {
    /// The operator listener, where the pretend phones are.
    pub(crate) operator_url: Url,
    /// Authority of the sandbox's TLS certificates, PEM.
    pub(crate) ca_pem: String,
    /// Language of the customer.
    pub(crate) language: String,
}

impl Player {
    /// Visits a consent link, telling each page that was opened with the time it took.
    ///
    /// # Errors
    ///
    /// If a page cannot be opened, or nothing on it fits what the customer knows.
    pub(crate) async fn visit(
        &self,
        link: Url,
        customer: &Customer,
        wish: Wish,
        mut tell: impl FnMut(&str, Duration) + Send,
    ) -> anyhow::Result<Ended> {
        let browser = Browser::new(&self.language, &self.ca_pem)?;
        let payment = payment_of(&link);
        let mut started = Instant::now();
        let mut arrival = browser.open(link).await?;
        for _ in 0..MAX_PAGES {
            let shown = match arrival {
                Arrival::Elsewhere(url) => {
                    tell("the bank sends the browser back", started.elapsed());
                    return Ok(Ended::SentBack(url));
                }
                Arrival::Page(shown) => shown,
            };
            tell(&shown.page.heading, started.elapsed());
            if wish == Wish::Abandon {
                return Ok(Ended::Stayed(shown.page.heading));
            }
            let step = self.next_step(&shown, customer, wish, payment.as_deref()).await?;
            started = Instant::now();
            arrival = match (step, way_out(&shown)) {
                (Some(step), _) => browser.send(&shown, step.form, step.button, &step.values).await?,
                (None, Some(link)) => browser.open(link).await?,
                (None, None) if shown.status.is_success() => {
                    return Ok(Ended::Stayed(shown.page.heading));
                }
                (None, None) => bail!("the bank shows \"{}\"", shown.page.heading),
            };
        }
        bail!("the bank's pages did not come to an end")
    }

    /// Opens a page and gives its heading.
    ///
    /// # Errors
    ///
    /// If it cannot be opened.
    pub(crate) async fn look_at(&self, url: Url) -> anyhow::Result<String> {
        match Browser::new(&self.language, &self.ca_pem)?.open(url).await? {
            Arrival::Page(shown) => Ok(shown.page.heading),
            Arrival::Elsewhere(_) => bail!("the page leads elsewhere"),
        }
    }

    /// What the customer does with a page; nothing if there is no form for him.
    async fn next_step<'a>(
        &self,
        shown: &'a Shown,
        customer: &Customer,
        wish: Wish,
        payment: Option<&str>,
    ) -> anyhow::Result<Option<Step<'a>>> {
        if wish == Wish::Refuse
            && let Some((form, button)) = refusal(&shown.page.forms)
        {
            return Ok(Some(Step { form, button, values: BTreeMap::new() }));
        }
        let mut onward = shown.page.forms.iter().filter(|form| form.is_post);
        let Some((form, button)) = onward.find_map(|form| Some((form, agreement(form)?))) else {
            return Ok(None);
        };
        let mut values = BTreeMap::new();
        for input in &form.inputs {
            if let Some(value) = self.answer(input, form, customer, payment).await? {
                values.insert(input.name.clone(), value);
            }
        }
        Ok(Some(Step { form, button: Some(button), values }))
    }

    /// What the customer puts into an input; nothing if he leaves it as it is.
    async fn answer(
        &self,
        input: &Input,
        form: &Form,
        customer: &Customer,
        payment: Option<&str>,
    ) -> anyhow::Result<Option<String>> {
        Ok(match (input.kind.as_str(), input.autocomplete.as_str()) {
            ("hidden" | "checkbox", _) => None,
            ("password", _) => Some(customer.password.clone()),
            ("radio", _) => Some(choose(form, &input.name, customer.account.as_deref())?),
            (_, "one-time-code") => Some(self.code(customer, payment).await?),
            _ => Some(customer.number.clone()),
        })
    }

    /// Reads the newest code for this payment from the customer's pretend phone.
    async fn code(&self, customer: &Customer, payment: Option<&str>) -> anyhow::Result<String> {
        let path = format!("phone/{}/{}", customer.institution, customer.number);
        let phone: Phone = crate::http_client::builder(true)
            .build()?
            .get(self.operator_url.join(&path)?)
            .header(reqwest::header::ACCEPT, "application/json")
            .send()
            .await?
            .error_for_status()?
            .json()
            .await
            .context("the pretend phone cannot be read")?;
        let concerns = |message: &&Message| payment.is_none_or(|payment| payment == message.payment);
        let message = phone.messages.iter().find(concerns);
        Ok(message.context("no code has reached the pretend phone")?.code.clone())
    }
}

/// What the pretend phone shows, newest message first.
#[derive(Deserialize)]
struct Phone {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    payment: String,
    code: String,
}

struct Step<'a> {
    form: &'a Form,
    button: Option<&'a Button>,
    values: BTreeMap<String, String>,
}

/// The payment a consent link is about.
fn payment_of(link: &Url) -> Option<String> {
    let parameter = server::link::PAYMENT_PARAMETER;
    link.query_pairs().find(|(name, _)| name == parameter).map(|(_, value)| value.into_owned())
}

/// Where the last page leads: back to the PISP, by way of the bank so that the link is spent.
fn way_out(shown: &Shown) -> Option<Url> {
    let links = shown.page.links.iter().filter_map(|link| shown.url.join(link).ok());
    links.into_iter().find(|url| url.path().ends_with("/return"))
}

fn refuses(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["refus", "cancel", "reject"].iter().any(|word| text.contains(word))
}

/// The form, and the button if one must be pressed, that says no.
fn refusal(forms: &[Form]) -> Option<(&Form, Option<&Button>)> {
    let by_button = forms.iter().find_map(|form| {
        let button = form.buttons.iter().find(|button| is_refusal(button))?;
        Some((form, Some(button)))
    });
    by_button.or_else(|| {
        let form = forms.iter().find(|form| refuses(&form.action))?;
        Some((form, form.buttons.first()))
    })
}

/// The button that leads on, unless the form's only use is to say no or to go a step back.
fn agreement(form: &Form) -> Option<&Button> {
    if refuses(&form.action) || form.action.ends_with("/again") {
        return None;
    }
    form.buttons.iter().find(|button| !is_refusal(button))
}

fn is_refusal(button: &Button) -> bool {
    refuses(&button.value)
        || button.action.as_deref().is_some_and(refuses)
        || button.name.as_deref().is_some_and(refuses)
}

/// The choice among radio buttons that fits the account, or the first.
fn choose(form: &Form, name: &str, account: Option<&str>) -> anyhow::Result<String> {
    let mut choices = form.inputs.iter().filter(|input| input.name == name);
    let chosen = match account {
        Some(account) => choices.find(|input| input.value == account),
        None => choices.next(),
    };
    Ok(chosen.context("the bank does not offer that account")?.value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use html::Page;

    #[test]
    fn the_customer_finds_the_button_for_what_he_wants() {
        let page = Page::read(
            "<form method=post action=/language><button name=lang value=en>English</button></form>
               <form method=post action=/review><button name=decision value=refuse>Refuser</button>
               <button name=decision value=approve>Payer</button></form>",
        );
        let (form, button) = refusal(&page.forms).unwrap();
        assert_eq!((form.action.as_str(), button.unwrap().value.as_str()), ("/review", "refuse"));
        assert_eq!(agreement(&page.forms[1]).unwrap().value, "approve");
        let only_refusal = Page::read("<form method=post action=/refuse><button>Non</button></form>");
        assert!(refusal(&only_refusal.forms).is_some());
        assert!(agreement(&only_refusal.forms[0]).is_none());
    }

    #[test]
    fn an_account_is_chosen_by_its_number() {
        let page = Page::read(
            "<form><input type=radio name=account value=A disabled><input type=radio name=account value=B>\
             <input type=radio name=account value=C></form>",
        );
        let form = &page.forms[0];
        assert_eq!(choose(form, "account", None).unwrap(), "B");
        assert_eq!(choose(form, "account", Some("C")).unwrap(), "C");
        assert!(choose(form, "account", Some("A")).is_err());
    }
}
