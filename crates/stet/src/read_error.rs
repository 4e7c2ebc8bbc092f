//! Why a body could not be read, and where.

use std::fmt;

/// The longest message, in characters: the error model holds 140 and the code goes before it.
const MESSAGE_MAX: usize = 110;

/// The longest member name that is repeated in a path.
const NAME_MAX: usize = 40;

/// Why a body could not be read.
///
/// Displays as `path: problem`, at most 110 characters, without any value of the body, so that it can be
/// sent to the PISP as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// Where, such as `creditTransferTransaction[0].instructedAmount.amount`; empty for the body itself.
    pub path: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a body or one of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// The text is not JSON (RFC 8259).
    NotJson {
        /// Bytes before the place where it went wrong.
        at: usize,
    },
    /// Objects and lists are nested too deep.
    TooDeep {
        /// Levels allowed.
        limit: usize,
    },
    /// An object has two members of this name.
    Duplicate,
    /// A member that cannot be left out is absent or `null`.
    Missing,
    /// The value has another JSON type than the standard gives it.
    MustBe(&'static str),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => f.write_str("must be UTF-8"),
            Self::NotJson { at } => write!(f, "not valid JSON at byte {at}"),
            Self::TooDeep { limit } => write!(f, "nested deeper than {limit} levels"),
            Self::Duplicate => f.write_str("given twice"),
            Self::Missing => f.write_str("must be given"),
            Self::MustBe(what) => write!(f, "must be {what}"),
        }
    }
}

impl From<Problem> for ReadError {
    fn from(problem: Problem) -> Self {
        Self { path: String::new(), problem }
    }
}

impl ReadError {
    /// The same error seen from the object that holds `name`.
    ///
    /// A name that is long or holds anything but letters, digits, `_` and `-` is shown as `?`: it is not a
    /// member of the standard, and the message must stay short and harmless.
    pub(crate) fn in_member(self, name: &str) -> Self {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let shown = if name.len() <= NAME_MAX && name.bytes().all(plain) { name } else { "?" };
        self.under(shown)
    }

    /// The same error seen from the list whose item `index` it is.
    pub(crate) fn in_item(self, index: usize) -> Self {
        self.under(&format!("[{index}]"))
    }

    fn under(self, step: &str) -> Self {
        let joint = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Self { path: format!("{step}{joint}{}", self.path), problem: self.problem }
    }
}

impl fmt::Display for ReadError {
    /// `path: problem`; a path too long for one message loses its beginning.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "body" } else { &self.path };
        let problem = self.problem.to_string();
        let room = MESSAGE_MAX.saturating_sub(problem.len() + 2);
        let surplus = path.len().saturating_sub(room);
        if surplus == 0 {
            return write!(f, "{path}: {problem}");
        }
        let end = path.get(surplus + 3..).unwrap_or_default();
        write!(f, "...{end}: {problem}")
    }
}

impl std::error::Error for ReadError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_grows_outwards() {
        let error = ReadError::from(Problem::MustBe("a string"));
        let error = error.in_item(1).in_member("addressLine").in_member("postalAddress").in_item(0);
        assert_eq!(error.to_string(), "[0].postalAddress.addressLine[1]: must be a string");
    }

    #[test]
    fn the_body_itself_is_called_body() {
        assert_eq!(ReadError::from(Problem::NotUtf8).to_string(), "body: must be UTF-8");
    }

    #[test]
    fn a_name_that_is_not_of_the_standard_is_not_repeated() {
        for name in ["<script>", "a b", "é", "\u{0}", &"x".repeat(41)] {
            assert_eq!(ReadError::from(Problem::Duplicate).in_member(name).to_string(), "?: given twice");
        }
    }

    #[test]
    fn a_long_path_keeps_its_end_within_110_characters() {
        let mut error = ReadError::from(Problem::MustBe("a string or a number")).in_member("amount");
        for _ in 0..15 {
            error = error.in_member(&"m".repeat(40));
        }
        let message = error.to_string();
        assert_eq!(message.len(), 110);
        assert!(message.starts_with("...") && message.ends_with(".amount: must be a string or a number"));
    }
}
