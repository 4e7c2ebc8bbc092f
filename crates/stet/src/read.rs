//! Reading bodies: bytes to wire types, with the path of the member at fault.

use crate::json::{self, Object, Value};
use crate::read_error::{Problem, ReadError};
use crate::{Confirmation, HalPaymentRequest, PaymentRequest};

/// What a body may cost to read. Its length is bounded by whoever receives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Levels of nested objects and lists, the body's own object included; more than 128 counts as 128.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 16 }
    }
}

/// Reads the body of `POST` or `PUT /payment-requests`, editions 1.4.0.47 and 1.4.2.
///
/// `null` counts as absent, unknown members are ignored, and members that only the bank sets are taken as
/// absent when they make no sense: a PISP may send them back but cannot change them.
///
/// # Errors
///
/// The first of: not UTF-8, not JSON, nested too deep, a member twice in one object (in ignored parts
/// too), a member of the wrong JSON type.
pub fn read_payment_request(body: &[u8], limits: Limits) -> Result<PaymentRequest, ReadError> {
    Read::read(&json::parse(body, limits.depth)?)
}

/// Reads the answer to `GET /payment-requests/{id}`, as a PISP does.
///
/// # Errors
///
/// As [`read_payment_request`], and if `paymentRequest` is missing.
pub fn read_hal_payment_request(body: &[u8], limits: Limits) -> Result<HalPaymentRequest, ReadError> {
    Read::read(&json::parse(body, limits.depth)?)
}

/// Reads the body of a confirmation, editions 1.4.0.47 and 1.4.2: an object, which may be empty.
///
/// # Errors
///
/// As [`read_payment_request`].
pub fn read_confirmation(body: &[u8], limits: Limits) -> Result<Confirmation, ReadError> {
    Read::read(&json::parse(body, limits.depth)?)
}

/// A wire type that can be read from JSON.
pub(crate) trait Read: Sized {
    fn read(value: &Value<'_>) -> Result<Self, ReadError>;
}

impl Value<'_> {
    /// This value's members.
    pub(crate) fn object(&self) -> Result<&Object<'_>, ReadError> {
        match self {
            Self::Object(object) => Ok(object),
            _ => Err(Problem::MustBe("an object").into()),
        }
    }
}

impl Object<'_> {
    /// The member `name`, if it is there and not `null`.
    pub(crate) fn member<T: Read>(&self, name: &str) -> Result<Option<T>, ReadError> {
        let read = self.find(name).map(T::read).transpose();
        read.map_err(|error| error.in_member(name))
    }

    /// The member `name`, which cannot be left out.
    pub(crate) fn required<T: Read>(&self, name: &str) -> Result<T, ReadError> {
        let missing = || ReadError::from(Problem::Missing).in_member(name);
        self.member(name)?.ok_or_else(missing)
    }

    /// The member `name`, which only the bank sets: one that cannot be read is ignored like an unknown one.
    pub(crate) fn read_only<T: Read>(&self, name: &str) -> Option<T> {
        self.member(name).unwrap_or_default()
    }

    /// Whether any of these members is there and not `null`.
    pub(crate) fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.find(name).is_some())
    }
}

impl Read for String {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        match value {
            Value::Text(text) => Ok(text.clone().into_owned()),
            _ => Err(Problem::MustBe("a string").into()),
        }
    }
}

impl Read for bool {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        match value {
            Value::Bool(flag) => Ok(*flag),
            _ => Err(Problem::MustBe("true or false").into()),
        }
    }
}

impl Read for u32 {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let number = match value {
            Value::Number(digits) => digits.parse().ok(),
            _ => None,
        };
        number.ok_or(Problem::MustBe("a whole number").into())
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let Value::List(items) = value else {
            return Err(Problem::MustBe("a list").into());
        };
        let read = |(index, item)| T::read(item).map_err(|error| error.in_item(index));
        items.iter().enumerate().map(read).collect()
    }
}
