//! Which certificates a list speaks for.

use der::{Reader, SliceReader, Tag};

use super::candidate::Candidate;
use super::crl::InvalidCrl;
use super::locations::full_name;
use super::reading::{content, context, context_primitive, next_if};

/// What a list says about its scope (`issuingDistributionPoint`, RFC 5280, 5.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// One of these must be a distribution point of the certificate, unless the list names none.
    points: Option<Vec<String>>,
    providers: bool,
    authorities: bool,
}

impl Default for Scope {
    /// A list without the extension speaks for everything its issuer has issued.
    fn default() -> Self {
        Self { points: None, providers: true, authorities: true }
    }
}

impl Scope {
    /// Reads the extension's value.
    ///
    /// # Errors
    ///
    /// [`InvalidCrl::Indirect`] and [`InvalidCrl::Partial`] for lists that say too little about a certificate
    /// of their issuer, [`InvalidCrl::Der`] for what cannot be read.
    pub(super) fn read(der: &[u8]) -> Result<Self, InvalidCrl> {
        let mut fields = content(der, Tag::Sequence)?;
        let point = next_if(&mut fields, context(0))?;
        let users_only = flag(&mut fields, 1)?;
        let authorities_only = flag(&mut fields, 2)?;
        let some_reasons = next_if(&mut fields, context_primitive(3))?.is_some();
        let indirect = flag(&mut fields, 4)?;
        let attributes_only = flag(&mut fields, 5)?;
        fields.finish()?;
        if indirect {
            return Err(InvalidCrl::Indirect);
        }
        if some_reasons || attributes_only || (users_only && authorities_only) {
            return Err(InvalidCrl::Partial);
        }
        let points = point.map(|name| full_name(SliceReader::new(name)?)).transpose()?;
        Ok(Self { points, providers: !authorities_only, authorities: !users_only })
    }

    /// Whether the list speaks for this certificate of its issuer (RFC 5280, 6.3.3 (b)(2)).
    pub(super) fn covers(&self, candidate: &Candidate) -> bool {
        let kind = if candidate.is_authority() { self.authorities } else { self.providers };
        let its_points = &candidate.locations().crl;
        kind && self.points.as_ref().is_none_or(|points| points.iter().any(|p| its_points.contains(p)))
    }
}

fn flag(fields: &mut SliceReader<'_>, number: u32) -> der::Result<bool> {
    Ok(next_if(fields, context_primitive(number))?.is_some_and(|value| value != [0]))
}
