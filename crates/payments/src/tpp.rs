//! Third-party providers: who they are, and what they may do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::{Host, Url, form_urlencoded};

pub use crate::licence::Licence;
use crate::{
    institution::SignaturePolicy,
    licence::{self, LicenceRule, Listing, Unlicensed},
    values::TppId,
};

/// A registered TPP or agent (the registry record).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tpp {
    /// Its `client_id`.
    pub id: TppId,
    /// organizationIdentifier of its certificates, such as `PSDFR-ACPR-12345` (ETSI TS 119 495).
    pub organization_identifier: String,
    /// Its name, shown to PSUs.
    pub name: String,
    /// Whether it is a TPP, or an agent that a TPP declared.
    #[serde(default)]
    pub kind: Kind,
    /// Standing of its licence as registered here; registers that were imported count besides.
    pub licence: Licence,
    /// Why and since when this bank keeps it out, if it does (PSD2, Art. 68(5)).
    #[serde(default)]
    pub suspension: Option<Suspension>,
    /// Whether it registered for payment initiation (scope `pisp`).
    pub scope_pisp: bool,
    /// The OAuth2 grants it registered for.
    pub grant_types: Vec<GrantType>,
    /// Where it may send PSUs back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// Its seal certificates (`QSealC`), each as DER.
    pub seal_certificates: Vec<SealCertificate>,
    /// What its signatures must cover, if not what the institution asks of everybody.
    pub signature_policy: Option<SignaturePolicy>,
    /// What else it registered and only reads back.
    #[serde(default)]
    pub details: Details,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// Who registered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A licensed provider.
    #[default]
    Tpp,
    /// An agent, for which the TPP that declared it calls and answers.
    Agent {
        /// The client id of that TPP.
        of: TppId,
    },
}

/// This bank keeps a TPP out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Since when.
    pub since: Timestamp,
    /// Why, in the operator's words. The TPP is not told.
    pub reason: String,
}

/// What a TPP registered that decides nothing: it is only read back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The name of its application (`software_id`).
    pub software_id: Option<String>,
    /// Whom to write to.
    pub contact: Option<Contact>,
    /// An agent's own legal id, such as `AGTFR-ACPR-12345001` (`client_legal_id`).
    #[serde(default)]
    pub client_legal_id: Option<String>,
    /// The roles it registered for, in its order: `aisp`, `pisp`, `cbpii`.
    pub scopes: Vec<String>,
    /// Its home page (`client_uri`).
    pub client_uri: Option<String>,
    /// Its logo (`logo_uri`).
    pub logo_uri: Option<String>,
}

/// Whom to write to at a TPP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Name.
    pub name: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
}

/// Something that happened to a registration: who did what, when. Kept for ever, beyond a removal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TppEvent {
    /// The client id.
    pub tpp: TppId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Registrar,
    /// What.
    pub what: TppChange,
    /// What was registered after it; for a removal, before it. None in events older than this member.
    #[serde(default)]
    pub registration: Option<Box<Tpp>>,
    /// The operator's account on the machine, if one did it from there and is known.
    #[serde(default)]
    pub by: Option<String>,
}

/// Who changed a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registrar {
    /// The TPP itself, through the registration API.
    Tpp,
    /// An operator of this bank.
    Operator,
    /// The configuration file, at a start or reload.
    Configuration,
}

/// What happened to a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TppChange {
    /// It was registered.
    Registered,
    /// What it registered was replaced.
    Changed,
    /// It was kept out; why.
    Suspended(String),
    /// It was let in again.
    Resumed,
    /// It was removed.
    Removed,
}

/// Why a registered TPP may not initiate payments today.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TppRefusal {
    /// This bank keeps it out.
    #[error("this bank has suspended the access of this client")]
    Suspended,
    /// Its licence, or a register.
    #[error(transparent)]
    Licence(#[from] Unlicensed),
    /// It did not register for payment initiation.
    #[error("the client is not registered for the scope pisp")]
    Scope,
}

/// A registered seal certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealCertificate {
    /// The name of the key agreed at registration, if any.
    pub kid: Option<String>,
    /// The certificate, DER.
    #[serde(with = "crate::encoding::base64")]
    pub der: Vec<u8>,
    /// The authorities that were given with it, for a path to an anchor. Nothing about them is proven.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<ChainCertificate>,
}

/// The certificate of an authority that came with a seal certificate, DER.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainCertificate(#[serde(with = "crate::encoding::base64")] pub Vec<u8>);

impl SealCertificate {
    /// Authorities kept with a seal certificate at most.
    pub const MAX_CHAIN: usize = 4;

    /// A seal certificate under the name `kid`, with as much of its chain as is kept.
    pub fn new(kid: Option<String>, der: Vec<u8>, chain: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let chain = chain.into_iter().take(Self::MAX_CHAIN).map(ChainCertificate).collect();
        Self { kid, der, chain }
    }
}

/// An OAuth2 grant type (RFC 6749).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749, 4.4.
    ClientCredentials,
    /// RFC 6749, 4.1.
    AuthorizationCode,
    /// RFC 6749, 6.
    RefreshToken,
}

impl Tpp {
    /// Whether it may initiate payments today in `country`, as far as its registration, this bank and the
    /// registers (`listings`, all of its organizationIdentifier) say. An agent needs its TPP's leave, too.
    ///
    /// # Errors
    ///
    /// The first that stands against it.
    pub fn may_initiate(
        &self,
        listings: &[Listing],
        rule: LicenceRule,
        country: &str,
    ) -> Result<(), TppRefusal> {
        if self.suspension.is_some() {
            return Err(TppRefusal::Suspended);
        }
        if self.licence != Licence::Active {
            let by = "its registration here".to_owned();
            return Err(Unlicensed::Standing { standing: self.licence, by }.into());
        }
        licence::may_initiate(listings, rule, country)?;
        if self.scope_pisp { Ok(()) } else { Err(TppRefusal::Scope) }
    }

    /// Whether the PSU may be sent to `url`: one of the registered URIs matches it.
    pub fn may_redirect_to(&self, url: &ReportUrl) -> bool {
        self.redirect_uris.iter().any(|uri| uri.matches(url))
    }
}

/// A URL to which the PSU's browser is sent at the end: absolute, at most 2048 characters, without
/// user information or fragment. Whether it may be used is for [`Tpp::may_redirect_to`] to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReportUrl(Url);

/// Why a text is no report URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// Not an absolute `https` URL (plain `http` is taken on loopback hosts, and only matched where a
    /// sandbox registered one).
    #[error("must be an absolute https URL of at most 2048 characters")]
    Syntax,
    /// Carries user information or a fragment.
    #[error("must have no user information and no fragment")]
    Parts,
}

impl ReportUrl {
    /// Parses a report URL.
    ///
    /// # Errors
    ///
    /// The first rule that fails, in the order of [`InvalidUrl`].
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        let printable = text.len() <= 2048 && text.bytes().all(|byte| byte.is_ascii_graphic());
        let url = Url::parse(text).map_err(|_| InvalidUrl::Syntax)?;
        let scheme_fits = match url.scheme() {
            "https" => url.has_host(),
            "http" => is_loopback(&url),
            _ => false,
        };
        if !printable || !scheme_fits {
            return Err(InvalidUrl::Syntax);
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(InvalidUrl::Parts);
        }
        Ok(Self(url))
    }

    /// The URL as normalised by the URL standard.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The URL with two query parameters that tell the PISP's page why the PSU did not pay, unless its
    /// own query already speaks of an `error`.
    pub fn with_error(&self, error: &str, description: &str) -> String {
        let mut url = self.0.clone();
        if !url.query_pairs().any(|(key, _)| key == "error") {
            url.query_pairs_mut().append_pair("error", error).append_pair("error_description", description);
        }
        url.into()
    }
}

impl ReportUrl {
    /// The URL with these query parameters, in place of its own of the same names; the rest of its query stays
    /// as it is written.
    pub fn with(&self, parameters: &[(&str, &str)]) -> String {
        let is_ours = |pair: &str| {
            let name = form_urlencoded::parse(pair.as_bytes()).next().map(|(name, _)| name);
            name.is_none_or(|name| parameters.iter().any(|(given, _)| *given == name))
        };
        let own = self.0.query().unwrap_or_default().split('&').filter(|pair| !is_ours(pair));
        let added = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let query: Vec<&str> = own.chain([added.as_str()]).collect();
        let mut url = self.0.clone();
        url.set_query(Some(&query.join("&")));
        url.into()
    }
}

impl TryFrom<String> for ReportUrl {
    type Error = InvalidUrl;
    fn try_from(text: String) -> Result<Self, InvalidUrl> {
        Self::parse(&text)
    }
}

impl From<ReportUrl> for String {
    fn from(url: ReportUrl) -> Self {
        url.0.into()
    }
}

/// A registered redirect URI: scheme, host, port and path must be equal, the query is free. Without a
/// path it matches every path. `http://127.0.0.1:*/` matches every loopback port: for sandboxes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// The registered URI of a sandbox's own TPPs: any port and path of this machine.
const ANY_LOOPBACK_PORT: &str = "http://127.0.0.1:*/";

impl RedirectUri {
    /// Parses a registered URI.
    ///
    /// # Errors
    ///
    /// As [`ReportUrl::parse`].
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        if text == ANY_LOOPBACK_PORT {
            return Ok(Self(text.to_owned()));
        }
        ReportUrl::parse(text).map(|_| Self(text.to_owned()))
    }

    /// The URI of a sandbox's own TPPs: any port and path of this machine, over plain HTTP.
    pub fn any_loopback_port() -> Self {
        Self(ANY_LOOPBACK_PORT.to_owned())
    }

    /// The URI as registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn matches(&self, report: &ReportUrl) -> bool {
        let url = &report.0;
        if self.0 == ANY_LOOPBACK_PORT {
            return url.scheme() == "http" && is_loopback(url);
        }
        let Ok(registered) = Url::parse(&self.0) else {
            return false;
        };
        let same_origin = registered.scheme() == url.scheme()
            && registered.host() == url.host()
            && registered.port_or_known_default() == url.port_or_known_default();
        same_origin && (registered.path() == "/" || registered.path() == url.path())
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = InvalidUrl;
    fn try_from(text: String) -> Result<Self, InvalidUrl> {
        Self::parse(&text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

/// Whether the host is this machine: a loopback address or a name under `localhost` (RFC 6761, 6.3).
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_report_url_is_absolute_https_and_plain() {
        let table = [
            ("https://tpp.example/cb?state=s1", Ok(())),
            ("https://tpp.example", Ok(())),
            ("http://127.0.0.1:9000/cb", Ok(())),
            ("http://shop.localhost:9000/cb", Ok(())),
            ("http://tpp.example/cb", Err(InvalidUrl::Syntax)),
            ("http://localhost.evil.example/cb", Err(InvalidUrl::Syntax)),
            ("/cb", Err(InvalidUrl::Syntax)),
            ("javascript:alert(1)", Err(InvalidUrl::Syntax)),
            ("data:text/html,x", Err(InvalidUrl::Syntax)),
            ("https://tpp.example/a b", Err(InvalidUrl::Syntax)),
            ("https://tpp.example/\r\nLocation: x", Err(InvalidUrl::Syntax)),
            ("https://user:pw@tpp.example/cb", Err(InvalidUrl::Parts)),
            ("https://tpp.example/cb#top", Err(InvalidUrl::Parts)),
        ];
        for (text, expected) in table {
            assert_eq!(ReportUrl::parse(text).map(|_| ()), expected, "{text}");
        }
    }

    #[test]
    fn a_registered_uri_matches_by_origin_and_path() {
        let table = [
            ("https://tpp.example/cb", "https://tpp.example/cb?state=1", true),
            ("https://tpp.example/cb", "https://tpp.example:443/cb", true),
            ("https://tpp.example/cb", "https://tpp.example/other", false),
            ("https://tpp.example/cb", "https://tpp.example/cb/", false),
            ("https://tpp.example/cb", "https://tpp.example:8443/cb", false),
            ("https://tpp.example/cb", "https://tpp.example.evil.example/cb", false),
            ("https://tpp.example/cb", "https://evil.example/cb", false),
            ("https://tpp.example/", "https://tpp.example/any/path", true),
            ("https://tpp.example", "https://tpp.example/any/path", true),
            ("https://tpp.example/cb", "https://tpp.example/x/../cb", true),
            ("http://127.0.0.1:*/", "http://127.0.0.1:4711/shop", true),
            ("http://127.0.0.1:*/", "http://localhost:4711/shop", true),
            ("http://127.0.0.1:*/", "https://tpp.example/shop", false),
        ];
        for (registered, asked, expected) in table {
            let registered = RedirectUri::parse(registered).unwrap();
            let asked = ReportUrl::parse(asked).unwrap();
            assert_eq!(registered.matches(&asked), expected, "{registered:?} {asked:?}");
        }
    }

    #[test]
    fn the_error_is_told_unless_the_query_already_tells_one() {
        let plain = ReportUrl::parse("https://tpp.example/ko?state=s1").unwrap();
        assert_eq!(
            plain.with_error("access_denied", "CUST"),
            "https://tpp.example/ko?state=s1&error=access_denied&error_description=CUST"
        );
        let own = ReportUrl::parse("https://tpp.example/ko?error=wrong").unwrap();
        assert_eq!(own.with_error("access_denied", "CUST"), "https://tpp.example/ko?error=wrong");
    }

    #[test]
    fn parameters_are_added_in_place_of_those_of_the_same_name() {
        let table = [
            ("https://tpp.example/cb", "https://tpp.example/cb?code=c&state=a%26b"),
            (
                "https://tpp.example/cb?own=%20x&flag",
                "https://tpp.example/cb?own=%20x&flag&code=c&state=a%26b",
            ),
            ("https://tpp.example/cb?state=s1&x=1", "https://tpp.example/cb?x=1&code=c&state=a%26b"),
            ("https://tpp.example/cb?st%61te=s1&code", "https://tpp.example/cb?code=c&state=a%26b"),
        ];
        for (url, expected) in table {
            let url = ReportUrl::parse(url).unwrap();
            assert_eq!(url.with(&[("code", "c"), ("state", "a&b")]), expected);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = ReportUrl::parse(&text);
            let _ = RedirectUri::parse(&text);
        }
    }
}
