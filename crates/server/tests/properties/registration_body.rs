//! The body of a registration, keys included.

use stet::Limits;

use crate::given::sendable;

/// It is read, or refused with a message that can be sent as it is.
pub fn check(bytes: &[u8]) {
    if let Err(error) = stet::read_registration_request(bytes, Limits::default()) {
        sendable(&error, 110);
    }
}
