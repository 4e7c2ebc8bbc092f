use aws_lc_rs::digest;
use rcgen::{ExtendedKeyUsagePurpose as Eku, KeyUsagePurpose as Ku};

use super::*;
use crate::revocation::testing::{
    Authority, NOW, OcspAnswer, Single, TOMORROW, YESTERDAY, algorithm, extension, generalized, instant,
};

const SERIAL: &[u8] = &[1, 2];

fn qtsp() -> Authority {
    Authority::new("Test QTSP", &[Ku::KeyCertSign])
}

fn ask(der: &[u8], qtsp: &Authority) -> Result<Answer, InvalidAnswer> {
    read(der, &qtsp.issue(SERIAL), &qtsp.issuer(), instant(NOW))
}

fn answer(single: &Single, qtsp: &Authority) -> OcspAnswer {
    OcspAnswer::of(vec![single.der(qtsp)])
}

#[test]
fn an_answer_says_good_revoked_or_unknown() {
    let qtsp = qtsp();
    let at = instant("2026-11-20T09:00:00Z");
    let revoked = |reason| Status::Revoked(Revoked { at, reason });
    let table = [
        (Single::good(SERIAL), Status::Good),
        (Single::unknown(SERIAL), Status::Unknown),
        (Single::revoked(SERIAL, None), revoked(Reason::Unspecified)),
        (Single::revoked(SERIAL, Some(1)), revoked(Reason::KeyCompromise)),
        (Single::revoked(SERIAL, Some(6)), revoked(Reason::CertificateHold)),
        (Single::revoked(SERIAL, Some(99)), revoked(Reason::Other)),
        (Single { hash: ("2.16.840.1.101.3.4.2.1", &digest::SHA256), ..Single::good(SERIAL) }, Status::Good),
    ];
    for (single, expected) in table {
        for by_key in [true, false] {
            let der = OcspAnswer { by_key, ..answer(&single, &qtsp) }.der(&qtsp);
            let evidence = ask(&der, &qtsp).unwrap();
            assert_eq!(evidence.status, expected);
            assert_eq!((evidence.as_of, evidence.until), (instant(YESTERDAY), instant(TOMORROW)));
            assert_eq!(evidence.source, Source::Ocsp);
        }
    }
}

#[test]
fn an_answer_without_next_update_is_fresh_for_an_hour() {
    let qtsp = qtsp();
    let single = Single { next_update: None, this_update: generalized(NOW), ..Single::good(SERIAL) };
    let evidence = ask(&answer(&single, &qtsp).der(&qtsp), &qtsp).unwrap();
    assert_eq!(evidence.until, instant("2026-11-22T13:00:00Z"));
}

#[test]
fn each_rule_for_an_answer_can_be_broken() {
    use InvalidAnswer as Invalid;
    let qtsp = qtsp();
    let good = Single::good(SERIAL);
    let other = Single::good(&[1, 3]);
    let named = |hash| answer(&Single { hash, ..good.clone() }, &qtsp);
    let at = |text| answer(&Single { this_update: generalized(text), ..good.clone() }, &qtsp);
    let critical = |critical| vec![extension("1.2.3.4", critical, b"?")];
    let in_single = |extensions| answer(&Single { extensions, ..good.clone() }, &qtsp);
    let base = answer(&good, &qtsp);
    let wrong_hash = ("1.3.14.3.2.26", &digest::SHA256);
    let unknown_hash = ("2.16.840.1.101.3.4.2.2", &digest::SHA384);
    let of_other_issuer = Single::good(SERIAL).der(&Authority::new("Test QTSP", &[]));
    let table = [
        ("in order", base.clone(), None),
        ("try later", OcspAnswer { status: 3, ..base.clone() }, Some(Invalid::Unsuccessful(3))),
        ("another type", OcspAnswer { response_type: "1.2.3", ..base.clone() }, Some(Invalid::Type)),
        (
            "SHA-1 signature",
            OcspAnswer { algorithm: algorithm("1.2.840.10045.4.1"), ..base.clone() },
            Some(Invalid::Algorithm),
        ),
        (
            "another algorithm than it was made with",
            OcspAnswer { algorithm: algorithm("1.2.840.10045.4.3.3"), ..base.clone() },
            Some(Invalid::Signature),
        ),
        ("other serial number", answer(&other, &qtsp), Some(Invalid::OtherCertificate)),
        ("about nothing", OcspAnswer::of(vec![]), Some(Invalid::OtherCertificate)),
        ("other issuer's key", OcspAnswer::of(vec![of_other_issuer]), Some(Invalid::OtherCertificate)),
        ("hashes of another kind", named(wrong_hash), Some(Invalid::OtherCertificate)),
        ("hashes of an unknown kind", named(unknown_hash), Some(Invalid::OtherCertificate)),
        ("among others", OcspAnswer::of(vec![other.der(&qtsp), good.der(&qtsp)]), None),
        ("from the near future", at("2026-11-22T12:05:00Z"), None),
        ("from the future", at("2026-11-22T12:05:01Z"), Some(Invalid::Future)),
        ("unknown extension", OcspAnswer { extensions: critical(false), ..base.clone() }, None),
        (
            "unknown critical extension",
            OcspAnswer { extensions: critical(true), ..base },
            Some(Invalid::CriticalExtension),
        ),
        ("unknown extension of a single", in_single(critical(false)), None),
        ("unknown critical of a single", in_single(critical(true)), Some(Invalid::CriticalExtension)),
    ];
    for (what, answer, expected) in table {
        assert_eq!(ask(&answer.der(&qtsp), &qtsp).err(), expected, "{what}");
    }
}

#[test]
fn the_issuer_answers_or_somebody_it_has_certified_for_that() {
    use InvalidAnswer as Invalid;
    let (qtsp, same_name) = (qtsp(), qtsp());
    let signing: &[Eku] = &[Eku::OcspSigning];
    let now = (2026, 2027);
    let delegate = |authority: &Authority, usages, years| authority.delegate("Responder", usages, years);
    let table = [
        ("delegate", delegate(&qtsp, signing, now), None),
        ("with more usages", delegate(&qtsp, &[Eku::ClientAuth, Eku::OcspSigning], now), None),
        ("for other usages", delegate(&qtsp, &[Eku::ClientAuth], now), Some(Invalid::Delegate)),
        ("for any usage", delegate(&qtsp, &[Eku::Any], now), Some(Invalid::Delegate)),
        ("without usages", delegate(&qtsp, &[], now), Some(Invalid::Delegate)),
        ("expired", delegate(&qtsp, signing, (2024, 2026)), Some(Invalid::Delegate)),
        ("not yet valid", delegate(&qtsp, signing, (2027, 2028)), Some(Invalid::Delegate)),
        ("of another authority", delegate(&same_name, signing, now), Some(Invalid::Delegate)),
        ("self-made", Authority::new("Responder", &[]), Some(Invalid::Delegate)),
        ("of a delegate", delegate(&delegate(&qtsp, signing, now), signing, now), Some(Invalid::Delegate)),
    ];
    let base = answer(&Single::revoked(SERIAL, None), &qtsp);
    for (what, responder, expected) in table {
        for by_key in [true, false] {
            let base = OcspAnswer { by_key, ..base.clone() };
            let shown = base.clone().showing(&responder).der(&responder);
            assert_eq!(ask(&shown, &qtsp).err(), expected, "{what}");
            assert_eq!(ask(&base.der(&responder), &qtsp), Err(Invalid::Responder), "{what}, not shown");
        }
    }
}

#[test]
fn nobody_else_signs_in_the_name_of_the_issuer_or_of_its_delegate() {
    let (qtsp, stranger) = (qtsp(), Authority::new("Stranger", &[]));
    let delegate = qtsp.delegate("Responder", &[Eku::OcspSigning], (2026, 2027));
    let base = answer(&Single::good(SERIAL), &qtsp).showing(&delegate);
    for claimed in [&qtsp, &delegate] {
        let forged = base.der_in_the_name_of(claimed, &stranger);
        assert_eq!(ask(&forged, &qtsp), Err(InvalidAnswer::Signature));
    }
    // The provider whose certificate is in question answers for itself.
    let provider = qtsp.delegate("tpp.example", &[Eku::ClientAuth], (2026, 2027));
    let itself = answer(&Single::good(SERIAL), &qtsp).showing(&provider).der(&provider);
    assert_eq!(ask(&itself, &qtsp), Err(InvalidAnswer::Delegate));
}

#[test]
fn of_several_statements_the_revocation_counts_or_else_the_newest() {
    let qtsp = qtsp();
    let (good, revoked) = (Single::good(SERIAL), Single::revoked(SERIAL, Some(1)));
    let newer = Single { this_update: generalized(NOW), ..Single::unknown(SERIAL) };
    for singles in [[&good, &revoked, &newer], [&newer, &good, &revoked], [&revoked, &newer, &good]] {
        let der = OcspAnswer::of(singles.map(|single| single.der(&qtsp)).to_vec()).der(&qtsp);
        assert!(matches!(ask(&der, &qtsp).unwrap().status, Status::Revoked(_)));
    }
    for singles in [[&good, &newer], [&newer, &good]] {
        let der = OcspAnswer::of(singles.map(|single| single.der(&qtsp)).to_vec()).der(&qtsp);
        assert_eq!(ask(&der, &qtsp).unwrap().status, Status::Unknown);
    }
}

#[test]
fn what_is_no_answer_is_refused() {
    let qtsp = qtsp();
    let der = answer(&Single::good(SERIAL), &qtsp).der(&qtsp);
    let broken = [vec![], vec![0x30], vec![0x30, 0], [der.clone(), vec![0]].concat(), der[..99].to_vec()];
    for bytes in broken {
        assert_eq!(ask(&bytes, &qtsp), Err(InvalidAnswer::Der));
    }
    assert_eq!(ask(&vec![0; MAX_ANSWER_BYTES + 1], &qtsp), Err(InvalidAnswer::TooLarge));
}

proptest::proptest! {
    #[test]
    fn an_answer_with_any_byte_changed_never_panics_nor_says_more(at in 0_usize..900, to in proptest::num::u8::ANY) {
        let qtsp = QTSP.get_or_init(qtsp);
        let delegate = || qtsp.delegate("Responder", &[Eku::OcspSigning], (2026, 2027));
        let der = ANSWER.get_or_init(|| {
            let delegate = delegate();
            answer(&Single::revoked(SERIAL, Some(1)), qtsp).showing(&delegate).der(&delegate)
        });
        let mut changed = der.clone();
        let at = at % changed.len();
        changed[at] = to;
        if let Ok(evidence) = ask(&changed, qtsp) {
            let revoked = matches!(evidence.status, Status::Revoked(_));
            proptest::prop_assert!(revoked);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..256)) {
        let _ = ask(&bytes, QTSP.get_or_init(qtsp));
    }
}

static QTSP: std::sync::OnceLock<Authority> = std::sync::OnceLock::new();
static ANSWER: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
