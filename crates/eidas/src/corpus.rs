//! A corpus of odd certificates: one oddity a file, and what both readings make of it.
//!
//! The files are in `tests/corpus`, with the table of verdicts beside them. To make them anew, set
//! `UPDATE_CORPUS=1` for the test `the_corpus_is_made_anew_when_that_is_asked`; then set `UPDATE_GOLDEN=1` for
//! the others, which writes the explanations of some of them to `tests/golden/explain`.

mod almost_correct;
mod broken;
mod table;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::testing::{TestCa, at};
use crate::{Anchors, Certificate, Kind, Outcome, Question, Reading, explain, judge};

use table::{Made, Odd};

/// Every certificate that is not meant to be out of date is valid then.
const NOW: &str = "2026-11-22T12:00:00Z";

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn file(odd: &Odd) -> PathBuf {
    directory("corpus").join(format!("{}.pem", odd.name))
}

fn asked(variable: &str) -> bool {
    std::env::var_os(variable).is_some()
}

/// Makes every file anew, with new keys. The root and the issuing authority go with them.
fn make() {
    let root = TestCa::with_name("Corpus Root CA");
    let issuing = root.subordinate("Corpus Issuing CA");
    fs::create_dir_all(directory("corpus")).unwrap();
    fs::write(directory("corpus").join("_root.pem"), root.pem()).unwrap();
    fs::write(directory("corpus").join("_issuing.pem"), issuing.pem()).unwrap();
    for odd in table::all() {
        let text = match odd.make(&issuing) {
            Made::Der(der) => crate::testing::pem("CERTIFICATE", &der),
            Made::Text(text) => text,
        };
        fs::write(file(&odd), text).unwrap();
    }
    fs::write(directory("corpus").join("table.txt"), listing()).unwrap();
}

/// The table for those who read the files without the code.
fn listing() -> String {
    let mut text = format!("{:<36} {:<7} {:<32} {}\n", "file", "kind", "strict", "lenient");
    for odd in table::all() {
        let kind = odd.kind.name();
        writeln!(text, "{:<36} {:<7} {:<32} {}", odd.name, kind, odd.strict, odd.lenient).unwrap();
    }
    text
}

fn corpus() -> Vec<(Odd, Vec<u8>)> {
    let read = |odd: Odd| {
        let bytes = fs::read(file(&odd)).unwrap_or_else(|error| panic!("{}: {error}", odd.name));
        (odd, bytes)
    };
    table::all().into_iter().map(read).collect()
}

fn anchors() -> Anchors {
    let pem = |name| fs::read_to_string(directory("corpus").join(name)).unwrap();
    let issuing = Certificate::from_pem(&pem("_issuing.pem")).unwrap();
    let anchors = Anchors::from_pem(&pem("_root.pem")).unwrap();
    anchors.with_intermediates([issuing.der().clone()]).unwrap()
}

/// `ok` and the names of the departures, or the rule that is broken.
fn verdict(bytes: &[u8], kind: Kind, reading: Reading) -> String {
    let certificate = match std::str::from_utf8(bytes).ok().map(Certificate::from_pem) {
        Some(Ok(certificate)) => certificate,
        Some(Err(invalid)) => return invalid.rule().to_string(),
        None => return "not a text".to_owned(),
    };
    match judge(&certificate, kind, reading, at(NOW)) {
        Ok(judged) => {
            let departures = judged.departures().iter().map(|departure| departure.name());
            std::iter::once("ok").chain(departures).collect::<Vec<_>>().join(" ")
        }
        Err(defect) => defect.rule().to_string(),
    }
}

#[test]
fn the_corpus_is_made_anew_when_that_is_asked() {
    if asked("UPDATE_CORPUS") {
        make();
    }
    let root = fs::read_to_string(directory("corpus").join("_root.pem")).unwrap();
    assert_eq!(Certificate::from_pem(&root).unwrap().common_name(), Some("Corpus Root CA"));
}

#[test]
fn each_odd_certificate_is_judged_as_the_table_says() {
    let mut wrong = String::new();
    for (odd, bytes) in corpus() {
        for (reading, expected) in [(Reading::Strict, odd.strict), (Reading::Lenient, odd.lenient)] {
            let found = verdict(&bytes, odd.kind, reading);
            if found != expected {
                writeln!(wrong, "{} {reading:?}: expected {expected}, found {found}", odd.name).unwrap();
            }
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn the_corpus_is_whole_and_listed() {
    let corpus = corpus();
    assert!(corpus.len() >= 80, "{}", corpus.len());
    assert_eq!(fs::read_to_string(directory("corpus").join("table.txt")).unwrap(), listing());
    let mut names: Vec<String> = corpus.iter().map(|(odd, _)| format!("{}.pem", odd.name)).collect();
    names.extend(["_issuing.pem", "_root.pem", "table.txt"].map(str::to_owned));
    names.sort();
    let entries = fs::read_dir(directory("corpus")).unwrap();
    let mut found: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    assert_eq!(found, names);
}

#[test]
fn every_rule_and_every_departure_has_a_certificate_that_shows_it() {
    let verdicts: Vec<&str> = table::all()
        .iter()
        .flat_map(|odd| [odd.strict, odd.lenient])
        .flat_map(str::split_whitespace)
        .collect();
    for rule in crate::rules::FORM.iter().chain(crate::rules::RULES) {
        assert!(verdicts.contains(&rule.id.as_str()), "{}", rule.id);
    }
    for departure in table::DEPARTURES {
        assert!(verdicts.contains(departure), "{departure}");
    }
}

#[test]
fn an_explanation_names_the_rule_by_which_the_certificate_is_refused() {
    let anchors = anchors();
    for (odd, bytes) in corpus() {
        for (reading, expected) in [(Reading::Strict, odd.strict), (Reading::Lenient, odd.lenient)] {
            let question = Question {
                kind: Some(odd.kind),
                anchors: Some(&anchors),
                intermediates: &[],
                reading,
                now: at(NOW),
            };
            let explanation = explain(&bytes, &question);
            // The role that payments need and the chain are asked beside what `judge` asks.
            let around = ["psd2.payment_initiation", "chain.path"];
            let mut broken =
                explanation.broken().map(crate::RuleId::as_str).filter(|id| !around.contains(id));
            let first = broken.next().unwrap_or("ok");
            assert_eq!(first, expected.split(' ').next().unwrap(), "{} {reading:?}", odd.name);
            for finding in &explanation.findings {
                let failed = finding.outcome == Outcome::Failed;
                assert_eq!(failed, finding.advice.is_some(), "{} {}", odd.name, finding.rule);
                assert!(!failed || finding.problem.as_ref().is_some_and(|problem| !problem.is_empty()));
            }
        }
    }
}

#[test]
fn whatever_a_certificate_holds_its_explanation_is_safe_to_show() {
    let anchors = anchors();
    let longest = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    for (odd, bytes) in corpus() {
        for kind in [None, Some(Kind::Qwac), Some(Kind::Qseal)] {
            let question = Question {
                kind,
                anchors: Some(&anchors),
                intermediates: &[],
                reading: Reading::Lenient,
                now: at(NOW),
            };
            let text = explain(&bytes, &question).to_string();
            let unsafe_char = |c: char| (c.is_control() && c != '\n') || crate::text::is_invisible(c);
            assert!(!text.contains(unsafe_char), "{}: {text}", odd.name);
            assert!(longest(&text) <= 100, "{}: {text}", odd.name);
        }
    }
}

#[test]
fn explanations_read_as_their_golden_files() {
    let anchors = anchors();
    let golden = directory("golden/explain");
    let chosen = [
        ("qwac", Reading::Strict),
        ("qseal", Reading::Strict),
        ("role_names_swapped", Reading::Strict),
        ("role_names_swapped", Reading::Lenient),
        ("several_departures", Reading::Lenient),
        ("several_defects", Reading::Strict),
        ("statements_two_licences", Reading::Strict),
        ("hostile_texts", Reading::Lenient),
        ("der_truncated", Reading::Strict),
        ("pem_private_key", Reading::Strict),
        ("self_signed_ca", Reading::Strict),
    ];
    for (name, reading) in chosen {
        let (_, bytes) = corpus().into_iter().find(|(odd, _)| odd.name == name).unwrap();
        let question =
            Question { kind: None, anchors: Some(&anchors), intermediates: &[], reading, now: at(NOW) };
        let text = explain(&bytes, &question).to_string();
        let file = golden
            .join(format!("{name}.{}.txt", if reading == Reading::Strict { "strict" } else { "lenient" }));
        if asked("UPDATE_GOLDEN") {
            fs::create_dir_all(&golden).unwrap();
            fs::write(&file, &text).unwrap();
        }
        assert_eq!(text, fs::read_to_string(&file).unwrap_or_default(), "{name}");
    }
}

fn any_reading() -> impl proptest::strategy::Strategy<Value = Reading> {
    proptest::sample::select(vec![Reading::Strict, Reading::Lenient])
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_explained(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
        let question =
            Question { kind: None, anchors: None, intermediates: &[], reading: Reading::Lenient, now: at(NOW) };
        proptest::prop_assert!(!explain(&bytes, &question).is_in_order());
    }

    #[test]
    fn a_changed_certificate_is_explained_as_it_is_judged(
        which in proptest::num::usize::ANY,
        reading in any_reading(),
        kind in proptest::sample::select(Kind::ALL.to_vec()),
        changes in proptest::collection::vec((0_usize..3000, proptest::num::u8::ANY), 0..5),
    ) {
        static DERS: std::sync::LazyLock<Vec<Vec<u8>>> = std::sync::LazyLock::new(|| {
            let certificates = corpus().into_iter().filter_map(|(_, bytes)| String::from_utf8(bytes).ok());
            certificates.filter_map(|pem| Some(Certificate::from_pem(&pem).ok()?.der().to_vec())).collect()
        });
        let mut der = DERS[which % DERS.len()].clone();
        for (place, byte) in changes {
            let place = place % der.len();
            der[place] = byte;
        }
        let question = Question { kind: Some(kind), anchors: None, intermediates: &[], reading, now: at(NOW) };
        let explained = explain(&der, &question);
        let broken = explained.broken().find(|rule| *rule != crate::RuleId::PaymentInitiation);
        let read = Certificate::parse(&der);
        let judged = read.as_ref().map(|certificate| judge(certificate, kind, reading, at(NOW)));
        match (&read, judged) {
            (_, Err(invalid)) => proptest::prop_assert!(
                broken == Some(invalid.rule()) || broken == Some(crate::RuleId::Pem)
            ),
            (_, Ok(Err(defect))) => proptest::prop_assert_eq!(broken, Some(defect.rule())),
            (Err(_), Ok(Ok(_))) => unreachable!("what cannot be read is not judged"),
            (Ok(certificate), Ok(Ok(judged))) => {
                proptest::prop_assert_eq!(broken, None);
                if reading == Reading::Strict {
                    proptest::prop_assert_eq!(judged.departures(), &[]);
                    let lenient = judge(certificate, kind, Reading::Lenient, at(NOW));
                    proptest::prop_assert_eq!(lenient, Ok(judged));
                }
            }
        }
    }
}
