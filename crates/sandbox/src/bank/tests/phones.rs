//! Codes on their way to the customers.

use payments::{
    Payment,
    ports::{CodeMessage, Messenger},
    samples,
    sca::{Challenge, CodeKey, DynamicLink, OneTimeCode},
};

use super::*;

fn one_time_code(nonce: u8) -> OneTimeCode {
    let (payment, _) = Payment::register(samples::registration());
    let link = DynamicLink::new(&payment, &samples::debtor(), payments::values::paris_day(samples::now()));
    Challenge::new([nonce; 16], samples::now()).code(&link, &CodeKey([7; 32]))
}

fn message(test: &TestBank, institution: &str, psu: &str, nonce: u8) -> CodeMessage {
    CodeMessage {
        institution: code(institution),
        psu: psu_id(psu),
        payment: payment(1),
        amount: amount(12_435),
        creditor_name: name("Boutique Exemple"),
        creditor_account: iban(BOUTIQUE),
        code: one_time_code(nonce),
        expires_at: test.now(),
        language: "fr".to_owned(),
    }
}

#[tokio::test]
async fn each_phone_shows_the_code_or_not_as_its_owner_is_known_for() {
    let test = TestBank::open().await;
    let table = [
        ("17515", "170000001", Some(true)),
        ("11425", "110000003", Some(true)),
        ("17515", "170000008", Some(false)),
        ("14505", "140000008", Some(false)),
        ("17515", "170000009", None),
        ("17515", "999999999", None),
    ];
    for (institution, psu, right) in table {
        let sent = message(&test, institution, psu, 1);
        test.bank.send_code(&sent).await.unwrap();
        let inbox = test.bank.phone(&code(institution), &psu_id(psu)).unwrap();
        let shown = inbox.first().map(|message| message.code == sent.code.as_str());
        assert_eq!(shown, right, "{psu}");
        for message in inbox {
            assert_eq!(message.amount, sent.amount);
            assert_eq!(message.creditor_name, sent.creditor_name);
            assert_eq!(message.creditor_account, sent.creditor_account);
            assert!(message.code.len() == 6 && message.code.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }
}

#[tokio::test]
async fn a_phone_keeps_the_latest_twenty_messages_newest_first() {
    let test = TestBank::open().await;
    for nonce in 0..25 {
        test.bank.send_code(&message(&test, "17515", "170000001", nonce)).await.unwrap();
    }
    let inbox = test.bank.phone(&code("17515"), &psu_id("170000001")).unwrap();
    let codes: Vec<_> = inbox.iter().map(|message| message.code.clone()).collect();
    let expected: Vec<_> = (5..25).rev().map(|nonce| one_time_code(nonce).as_str().to_owned()).collect();
    assert_eq!(codes, expected);
    assert!(!format!("{:?}", inbox[0]).contains(&codes[0]), "a code is for the phone's page only");
}
