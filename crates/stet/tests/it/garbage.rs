//! Bytes from anywhere: never a panic, and the same idea of JSON as `serde_json`.

use proptest::prelude::*;
use serde_json::value::RawValue;
use stet::{Limits, Problem};

use crate::{FULL, TRANSFER, many_members, refusal};

#[test]
fn what_is_not_json_is_refused_where_it_goes_wrong() {
    let table = [
        ("", "body: not valid JSON at byte 0"),
        ("  ", "body: not valid JSON at byte 2"),
        ("{", "body: not valid JSON at byte 1"),
        ("{}x", "body: not valid JSON at byte 2"),
        ("{} {}", "body: not valid JSON at byte 3"),
        ("{,}", "body: not valid JSON at byte 1"),
        (r#"{"a":1,}"#, "body: not valid JSON at byte 7"),
        (r#"{"a" 1}"#, "body: not valid JSON at byte 5"),
        (r#"{"a":[1,]}"#, "a[1]: not valid JSON at byte 8"),
        (r#"{"a":[1 2]}"#, "a: not valid JSON at byte 8"),
        (r#"{"a":nul}"#, "a: not valid JSON at byte 5"),
        (r#"{"a":"b}"#, "a: not valid JSON at byte 8"),
        ("{\"a\":\"\t\"}", "a: not valid JSON at byte 6"),
        (r#"{"a":"\x"}"#, "a: not valid JSON at byte 5"),
        (r#"{"a":"\ud800"}"#, "a: not valid JSON at byte 5"),
        (r#"{"a":"\"#, "a: not valid JSON at byte 7"),
        (r"{'a':1}", "body: not valid JSON at byte 1"),
        ("{\"a\":1 /* one */}", "body: not valid JSON at byte 7"),
        ("\u{feff}{}", "body: not valid JSON at byte 0"),
        ("[]", "body: must be an object"),
        ("null", "body: must be an object"),
        ("7", "body: must be an object"),
    ];
    for (body, expected) in table {
        assert_eq!(refusal(body), expected, "{body}");
    }
}

#[test]
fn a_body_that_is_not_utf_8_is_refused() {
    for body in [&b"{\"a\":\"\xe9\"}"[..], b"\xff", b"{\"a\":\"\xed\xa0\x80\"}"] {
        let error = stet::read_payment_request(body, Limits::default()).expect_err("must be refused");
        assert_eq!(error.to_string(), "body: must be UTF-8");
    }
}

#[test]
fn a_huge_nesting_is_refused_whatever_the_caller_allows() {
    let body = format!(r#"{{"a":{}"#, "[".repeat(1_000_000));
    let error = stet::read_payment_request(body.as_bytes(), Limits { depth: usize::MAX });
    assert_eq!(error.expect_err("must be refused").problem, Problem::TooDeep { limit: 128 });
}

#[test]
fn thousands_of_members_and_items_are_read() {
    let members = many_members(8_000);
    assert_eq!(refusal(&format!(r#"{{{members}"m7999":0}}"#)), "m7999: given twice");
    let items = "0,".repeat(30_000);
    assert!(crate::read(&format!(r#"{{"a":[{items}0]}}"#)).is_ok());
}

/// What `serde_json` makes of the bytes: surely JSON, surely not, or something it reads in one way only
/// (a number out of its range, half a surrogate pair in an ignored part).
fn oracle(body: &[u8]) -> Option<bool> {
    let as_value = serde_json::from_slice::<serde_json::Value>(body).is_ok();
    let as_text = serde_json::from_slice::<&RawValue>(body).is_ok();
    (as_value == as_text).then_some(as_value)
}

fn agrees_with_the_oracle(body: &[u8]) -> bool {
    let read = stet::read_payment_request(body, Limits { depth: 128 });
    let json = match &read {
        Err(error) => {
            assert!(error.to_string().len() <= 110, "{error}");
            !matches!(error.problem, Problem::NotJson { .. } | Problem::NotUtf8)
        }
        Ok(request) => {
            assert!(serde_json::to_string(request).is_ok());
            true
        }
    };
    // A member twice is found at the end of its object, before the rest of the text is looked at.
    matches!(&read, Err(error) if error.problem == Problem::Duplicate)
        || oracle(body).is_none_or(|expected| expected == json)
}

/// A real body with some bytes replaced.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop_oneof![any::<u8>(), prop::sample::select(br#"{}[]":,\0123456789.eE+-tfnu "#.to_vec()),];
    let damage = prop::collection::vec((any::<prop::sample::Index>(), bytes), 0..4);
    (prop::sample::select(vec![FULL, TRANSFER]), damage).prop_map(|(body, damage)| {
        let mut body = body.as_bytes().to_vec();
        for (index, byte) in damage {
            let at = index.index(body.len());
            body[at] = byte;
        }
        body
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(agrees_with_the_oracle(&body));
    }

    #[test]
    fn any_text_of_json_characters_is_judged_as_serde_json_does(body in r#"[\{\}\[\]":,\\0-2.eE+\-tru a]{0,24}"#) {
        prop_assert!(agrees_with_the_oracle(body.as_bytes()));
    }

    #[test]
    fn a_damaged_request_is_judged_as_serde_json_does(body in damaged()) {
        prop_assert!(agrees_with_the_oracle(&body));
    }

    #[test]
    fn a_request_cut_short_is_never_read(length in 0..TRANSFER.trim_end().len()) {
        let cut = TRANSFER.as_bytes().get(..length).unwrap();
        prop_assert!(stet::read_payment_request(cut, Limits::default()).is_err());
    }
}
