//! What the issuer of a qualified certificate states about it.

mod licence;
mod read;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::departure::Departure;
use crate::tlv::Fault;

pub(crate) use licence::tidy_identifier;
pub(crate) use read::{Departures, read};

/// What a qualified certificate is for (ETSI EN 319 412-5, 4.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QcType {
    /// Electronic signature of a person.
    ESign,
    /// Electronic seal of an organisation: a QSealC.
    ESeal,
    /// Website authentication: a QWAC.
    Web,
}

impl QcType {
    pub(crate) const ALL: [Self; 3] = [Self::ESign, Self::ESeal, Self::Web];

    /// The object identifier, in dotted form.
    pub fn oid(self) -> &'static str {
        match self {
            Self::ESign => "0.4.0.1862.1.6.1",
            Self::ESeal => "0.4.0.1862.1.6.2",
            Self::Web => "0.4.0.1862.1.6.3",
        }
    }

    /// The name in the standard, without its prefix: `web`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ESign => "eSign",
            Self::ESeal => "eSeal",
            Self::Web => "web",
        }
    }
}

/// What a payment service provider is licensed for (ETSI TS 119 495, 5.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// `PSP_AS`: account servicing, the ASPSP.
    AccountServicing,
    /// `PSP_PI`: payment initiation, the PISP.
    PaymentInitiation,
    /// `PSP_AI`: account information, the AISP.
    AccountInformation,
    /// `PSP_IC`: issuing of card-based payment instruments, the CBPII.
    CardIssuing,
}

impl Role {
    /// The four roles, in the order of their object identifiers.
    pub const ALL: [Self; 4] =
        [Self::AccountServicing, Self::PaymentInitiation, Self::AccountInformation, Self::CardIssuing];

    /// The name in the standard: `PSP_PI`.
    pub fn code(self) -> &'static str {
        match self {
            Self::AccountServicing => "PSP_AS",
            Self::PaymentInitiation => "PSP_PI",
            Self::AccountInformation => "PSP_AI",
            Self::CardIssuing => "PSP_IC",
        }
    }

    /// The object identifier, in dotted form.
    pub fn oid(self) -> &'static str {
        match self {
            Self::AccountServicing => "0.4.0.19495.1.1",
            Self::PaymentInitiation => "0.4.0.19495.1.2",
            Self::AccountInformation => "0.4.0.19495.1.3",
            Self::CardIssuing => "0.4.0.19495.1.4",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The licence of a payment service provider, as its certificate states it (ETSI TS 119 495, 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Psd2Statement {
    /// The roles, in the order of the certificate. An object identifier decides, not the name beside it.
    pub roles: Vec<Role>,
    /// The national competent authority's name.
    pub nca_name: String,
    /// The national competent authority's identifier: `FR-ACPR`.
    pub nca_id: String,
}

/// The statements of a qualified certificate that concern us (ETSI EN 319 412-5; ETSI TS 119 495).
///
/// The default states nothing, as a certificate without the extension does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QcStatements {
    /// The issuer states that this is a qualified certificate (QcCompliance).
    pub compliance: bool,
    /// What it is for (QcType).
    pub types: Vec<QcType>,
    /// The licence of the payment service provider.
    pub psd2: Option<Psd2Statement>,
}

impl QcStatements {
    /// Reads the value of a qcStatements extension, 1.3.6.1.5.5.7.1.3 (RFC 3739, 3.2.6), and says where it
    /// departs from the standards; without departures it follows them to the letter.
    ///
    /// # Errors
    ///
    /// The place from which on nothing sure can be said about what is meant.
    pub fn read(extension: &[u8]) -> Result<(Self, Vec<Departure>), Fault> {
        let understood = read(extension)?;
        Ok((understood.statements, understood.departures.as_slice().to_vec()))
    }
}
