//! The member at fault, and readers that name it.

use std::{borrow::Cow, fmt};

use crate::api::codes::{Codes, meaning};

/// Longest text after the code: `message` of STET's `ErrorModel` holds 140 characters, the code and `: ` six.
const TEXT_MAX: usize = 134;

/// A member of the body that breaks a rule.
///
/// Displays as `path rule`, at most 134 characters and without any value of the body, so that it can be
/// sent to the PISP as it is: `beneficiary.creditorAccount must not be null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// Four-letter code, such as `FF01`.
    pub code: &'static str,
    /// The member, as a path in the body.
    pub field: String,
    /// What it must be.
    pub rule: Cow<'static, str>,
}

impl InvalidField {
    /// `field` breaks `rule`, which makes the whole request invalid (`FF01`).
    pub(super) fn new(field: &str, rule: impl Into<Cow<'static, str>>) -> Self {
        Self { code: "FF01", field: field.to_owned(), rule: rule.into() }
    }

    /// The same with another code.
    pub(super) fn with_code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }
}

impl std::error::Error for InvalidField {}

impl fmt::Display for InvalidField {
    /// A path too long for one message loses its beginning.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let room = TEXT_MAX.saturating_sub(self.rule.chars().count() + 1);
        let length = self.field.chars().count();
        if length <= room {
            return write!(formatter, "{} {}", self.field, self.rule);
        }
        let end: String = self.field.chars().skip(length - room + 3).collect();
        write!(formatter, "...{end} {}", self.rule)
    }
}

impl From<stet::ReadError> for InvalidField {
    fn from(error: stet::ReadError) -> Self {
        let field = if error.path.is_empty() { "body" } else { &error.path };
        Self::new(field, error.problem.to_string())
    }
}

/// A parsed member, or the one at fault.
pub(super) type Parsed<T> = Result<T, InvalidField>;

/// Where an error stands, told from the inside out: nothing is spent on paths until there is an error.
pub(super) trait Within {
    /// The same result seen from the object whose member `step` it is.
    fn within(self, step: &str) -> Self;
}

impl<T> Within for Parsed<T> {
    fn within(self, step: &str) -> Self {
        self.map_err(|error| InvalidField { field: format!("{step}.{}", error.field), ..error })
    }
}

/// A member that cannot be left out.
pub(super) fn given<T>(field: &str, value: Option<T>) -> Parsed<T> {
    value.ok_or_else(|| InvalidField::new(field, "must not be null"))
}

/// The value of a member, or its rule.
pub(super) fn valid<T, E: fmt::Display>(field: &str, value: Result<T, E>) -> Parsed<T> {
    value.map_err(|rule| InvalidField::new(field, rule.to_string()))
}

/// A text that cannot be left out.
pub(super) fn mandatory<T, E: fmt::Display>(
    field: &str,
    text: Option<&String>,
    parse: fn(&str) -> Result<T, E>,
) -> Parsed<T> {
    valid(field, parse(given(field, text)?))
}

/// A text that may be left out.
pub(super) fn optional<T, E: fmt::Display>(
    field: &str,
    text: Option<&String>,
    parse: fn(&str) -> Result<T, E>,
) -> Parsed<Option<T>> {
    valid(field, text.map(|text| parse(text)).transpose())
}

/// A code of a list.
pub(super) fn code<T: Copy>(field: &str, text: Option<&String>, codes: Codes<T>) -> Parsed<Option<T>> {
    let Some(text) = text else { return Ok(None) };
    let known = meaning(codes, text).ok_or_else(|| {
        let names: Vec<&str> = codes.iter().map(|(code, _)| *code).collect();
        InvalidField::new(field, format!("must be {}", names.join(" or ")))
    })?;
    Ok(Some(known))
}

/// A member the standard has in two places, of which a request may use one.
pub(super) fn one_place<T>(field: &str, payment: Option<T>, instruction: Option<T>) -> Parsed<Option<T>> {
    if payment.is_some() && instruction.is_some() {
        let rule = "must stand at payment level or in the instruction, not in both";
        return Err(InvalidField::new(field, rule));
    }
    Ok(payment.or(instruction))
}
