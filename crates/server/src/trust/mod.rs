//! Whom this server trusts today, and what that makes of a certificate that is shown.
//!
//! [`Trust`] is one state, replaced whole by a reload; what was found under the earlier state is forgotten
//! with it. Nothing here waits: revocation is asked of what has been fetched already.

mod known;
mod live;

use std::sync::Arc;

use eidas::{Anchors, Certificate, Defect, InvalidCertificate, Judged, Kind, Reading, UntrustedChain};
use jiff::Timestamp;
use payments::institution::{CertificateReading, Institution};
use rustls_pki_types::CertificateDer;

pub(crate) use known::KnownCertificate;
use known::KnownCertificates;
pub use live::Live;

use crate::{App, caller::sha256};

/// The authorities that are trusted, and the certificates found to lead to them.
pub struct Trust {
    anchors: Anchors,
    origins: Vec<AnchorOrigin>,
    known: KnownCertificates,
}

/// Where an anchor comes from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AnchorOrigin {
    /// SHA-256 of its DER, in hex.
    pub sha256: String,
    /// Its issuer's name, as RFC 4514 writes it; mostly its own.
    pub issuer: String,
    /// End of its validity.
    pub not_after: Timestamp,
    /// The file or the trusted list that names it.
    pub source: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
}

impl AnchorOrigin {
    /// What is told of the anchor `der`, named by `source`.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn of(
        der: &[u8],
        source: impl Into<String>,
        since: Option<Timestamp>,
    ) -> Result<Self, InvalidCertificate> {
        let certificate = Certificate::parse(der)?;
        Ok(Self {
            sha256: certificate.sha256_hex(),
            issuer: certificate.issuer().to_owned(),
            not_after: certificate.not_after(),
            source: source.into(),
            since,
        })
    }
}

/// A certificate as somebody shows it.
pub(crate) struct Shown<'a> {
    /// DER.
    pub(crate) der: &'a [u8],
    /// SHA-256 of it.
    pub(crate) sha256: [u8; 32],
    /// What came with it.
    pub(crate) intermediates: &'a [CertificateDer<'static>],
    /// What it is shown for.
    pub(crate) kind: Kind,
}

/// A certificate that may be relied on, and the provider it speaks for.
pub(crate) struct Trusted {
    pub(crate) known: Arc<KnownCertificate>,
    pub(crate) judged: Judged,
}

/// Why a certificate is not relied on; the sentence names the rule and may be sent to the TPP as it is.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Distrust {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] InvalidCertificate),
    /// No path leads from it to an anchor.
    #[error(transparent)]
    Chain(#[from] UntrustedChain),
    /// Its content breaks a rule.
    #[error(transparent)]
    Content(#[from] Defect),
}

impl Trust {
    /// Trusts `anchors`, which come from `origins`.
    pub fn new(anchors: Anchors, origins: Vec<AnchorOrigin>) -> Self {
        Self { anchors, origins, known: KnownCertificates::default() }
    }

    /// The authorities.
    pub fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// Where each comes from.
    pub fn origins(&self) -> &[AnchorOrigin] {
        &self.origins
    }
}

impl App {
    /// Judges a certificate in full for `institution`: its path, its content, its revocation.
    ///
    /// What was taken only by a lenient reading is logged and counted.
    pub(crate) fn judge(&self, shown: &Shown<'_>, institution: &Institution) -> Result<Trusted, Distrust> {
        let (trust, now) = (self.trust.current(), self.now());
        let known = trust.known.find(shown.der, shown.sha256, shown.intermediates, &trust.anchors, now)?;
        let reading = match institution.settings.certificate_reading {
            CertificateReading::Strict => Reading::Strict,
            CertificateReading::Lenient => Reading::Lenient,
        };
        let judged = eidas::judge(&known.certificate, shown.kind, reading, now)?;
        Ok(Trusted { known, judged })
    }

    /// Judges the certificate of a connection: a QWAC.
    pub(crate) fn judge_qwac(
        &self,
        peer: &crate::connection::PeerCertificate,
        institution: &Institution,
    ) -> Result<Trusted, Distrust> {
        let (der, intermediates) = (peer.der.as_ref(), peer.intermediates.as_slice());
        self.judge(&Shown { der, sha256: peer.thumbprint.0, intermediates, kind: Kind::Qwac }, institution)
    }

    /// Judges a registered or registering seal certificate: a QSealC.
    pub(crate) fn judge_qseal(&self, der: &[u8], institution: &Institution) -> Result<Trusted, Distrust> {
        let shown = Shown { der, sha256: sha256(der), intermediates: &[], kind: Kind::Qseal };
        self.judge(&shown, institution)
    }
}
