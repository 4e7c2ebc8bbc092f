//! Identifiers: each kind its own type, so that none can stand in for another.

use std::{fmt, marker::PhantomData};

use serde::{Deserialize, Serialize};

/// Why a text is not the identifier asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{rule}")]
pub struct InvalidId {
    rule: &'static str,
}

const ID35_RULE: InvalidId =
    InvalidId { rule: "must have 1 to 35 characters among a-z A-Z 0-9 / - ? : ( ) . , ' and space" };

/// An identifier chosen by the PISP: 1 to 35 characters of the SEPA set (STET 1.4.0.47, pattern of
/// `paymentInformationId`). `Kind` keeps the kinds apart.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "String", into = "String", bound = "")]
pub struct Id35<Kind>(String, PhantomData<fn() -> Kind>);

/// Marks [`PaymentInformationId`].
#[derive(Debug)]
pub enum PaymentInformation {}
/// Marks [`InstructionId`].
#[derive(Debug)]
pub enum Instruction {}
/// Marks [`EndToEndId`].
#[derive(Debug)]
pub enum EndToEnd {}

/// The PISP's reference of the whole payment request.
pub type PaymentInformationId = Id35<PaymentInformation>;
/// The reference between PISP and ASPSP of one credit transfer.
pub type InstructionId = Id35<Instruction>;
/// The reference between debtor and creditor, carried unchanged to the creditor.
pub type EndToEndId = Id35<EndToEnd>;

impl<Kind> Id35<Kind> {
    /// Parses an identifier.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] if the pattern is not met.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" /-?:().,'".contains(&byte);
        if (1..=35).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned(), PhantomData))
        } else {
            Err(ID35_RULE)
        }
    }

    /// The identifier as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<Kind> Clone for Id35<Kind> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<Kind> PartialEq for Id35<Kind> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<Kind> Eq for Id35<Kind> {}

impl<Kind> fmt::Debug for Id35<Kind> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.0)
    }
}

impl<Kind> TryFrom<String> for Id35<Kind> {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl<Kind> From<Id35<Kind>> for String {
    fn from(id: Id35<Kind>) -> Self {
        id.0
    }
}

/// The resource id of a payment request: 10 digits, `-`, 24 digits of which the first 13 are the
/// milliseconds since 1970 and the rest random. 35 characters, the limit of STET 1.4.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaymentId(String);

impl PaymentId {
    /// Builds an id from a sequence number, the moment in milliseconds since 1970 and a random number.
    pub fn new(sequence: u64, at_ms: u64, random: u64) -> Self {
        let (sequence, at_ms, random) =
            (sequence % 10_u64.pow(10), at_ms % 10_u64.pow(13), random % 10_u64.pow(11));
        Self(format!("{sequence:010}-{at_ms:013}{random:011}"))
    }

    /// Parses an id as it stands in a path.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] if it does not have the shape of our ids: then no such payment request exists.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let digits =
            |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        match text.split_once('-') {
            Some((sequence, rest)) if digits(sequence, 10) && digits(rest, 24) => Ok(Self(text.to_owned())),
            _ => Err(InvalidId { rule: "must be the id of a payment request" }),
        }
    }

    /// The id as it stands in paths and links.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of this request's only credit transfer: its sequence and `-001`.
    pub fn transfer_id(&self) -> String {
        format!("{}-001", self.0.split('-').next().unwrap_or_default())
    }
}

impl fmt::Display for PaymentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for PaymentId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<PaymentId> for String {
    fn from(id: PaymentId) -> Self {
        id.0
    }
}

/// Our reference for what we ask of the bank and the rail: the same words twice are the same order.
///
/// It is made from the payment's id alone, so that after a crash we ask about the very reference we
/// sent, and no second one can exist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reference(String);

impl Reference {
    /// The reference of this payment's transfer, at most 35 characters (ISO 20022 `Max35Text`).
    pub fn of(payment: &PaymentId) -> Self {
        Self(payment.as_str().to_owned())
    }

    /// The reference as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The `client_id` of a TPP: its organizationIdentifier, or the id given at registration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TppId(String);

impl TppId {
    /// Parses a client id: 1 to 70 printable ASCII characters without space.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] otherwise.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if (1..=70).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId { rule: "must have 1 to 70 printable characters" })
        }
    }

    /// The client id as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TppId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for TppId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<TppId> for String {
    fn from(id: TppId) -> Self {
        id.0
    }
}

/// The five-digit bank code of an institution, as in characters 5 to 9 of its IBANs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstitutionCode(String);

impl InstitutionCode {
    /// Parses a bank code.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] unless it is five digits.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId { rule: "must be a bank code of 5 digits" })
        }
    }

    /// The code as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstitutionCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for InstitutionCode {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<InstitutionCode> for String {
    fn from(code: InstitutionCode) -> Self {
        code.0
    }
}

/// What a PSU types to identify himself: the customer number. Personal data, masked in `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PsuId(String);

impl PsuId {
    /// Parses a customer number: 1 to 35 letters or digits; spaces are dropped, letters become upper case.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] otherwise.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let id: String = text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect();
        if (1..=35).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(Self(id))
        } else {
            Err(InvalidId { rule: "must have 1 to 35 letters or digits" })
        }
    }

    /// The customer number, for asking the bank about it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PsuId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PsuId(…)")
    }
}

impl TryFrom<String> for PsuId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<PsuId> for String {
    fn from(id: PsuId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id35_has_1_to_35_characters_of_the_sepa_set() {
        for good in ["PI-20260302-0001", "a", "it's (ok): a/b?c.d,e", &"x".repeat(35)] {
            assert!(EndToEndId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "é", "a_b", "a\nb", "a+b", &"x".repeat(36)] {
            assert_eq!(EndToEndId::parse(bad), Err(ID35_RULE), "{bad}");
        }
    }

    #[test]
    fn a_payment_id_has_the_shape_the_field_knows() {
        let id = PaymentId::new(123, 1_772_442_930_000, 11_234_567_890);
        assert_eq!(id.as_str(), "0000000123-177244293000011234567890");
        assert_eq!(id.as_str().len(), 35);
        assert_eq!(id.transfer_id(), "0000000123-001");
        assert_eq!(PaymentId::parse(id.as_str()), Ok(id));
        for bad in
            ["", "0000000123", "0000000123-17724429300001123456789", "000000012x-177244293000011234567890"]
        {
            assert!(PaymentId::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_payment_id_reads_back_as_itself(sequence: u64, at: u64, random: u64) {
            let id = PaymentId::new(sequence, at, random);
            prop_assert_eq!(PaymentId::parse(id.as_str()).unwrap(), id);
        }
    }
}
