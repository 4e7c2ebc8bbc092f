//! What the editions of the standard do differently, as one table.
//!
//! [`super::parse`], [`super::render`] and the routes ask it; nothing else in the API compares versions.

use axum::http::StatusCode;
use payments::{Reason, Version};
use stet::StatusReason;

/// The rules of one edition for payment requests and their status.
pub(super) struct Edition {
    /// Whether `chargeBearer`, `categoryPurpose` and `endToEndId` must be given. Where they need not be,
    /// the first two count as `SLEV` and `CASH`.
    pub(super) all_codes_are_mandatory: bool,
    /// Whether an amount is written as a JSON number and not as a string.
    pub(super) amounts_are_numbers: bool,
    /// Where `purpose` and `ultimateCreditor` are written.
    pub(super) purpose_stands: Place,
    /// Whether `batchBooking`, `acceptDebtorAccountChange`, `acceptChargeHandlingChange` and
    /// `ultimateDebtor` exist.
    pub(super) has_change_members: bool,
    /// What the link to the payment request itself is called.
    pub(super) itself: SelfLink,
    /// The last part of the path where a PISP confirms what the PSU approved, if it has to at all.
    pub(super) confirmation: Option<&'static str>,
    /// What a call is answered with that the payment's state does not allow.
    pub(super) not_in_this_state: StatusCode,
    /// The code this edition has for a reason.
    pub(super) reason: fn(Reason) -> StatusReason,
}

/// Payment level or instruction level.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Payment,
    Instruction,
}

/// Names of the link to the payment request itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SelfLink {
    /// `self`.
    Itself,
    /// `request`.
    Request,
}

/// STET PSD2 API 1.4.0.47.
const V1_4_0: Edition = Edition {
    all_codes_are_mandatory: true,
    amounts_are_numbers: false,
    purpose_stands: Place::Payment,
    has_change_members: false,
    itself: SelfLink::Itself,
    confirmation: None,
    not_in_this_state: StatusCode::FORBIDDEN,
    reason: reason_before_1_6,
};

/// STET PSD2 API 1.4.2.
const V1_4_2: Edition = Edition {
    all_codes_are_mandatory: false,
    amounts_are_numbers: true,
    purpose_stands: Place::Instruction,
    has_change_members: true,
    itself: SelfLink::Request,
    confirmation: Some("o-confirmation"),
    not_in_this_state: StatusCode::FORBIDDEN,
    reason: reason_before_1_6,
};

impl Edition {
    /// The rules of `version`.
    pub(super) fn of(version: Version) -> &'static Self {
        match version {
            Version::V1_4_0 => &V1_4_0,
            Version::V1_4_2 => &V1_4_2,
        }
    }
}

/// The reason in the words of 1.4.x: what came with 1.6 is told by the nearest older code.
fn reason_before_1_6(reason: Reason) -> StatusReason {
    match reason {
        Reason::Ac01 | Reason::Cnor => StatusReason::Ac01,
        Reason::Ac04 => StatusReason::Ac04,
        Reason::Ac06 => StatusReason::Ac06,
        Reason::Ag01 | Reason::Ag03 | Reason::Am02 => StatusReason::Ag01,
        // "Decision of the debtor: refusal or lack of liquidity."
        Reason::Am04 | Reason::Cust => StatusReason::Cust,
        Reason::Ds02 => StatusReason::Ds02,
        Reason::Ff01 => StatusReason::Ff01,
        Reason::Frad => StatusReason::Frad,
        Reason::Ms03 => StatusReason::Ms03,
        Reason::Noas => StatusReason::Noas,
        Reason::Rr01 => StatusReason::Rr01,
        Reason::Rr04 => StatusReason::Rr04,
    }
}
