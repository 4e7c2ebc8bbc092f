//! The STET PSD2 payment-initiation API as types.
//!
//! Public fields, plain strings, exactly the standard: what a PISP posts ([`PaymentRequest`]), what the bank
//! answers ([`PaymentRequestCreation`], [`HalPaymentRequest`], [`ErrorModel`]) and the OAuth2 bodies around
//! them. One family of types serves editions 1.4.0.47 and 1.4.2, in both directions: absent members are
//! `None` and are left out when written, never `null`.
//!
//! Reading is lenient about what is there and strict about what it means: [`read_payment_request`] accepts
//! what live clients send, and refuses what could be understood in two ways (duplicate members, wrong types)
//! with the path of the member at fault. Whether a member is missing or its value acceptable is for the bank
//! to say, with the predicates of [`syntax`].

mod answer;
mod confirmation;
mod error_model;
mod instruction;
mod json;
mod oauth;
pub mod openapi;
mod party;
mod payment_request;
mod read;
mod read_error;
mod registration;
mod remittance;
mod status;
pub mod syntax;

pub use answer::{
    AuthenticationApproach, CreationLinks, HalPaymentRequest, Link, PaymentRequestCreation,
    PaymentRequestLinks,
};
pub use confirmation::Confirmation;
pub use error_model::ErrorModel;
pub use instruction::{Amount, AmountType, CreditTransferTransaction, PaymentIdentification};
pub use oauth::{OAuthError, OAuthErrorCode, TokenAnswer};
pub use party::{
    AccountIdentification, Beneficiary, ClearingSystemMemberIdentification,
    FinancialInstitutionIdentification, GenericIdentification, PartyIdentification, PostalAddress,
};
pub use payment_request::{PaymentRequest, PaymentTypeInformation, SupplementaryData};
pub use read::{Limits, read_confirmation, read_hal_payment_request, read_payment_request};
pub use read_error::{Problem, ReadError};
pub use registration::{
    AnsweredKey, AnsweredKeySet, JsonWebKey, JsonWebKeySet, RegistrationAnswer, RegistrationContact,
    RegistrationError, RegistrationErrorCode, RegistrationRequest, read_registration_request,
};
pub use remittance::{
    CodeAndIssuer, CreditorReferenceInformation, RemittanceInformation, StructuredRemittanceInformation,
};
pub use status::{PaymentInformationStatus, StatusReason, TransactionStatus};
