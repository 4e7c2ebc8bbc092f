//! Payments and what comes with them, told apart by a number.

use payments::{
    Payment,
    journal::{Actor, Entry},
    lifecycle::Event,
    payment::Registration,
    ports::{Change, NewPayment, RequestKey, Store, TppWrite},
    samples,
    token::{CertificateThumbprint, Scope, Token, TokenHash},
    tpp::{Registrar, Tpp},
    values::{Id35, PaymentId},
    work::{Task, Work},
};

const PROVEN: &str = "the sample is well formed";

/// The id of payment `number`.
pub fn id(number: u64) -> PaymentId {
    PaymentId::new(number, 1_772_442_930_000, number)
}

/// The first 8 bytes say the number.
pub fn bytes(number: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (byte, digit) in bytes.iter_mut().zip(number.to_be_bytes()) {
        *byte = digit;
    }
    bytes
}

/// A registration with its own payment information id.
pub fn registration(number: u64) -> Registration {
    let mut registration = samples::registration();
    registration.id = id(number);
    registration.request.payment_information_id = Id35::parse(&format!("PI-{number}")).expect(PROVEN);
    registration
}

/// Payment `number` asked by a call of its own, waiting to expire, with no token.
pub fn new_payment(number: u64) -> NewPayment {
    asked(registration(number), number)
}

/// What `registration` asks, by the call `call`.
pub fn asked(registration: Registration, call: u64) -> NewPayment {
    let (payment, entry) = Payment::register(registration);
    let expiry =
        Work { payment: payment.id().clone(), task: Task::Expire, due: payment.registration().expires_at };
    NewPayment {
        payment,
        entry,
        key: RequestKey {
            request_id: format!("call-{call}"),
            body_sha256: bytes(call),
            content_sha256: bytes(call),
        },
        token: None,
        work: vec![expiry],
    }
}

/// A token that serves nothing yet.
pub fn token(number: u64) -> Token {
    Token {
        hash: TokenHash(bytes(number)),
        tpp: samples::tpp().id,
        institution: samples::institution().code,
        scope: Scope::PaymentInitiation,
        certificate: CertificateThumbprint([7; 32]),
        issued_at: samples::now(),
        expires_at: samples::registration().expires_at,
        tied_to: None,
    }
}

/// Adds `tpp` or replaces it.
pub async fn put_tpp(store: &dyn Store, tpp: Tpp) {
    let before = store.find_tpp(&tpp.id).await.expect("the store works");
    let write = TppWrite::put(before, tpp, Registrar::Configuration, samples::now());
    store.change_tpp(write).await.expect("nobody else changes it");
}

/// `payment` after `events`, as a change and nothing else.
pub fn change(payment: &Payment, events: &[Event]) -> Change {
    let mut payment = payment.clone();
    let entries: Vec<Entry> = events
        .iter()
        .map(|event| {
            payment.record(event.clone(), Actor::Psu, samples::now()).expect("the events are allowed here")
        })
        .collect();
    Change::of(payment, entries)
}
