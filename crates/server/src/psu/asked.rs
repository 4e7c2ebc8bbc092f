//! What a consent link says: which payment it is about, and what the PISP added where the redirect is
//! enforced (RFC 6749, 4.1.1; RFC 7636, 4.3).
//!
//! What is wrong here is told to the visitor and nobody is sent anywhere: whoever wrote the link cannot choose
//! where our pages lead (RFC 6749, 4.1.2.1; RFC 9700, 4.11).

use payments::{
    code::{Callback, CallbackState, CodeChallenge},
    tpp::{ReportUrl, Tpp},
    values::PaymentId,
};
use url::form_urlencoded;

use crate::link::{CONTEXT_PARAMETER, NONCE_PARAMETER, PAYMENT_PARAMETER};

/// The parameters of a consent link. One that is empty counts as left out, unknown ones are ignored
/// (RFC 6749, 3.1).
#[derive(Default)]
pub(super) struct Asked {
    payment: Option<String>,
    context: Option<String>,
    nonce: Option<String>,
    response_type: Option<String>,
    scope: Option<String>,
    client_id: Option<String>,
    redirect_uri: Option<String>,
    state: Option<String>,
    challenge: Option<String>,
    challenge_method: Option<String>,
}

/// What is wrong with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidLink {
    #[error("a parameter is given twice")]
    Twice,
    #[error("response_type must be code")]
    ResponseType,
    #[error("scope must be pisp")]
    Scope,
    #[error("client_id must be the one that made the payment request")]
    Client,
    #[error("redirect_uri must be one that the client registered")]
    RedirectUri,
    #[error("state must have at most 1024 printable ASCII characters")]
    State,
    #[error("code_challenge must be the base64url form of 32 bytes")]
    Challenge,
    #[error("code_challenge_method must be S256, and given with a code_challenge")]
    ChallengeMethod,
}

impl Asked {
    /// Reads the query of a link.
    ///
    /// # Errors
    ///
    /// [`InvalidLink::Twice`]: nobody can tell which of two values was meant.
    pub(super) fn read(query: &str) -> Result<Self, InvalidLink> {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                PAYMENT_PARAMETER => &mut asked.payment,
                CONTEXT_PARAMETER => &mut asked.context,
                NONCE_PARAMETER => &mut asked.nonce,
                "response_type" => &mut asked.response_type,
                "scope" => &mut asked.scope,
                "client_id" => &mut asked.client_id,
                "redirect_uri" => &mut asked.redirect_uri,
                "state" => &mut asked.state,
                "code_challenge" => &mut asked.challenge,
                "code_challenge_method" => &mut asked.challenge_method,
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(InvalidLink::Twice);
            }
        }
        Ok(asked)
    }

    /// The payment it is about, if both of its names agree.
    pub(super) fn payment(&self) -> Option<PaymentId> {
        let (payment, context) = (given(self.payment.as_ref()), given(self.context.as_ref()));
        let named = payment.or(context)?;
        PaymentId::parse(named).ok().filter(|_| context.is_none_or(|context| context == named))
    }

    /// The nonce; empty if there is none.
    pub(super) fn nonce(&self) -> &str {
        self.nonce.as_deref().unwrap_or_default()
    }

    /// Where and how the PSU goes back to `tpp`, which made the payment request.
    ///
    /// # Errors
    ///
    /// The first parameter that is not right.
    pub(super) fn callback(&self, tpp: &Tpp) -> Result<Callback, InvalidLink> {
        let is_or_absent =
            |value: &Option<String>, expected| given(value.as_ref()).is_none_or(|value| value == expected);
        if !is_or_absent(&self.response_type, "code") {
            return Err(InvalidLink::ResponseType);
        }
        if !is_or_absent(&self.scope, "pisp") {
            return Err(InvalidLink::Scope);
        }
        if !is_or_absent(&self.client_id, tpp.id.as_str()) {
            return Err(InvalidLink::Client);
        }
        let state = given(self.state.as_ref()).map(CallbackState::parse).transpose();
        Ok(Callback {
            redirect_uri: self.redirect_uri(tpp)?,
            state: state.map_err(|_| InvalidLink::State)?,
            challenge: self.challenge()?,
        })
    }

    fn redirect_uri(&self, tpp: &Tpp) -> Result<Option<ReportUrl>, InvalidLink> {
        let Some(text) = given(self.redirect_uri.as_ref()) else {
            return Ok(None);
        };
        let url = ReportUrl::parse(text).ok().filter(|url| tpp.may_redirect_to(url));
        url.map(Some).ok_or(InvalidLink::RedirectUri)
    }

    /// Without a method the RFC means `plain`, which would prove nothing to whoever sees the link.
    fn challenge(&self) -> Result<Option<CodeChallenge>, InvalidLink> {
        match (given(self.challenge.as_ref()), given(self.challenge_method.as_ref())) {
            (None, None) => Ok(None),
            (Some(challenge), Some("S256")) => {
                CodeChallenge::parse(challenge).map(Some).map_err(|_| InvalidLink::Challenge)
            }
            _ => Err(InvalidLink::ChallengeMethod),
        }
    }
}

fn given(value: Option<&String>) -> Option<&str> {
    value.map(String::as_str).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use payments::samples;
    use proptest::prelude::*;

    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn callback(query: &str) -> Result<Callback, InvalidLink> {
        Asked::read(query)?.callback(&samples::tpp())
    }

    #[test]
    fn what_the_pisp_adds_is_taken_as_it_is_meant() {
        let none = Callback::default();
        let uri = |text| Some(ReportUrl::parse(text).unwrap());
        let state = |text| Some(CallbackState::parse(text).unwrap());
        let challenge = CodeChallenge::parse(CHALLENGE).ok();
        let with_challenge = Callback { challenge, ..none.clone() };
        let table = [
            ("", none.clone()),
            ("response_type=code&scope=pisp&client_id=PSDFR-ACPR-12345&unknown=1", none.clone()),
            ("response_type=&scope=&client_id=&redirect_uri=&state=&code_challenge=", none.clone()),
            (
                "redirect_uri=https%3A%2F%2Ftpp.example%2Fcb%3Fa%3D1&state=a%26b%3Dc+d",
                Callback { redirect_uri: uri("https://tpp.example/cb?a=1"), state: state("a&b=c d"), ..none },
            ),
            (&format!("code_challenge={CHALLENGE}&code_challenge_method=S256"), with_challenge.clone()),
            (&format!("code_challenge_method=S256&code_challenge={CHALLENGE}%3D"), with_challenge),
        ];
        for (query, expected) in table {
            assert_eq!(callback(query), Ok(expected), "{query}");
        }
    }

    #[test]
    fn what_is_not_right_is_named() {
        let too_long = format!("state={}", "x".repeat(1_025));
        let table = [
            ("state=1&state=1", InvalidLink::Twice),
            ("nonce=1&state=1&nonce=2", InvalidLink::Twice),
            ("response_type=token", InvalidLink::ResponseType),
            ("scope=aisp", InvalidLink::Scope),
            ("scope=pisp+aisp", InvalidLink::Scope),
            ("client_id=PSDFR-ACPR-99999", InvalidLink::Client),
            ("redirect_uri=https%3A%2F%2Fevil.example%2Fcb", InvalidLink::RedirectUri),
            ("redirect_uri=https%3A%2F%2Ftpp.example%40evil.example%2Fcb", InvalidLink::RedirectUri),
            ("redirect_uri=https%3A%2F%2Ftpp.example%2Fcb%23x", InvalidLink::RedirectUri),
            ("redirect_uri=javascript%3Aalert(1)", InvalidLink::RedirectUri),
            ("redirect_uri=%2Fcb", InvalidLink::RedirectUri),
            ("state=a%0D%0ALocation%3A+x", InvalidLink::State),
            (&too_long, InvalidLink::State),
            ("code_challenge=x&code_challenge_method=S256", InvalidLink::Challenge),
            ("code_challenge_method=S256", InvalidLink::ChallengeMethod),
            (&format!("code_challenge={CHALLENGE}"), InvalidLink::ChallengeMethod),
            (
                &format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
                InvalidLink::ChallengeMethod,
            ),
            (&format!("code_challenge={CHALLENGE}&code_challenge_method=s256"), InvalidLink::ChallengeMethod),
        ];
        for (query, expected) in table {
            assert_eq!(callback(query), Err(expected), "{query}");
        }
    }

    #[test]
    fn a_link_names_one_payment_under_either_name() {
        let (id, other) = (samples::registration().id, PaymentId::new(9, 1_772_442_930_000, 9));
        let table = [
            (format!("paymentRequestRessourceId={id}"), true),
            (format!("context={id}"), true),
            (format!("context={id}&paymentRequestRessourceId={id}"), true),
            (format!("context={other}&paymentRequestRessourceId={id}"), false),
            (format!("context={id}&paymentRequestRessourceId={other}"), false),
            ("context=x".to_owned(), false),
            (String::new(), false),
        ];
        for (query, found) in table {
            assert_eq!(Asked::read(&query).unwrap().payment(), found.then(|| id.clone()), "{query}");
        }
    }

    proptest! {
        #[test]
        fn no_query_makes_the_reader_panic(query in ".*") {
            if let Ok(asked) = Asked::read(&query) {
                let _ = (asked.payment(), asked.callback(&samples::tpp()));
            }
        }
    }
}
