//! Why a document is not a message we can act on.

/// Why a document is refused. It never repeats what the document said, which may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessage {
    /// Longer than [`crate::MAX_MESSAGE_BYTES`].
    #[error("the message is too long")]
    TooLong,
    /// Not well-formed XML, or an element is missing, repeated or in the wrong place.
    #[error("the message is not of the expected schema")]
    Schema,
    /// An element has a value the scheme does not allow.
    #[error("{0} has a value the scheme does not allow")]
    Value(&'static str),
}
