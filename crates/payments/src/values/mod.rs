//! Values from outside, proven once: to hold one is to know that its rules are met.

mod amount;
mod bic;
mod iban;
mod identifiers;
mod moment;
mod party;
mod remittance;
mod text;

pub use amount::{Amount, InvalidAmount};
pub use bic::{Bic, InvalidBic};
pub use iban::{Iban, InvalidIban};
pub use identifiers::{
    EndToEndId, Id35, InstitutionCode, InstructionId, InvalidId, PaymentId, PaymentInformationId, PsuId,
    Reference, TppId,
};
pub use moment::{InvalidMoment, Moment, paris_day};
pub use party::{Address, GenericIdentification, Party, PartyIdentity};
pub use remittance::Remittance;
pub use text::{InvalidText, Text};

/// A party's name: at most 140 characters (STET 1.4.0.47, `PartyIdentification.name`).
pub type Name = Text<140>;
