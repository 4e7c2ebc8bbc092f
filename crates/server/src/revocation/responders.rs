//! Asking OCSP responders.

use std::time::Duration;

use eidas::revocation::{
    Evidence, Issuer, Status,
    ocsp::{self, InvalidAnswer},
};

use super::{
    Revocation,
    fetch::{FetchError, Wanted},
    watch::Watched,
};
use crate::App;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(5);

/// Why a responder said nothing of use.
#[derive(Debug, thiserror::Error)]
enum Silent {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Invalid(#[from] InvalidAnswer),
    #[error("its answer has run out")]
    RunOut,
    #[error("it does not know the certificate")]
    Unknown,
}

impl Revocation {
    /// Asks the responders of a certificate, one after the other, until one has said something fresh.
    pub(super) async fn ask_responders(&self, watched: &Watched, issuer: &Issuer, app: &App) -> bool {
        for location in &watched.candidate.locations().ocsp {
            if !self.backoffs.permits(location, app.now()) {
                continue;
            }
            match self.ask(location, watched, issuer, app).await {
                Ok(()) => {
                    self.backoffs.succeeded(location);
                    return true;
                }
                Err(error) => {
                    tracing::debug!(location = ?location, %error, "an OCSP responder said nothing of use");
                    count(if matches!(error, Silent::Unknown) { "unknown" } else { "failed" });
                    if matches!(error, Silent::Fetch(_)) {
                        self.backoffs.failed(location, app.now(), app.random_u64());
                    }
                }
            }
        }
        false
    }

    async fn ask(&self, location: &str, watched: &Watched, issuer: &Issuer, app: &App) -> Result<(), Silent> {
        let request = ocsp::request(&watched.candidate, issuer).ok_or(InvalidAnswer::OtherCertificate)?;
        let wanted = Wanted {
            url: location.to_owned(),
            posted: Some((ocsp::REQUEST_TYPE, request)),
            max_bytes: ocsp::MAX_ANSWER_BYTES,
            within: WITHIN,
        };
        let bytes = self.fetch.fetch(&wanted).await?;
        let now = app.now();
        let evidence = ocsp::read(&bytes, &watched.candidate, issuer, now)?;
        // Even what has run out may be a revocation.
        watched.learn(&evidence, now);
        match evidence {
            Evidence { status: Status::Unknown, .. } => Err(Silent::Unknown),
            evidence if !evidence.is_fresh(now) => Err(Silent::RunOut),
            Evidence { status: Status::Good, .. } => {
                count("good");
                Ok(())
            }
            Evidence { status: Status::Revoked(_), .. } => {
                count("revoked");
                Ok(())
            }
        }
    }
}

fn count(result: &'static str) {
    metrics::counter!("guichet_revocation_checks_total", "source" => "ocsp", "result" => result).increment(1);
}
