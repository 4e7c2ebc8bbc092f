//! Answers: golden bodies for every state and version, the standard's schema, and the way back.

use std::{fs, path::PathBuf};

use payments::{
    Payment, PaymentRequest, Reason, Version,
    institution::Redirect,
    journal::Actor,
    lifecycle::Event,
    payment::Registration,
    request::{CategoryPurpose, InstructionPriority, Product, Purpose, ScaHint},
    samples,
    tpp::ReportUrl,
    values::{
        Address, Amount, Bic, GenericIdentification, Iban, Id35, Moment, Party, PartyIdentity, Remittance,
        Text,
    },
};
use proptest::{option, prelude::*, sample::select};
use serde_json::Value;
use server::api::{parse, render};

use crate::schema;

/// Every state a PISP can see, with the events that lead there.
fn lives() -> Vec<(&'static str, Vec<Event>)> {
    let debtor = samples::debtor();
    let prepared = vec![Event::Prepare(debtor)];
    let approved = [prepared.clone(), vec![Event::Authorise(samples::authorisation())]].concat();
    let end = samples::confirmation_end();
    let awaiting = [prepared.clone(), vec![Event::AwaitConfirmation(samples::authorisation(), end)]].concat();
    let submitted = [approved.clone(), vec![Event::Submit(samples::submission())]].concat();
    let then = |events: &[Event], event| [events.to_vec(), vec![event]].concat();
    vec![
        ("registered", vec![]),
        ("settled", then(&submitted, Event::Settle(samples::now()))),
        ("delayed", then(&submitted, Event::Delay)),
        ("refused", then(&prepared, Event::Refuse)),
        ("failed", then(&submitted, Event::Fail(Reason::Ac04))),
        ("confirmed", then(&awaiting, Event::Confirm(samples::now()))),
        ("unconfirmed", then(&awaiting, Event::Expire)),
        ("awaiting", awaiting),
        ("prepared", prepared),
        ("authorised", approved),
        ("submitted", submitted),
    ]
}

fn payment(request: PaymentRequest, events: Vec<Event>) -> Payment {
    let awaits = events.iter().any(|event| matches!(event, Event::AwaitConfirmation(..)));
    let redirect = if awaits { Redirect::Enforced } else { Redirect::Simple };
    let registration = Registration { request, redirect, ..samples::registration() };
    let (mut payment, _) = Payment::register(registration);
    for event in events {
        payment.record(event, Actor::Psu, samples::now()).unwrap();
    }
    payment
}

/// An instant transfer that says all that can be said.
fn full_request() -> PaymentRequest {
    let text = |text: &str| Text::parse(text).unwrap();
    let party = |name: &str, identity| Party {
        address: Some(Address {
            country: "FR".to_owned(),
            lines: vec![Text::parse("1 rue du Test").unwrap(), Text::parse("14000 CAEN").unwrap()],
        }),
        identity: Some(identity),
        ..samples::party(name)
    };
    let id = |scheme: &str, issuer: Option<&str>| GenericIdentification {
        identification: text("12345"),
        scheme_name: text(scheme),
        issuer: issuer.map(|issuer| Text::parse(issuer).unwrap()),
    };
    let organisation = || PartyIdentity::Organisation(id("COID", Some("FR")));
    let mut request = samples::request();
    request.initiating_party = party("Exemple Paiement SAS", organisation());
    request.product = Product::SctInst;
    request.instruction_priority = Some(InstructionPriority::Norm);
    request.category_purpose = CategoryPurpose::Cash;
    request.debtor = Some(party("CAMILLE ESSAI", PartyIdentity::Private(id("BANK", None))));
    request.debtor_account = Some(samples::debtor().account);
    request.debtor_agent = Some(Bic::parse("CEPAFRPP751").unwrap());
    request.accept_debtor_account_change = Some(false);
    request.accept_charge_handling_change = Some(true);
    request.batch_booking = Some(true);
    request.beneficiary.creditor = party("Boutique Évil & <Co>", organisation());
    request.beneficiary.creditor_agent = Some(Bic::parse("CEPAFRPP142").unwrap());
    request.beneficiary.is_trusted = Some(true);
    request.ultimate_creditor = Some(samples::party("Ultime Exemple"));
    request.ultimate_debtor = Some(samples::party("Payeur Exemple"));
    request.purpose = Some(Purpose::Comc);
    request.remittance = Remittance::CreditorReference(Text::parse("RF18539007547034").unwrap());
    request.sca_hint = Some(ScaHint::NoScaExemption);
    request.unsuccessful_report_url = None;
    request
}

fn name_of(version: Version) -> &'static str {
    match version {
        Version::V1_4_0 => "1.4.0",
        Version::V1_4_2 => "1.4.2",
    }
}

fn check_schema(version: Version, name: &str, body: &Value) {
    match version {
        Version::V1_4_0 => schema::check(name, body),
        Version::V1_4_2 => schema::check_1_4_2(name, body),
    }
}

/// Compares with `tests/golden/{name}.json`; with `UPDATE_GOLDEN` set, writes it instead.
pub(crate) fn check_golden(name: &str, body: &impl serde::Serialize) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.json"));
    let text = serde_json::to_string_pretty(body).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(text, golden, "{name}");
}

#[test]
fn the_status_of_a_payment_is_as_in_the_golden_files_of_each_version() {
    for version in Version::ALL {
        for (state, events) in lives() {
            let payment = payment(samples::request(), events);
            let answer = render::payment_request(version, &payment, &samples::institution());
            check_schema(version, "HalPaymentRequest", &serde_json::to_value(&answer).unwrap());
            check_golden(&format!("status-{}-{state}", name_of(version)), &answer);
        }
    }
}

#[test]
fn everything_a_pisp_may_say_is_given_back_in_its_place() {
    for version in Version::ALL {
        let payment = payment(full_request(), vec![]);
        let answer = render::payment_request(version, &payment, &samples::institution());
        check_schema(version, "HalPaymentRequest", &serde_json::to_value(&answer).unwrap());
        check_golden(&format!("status-{}-full", name_of(version)), &answer);
    }
}

#[test]
fn a_creation_is_as_in_the_golden_file() {
    let link = "https://www.17515.sandbox.localhost:8444/89C3api/accreditation/v1/identificationPisp\
        ?paymentRequestRessourceId=0000000123-177244293000011234567890&nonce=aa1b2C3d4E5f6G7h8I9j";
    let answer = render::creation(Redirect::Simple, link.to_owned(), "aa1b2C3d4E5f6G7h8I9j".to_owned());
    schema::check("HalPaymentRequestCreation", &serde_json::to_value(&answer).unwrap());
    check_golden("creation", &answer);
    let link = "https://www.17515.sandbox.localhost:8444/stet/psd2/oauth/authorize?response_type=code&scope=pisp\
        &context=0000000123-177244293000011234567890\
        &paymentRequestRessourceId=0000000123-177244293000011234567890&nonce=aa1b2C3d4E5f6G7h8I9j";
    let answer = render::creation(Redirect::Enforced, link.to_owned(), "aa1b2C3d4E5f6G7h8I9j".to_owned());
    schema::check("HalPaymentRequestCreation", &serde_json::to_value(&answer).unwrap());
    check_golden("creation-enforced", &answer);
}

#[test]
fn every_reason_is_told_in_a_code_of_the_version_called() {
    let table = "\
        AC01 AC01
        AC04 AC04
        AC06 AC06
        AG01 AG01
        AG03 AG01
        AM02 AG01
        AM04 CUST
        CNOR AC01
        CUST CUST
        DS02 DS02
        FF01 FF01
        FRAD FRAD
        MS03 MS03
        NOAS NOAS
        RR01 RR01
        RR04 RR04";
    let rows: Vec<_> = table.lines().filter_map(|row| row.trim().split_once(' ')).collect();
    assert_eq!(rows.len(), Reason::ALL.len());
    for (ours, told) in rows {
        let reason = Reason::find(ours).unwrap();
        let payment = payment(samples::request(), vec![Event::Reject(reason)]);
        for version in Version::ALL {
            let answer = render::payment_request(version, &payment, &samples::institution());
            let answer = serde_json::to_value(&answer).unwrap();
            check_schema(version, "HalPaymentRequest", &answer);
            let request = &answer["paymentRequest"];
            assert_eq!(request["statusReasonInformation"], told);
            assert_eq!(request["creditTransferTransaction"][0]["statusReasonInformation"], told);
        }
    }
}

#[test]
fn an_account_the_psu_chose_is_shown_once_he_has_approved() {
    for (state, events) in lives() {
        let approved = !matches!(state, "registered" | "prepared" | "refused");
        let payment = payment(samples::request(), events);
        let answer = render::payment_request(Version::V1_4_0, &payment, &samples::institution());
        let account = answer.payment_request.debtor_account.and_then(|account| account.iban);
        assert_eq!(account.is_some(), approved, "{state}");
    }
}

#[test]
fn booking_is_told_of_approved_transfers_that_are_not_instant() {
    for (state, events) in lives() {
        for (product, told) in [(Product::Sct, Some(true)), (Product::SctInst, None)] {
            let mut request = samples::request();
            request.product = product;
            let payment = payment(request, events.clone());
            let answer = render::payment_request(Version::V1_4_2, &payment, &samples::institution());
            let reserved = ["awaiting", "confirmed", "authorised", "submitted", "delayed", "settled"];
            assert_eq!(answer.payment_request.booking, told.filter(|_| reserved.contains(&state)), "{state}");
            assert_eq!(answer.payment_request.funds_availability, None);
        }
    }
}

fn text<const MAX: usize>(pattern: &'static str) -> impl Strategy<Value = Text<MAX>> {
    pattern.prop_filter_map("not blank", |text| Text::parse(&text).ok())
}

fn id<Kind>() -> impl Strategy<Value = Id35<Kind>> {
    "[a-zA-Z0-9 /?:().,'-]{1,35}".prop_map(|text| Id35::parse(&text).unwrap())
}

fn party() -> impl Strategy<Value = Party> {
    let lines = proptest::collection::vec(text::<70>("\\PC{1,70}"), 1..=2);
    let address = ("[A-Z]{2}", lines).prop_map(|(country, lines)| Address { country, lines });
    let generic = (text::<70>("\\PC{1,70}"), text::<70>("[A-Z]{4}"), option::of(text::<35>("\\PC{1,35}")));
    let generic = generic.prop_map(|(identification, scheme_name, issuer)| GenericIdentification {
        identification,
        scheme_name,
        issuer,
    });
    let identity = (generic, any::<bool>()).prop_map(|(id, person)| {
        if person { PartyIdentity::Private(id) } else { PartyIdentity::Organisation(id) }
    });
    (text::<140>("\\PC{1,140}"), option::of(address), option::of(identity))
        .prop_map(|(name, address, identity)| Party { name, address, identity })
}

fn moment() -> impl Strategy<Value = Moment> {
    (0_i64..4_000_000_000_000).prop_map(|ms| Moment::in_paris(jiff::Timestamp::from_millisecond(ms).unwrap()))
}

fn iban() -> impl Strategy<Value = Iban> {
    select(vec!["FR7611425009000401234567877", "DE89370400440532013000", "FR1420041010050500013M02606"])
        .prop_map(|text| Iban::parse(text).unwrap())
}

fn url() -> impl Strategy<Value = ReportUrl> {
    "https://[a-z]{1,10}\\.example/[a-z]{0,9}(\\?state=[a-zA-Z0-9]{1,9})?"
        .prop_map(|text| ReportUrl::parse(&text).unwrap())
}

fn bic() -> impl Strategy<Value = Bic> {
    "[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?".prop_map(|text| Bic::parse(&text).unwrap())
}

prop_compose! {
    /// A request that either version can carry.
    fn common_request()(
        payment_information_id in id(),
        creation_date_time in moment(),
        parties in (party(), option::of(party()), party(), option::of(party())),
        product in select(vec![Product::Sct, Product::SctInst]),
        priority in option::of(select(vec![InstructionPriority::High, InstructionPriority::Norm])),
        category_purpose in select(vec![CategoryPurpose::Cash, CategoryPurpose::Dvpm]),
        accounts in (option::of(iban()), iban()),
        agents in (option::of(bic()), option::of(bic())),
        flags in (option::of(any::<bool>()), any::<bool>()),
        purpose in option::of(select(vec![Purpose::Acct, Purpose::Cash, Purpose::Comc, Purpose::Cpkc, Purpose::Trpt])),
        requested_execution_date in option::of(moment()),
        ids in (id(), id()),
        cents in 1_u64..=99_999_999_999,
        remittance in text::<140>("\\PC{1,140}"),
        sca_hint in option::of(select(vec![ScaHint::NoScaExemption, ScaHint::ScaExemption])),
        urls in (url(), option::of(url())),
    ) -> PaymentRequest {
        let sample = samples::request();
        let (initiating_party, debtor, creditor, ultimate_creditor) = parties;
        PaymentRequest {
            payment_information_id,
            creation_date_time,
            initiating_party,
            product,
            instruction_priority: priority,
            category_purpose,
            debtor,
            debtor_account: accounts.0,
            debtor_agent: agents.0,
            beneficiary: payments::request::Beneficiary {
                creditor,
                creditor_account: accounts.1,
                creditor_agent: agents.1,
                is_trusted: flags.0,
            },
            ultimate_creditor,
            purpose,
            requested_execution_date,
            instruction_id: ids.0,
            end_to_end_id: Some(ids.1),
            amount: Amount::from_cents(cents).unwrap(),
            remittance: Remittance::Unstructured(remittance),
            accepted_redirect: flags.1,
            sca_hint,
            successful_report_url: urls.0,
            unsuccessful_report_url: urls.1,
            ..sample
        }
    }
}

prop_compose! {
    /// A request as 1.4.2 can carry it.
    fn request_of_1_4_2()(
        request in common_request(),
        with_end_to_end_id: bool,
        ultimate_debtor in option::of(party()),
        flags: [Option<bool>; 3],
    ) -> PaymentRequest {
        let [accept_debtor_account_change, accept_charge_handling_change, batch_booking] = flags;
        PaymentRequest {
            end_to_end_id: request.end_to_end_id.clone().filter(|_| with_end_to_end_id),
            ultimate_debtor,
            accept_debtor_account_change,
            accept_charge_handling_change,
            batch_booking,
            ..request
        }
    }
}

/// What a PISP would post to ask again for what it was told.
fn back(version: Version, request: &PaymentRequest) -> PaymentRequest {
    let payment = payment(request.clone(), vec![]);
    let answer = render::payment_request(version, &payment, &samples::institution());
    let body = serde_json::to_vec(&answer.payment_request).unwrap();
    parse::payment_request(version, &body).unwrap()
}

proptest! {
    #[test]
    fn a_request_told_in_1_4_0_reads_back_as_itself(request in common_request()) {
        prop_assert!(back(Version::V1_4_0, &request) == request);
    }

    #[test]
    fn a_request_told_in_1_4_2_reads_back_as_itself(request in request_of_1_4_2()) {
        prop_assert!(back(Version::V1_4_2, &request) == request);
    }
}
