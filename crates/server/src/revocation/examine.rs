//! Examining one certificate: its responders first, and its lists if those say nothing.

use std::sync::Arc;

use eidas::revocation::{Issuer, Standing, Status};
use jiff::Timestamp;

use super::{
    Revocation,
    watch::{Examination, Watched},
};
use crate::App;

impl Revocation {
    /// The certificates that are to be examined at `now`, taken for it.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Examination> {
        let due =
            |watched: &Arc<Watched>| watched.is_trusted() && self.asks_about(watched) && watched.is_due(now);
        self.watch.all().iter().filter(|watched| due(watched)).filter_map(Watched::take).collect()
    }

    /// Examines a certificate. A responder knows the latest; a list is larger, but one serves for all.
    pub(super) async fn examine(&self, examination: Examination, app: &App) {
        let mut spoke = false;
        if let Some(issuer) = &examination.issuer {
            spoke = self.ask_responders(&examination, issuer, app).await
                || self.read_lists(&examination, issuer, app).await;
        }
        examination.finish(spoke, app.now(), app.random_u64());
    }

    /// Reads the lists of a certificate, one after the other, until one has said something fresh.
    async fn read_lists(&self, watched: &Watched, issuer: &Issuer, app: &App) -> bool {
        for location in &watched.candidate.locations().crl {
            let Some(list) = self.list(location, issuer, app).await else {
                continue;
            };
            let now = app.now();
            let Some(evidence) = list.evidence(&watched.candidate, now) else {
                continue;
            };
            watched.learn(&evidence, now);
            let result = if matches!(evidence.status, Status::Revoked(_)) { "revoked" } else { "good" };
            metrics::counter!("guichet_revocation_checks_total", "source" => "crl", "result" => result)
                .increment(1);
            if evidence.is_fresh(now) {
                return true;
            }
        }
        false
    }

    /// Measures how old the oldest good evidence is, and how many certificates have none that is fresh.
    pub(super) fn measure(&self, now: Timestamp) {
        let histories: Vec<_> = self.watch.all().iter().map(|watched| watched.history()).collect();
        let age_s = |issued: Timestamp| now.duration_since(issued).as_secs().max(0);
        let oldest_s = histories.iter().filter_map(|history| history.good_as_of().map(age_s)).max();
        let count = |wanted: fn(&Standing) -> bool| {
            let found = histories.iter().filter(|history| wanted(&history.standing(now))).count();
            u32::try_from(found).unwrap_or(u32::MAX)
        };
        let oldest_s = u32::try_from(oldest_s.unwrap_or(0)).unwrap_or(u32::MAX);
        metrics::gauge!("guichet_revocation_oldest_evidence_seconds").set(oldest_s);
        for (standing, number) in [
            ("good", count(|standing| matches!(standing, Standing::Good { .. }))),
            ("revoked", count(|standing| matches!(standing, Standing::Revoked(_)))),
            ("unknown", count(|standing| matches!(standing, Standing::Unknown))),
        ] {
            metrics::gauge!("guichet_revocation_certificates", "standing" => standing).set(number);
        }
    }
}
