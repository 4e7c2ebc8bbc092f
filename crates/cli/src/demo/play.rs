//! The played payment: every call goes over real sockets, as a PISP's and a browser's would.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use payments::values::InstitutionCode;
use sandbox::bank::PASSWORD;
use tokio::time::Instant as Deadline;
use url::Url;

use crate::{
    pisp::Pisp,
    psu::{Customer, Ended, Player, Wish},
    sandbox::{BankPlace, first_persona},
    shop::{self, PRODUCTS, Shop, VERSION},
    story::Story,
};

/// How long the outcome is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Plays a customer's purchase in the shop; gives whether the payment was settled.
pub(super) struct Scene {
    /// Where he buys.
    pub(super) shop: Arc<Shop>,
    /// The PISP at his bank.
    pub(super) pisp: Pisp,
    /// His bank.
    pub(super) bank: BankPlace,
    /// Himself.
    pub(super) player: Player,
}

/// A payment that the bank has taken, and its customer on his way.
struct Sent {
    /// Where he approves it.
    link: Url,
    /// The order's number, where he comes back to.
    number: String,
    /// The payment request.
    payment: String,
}

impl Scene {
    /// Plays it, telling each step as it happens.
    ///
    /// # Errors
    ///
    /// The step that failed.
    pub(super) async fn play(&self, story: &Story) -> anyhow::Result<bool> {
        story.heading("One payment, from the shop to the bank and back");
        let whole = Instant::now();
        let token = self.token(story).await?;
        let sent = self.create(&token, story).await?;
        self.approve(&sent, story).await?;
        let settled = self.follow(&sent, story).await?;
        story.line("");
        let outcome = if settled { "paid" } else { "not paid" };
        story.done("from start to end", outcome, whole.elapsed());
        Ok(settled)
    }

    async fn token(&self, story: &Story) -> anyhow::Result<String> {
        let started = Instant::now();
        let token = self.pisp.token().await.context("no token")?;
        let lifetime_s = token.expires_in.unwrap_or_default();
        let text = format!("a token over mutual TLS, good for {lifetime_s} s and one payment");
        story.done("shop → bank", &text, started.elapsed());
        Ok(token.access_token)
    }

    async fn create(&self, token: &str, story: &Story) -> anyhow::Result<Sent> {
        let started = Instant::now();
        let [product, ..] = &PRODUCTS;
        let number = shop::number();
        let order = self.shop.order(product, &number, "en");
        let text = format!("POST /payment-requests, {} EUR, signed", order.amount.to_decimal());
        let created = self.pisp.create(token, VERSION, &order).await.context("the payment request")?;
        let link = self.shop.placed(number.clone(), product, &self.bank.code, (&order, &created));
        let sent = Sent { link, number, payment: created.id };
        story.done("shop → bank", &format!("{text}: 201, {}", created.seal.in_words()), started.elapsed());
        Ok(sent)
    }

    async fn approve(&self, sent: &Sent, story: &Story) -> anyhow::Result<()> {
        let code = InstitutionCode::parse(&self.bank.code)?;
        let customer = Customer {
            institution: self.bank.code.clone(),
            number: first_persona(&code).context("the bank has customers")?,
            password: PASSWORD.to_owned(),
            account: None,
        };
        let tell = |heading: &str, took: Duration| story.done("customer → bank", heading, took);
        let ended = self.player.visit(sent.link.clone(), &customer, Wish::Approve, tell).await?;
        let back = match ended {
            Ended::SentBack(url) if url.path().ends_with(&sent.number) => url,
            Ended::SentBack(_) => anyhow::bail!("the bank sent the browser somewhere else"),
            Ended::Stayed(heading) => anyhow::bail!("the bank kept the browser on \"{heading}\""),
        };
        let started = Instant::now();
        let heading = self.player.look_at(back).await.context("the shop's page")?;
        story.done("customer → shop", &heading, started.elapsed());
        Ok(())
    }

    async fn follow(&self, sent: &Sent, story: &Story) -> anyhow::Result<bool> {
        let started = Instant::now();
        let tell = |seen: &crate::pisp::Seen| {
            let text = format!("GET: {}, {}", seen.status.code(), seen.in_words());
            story.done("shop → bank", &text, started.elapsed());
        };
        let deadline = Deadline::now() + PATIENCE;
        let seen = self.pisp.follow(VERSION, &sent.payment, deadline, tell).await?;
        Ok(seen.is_settled())
    }
}
