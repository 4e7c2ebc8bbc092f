//! Answers as the two editions write them.

use stet::{
    AccountIdentification, Amount, AmountType, AuthenticationApproach, Beneficiary, CreationLinks,
    CreditTransferTransaction, HalPaymentRequest, Limits, Link, PartyIdentification, PaymentIdentification,
    PaymentInformationStatus, PaymentRequest, PaymentRequestCreation, PaymentRequestLinks,
    PaymentTypeInformation, RemittanceInformation, StatusReason, SupplementaryData, TransactionStatus,
};

use crate::compact;

const STATUS_1_4_0: &str = include_str!("../golden/status-1.4.0.json");
const STATUS_1_4_2: &str = include_str!("../golden/status-1.4.2.json");

fn party(name: &str) -> PartyIdentification {
    PartyIdentification { name: Some(name.into()), ..PartyIdentification::default() }
}

fn account(iban: &str) -> AccountIdentification {
    AccountIdentification { iban: Some(iban.into()), ..AccountIdentification::default() }
}

/// A payment on its way, without what the editions place differently.
fn common() -> PaymentRequest {
    PaymentRequest {
        resource_id: Some("0000000123-177244293000011234567890".into()),
        payment_information_id: Some("PI-20260302-0001".into()),
        creation_date_time: Some("2026-03-02T10:15:30.000+01:00".into()),
        number_of_transactions: Some(1),
        initiating_party: Some(party("Exemple Paiement SAS")),
        payment_type_information: Some(PaymentTypeInformation {
            service_level: Some("SEPA".into()),
            category_purpose: Some("DVPM".into()),
            ..PaymentTypeInformation::default()
        }),
        debtor_account: Some(account("FR7617515900000800123456711")),
        beneficiary: Some(Beneficiary {
            creditor: Some(party("Boutique Exemple")),
            creditor_account: Some(account("FR7611425009000401234567877")),
            ..Beneficiary::default()
        }),
        charge_bearer: Some("SLEV".into()),
        requested_execution_date: Some("2026-03-02T10:16:30.000+01:00".into()),
        supplementary_data: Some(SupplementaryData {
            accepted_authentication_approach: Some(vec!["REDIRECT".into()]),
            applied_authentication_approach: Some(AuthenticationApproach::Redirect),
            successful_report_url: Some("https://tpp.example/cb?state=s1".into()),
            unsuccessful_report_url: Some("https://tpp.example/ko?state=s1".into()),
            ..SupplementaryData::default()
        }),
        ..PaymentRequest::default()
    }
}

fn instruction(amount: Amount, status: TransactionStatus) -> CreditTransferTransaction {
    CreditTransferTransaction {
        payment_id: Some(PaymentIdentification {
            resource_id: Some("0000000123-001".into()),
            instruction_id: Some("INS-0001".into()),
            end_to_end_id: Some("E2E-0001".into()),
        }),
        instructed_amount: Some(AmountType { currency: Some("EUR".into()), amount: Some(amount) }),
        remittance_information: Some(RemittanceInformation::Lines(vec!["Commande 4711".into()])),
        transaction_status: Some(status),
        ..CreditTransferTransaction::default()
    }
}

fn in_process_1_4_0() -> HalPaymentRequest {
    let instruction = instruction(Amount::Text("124.35".into()), TransactionStatus::Acsp);
    let payment_request = PaymentRequest {
        payment_information_status: Some(PaymentInformationStatus::Acsp),
        funds_availability: Some(true),
        booking: Some(false),
        credit_transfer_transaction: Some(vec![instruction]),
        ..common()
    };
    let itself = Link::to("/stet/psd2/v1/payment-requests/0000000123-177244293000011234567890");
    let links = PaymentRequestLinks { itself: Some(itself), ..PaymentRequestLinks::default() };
    HalPaymentRequest { payment_request, links }
}

fn rejected_1_4_2() -> HalPaymentRequest {
    let instruction = CreditTransferTransaction {
        ultimate_creditor: Some(party("Ultime Exemple")),
        purpose: Some("COMC".into()),
        status_reason_information: Some(StatusReason::Noas),
        ..instruction(Amount::Number("42.00".into()), TransactionStatus::Rjct)
    };
    let payment_request = PaymentRequest {
        payment_information_status: Some(PaymentInformationStatus::Rjct),
        status_reason_information: Some(StatusReason::Noas),
        credit_transfer_transaction: Some(vec![instruction]),
        ..common()
    };
    let request = Link::to("/stet/psd2/v1.4.2/payment-requests/0000000123-177244293000011234567890");
    let links = PaymentRequestLinks { request: Some(request), ..PaymentRequestLinks::default() };
    HalPaymentRequest { payment_request, links }
}

#[test]
fn a_payment_request_is_written_as_each_edition_has_it() {
    for (answer, golden) in [(in_process_1_4_0(), STATUS_1_4_0), (rejected_1_4_2(), STATUS_1_4_2)] {
        assert_eq!(serde_json::to_string(&answer).unwrap(), compact(golden));
    }
}

#[test]
fn a_written_payment_request_reads_back_as_itself() {
    for answer in [in_process_1_4_0(), rejected_1_4_2()] {
        let body = serde_json::to_vec(&answer).unwrap();
        assert_eq!(stet::read_hal_payment_request(&body, Limits::default()), Ok(answer));
    }
}

#[test]
fn an_answer_with_nulls_and_without_links_can_be_read() {
    let body = br#"{"paymentRequest":{"resourceId":"1","paymentInformationStatus":"ACSC",
        "statusReasonInformation":null,"fundsAvailability":null,"booking":null},"_links":null}"#;
    let answer = stet::read_hal_payment_request(body, Limits::default()).unwrap();
    assert_eq!(answer.payment_request.payment_information_status, Some(PaymentInformationStatus::Acsc));
    assert_eq!(answer.links, PaymentRequestLinks::default());
}

#[test]
fn an_answer_without_its_payment_request_is_refused() {
    let table = [
        ("{}", "paymentRequest: must be given"),
        (r#"{"paymentRequest":{},"_links":{"self":{}}}"#, "_links.self.href: must be given"),
        (r#"{"paymentRequest":{},"_links":{"self":"/x"}}"#, "_links.self: must be an object"),
    ];
    for (body, expected) in table {
        let error = stet::read_hal_payment_request(body.as_bytes(), Limits::default());
        assert_eq!(error.expect_err(body).to_string(), expected);
    }
}

#[test]
fn a_creation_is_written_in_the_order_of_the_standard() {
    let creation = PaymentRequestCreation {
        applied_authentication_approach: Some(AuthenticationApproach::Redirect),
        nonce: Some("aa1b2C3d4E5f6G7h8I9j".into()),
        links: Some(CreationLinks {
            consent_approval: Some(Link {
                href: "https://www.17515.example/identificationPisp?paymentRequestRessourceId=1&nonce=aa1b"
                    .into(),
                templated: Some(false),
            }),
        }),
    };
    let golden = r#"{"appliedAuthenticationApproach":"REDIRECT","nonce":"aa1b2C3d4E5f6G7h8I9j","_links":{"consentApproval":{"href":"https://www.17515.example/identificationPisp?paymentRequestRessourceId=1&nonce=aa1b","templated":false}}}"#;
    assert_eq!(serde_json::to_string(&creation).unwrap(), golden);
    assert_eq!(serde_json::from_str::<PaymentRequestCreation>(golden).unwrap(), creation);
    let shown = format!("{creation:?}");
    assert!(!shown.contains("aa1b"), "{shown}");
}

#[test]
fn a_creation_with_nulls_can_be_read() {
    let body = r#"{"appliedAuthenticationApproach":"REDIRECT","nonce":null,
        "_links":{"consentApproval":{"href":"https://bank.example/","templated":null}}}"#;
    let creation: PaymentRequestCreation = serde_json::from_str(body).unwrap();
    let link = creation.links.unwrap().consent_approval.unwrap();
    assert_eq!((link.href.as_str(), link.templated), ("https://bank.example/", None));
}

#[test]
fn authentication_approaches_read_back_from_their_codes() {
    for approach in AuthenticationApproach::ALL {
        assert_eq!(AuthenticationApproach::parse(approach.code()), Some(approach));
        assert_eq!(serde_json::to_value(approach).unwrap(), approach.code());
    }
}
