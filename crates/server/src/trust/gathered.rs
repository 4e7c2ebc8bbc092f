//! Anchors gathered from files and trusted lists, each with where it comes from.

use eidas::{Anchors, Certificate, InvalidAnchor};
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use serde::Serialize;

use super::Trust;

/// What an anchor is trusted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Uses {
    /// To issue QWACs.
    pub websites: bool,
    /// To issue `QSealC`s.
    pub seals: bool,
}

/// Where an anchor comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnchorOrigin {
    /// SHA-256 of its DER, in hex.
    pub sha256: String,
    /// Its own common name, or who issued it, as RFC 4514 writes it.
    pub name: String,
    /// End of its validity.
    pub not_after: Timestamp,
    /// What it is trusted for.
    pub uses: Uses,
    /// The file or the trusted list that names it.
    pub source: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
}

/// A trusted list that is relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListInForce {
    /// Whose list it is, as it says itself (`SchemeTerritory`).
    pub territory: String,
    /// By when its next issue is due (`NextUpdate`); none if the list is closed.
    pub next_update: Option<Timestamp>,
}

impl ListInForce {
    /// Whether the next issue should have come by `now` (ETSI TS 119 612, 5.3.15). Its authorities are trusted
    /// still: who was taken off the list meanwhile is for the operator to find out.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.next_update.is_some_and(|due| due < now)
    }
}

/// Anchors on their way to a [`Trust`].
#[derive(Debug, Default)]
pub struct Gathered {
    websites: Vec<CertificateDer<'static>>,
    seals: Vec<CertificateDer<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
    origins: Vec<AnchorOrigin>,
    lists: Vec<ListInForce>,
}

impl Gathered {
    /// Adds the anchor `der`, named by `source`.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn add(
        &mut self,
        der: &[u8],
        uses: Uses,
        source: impl Into<String>,
        since: Option<Timestamp>,
    ) -> Result<(), InvalidAnchor> {
        let anchor = Certificate::parse(der)?;
        for (is_used, ders) in [(uses.websites, &mut self.websites), (uses.seals, &mut self.seals)] {
            if is_used {
                ders.push(anchor.der().clone());
            }
        }
        self.origins.push(AnchorOrigin {
            sha256: anchor.sha256_hex(),
            name: anchor.common_name().unwrap_or(anchor.issuer()).to_owned(),
            not_after: anchor.not_after(),
            uses,
            source: source.into(),
            since,
        });
        Ok(())
    }

    /// Adds a list that names some of the anchors.
    pub fn add_list(&mut self, list: ListInForce) {
        self.lists.push(list);
    }

    /// Adds authorities over which a path may lead; none of them is trusted by itself.
    pub fn add_intermediates(&mut self, ders: impl IntoIterator<Item = CertificateDer<'static>>) {
        self.intermediates.extend(ders);
    }

    /// Trusts what was gathered.
    ///
    /// # Errors
    ///
    /// If one of them cannot serve as anchor.
    pub fn trust(self) -> Result<Trust, InvalidAnchor> {
        let anchors = |ders| {
            Ok::<_, InvalidAnchor>(Anchors::from_ders(ders)?.with_intermediates(self.intermediates.clone())?)
        };
        let (websites, seals) = (anchors(self.websites)?, anchors(self.seals)?);
        Ok(Trust { lists: self.lists, ..Trust::of(websites, seals, self.origins) })
    }
}
