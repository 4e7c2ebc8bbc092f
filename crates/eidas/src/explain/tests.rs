use super::*;
use crate::testing::{Leaf, TestCa, at, qc_statements};

const NOW: &str = "2026-11-22T12:00:00Z";

fn question<'a>(anchors: Option<&'a Anchors>, intermediates: &'a [CertificateDer<'a>]) -> Question<'a> {
    Question { kind: None, anchors, intermediates, reading: Reading::Strict, now: at(NOW) }
}

fn finding(explanation: &Explanation, rule: RuleId) -> &Finding {
    explanation.findings.iter().find(|finding| finding.rule == rule).unwrap()
}

#[test]
fn the_chain_is_built_over_what_is_behind_the_certificate_in_its_file() {
    let root = TestCa::new();
    let issuing = root.subordinate("Test Issuing CA");
    let leaf = issuing.issue_pem(&Leaf::qseal());
    let anchors = Anchors::from_ders([root.der()]).unwrap();
    let whole = format!("{leaf}{}", issuing.pem());
    let given = [issuing.der()];
    for (file, intermediates) in [(&whole, &[][..]), (&leaf, &given[..])] {
        let explanation = explain(file.as_bytes(), &question(Some(&anchors), intermediates));
        assert!(explanation.is_in_order(), "{explanation}");
        let path = "issued by Test Issuing CA, under Test QTSP, which is trusted";
        assert_eq!(finding(&explanation, RuleId::ChainPath).found.as_deref(), Some(path));
    }
    let alone = explain(leaf.as_bytes(), &question(Some(&anchors), &[]));
    assert_eq!(alone.broken().collect::<Vec<_>>(), [RuleId::ChainPath]);
    let problem = finding(&alone, RuleId::ChainPath).problem.as_deref();
    assert_eq!(problem, Some(crate::UntrustedChain::UnknownIssuer.to_string()).as_deref());
    let nobody = explain(leaf.as_bytes(), &question(None, &[]));
    assert_eq!(finding(&nobody, RuleId::ChainPath).outcome, Outcome::NotChecked);
    assert!(nobody.is_in_order());
}

#[test]
fn what_a_certificate_is_for_is_guessed_from_what_it_says() {
    let ca = TestCa::new();
    type Change = fn(&mut Leaf);
    let table: [(Leaf, Change, &str); 5] = [
        (Leaf::qwac(), |_| {}, "QWAC"),
        (Leaf::qseal(), |_| {}, "QSealC"),
        (Leaf::qwac(), |l| l.qc_statements = None, "QWAC"),
        (Leaf::qseal(), |l| l.qc_statements = None, "QWAC"),
        (Leaf::qwac(), |l| l.qc_statements = Some(vec![5, 0]), "QWAC"),
    ];
    for (mut leaf, change, expected) in table {
        change(&mut leaf);
        let der = ca.issue(&leaf);
        let explanation = explain(&der, &question(None, &[]));
        assert_eq!((explanation.kind, explanation.kind_guessed), (Some(expected), true));
        let told = explain(&der, &Question { kind: Some(Kind::Qseal), ..question(None, &[]) });
        assert_eq!((told.kind, told.kind_guessed), (Some("QSealC"), false));
    }
}

#[test]
fn a_licence_without_payment_initiation_is_told_although_it_is_judged_in_order() {
    let mut leaf = Leaf::qwac();
    let roles: (&[&str], &str) = (&["0.4.0.19495.1.3"], "FR-ACPR");
    leaf.qc_statements = Some(qc_statements(true, &["0.4.0.1862.1.6.3"], Some(roles)));
    let explanation = explain(&TestCa::new().issue(&leaf), &question(None, &[]));
    assert_eq!(explanation.broken().collect::<Vec<_>>(), [RuleId::PaymentInitiation]);
    let role = finding(&explanation, RuleId::PaymentInitiation);
    assert_eq!(role.found.as_deref(), Some("PSP_AI 0.4.0.19495.1.3"));
    assert!(role.problem.as_ref().unwrap().contains("PSP_PI"));
    assert!(explanation.to_string().ends_with("one rule is broken: psd2.payment_initiation\n"));
}

#[test]
fn bytes_of_a_field_are_shown_up_to_a_bound() {
    assert_eq!(bounded_hex(&[0xab; 3]), "ababab");
    assert_eq!(bounded_hex(&[0; MAX_SHOWN_BYTES]).len(), MAX_SHOWN_BYTES * 2);
    assert!(bounded_hex(&[0; MAX_SHOWN_BYTES + 1]).ends_with("00… (193 bytes)"));
}
