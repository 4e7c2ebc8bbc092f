//! A browser without a window: cookies, redirects within one site, forms.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use reqwest::{Client, StatusCode, header};
use url::Url;

use super::html::{Button, Form, Page};

/// Redirects followed in a row.
const MAX_REDIRECTS: usize = 10;
/// Pages are small.
const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// A browser.
pub(crate) struct Browser {
    client: Client,
    language: String,
}

/// Where a step of the browser led.
pub(crate) enum Arrival {
    /// To a page of the same site.
    Page(Shown),
    /// To another site, which the browser has not entered yet.
    Elsewhere(Url),
}

/// A page on show.
pub(crate) struct Shown {
    /// Its address.
    pub(crate) url: Url,
    /// How the site answered.
    pub(crate) status: StatusCode,
    /// What it offers.
    pub(crate) page: Page,
}

impl Browser {
    /// A new browser without cookies, that likes `language`, and trusts `ca_pem` if pages come over TLS.
    ///
    /// # Errors
    ///
    /// If the authority cannot be read.
    pub(crate) fn new(language: &str, ca_pem: &str) -> reqwest::Result<Self> {
        let builder = crate::http_client::builder(true).cookie_store(true);
        let builder = crate::http_client::trusting(builder, ca_pem)?;
        Ok(Self { client: builder.build()?, language: language.to_owned() })
    }

    /// Opens an address.
    ///
    /// # Errors
    ///
    /// If it cannot be reached or redirects for ever.
    pub(crate) async fn open(&self, url: Url) -> anyhow::Result<Arrival> {
        let request = self.client.get(url.clone());
        self.follow(url, request).await
    }

    /// Sends a form of a page, with these values in place of what stands in it.
    ///
    /// # Errors
    ///
    /// As [`Browser::open`].
    pub(crate) async fn send(
        &self,
        shown: &Shown,
        form: &Form,
        button: Option<&Button>,
        values: &BTreeMap<String, String>,
    ) -> anyhow::Result<Arrival> {
        let mut sent = form.preset();
        sent.extend(values.clone());
        if let Some(button) = button
            && let Some(name) = &button.name
        {
            sent.insert(name.clone(), button.value.clone());
        }
        let action = button.and_then(|button| button.action.as_ref()).unwrap_or(&form.action);
        let url = shown.url.join(action).context("a form has an address to be sent to")?;
        let request = if form.is_post {
            // As browsers do, so that pages can tell their own forms from others'.
            let origin = shown.url.origin().ascii_serialization();
            self.client
                .post(url.clone())
                .header(header::ORIGIN, origin)
                .header("sec-fetch-site", "same-origin")
                .form(&sent)
        } else {
            self.client.get(url.clone()).query(&sent)
        };
        self.follow(url, request).await
    }

    async fn follow(&self, start: Url, request: reqwest::RequestBuilder) -> anyhow::Result<Arrival> {
        let site = start.origin();
        let mut url = start;
        let mut request = request;
        for _ in 0..MAX_REDIRECTS {
            let response = request
                .header(header::ACCEPT, "text/html")
                .header(header::ACCEPT_LANGUAGE, &self.language)
                .send()
                .await
                .with_context(|| format!("cannot open {}", without_query(&url)))?;
            let Some(target) = target_of(&response)? else {
                return Ok(Arrival::Page(read(url, response).await?));
            };
            if target.origin() != site {
                return Ok(Arrival::Elsewhere(target));
            }
            request = self.client.get(target.clone());
            url = target;
        }
        bail!("{} redirects again and again", without_query(&url))
    }
}

/// An address without what may be secret in it.
fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.into()
}

fn target_of(response: &reqwest::Response) -> anyhow::Result<Option<Url>> {
    if !response.status().is_redirection() {
        return Ok(None);
    }
    let location = response.headers().get(header::LOCATION).context("a redirect says where to")?.to_str()?;
    Ok(Some(response.url().join(location)?))
}

async fn read(url: Url, mut response: reqwest::Response) -> anyhow::Result<Shown> {
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_PAGE_BYTES {
            bail!("{} is too long", without_query(&url));
        }
    }
    let page = Page::read(&String::from_utf8_lossy(&body));
    Ok(Shown { url, status, page })
}
