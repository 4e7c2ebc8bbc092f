//! The PISP's part of an enforced redirect: the link completed, the code exchanged, the payment confirmed
//! (RFC 6749, 4.1; RFC 7636; STET PSD2 API 1.4.2, payment request confirmation).

use payments::{Version, code::CodeChallenge};
use reqwest::Method;
use stet::Confirmation;
use url::{Url, form_urlencoded};

use super::{Created, Pisp, PispError, Seen};
use crate::random;

/// Sent away with the customer, and expected back with him.
#[derive(Clone)]
pub(crate) struct Callback {
    payment: String,
    nonce: Option<String>,
    link: Url,
    redirect_uri: Url,
    state: String,
    verifier: String,
}

/// An authorisation code, from the address that the customer's browser came back to.
pub(crate) struct Code(String);

impl std::fmt::Debug for Callback {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Callback").field("payment", &self.payment).finish_non_exhaustive()
    }
}

impl Callback {
    /// Completes the link with what makes sure that the code that comes back is for this customer's browser
    /// (`state`) and for us only (`code_challenge`).
    fn new(created: &Created, client_id: &str, redirect_uri: &Url) -> Self {
        let (state, verifier) = (random::hex::<16>(), random::hex::<32>());
        let challenge = CodeChallenge::of(&verifier).render();
        let mut link = created.consent_url.clone();
        link.query_pairs_mut()
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect_uri.as_str())
            .append_pair("state", &state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Self {
            payment: created.id.clone(),
            nonce: created.nonce.clone(),
            link,
            redirect_uri: redirect_uri.clone(),
            state,
            verifier,
        }
    }

    /// Where the customer approves.
    pub(crate) fn link(&self) -> &Url {
        &self.link
    }

    /// The code in the query of the address the browser came back to; nothing if the customer did not approve,
    /// or if it is not an answer to what we sent away.
    pub(crate) fn code_in(&self, query: &str) -> Option<Code> {
        let value = |name: &str| {
            let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(given, _)| given == name);
            found.next().map(|(_, value)| value.into_owned()).filter(|_| found.next().is_none())
        };
        let is_ours = value("state")? == self.state;
        value("code").filter(|_| is_ours).map(Code)
    }
}

impl Pisp {
    /// What is to be sent away with the customer, where the bank waits for a confirmation; nothing where his
    /// approval is enough.
    pub(crate) fn callback(&self, created: &Created, redirect_uri: &Url) -> Option<Callback> {
        created.is_to_be_confirmed.then(|| Callback::new(created, &self.shared.client_id, redirect_uri))
    }

    /// Exchanges the code and confirms the payment with its token.
    ///
    /// # Errors
    ///
    /// [`PispError`].
    pub(crate) async fn confirm(
        &self,
        version: Version,
        callback: &Callback,
        code: Code,
    ) -> Result<Seen, PispError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.shared.client_id),
            ("code", &code.0),
            ("redirect_uri", callback.redirect_uri.as_str()),
            ("code_verifier", &callback.verifier),
        ];
        let token = self.ask_token(&form).await?;
        let body = Confirmation { nonce: callback.nonce.clone(), ..Confirmation::default() };
        let body = serde_json::to_vec(&body).expect("a confirmation has string keys only");
        let path = format!("{}/payment-requests/{}/o-confirmation", version.base_path(), callback.payment);
        let answer = self.call(Method::POST, &path, &token.access_token, body).await?;
        Seen::read(&answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pisp::AnswerSeal;

    fn callback() -> Callback {
        let created = Created {
            id: "1".to_owned(),
            consent_url: "https://bank.example/authorize?response_type=code&context=1".parse().unwrap(),
            is_to_be_confirmed: true,
            nonce: None,
            seal: AnswerSeal::Verified,
        };
        Callback::new(&created, "PSDFR-ACPR-12345", &"http://127.0.0.1:1/back?x=1".parse().unwrap())
    }

    #[test]
    fn a_link_is_completed_with_what_the_code_is_bound_to() {
        let (one, other) = (callback(), callback());
        assert_ne!((&one.state, &one.verifier), (&other.state, &other.verifier));
        let asked = |name: &str| {
            let found = one.link().query_pairs().find(|(given, _)| given == name);
            found.unwrap().1.into_owned()
        };
        assert_eq!(asked("context"), "1");
        assert_eq!(asked("redirect_uri"), "http://127.0.0.1:1/back?x=1");
        assert_eq!((asked("state"), asked("code_challenge_method")), (one.state.clone(), "S256".to_owned()));
        let challenge = CodeChallenge::parse(&asked("code_challenge"));
        assert_eq!(challenge, Ok(CodeChallenge::of(&one.verifier)));
        assert_eq!(one.verifier.len(), 64, "within 43 and 128");
    }

    #[test]
    fn a_code_counts_with_our_state_only() {
        let callback = callback();
        let state = &callback.state;
        let table = [
            (format!("code=c&state={state}"), Some("c")),
            (format!("x=1&state={state}&code=c"), Some("c")),
            ("code=c".to_owned(), None),
            ("code=c&state=other".to_owned(), None),
            (format!("code=c&state=other&state={state}"), None),
            (format!("code=c&code=d&state={state}"), None),
            (format!("error=access_denied&state={state}"), None),
            (String::new(), None),
        ];
        for (query, expected) in table {
            assert_eq!(callback.code_in(&query).map(|code| code.0).as_deref(), expected, "{query}");
        }
    }
}
