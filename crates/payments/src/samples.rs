//! Ready-made values for tests: one merchant payment at 17515 on 2 March 2026.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{
    PaymentRequest, Reason, Version,
    code::Callback,
    institution::{Institution, Redirect, Settings},
    journey::{Journey, JourneyId, Step},
    lifecycle::{Authorisation, Debtor, Event, Rejection, State, Submission},
    payment::Registration,
    request::{Beneficiary, CategoryPurpose, Product, PsuContext},
    seal::Sealer,
    tpp::{Details, GrantType, Kind, Licence, RedirectUri, ReportUrl, Tpp},
    values::{
        Amount, Bic, Iban, Id35, InstitutionCode, Moment, Name, Party, PaymentId, PsuId, Reference,
        Remittance, Text, TppId,
    },
};

const PROVEN: &str = "the sample is well formed";

/// 2026-03-02T09:15:30Z.
pub fn now() -> Timestamp {
    "2026-03-02T09:15:30Z".parse().expect(PROVEN)
}

/// Caisse 17515, which offers plain transfers in both versions and instant ones in 1.4.2.
pub fn institution() -> Institution {
    Institution {
        code: InstitutionCode::parse("17515").expect(PROVEN),
        name: "Caisse d'Epargne Île-de-France".to_owned(),
        bic: Bic::parse("CEPAFRPP751").expect(PROVEN),
        hosts: vec!["www.17515.sandbox.localhost".to_owned()],
        products: BTreeSet::from([
            (Version::V1_4_0, Product::Sct),
            (Version::V1_4_2, Product::Sct),
            (Version::V1_4_2, Product::SctInst),
        ]),
        settings: Settings::default(),
    }
}

/// A licensed PISP.
pub fn tpp() -> Tpp {
    Tpp {
        id: TppId::parse("PSDFR-ACPR-12345").expect(PROVEN),
        organization_identifier: "PSDFR-ACPR-12345".to_owned(),
        name: "Exemple Paiement SAS".to_owned(),
        kind: Kind::Tpp,
        licence: Licence::Active,
        suspension: None,
        scope_pisp: true,
        grant_types: vec![GrantType::ClientCredentials, GrantType::AuthorizationCode],
        redirect_uris: vec![RedirectUri::parse("https://tpp.example").expect(PROVEN)],
        seal_certificates: Vec::new(),
        signature_policy: None,
        details: Details::default(),
        created_at: now(),
    }
}

/// 124.35 EUR to Boutique Exemple.
pub fn request() -> PaymentRequest {
    PaymentRequest {
        payment_information_id: Id35::parse("PI-20260302-0001").expect(PROVEN),
        creation_date_time: Moment::parse("2026-03-02T10:15:30.000+01:00").expect(PROVEN),
        initiating_party: party("Exemple Paiement SAS"),
        product: Product::Sct,
        instruction_priority: None,
        category_purpose: CategoryPurpose::Dvpm,
        debtor: None,
        debtor_account: None,
        debtor_agent: None,
        accept_debtor_account_change: None,
        accept_charge_handling_change: None,
        batch_booking: None,
        beneficiary: Beneficiary {
            creditor: party("Boutique Exemple"),
            creditor_account: Iban::parse("FR7611425009000401234567877").expect(PROVEN),
            creditor_agent: None,
            is_trusted: None,
        },
        ultimate_creditor: None,
        ultimate_debtor: None,
        purpose: None,
        requested_execution_date: Some(Moment::parse("2026-03-02T10:16:30.000+01:00").expect(PROVEN)),
        instruction_id: Id35::parse("INS-0001").expect(PROVEN),
        end_to_end_id: Some(Id35::parse("E2E-0001").expect(PROVEN)),
        amount: Amount::from_cents(12_435).expect(PROVEN),
        remittance: Remittance::Unstructured(Text::parse("Commande 4711").expect(PROVEN)),
        accepted_redirect: true,
        sca_hint: None,
        successful_report_url: ReportUrl::parse("https://tpp.example/cb?state=s1").expect(PROVEN),
        unsuccessful_report_url: Some(ReportUrl::parse("https://tpp.example/ko?state=s1").expect(PROVEN)),
    }
}

/// [`request`], registered now for half an hour.
pub fn registration() -> Registration {
    Registration {
        id: PaymentId::new(123, 1_772_442_930_000, 11_234_567_890),
        institution: institution().code,
        tpp: tpp().id,
        tpp_name: tpp().name,
        version: Version::V1_4_0,
        redirect: Redirect::Simple,
        at: now(),
        expires_at: "2026-03-02T09:45:30Z".parse().expect(PROVEN),
        request: request(),
        psu_context: PsuContext::default(),
    }
}

/// A party known by its name only.
pub fn party(name: &str) -> Party {
    Party { name: Name::parse(name).expect(PROVEN), address: None, identity: None }
}

/// CAMILLE ESSAI, paying from her first account.
pub fn debtor() -> Debtor {
    Debtor {
        psu: PsuId::parse("170000001").expect(PROVEN),
        name: Name::parse("CAMILLE ESSAI").expect(PROVEN),
        account: Iban::parse("FR7617515900000800123456711").expect(PROVEN),
    }
}

/// Her approval, naming a seal that does not exist.
pub fn authorisation() -> Authorisation {
    Authorisation { debtor: debtor(), seal_sha256: "00".repeat(32), at: now(), confirmed_at: None }
}

/// A quarter of an hour later: until then its PISP can confirm.
pub fn confirmation_end() -> Timestamp {
    "2026-03-02T09:30:30Z".parse().expect(PROVEN)
}

/// The hand-over of [`registration`].
pub fn submission() -> Submission {
    Submission { reference: Reference::of(&registration().id), at: now(), delayed: false }
}

/// Every state, in the order of the diagram.
pub fn every_state() -> Vec<State> {
    let delayed = Submission { delayed: true, ..submission() };
    vec![
        State::Registered,
        State::Prepared(debtor()),
        State::AwaitingConfirmation(authorisation(), confirmation_end()),
        State::Authorised(authorisation()),
        State::Submitted(authorisation(), submission()),
        State::Submitted(authorisation(), delayed),
        State::Settled(authorisation(), now()),
        State::Rejected(Rejection { reason: Reason::Cust, authorisation: None }),
    ]
}

/// One event of every kind.
pub fn every_event() -> Vec<Event> {
    vec![
        Event::Open,
        Event::Identify(debtor().psu),
        Event::FailAuthentication { failures: 1 },
        Event::Challenge,
        Event::Prepare(debtor()),
        Event::Authorise(authorisation()),
        Event::AwaitConfirmation(authorisation(), confirmation_end()),
        Event::Confirm(now()),
        Event::Refuse,
        Event::Expire,
        Event::Reject(Reason::Am04),
        Event::Submit(submission()),
        Event::Delay,
        Event::Settle(now()),
        Event::Fail(Reason::Ac04),
    ]
}

/// A visit that has just begun.
pub fn journey() -> Journey {
    Journey {
        id: JourneyId([1; 32]),
        payment: registration().id,
        institution: institution().code,
        callback: Callback::default(),
        csrf: "csrf".to_owned(),
        language: "fr".to_owned(),
        opened_at: now(),
        last_seen_at: now(),
        failures: 0,
        codes_sent: 0,
        callbacks: 0,
        step: Step::Identify,
    }
}

/// A sealer whose signature is a hash anyone could make: for tests of everything but cryptography.
pub struct TestSealer;

impl Sealer for TestSealer {
    fn sign(&self, text: &[u8]) -> (String, String, Vec<u8>) {
        ("test".to_owned(), "certificate".to_owned(), Sha256::digest(text).to_vec())
    }

    fn verify(&self, certificate_sha256: &str, text: &[u8], signature: &[u8]) -> bool {
        certificate_sha256 == "certificate" && Sha256::digest(text).as_slice() == signature
    }
}
