//! Revocation without a network: a directory of lists and a deny list.

use std::{error::Error as _, fs, path::Path};

use eidas::{
    OrganizationIdentifier, Role,
    revocation::{Reason, Revoked},
};
use jiff::SignedDuration;
use sandbox::pki::{Ca, Listed, TppProfile, Validity};
use tempfile::TempDir;

use super::*;

const HARD: RevocationPolicy = RevocationPolicy::HardFail;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-22T12:00:00Z")
}

fn hours(count: i64) -> Timestamp {
    now() + SignedDuration::from_hours(count)
}

fn authority() -> Ca {
    Ca::create("Test QTSP", Validity::days_from(now(), 100)).unwrap()
}

fn certificate(ca: &Ca) -> Certificate {
    let oid = OrganizationIdentifier::parse("PSDFR-ACPR-12345").unwrap();
    let validity = Validity::days_from(now(), 50);
    let profile = TppProfile::new(eidas::Kind::Qwac, &oid, &[Role::PaymentInitiation], validity);
    ca.issue_tpp(&profile).unwrap().certificate().unwrap()
}

/// A list that revokes these certificates, fresh until an hour from now.
fn list(ca: &Ca, number: u64, revoked: &[&Certificate]) -> Vec<u8> {
    let listed: Vec<Listed> = revoked
        .iter()
        .map(|certificate| Listed {
            serial: eidas::revocation::Candidate::of(certificate).unwrap().serial().magnitude().to_vec(),
            revoked: Revoked { at: hours(-1), reason: Reason::KeyCompromise },
        })
        .collect();
    ca.crl(&listed, number, hours(-2), hours(1)).unwrap()
}

fn directory(files: &[(&str, &[u8])]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(directory.path().join(name), content).unwrap();
    }
    directory
}

fn reading(directory: &Path) -> Revocation {
    let config =
        Config { fetch: false, directory: Some(directory.to_owned()), allow_private_addresses: false };
    Revocation::new(config, Arc::new(NoFetch)).unwrap()
}

fn check(revocation: &Revocation, certificate: &Certificate, issuer: &Ca) -> Result<(), &'static str> {
    let checked = revocation.check(certificate, Some(issuer.der()), HARD, now());
    checked.map_err(|refusal| reason(&refusal))
}

#[test]
fn a_list_in_the_directory_speaks_for_the_certificates_of_its_issuer() {
    let (ca, same_name) = (authority(), authority());
    let (good, revoked) = (certificate(&ca), certificate(&ca));
    let files = directory(&[("qtsp.crl", &list(&ca, 1, &[&revoked])), (".hidden", b"?")]);
    let revocation = reading(files.path());
    assert_eq!(check(&revocation, &good, &ca), Ok(()));
    assert_eq!(check(&revocation, &revoked, &ca), Err("revoked"));
    // The same issuer's name, another key: the list says nothing about its certificates.
    assert_eq!(check(&revocation, &certificate(&same_name), &same_name), Err("unknown"));
    // Without an issuer nobody can speak.
    let alone = certificate(&ca);
    assert_eq!(revocation.check(&alone, None, HARD, now()), Err(Refusal::NobodyNamed));
}

#[test]
fn what_a_list_says_runs_out_but_a_revocation_stays() {
    let ca = authority();
    let (good, revoked) = (certificate(&ca), certificate(&ca));
    let files = directory(&[("qtsp.crl", &list(&ca, 1, &[&revoked]))]);
    let revocation = reading(files.path());
    let check = |certificate, policy, now| revocation.check(certificate, Some(ca.der()), policy, now);
    let soft = RevocationPolicy::SoftFailHours(24);
    assert_eq!(check(&good, HARD, now()), Ok(()));
    assert_eq!(check(&good, HARD, hours(1)), Err(Refusal::Unknown));
    assert_eq!(check(&good, soft, hours(24)), Ok(()));
    assert_eq!(check(&good, soft, hours(25)), Err(Refusal::Unknown));
    assert_eq!(check(&good, RevocationPolicy::Off, hours(25)), Ok(()));
    for policy in [HARD, soft, RevocationPolicy::Off] {
        assert!(matches!(check(&revoked, policy, hours(1_000)), Err(Refusal::Revoked(_))), "{policy:?}");
    }
}

#[test]
fn a_new_list_counts_for_certificates_that_were_seen_before() {
    let ca = authority();
    let certificate = certificate(&ca);
    let files = directory(&[("qtsp.crl", &list(&ca, 1, &[]))]);
    let revocation = reading(files.path());
    assert_eq!(check(&revocation, &certificate, &ca), Ok(()));
    fs::write(files.path().join("qtsp.crl"), list(&ca, 2, &[&certificate])).unwrap();
    revocation.reload(now()).unwrap();
    assert_eq!(check(&revocation, &certificate, &ca), Err("revoked"));
}

#[test]
fn an_older_list_does_not_take_the_place_of_a_newer_one() {
    let ca = authority();
    let revoked = certificate(&ca);
    let files = directory(&[("qtsp.crl", &list(&ca, 2, &[&revoked]))]);
    let revocation = reading(files.path());
    fs::remove_file(files.path().join("qtsp.crl")).unwrap();
    fs::write(files.path().join("another-name.crl"), list(&ca, 1, &[])).unwrap();
    assert!(matches!(revocation.reload(now()), Err(InvalidSource::Older { .. })));
    assert_eq!(check(&revocation, &revoked, &ca), Err("revoked"), "though it is seen for the first time");
}

#[test]
fn a_directory_that_is_wrong_is_refused_whole_and_the_file_is_named() {
    let ca = authority();
    let certificate = certificate(&ca);
    let deny = format!("{} {}\n", certificate.serial(), certificate.issuer());
    let files = directory(&[("deny.txt", deny.as_bytes()), ("qtsp.crl", &list(&ca, 1, &[]))]);
    let revocation = reading(files.path());
    assert_eq!(check(&revocation, &certificate, &ca), Err("denied"));
    let table: [(&str, &[u8], &str); 6] = [
        ("deny.txt", b"0102", "deny.txt: line 1: an entry is"),
        ("deny.txt", b"\xff\xfe", "deny.txt: the deny list is not UTF-8"),
        ("qtsp.crl", b"?", "qtsp.crl: the CRL is not well-formed"),
        ("qtsp.pem", b"-----BEGIN CERTIFICATE-----", "qtsp.pem: there is no readable PEM CRL"),
        ("denylist.txt", b"", "denylist.txt: only deny.txt, *.crl and *.pem are read here"),
        ("deny.txt~", b"", "deny.txt~: only"),
    ];
    for (name, content, expected) in table {
        let before = fs::read(files.path().join(name)).ok();
        fs::write(files.path().join(name), content).unwrap();
        let refused = revocation.reload(now()).unwrap_err();
        let why = refused.source().map(|why| format!(": {why}")).unwrap_or_default();
        let refused = format!("{refused}{why}");
        assert!(refused.contains(expected), "{refused}");
        assert_eq!(check(&revocation, &certificate, &ca), Err("denied"), "what was read before counts");
        match before {
            Some(before) => fs::write(files.path().join(name), before).unwrap(),
            None => fs::remove_file(files.path().join(name)).unwrap(),
        }
    }
    revocation.reload(now()).unwrap();
    fs::remove_dir_all(files.path()).unwrap();
    assert!(revocation.reload(now()).unwrap_err().to_string().starts_with("cannot read"));
}

#[test]
fn a_change_of_the_files_is_seen() {
    let files = directory(&[("deny.txt", b"01 CN=a\n")]);
    let sources = load_directory(files.path()).unwrap();
    assert!(sources.is_of_now(files.path()));
    fs::write(files.path().join("deny.txt"), b"01 CN=a\n02 CN=a\n").unwrap();
    assert!(!sources.is_of_now(files.path()));
    let again = load_directory(files.path()).unwrap();
    assert_eq!((sources.deny_list().len(), again.deny_list().len()), (1, 2));
}

#[test]
fn a_deny_list_counts_without_any_other_source_and_nothing_else_does() {
    let ca = authority();
    let (denied, other) = (certificate(&ca), certificate(&ca));
    let revocation = Revocation::none();
    assert_eq!(check(&revocation, &denied, &ca), Ok(()));
    let text = format!("sha256 {}\n", denied.sha256_hex());
    let list = eidas::revocation::DenyList::parse(&text).unwrap();
    revocation.replace_sources(Sources::denying(list), now()).unwrap();
    assert_eq!((check(&revocation, &denied, &ca), check(&revocation, &other, &ca)), (Err("denied"), Ok(())));
}

#[test]
fn the_configuration_fetches_from_public_addresses_unless_it_says_otherwise() {
    let config: Config = serde_json::from_str("{}").unwrap();
    assert_eq!(config, Config { fetch: true, directory: None, allow_private_addresses: false });
    assert!(serde_json::from_str::<Config>(r#"{"fetsch": false}"#).is_err());
    let nothing: Config = serde_json::from_str(r#"{"fetch": false}"#).unwrap();
    assert!(config.has_a_source() && !nothing.has_a_source());
}
