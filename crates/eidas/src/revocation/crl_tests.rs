use rcgen::{CrlDistributionPoint, IsCa, KeyUsagePurpose as Ku};

use super::*;
use crate::revocation::testing::{
    Authority, List, NOW, TOMORROW, YESTERDAY, algorithm, extension, generalized, instant, utc,
};
use crate::revocation::{Reason, Revoked};
use crate::testing::{replace, sequence, tlv};

const MAX: usize = 1024 * 1024;

fn qtsp() -> Authority {
    Authority::new("Test QTSP", &[Ku::KeyCertSign, Ku::CrlSign])
}

fn read(list: &List, authority: &Authority) -> Result<Arc<Crl>, InvalidCrl> {
    UnverifiedCrl::parse(&list.der(authority), MAX)?.verify(&authority.issuer())
}

fn status(list: &List, authority: &Authority, candidate: &Candidate) -> Option<Status> {
    read(list, authority).unwrap().evidence(candidate, instant(NOW)).map(|evidence| evidence.status)
}

#[test]
fn a_list_says_of_every_certificate_of_its_issuer_whether_it_is_revoked() {
    let qtsp = qtsp();
    let list = List::new().with(&[7], &[]).with_reason(&[1, 2], 1).with_reason(&[0, 0x82, 1], 6);
    let at = instant("2026-11-20T09:00:00Z");
    let revoked = |reason| Status::Revoked(Revoked { at, reason });
    let table: [(&[u8], Status); 6] = [
        (&[7], revoked(Reason::Unspecified)),
        (&[1, 2], revoked(Reason::KeyCompromise)),
        (&[0x82, 1], revoked(Reason::CertificateHold)),
        (&[1], Status::Good),
        (&[1, 2, 3], Status::Good),
        (&[8], Status::Good),
    ];
    let crl = read(&list, &qtsp).unwrap();
    assert_eq!((crl.len(), crl.is_empty()), (3, false));
    for (serial, expected) in table {
        let evidence = crl.evidence(&qtsp.issue(serial), instant(NOW)).unwrap();
        assert_eq!(evidence.status, expected, "{serial:?}");
        assert_eq!((evidence.as_of, evidence.until), (instant(YESTERDAY), instant(TOMORROW)));
        assert_eq!(evidence.source, Source::Crl);
    }
    assert_eq!(crl.evidence(&Authority::new("Other", &[]).issue(&[7]), instant(NOW)), None);
}

#[test]
fn every_entry_of_a_long_list_is_found() {
    let qtsp = qtsp();
    let serials: Vec<[u8; 3]> = (0_u16..2_000).map(|n| [1, n.to_be_bytes()[0], n.to_be_bytes()[1]]).collect();
    // Listed the wrong way round: the order of a list means nothing.
    let list = serials.iter().rev().fold(List::new(), |list, serial| list.with(serial, &[]));
    let crl = read(&list, &qtsp).unwrap();
    assert!(serials.iter().all(|serial| crl.entries.find(serial).is_some()));
    assert!(crl.entries.find(&[2, 0, 0]).is_none());
    assert!(crl.size() < 2_000 * 64, "{}", crl.size());
}

#[test]
fn every_reason_revokes_but_the_one_that_takes_an_entry_back() {
    let qtsp = qtsp();
    let candidate = qtsp.issue(&[5]);
    for reason in 0..=12 {
        let found = status(&List::new().with_reason(&[5], reason), &qtsp, &candidate).unwrap();
        assert_eq!(found == Status::Good, reason == 8, "{reason}");
    }
    let contradicting = List::new().with_reason(&[5], 8).with_reason(&[5], 1).with_reason(&[5], 8);
    assert_ne!(status(&contradicting, &qtsp, &candidate), Some(Status::Good));
}

#[test]
fn each_rule_for_a_list_can_be_broken() {
    use InvalidCrl as Invalid;
    let idp = |value: &[u8]| List::new().extended("2.5.29.28", true, &sequence(&[value.to_vec()]));
    let sha1 = algorithm("1.2.840.10045.4.1");
    let sha384 = algorithm("1.2.840.10045.4.3.3");
    let other_issuer = extension("2.5.29.29", true, &sequence(&[]));
    let table = [
        ("in order", List::new(), None),
        ("GeneralizedTime", List { next_update: generalized(TOMORROW), ..List::new() }, None),
        ("v1", List { version: None, ..List::new() }, Some(Invalid::Version)),
        ("v3", List { version: Some(2), ..List::new() }, Some(Invalid::Version)),
        ("two algorithms", List { inner_algorithm: sha384, ..List::new() }, Some(Invalid::Algorithm)),
        (
            "SHA-1",
            List { inner_algorithm: sha1.clone(), outer_algorithm: sha1, ..List::new() },
            Some(Invalid::Algorithm),
        ),
        ("no nextUpdate", List { next_update: vec![], ..List::new() }, Some(Invalid::Validity)),
        ("nextUpdate first", List { next_update: utc(YESTERDAY), ..List::new() }, Some(Invalid::Validity)),
        ("CRL number", List::numbered(&[1, 2]), None),
        ("long number", List::numbered(&[1; 21]), Some(Invalid::Der)),
        ("key identifier", List::new().extended("2.5.29.35", false, &sequence(&[])), None),
        ("unknown extension", List::new().extended("1.2.3.4", false, b"?"), None),
        ("unknown critical", List::new().extended("1.2.3.4", true, b"?"), Some(Invalid::CriticalExtension)),
        (
            "extension twice",
            List::new().extended("1.2.3", false, b"").extended("1.2.3", false, b""),
            Some(Invalid::Der),
        ),
        ("delta", List::new().extended("2.5.29.27", true, &tlv(2, &[1])), Some(Invalid::Delta)),
        ("users only", idp(&tlv(0x81, &[0xff])), None),
        ("authorities only", idp(&tlv(0x82, &[0xff])), None),
        ("both only", idp(&[tlv(0x81, &[0xff]), tlv(0x82, &[0xff])].concat()), Some(Invalid::Partial)),
        ("some reasons", idp(&tlv(0x83, &[1, 0x40])), Some(Invalid::Partial)),
        ("indirect", idp(&tlv(0x84, &[0xff])), Some(Invalid::Indirect)),
        ("attribute certificates", idp(&tlv(0x85, &[0xff])), Some(Invalid::Partial)),
        ("unknown scope", idp(&tlv(0x86, &[0xff])), Some(Invalid::Der)),
        ("entry of another issuer", List::new().with(&[1], &[other_issuer]), Some(Invalid::Indirect)),
        (
            "unknown critical in an entry",
            List::new().with(&[1], &[extension("1.2.3.4", true, b"?")]),
            Some(Invalid::CriticalExtension),
        ),
        ("unknown in an entry", List::new().with(&[1], &[extension("1.2.3.4", false, b"?")]), None),
        (
            "invalidity date",
            List::new().with(&[1], &[extension("2.5.29.24", false, &generalized(NOW))]),
            None,
        ),
        (
            "reason of two bytes",
            List::new().with(&[1], &[extension("2.5.29.21", false, &[10, 2, 1, 1])]),
            None,
        ),
        (
            "reason that is none",
            List::new().with(&[1], &[extension("2.5.29.21", false, &[2, 1, 1])]),
            Some(Invalid::Der),
        ),
    ];
    let qtsp = qtsp();
    for (what, list, expected) in table {
        assert_eq!(read(&list, &qtsp).err(), expected, "{what}");
    }
}

#[test]
fn only_the_issuer_itself_signs_its_list() {
    use InvalidCrl as Invalid;
    let ours = qtsp();
    let same_name = qtsp();
    let not_for_lists = Authority::new("Test QTSP", &[Ku::KeyCertSign]);
    let for_anything = Authority::new("Test QTSP", &[]);
    let list = List::new().with(&[7], &[]);
    let verify = |der: &[u8], issuer: &Authority| {
        UnverifiedCrl::parse(der, MAX).unwrap().verify(&issuer.issuer()).err()
    };
    let genuine = list.der(&ours);
    assert_eq!(verify(&genuine, &ours), None);
    assert_eq!(verify(&list.der(&same_name), &ours), Some(Invalid::Signature), "other key, same name");
    assert_eq!(verify(&list.der(&Authority::new("Other", &[])), &ours), Some(Invalid::OtherIssuer));
    assert_eq!(verify(&list.der(&not_for_lists), &not_for_lists), Some(Invalid::KeyUsage));
    assert_eq!(verify(&list.der(&for_anything), &for_anything), None);
    let stranger = Authority::new("Other", &[]);
    assert_eq!(verify(&list.der_in_the_name_of(&ours.name(), &stranger), &ours), Some(Invalid::Signature));
    // The entry that revokes serial number 7 made into one for 8.
    let mut changed = genuine;
    replace(&mut changed, &[2, 1, 7, 0x17], &[2, 1, 8, 0x17]);
    assert_eq!(verify(&changed, &ours), Some(Invalid::Signature));
}

#[test]
fn a_list_speaks_only_for_the_certificates_in_its_scope() {
    const HERE: &str = "http://crl.example/1.crl";
    let qtsp = qtsp();
    let at = |uri: &'static str| {
        qtsp.issue_with(&[7], |params| {
            params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![uri.to_owned()] }];
        })
    };
    let scope =
        |fields: &[Vec<u8>]| List::new().with(&[7], &[]).extended("2.5.29.28", true, &sequence(fields));
    let point = tlv(0xa0, &tlv(0xa0, &tlv(0x86, HERE.as_bytes())));
    let relative = tlv(0xa0, &tlv(0xa1, &[]));
    let authority = qtsp.issue_with(&[7], |params| {
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    let (here, there, nowhere) = (at(HERE), at("http://crl.example/2.crl"), qtsp.issue(&[7]));
    let table = [
        (scope(std::slice::from_ref(&point)), [true, false, false, false]),
        (scope(&[relative]), [false, false, false, false]),
        (scope(&[tlv(0x81, &[0xff])]), [true, true, true, false]),
        (scope(&[tlv(0x82, &[0xff])]), [false, false, false, true]),
        (scope(&[point, tlv(0x81, &[0xff])]), [true, false, false, false]),
        (scope(&[]), [true, true, true, true]),
        (List::new().with(&[7], &[]), [true, true, true, true]),
    ];
    for (row, (list, expected)) in table.into_iter().enumerate() {
        let crl = read(&list, &qtsp).unwrap();
        let covered = [&here, &there, &nowhere, &authority]
            .map(|candidate| crl.evidence(candidate, instant(NOW)).is_some());
        assert_eq!(covered, expected, "row {row}");
    }
}

#[test]
fn a_list_from_the_future_is_no_evidence_and_an_old_one_is_old_evidence() {
    let qtsp = qtsp();
    let candidate = qtsp.issue(&[7]);
    let crl = read(&List::new(), &qtsp).unwrap();
    let at = |text| crl.evidence(&candidate, instant(text));
    assert_eq!(at("2026-11-21T11:54:59Z"), None);
    assert!(at("2026-11-21T11:55:00Z").is_some(), "within the tolerance of clocks");
    assert!(at("2026-11-23T11:59:59Z").unwrap().is_fresh(instant("2026-11-23T11:59:59Z")));
    assert!(!at(TOMORROW).unwrap().is_fresh(instant(TOMORROW)));
}

#[test]
fn an_older_list_is_known_by_its_number_or_else_by_its_date() {
    let qtsp = qtsp();
    let read = |list: &List| read(list, &qtsp).unwrap();
    let later = |list: List| List { this_update: utc(NOW), ..list };
    let table = [
        (List::numbered(&[1]), List::numbered(&[2]), true),
        (List::numbered(&[2]), List::numbered(&[2]), false),
        (List::numbered(&[0, 0xff]), List::numbered(&[1, 0]), true),
        (later(List::numbered(&[1])), List::numbered(&[2]), true),
        (List::new(), later(List::new()), true),
        (later(List::new()), List::new(), false),
        (List::numbered(&[9]), later(List::new()), true),
    ];
    for (row, (first, second, expected)) in table.iter().enumerate() {
        assert_eq!(read(first).is_older_than(&read(second)), *expected, "row {row}");
    }
}

#[test]
fn a_list_rolls_back_only_one_of_its_issuer_and_scope() {
    let (ours, other) = (qtsp(), Authority::new("Other", &[]));
    let parse = |list: &List, authority| UnverifiedCrl::parse(&list.der(authority), MAX).unwrap();
    let (old, new) = (List::numbered(&[1]), List::numbered(&[2]));
    let authorities = List::numbered(&[2]).extended("2.5.29.28", true, &sequence(&[tlv(0x82, &[0xff])]));
    let table = [
        (parse(&old, &ours), parse(&new, &ours), true),
        (parse(&new, &ours), parse(&old, &ours), false),
        (parse(&old, &ours), parse(&old, &ours), false),
        (parse(&old, &ours), parse(&new, &other), false),
        (parse(&old, &ours), parse(&authorities, &ours), false),
    ];
    for (row, (list, held, expected)) in table.into_iter().enumerate() {
        assert_eq!(list.would_roll_back(&held), expected, "row {row}");
    }
}

#[test]
fn a_list_comes_in_der_or_in_pem_and_not_beyond_a_size() {
    let qtsp = qtsp();
    let der = List::new().der(&qtsp);
    let pem = der::pem::encode_string("X509 CRL", der::pem::LineEnding::LF, &der).unwrap();
    let verify = |bytes: &[u8], max| UnverifiedCrl::parse(bytes, max)?.verify(&qtsp.issuer()).map(drop);
    assert_eq!(verify(&der, der.len()), Ok(()));
    assert_eq!(verify(&der, der.len() - 1), Err(InvalidCrl::TooLarge));
    assert_eq!(verify(pem.as_bytes(), MAX), Ok(()));
    assert_eq!(verify(b"-----BEGIN X509 CRL-----\n????", MAX), Err(InvalidCrl::Pem));
    assert_eq!(verify(b"-----BEGIN CERTIFICATE-----", MAX), Err(InvalidCrl::Pem));
    for broken in [vec![], vec![0x30], vec![0x30, 0], [der.clone(), vec![0]].concat(), der[..40].to_vec()] {
        assert_eq!(verify(&broken, MAX), Err(InvalidCrl::Der));
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..256)) {
        let _ = UnverifiedCrl::parse(&bytes, MAX);
    }

    #[test]
    fn a_list_with_any_byte_changed_is_refused(at in 0_usize..400, to in proptest::num::u8::ANY) {
        let qtsp = QTSP.get_or_init(qtsp);
        let der = LIST.get_or_init(|| List::numbered(&[1]).with_reason(&[7], 1).der(qtsp));
        let mut changed = der.clone();
        let at = at % changed.len();
        changed[at] = to;
        if changed != *der {
            let read = UnverifiedCrl::parse(&changed, MAX).and_then(|crl| crl.verify(&qtsp.issuer()));
            proptest::prop_assert!(read.is_err());
        }
    }
}

static QTSP: std::sync::OnceLock<Authority> = std::sync::OnceLock::new();
static LIST: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
