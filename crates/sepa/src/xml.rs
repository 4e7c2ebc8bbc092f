//! The way from bytes to wire structs and back.

use quick_xml::se::Serializer;
use serde::{Serialize, de::DeserializeOwned};

use crate::InvalidMessage;

/// The longest message that is read, in bytes: a message carries one transfer and needs about 2 KB.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Writes a document, indented so that a person can read it.
pub(crate) fn write<T: Serialize>(document: &T) -> String {
    let mut text = DECLARATION.to_owned();
    let mut serializer = Serializer::new(&mut text);
    serializer.indent(' ', 2);
    document
        .serialize(serializer)
        .expect("wire structs have only elements and text, and a String takes both");
    text.push('\n');
    text
}

/// Reads a document.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, InvalidMessage> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(InvalidMessage::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| InvalidMessage::Schema)?;
    // No message has a document type; refusing it leaves no entity to expand.
    if text.contains("<!DOCTYPE") {
        return Err(InvalidMessage::Schema);
    }
    quick_xml::de::from_str(text).map_err(|_| InvalidMessage::Schema)
}
