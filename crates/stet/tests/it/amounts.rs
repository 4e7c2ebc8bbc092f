//! Amounts keep their digits.

use proptest::prelude::*;
use stet::{Amount, AmountType};

use crate::{read, refusal};

fn read_amount(json: &str) -> Amount {
    let body = format!(r#"{{"creditTransferTransaction":[{{"instructedAmount":{{"amount":{json}}}}}]}}"#);
    let [instruction] = read(&body).unwrap().credit_transfer_transaction.unwrap().try_into().unwrap();
    instruction.instructed_amount.unwrap().amount.unwrap()
}

fn write_amount(amount: Amount) -> serde_json::Result<String> {
    serde_json::to_string(&AmountType { currency: None, amount: Some(amount) })
}

#[test]
fn an_amount_is_kept_as_it_was_written() {
    let numbers = ["42.00", "42", "0.1", "1.0E7", "1e+2", "-0", "100000000000000000000.01", "1e999", "0.10"];
    for digits in numbers {
        let amount = read_amount(digits);
        assert_eq!(amount, Amount::Number(digits.into()));
        assert_eq!(write_amount(amount).unwrap(), format!(r#"{{"amount":{digits}}}"#));
    }
    for text in ["124.35", "1.0E7", "", " 1", "1,50", "NaN"] {
        let amount = read_amount(&format!(r#""{text}""#));
        assert_eq!(amount.as_str(), text);
        assert_eq!(amount, Amount::Text(text.into()));
        assert_eq!(write_amount(amount).unwrap(), format!(r#"{{"amount":"{text}"}}"#));
    }
}

#[test]
fn what_is_no_json_number_is_not_read_as_one() {
    for bad in ["+1", "01", "1.", ".5", "1e", "1e+", "-", "0x1", "1_0", "NaN", "Infinity", "-01", "1,5"] {
        let message = refusal(&format!(r#"{{"amount":{bad}}}"#));
        assert!(message.contains("not valid JSON at byte"), "{bad}: {message}");
    }
}

#[test]
fn a_number_that_is_no_json_number_is_not_written() {
    for bad in ["", "1,5", "\"1\"", "1}", "null", "01", " 1", "1 ", "[1]"] {
        let error = write_amount(Amount::Number(bad.into())).expect_err(bad);
        assert_eq!(error.to_string(), "an amount must be a JSON number");
    }
}

#[test]
fn an_amount_of_another_type_is_refused_with_its_path() {
    let body = r#"{"creditTransferTransaction":[{"instructedAmount":{"amount":[1]}}]}"#;
    let expected = "creditTransferTransaction[0].instructedAmount.amount: must be a string or a number";
    assert_eq!(refusal(body), expected);
}

proptest! {
    #[test]
    fn every_json_number_reads_back_as_itself(digits in r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,4})?") {
        prop_assert_eq!(read_amount(&digits), Amount::Number(digits));
    }
}
