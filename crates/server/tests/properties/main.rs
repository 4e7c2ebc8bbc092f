//! What must hold whatever bytes come from outside: never a panic, and the same answer from every side.
//!
//! Each module is one reader and says what must hold in `check`. `fuzz/` looks for bytes that break it; here
//! the seeds that were found are checked, and as many variants of them as fit into a few seconds. The
//! variants are the same on every run.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy lets test functions do so, but not the helpers they share"
)]

pub mod certificate;
pub mod crl;
pub mod deny_list;
pub mod given;
pub mod ocsp_answer;
pub mod proxy_header;
pub mod qc_statement;
pub mod register_csv;
pub mod register_eba;
pub mod registration_body;
pub mod request_body;
pub mod signature_header;
pub mod trusted_list;
mod variants;

use std::{fs, panic, path::Path};

use variants::Variants;

/// Variants of all seeds of a reader together.
const VARIANTS: usize = 1_000;

/// Checks a reader with every seed of its target, and with variants of them.
fn hold(target: &str, check: fn(&[u8])) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut files: Vec<_> = fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no seeds", home.display());
    let seeds: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    for (file, seed) in files.iter().zip(&seeds) {
        hold_for(&file.display().to_string(), seed, check);
    }
    let each = VARIANTS.div_ceil(seeds.len());
    let mut variants = Variants::of(&seeds);
    for (file, seed) in files.iter().zip(&seeds) {
        for _ in 0..each {
            hold_for(&format!("a variant of {}", file.display()), &variants.of_seed(seed), check);
        }
    }
}

fn hold_for(what: &str, bytes: &[u8], check: fn(&[u8])) {
    let held = panic::catch_unwind(|| check(bytes)).is_ok();
    assert!(held, "{what} breaks a property: {}", bytes.escape_ascii());
}

#[test]
fn a_certificate_is_judged_alike_in_both_readings_and_explained_as_it_is_judged() {
    hold("certificate", certificate::check);
}

#[test]
fn qc_statements_are_judged_alike_in_both_readings_and_explained_as_they_are_judged() {
    hold("qc_statement", qc_statement::check);
}

#[test]
fn a_signature_header_that_nobody_signed_never_verifies() {
    hold("signature_header", signature_header::check);
}

#[test]
fn a_request_body_is_taken_or_refused_by_a_message_that_can_be_sent() {
    hold("request_body", request_body::check);
}

#[test]
fn a_registration_body_is_taken_or_refused_by_a_message_that_can_be_sent() {
    hold("registration_body", registration_body::check);
}

#[test]
fn a_trusted_list_gives_anchors_or_says_why_not() {
    hold("trusted_list", trusted_list::check);
}

#[test]
fn an_ocsp_answer_says_nothing_that_its_issuer_did_not_sign() {
    hold("ocsp_answer", ocsp_answer::check);
}

#[test]
fn a_crl_says_nothing_that_its_issuer_did_not_sign() {
    hold("crl", crl::check);
}

#[test]
fn a_deny_list_is_taken_whole_or_not_at_all() {
    hold("deny_list", deny_list::check);
}

#[test]
fn a_register_in_csv_lists_each_provider_once() {
    hold("register_csv", register_csv::check);
}

#[test]
fn the_register_of_the_eba_lists_each_provider_once() {
    hold("register_eba", register_eba::check);
}

#[test]
fn a_proxy_header_is_read_to_its_end_and_no_further() {
    hold("proxy_header", proxy_header::check);
}
