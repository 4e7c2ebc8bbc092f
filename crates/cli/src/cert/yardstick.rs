//! What certificates are judged by: kind and reading, time, trust, and what the bank knows.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use eidas::{Anchors, Certificate, Explanation, Judged, Kind, Question, Reading};
use jiff::Timestamp;
use payments::{institution::RevocationPolicy, values::InstitutionCode};
use server::{
    app::{Clock as _, SystemClock},
    revocation::{Refusal, Revocation},
    trust::{Gathered, Trust, Uses},
};
use store::SqliteStore;

use super::{
    explain::{ExplainArguments, Explained, HowClosely, ShownFor},
    input::{ders_of, first_of, read_file},
    known::Known,
    revocation::RevocationFound,
};
use crate::kept::KeptArguments;

/// What certificates are judged by.
pub(super) struct Yardstick {
    kind: Option<Kind>,
    reading: Reading,
    now: Timestamp,
    trust: Option<Trust>,
    store: Option<SqliteStore>,
    revocation: Option<Revocation>,
    policies: Vec<(InstitutionCode, RevocationPolicy)>,
}

impl Yardstick {
    /// As the command line says.
    ///
    /// # Errors
    ///
    /// If something of it cannot be used.
    pub(super) async fn of(arguments: &ExplainArguments) -> anyhow::Result<Self> {
        let (config, data) = (arguments.config.clone(), arguments.data.clone());
        let kept = (config.is_some() || data.is_some()).then_some(KeptArguments { config, data });
        let store = kept.as_ref().map(KeptArguments::open).transpose()?;
        let trust = match (&kept, &store) {
            (Some(kept), Some(store)) => Some(kept.trust(store).await?),
            _ if arguments.anchors.is_empty() => None,
            _ => Some(trust_in(&arguments.anchors)?),
        };
        let now = match (arguments.at, &kept) {
            (Some(at), _) => at,
            (None, Some(kept)) => kept.now()?,
            (None, None) => SystemClock.now(),
        };
        let now = Timestamp::from_second(now.as_second())?;
        let kind = arguments.kind.map(|kind| match kind {
            ShownFor::Qwac => Kind::Qwac,
            ShownFor::Qseal => Kind::Qseal,
        });
        let reading = match arguments.reading {
            HowClosely::Strict => Reading::Strict,
            HowClosely::Lenient => Reading::Lenient,
        };
        let revocation = kept.as_ref().map(KeptArguments::revocation_files).transpose()?.flatten();
        let policies = kept.as_ref().map(KeptArguments::revocation_policies).transpose()?.unwrap_or_default();
        Ok(Self { kind, reading, now, trust, store, revocation, policies })
    }

    /// Everything there is to tell of a file.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub(super) async fn explain(&self, file: &Path) -> anyhow::Result<Explained> {
        let bytes = read_file(file)?;
        let kind = self.kind.or_else(|| self.guess(&bytes));
        let anchors = self.trust.as_ref().map(|trust| trust.anchors(kind.unwrap_or(Kind::Qwac)));
        let explanation = self.ask(&bytes, anchors);
        let known = match (&self.store, &explanation.summary) {
            (Some(store), Some(summary)) => match &summary.organization_identifier {
                Some(organization) => Some(Known::of(store, organization, &summary.sha256).await?),
                None => None,
            },
            _ => None,
        };
        let judged = kind.and_then(|kind| self.judged(&bytes, kind));
        let revocation = kind.map(|kind| self.revoked(&bytes, kind)).unwrap_or_default();
        Ok(Explained { file: file.display().to_string(), explanation, known, revocation, judged })
    }

    fn ask(&self, bytes: &[u8], anchors: Option<&Anchors>) -> Explanation {
        let Self { kind, reading, now, .. } = *self;
        eidas::explain(bytes, &Question { kind, anchors, intermediates: &[], reading, now })
    }

    /// What it says of itself.
    fn guess(&self, bytes: &[u8]) -> Option<Kind> {
        let name = self.ask(bytes, None).kind?;
        [Kind::Qwac, Kind::Qseal].into_iter().find(|kind| kind.name() == name)
    }

    /// What the lists in the bank's files have against it, if a path leads to who issued it.
    fn revoked(&self, bytes: &[u8], kind: Kind) -> RevocationFound {
        match self.checked(bytes, kind) {
            Some(checked) => RevocationFound::of(checked.err().as_ref(), &self.policies),
            None => RevocationFound::unchecked(&self.policies),
        }
    }

    /// Nothing if it could not be looked up.
    fn checked(&self, bytes: &[u8], kind: Kind) -> Option<Result<(), Refusal>> {
        let (revocation, trust) = (self.revocation.as_ref()?, self.trust.as_ref()?);
        let ders = ders_of(bytes);
        let (leaf, others) = ders.split_first()?;
        let leaf = Certificate::parse(leaf).ok()?;
        let path = trust.anchors(kind).path(&leaf, others, self.now).ok()?;
        // Nobody is asked, so that nobody has answered is nothing against it.
        Some(revocation.check(&leaf, path.first(), RevocationPolicy::SoftFailHours(1), self.now))
    }

    /// Whom it speaks for, were it valid now: who it is of does not change when it expires.
    fn judged(&self, bytes: &[u8], kind: Kind) -> Option<Judged> {
        let certificate: Certificate = first_of(bytes).ok()?;
        eidas::judge(&certificate, kind, self.reading, certificate.not_before()).ok()
    }
}

/// Trust in the authorities of these files, whatever a certificate is shown for.
fn trust_in(files: &[PathBuf]) -> anyhow::Result<Trust> {
    let mut gathered = Gathered::default();
    for file in files {
        for der in ders_of(&read_file(file)?) {
            let added =
                gathered.add(&der, Uses { websites: true, seals: true }, file.display().to_string(), None);
            added.with_context(|| format!("in {}", file.display()))?;
        }
    }
    Ok(gathered.trust()?)
}
