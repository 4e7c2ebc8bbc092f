//! What is registered, from the wire to the domain; all but the keys.
//!
//! The first member at fault is always the same one for the same body: they are read in the order of the
//! standard's table, `client_id` before them and the keys after.

use std::{borrow::Cow, fmt};

use eidas::{OrganizationIdentifier, Role};
use payments::tpp::{Contact, Details, GrantType, RedirectUri};
use stet::{RegistrationContact, RegistrationErrorCode as Code, RegistrationRequest};
use url::Url;

use super::{call::Call, name};

/// Redirect URIs of one registration.
const MAX_REDIRECT_URIS: usize = 20;
/// Longest redirect URI, in characters.
const MAX_REDIRECT_URI: usize = 512;
/// Longest text that is only read back, in characters.
const MAX_TEXT: usize = 140;

/// The grants, and how they are written.
pub(super) const GRANT_TYPES: [(&str, GrantType); 3] = [
    ("client_credentials", GrantType::ClientCredentials),
    ("authorization_code", GrantType::AuthorizationCode),
    ("refresh_token", GrantType::RefreshToken),
];

/// The roles one may register for, and what the certificate states for each.
const SCOPES: [(&str, Role); 3] =
    [("aisp", Role::AccountInformation), ("pisp", Role::PaymentInitiation), ("cbpii", Role::CardIssuing)];

/// The one way for clients to prove who they are (RFC 8705, 2.1).
pub(super) const AUTH_METHOD: &str = "tls_client_auth";
/// The one response type.
pub(super) const RESPONSE_TYPE: &str = "code";

/// A member of the body that breaks a rule.
///
/// Displays as `path rule`, without any value of the body, in characters that RFC 6749, 5.2 allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InvalidMetadata {
    pub(super) error: Code,
    field: Cow<'static, str>,
    rule: Cow<'static, str>,
}

/// `field` breaks `rule`.
pub(super) fn invalid(
    field: impl Into<Cow<'static, str>>,
    rule: impl Into<Cow<'static, str>>,
) -> InvalidMetadata {
    InvalidMetadata { error: Code::InvalidClientMetadata, field: field.into(), rule: rule.into() }
}

impl fmt::Display for InvalidMetadata {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.field, self.rule)
    }
}

impl From<stet::ReadError> for InvalidMetadata {
    fn from(error: stet::ReadError) -> Self {
        let field = if error.path.is_empty() { "body".to_owned() } else { error.path };
        invalid(field, error.problem.to_string())
    }
}

/// What is registered, but for the keys.
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) redirect_uris: Vec<RedirectUri>,
    pub(super) grant_types: Vec<GrantType>,
    pub(super) scope_pisp: bool,
    pub(super) details: Details,
    provider: String,
}

impl Metadata {
    /// Reads a body as that of `call`.
    ///
    /// # Errors
    ///
    /// The first member at fault.
    pub(super) fn parse(wire: &RegistrationRequest, call: &Call) -> Result<Self, InvalidMetadata> {
        let loopback = call.counter.institution.settings.registers_loopback_uris;
        let redirect_uris = redirect_uris(wire.redirect_uris.as_deref(), loopback)?;
        is(AUTH_METHOD, "token_endpoint_auth_method", wire.token_endpoint_auth_method.as_ref())?;
        let grant_types = grant_types(wire.grant_types.as_deref())?;
        response_types(wire.response_types.as_deref())?;
        let name = given("client_name", wire.client_name.as_ref())?;
        let name = name::parse(name).ok_or_else(|| invalid("client_name", name::RULE))?;
        let client_uri = web_address("client_uri", wire.client_uri.as_ref())?;
        let logo_uri = web_address("logo_uri", wire.logo_uri.as_ref())?;
        let scopes = scopes(wire.scope.as_ref(), &call.qwac)?;
        let contact = contact(given("contact", wire.contact.as_ref())?)?;
        let provider = given("provider_legal_id", wire.provider_legal_id.as_ref())?;
        if *provider != call.organization_identifier {
            return Err(invalid(
                "provider_legal_id",
                "must be the organizationIdentifier of the certificate",
            ));
        }
        let client_legal_id = agent(wire.client_legal_id.as_ref(), provider)?;
        let software_id = short("software_id", wire.software_id.as_ref())?;
        Ok(Self {
            name,
            redirect_uris,
            grant_types,
            scope_pisp: scopes.iter().any(|scope| scope == "pisp"),
            provider: provider.clone(),
            details: Details {
                software_id,
                contact: Some(contact),
                client_legal_id,
                scopes,
                client_uri,
                logo_uri,
            },
        })
    }

    /// The legal id of the agent, or else of the provider.
    pub(super) fn legal_id(&self) -> &str {
        self.details.client_legal_id.as_ref().unwrap_or(&self.provider)
    }
}

/// A member that cannot be left out.
pub(super) fn given<T>(field: &'static str, value: Option<T>) -> Result<T, InvalidMetadata> {
    value.ok_or_else(|| invalid(field, "must be given"))
}

fn is(expected: &str, field: &'static str, text: Option<&String>) -> Result<(), InvalidMetadata> {
    if given(field, text)? == expected { Ok(()) } else { Err(invalid(field, format!("must be {expected}"))) }
}

fn redirect_uris(wire: Option<&[String]>, loopback: bool) -> Result<Vec<RedirectUri>, InvalidMetadata> {
    const FIELD: &str = "redirect_uris";
    let wire = given(FIELD, wire)?;
    let wrong = |field: String, rule: String| InvalidMetadata {
        error: Code::InvalidRedirectUri,
        field: field.into(),
        rule: rule.into(),
    };
    if !(1..=MAX_REDIRECT_URIS).contains(&wire.len()) {
        return Err(wrong(FIELD.to_owned(), format!("must hold 1 to {MAX_REDIRECT_URIS} URIs")));
    }
    let mut uris = Vec::with_capacity(wire.len());
    for (index, text) in wire.iter().enumerate() {
        let field = || format!("{FIELD}[{index}]");
        if text.chars().count() > MAX_REDIRECT_URI {
            return Err(wrong(field(), format!("must have at most {MAX_REDIRECT_URI} characters")));
        }
        let uri = RedirectUri::parse(text).map_err(|rule| wrong(field(), rule.to_string()))?;
        if !loopback && !text.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) {
            return Err(wrong(field(), "must be an absolute https URL".to_owned()));
        }
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    Ok(uris)
}

/// Live banks write grants in capital letters; so may clients.
fn grant_types(wire: Option<&[String]>) -> Result<Vec<GrantType>, InvalidMetadata> {
    const FIELD: &str = "grant_types";
    let known = |text: &String| GRANT_TYPES.iter().find(|(name, _)| text.eq_ignore_ascii_case(name));
    let mut grants = Vec::new();
    for text in given(FIELD, wire)? {
        let Some((_, grant)) = known(text) else { return Err(invalid(FIELD, GRANTS_RULE)) };
        if !grants.contains(grant) {
            grants.push(*grant);
        }
    }
    if grants.is_empty() { Err(invalid(FIELD, GRANTS_RULE)) } else { Ok(grants) }
}

const GRANTS_RULE: &str = "must hold some of client_credentials, authorization_code, refresh_token";

fn response_types(wire: Option<&[String]>) -> Result<(), InvalidMetadata> {
    match given("response_types", wire)? {
        [only] if only.eq_ignore_ascii_case(RESPONSE_TYPE) => Ok(()),
        _ => Err(invalid("response_types", "must hold code and nothing else")),
    }
}

/// The roles, each once, which the certificate states (ETSI TS 119 495, 5.1).
fn scopes(wire: Option<&String>, qwac: &eidas::Judged) -> Result<Vec<String>, InvalidMetadata> {
    const FIELD: &str = "scope";
    let mut scopes: Vec<String> = Vec::new();
    for word in given(FIELD, wire)?.split([',', ' ']).filter(|word| !word.is_empty()) {
        let known = SCOPES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
        let (name, role) = known.ok_or_else(|| invalid(FIELD, SCOPES_RULE))?;
        qwac.require(*role).map_err(|missing| invalid(FIELD, format!("holds {name}, but {missing}")))?;
        if !scopes.iter().any(|scope| scope == name) {
            scopes.push((*name).to_owned());
        }
    }
    if scopes.is_empty() { Err(invalid(FIELD, SCOPES_RULE)) } else { Ok(scopes) }
}

const SCOPES_RULE: &str = "must hold some of aisp, pisp, cbpii, separated by commas or spaces";

/// Somebody who can be reached.
fn contact(wire: &RegistrationContact) -> Result<Contact, InvalidMetadata> {
    let contact = Contact {
        name: short("contact.contact_name", wire.contact_name.as_ref())?,
        email: short("contact.email", wire.email.as_ref())?,
        phone: short("contact.phone_number", wire.phone_number.as_ref())?,
    };
    if contact.email.as_ref().is_some_and(|email| !is_mail_address(email)) {
        return Err(invalid("contact.email", "must be a mail address"));
    }
    if contact.email.is_none() && contact.phone.is_none() {
        return Err(invalid("contact", "must have email or phone_number"));
    }
    Ok(contact)
}

/// Roughly: somebody at some place.
fn is_mail_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !text.contains(' '))
}

/// The legal id of an agent: as its provider's, with `AGT` for `PSD`. The provider's own names no agent.
fn agent(wire: Option<&String>, provider: &str) -> Result<Option<String>, InvalidMetadata> {
    let Some(text) = wire.filter(|text| *text != provider) else { return Ok(None) };
    let number = text.strip_prefix("AGT").map(|rest| OrganizationIdentifier::parse(&format!("PSD{rest}")));
    match number {
        Some(Ok(_)) => Ok(Some(text.clone())),
        _ => Err(invalid("client_legal_id", "must be that of an agent, such as AGTFR-ACPR-12345001")),
    }
}

/// A text that is only read back; empty, it counts as absent.
fn short(field: &'static str, text: Option<&String>) -> Result<Option<String>, InvalidMetadata> {
    let Some(text) = text.map(|text| text.trim()).filter(|text| !text.is_empty()) else { return Ok(None) };
    let visible = text.chars().all(|c| !c.is_control() && !is_invisible(c));
    if visible && text.chars().count() <= MAX_TEXT {
        Ok(Some(text.to_owned()))
    } else {
        Err(invalid(field, format!("must have at most {MAX_TEXT} characters, all of them visible")))
    }
}

/// Characters that are not seen and change how others are: joiners, marks of direction, byte order marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The address of a page or picture; nothing of it is ever fetched, or shown to a PSU.
fn web_address(field: &'static str, text: Option<&String>) -> Result<Option<String>, InvalidMetadata> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let printable = text.len() <= 2048 && text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    if printable && is_web {
        Ok(Some(text.clone()))
    } else {
        Err(invalid(field, "must be a web address of at most 2048 characters"))
    }
}
