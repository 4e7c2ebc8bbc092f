//! The bodies of the registration API (STET, OAuth2 technical set-up 1.0.5; RFC 7591).

use serde::{Deserialize, Serialize};

use crate::json::{self, Object, Value};
use crate::read::{Limits, Read};
use crate::read_error::{Problem, ReadError};

/// What a TPP posts to register an application or an agent, or puts to change it.
///
/// Members that decide nothing anywhere (`software_statement`, `tos_uri`, `logo` and the like) are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistrationRequest {
    /// The client id: forbidden in a first registration.
    pub client_id: Option<String>,
    /// Where PSUs may be sent back to.
    pub redirect_uris: Option<Vec<String>>,
    /// How the client proves who it is at the token endpoint.
    pub token_endpoint_auth_method: Option<String>,
    /// OAuth2 grants.
    pub grant_types: Option<Vec<String>>,
    /// OAuth2 response types.
    pub response_types: Option<Vec<String>>,
    /// The legal name, which PSUs see.
    pub client_name: Option<String>,
    /// The home page.
    pub client_uri: Option<String>,
    /// The logo.
    pub logo_uri: Option<String>,
    /// The roles, separated by commas or spaces.
    pub scope: Option<String>,
    /// Whom to write to; also read from `contacts`.
    pub contact: Option<RegistrationContact>,
    /// The provider as its certificates name it, such as `PSDFR-ACPR-12345`.
    pub provider_legal_id: Option<String>,
    /// The agent, if it is one that is registered, such as `AGTFR-ACPR-12345001`.
    pub client_legal_id: Option<String>,
    /// The name of the application.
    pub software_id: Option<String>,
    /// The keys that requests are signed with.
    pub jwks: Option<JsonWebKeySet>,
}

/// Whom to write to at a TPP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationContact {
    /// Name.
    pub contact_name: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Telephone.
    pub phone_number: Option<String>,
}

/// Keys (RFC 7517, section 5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonWebKeySet {
    /// The keys, the one of the `QSealC` first.
    pub keys: Option<Vec<JsonWebKey>>,
}

/// A public key with its certificate (RFC 7517, section 4; RFC 7518, sections 6.2.1 and 6.3.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonWebKey {
    /// `RSA` or `EC`.
    pub kty: Option<String>,
    /// `sig`.
    pub key_use: Option<String>,
    /// The algorithm, such as `RS256`.
    pub alg: Option<String>,
    /// What the key may do; also read from `keys_ops`, which live clients write.
    pub key_ops: Option<Vec<String>>,
    /// Its name.
    pub kid: Option<String>,
    /// Its certificate and those above it: base64 of DER.
    pub x5c: Option<Vec<String>>,
    /// SHA-256 of the certificate, base64url.
    pub x5t_sha256: Option<String>,
    /// Modulus of an RSA key, base64url.
    pub n: Option<String>,
    /// Exponent of an RSA key, base64url.
    pub e: Option<String>,
    /// Curve of an elliptic-curve key.
    pub crv: Option<String>,
    /// First coordinate of an elliptic-curve key, base64url.
    pub x: Option<String>,
    /// Second coordinate of an elliptic-curve key, base64url.
    pub y: Option<String>,
}

/// Reads the body of `POST` or `PUT /register`.
///
/// `null` counts as absent and unknown members are ignored. Of several `contacts` the first is read.
///
/// # Errors
///
/// The first of: not UTF-8, not JSON, nested too deep, a member twice in one object (in ignored parts
/// too), a member of the wrong JSON type.
pub fn read_registration_request(body: &[u8], limits: Limits) -> Result<RegistrationRequest, ReadError> {
    Read::read(&json::parse(body, limits.depth)?)
}

impl Read for RegistrationRequest {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            client_id: object.member("client_id")?,
            redirect_uris: object.member("redirect_uris")?,
            token_endpoint_auth_method: object.member("token_endpoint_auth_method")?,
            grant_types: object.member("grant_types")?,
            response_types: object.member("response_types")?,
            client_name: object.member("client_name")?,
            client_uri: object.member("client_uri")?,
            logo_uri: object.member("logo_uri")?,
            scope: object.member("scope")?,
            contact: contact(object)?,
            provider_legal_id: object.member("provider_legal_id")?,
            client_legal_id: object.member("client_legal_id")?,
            software_id: object.member("software_id")?,
            jwks: object.member("jwks")?,
        })
    }
}

/// `contact` in live registrations, `contacts` in the standard's text.
fn contact(object: &Object<'_>) -> Result<Option<RegistrationContact>, ReadError> {
    match object.member("contact")? {
        Some(contact) => Ok(Some(contact)),
        None => Ok(object.member::<Contacts>("contacts")?.and_then(|contacts| contacts.0)),
    }
}

/// One contact, or the first of a list.
struct Contacts(Option<RegistrationContact>);

impl Read for Contacts {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        match value {
            Value::List(_) => Ok(Self(Vec::read(value)?.into_iter().next())),
            value => Ok(Self(Some(Read::read(value)?))),
        }
    }
}

impl Read for RegistrationContact {
    /// A bare text is a mail address (RFC 7591, section 2).
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        if let Value::Text(email) = value {
            return Ok(Self { email: Some(email.clone().into_owned()), ..Self::default() });
        }
        let object = value.object()?;
        Ok(Self {
            contact_name: object.member("contact_name")?,
            email: object.member("email")?,
            phone_number: object.member("phone_number")?,
        })
    }
}

impl Read for JsonWebKeySet {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        Ok(Self { keys: value.object()?.member("keys")? })
    }
}

impl Read for JsonWebKey {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        if object.has_any(&PRIVATE_MEMBERS) {
            return Err(Problem::MustBe("a public key").into());
        }
        Ok(Self {
            kty: object.member("kty")?,
            key_use: object.member("use")?,
            alg: object.member("alg")?,
            key_ops: match object.member("key_ops")? {
                Some(key_ops) => Some(key_ops),
                None => object.member("keys_ops")?,
            },
            kid: object.member("kid")?,
            x5c: object.member("x5c")?,
            x5t_sha256: object.member("x5t#S256")?,
            n: object.member("n")?,
            e: object.member("e")?,
            crv: object.member("crv")?,
            x: object.member("x")?,
            y: object.member("y")?,
        })
    }
}

/// Members that only a private or a symmetric key has (RFC 7518, sections 6.2.2, 6.3.2 and 6.4): who sends
/// them has given his key away, and has to be told.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A registration as the bank answers it. Members that it has nothing to say in are `null`, as live banks
/// write them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationAnswer {
    /// The client id, to be used in every further call.
    pub client_id: String,
    /// When it was given: local time without offset, to the millisecond.
    pub client_id_issued_at: String,
    /// Always `null`: clients prove who they are by certificate.
    pub client_secret: Option<String>,
    /// Always `null`.
    pub client_secret_expires_at: Option<String>,
    /// Always `null`.
    pub registration_client_uri: Option<String>,
    /// Always `null`.
    pub registration_access_token: Option<String>,
    /// Where PSUs may be sent back to.
    pub redirect_uris: Vec<String>,
    /// `tls_client_auth`.
    pub token_endpoint_auth_method: String,
    /// OAuth2 grants.
    pub grant_types: Vec<String>,
    /// `code`.
    pub response_types: Vec<String>,
    /// The legal name.
    pub client_name: String,
    /// The home page.
    pub client_uri: Option<String>,
    /// The logo.
    pub logo_uri: Option<String>,
    /// Always `null`.
    pub tos_uri: Option<String>,
    /// Always `null`.
    pub policy_uri: Option<String>,
    /// The roles, separated by commas.
    pub scope: String,
    /// Whom to write to.
    pub contact: Option<RegistrationContact>,
    /// The keys.
    pub jwks: AnsweredKeySet,
    /// Always `null`.
    pub jwks_uri: Option<String>,
    /// The provider.
    pub provider_legal_id: String,
    /// The agent, if it is one.
    pub client_legal_id: Option<String>,
    /// Always `null`.
    pub logo: Option<String>,
    /// The name of the application.
    pub software_id: Option<String>,
    /// Always `null`.
    pub software_version: Option<String>,
}

/// The keys in a [`RegistrationAnswer`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredKeySet {
    /// The keys, in the order they were sent.
    pub keys: Vec<AnsweredKey>,
}

/// A key in a [`RegistrationAnswer`]: its certificate says all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredKey {
    /// `RSA` or `EC`.
    pub kty: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub key_use: String,
    /// Always `null`.
    pub key_ops: Option<Vec<String>>,
    /// Always `null`.
    pub alg: Option<String>,
    /// Always `null`.
    pub kid: Option<String>,
    /// Always `null`.
    pub x5u: Option<String>,
    /// The certificate: base64 of DER.
    pub x5c: Vec<String>,
    /// Always `null`.
    pub x5t: Option<String>,
    /// Always `null`.
    #[serde(rename = "x5t#S256")]
    pub x5t_sha256: Option<String>,
}

/// Why a registration was refused with status 400 (RFC 7591, section 3.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationError {
    /// The cause.
    pub error: RegistrationErrorCode,
    /// The cause in words, naming the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// The causes of RFC 7591, section 3.2.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationErrorCode {
    /// A redirect URI is not one, or not one that may be registered.
    InvalidRedirectUri,
    /// Another member, or a header.
    InvalidClientMetadata,
    /// The software statement.
    InvalidSoftwareStatement,
    /// The software statement is not one of this bank.
    UnapprovedSoftwareStatement,
}

impl RegistrationErrorCode {
    /// The code as it is written on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::UnapprovedSoftwareStatement => "unapproved_software_statement",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &str) -> Result<RegistrationRequest, String> {
        read_registration_request(body.as_bytes(), Limits::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_live_client_sends_is_read() {
        let body = r#"{
            "redirect_uris": ["https://tpp.example/cb"],
            "software_statement": "eyJ0eXAi",
            "token_endpoint_auth_method": "tls_client_auth",
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "response_types": ["code"],
            "client_name": "Exemple",
            "client_uri": null,
            "scope": "aisp, pisp",
            "contact": {"contact_name": "A", "email": "a@tpp.example", "phone_number": "+33100000000"},
            "provider_legal_id": "PSDFR-ACPR-12345",
            "software_id": "Shop",
            "jwks": {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "keys_ops": ["verify"],
                               "kid": "k", "x5c": ["AAAA"], "x5t#S256": "BBBB"}]}
        }"#;
        let read = read(body).unwrap();
        assert_eq!(read.contact.unwrap().email.as_deref(), Some("a@tpp.example"));
        assert_eq!((read.client_uri, read.software_id.as_deref()), (None, Some("Shop")));
        let key = read.jwks.unwrap().keys.unwrap().remove(0);
        assert_eq!((key.key_use.as_deref(), key.x5t_sha256.as_deref()), (Some("sig"), Some("BBBB")));
        assert_eq!(key.key_ops.as_deref(), Some(&["verify".to_owned()][..]));
    }

    #[test]
    fn a_contact_is_read_in_every_form() {
        let email = |text: &str| Some(text.to_owned());
        let table = [
            (r#"{"contact": {"email": "a"}}"#, email("a")),
            (r#"{"contacts": {"email": "a"}}"#, email("a")),
            (r#"{"contacts": [{"email": "a"}, {"email": "b"}]}"#, email("a")),
            (r#"{"contacts": ["a"]}"#, email("a")),
            (r#"{"contacts": "a"}"#, email("a")),
            (r#"{"contact": {"email": "a"}, "contacts": ["b"]}"#, email("a")),
            (r#"{"contacts": []}"#, None),
            ("{}", None),
        ];
        for (body, expected) in table {
            assert_eq!(read(body).unwrap().contact.and_then(|contact| contact.email), expected, "{body}");
        }
    }

    #[test]
    fn what_is_not_such_a_body_is_refused_by_place_and_rule() {
        let table = [
            ("", "body: not valid JSON at byte 0"),
            ("[]", "body: must be an object"),
            (r#"{"redirect_uris": "https://tpp.example"}"#, "redirect_uris: must be a list"),
            (r#"{"redirect_uris": [1]}"#, "redirect_uris[0]: must be a string"),
            (r#"{"scope": ["pisp"]}"#, "scope: must be a string"),
            (r#"{"contacts": [1]}"#, "contacts[0]: must be an object"),
            (r#"{"jwks": {"keys": [{"x5c": "AAAA"}]}}"#, "jwks.keys[0].x5c: must be a list"),
            (r#"{"jwks": {"keys": [{}, {"d": "x"}]}}"#, "jwks.keys[1]: must be a public key"),
            (r#"{"client_name": "a", "client_name": "b"}"#, "client_name: given twice"),
            (r#"{"other": {"a": 1, "a": 2}}"#, "other.a: given twice"),
        ];
        for (body, expected) in table {
            assert_eq!(read(body), Err(expected.to_owned()), "{body}");
        }
        let deep = format!(r#"{{"other": {}1{}}}"#, "[".repeat(20), "]".repeat(20));
        assert!(read(&deep).unwrap_err().ends_with("nested deeper than 16 levels"));
    }

    #[test]
    fn an_answer_is_written_with_its_nulls() {
        let answer = RegistrationAnswer {
            client_id: "1PSDNL-DNB-33031431-0-RWMH".into(),
            jwks: AnsweredKeySet { keys: vec![AnsweredKey { kty: "RSA".into(), ..AnsweredKey::default() }] },
            ..RegistrationAnswer::default()
        };
        let written = serde_json::to_value(&answer).unwrap();
        let nulls = [
            "registration_client_uri",
            "registration_access_token",
            "client_secret",
            "client_secret_expires_at",
            "client_uri",
            "logo_uri",
            "tos_uri",
            "policy_uri",
            "jwks_uri",
            "client_legal_id",
            "logo",
            "software_version",
        ];
        for name in nulls {
            assert_eq!(written.get(name), Some(&serde_json::Value::Null), "{name}");
        }
        for name in ["key_ops", "alg", "kid", "x5u", "x5t", "x5t#S256"] {
            assert_eq!(written["jwks"]["keys"][0].get(name), Some(&serde_json::Value::Null), "{name}");
        }
        assert_eq!(serde_json::from_value::<RegistrationAnswer>(written).unwrap(), answer);
    }

    #[test]
    fn every_cause_is_written_as_its_code() {
        use RegistrationErrorCode as C;
        let all = [
            C::InvalidRedirectUri,
            C::InvalidClientMetadata,
            C::InvalidSoftwareStatement,
            C::UnapprovedSoftwareStatement,
        ];
        for error in all {
            let body = serde_json::to_value(RegistrationError { error, error_description: None }).unwrap();
            assert_eq!(body, serde_json::json!({ "error": error.code() }));
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_registration_request(&body, Limits::default());
        }
    }
}
