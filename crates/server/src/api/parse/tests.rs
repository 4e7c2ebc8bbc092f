use std::fmt::Write;

use payments::{
    request::{CategoryPurpose, Product, Purpose},
    samples,
    values::{Moment, Remittance},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const BOTH: [Version; 2] = Version::ALL;

/// A merchant payment as edition 1.4.0 has it; 1.4.2 takes it too.
fn body() -> Value {
    json!({
        "paymentInformationId": "PI-20260302-0001",
        "creationDateTime": "2026-03-02T10:15:30.000+01:00",
        "numberOfTransactions": 1,
        "initiatingParty": { "name": "Exemple Paiement SAS" },
        "paymentTypeInformation": { "serviceLevel": "SEPA", "categoryPurpose": "DVPM" },
        "beneficiary": {
            "creditor": {
                "name": "Boutique Exemple",
                "postalAddress": { "country": "FR", "addressLine": ["1 rue du Test", "14000 CAEN"] }
            },
            "creditorAccount": { "iban": "FR7611425009000401234567877" }
        },
        "chargeBearer": "SLEV",
        "requestedExecutionDate": "2026-03-02T10:16:30.000+01:00",
        "creditTransferTransaction": [{
            "paymentId": { "instructionId": "INS-0001", "endToEndId": "E2E-0001" },
            "instructedAmount": { "currency": "EUR", "amount": "124.35" },
            "remittanceInformation": ["Commande 4711"]
        }],
        "supplementaryData": {
            "acceptedAuthenticationApproach": ["REDIRECT"],
            "successfulReportUrl": "https://tpp.example/cb?state=s1",
            "unsuccessfulReportUrl": "https://tpp.example/ko?state=s1"
        }
    })
}

/// The body with members set (`null` takes one away); `path` is in the form errors have.
fn with(changes: &[(&str, Value)]) -> Vec<u8> {
    let mut body = body();
    for (path, value) in changes {
        let pointer: String = path.split(['.', '[']).map(|step| step.trim_end_matches(']')).fold(
            String::new(),
            |mut pointer, step| {
                write!(pointer, "/{step}").unwrap();
                pointer
            },
        );
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    serde_json::to_vec(&body).unwrap()
}

/// The body with a text in place of the amount's JSON string.
fn with_amount(amount: &str) -> Vec<u8> {
    String::from_utf8(with(&[])).unwrap().replace(r#""124.35""#, amount).into_bytes()
}

const TRANSFER: &str = "creditTransferTransaction[0]";
/// Stands for [`TRANSFER`] in the paths of the tables.
const T: &str = "T.";

fn whole(path: &str) -> String {
    path.strip_prefix(T).map_or_else(|| path.to_owned(), |rest| format!("{TRANSFER}.{rest}"))
}

/// Tries every row `path | value | code | field at fault` in both editions; `=` is the path itself, and
/// `{n}` in a value stands for n letters.
fn refuse_all(table: &str) {
    for row in table.lines().filter(|row| row.contains('|')) {
        let cells: Vec<&str> = row.split(" | ").map(str::trim).collect();
        let [path, value, code, field] = cells[..] else { panic!("{row}") };
        let value = [36, 71, 141, 2048]
            .into_iter()
            .fold(value.to_owned(), |value, n| value.replace(&format!("{{{n}}}"), &"x".repeat(n)));
        let value: Value = serde_json::from_str(&value).expect(row);
        let field = whole(if field == "=" { path } else { field });
        for version in BOTH {
            let outcome = payment_request(version, &with(&[(&whole(path), value.clone())]));
            let error = outcome.expect_err(row);
            assert_eq!((error.code, &error.field), (code, &field), "{row}");
            assert!(format!("FF01: {error}").chars().count() <= 140, "{error}");
        }
    }
}

/// Tries every row `path | value` in both editions.
fn accept_all(table: &str) {
    for row in table.lines().filter(|row| row.contains('|')) {
        let (path, value) = row.split_once('|').expect(row);
        let value: Value = serde_json::from_str(value).expect(row);
        for version in BOTH {
            let outcome = payment_request(version, &with(&[(&whole(path.trim()), value.clone())]));
            assert!(outcome.is_ok(), "{row}: {outcome:?}");
        }
    }
}

#[test]
fn the_merchant_payment_of_the_standard_is_understood() {
    for version in BOTH {
        let mut expected = samples::request();
        expected.beneficiary.creditor.address = Some(payments::values::Address {
            country: "FR".to_owned(),
            lines: vec!["1 rue du Test", "14000 CAEN"]
                .into_iter()
                .map(|line| payments::values::Text::parse(line).unwrap())
                .collect(),
        });
        assert_eq!(payment_request(version, &with(&[])), Ok(expected));
    }
}

#[test]
fn a_member_that_must_be_there_is_missed_by_name() {
    let both = [
        "paymentInformationId",
        "creationDateTime",
        "numberOfTransactions",
        "initiatingParty",
        "initiatingParty.name",
        "paymentTypeInformation",
        "paymentTypeInformation.serviceLevel",
        "beneficiary",
        "beneficiary.creditor",
        "beneficiary.creditor.name",
        "beneficiary.creditor.postalAddress.country",
        "beneficiary.creditor.postalAddress.addressLine",
        "beneficiary.creditorAccount",
        "creditTransferTransaction",
        "T.paymentId",
        "T.paymentId.instructionId",
        "T.instructedAmount",
        "T.instructedAmount.currency",
        "T.instructedAmount.amount",
        "T.remittanceInformation",
        "supplementaryData",
        "supplementaryData.successfulReportUrl",
    ];
    let first_edition = ["paymentTypeInformation.categoryPurpose", "chargeBearer", "T.paymentId.endToEndId"];
    let in_both = both.iter().flat_map(|path| BOTH.map(|version| (version, path)));
    let in_first = first_edition.iter().map(|path| (Version::V1_4_0, path));
    for (version, path) in in_both.chain(in_first) {
        let path = whole(path);
        let error = payment_request(version, &with(&[(&path, Value::Null)])).expect_err(&path);
        assert_eq!(error.to_string(), format!("{path} must not be null"));
        assert_eq!(error.code, "FF01");
    }
    let error = payment_request(Version::V1_4_0, &with(&[("beneficiary.creditorAccount", json!({}))]));
    assert_eq!(error.unwrap_err().to_string(), "beneficiary.creditorAccount.iban must not be null");
}

#[test]
fn what_edition_1_4_2_lets_out_has_its_default() {
    let body = with(&[
        ("chargeBearer", Value::Null),
        ("paymentTypeInformation.categoryPurpose", Value::Null),
        ("creditTransferTransaction[0].paymentId.endToEndId", Value::Null),
    ]);
    let request = payment_request(Version::V1_4_2, &body).unwrap();
    assert_eq!(request.category_purpose, CategoryPurpose::Cash);
    assert_eq!(request.end_to_end_id, None);
}

#[test]
fn every_rule_at_payment_level_has_its_code_and_field() {
    refuse_all(
        r#"
        paymentInformationId     | "{36}"         | FF01 | =
        paymentInformationId     | "a_b"          | FF01 | =
        paymentInformationId     | ""             | FF01 | =
        paymentInformationId     | 7              | FF01 | =
        creationDateTime         | "yesterday"    | FF01 | =
        numberOfTransactions     | 0              | FF01 | =
        numberOfTransactions     | "1"            | FF01 | =
        numberOfTransactions     | 1.0            | FF01 | =
        numberOfTransactions     | -1             | FF01 | =
        numberOfTransactions     | 2              | AM18 | =
        creditTransferTransaction | []            | AM18 | numberOfTransactions
        creditTransferTransaction | [{}, {}]      | AM18 | numberOfTransactions
        creditTransferTransaction | {}            | FF01 | =
        paymentTypeInformation.instructionPriority | "LOW"  | FF01 | =
        paymentTypeInformation.serviceLevel        | "NURG" | FF01 | =
        paymentTypeInformation.localInstrument     | "CORE" | FF01 | =
        paymentTypeInformation.categoryPurpose     | "CORT" | FF01 | =
        paymentTypeInformation.categoryPurpose     | "INTC" | FF01 | =
        paymentTypeInformation.categoryPurpose     | "TREA" | FF01 | =
        debtor                   | {}             | FF01 | debtor.name
        debtorAccount | {"iban": "FR7617515900000800123456712"}                    | AC01 | debtorAccount.iban
        debtorAccount | {"iban": "FR7617515900000800123456711", "currency": "USD"} | FF01 | debtorAccount.currency
        debtorAccount | {"other": {"identification": "1", "schemeName": "CPAN"}}   | FF01 | debtorAccount.other
        debtorAgent              | {"bicFi": "cepafrpp"} | FF01 | debtorAgent.bicFi
        debtorAgent              | {}             | FF01 | debtorAgent.bicFi
        creditor                 | {"name": "B"}  | FF01 | beneficiary
        creditorAccount          | {"iban": "FR"} | FF01 | beneficiary
        creditorAgent            | {}             | FF01 | beneficiary
        ultimateCreditor         | {"name": "a\nb"} | FF01 | ultimateCreditor.name
        purpose                  | "SALA"         | FF01 | =
        chargeBearer             | "SHAR"         | FF01 | =
        chargeBearer             | "slev"         | FF01 | =
        requestedExecutionDate   | "02/03/2026"   | FF01 | =
        "#,
    );
}

#[test]
fn every_rule_of_parties_and_accounts_has_its_code_and_field() {
    refuse_all(
        r#"
        beneficiary.creditor.name           | "{141}"      | FF01 | =
        beneficiary.creditor.name           | " "          | FF01 | =
        beneficiary.creditor.name           | "a\u007fb"   | FF01 | =
        beneficiary.creditor.organisationId | {"schemeName": "COID"}  | FF01 | beneficiary.creditor.organisationId.identification
        beneficiary.creditor.privateId      | {"identification": "1"} | FF01 | beneficiary.creditor.privateId.schemeName
        beneficiary.creditor.privateId | {"identification": "1", "schemeName": "BANK", "issuer": "{36}"} | FF01 | beneficiary.creditor.privateId.issuer
        beneficiary.creditor.postalAddress.country     | "fr"            | FF01 | =
        beneficiary.creditor.postalAddress.country     | "FRA"           | FF01 | =
        beneficiary.creditor.postalAddress.addressLine | []              | FF01 | =
        beneficiary.creditor.postalAddress.addressLine | ["a", "b", "c"] | FF01 | =
        beneficiary.creditor.postalAddress.addressLine | ["a", "{71}"]   | FF01 | beneficiary.creditor.postalAddress.addressLine[1]
        beneficiary.creditorAccount.iban     | "FR7611425009000401234567878" | AC01 | =
        beneficiary.creditorAccount.iban     | "FR76114250090004012345678"   | AC01 | =
        beneficiary.creditorAccount.iban     | "US64SVBKUS6S3300958879"      | AC01 | =
        beneficiary.creditorAccount.iban     | "FR76 1142 5009 0004 0123 4567 877" | AC01 | =
        beneficiary.creditorAccount.iban     | ""           | AC01 | =
        beneficiary.creditorAccount.currency | "CHF"        | FF01 | =
        beneficiary.creditorAccount          | {"other": {}} | FF01 | beneficiary.creditorAccount.other
        beneficiary.creditorAgent            | {"bicFi": "NOT A BIC"} | FF01 | beneficiary.creditorAgent.bicFi
        beneficiary.isTrusted                | "yes"        | FF01 | =
        "#,
    );
    let id = json!({"identification": "12345", "schemeName": "COID"});
    let two = with(&[("debtor", json!({"name": "B", "organisationId": id, "privateId": id}))]);
    let error = payment_request(Version::V1_4_0, &two).unwrap_err();
    assert_eq!(error.to_string(), "debtor.privateId must not be given beside organisationId");
}

#[test]
fn every_rule_of_the_instruction_has_its_code_and_field() {
    refuse_all(
        r#"
        T.paymentId.instructionId    | "7c9b1f2e-3a4d-4e5f-8a9b-0c1d2e3f4a5b" | FF01 | =
        T.paymentId.endToEndId       | "7c9b1f2e-3a4d-4e5f-8a9b-0c1d2e3f4a5b" | FF01 | =
        T.requestedExecutionDate     | "2026-13-01"    | FF01 | =
        T.endDate                    | "2027-03-02"    | FF01 | =
        T.executionRule              | "PREC"          | FF01 | =
        T.frequency                  | "MNTH"          | FF01 | =
        T.equivalentAmount           | {"amount": "1"} | FF01 | =
        T.instructedAmount.currency  | "USD"           | FF01 | =
        T.instructedAmount.currency  | "eur"           | FF01 | =
        T.ultimateDebtor             | {}              | FF01 | T.ultimateDebtor.name
        T.ultimateCreditor           | {"name": ""}    | FF01 | T.ultimateCreditor.name
        T.purpose                    | "SALA"          | FF01 | =
        T.beneficiary | {"creditor": {"name": "a"}}    | FF01 | T.beneficiary.creditorAccount
        T.remittanceInformation      | "Commande"      | FF01 | =
        T.remittanceInformation      | []              | FF01 | =
        T.remittanceInformation      | ["a", "b"]      | FF01 | =
        T.remittanceInformation      | ["{141}"]       | FF01 | =
        T.remittanceInformation      | ["a\tb"]        | FF01 | =
        T.remittanceInformation      | {}              | FF01 | =
        T.remittanceInformation      | {"structured": [{}], "unstructured": ["a"]} | FF01 | =
        T.remittanceInformation      | {"unstructured": ["a", "b"]} | FF01 | T.remittanceInformation.unstructured
        T.remittanceInformation      | {"structured": [{}, {}]}     | FF01 | T.remittanceInformation.structured
        T.remittanceInformation      | {"structured": [{}]}         | FF01 | T.remittanceInformation.structured[0].creditorReferenceInformation
        T.remittanceInformation | {"structured": [{"creditorReferenceInformation": {"reference": "{36}"}}]} | FF01 | T.remittanceInformation.structured[0].creditorReferenceInformation.reference
        "#,
    );
}

#[test]
fn every_rule_of_supplementary_data_has_its_code_and_field() {
    refuse_all(
        r#"
        supplementaryData.acceptedAuthenticationApproach | ["DECOUPLED"]  | FF01 | =
        supplementaryData.acceptedAuthenticationApproach | ["redirect"]   | FF01 | =
        supplementaryData.acceptedAuthenticationApproach | "REDIRECT"     | FF01 | =
        supplementaryData.scaHint               | "please"                | FF01 | =
        supplementaryData.successfulReportUrl   | "http://tpp.example/cb" | FF01 | =
        supplementaryData.successfulReportUrl   | "/cb"                   | FF01 | =
        supplementaryData.successfulReportUrl   | "https://tpp.example/{2048}" | FF01 | =
        supplementaryData.unsuccessfulReportUrl | "javascript:alert(1)"   | FF01 | =
        supplementaryData.unsuccessfulReportUrl | "https://user@tpp.example/ko" | FF01 | =
        "#,
    );
    let embedded = with(&[("supplementaryData.acceptedAuthenticationApproach", json!(["EMBEDDED"]))]);
    let error = payment_request(Version::V1_4_0, &embedded).unwrap_err();
    assert!(error.to_string().ends_with("must contain REDIRECT"), "{error}");
}

#[test]
fn an_amount_is_a_string_or_a_number_and_never_guessed() {
    const AMOUNT: &str = "creditTransferTransaction[0].instructedAmount.amount";
    let table = [
        (r#""42.00""#, Some(4_200)),
        (r#""42.""#, Some(4_200)),
        ("42", Some(4_200)),
        ("42.5", Some(4_250)),
        ("1.0E7", Some(1_000_000_000)),
        ("0.01", Some(1)),
        (r#""999999999.99""#, Some(99_999_999_999)),
        (r#""1.0E7""#, None),
        (r#""1,50""#, None),
        (r#""12 345""#, None),
        (r#""""#, None),
        ("0", None),
        ("-5", None),
        ("0.005", None),
        ("1000000000", None),
        ("true", None),
        ("[1]", None),
    ];
    for (text, cents) in table {
        for version in BOTH {
            match (payment_request(version, &with_amount(text)), cents) {
                (Ok(request), Some(cents)) => assert_eq!(request.amount.cents(), cents, "{text}"),
                (Err(error), None) => {
                    assert_eq!((error.code, error.field.as_str()), ("FF01", AMOUNT), "{text}");
                }
                (outcome, _) => panic!("{text}: {outcome:?}"),
            }
        }
    }
}

#[test]
fn what_stands_in_two_places_is_refused_and_either_place_is_taken() {
    let beneficiary = body()["beneficiary"].clone();
    let table = [
        ("beneficiary", beneficiary),
        ("ultimateCreditor", json!({"name": "Ultime"})),
        ("purpose", json!("COMC")),
        ("requestedExecutionDate", json!("2026-03-02")),
    ];
    for (member, value) in table {
        let inner = format!("{TRANSFER}.{member}");
        for version in BOTH {
            let twice = with(&[(member, value.clone()), (&inner, value.clone())]);
            let error = payment_request(version, &twice).unwrap_err();
            assert_eq!((error.code, error.field.as_str()), ("FF01", member));
            let outside = with(&[(member, value.clone()), (&inner, Value::Null)]);
            let inside = with(&[(member, Value::Null), (&inner, value.clone())]);
            let (outside, inside) = (payment_request(version, &outside), payment_request(version, &inside));
            assert!(outside.is_ok() && outside == inside, "{member}");
        }
    }
}

#[test]
fn what_live_clients_send_is_taken() {
    accept_all(
        r#"
        requestedExecutionDate      | null
        requestedExecutionDate      | "2026-03-02"
        creationDateTime            | "2026-03-02T10:15:30"
        creationDateTime            | "2026-03-02T09:15:30.123456Z"
        supplementaryData.acceptedAuthenticationApproach | null
        supplementaryData.acceptedAuthenticationApproach | []
        supplementaryData.acceptedAuthenticationApproach | ["DECOUPLED", "REDIRECT"]
        supplementaryData.unsuccessfulReportUrl          | null
        supplementaryData.scaHint   | "noScaExemption"
        T.remittanceInformation     | {"unstructured": ["a"], "structured": null}
        T.remittanceInformation     | {"unstructured": ["a"], "structured": []}
        T.remittanceInformation     | {"structured": [{"creditorReferenceInformation": {"reference": "RF18"}}]}
        T.executionRule             | "FWNG"
        T.exchangeRateInformation   | {"unitCurrency": 7}
        T.regulatoryReportingCodes  | []
        initiatingParty | {"name": "É & <Co>", "organisationId": {"identification": "1", "schemeName": "COID", "issuer": "FR"}}
        debtor          | {"name": "Camille", "privateId": {"identification": "170000001", "schemeName": "BANK"}}
        debtorAccount   | {"iban": "FR7617515900000800123456711", "currency": "EUR"}
        debtorAgent                 | {"bicFi": "CEPAFRPP751"}
        beneficiary.id              | "any thing"
        beneficiary.isTrusted       | true
        beneficiary.creditor.postalAddress          | null
        beneficiary.creditor.postalAddress.townName | "CAEN"
        unknown                     | {"deep": [1, 2]}
        acceptInstantPaymentDowngrade | true
        "#,
    );
}

#[test]
fn members_that_only_the_bank_sets_change_nothing() {
    let plain = payment_request(Version::V1_4_0, &with(&[]));
    let sent = with(&[
        ("resourceId", json!("mine")),
        ("paymentInformationStatus", json!("ACSC")),
        ("statusReasonInformation", json!(17)),
        ("fundsAvailability", json!(true)),
        ("booking", json!("yes")),
        ("supplementaryData.appliedAuthenticationApproach", json!("NONE")),
        ("creditTransferTransaction[0].transactionStatus", json!("ACSC")),
        ("creditTransferTransaction[0].paymentId.resourceId", json!("mine")),
    ]);
    assert_eq!(payment_request(Version::V1_4_0, &sent), plain);
}

#[test]
fn the_values_come_out_as_they_went_in() {
    let body = with(&[
        ("paymentTypeInformation.localInstrument", json!("INST")),
        ("purpose", json!("TRPT")),
        ("acceptDebtorAccountChange", json!(false)),
        ("requestedExecutionDate", json!("2026-03-02T08:00:00Z")),
        (
            "creditTransferTransaction[0].remittanceInformation",
            json!({"structured": [{"creditorReferenceInformation": {"reference": "RF18"}}]}),
        ),
        ("supplementaryData.acceptedAuthenticationApproach", Value::Null),
    ]);
    let request = payment_request(Version::V1_4_2, &body).unwrap();
    assert_eq!(request.product, Product::SctInst);
    assert_eq!(request.purpose, Some(Purpose::Trpt));
    assert_eq!(request.accept_debtor_account_change, Some(false));
    assert_eq!(request.requested_execution_date, Moment::parse("2026-03-02T08:00:00Z").ok());
    assert!(
        matches!(request.remittance, Remittance::CreditorReference(reference) if reference.as_str() == "RF18")
    );
    assert!(!request.accepted_redirect);
}

#[test]
fn the_first_error_is_the_uppermost_one() {
    let body = with(&[
        ("supplementaryData", Value::Null),
        ("creditTransferTransaction[0].purpose", json!("SALA")),
        ("chargeBearer", json!("SHAR")),
        ("purpose", json!("COMC")),
        ("creationDateTime", Value::Null),
    ]);
    assert_eq!(payment_request(Version::V1_4_0, &body).unwrap_err().field, "creationDateTime");
    // A value of the wrong JSON type is found before any rule, wherever it stands.
    let body = with(&[("creationDateTime", Value::Null), ("supplementaryData.scaHint", json!(1))]);
    assert_eq!(payment_request(Version::V1_4_0, &body).unwrap_err().field, "supplementaryData.scaHint");
}

#[test]
fn a_body_that_is_no_request_is_named_as_such() {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(17), "}".repeat(17));
    let table: [(&[u8], &str); 7] = [
        (b"", "body not valid JSON at byte 0"),
        (b"\xff", "body must be UTF-8"),
        (b"[]", "body must be an object"),
        (b"{", "body not valid JSON at byte 1"),
        (b"{}", "paymentInformationId must not be null"),
        (br#"{"purpose":"COMC","purpose":"CASH"}"#, "purpose given twice"),
        (deep.as_bytes(), "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a nested deeper than 16 levels"),
    ];
    for (body, message) in table {
        let error = payment_request(Version::V1_4_0, body).unwrap_err();
        assert_eq!((error.code, error.to_string().as_str()), ("FF01", message));
    }
}

proptest! {
    #[test]
    fn no_body_makes_the_reader_panic(body: Vec<u8>) {
        let _ = payment_request(Version::V1_4_0, &body);
    }

    #[test]
    fn no_text_in_any_place_makes_the_reader_panic_or_the_message_too_long(
        text in ".{0,80}",
        place in proptest::sample::select(vec![
            "paymentInformationId", "beneficiary.creditorAccount.iban", "beneficiary.creditor.name",
            "creditTransferTransaction[0].remittanceInformation", "supplementaryData.successfulReportUrl", "debtor",
        ]),
    ) {
        for value in [json!(text), json!([text]), json!({ &text: text })] {
            if let Err(error) = payment_request(Version::V1_4_2, &with(&[(place, value)])) {
                let message = format!("FF01: {error}");
                prop_assert!(message.chars().count() <= 140);
            }
        }
    }
}
