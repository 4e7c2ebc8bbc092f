//! The test authority's word on revocation, and a lever to change it: on the operator's listener, in a
//! sandbox only.
//!
//! | Call | Does |
//! | --- | --- |
//! | `GET /sandbox/pki/ca.crl` | the authority's list of revoked certificates |
//! | `POST /sandbox/pki/ocsp` | its OCSP responder |
//! | `POST /sandbox/pki/revoke` | `{"client_id": "PSDFR-ACPR-12345"}` or `{"serial": "0a…"}`, `"reason"` if wished |
//! | `POST /sandbox/pki/release` | the same: takes a `certificateHold` back |
//! | `POST /sandbox/pki/issue` | a further certificate: see [`crate::issue_service`] |
//!
//! The certificates of test TPPs name the first two, so that the bank checks them as it would those of a real
//! authority. What is revoked by hand is forgotten at the next start, and so is whose the certificates are that
//! were issued by hand.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use eidas::revocation::{Candidate, Locations, Reason, Revoked, Status};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use server::App;

use crate::{
    issue_service,
    pki::{Ca, CertifiedKey, Flaw, Listed, PkiError, TestPki, TppProfile},
};

/// Where the list is, on the operator's listener.
pub const CRL_PATH: &str = "/sandbox/pki/ca.crl";
/// Where the responder is, on the operator's listener.
pub const OCSP_PATH: &str = "/sandbox/pki/ocsp";

/// How long what the authority says is fresh, in minutes.
const FRESH_MINUTES: i64 = 60;

/// The authority, and what it has revoked.
#[derive(Clone)]
pub struct RevocationService(Arc<Parts>);

struct Parts {
    authority: Ca,
    /// What its certificates say about where it speaks.
    locations: Locations,
    /// The serial numbers of each TPP's certificates, by its organizationIdentifier.
    tpps: Mutex<BTreeMap<String, Vec<Serial>>>,
    revoked: Mutex<BTreeMap<Serial, Revoked>>,
    /// Number of the next list.
    next_list: AtomicU64,
    /// The authority speaks as of this second at least: what it says after a release must be newer than what it
    /// said before, and its instants are whole seconds.
    speaks_from_s: AtomicI64,
}

/// A serial number, the highest byte first, without leading zeros.
type Serial = Vec<u8>;

/// What a developer wants revoked or released.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wish {
    /// Every certificate of the TPP with this organizationIdentifier.
    pub client_id: Option<String>,
    /// The certificate with this serial number, in hexadecimal.
    pub serial: Option<String>,
    /// Why, as RFC 5280 spells it; `unspecified` if nothing is said.
    pub reason: Option<String>,
}

/// A certificate that was revoked or released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Its serial number.
    pub serial: String,
    /// Whether it is revoked now.
    pub revoked: bool,
    /// Why.
    pub reason: &'static str,
}

/// Why nothing was revoked.
#[derive(Debug, thiserror::Error)]
pub enum CannotRevoke {
    /// Neither or both are given.
    #[error("give either client_id or serial")]
    Which,
    /// There is no such TPP.
    #[error("no TPP with this client_id has a certificate of this sandbox")]
    NoSuchTpp,
    /// It is no serial number.
    #[error("serial must be in hexadecimal")]
    Serial,
    /// It is no reason.
    #[error(
        "reason must be unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold or privilegeWithdrawn"
    )]
    Reason,
    /// A revocation is final: it cannot become a hold (RFC 5280, 5.3.1).
    #[error("what is revoked for good cannot be put on hold")]
    Final,
    /// Nothing is on hold that could be released.
    #[error("nothing of this is on hold")]
    NotOnHold,
}

impl CannotRevoke {
    fn status(&self) -> StatusCode {
        match self {
            Self::Which | Self::Serial | Self::Reason => StatusCode::BAD_REQUEST,
            Self::NoSuchTpp => StatusCode::NOT_FOUND,
            Self::Final | Self::NotOnHold => StatusCode::CONFLICT,
        }
    }
}

impl RevocationService {
    /// The authority of `pki`, at `now`: the certificates of the TPPs that are there to show it are revoked.
    ///
    /// # Errors
    ///
    /// If a certificate cannot be read.
    pub fn new(pki: &TestPki, now: Timestamp) -> Result<Self, PkiError> {
        let (mut tpps, mut revoked) = (BTreeMap::new(), BTreeMap::new());
        let mut locations = Locations::default();
        for keys in pki.tpps() {
            let mut serials = Vec::new();
            for certified in [&keys.qwac, &keys.qseal] {
                let certificate = certified.certificate()?;
                let candidate = Candidate::of(&certificate)?;
                // They are the same in every certificate.
                locations = candidate.locations().clone();
                let serial = candidate.serial().magnitude().to_vec();
                if keys.tpp.flaw == Some(Flaw::Revoked) {
                    let (at, reason) = (certificate.not_before(), Reason::CessationOfOperation);
                    revoked.insert(serial.clone(), Revoked { at, reason });
                }
                serials.push(serial);
            }
            tpps.insert(keys.tpp.oid.to_owned(), serials);
        }
        Ok(Self(Arc::new(Parts {
            authority: pki.qtsp_again()?,
            locations,
            tpps: Mutex::new(tpps),
            revoked: Mutex::new(revoked),
            // Lists of this start are newer than those of the one before.
            next_list: AtomicU64::new(u64::try_from(now.as_millisecond()).unwrap_or(0)),
            speaks_from_s: AtomicI64::new(0),
        })))
    }

    /// Issues a certificate for the TPP with this organizationIdentifier, which says where this authority is asked
    /// about it.
    ///
    /// # Errors
    ///
    /// If the profile cannot be written, or what was written cannot be read.
    pub(crate) fn issue(
        &self,
        oid: &str,
        mut profile: TppProfile,
    ) -> Result<(CertifiedKey, String), PkiError> {
        profile.locations = self.0.locations.clone();
        let made = self.0.authority.issue_tpp(&profile)?;
        let serial = Candidate::of(&made.certificate()?)?.serial().magnitude().to_vec();
        let shown = payments::encoding::hex(&serial);
        self.tpps().entry(oid.to_owned()).or_default().push(serial);
        Ok((made, shown))
    }

    /// Revokes certificates at `now`.
    ///
    /// # Errors
    ///
    /// [`CannotRevoke`].
    pub fn revoke(&self, wish: &Wish, now: Timestamp) -> Result<Vec<Done>, CannotRevoke> {
        let reason = reason(wish.reason.as_deref().unwrap_or("unspecified"))?;
        let serials = self.meant(wish)?;
        let mut revoked = self.lock();
        let is_final =
            |serial| revoked.get(serial).is_some_and(|revoked: &Revoked| !revoked.reason.is_hold());
        if reason.is_hold() && serials.iter().any(is_final) {
            return Err(CannotRevoke::Final);
        }
        for serial in &serials {
            revoked.insert(serial.clone(), Revoked { at: now, reason });
        }
        Ok(serials.iter().map(|serial| done(serial, revoked.get(serial))).collect())
    }

    /// Takes the holds of certificates back at `now`; what was revoked for good stays so.
    ///
    /// # Errors
    ///
    /// [`CannotRevoke`].
    pub fn release(&self, wish: &Wish, now: Timestamp) -> Result<Vec<Done>, CannotRevoke> {
        let serials = self.meant(wish)?;
        let mut revoked = self.lock();
        let is_held = |serial| revoked.get(serial).is_some_and(|revoked: &Revoked| revoked.reason.is_hold());
        if !serials.iter().any(is_held) {
            return Err(CannotRevoke::NotOnHold);
        }
        self.0.speaks_from_s.fetch_max(now.as_second().saturating_add(1), Ordering::Relaxed);
        for serial in &serials {
            if revoked.get(serial).is_some_and(|revoked| revoked.reason.is_hold()) {
                revoked.remove(serial);
            }
        }
        Ok(serials.iter().map(|serial| done(serial, revoked.get(serial))).collect())
    }

    /// The list of revoked certificates.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn crl(&self, now: Timestamp) -> Result<Vec<u8>, PkiError> {
        let revoked = self.lock();
        let listed =
            revoked.iter().map(|(serial, revoked)| Listed { serial: serial.clone(), revoked: *revoked });
        let listed: Vec<_> = listed.collect();
        drop(revoked);
        let number = self.0.next_list.fetch_add(1, Ordering::Relaxed);
        let as_of = self.as_of(now);
        self.0.authority.crl(&listed, number, as_of, later(as_of))
    }

    /// The answer to an OCSP request.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn ocsp(&self, request: &[u8], now: Timestamp) -> Result<Vec<u8>, PkiError> {
        let status_of = |serial: &[u8]| {
            let serial: Serial = serial.iter().copied().skip_while(|byte| *byte == 0).collect();
            self.lock().get(&serial).map_or(Status::Good, |revoked| Status::Revoked(*revoked))
        };
        let as_of = self.as_of(now);
        self.0.authority.ocsp_answer(request, status_of, as_of, later(as_of))
    }

    fn as_of(&self, now: Timestamp) -> Timestamp {
        let from = Timestamp::from_second(self.0.speaks_from_s.load(Ordering::Relaxed));
        from.map_or(now, |from| now.max(from))
    }

    fn meant(&self, wish: &Wish) -> Result<Vec<Serial>, CannotRevoke> {
        match (&wish.client_id, &wish.serial) {
            (Some(client_id), None) => {
                self.tpps().get(client_id.as_str()).cloned().ok_or(CannotRevoke::NoSuchTpp)
            }
            (None, Some(serial)) => Ok(vec![unhex(serial).ok_or(CannotRevoke::Serial)?]),
            _ => Err(CannotRevoke::Which),
        }
    }

    fn tpps(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<Serial>>> {
        self.0.tpps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Serial, Revoked>> {
        self.0.revoked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn later(now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_mins(FRESH_MINUTES)).unwrap_or(Timestamp::MAX)
}

fn done(serial: &Serial, revoked: Option<&Revoked>) -> Done {
    Done {
        serial: payments::encoding::hex(serial),
        revoked: revoked.is_some(),
        reason: revoked.map_or("none", |revoked| revoked.reason.as_str()),
    }
}

fn reason(text: &str) -> Result<Reason, CannotRevoke> {
    let reasons = [
        Reason::Unspecified,
        Reason::KeyCompromise,
        Reason::AffiliationChanged,
        Reason::Superseded,
        Reason::CessationOfOperation,
        Reason::CertificateHold,
        Reason::PrivilegeWithdrawn,
    ];
    reasons.into_iter().find(|reason| reason.as_str() == text).ok_or(CannotRevoke::Reason)
}

fn unhex(text: &str) -> Option<Serial> {
    let text = if text.len() % 2 == 1 { format!("0{text}") } else { text.to_owned() };
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Vec<u8> = text.as_bytes().chunks(2).map(pair).collect::<Option<_>>()?;
    let serial: Serial = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    (!serial.is_empty()).then_some(serial)
}

#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) service: RevocationService,
    pub(crate) app: App,
}

/// The routes of the authority, and the lever of `app`'s developer.
pub fn router(service: RevocationService, app: App) -> Router {
    Router::new()
        .route(CRL_PATH, get(show_list))
        .route(OCSP_PATH, post(answer))
        .route("/sandbox/pki/revoke", post(revoke))
        .route("/sandbox/pki/release", post(release))
        .route("/sandbox/pki/issue", post(issue_service::issue))
        .with_state(Served { service, app })
}

async fn show_list(State(served): State<Served>) -> Response {
    der("application/pkix-crl", served.service.crl(served.app.now()))
}

async fn answer(State(served): State<Served>, request: Bytes) -> Response {
    der(eidas::revocation::ocsp::ANSWER_TYPE, served.service.ocsp(&request, served.app.now()))
}

fn der(media_type: &'static str, made: Result<Vec<u8>, PkiError>) -> Response {
    match made {
        Ok(der) => ([(header::CONTENT_TYPE, media_type)], der).into_response(),
        Err(error) => {
            tracing::error!(%error, "the test authority cannot speak");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn revoke(State(served): State<Served>, body: Bytes) -> Response {
    match read::<Wish>(&body) {
        Ok(wish) => told(&served, served.service.revoke(&wish, served.app.now())).await,
        Err(refused) => *refused,
    }
}

async fn release(State(served): State<Served>, body: Bytes) -> Response {
    match read::<Wish>(&body) {
        Ok(wish) => told(&served, served.service.release(&wish, served.app.now())).await,
        Err(refused) => *refused,
    }
}

/// What a body says; whatever its media type, so that curl needs no header.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    serde_json::from_slice(body).map_err(|error| Box::new(refused(StatusCode::BAD_REQUEST, &error)))
}

/// What is wrong, in a line.
pub(crate) fn refused(status: StatusCode, error: &dyn std::fmt::Display) -> Response {
    (status, format!("{error}\n")).into_response()
}

/// Answers once the bank has asked its authority again, so that the next request shows the difference.
async fn told(served: &Served, done: Result<Vec<Done>, CannotRevoke>) -> Response {
    match done {
        Ok(done) => {
            served.app.revocation.examine_all().await;
            Json(done).into_response()
        }
        Err(error) => refused(error.status(), &error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::{KeyType, PkiOptions};

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn service() -> RevocationService {
        let home = tempfile::tempdir().unwrap();
        let options = PkiOptions { tpp_seal_key: KeyType::P256, ..PkiOptions::default() };
        let pki = TestPki::load_or_create(home.path(), now(), &[], &[], options).unwrap();
        RevocationService::new(&pki, now()).unwrap()
    }

    fn wish(client_id: &str, reason: &str) -> Wish {
        Wish { client_id: Some(client_id.to_owned()), serial: None, reason: Some(reason.to_owned()) }
    }

    #[test]
    fn a_wish_that_cannot_be_fulfilled_says_why() {
        let service = service();
        let serial = |text: &str| Wish { serial: Some(text.to_owned()), ..Wish::default() };
        let both = Wish { serial: Some("01".to_owned()), ..wish("PSDFR-ACPR-12345", "unspecified") };
        let table = [
            (Wish::default(), "give either client_id or serial"),
            (both, "give either client_id or serial"),
            (wish("PSDFR-ACPR-00000", "unspecified"), "no TPP with this client_id"),
            (wish("PSDFR-ACPR-12345", "because"), "reason must be unspecified"),
            (serial("xyz"), "serial must be in hexadecimal"),
            (serial("é1"), "serial must be in hexadecimal"),
            (serial(""), "serial must be in hexadecimal"),
        ];
        for (wish, expected) in table {
            let refused = service.revoke(&wish, now()).unwrap_err().to_string();
            assert!(refused.starts_with(expected), "{refused}");
        }
    }

    #[test]
    fn a_hold_is_released_and_a_revocation_is_not() {
        let service = service();
        for (reason, expected) in [("certificateHold", false), ("keyCompromise", true)] {
            let wish = wish("PSDFR-ACPR-12345", reason);
            let done = service.revoke(&wish, now()).unwrap();
            assert_eq!(done.len(), 2, "QWAC and QSealC");
            assert!(done.iter().all(|done| done.revoked && done.reason == reason));
            let released = service.release(&wish, now());
            assert_eq!(matches!(released, Err(CannotRevoke::NotOnHold)), expected, "{released:?}");
            assert_eq!(is_listed(&service, &done), expected);
        }
    }

    /// Whether the first of these certificates is on the authority's list.
    fn is_listed(service: &RevocationService, done: &[Done]) -> bool {
        service.lock().contains_key(&unhex(&done[0].serial).unwrap())
    }

    #[test]
    fn what_is_revoked_for_good_cannot_be_put_on_hold() {
        let service = service();
        let (hold, good) =
            (wish("PSDFR-ACPR-12345", "certificateHold"), wish("PSDFR-ACPR-12345", "superseded"));
        assert!(matches!(service.release(&hold, now()), Err(CannotRevoke::NotOnHold)));
        service.revoke(&hold, now()).unwrap();
        let done = service.revoke(&good, now()).unwrap();
        assert!(matches!(service.revoke(&hold, now()), Err(CannotRevoke::Final)));
        let unchanged = service.lock().get(&unhex(&done[0].serial).unwrap()).copied().unwrap();
        assert_eq!(unchanged.reason, Reason::Superseded);
        let refusals = [CannotRevoke::Final, CannotRevoke::NotOnHold, CannotRevoke::NoSuchTpp];
        assert_eq!(refusals.map(|refusal| refusal.status().as_u16()), [409, 409, 404]);
    }
}
