//! Bodies as they travel: read, refused, written.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod amounts;
mod answers;
mod garbage;
mod members;
mod requests;

use stet::{Limits, PaymentRequest, ReadError};

/// A merchant payment, classic path, edition 1.4.0.
const MERCHANT: &str = include_str!("../golden/merchant-1.4.0.json");
/// A transfer between two people, fluid path, instant, edition 1.4.2.
const TRANSFER: &str = include_str!("../golden/transfer-1.4.2.json");
/// The body of a signed request, without any white space.
const SIGNED: &str = include_str!("../golden/signed-1.4.0.json");
/// Every member that is read, whether or not they make sense together.
const FULL: &str = include_str!("../golden/full.json");

fn read(body: &str) -> Result<PaymentRequest, ReadError> {
    stet::read_payment_request(body.as_bytes(), Limits::default())
}

/// What the reader says about `body`, which it must refuse.
fn refusal(body: &str) -> String {
    read(body).expect_err("the body must be refused").to_string()
}

fn write(request: &PaymentRequest) -> String {
    serde_json::to_string(request).unwrap()
}

/// The members `m0` to `m{count - 1}`, each followed by a comma.
fn many_members(count: usize) -> String {
    (0..count).fold(String::new(), |members, n| members + "\"m" + &n.to_string() + "\":0,")
}

/// The JSON text without the white space between its tokens; numbers keep their digits.
fn compact(json: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let mut kept = String::new();
    for c in json.chars() {
        if quoted || !c.is_ascii_whitespace() {
            kept.push(c);
        }
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    kept
}
