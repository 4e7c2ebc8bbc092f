//! Whom this server trusts today, and what that makes of a certificate that is shown.
//!
//! [`Trust`] is one state, replaced whole by a reload; what was found under the earlier state is forgotten
//! with it. Nothing here fetches: revocation is asked of what is known already.

mod gathered;
mod known;
mod live;

use std::sync::Arc;

use eidas::{Anchors, Certificate, Defect, InvalidCertificate, Judged, Kind, Reading, UntrustedChain};
use payments::{
    institution::{CertificateReading, Institution},
    tpp::{ChainCertificate, SealCertificate},
};
use rustls_pki_types::CertificateDer;

pub use gathered::{AnchorOrigin, Gathered, ListInForce, Uses};
pub(crate) use known::KnownCertificate;
use known::KnownCertificates;
pub use live::Live;

use crate::{App, caller::sha256, revocation};

/// The authorities that are trusted, and the certificates found to lead to them.
pub struct Trust {
    qwac: Trusting,
    qseal: Trusting,
    origins: Vec<AnchorOrigin>,
    lists: Vec<ListInForce>,
}

/// The authorities that are trusted for one kind of certificate, and those found to lead to them.
struct Trusting {
    anchors: Anchors,
    known: KnownCertificates,
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

/// Why a certificate is not relied on; the text names the rule, as `guichet cert explain` does,
/// and may be sent to the TPP as it is.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Distrust {
    /// It cannot be read.
    #[error("{rule}: {0}", rule = .0.rule())]
    Unreadable(#[from] InvalidCertificate),
    /// No path leads from it to an anchor.
    #[error("{rule}: {0}", rule = .0.rule())]
    Chain(#[from] UntrustedChain),
    /// Its content breaks a rule.
    #[error("{rule}: {0}", rule = .0.rule())]
    Content(#[from] Defect),
    /// Its issuer, or this bank, says that it is revoked; or nobody can say that it is not.
    #[error("revocation: {0}")]
    Revocation(revocation::Refusal),
    /// The same of an authority on its path.
    #[error("revocation of an authority of the chain: {0}")]
    Authority(revocation::Refusal),
}

impl Trust {
    /// Trusts `anchors`, which come from `origins`, for certificates of both kinds.
    pub fn new(anchors: Anchors, origins: Vec<AnchorOrigin>) -> Self {
        Self::of(anchors.clone(), anchors, origins)
    }

    /// Trusts the ones for QWACs and the others for `QSealC`s (ETSI TS 119 612, 5.5.9.4: an authority is
    /// supervised for what its trusted list says).
    pub fn of(qwac: Anchors, qseal: Anchors, origins: Vec<AnchorOrigin>) -> Self {
        let trusting = |anchors| Trusting { anchors, known: KnownCertificates::default() };
        Self { qwac: trusting(qwac), qseal: trusting(qseal), origins, lists: Vec::new() }
    }

    /// The authorities of certificates of this kind.
    pub fn anchors(&self, kind: Kind) -> &Anchors {
        &self.trusting(kind).anchors
    }

    /// Where each comes from.
    pub fn origins(&self) -> &[AnchorOrigin] {
        &self.origins
    }

    /// The trusted lists that are relied on.
    pub fn lists(&self) -> &[ListInForce] {
        &self.lists
    }

    fn trusting(&self, kind: Kind) -> &Trusting {
        match kind {
            Kind::Qwac => &self.qwac,
            Kind::Qseal => &self.qseal,
        }
    }
}

impl App {
    /// Judges a certificate in full for `institution`: its path, its content, its revocation.
    ///
    /// What was taken only by a lenient reading is logged and counted. Waits only for the first word on the
    /// revocation of a certificate that was never seen, and not for long.
    pub(crate) async fn judge(
        &self,
        shown: &Shown<'_>,
        institution: &Institution,
    ) -> Result<Trusted, Distrust> {
        let (trust, now) = (self.trust.current(), self.now());
        let Trusting { anchors, known } = trust.trusting(shown.kind);
        let reading = match institution.settings.certificate_reading {
            CertificateReading::Strict => Reading::Strict,
            CertificateReading::Lenient => Reading::Lenient,
        };
        let found = known.find(shown.der, shown.sha256, shown.intermediates, anchors, now);
        if let Err(Distrust::Chain(_)) = &found {
            // Whoever asks for an explanation is told the content's rules before the path's.
            eidas::judge(&Certificate::parse(shown.der)?, shown.kind, reading, now)?;
        }
        let known = found?;
        let judged = eidas::judge(&known.certificate, shown.kind, reading, now)?;
        known.tell_departures(&judged);
        self.ask_about_revocation(&known, institution).await?;
        Ok(Trusted { known, judged })
    }

    /// Asks about a certificate and every authority over which its path leads (RFC 5280, 6.1.3). The anchor
    /// is trusted because we say so: only we can take that back, by the deny list.
    async fn ask_about_revocation(
        &self,
        known: &KnownCertificate,
        institution: &Institution,
    ) -> Result<(), Distrust> {
        let policy = institution.settings.revocation;
        for (nth, (certificate, issuer)) in known.links().enumerate() {
            self.revocation.consult(certificate, Some(issuer), policy, self.now()).await;
            let checked = self.revocation.check(certificate, Some(issuer), policy, self.now());
            checked.map_err(if nth == 0 { Distrust::Revocation } else { Distrust::Authority })?;
        }
        let denied = known.anchor().is_some_and(|anchor| self.revocation.denies(anchor));
        if denied { Err(Distrust::Authority(revocation::Refusal::Denied)) } else { Ok(()) }
    }

    /// Judges the certificate of a connection: a QWAC.
    pub(crate) async fn judge_qwac(
        &self,
        peer: &crate::connection::PeerCertificate,
        institution: &Institution,
    ) -> Result<Trusted, Distrust> {
        let (der, intermediates) = (peer.der.as_ref(), peer.intermediates.as_slice());
        self.judge(&Shown { der, sha256: peer.thumbprint.0, intermediates, kind: Kind::Qwac }, institution)
            .await
    }

    /// Judges a registered or registering seal certificate: a QSealC.
    pub(crate) async fn judge_qseal(
        &self,
        seal: &SealCertificate,
        institution: &Institution,
    ) -> Result<Trusted, Distrust> {
        let chain = seal.chain.iter().map(|ChainCertificate(der)| CertificateDer::from(der.clone()));
        let (der, intermediates) = (seal.der.as_slice(), chain.collect::<Vec<_>>());
        let shown = Shown { der, sha256: sha256(der), intermediates: &intermediates, kind: Kind::Qseal };
        self.judge(&shown, institution).await
    }
}
