//! A customer of the bank, with a browser that keeps cookies and shows one page.

use std::{fs, path::Path};

use reqwest::{Certificate, Client, header, redirect::Policy};
use url::Url;

use super::server::HOST;

/// Redirects followed in a row.
const MAX_REDIRECTS: usize = 8;

pub(crate) struct Customer {
    client: Client,
    base: Url,
    page: String,
}

impl Customer {
    /// Somebody whose browser trusts the authority of the bank's server certificate, and nobody else.
    pub(crate) fn new(pki: &Path, port: u16) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let authority = Certificate::from_pem_bundle(&fs::read(pki.join("tls-ca.pem")).unwrap()).unwrap();
        let client = Client::builder()
            .tls_certs_only(authority)
            .resolve(HOST, ([127, 0, 0, 1], port).into())
            .cookie_store(true)
            .no_proxy()
            .redirect(Policy::none())
            .build()
            .unwrap();
        let base = format!("https://{HOST}:{port}/").parse().unwrap();
        Self { client, base, page: String::new() }
    }

    /// What is shown.
    pub(crate) fn page(&self) -> &str {
        &self.page
    }

    pub(crate) fn sees(&self, text: &str) -> bool {
        self.page.contains(text)
    }

    /// Opens an address and goes where it leads.
    pub(crate) async fn open(&mut self, url: Url) {
        let request = self.client.get(url);
        if let Some(elsewhere) = self.follow(request).await {
            panic!("a page of the bank, not {elsewhere}");
        }
    }

    /// Sends the form of the page that leads to `action`, and goes where the answer leads.
    pub(crate) async fn fill_in(&mut self, action: &str, typed: &[(&str, &str)]) {
        let hidden = self.hidden(action);
        let fields: Vec<(&str, &str)> = hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(typed.iter().copied())
            .collect();
        let origin = self.base.origin().ascii_serialization();
        let request = self.client.post(self.base.join(action).unwrap());
        let request = request.header(header::ORIGIN, origin).header("sec-fetch-site", "same-origin");
        if let Some(elsewhere) = self.follow(request.form(&fields)).await {
            panic!("a page of the bank, not {elsewhere}");
        }
    }

    /// Follows a link that leads away from the bank; gives where to.
    pub(crate) async fn leave(&mut self, path: &str) -> String {
        let request = self.client.get(self.base.join(path).unwrap());
        let elsewhere = self.follow(request).await;
        elsewhere.unwrap_or_else(|| panic!("{path} stays at the bank: {}", self.page))
    }

    /// Follows redirects within the bank. Gives the address outside that the last one leads to.
    async fn follow(&mut self, request: reqwest::RequestBuilder) -> Option<String> {
        let mut request = request;
        for _ in 0..MAX_REDIRECTS {
            let answer = request.header(header::ACCEPT_LANGUAGE, "en").send().await.unwrap();
            let Some(location) = answer.headers().get(header::LOCATION) else {
                let status = answer.status();
                self.page = answer.text().await.unwrap();
                assert!(status.is_success(), "{status}: {}", self.page);
                return None;
            };
            let target = answer.url().join(location.to_str().unwrap()).unwrap();
            if target.origin() != self.base.origin() {
                return Some(target.into());
            }
            request = self.client.get(target);
        }
        panic!("the bank redirects for ever");
    }

    /// The hidden fields of the form that leads to `action`.
    fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let form = self.page.split_once(&format!("action=\"{action}\""));
        let (_, form) = form.unwrap_or_else(|| panic!("no form to {action} in {}", self.page));
        let (form, _) = form.split_once("</form>").unwrap();
        let attribute = |input: &str, name: &str| {
            let (_, rest) = input.split_once(&format!("{name}=\"")).unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        let inputs = form.split("<input type=\"hidden\" ").skip(1);
        inputs.map(|input| (attribute(input, "name"), attribute(input, "value"))).collect()
    }
}
