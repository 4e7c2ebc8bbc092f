//! Debtor, creditor, initiating party and the like.

use serde::{Deserialize, Serialize};

use super::{Name, Text};

/// A party to the payment (STET 1.4.0.47, `PartyIdentification`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Its name.
    pub name: Name,
    /// Its postal address, if given.
    pub address: Option<Address>,
    /// How it is known to others, if given.
    pub identity: Option<PartyIdentity>,
}

/// A postal address: a country and at most two lines (STET 1.4.0.47, `PostalAddress`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// ISO 3166-1 alpha-2 country.
    pub country: String,
    /// One or two lines of at most 70 characters.
    pub lines: Vec<Text<70>>,
}

/// Whether the party is an organisation or a person; never both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartyIdentity {
    /// STET `organisationId`.
    Organisation(GenericIdentification),
    /// STET `privateId`.
    Private(GenericIdentification),
}

/// An identification under a named scheme (STET 1.4.0.47, `GenericIdentification`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenericIdentification {
    /// The identification, at most 70 characters.
    pub identification: Text<70>,
    /// The scheme: `BANK`, `COID`, `SREN`, `SRET`, `NIDN`, `OAUT`, `CPAN` or a proprietary one.
    pub scheme_name: Text<70>,
    /// Who issued it.
    pub issuer: Option<Text<35>>,
}
