use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use eidas::{Defect, Reading, RoleMissing, UntrustedChain, judge};

use super::*;

const INSTITUTIONS: [Institution<'static>; 2] = [
    Institution { code: "17515", name: "Caisse d'Epargne Ile-de-France" },
    Institution { code: "14505", name: "Caisse d'Epargne Loire-Centre" },
];

/// P-256 throughout: RSA keys are slow to make, and one test is about them.
const FAST: PkiOptions = PkiOptions {
    server_key: KeyType::P256,
    seal_key: KeyType::P256,
    tpp_seal_key: KeyType::P256,
    revocation_at: None,
};

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn hosts() -> Vec<String> {
    vec!["www.17515.sandbox.localhost".to_owned(), "192.0.2.7".to_owned()]
}

fn start(dir: &Path, now: Timestamp) -> TestPki {
    TestPki::load_or_create(dir, now, &hosts(), &INSTITUTIONS, FAST).unwrap()
}

/// Every file below a directory with its content.
fn snapshot(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(snapshot(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// The files that differ between two snapshots, relative to the directory.
fn changed(dir: &Path, before: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<String> {
    let after = snapshot(dir);
    assert!(before.keys().all(|path| after.contains_key(path)), "a file is gone");
    let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
    let relative = |path: &PathBuf| path.strip_prefix(dir).unwrap().display().to_string();
    after.keys().filter(differs).map(relative).collect()
}

/// In order, with the role or without it, or not: by this defect, or by expiry, whose instant is not given.
type Verdict = Result<Result<(), RoleMissing>, Option<Defect>>;

#[test]
fn the_test_tpps_are_judged_as_their_table_says() {
    let dir = tempfile::tempdir().unwrap();
    let pki = start(dir.path(), now());
    let anchors = pki.anchors().unwrap();
    let role = RoleMissing { role: Role::PaymentInitiation };
    let table: [(&str, Verdict); 6] = [
        ("PSDFR-ACPR-12345", Ok(Ok(()))),
        ("PSDFR-ACPR-54321", Ok(Err(role))),
        ("PSDDE-BAFIN-99999", Ok(Ok(()))),
        ("PSDFR-ACPR-11111", Err(None)),
        ("PSDFR-ACPR-22222", Err(Some(Defect::NotQualified))),
        // Revocation is for the authority to tell.
        ("PSDFR-ACPR-33333", Ok(Ok(()))),
    ];
    assert_eq!(table.len(), pki.tpps().len());
    for (oid, expected) in table {
        let keys = pki.tpp(oid).unwrap();
        for (kind, certified) in [(Kind::Qwac, &keys.qwac), (Kind::Qseal, &keys.qseal)] {
            let certificate = certified.certificate().unwrap();
            assert_eq!(certificate.organization_identifier_text(), Some(oid));
            assert_eq!(certificate.organization_name(), Some(keys.tpp.name));
            let expired = keys.tpp.flaw == Some(Flaw::Expired);
            let chain = anchors.verify_chain(&certificate, &[], now());
            assert_eq!(chain, if expired { Err(UntrustedChain::Validity) } else { Ok(()) }, "{oid}");
            let judged = judge(&certificate, kind, Reading::Strict, now());
            let judged = judged.map(|judged| judged.require(Role::PaymentInitiation));
            let judged = judged.map_err(|defect| match defect {
                Defect::Expired { .. } => None,
                other => Some(other),
            });
            assert_eq!(judged, expected, "{oid} {kind:?}");
        }
    }
}

#[test]
fn a_qwac_is_not_a_qsealc_nor_the_reverse() {
    let dir = tempfile::tempdir().unwrap();
    let pki = start(dir.path(), now());
    let keys = &pki.tpps()[0];
    let qwac = keys.qwac.certificate().unwrap();
    let qseal = keys.qseal.certificate().unwrap();
    assert_eq!(judge(&qwac, Kind::Qseal, Reading::Strict, now()), Err(Defect::NotForSeals));
    assert_eq!(judge(&qseal, Kind::Qwac, Reading::Strict, now()), Err(Defect::NotForWebsites));
}

#[test]
fn a_bank_seal_is_a_qsealc_of_an_account_servicing_provider() {
    let dir = tempfile::tempdir().unwrap();
    let pki = start(dir.path(), now());
    for institution in INSTITUTIONS {
        let certificate = pki.seal(institution.code).unwrap().certificate().unwrap();
        let judged = judge(&certificate, Kind::Qseal, Reading::Strict, now()).unwrap();
        assert_eq!(judged.licence().roles, [Role::AccountServicing]);
        assert_eq!(certificate.organization_name(), Some(institution.name));
        assert_eq!(pki.anchors().unwrap().verify_chain(&certificate, &[], now()), Ok(()));
    }
    assert!(pki.seal("99999").is_none());
}

#[test]
fn the_server_certificate_is_for_the_hosts_and_from_the_other_authority() {
    let dir = tempfile::tempdir().unwrap();
    let pki = start(dir.path(), now());
    let certificate = pki.server().certificate().unwrap();
    assert_eq!(certificate.dns_names(), ["localhost", "www.17515.sandbox.localhost"]);
    let verify = |ca: &Ca| ca.anchors().unwrap().verify_chain(&certificate, &[], now());
    assert_eq!(verify(pki.tls_ca()), Ok(()));
    assert_eq!(verify(pki.qtsp()), Err(UntrustedChain::UnknownIssuer));
    let usages: Vec<String> = certificate.extended_key_usages().unwrap().collect();
    assert_eq!(usages, ["1.3.6.1.5.5.7.3.1"]);
}

#[test]
fn the_next_start_finds_everything_again() {
    let dir = tempfile::tempdir().unwrap();
    let first = start(dir.path(), now());
    let before = snapshot(dir.path());
    assert_eq!(before.len(), 2 * (2 + 1 + INSTITUTIONS.len() + 2 * TEST_TPPS.len()));
    let second = start(dir.path(), now());
    assert_eq!(changed(dir.path(), &before), [""; 0]);
    assert_eq!(first.server().key_pkcs8(), second.server().key_pkcs8());
    assert_eq!(first.tpps()[0].qseal.der(), second.tpps()[0].qseal.der());
    // The authority taken up again goes on issuing.
    let oid = OrganizationIdentifier::parse("PSDNL-DNB-1").unwrap();
    let validity = Validity::days_from(now(), 1);
    let more = second.qtsp().issue_tpp(&TppProfile::new(Kind::Qwac, &oid, &Role::ALL, validity)).unwrap();
    let certificate = more.certificate().unwrap();
    assert_eq!(first.anchors().unwrap().verify_chain(&certificate, &[], now()), Ok(()));
}

#[test]
fn a_start_that_was_cut_short_is_completed() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    start(dir.path(), now());
    fs::remove_file(at("server.pem")).unwrap();
    fs::write(at("seal-17515.key"), "").unwrap();
    fs::write(at("tpp/PSDFR-ACPR-12345/qwac.pem"), [0xff, 0xfe]).unwrap();
    fs::write(at("tpp/PSDFR-ACPR-12345/qseal.key.tmp"), "-----BEGIN").unwrap();
    // A new key beside the certificate of the one before.
    fs::copy(at("seal-14505.key"), at("tpp/PSDFR-ACPR-54321/qseal.key")).unwrap();
    fs::remove_dir_all(at("tpp/PSDDE-BAFIN-99999")).unwrap();
    let before = snapshot(dir.path());
    start(dir.path(), now());
    let expected = [
        "seal-17515.key",
        "seal-17515.pem",
        "server.key",
        "server.pem",
        "tpp/PSDDE-BAFIN-99999/qseal.key",
        "tpp/PSDDE-BAFIN-99999/qseal.pem",
        "tpp/PSDDE-BAFIN-99999/qwac.key",
        "tpp/PSDDE-BAFIN-99999/qwac.pem",
        "tpp/PSDFR-ACPR-12345/qwac.key",
        "tpp/PSDFR-ACPR-12345/qwac.pem",
        "tpp/PSDFR-ACPR-54321/qseal.key",
        "tpp/PSDFR-ACPR-54321/qseal.pem",
    ];
    assert_eq!(changed(dir.path(), &before), expected);
}

#[test]
fn what_an_authority_signed_goes_with_it() {
    let dir = tempfile::tempdir().unwrap();
    start(dir.path(), now());
    fs::remove_file(dir.path().join("tls-ca.key")).unwrap();
    let before = snapshot(dir.path());
    start(dir.path(), now());
    assert_eq!(changed(dir.path(), &before), ["server.key", "server.pem", "tls-ca.key", "tls-ca.pem"]);
}

#[test]
fn what_has_expired_is_made_again_unless_it_is_meant_to_be() {
    let dir = tempfile::tempdir().unwrap();
    start(dir.path(), now());
    let before = snapshot(dir.path());
    let later = |days| now() + jiff::SignedDuration::from_secs(days * DAY_S);
    start(dir.path(), later(SERVER_LIFETIME_DAYS - 1));
    assert_eq!(changed(dir.path(), &before), [""; 0]);
    start(dir.path(), later(SERVER_LIFETIME_DAYS));
    assert_eq!(changed(dir.path(), &before), ["server.key", "server.pem"]);
    start(dir.path(), later(LIFETIME_DAYS));
    let again: Vec<_> =
        changed(dir.path(), &before).into_iter().filter(|name| !name.contains("earlier")).collect();
    assert_eq!(again.len(), before.len());
}

#[test]
fn what_a_replaced_seal_signed_stays_verifiable() {
    let dir = tempfile::tempdir().unwrap();
    let code = INSTITUTIONS[0].code;
    let first = start(dir.path(), now());
    assert_eq!(first.earlier_seals(code), "");
    let later = now() + jiff::SignedDuration::from_secs(LIFETIME_DAYS * DAY_S);
    let second = start(dir.path(), later);
    assert_ne!(second.seal(code).unwrap().pem(), first.seal(code).unwrap().pem());
    assert!(second.earlier_seals(code).contains(first.seal(code).unwrap().pem().trim()));
    assert_eq!(start(dir.path(), later).earlier_seals(code), second.earlier_seals(code));
}

#[test]
fn another_wish_is_heard_and_touches_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    start(dir.path(), now());
    let load = |hosts: &[&str], name, options| {
        let before = snapshot(dir.path());
        let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        let institutions = [INSTITUTIONS[0], Institution { name, ..INSTITUTIONS[1] }];
        TestPki::load_or_create(dir.path(), now(), &hosts, &institutions, options).unwrap();
        changed(dir.path(), &before)
    };
    let name = INSTITUTIONS[1].name;
    let server = ["server.key", "server.pem"];
    let host = "www.17515.sandbox.localhost";
    assert_eq!(load(&["192.0.2.7", "WWW.17515.sandbox.localhost"], name, FAST), [""; 0]);
    assert_eq!(load(&[host, "192.0.2.8"], name, FAST), server);
    assert_eq!(load(&[host, "192.0.2.8", "bank.example"], name, FAST), server);
    let renamed = load(&[host, "192.0.2.8", "bank.example"], "Another Name", FAST);
    assert_eq!(renamed, ["seal-14505-earlier.pem", "seal-14505.key", "seal-14505.pem"]);
    let rsa = PkiOptions { server_key: KeyType::Rsa2048, ..FAST };
    assert_eq!(load(&[host, "192.0.2.8", "bank.example"], "Another Name", rsa), server);
    let server = files::load(&dir.path().join("server")).unwrap().unwrap();
    assert!(KeyType::Rsa2048.made(&server.certificate().unwrap()));
}

#[test]
fn only_the_owner_can_read_the_keys() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("pki");
    start(&dir, now());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for home in [dir.clone(), dir.join("tpp"), dir.join("tpp/PSDFR-ACPR-12345")] {
        assert_eq!(mode(&home), 0o700, "{}", home.display());
    }
    let keys = snapshot(&dir).into_keys().filter(|path| path.extension().is_some_and(|e| e == "key"));
    for key in keys {
        assert_eq!(mode(&key), 0o600, "{}", key.display());
    }
}

#[test]
fn a_bank_code_cannot_leave_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    for code in ["", "../17515", "a/b", "17 515", "é", "1".repeat(33).as_str()] {
        let institutions = [Institution { code, name: "Bank" }];
        let made = TestPki::load_or_create(dir.path(), now(), &[], &institutions, FAST);
        assert!(matches!(made, Err(PkiError::InstitutionCode)), "{code}");
    }
}

#[test]
fn keys_are_not_in_debug_output() {
    let dir = tempfile::tempdir().unwrap();
    let pki = start(dir.path(), now());
    let text = format!("{pki:?}");
    assert!(text.contains("PSDFR-ACPR-12345"));
    assert!(!text.contains("PRIVATE") && text.len() < 20_000);
}
