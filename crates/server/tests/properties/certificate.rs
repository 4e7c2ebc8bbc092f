//! A certificate in DER or PEM.

use eidas::{Certificate, Kind, Question, Reading, RuleId, explain, judge};

use crate::given::{now, sendable};

/// Longest sentence about a certificate: with its code it fits the 140 characters of a STET error.
const MAX_SENTENCE: usize = 134;

/// Both readings agree where both take it, the explanation agrees with the judgement, and nothing panics.
pub fn check(bytes: &[u8]) {
    let _ = Certificate::all_from_pem(&String::from_utf8_lossy(bytes));
    for reading in [Reading::Strict, Reading::Lenient] {
        explained(bytes, None, reading);
    }
    match Certificate::parse(bytes) {
        Err(invalid) => sendable(&invalid, MAX_SENTENCE),
        Ok(certificate) => {
            assert!(Certificate::parse(certificate.der()).as_ref() == Ok(&certificate));
            for kind in Kind::ALL {
                judged(&certificate, kind);
            }
        }
    }
}

fn judged(certificate: &Certificate, kind: Kind) {
    let [strict, lenient] =
        [Reading::Strict, Reading::Lenient].map(|reading| judge(certificate, kind, reading, now()));
    match (&strict, &lenient) {
        (Ok(strict), Ok(lenient)) => {
            assert_eq!(strict.organization(), lenient.organization());
            assert_eq!(strict.licence(), lenient.licence());
        }
        (Ok(_), Err(defect)) => panic!("only the strict reading takes it: {defect}"),
        (Err(defect), Ok(lenient)) => {
            assert!(!lenient.departures().is_empty(), "taken without a departure: {defect}");
        }
        (Err(_), Err(_)) => {}
    }
    for (reading, judged) in [(Reading::Strict, strict), (Reading::Lenient, lenient)] {
        let broken = explained(certificate.der(), Some(kind), reading);
        let broken = broken.into_iter().find(|rule| *rule != RuleId::PaymentInitiation);
        let defect = judged.err();
        if let Some(defect) = &defect {
            sendable(defect, MAX_SENTENCE);
        }
        assert_eq!(broken, defect.map(|defect| defect.rule()), "{reading:?}");
    }
}

/// The broken rules. The whole text is for a terminal, line by line.
fn explained(bytes: &[u8], kind: Option<Kind>, reading: Reading) -> Vec<RuleId> {
    let question = Question { kind, anchors: None, intermediates: &[], reading, now: now() };
    let explanation = explain(bytes, &question);
    for line in explanation.to_string().lines() {
        sendable(&line, 4_096);
    }
    explanation.broken().collect()
}
