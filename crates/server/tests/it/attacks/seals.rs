//! `QSealCs` that are not what they seem, registered as the seal of a PISP where everything else is in order.

use eidas::{Kind, QcType, Role};
use rcgen::{BasicConstraints, CustomExtension, IsCa, KeyPair, KeyUsagePurpose as Ku};
use sandbox::pki::{Ca, CertifiedKey, TppProfile, Validity};
use server::app::Clock as _;

use super::{
    certificates::{REVOKED, with_revocation},
    check, check_alive, forge,
};
use crate::harness::{Guichet, PISP, seal_certificate};

/// Checks that nothing signed with this seal is taken, and what is said of it.
async fn check_refused(guichet: &Guichet, what: &str, qseal: &CertifiedKey, rule: &str) {
    guichet.change_tpp(PISP, |tpp| tpp.seal_certificates = vec![seal_certificate(qseal)]).await;
    let keys = guichet.pki.tpp(PISP).unwrap();
    let pisp = guichet.caller(Some(&keys.qwac), qseal, PISP);
    let token = pisp.token().await;
    let call = pisp.post(&token, &guichet.body()).sign(&pisp.seal);
    check(guichet, &pisp, vec![(what, call, 401, "BE05", rule)]).await;
}

#[tokio::test]
async fn a_certificate_that_is_no_qsealc_is_refused_by_the_rule_it_breaks() {
    let guichet = Guichet::start().await;
    let now = guichet.clock.now();
    let qtsp = guichet.pki.qtsp();
    let good = forge::profile(&guichet, Kind::Qseal, PISP);
    let changed = |change: fn(&mut TppProfile)| forge::qtsp_issued(&guichet, Kind::Qseal, PISP, change);
    let dated =
        |validity| forge::qtsp_issued(&guichet, Kind::Qseal, PISP, |profile| profile.validity = validity);
    fn statements(profile: &mut TppProfile) -> &mut eidas::QcStatements {
        profile.qc_statements.as_mut().unwrap()
    }
    let tomorrow =
        Validity { not_before: now + jiff::SignedDuration::from_hours(24), ..Validity::days_from(now, 30) };
    let own = Ca::create("Attacker's authority", Validity::days_from(now, 30)).unwrap();
    let trusted_name = qtsp.anchors().unwrap().ders()[0].clone();
    let trusted_name = eidas::Certificate::parse(&trusted_name).unwrap().common_name().unwrap().to_owned();
    let same_name = Ca::create(&trusted_name, Validity::days_from(now, 30)).unwrap();
    let authority = forge::issued(qtsp, &good, &rcgen::PKCS_ECDSA_P256_SHA256, |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    let unknown = forge::issued(qtsp, &good, &rcgen::PKCS_ECDSA_P256_SHA256, |params| {
        let mut unknown = CustomExtension::from_oid_content(&[1, 2, 3, 4, 5], vec![5, 0]);
        unknown.set_criticality(true);
        params.custom_extensions.push(unknown);
    });
    // Nobody has the private key of these; the signature is made with another one.
    let any_key = KeyPair::generate().unwrap();
    let weak = |bits| {
        let der = forge::issued_for(qtsp, &good, &forge::FakeRsa::of_bits(bits));
        CertifiedKey::new(der, &any_key)
    };
    let sha1 = forge::patched(
        qtsp,
        &good.params().unwrap(),
        (&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2], &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1]),
    );
    let own_seal = own.issue_tpp(&good).unwrap();
    let untrusted = "was not issued by an authority that this bank trusts";
    let table = [
        ("expired", dated(Validity::expired(now, 365, 1)), "(RFC 5280, 4.1.2.5)"),
        ("not yet valid", dated(tomorrow), "(RFC 5280, 4.1.2.5)"),
        ("a QWAC", guichet.pki.tpp(PISP).unwrap().qwac.clone(), "QcType must be eSeal"),
        (
            "of type web",
            changed(|profile| statements(profile).types = vec![QcType::Web]),
            "QcType must be eSeal",
        ),
        (
            "for signatures of people",
            changed(|profile| statements(profile).types = vec![QcType::ESign]),
            "QcType must be eSeal",
        ),
        (
            "not qualified",
            changed(|profile| statements(profile).compliance = false),
            "no QcCompliance statement",
        ),
        ("without statements", changed(|profile| profile.qc_statements = None), "no QcCompliance statement"),
        ("without a licence", changed(|profile| statements(profile).psd2 = None), "no PSD2 statement"),
        (
            "of account information",
            changed(|profile| {
                statements(profile).psd2.as_mut().unwrap().roles = vec![Role::AccountInformation];
            }),
            "does not state the role PSP_PI",
        ),
        (
            "for a key that must not sign",
            changed(|profile| profile.key_usages = vec![Ku::KeyEncipherment]),
            "keyUsage must allow digitalSignature or nonRepudiation",
        ),
        (
            "of another provider",
            forge::qtsp_issued(&guichet, Kind::Qseal, "PSDFR-ACPR-77777", |_| {}),
            "of another organisation than the QWAC",
        ),
        (
            "of a Cyrillic letter",
            changed(|profile| profile.organization_identifier = Some("PSDFR-\u{410}CPR-12345".to_owned())),
            "organizationIdentifier",
        ),
        ("of an RSA key of 1024 bits", weak(1_024), "key must be RSA of 2048 to 8192 bits"),
        ("of an RSA key of 512 bits", weak(512), "key must be RSA of 2048 to 8192 bits"),
        ("of an RSA key without end", weak(16_384), "key must be RSA of 2048 to 8192 bits"),
        ("with a signature of SHA-1", sha1, "(ETSI TS 119 312)"),
        ("an authority's", authority, "RFC 5280"),
        ("with a critical extension that nobody knows", unknown, "critical extension that is not supported"),
        ("of his own authority", own_seal, untrusted),
        ("of an authority of the same name", same_name.issue_tpp(&good).unwrap(), "does not verify"),
    ];
    for (what, qseal, rule) in table {
        check_refused(&guichet, what, &qseal, rule).await;
    }
    let own = seal_certificate(&guichet.pki.tpp(PISP).unwrap().qseal);
    guichet.change_tpp(PISP, |tpp| tpp.seal_certificates = vec![own]).await;
    check_alive(&guichet, &guichet.pisp(PISP)).await;
}

#[tokio::test]
async fn a_revoked_seal_signs_nothing_for_anybody() {
    let guichet = with_revocation().await;
    let revoked = guichet.pki.tpp(REVOKED).unwrap().qseal.clone();
    check_refused(&guichet, "revoked", &revoked, "was revoked by its issuer").await;
}

#[tokio::test]
async fn a_bad_seal_beside_a_good_one_neither_helps_nor_hurts() {
    let guichet = Guichet::start().await;
    let good = guichet.pki.tpp(PISP).unwrap();
    let own = Ca::create("Attacker's authority", Validity::days_from(guichet.clock.now(), 30)).unwrap();
    let bad = own.issue_tpp(&forge::profile(&guichet, Kind::Qseal, PISP)).unwrap();
    let both = vec![seal_certificate(&bad), seal_certificate(&good.qseal)];
    guichet.change_tpp(PISP, |tpp| tpp.seal_certificates = both).await;
    let attacker = guichet.caller(Some(&good.qwac), &bad, PISP);
    let token = attacker.token().await;
    let call = attacker.post(&token, &guichet.body()).sign(&attacker.seal);
    check(&guichet, &attacker, vec![("the bad one", call, 401, "BE05", "does not suit the registered key")])
        .await;
    check_alive(&guichet, &guichet.pisp(PISP)).await;
}
