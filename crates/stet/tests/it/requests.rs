//! Whole requests, and the forms live clients send.

use stet::{Amount, RemittanceInformation};

use crate::{FULL, MERCHANT, SIGNED, TRANSFER, compact, many_members, read, refusal, write};

#[test]
fn a_request_reads_and_writes_back_byte_by_byte() {
    assert_eq!(SIGNED.len(), 811);
    for body in [MERCHANT, TRANSFER, SIGNED, FULL] {
        assert_eq!(write(&read(body).unwrap()), compact(body));
    }
}

#[test]
fn a_merchant_payment_of_1_4_0_is_read_member_by_member() {
    let request = read(MERCHANT).unwrap();
    assert_eq!(request.payment_information_id.as_deref(), Some("PI-20260302-0001"));
    assert_eq!(request.number_of_transactions, Some(1));
    assert_eq!(request.purpose.as_deref(), Some("COMC"));
    assert_eq!(request.charge_bearer.as_deref(), Some("SLEV"));
    assert!(!request.has_flat_creditor);
    let initiating_party = request.initiating_party.unwrap();
    assert_eq!(initiating_party.name.as_deref(), Some("Exemple Paiement SAS"));
    assert_eq!(initiating_party.organisation_id.unwrap().scheme_name.as_deref(), Some("COID"));
    let beneficiary = request.beneficiary.unwrap();
    assert_eq!(beneficiary.creditor_account.unwrap().iban.as_deref(), Some("FR7611425009000401234567877"));
    let address = beneficiary.creditor.unwrap().postal_address.unwrap();
    assert_eq!(address.address_line.unwrap(), ["1 rue du Test", "14000 CAEN"]);
    let [instruction] = request.credit_transfer_transaction.unwrap().try_into().unwrap();
    assert_eq!(instruction.payment_id.unwrap().end_to_end_id.as_deref(), Some("E2E-0001"));
    assert_eq!(instruction.instructed_amount.unwrap().amount, Some(Amount::Text("124.35".into())));
    let lines = RemittanceInformation::Lines(vec!["Commande 4711".into()]);
    assert_eq!(instruction.remittance_information, Some(lines));
    assert!(!instruction.has_equivalent_amount);
}

#[test]
fn a_transfer_of_1_4_2_is_read_member_by_member() {
    let request = read(TRANSFER).unwrap();
    assert_eq!(request.accept_debtor_account_change, Some(false));
    assert_eq!(request.payment_type_information.unwrap().local_instrument.as_deref(), Some("INST"));
    assert_eq!(request.debtor.unwrap().private_id.unwrap().identification.as_deref(), Some("170000001"));
    assert_eq!(request.debtor_account.unwrap().iban.as_deref(), Some("FR7617515900000800123456711"));
    let [instruction] = request.credit_transfer_transaction.unwrap().try_into().unwrap();
    assert_eq!(instruction.purpose.as_deref(), Some("CASH"));
    assert_eq!(instruction.instructed_amount.unwrap().amount, Some(Amount::Number("42.00".into())));
    let object =
        RemittanceInformation::Object { unstructured: Some(vec!["Remboursement".into()]), structured: None };
    assert_eq!(instruction.remittance_information, Some(object));
    assert_eq!(request.supplementary_data.unwrap().sca_hint.as_deref(), Some("noScaExemption"));
}

#[test]
fn remittance_information_is_read_in_every_form_seen() {
    let lines = |lines: &[&str]| Some(lines.iter().map(ToString::to_string).collect::<Vec<_>>());
    let object = |unstructured| RemittanceInformation::Object { unstructured, structured: None };
    let table = [
        (r#"["a"]"#, RemittanceInformation::Lines(vec!["a".into()])),
        ("[]", RemittanceInformation::Lines(Vec::new())),
        (r#"{"unstructured":["a","b"]}"#, object(lines(&["a", "b"]))),
        (r#"{"unstructured":["a"],"structured":null}"#, object(lines(&["a"]))),
        (r#"{"unstructured":null,"structured":null}"#, object(None)),
        ("{}", object(None)),
    ];
    for (json, expected) in table {
        let body = format!(r#"{{"creditTransferTransaction":[{{"remittanceInformation":{json}}}]}}"#);
        let [instruction] = read(&body).unwrap().credit_transfer_transaction.unwrap().try_into().unwrap();
        assert_eq!(instruction.remittance_information, Some(expected), "{json}");
    }
}

#[test]
fn what_has_no_place_in_a_request_is_seen_but_not_written() {
    for member in ["creditor", "creditorAccount", "creditorAgent"] {
        for value in [r#"{"name":"x"}"#, "1", "[]"] {
            let request = read(&format!(r#"{{"{member}":{value}}}"#)).unwrap();
            assert!(request.has_flat_creditor, "{member}");
            assert_eq!(write(&request), "{}");
        }
        assert!(!read(&format!(r#"{{"{member}":null}}"#)).unwrap().has_flat_creditor);
    }
    let body = r#"{"creditTransferTransaction":[{"equivalentAmount":{"amount":1}}]}"#;
    let [instruction] = read(body).unwrap().credit_transfer_transaction.unwrap().try_into().unwrap();
    assert!(instruction.has_equivalent_amount);
}

#[test]
fn unknown_members_are_ignored_whatever_they_hold() {
    let body = r#"{"aliment":{"deep":[[{}]]},"é\n":1e999,"chargeBearer":"SLEV","":"x","Purpose":7}"#;
    let request = read(body).unwrap();
    assert_eq!(write(&request), r#"{"chargeBearer":"SLEV"}"#);
}

#[test]
fn escapes_in_names_and_values_are_decoded() {
    let request = read(r#"{"char\u0067eBearer":"\u0053L\"\\\/EV\ud83d\ude00\u0000"}"#).unwrap();
    assert_eq!(request.charge_bearer.as_deref(), Some("SL\"\\/EV😀\0"));
}

#[test]
fn a_member_given_twice_is_refused_wherever_it_is() {
    let many = many_members(40);
    let table = [
        (r#"{"purpose":"CASH","purpose":"CASH"}"#, "purpose: given twice"),
        (r#"{"purpose":null,"purpose":"CASH"}"#, "purpose: given twice"),
        (r#"{"purpose":"CASH","\u0070urpose":"COMC"}"#, "purpose: given twice"),
        (
            r#"{"creditTransferTransaction":[{},{"instructedAmount":{"amount":1,"currency":"EUR","amount":2}}]}"#,
            "creditTransferTransaction[1].instructedAmount.amount: given twice",
        ),
        (r#"{"unknown":[[{"a":1,"b":2,"a":3}]]}"#, "unknown[0][0].a: given twice"),
        (r#"{"x y":{"é":1,"é":2}}"#, "?.?: given twice"),
        (&format!(r#"{{{many}"m17":0}}"#), "m17: given twice"),
    ];
    for (body, expected) in table {
        assert_eq!(refusal(body), expected, "{body}");
    }
    assert!(read(&format!(r#"{{{many}"m40":0}}"#)).is_ok());
}

#[test]
fn sixteen_levels_are_read_and_seventeen_refused() {
    let nested = |levels: usize| {
        let lists = levels - 1;
        format!(r#"{{"unknown":{}{}}}"#, "[".repeat(lists), "]".repeat(lists))
    };
    assert!(read(&nested(16)).is_ok());
    let expected = format!("unknown{}: nested deeper than 16 levels", "[0]".repeat(15));
    assert_eq!(refusal(&nested(17)), expected);
    // Levels are counted, not brackets.
    assert!(read(&format!(r#"{{"unknown":[{}[]]}}"#, "[[]],".repeat(1000))).is_ok());
}
