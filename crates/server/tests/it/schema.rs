//! Bodies against the standard's own schemas.

use serde_json::{Value, json};

/// Checks `body` against a schema of STET 1.4.0.47.
pub(crate) fn check(name: &str, body: &Value) {
    check_against(stet_1_4_0_47(), name, body);
}

/// Checks `body` against a schema of 1.4.2, as far as one is known: no text of 1.4.2 is public, but of what we
/// send only the amount has another form than in 1.4.0.47, and members of one edition pass in the other. The
/// bank's own documentation of 1.4.2 has `ACCO`, too.
pub(crate) fn check_1_4_2(name: &str, body: &Value) {
    let mut document = stet_1_4_0_47();
    let amount = "/components/schemas/AmountType/properties/amount";
    *document.pointer_mut(amount).expect("the amount's schema") = json!({"type": "number"});
    let statuses = "/components/schemas/PaymentInformationStatusCode/enum";
    let statuses = document.pointer_mut(statuses).and_then(Value::as_array_mut);
    statuses.expect("the list of statuses").push(json!("ACCO"));
    check_against(document, name, body);
}

/// The document, without the one limit that no live bank keeps: a consent link has more than 140 characters.
fn stet_1_4_0_47() -> Value {
    let mut document: Value = serde_json::from_str(stet::openapi::STET_1_4_0_47).expect("JSON");
    let href = "/components/schemas/GenericLink/properties/href";
    let href = document.pointer_mut(href).and_then(Value::as_object_mut);
    href.expect("the link's schema").remove("maxLength");
    document
}

fn check_against(mut document: Value, name: &str, body: &Value) {
    let schema = json!({
        "allOf": [{"$ref": format!("#/components/schemas/{name}")}],
        "components": document["components"].take(),
    });
    let validator =
        jsonschema::draft4::options().should_validate_formats(true).build(&schema).expect("a schema");
    let errors: Vec<String> =
        validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path)).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{body:#}");
}

#[test]
fn the_schemas_find_what_is_wrong() {
    let good = json!({"status": 400, "message": "FF01", "timestamp": "2026-03-02T10:15:30.499+01:00"});
    check("ErrorModel", &good);
    let bad = [
        ("ErrorModel", json!({"status": 400})),
        ("ErrorModel", json!({"status": 400, "message": "x".repeat(141)})),
        ("ErrorModel", json!({"status": 400, "message": "FF01", "timestamp": "yesterday"})),
        ("AmountType", json!({"currency": "EUR", "amount": 1.5})),
        ("AccountIdentification", json!({"iban": "fr"})),
        ("HalPaymentRequest", json!({"paymentRequest": {}, "_links": {}})),
    ];
    for (name, body) in bad {
        let outcome = std::panic::catch_unwind(|| check(name, &body));
        assert!(outcome.is_err(), "{name} {body}");
    }
}
