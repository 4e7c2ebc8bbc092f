//! Registered seal certificates, as people and programs read them.

use aws_lc_rs::digest::{SHA256, digest};
use eidas::Certificate;
use jiff::Timestamp;
use payments::{encoding::hex, tpp::SealCertificate};
use serde::Serialize;

use crate::plain::{counted, days_until, minute, plain};

/// A registered seal certificate.
#[derive(Debug, Serialize)]
pub(super) struct CertificateShown {
    /// The name of its key agreed at registration.
    kid: Option<String>,
    /// SHA-256 of its DER, in hex.
    sha256: String,
    /// What it says; nothing if it cannot be read.
    #[serde(flatten)]
    content: Option<Content>,
}

#[derive(Debug, Serialize)]
struct Content {
    organization_identifier: Option<String>,
    common_name: Option<String>,
    issuer: String,
    serial: String,
    not_before: Timestamp,
    not_after: Timestamp,
    days_left: i64,
}

impl CertificateShown {
    /// What there is to know of `seal` at `now`.
    pub(super) fn of(seal: &SealCertificate, now: Timestamp) -> Self {
        let content = Certificate::parse(&seal.der).ok().map(|certificate| Content {
            organization_identifier: certificate.organization_identifier_text().map(str::to_owned),
            common_name: certificate.common_name().map(str::to_owned),
            issuer: certificate.issuer().to_owned(),
            serial: certificate.serial().to_owned(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            days_left: days_until(certificate.not_after(), now),
        });
        Self { kid: seal.kid.clone(), sha256: hex(digest(&SHA256, &seal.der).as_ref()), content }
    }

    /// What a person reads of it, as label and text.
    pub(super) fn rows(&self, now: Timestamp) -> Vec<(&'static str, String)> {
        let mut rows = vec![("SHA-256", self.sha256.clone())];
        if let Some(kid) = &self.kid {
            rows.push(("key id", plain(kid)));
        }
        let Some(content) = &self.content else {
            rows.push(("problem", "it cannot be read; guichet cert explain tells why".to_owned()));
            return rows;
        };
        if let Some(name) = &content.common_name {
            rows.push(("subject", plain(name)));
        }
        rows.push(("issuer", plain(&content.issuer)));
        rows.push(("serial", content.serial.clone()));
        rows.push(("validity", validity(content, now)));
        rows
    }
}

fn validity(content: &Content, now: Timestamp) -> String {
    let (from, until) = (minute(content.not_before), minute(content.not_after));
    if now < content.not_before {
        format!("NOT YET: from {from} to {until}")
    } else if now >= content.not_after {
        format!("EXPIRED on {until}, {} ago", counted(-content.days_left - 1, "day"))
    } else {
        format!("until {until}, {} left", counted(content.days_left, "day"))
    }
}

/// How long a TPP can go on signing, for a column: by its certificate that lasts longest.
pub(super) fn in_brief(seals: &[SealCertificate], now: Timestamp) -> String {
    let ends = seals.iter().filter_map(|seal| Some(Certificate::parse(&seal.der).ok()?.not_after()));
    match ends.max() {
        None if seals.is_empty() => "none".to_owned(),
        None => "unreadable".to_owned(),
        Some(end) if end <= now => "expired".to_owned(),
        Some(end) => counted(days_until(end, now), "day"),
    }
}
