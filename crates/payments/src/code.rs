//! The enforced redirect: what a PISP adds to the consent link, and the authorisation codes that the PSU's
//! browser carries back to it (RFC 6749, 4.1; RFC 7636).

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    PaymentRequest,
    tpp::ReportUrl,
    values::{InstitutionCode, PaymentId, TppId},
};

/// How long a code can be exchanged, in seconds.
pub const CODE_LIFETIME_S: i64 = 300;

/// SHA-256 of an authorisation code: the only form in which we keep one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CodeHash(#[serde(with = "crate::encoding::hex32")] pub [u8; 32]);

/// SHA-256 of a code verifier (RFC 7636, 4.2: the method `S256`; `plain` is not taken).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeChallenge(#[serde(with = "crate::encoding::hex32")] pub [u8; 32]);

impl CodeChallenge {
    /// Reads a `code_challenge`: base64url of 32 bytes. The padding that the RFC leaves out and some
    /// connectors write is taken.
    ///
    /// # Errors
    ///
    /// [`InvalidChallenge`] for everything else.
    pub fn parse(text: &str) -> Result<Self, InvalidChallenge> {
        let digits = text.strip_suffix('=').unwrap_or(text);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(digits).map_err(|_| InvalidChallenge)?;
        bytes.try_into().map(Self).map_err(|_| InvalidChallenge)
    }

    /// The challenge of a verifier.
    pub fn of(verifier: &str) -> Self {
        Self(Sha256::digest(verifier).into())
    }

    /// The `code_challenge`, as a PISP writes it.
    pub fn render(self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Whether `verifier` is one, and the one this challenge was made of (RFC 7636, 4.1 and 4.6).
    fn is_of(self, verifier: &str) -> bool {
        let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(is_unreserved)
            && self == Self::of(verifier)
    }
}

/// No `code_challenge` of the method `S256`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the base64url form of 32 bytes")]
pub struct InvalidChallenge;

/// The PISP's `state`, given back as it came: 1 to 1024 printable ASCII characters (RFC 6749, A.5). It may
/// name a session of the PISP: `Debug` masks it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallbackState(String);

/// No `state` that we give back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 1024 printable ASCII characters")]
pub struct InvalidState;

impl CallbackState {
    /// Reads a `state`.
    ///
    /// # Errors
    ///
    /// [`InvalidState`] if it is empty, too long or holds anything but printable ASCII.
    pub fn parse(text: &str) -> Result<Self, InvalidState> {
        let is_printable = |byte: u8| (b' '..=b'~').contains(&byte);
        let fits = (1..=1024).contains(&text.len()) && text.bytes().all(is_printable);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidState) }
    }

    /// The text, for the PISP it came from.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CallbackState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CallbackState(…)")
    }
}

impl TryFrom<String> for CallbackState {
    type Error = InvalidState;
    fn try_from(text: String) -> Result<Self, InvalidState> {
        Self::parse(&text)
    }
}

impl From<CallbackState> for String {
    fn from(state: CallbackState) -> Self {
        state.0
    }
}

/// What a PISP added to the consent link of an enforced redirect: nothing of it has to be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// Where the PSU's browser goes back to; else to the report URLs of the request.
    pub redirect_uri: Option<ReportUrl>,
    /// What comes back with it.
    pub state: Option<CallbackState>,
    /// What the PISP's verifier must hash to.
    pub challenge: Option<CodeChallenge>,
}

impl Callback {
    /// Where the browser goes with a code.
    pub fn redirect_uri<'a>(&'a self, request: &'a PaymentRequest) -> &'a ReportUrl {
        self.redirect_uri.as_ref().unwrap_or(&request.successful_report_url)
    }

    /// The address that tells the PISP a code (RFC 6749, 4.1.2).
    pub fn with_code(&self, request: &PaymentRequest, code: &str) -> String {
        let mut parameters = vec![("code", code)];
        parameters.extend(self.state_parameter());
        self.redirect_uri(request).with(&parameters)
    }

    /// The address that tells the PISP why there is none (RFC 6749, 4.1.2.1).
    pub fn with_error(&self, request: &PaymentRequest, error: &str, description: &str) -> String {
        let failure = request.report_url_of_failure();
        if self.redirect_uri.is_none() && self.state.is_none() {
            return failure.with_error(error, description);
        }
        let mut parameters = vec![("error", error), ("error_description", description)];
        parameters.extend(self.state_parameter());
        self.redirect_uri.as_ref().unwrap_or(failure).with(&parameters)
    }

    fn state_parameter(&self) -> Option<(&'static str, &str)> {
        self.state.as_ref().map(|state| ("state", state.as_str()))
    }
}

/// What a code was given for. It is good for one exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorisationCode {
    /// The code, hashed.
    pub hash: CodeHash,
    /// The client whose payment was approved.
    pub tpp: TppId,
    /// The institution that gave it.
    pub institution: InstitutionCode,
    /// The payment request that was approved.
    pub payment: PaymentId,
    /// Where the browser was sent with it.
    pub redirect_uri: ReportUrl,
    /// What the PISP's verifier must hash to, if it gave a challenge.
    pub challenge: Option<CodeChallenge>,
    /// From when it is worth nothing.
    pub expires_at: Timestamp,
}

/// What a client shows with a code.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// The client.
    pub tpp: &'a TppId,
    /// The institution it asks.
    pub institution: &'a InstitutionCode,
    /// Its `redirect_uri`.
    pub redirect_uri: &'a str,
    /// Its `code_verifier`, if it gave one.
    pub verifier: Option<&'a str>,
}

/// Why a code is not exchanged. To the client all are `invalid_grant` (RFC 6749, 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// Past its lifetime.
    #[error("this code has expired")]
    Expired,
    /// Given to another client, or by another institution. The caller need not learn that it exists.
    #[error("this code is not known")]
    OtherClient,
    /// The redirect URI is not the one the browser was sent to.
    #[error("redirect_uri is not the one this code was sent to")]
    OtherRedirectUri,
    /// The verifier is missing, not expected or wrong (RFC 7636, 4.6).
    #[error("code_verifier does not match the code_challenge")]
    Verifier,
}

impl AuthorisationCode {
    /// Whether `exchange` may have a token for this code at `now`.
    ///
    /// Redirect URIs are compared as the URL standard writes them: where the PISP added none to the link, it
    /// names the report URL of its request, in a spelling of its own.
    ///
    /// # Errors
    ///
    /// The first bond that is broken.
    pub fn check(&self, exchange: &Exchange<'_>, now: Timestamp) -> Result<(), CodeRefusal> {
        if &self.tpp != exchange.tpp || &self.institution != exchange.institution {
            return Err(CodeRefusal::OtherClient);
        }
        if now >= self.expires_at {
            return Err(CodeRefusal::Expired);
        }
        if ReportUrl::parse(exchange.redirect_uri).as_ref() != Ok(&self.redirect_uri) {
            return Err(CodeRefusal::OtherRedirectUri);
        }
        let proven = match (self.challenge, exchange.verifier) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => challenge.is_of(verifier),
            // A verifier for no challenge: somebody took the challenge out of the link (RFC 9700, 4.8.2).
            (None, Some(_)) | (Some(_), None) => false,
        };
        if proven { Ok(()) } else { Err(CodeRefusal::Verifier) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    /// RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn code(challenge: Option<CodeChallenge>) -> AuthorisationCode {
        AuthorisationCode {
            hash: CodeHash([1; 32]),
            tpp: samples::tpp().id,
            institution: samples::institution().code,
            payment: samples::registration().id,
            redirect_uri: ReportUrl::parse("https://tpp.example/cb").unwrap(),
            challenge,
            expires_at: Timestamp::from_second(300).unwrap(),
        }
    }

    #[test]
    fn a_code_is_exchanged_by_its_client_at_its_uri_with_its_verifier_in_time() {
        let code = code(CodeChallenge::parse(CHALLENGE).ok());
        let other_tpp = TppId::parse("PSDFR-ACPR-99999").unwrap();
        let other_bank = InstitutionCode::parse("11425").unwrap();
        let right = Exchange {
            tpp: &code.tpp,
            institution: &code.institution,
            redirect_uri: "https://tpp.example/cb",
            verifier: Some(VERIFIER),
        };
        let at = |redirect_uri| Exchange { redirect_uri, ..right };
        let with = |verifier| Exchange { verifier, ..right };
        let (wrong, long) = (VERIFIER.replace('d', "e"), "a".repeat(129));
        let table = [
            (right, 299, Ok(())),
            (right, 300, Err(CodeRefusal::Expired)),
            (Exchange { tpp: &other_tpp, ..right }, 0, Err(CodeRefusal::OtherClient)),
            (Exchange { institution: &other_bank, ..right }, 0, Err(CodeRefusal::OtherClient)),
            (at("https://tpp.example:443/cb"), 0, Ok(())),
            (at("https://tpp.example/cb/"), 0, Err(CodeRefusal::OtherRedirectUri)),
            (at("https://tpp.example/cb?x=1"), 0, Err(CodeRefusal::OtherRedirectUri)),
            (at("nonsense"), 0, Err(CodeRefusal::OtherRedirectUri)),
            (with(None), 0, Err(CodeRefusal::Verifier)),
            (with(Some("")), 0, Err(CodeRefusal::Verifier)),
            (with(Some(CHALLENGE)), 0, Err(CodeRefusal::Verifier)),
            (with(Some(&wrong)), 0, Err(CodeRefusal::Verifier)),
            (with(Some(&long)), 0, Err(CodeRefusal::Verifier)),
        ];
        for (exchange, second, expected) in table {
            let now = Timestamp::from_second(second).unwrap();
            assert_eq!(code.check(&exchange, now), expected, "{exchange:?}");
        }
    }

    #[test]
    fn a_verifier_for_no_challenge_is_refused() {
        let plain = code(None);
        let without = Exchange {
            tpp: &plain.tpp,
            institution: &plain.institution,
            redirect_uri: "https://tpp.example/cb",
            verifier: None,
        };
        assert_eq!(plain.check(&without, Timestamp::UNIX_EPOCH), Ok(()));
        let unasked = Exchange { verifier: Some(VERIFIER), ..without };
        assert_eq!(plain.check(&unasked, Timestamp::UNIX_EPOCH), Err(CodeRefusal::Verifier));
    }

    #[test]
    fn a_short_verifier_proves_nothing_even_if_it_hashes_right() {
        let short = "abc";
        let code = code(Some(CodeChallenge::of(short)));
        let exchange = Exchange {
            tpp: &code.tpp,
            institution: &code.institution,
            redirect_uri: "https://tpp.example/cb",
            verifier: Some(short),
        };
        assert_eq!(code.check(&exchange, Timestamp::UNIX_EPOCH), Err(CodeRefusal::Verifier));
    }

    #[test]
    fn a_challenge_is_base64url_of_32_bytes_with_or_without_its_padding() {
        let padded = format!("{CHALLENGE}=");
        for text in [CHALLENGE, &padded] {
            assert_eq!(CodeChallenge::parse(text), Ok(CodeChallenge::of(VERIFIER)));
        }
        let (short, long) = (CHALLENGE.replace("-cM", "-c"), format!("{CHALLENGE}A"));
        let bits = CHALLENGE.replace("-cM", "-cN");
        let twice = format!("{CHALLENGE}==");
        for bad in ["", "=", &short, &long, &bits, &twice, &CHALLENGE.replace('-', "+"), "a b"] {
            assert_eq!(CodeChallenge::parse(bad), Err(InvalidChallenge), "{bad}");
        }
    }

    #[test]
    fn a_state_is_printable_and_bounded() {
        let longest = "x".repeat(1024);
        for good in ["s", "a b&c=d%20~", &longest] {
            assert_eq!(CallbackState::parse(good).unwrap().as_str(), good);
        }
        let longer = "x".repeat(1025);
        for bad in ["", "a\nb", "é", "\u{7f}", &longer] {
            assert_eq!(CallbackState::parse(bad), Err(InvalidState), "{bad}");
        }
        assert_eq!(format!("{:?}", CallbackState::parse("secret").unwrap()), "CallbackState(…)");
    }

    #[test]
    fn the_way_back_is_what_the_link_said_or_else_the_request() {
        let request = samples::request();
        let redirect_uri = ReportUrl::parse("https://tpp.example/oauth").ok();
        let state = CallbackState::parse("s 2").ok();
        let none = Callback::default();
        let only_state = Callback { state: state.clone(), ..none.clone() };
        let only_uri = Callback { redirect_uri: redirect_uri.clone(), ..none.clone() };
        let both = Callback { redirect_uri, state, ..none.clone() };
        let denied = "error=access_denied&error_description=CUST";
        let table = [
            (none, "cb?state=s1&code=c", format!("ko?state=s1&{denied}")),
            (only_state, "cb?code=c&state=s+2", format!("ko?{denied}&state=s+2")),
            (only_uri, "oauth?code=c", format!("oauth?{denied}")),
            (both, "oauth?code=c&state=s+2", format!("oauth?{denied}&state=s+2")),
        ];
        for (callback, success, failure) in table {
            let told = callback.with_code(&request, "c");
            assert_eq!(told, format!("https://tpp.example/{success}"));
            let told = callback.with_error(&request, "access_denied", "CUST");
            assert_eq!(told, format!("https://tpp.example/{failure}"));
        }
    }

    proptest! {
        #[test]
        fn every_challenge_reads_back_and_no_text_makes_the_readers_panic(hash: [u8; 32], text in ".*") {
            let challenge = CodeChallenge(hash);
            prop_assert_eq!(CodeChallenge::parse(&challenge.render()), Ok(challenge));
            let _ = CodeChallenge::parse(&text);
            let _ = CallbackState::parse(&text);
        }
    }
}
