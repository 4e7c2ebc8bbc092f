//! The body of a payment request.

use payments::Version;
use server::api::parse;
use stet::Limits;

use crate::given::sendable;

/// Whatever a version takes, the standard's types read, and every refusal can be sent as it is.
pub fn check(bytes: &[u8]) {
    let read = stet::read_payment_request(bytes, Limits::default());
    if let Err(error) = &read {
        sendable(error, 110);
    }
    let _ = stet::read_confirmation(bytes, Limits::default());
    let _ = stet::read_hal_payment_request(bytes, Limits::default());
    for version in Version::ALL {
        match parse::payment_request(version, bytes) {
            Ok(_) => assert!(read.is_ok(), "taken without being read"),
            Err(field) => {
                sendable(&field, 134);
                assert!(field.code.len() == 4 && field.code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            }
        }
    }
}
