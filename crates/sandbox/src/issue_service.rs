//! Further certificates of the test authority, to rehearse a renewal or an onboarding: on the operator's
//! listener, in a sandbox only.
//!
//! `POST /sandbox/pki/issue` takes a [`Wanted`] and gives an [`Issued`]: the certificate and its private key,
//! which nobody keeps.

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use eidas::{Kind, OrganizationIdentifier, Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    pki::{KeyType, PkiError, TEST_TPPS, TppProfile, Validity},
    revocation_service::{RevocationService, Served, read, refused},
};

/// Longest organizationIdentifier and name, in characters (X.520, ub-organization-name).
const MAX_NAME: usize = 64;
/// Longest validity, in days: that of the test TPPs' certificates.
const MAX_DAYS: u16 = 5 * 365;

/// The certificate that a developer wants.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Whose: `PSDFR-ACPR-12345`. It need not be a test TPP.
    pub organization_identifier: String,
    /// For TLS, or for signatures.
    pub kind: WantedKind,
    /// The organisation's name; without it that of the test TPP, or the organizationIdentifier.
    pub name: Option<String>,
    /// Roles as ETSI TS 119 495 spells them; without them those of the test TPP, or `PSP_PI`.
    pub roles: Option<Vec<String>>,
    /// The kind of key; P-256 if nothing is said.
    #[serde(default)]
    pub key: WantedKey,
    /// For how many days it is good; five years if nothing is said.
    pub days: Option<u16>,
}

/// A kind of certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WantedKind {
    /// For TLS.
    Qwac,
    /// For signatures.
    Qseal,
}

/// A kind of key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WantedKey {
    /// ECDSA on NIST P-256.
    #[default]
    P256,
    /// RSA of 2048 bits.
    Rsa,
}

/// A certificate that was issued. No `Debug`: it has a private key.
#[derive(Serialize)]
pub struct Issued {
    /// The certificate, PEM.
    pub certificate: String,
    /// Its private key, PEM (PKCS#8).
    pub key: String,
    /// Its serial number, in hexadecimal, as `POST /sandbox/pki/revoke` takes it.
    pub serial: String,
    /// Until when it is good.
    pub not_after: Timestamp,
}

/// Why no certificate was issued.
#[derive(Debug, thiserror::Error)]
pub enum CannotIssue {
    /// Not as ETSI TS 119 495, 5.2.1, has it.
    #[error("organization_identifier must be as PSDFR-ACPR-12345, of at most 64 characters")]
    OrganizationIdentifier,
    /// Empty, too long, or not plain text.
    #[error("name must be 1 to 64 characters, none of them a control character")]
    Name,
    /// None, or one that does not exist.
    #[error("roles must be some of PSP_AS, PSP_PI, PSP_AI, PSP_IC")]
    Roles,
    /// None, or too many.
    #[error("days must be 1 to {MAX_DAYS}")]
    Days,
    /// The certificate could not be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
}

/// Issues a certificate at `now`. Making an RSA key takes a moment: call it where a thread may wait.
///
/// # Errors
///
/// [`CannotIssue`], the first that is wrong.
pub fn issue_at(service: &RevocationService, wanted: &Wanted, now: Timestamp) -> Result<Issued, CannotIssue> {
    let profile = profile(wanted, now)?;
    let not_after = profile.validity.not_after;
    let (made, serial) = service.issue(&wanted.organization_identifier, profile)?;
    Ok(Issued { certificate: made.pem().to_owned(), key: made.key_pem().to_owned(), serial, not_after })
}

fn profile(wanted: &Wanted, now: Timestamp) -> Result<TppProfile, CannotIssue> {
    let oid = Some(wanted.organization_identifier.as_str()).filter(|oid| oid.len() <= MAX_NAME);
    let oid = oid.and_then(|oid| OrganizationIdentifier::parse(oid).ok());
    let oid = oid.ok_or(CannotIssue::OrganizationIdentifier)?;
    let known = TEST_TPPS.iter().find(|tpp| tpp.oid == oid.as_str());
    let kind = match wanted.kind {
        WantedKind::Qwac => Kind::Qwac,
        WantedKind::Qseal => Kind::Qseal,
    };
    let roles = match &wanted.roles {
        Some(roles) => parse_roles(roles)?,
        None => known.map_or(vec![Role::PaymentInitiation], |tpp| tpp.roles.to_vec()),
    };
    let days = wanted.days.unwrap_or(MAX_DAYS);
    if days == 0 || days > MAX_DAYS {
        return Err(CannotIssue::Days);
    }
    let mut profile = TppProfile::new(kind, &oid, &roles, Validity::days_from(now, days.into()));
    let name = wanted.name.as_deref().or(known.map(|tpp| tpp.name)).unwrap_or(oid.as_str());
    if name.trim().is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(CannotIssue::Name);
    }
    name.clone_into(&mut profile.organization_name);
    if kind == Kind::Qseal {
        name.clone_into(&mut profile.common_name);
    }
    profile.key = match wanted.key {
        WantedKey::P256 => KeyType::P256,
        WantedKey::Rsa => KeyType::Rsa2048,
    };
    Ok(profile)
}

fn parse_roles(codes: &[String]) -> Result<Vec<Role>, CannotIssue> {
    let roles: Vec<Role> =
        Role::ALL.into_iter().filter(|role| codes.iter().any(|code| code == role.code())).collect();
    // One that is unknown, or named twice, leaves fewer.
    if roles.is_empty() || roles.len() != codes.len() {
        return Err(CannotIssue::Roles);
    }
    Ok(roles)
}

pub(crate) async fn issue(State(served): State<Served>, body: Bytes) -> Response {
    let wanted = match read::<Wanted>(&body) {
        Ok(wanted) => wanted,
        Err(refused) => return *refused,
    };
    let now = served.app.now();
    let issuing = tokio::task::spawn_blocking(move || issue_at(&served.service, &wanted, now));
    match issuing.await {
        Ok(Ok(issued)) => ([(header::CACHE_CONTROL, "no-store")], Json(issued)).into_response(),
        Ok(Err(CannotIssue::Pki(error))) => {
            tracing::error!(%error, "the test authority cannot issue a certificate");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Ok(Err(error)) => refused(StatusCode::BAD_REQUEST, &error),
        Err(error) => {
            tracing::error!(%error, "the test authority did not come to an end");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use eidas::{Certificate, KeyKind, revocation::Candidate};
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        pki::{PkiOptions, TestPki},
        revocation_service::{CRL_PATH, OCSP_PATH, Wish},
    };

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn town() -> (TestPki, RevocationService) {
        let home = tempfile::tempdir().unwrap();
        let options = PkiOptions {
            tpp_seal_key: KeyType::P256,
            revocation_at: Some("127.0.0.1:9090".parse().unwrap()),
            ..PkiOptions::default()
        };
        let pki = TestPki::load_or_create(home.path(), now(), &[], &[], options).unwrap();
        let service = RevocationService::new(&pki, now()).unwrap();
        (pki, service)
    }

    fn wanted(further: &[(&str, Value)]) -> Wanted {
        let mut body = json!({ "organization_identifier": "PSDFR-ACPR-12345", "kind": "qwac" });
        for (name, value) in further {
            body[*name] = value.clone();
        }
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn a_renewed_certificate_says_what_the_one_before_said() {
        let (pki, service) = town();
        let keys = pki.tpp("PSDFR-ACPR-12345").unwrap();
        for (kind, before) in [("qwac", &keys.qwac), ("qseal", &keys.qseal)] {
            let issued = issue_at(&service, &wanted(&[("kind", json!(kind)), ("days", json!(90))]), now());
            let issued = issued.unwrap();
            let (before, after) =
                (before.certificate().unwrap(), Certificate::from_pem(&issued.certificate).unwrap());
            assert_eq!(after.organization_identifier_text(), Some("PSDFR-ACPR-12345"));
            assert_eq!(after.organization_name(), before.organization_name());
            assert_eq!(after.common_name(), before.common_name());
            assert_eq!(after.qc_statements(), before.qc_statements());
            assert_eq!(after.not_after(), "2027-02-20T12:00:00Z".parse::<Timestamp>().unwrap());
            assert_ne!(after.public_key().spki_der(), before.public_key().spki_der());
            pki.anchors().unwrap().verify_chain(&after, &[], now()).unwrap();
            let candidate = Candidate::of(&after).unwrap();
            assert_eq!(candidate.locations().crl, [format!("http://127.0.0.1:9090{CRL_PATH}")]);
            assert_eq!(candidate.locations().ocsp, [format!("http://127.0.0.1:9090{OCSP_PATH}")]);
            assert!(issued.key.starts_with("-----BEGIN PRIVATE KEY-----"));
        }
    }

    #[test]
    fn a_newcomer_has_the_name_roles_and_key_that_are_wanted_and_can_be_revoked() {
        let (_, service) = town();
        let further = [
            ("organization_identifier", json!("PSDDE-BAFIN-777")),
            ("kind", json!("qseal")),
            ("name", json!("Neu & Söhne")),
            ("roles", json!(["PSP_AI", "PSP_PI"])),
            ("key", json!("rsa")),
        ];
        let issued = issue_at(&service, &wanted(&further), now()).unwrap();
        let certificate = Certificate::from_pem(&issued.certificate).unwrap();
        assert_eq!(certificate.organization_name(), Some("Neu & Söhne"));
        let statement = certificate.qc_statements().psd2.clone().unwrap();
        assert_eq!(statement.roles, [Role::PaymentInitiation, Role::AccountInformation]);
        assert_eq!(statement.nca_id, "DE-BAFIN");
        assert_eq!(certificate.public_key().kind(), KeyKind::Rsa { bits: 2048 });

        let wish = Wish { client_id: Some("PSDDE-BAFIN-777".to_owned()), ..Wish::default() };
        let done = service.revoke(&wish, now()).unwrap();
        assert_eq!(done.iter().map(|done| done.serial.as_str()).collect::<Vec<_>>(), [issued.serial]);
    }

    #[test]
    fn what_cannot_be_issued_says_why() {
        let (_, service) = town();
        let long = "x".repeat(65);
        let table = [
            ("organization_identifier", json!("12345"), "organization_identifier"),
            ("organization_identifier", json!(format!("PSDFR-ACPR-{long}")), "organization_identifier"),
            ("name", json!(""), "name"),
            ("name", json!("a\nb"), "name"),
            ("name", json!(long), "name"),
            ("roles", json!([]), "roles"),
            ("roles", json!(["PSP_PI", "PSP_XX"]), "roles"),
            ("roles", json!(["PSP_PI", "PSP_PI"]), "roles"),
            ("days", json!(0), "days"),
            ("days", json!(1826), "days"),
        ];
        for (name, value, expected) in table {
            let refused = issue_at(&service, &wanted(&[(name, value.clone())]), now()).err().unwrap();
            assert!(refused.to_string().starts_with(expected), "{name} {value}: {refused}");
        }
        for body in [json!({}), json!({ "organization_identifier": "PSDFR-ACPR-1", "kind": "tls" })] {
            assert!(serde_json::from_value::<Wanted>(body).is_err());
        }
    }
}
