//! `jwks`: the keys a provider signs with, each by its certificate (RFC 7517, 4.7).

use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    signature::RsaPublicKeyComponents,
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use eidas::{Certificate, KeyKind, PublicKey, Role};
use payments::tpp::SealCertificate;
use stet::{JsonWebKey, RegistrationRequest};

use super::{
    call::Call,
    metadata::{InvalidMetadata, Metadata, given, invalid},
};
use crate::{App, trust::Trusted};

/// Keys of one registration: more than a renewal with overlap ever needs.
const MAX_KEYS: usize = 4;
/// Certificates in one `x5c`: the provider's, and authorities over which a path may lead.
const MAX_CHAIN: usize = 8;
/// Longest `kid`, in bytes.
const MAX_KID: usize = 140;

/// A key of the body: readable, consistent, not judged.
pub(super) struct OfferedKey {
    pub(super) certificate: Certificate,
    chain: Vec<Vec<u8>>,
    kid: Option<String>,
}

impl OfferedKey {
    /// As it would be registered.
    pub(super) fn seal(self) -> SealCertificate {
        SealCertificate::new(self.kid, self.certificate.der().to_vec(), self.chain)
    }
}

/// The first key of a body.
///
/// # Errors
///
/// The member at fault.
pub(super) fn first(request: &RegistrationRequest) -> Result<OfferedKey, InvalidMetadata> {
    let first = keys(request)?.first();
    offered(first.ok_or_else(|| invalid("jwks.keys", KEYS_RULE))?).map_err(|error| error.in_key(0))
}

/// The certificates of a body: all readable, consistent and good now, each once. A key that was `known` by a
/// name keeps it where the body gives none, since answers do not show names.
///
/// # Errors
///
/// The member at fault, with the rule it breaks.
pub(super) async fn certificates(
    app: &App,
    call: &Call,
    request: &RegistrationRequest,
    metadata: &Metadata,
    known: &[SealCertificate],
) -> Result<Vec<SealCertificate>, InvalidMetadata> {
    let mut registered: Vec<SealCertificate> = Vec::new();
    for (index, key) in keys(request)?.iter().enumerate() {
        let broken = |member: &str, rule: String| invalid(format!("jwks.keys[{index}]{member}"), rule);
        let mut seal = offered(key).map_err(|error| error.in_key(index))?.seal();
        let trusted = judged(app, call, &seal).await.map_err(|rule| broken(".x5c", rule))?;
        if metadata.scope_pisp {
            let stated = trusted.judged.require(Role::PaymentInitiation);
            stated.map_err(|missing| broken(".x5c", missing.to_string()))?;
        }
        let is_named_alike = |other: &SealCertificate| seal.kid.is_some() && other.kid == seal.kid;
        if registered.iter().any(|other| other.der == seal.der || is_named_alike(other)) {
            return Err(broken("", "must differ from the keys before it by certificate and kid".to_owned()));
        }
        let named = known.iter().find(|known| known.der == seal.der).and_then(|known| known.kid.clone());
        seal.kid = seal.kid.or(named);
        registered.push(seal);
    }
    Ok(registered)
}

/// A seal certificate that is good now, judged in full and against the certificate of the connection.
///
/// # Errors
///
/// The rule that it breaks, in words for the TPP.
pub(super) async fn judged(app: &App, call: &Call, seal: &SealCertificate) -> Result<Trusted, String> {
    let trusted = app.judge_qseal(seal, &call.counter.institution).await;
    let trusted = trusted.map_err(|rule| format!("QSealC, {rule}"))?;
    eidas::agree(&call.qwac, &trusted.judged).map_err(|difference| difference.to_string())?;
    if trusted.known.key.is_none() {
        return Err("the seal certificate's key signs no requests".to_owned());
    }
    Ok(trusted)
}

const KEYS_RULE: &str = "must hold 1 to 4 keys";

fn keys(request: &RegistrationRequest) -> Result<&[JsonWebKey], InvalidMetadata> {
    let jwks = given("jwks", request.jwks.as_ref())?;
    let keys = given("jwks.keys", jwks.keys.as_deref())?;
    if (1..=MAX_KEYS).contains(&keys.len()) { Ok(keys) } else { Err(invalid("jwks.keys", KEYS_RULE)) }
}

/// A member of a key that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct InvalidKey {
    member: &'static str,
    rule: &'static str,
}

impl InvalidKey {
    fn in_key(self, index: usize) -> InvalidMetadata {
        invalid(format!("jwks.keys[{index}].{}", self.member), self.rule)
    }
}

fn broken(member: &'static str, rule: &'static str) -> InvalidKey {
    InvalidKey { member, rule }
}

fn offered(key: &JsonWebKey) -> Result<OfferedKey, InvalidKey> {
    let certificate = certificate(key)?;
    let public = certificate.public_key();
    let (kty, algorithms): (&str, &[&str]) = match public.kind() {
        KeyKind::Rsa { .. } => ("RSA", &["RS256"]),
        KeyKind::P256 | KeyKind::P384 => ("EC", &["ES256", "ES384"]),
        KeyKind::Other => return Err(broken("x5c", "must be for a key of RSA, P-256 or P-384")),
    };
    if key.kty.as_deref() != Some(kty) {
        return Err(broken("kty", "must be RSA or EC, as in the certificate"));
    }
    if key.key_use.as_ref().is_some_and(|key_use| key_use != "sig") {
        return Err(broken("use", "must be sig"));
    }
    if key.alg.as_ref().is_some_and(|alg| !algorithms.contains(&alg.as_str())) {
        return Err(broken("alg", "must be RS256 for RSA, ES256 or ES384 for EC"));
    }
    if key.key_ops.as_ref().is_some_and(|operations| !operations.iter().any(|name| name == "verify")) {
        return Err(broken("key_ops", "must hold verify"));
    }
    if !is_same_key(key, public) {
        return Err(broken("x5c", "must hold the certificate of this very key (RFC 7517, 4.7)"));
    }
    Ok(OfferedKey { kid: kid(key.kid.as_ref())?, certificate, chain: chain(key) })
}

/// The certificates that stand behind the first one, as far as they can be read: they may help and must not harm.
fn chain(key: &JsonWebKey) -> Vec<Vec<u8>> {
    let rest = key.x5c.iter().flatten().skip(1).take(SealCertificate::MAX_CHAIN);
    rest.filter_map(|text| Some(read(text).ok()?.der().to_vec())).collect()
}

fn read(text: &str) -> Result<Certificate, InvalidKey> {
    // Some wrap it in lines, as in a PEM file.
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n' | ' ')).collect();
    let der = BASE64_STANDARD.decode(text).map_err(|_| broken("x5c", "must be base64 of DER"))?;
    Certificate::parse(&der).map_err(|_| broken("x5c", "must be an X.509 certificate"))
}

fn certificate(key: &JsonWebKey) -> Result<Certificate, InvalidKey> {
    let chain = key.x5c.as_deref().unwrap_or_default();
    let first = chain.first().filter(|_| chain.len() <= MAX_CHAIN);
    let first = first.ok_or_else(|| broken("x5c", "must hold 1 to 8 certificates, the key's own first"))?;
    let certificate = read(first)?;
    let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(certificate.sha256());
    if key.x5t_sha256.as_ref().is_some_and(|given| given.trim_end_matches('=') != thumbprint) {
        return Err(broken("x5t#S256", "must be the SHA-256 of the certificate in base64url"));
    }
    Ok(certificate)
}

/// Whether the key that stands beside the certificate, if one does, is the certificate's.
fn is_same_key(key: &JsonWebKey, public: &PublicKey) -> bool {
    let curve = match public.kind() {
        KeyKind::P256 => Some("P-256"),
        KeyKind::P384 => Some("P-384"),
        KeyKind::Rsa { .. } | KeyKind::Other => None,
    };
    if key.crv.is_some() && key.crv.as_deref() != curve {
        return false;
    }
    match (&key.n, &key.e, &key.x, &key.y) {
        (None, None, None, None) => true,
        (Some(n), Some(e), None, None) => rsa_spki(n, e).is_some_and(|spki| spki == public.spki_der()),
        (None, None, Some(x), Some(y)) => point(x, y).is_some_and(|point| point == public.key_bytes()),
        _ => false,
    }
}

/// The `SubjectPublicKeyInfo` of an RSA key (RFC 7518, 6.3.1).
fn rsa_spki(n: &str, e: &str) -> Option<Vec<u8>> {
    let number = |text| {
        let bytes: Vec<u8> = base64url(text)?;
        Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>())
    };
    let components = RsaPublicKeyComponents { n: number(n)?, e: number(e)? };
    let spki: PublicKeyX509Der<'_> = components.as_der().ok()?;
    Some(spki.as_ref().to_vec())
}

/// An elliptic curve point in full (RFC 7518, 6.2.1; SEC 1, 2.3.3).
fn point(x: &str, y: &str) -> Option<Vec<u8>> {
    const UNCOMPRESSED: u8 = 4;
    Some([vec![UNCOMPRESSED], base64url(x)?, base64url(y)?].concat())
}

fn base64url(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

fn kid(kid: Option<&String>) -> Result<Option<String>, InvalidKey> {
    let Some(kid) = kid.filter(|kid| !kid.is_empty()) else { return Ok(None) };
    if kid.len() <= MAX_KID && kid.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Some(kid.clone()))
    } else {
        Err(broken("kid", "must have at most 140 printable ASCII characters and no spaces"))
    }
}
