//! Each member in turn: with the wrong type, `null`, or missing.

use serde_json::{Value, json};

use crate::{FULL, read, refusal};

/// Members that only the bank sets.
const READ_ONLY: [&str; 9] = [
    "resourceId",
    "paymentInformationStatus",
    "statusReasonInformation",
    "fundsAvailability",
    "booking",
    "creditTransferTransaction[0].paymentId.resourceId",
    "creditTransferTransaction[0].transactionStatus",
    "creditTransferTransaction[0].statusReasonInformation",
    "supplementaryData.appliedAuthenticationApproach",
];

/// Every place below `value`, as the path a message names and as a JSON pointer.
fn places(value: &Value, path: &str, pointer: &str, found: &mut Vec<(String, String)>) {
    let children: Vec<(String, String, &Value)> = match value {
        Value::Object(members) => {
            let dot = if path.is_empty() { "" } else { "." };
            let child = |(name, value)| (format!("{path}{dot}{name}"), format!("{pointer}/{name}"), value);
            members.iter().map(child).collect()
        }
        Value::Array(items) => {
            let child = |(i, value)| (format!("{path}[{i}]"), format!("{pointer}/{i}"), value);
            items.iter().enumerate().map(child).collect()
        }
        _ => Vec::new(),
    };
    for (path, pointer, child) in children {
        found.push((path.clone(), pointer.clone()));
        places(child, &path, &pointer, found);
    }
}

fn every_place() -> Vec<(String, String)> {
    let mut found = Vec::new();
    places(&full(), "", "", &mut found);
    assert!(found.len() > 90, "{} places", found.len());
    found
}

fn full() -> Value {
    serde_json::from_str(FULL).unwrap()
}

/// A value of a type that never fits there, and what the message says about it.
fn misfit(path: &str, fitting: &Value) -> (Value, &'static str) {
    if path.ends_with(".remittanceInformation") {
        return (json!(true), "must be a list of strings or an object");
    }
    if path.ends_with(".amount") {
        return (json!(true), "must be a string or a number");
    }
    match fitting {
        Value::String(_) => (json!(7), "must be a string"),
        Value::Bool(_) => (json!("true"), "must be true or false"),
        Value::Number(_) => (json!("1"), "must be a whole number"),
        Value::Array(_) => (json!("x"), "must be a list"),
        Value::Object(_) => (json!(["x"]), "must be an object"),
        Value::Null => unreachable!("the full request holds no null"),
    }
}

#[test]
fn a_wrong_type_is_refused_with_the_path_of_the_member() {
    for (path, pointer) in every_place() {
        let mut body = full();
        let place = body.pointer_mut(&pointer).unwrap();
        let (wrong, says) = misfit(&path, place);
        *place = wrong;
        if READ_ONLY.contains(&path.as_str()) {
            assert!(read(&body.to_string()).is_ok(), "{path}");
            continue;
        }
        let full_message = format!("{path}: {says}");
        let expected = match full_message.len() {
            ..=110 => full_message,
            length => format!("...{}", &full_message[length - 107..]),
        };
        assert_eq!(refusal(&body.to_string()), expected);
    }
}

#[test]
fn a_null_member_is_as_if_it_were_not_there() {
    for (path, pointer) in every_place().into_iter().filter(|(path, _)| !path.ends_with(']')) {
        let (mut nulled, mut removed) = (full(), full());
        *nulled.pointer_mut(&pointer).unwrap() = Value::Null;
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        removed.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        assert_eq!(read(&nulled.to_string()), read(&removed.to_string()), "{path}");
        assert_ne!(read(&nulled.to_string()), read(FULL), "{path}");
    }
}

#[test]
fn a_null_item_of_a_list_is_refused() {
    for (path, pointer) in every_place().into_iter().filter(|(path, _)| path.ends_with(']')) {
        let mut body = full();
        *body.pointer_mut(&pointer).unwrap() = Value::Null;
        assert!(refusal(&body.to_string()).starts_with(&format!("{path}: must be ")), "{path}");
    }
}

#[test]
fn the_number_of_transactions_is_a_whole_number() {
    for good in ["0", "1", "4294967295"] {
        let request = read(&format!(r#"{{"numberOfTransactions":{good}}}"#)).unwrap();
        assert_eq!(request.number_of_transactions, good.parse().ok(), "{good}");
    }
    for bad in ["-1", "1.0", "1e0", "4294967296", "\"1\"", "true", "[]"] {
        let message = refusal(&format!(r#"{{"numberOfTransactions":{bad}}}"#));
        assert_eq!(message, "numberOfTransactions: must be a whole number", "{bad}");
    }
}

#[test]
fn a_code_that_the_bank_would_not_set_is_ignored() {
    let request = read(r#"{"paymentInformationStatus":"XXXX","statusReasonInformation":{"a":1}}"#).unwrap();
    assert_eq!((request.payment_information_status, request.status_reason_information), (None, None));
}

#[test]
fn debug_shows_no_personal_data() {
    let shown = format!("{:?}", read(FULL).unwrap());
    let secrets = [
        "Exemple",
        "CAMILLE",
        "Jean",
        "Ultime",
        "rue du",
        "14000",
        "FR76",
        "170000001",
        "99887766",
        "secret",
        "RF18",
        "tpp.example",
        "state",
    ];
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("PI-20260302-0003"));
}
