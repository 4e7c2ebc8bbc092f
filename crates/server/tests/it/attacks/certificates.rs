//! QWACs that are not what they seem.

use eidas::{Kind, QcType, Role};
use payments::institution::CertificateReading;
use rcgen::{BasicConstraints, DnType, ExtendedKeyUsagePurpose as Eku, IsCa, KeyUsagePurpose as Ku};
use rustls_pki_types::CertificateDer;
use sandbox::{
    pki::{Ca, CertifiedKey, PkiOptions, TppProfile, Validity},
    revocation_service::Wish,
};
use server::app::Clock as _;

use super::{ask, check, check_alive, check_answer, check_no_token, forge, handshake, stored::Stored};
use crate::harness::{AUTHORITY, Guichet, HOST, PISP};

/// Who the attacker is where he says the truth.
const ATTACKER: &str = "PSDFR-ACPR-77777";

#[tokio::test]
async fn who_shows_a_certificate_that_is_not_valid_does_not_get_through_the_handshake() {
    let guichet = Guichet::start().await;
    let now = guichet.clock.now();
    let qtsp = guichet.pki.qtsp();
    let good = forge::profile(&guichet, Kind::Qwac, PISP);
    let by = |ca: &Ca| ca.issue_tpp(&good).unwrap();
    let with = |change: fn(&mut rcgen::CertificateParams)| {
        forge::issued(qtsp, &good, &rcgen::PKCS_ECDSA_P256_SHA256, change)
    };
    let dated =
        |validity| forge::qtsp_issued(&guichet, Kind::Qwac, PISP, |profile| profile.validity = validity);
    let tomorrow =
        Validity { not_before: now + jiff::SignedDuration::from_hours(24), ..Validity::days_from(now, 30) };
    // The name of the trusted authority with another key, and any other name.
    let own = Ca::create("Attacker's authority", Validity::days_from(now, 30)).unwrap();
    let trusted_name = qtsp.der().as_ref().to_vec();
    let trusted_name = eidas::Certificate::parse(&trusted_name).unwrap().common_name().unwrap().to_owned();
    let same_name = Ca::create(&trusted_name, Validity::days_from(now, 30)).unwrap();
    let in_his_own_name = rcgen_self_signed(&good);
    // A provider's certificate used as an authority's (RFC 5280, 4.2.1.9).
    let (leaf, below_leaf) = below_a_leaf(&guichet, &good);
    let sha1 = forge::patched(qtsp, &good.params().unwrap(), (ECDSA_SHA256, ECDSA_SHA1));
    let bent = by(qtsp);
    let mut bent_der = bent.der().to_vec();
    *bent_der.last_mut().unwrap() ^= 1;
    let own_with_chain = by(&own);
    let same_name_issued = by(&same_name);
    let alone = |issued: &CertifiedKey| (vec![issued.der().clone()], issued.key_der());
    let table = [
        ("expired", alone(&dated(Validity::expired(now, 365, 1)))),
        ("not yet valid", alone(&dated(tomorrow))),
        ("of his own authority", alone(&own_with_chain)),
        (
            "of his own authority, with it",
            (vec![own_with_chain.der().clone(), own.der().clone()], own_with_chain.key_der()),
        ),
        ("of an authority of the same name", alone(&same_name_issued)),
        (
            "of an authority of the same name, with the true one",
            (vec![same_name_issued.der().clone(), qtsp.der().clone()], same_name_issued.key_der()),
        ),
        ("signed by himself", alone(&in_his_own_name)),
        (
            "below a provider's certificate",
            (vec![below_leaf.der().clone(), leaf.der().clone()], below_leaf.key_der()),
        ),
        ("with a signature of SHA-1", alone(&sha1)),
        ("with a signature that does not verify", (vec![CertificateDer::from(bent_der)], bent.key_der())),
        ("an authority's", alone(&with(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)))),
        ("for servers only", alone(&with(|params| params.extended_key_usages = vec![Eku::ServerAuth]))),
        ("for signing code", alone(&with(|params| params.extended_key_usages = vec![Eku::CodeSigning]))),
    ];
    let before = Stored::read(&guichet);
    for (what, (chain, key)) in table {
        let answer = handshake::answer_to(&guichet, chain, key).await;
        assert_eq!(answer, "", "{what}");
        before.check_unchanged(&guichet, what);
    }
    // The same with nothing wrong gets an answer.
    let (chain, key) = alone(&by(qtsp));
    assert!(handshake::answer_to(&guichet, chain, key).await.starts_with("HTTP/1.1 405 "));
    check_alive(&guichet, &guichet.pisp(PISP)).await;
}

/// ecdsa-with-SHA256 and ecdsa-with-SHA1 (RFC 5758, 3.2; RFC 3279, 2.2.3), made the same length.
const ECDSA_SHA256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const ECDSA_SHA1: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1];

fn rcgen_self_signed(profile: &TppProfile) -> CertifiedKey {
    let key = rcgen::KeyPair::generate().unwrap();
    CertifiedKey::new(profile.params().unwrap().self_signed(&key).unwrap().der().clone(), &key)
}

/// A provider's own certificate, and one that the provider issued.
fn below_a_leaf(guichet: &Guichet, profile: &TppProfile) -> (CertifiedKey, CertifiedKey) {
    let leaf_profile = forge::profile(guichet, Kind::Qwac, ATTACKER);
    let key = rcgen::KeyPair::generate().unwrap();
    let params = leaf_profile.params().unwrap();
    let leaf = params.signed_by(&key, guichet.pki.qtsp().issuer()).unwrap();
    let leaf = CertifiedKey::new(leaf.der().clone(), &key);
    let issuer = rcgen::Issuer::new(params, key);
    let below_key = rcgen::KeyPair::generate().unwrap();
    let below = profile.params().unwrap().signed_by(&below_key, &issuer).unwrap();
    (leaf, CertifiedKey::new(below.der().clone(), &below_key))
}

/// Checks what the bearer of a certificate is told at both endpoints: the same rule.
///
/// A token that was given to just this certificate shows that it is the certificate that is refused.
async fn check_refused(guichet: &Guichet, what: &str, qwac: &CertifiedKey, rule: &str) {
    let secret = format!("a token of: {what}");
    guichet.give_token(&secret, PISP, qwac).await;
    let qseal = &guichet.pki.tpp(PISP).unwrap().qseal;
    let attacker = guichet.caller(Some(qwac), qseal, PISP);
    let before = Stored::read(guichet);
    let answer = attacker.ask_token(HOST, &attacker.token_form()).await;
    check_no_token(what, &answer, (401, "invalid_client", rule));
    let post = attacker.post(&secret, &guichet.body());
    let read = attacker.get(&secret, "/stet/psd2/v1/payment-requests/0000000001-177244293000011234567890");
    for call in [post, read] {
        let answer = attacker.sign_and_send(call).await;
        check_answer(guichet, what, &answer, (401, "BE05", rule)).await;
    }
    before.check_unchanged(guichet, what);
}

#[tokio::test]
async fn a_certificate_that_is_no_qwac_is_refused_by_the_rule_it_breaks() {
    let guichet = Guichet::start().await;
    let qtsp = guichet.pki.qtsp();
    let changed = |change: fn(&mut TppProfile)| forge::qtsp_issued(&guichet, Kind::Qwac, PISP, change);
    let keyed =
        |algorithm| forge::issued(qtsp, &forge::profile(&guichet, Kind::Qwac, PISP), algorithm, |_| {});
    fn statements(profile: &mut TppProfile) -> &mut eidas::QcStatements {
        profile.qc_statements.as_mut().unwrap()
    }
    let table = [
        ("a QSealC", guichet.pki.tpp(PISP).unwrap().qseal.clone(), "QcType must be web"),
        (
            "of type seal",
            changed(|profile| statements(profile).types = vec![QcType::ESeal]),
            "QcType must be web",
        ),
        ("of no type", changed(|profile| statements(profile).types.clear()), "QcType must be web"),
        (
            "not qualified",
            changed(|profile| statements(profile).compliance = false),
            "no QcCompliance statement",
        ),
        ("without statements", changed(|profile| profile.qc_statements = None), "no QcCompliance statement"),
        ("without a licence", changed(|profile| statements(profile).psd2 = None), "no PSD2 statement"),
        (
            "without a role",
            changed(|profile| statements(profile).psd2.as_mut().unwrap().roles.clear()),
            "none of the roles",
        ),
        (
            "of another authority's licence",
            changed(|profile| statements(profile).psd2.as_mut().unwrap().nca_id = "DE-BAFIN".to_owned()),
            "nCAId is not the authority",
        ),
        ("on a curve that is not taken", keyed(&rcgen::PKCS_ED25519), "key must be RSA of 2048 to 8192 bits"),
        (
            "for a key that must not sign",
            changed(|profile| profile.key_usages = vec![Ku::KeyEncipherment]),
            "keyUsage must allow digitalSignature",
        ),
        (
            "for a key that signs certificates",
            changed(|profile| profile.key_usages = vec![Ku::DigitalSignature, Ku::KeyCertSign]),
            "keyUsage must not allow keyCertSign",
        ),
        ("of nobody", changed(|profile| profile.organization_identifier = None), "no organizationIdentifier"),
    ];
    for (what, qwac, rule) in table {
        check_refused(&guichet, what, &qwac, rule).await;
    }
    check_alive(&guichet, &guichet.pisp(PISP)).await;
}

/// The test TPP whose certificates the test authority has revoked.
pub(super) const REVOKED: &str = "PSDFR-ACPR-33333";

/// A server whose certificates name an authority that says whether they are revoked.
pub(super) async fn with_revocation() -> Guichet {
    let options = PkiOptions { revocation_at: Some(AUTHORITY.parse().unwrap()), ..PkiOptions::default() };
    Guichet::start_with(options, |_| {}).await
}

#[tokio::test]
async fn a_revoked_certificate_does_nothing_whosever_token_it_shows() {
    let guichet = with_revocation().await;
    let qwac = guichet.pki.tpp(REVOKED).unwrap().qwac.clone();
    check_refused(&guichet, "revoked", &qwac, "was revoked by its issuer").await;
    check_alive(&guichet, &guichet.pisp(PISP)).await;
    // What the owner has reported this minute counts on the connections that are open.
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let wish =
        Wish { client_id: Some(PISP.to_owned()), serial: None, reason: Some("keyCompromise".to_owned()) };
    guichet.network.authority().revoke(&wish, guichet.clock.now()).unwrap();
    guichet.app.revocation.examine_all().await;
    let call = pisp.post(&token, &guichet.body()).sign(&pisp.seal);
    check(&guichet, &pisp, vec![("revoked now", call, 401, "BE05", "was revoked by its issuer")]).await;
}

#[tokio::test]
async fn a_subject_that_almost_is_another_is_not_taken_for_it() {
    let with = |text: &str| {
        let text = text.to_owned();
        move |guichet: &Guichet| {
            forge::qtsp_issued(guichet, Kind::Qwac, PISP, |profile| {
                profile.organization_identifier = Some(text);
            })
        }
    };
    let two = |first: &'static str, second: &'static str| {
        move |guichet: &Guichet| {
            let mut profile = forge::profile(guichet, Kind::Qwac, first);
            profile.organization_identifier = Some(first.to_owned());
            let mut params = profile.params().unwrap();
            // rcgen keeps one attribute of a kind: the second takes a placeholder of the same length.
            params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 96]), second);
            forge::patched(guichet.pki.qtsp(), &params, (&[0x55, 4, 96], &[0x55, 4, 97]))
        }
    };
    type Make = Box<dyn Fn(&Guichet) -> CertifiedKey>;
    let texts = [
        ("a Cyrillic letter", "PSDFR-\u{410}CPR-12345"),
        ("a fullwidth digit", "PSDFR-ACPR-1234\u{ff15}"),
        ("an embedded NUL", "PSDFR-ACPR-12345\0.attacker.example"),
        ("an accent that combines", "PSDFR-ACPR\u{301}-12345"),
        ("another attribute in the text", "PSDFR-ACPR-12345,O=Essai Paiement"),
        ("a reversal", "\u{202e}54321-RPCA-RFDSP"),
        ("a VAT number", "VATFR-12345"),
        ("nothing", ""),
        ("far too much", &"PSDFR-ACPR-12345".repeat(30)),
    ];
    let mut table: Vec<(&str, Make)> = Vec::new();
    for (what, text) in texts {
        let with = with(text);
        table.push((what, Box::new(move |guichet| with.clone()(guichet))));
    }
    table.push(("two identifiers, the victim's first", Box::new(two(PISP, ATTACKER))));
    table.push(("two identifiers, the victim's last", Box::new(two(ATTACKER, PISP))));
    for reading in [CertificateReading::Strict, CertificateReading::Lenient] {
        let guichet = Guichet::start_with(PkiOptions::default(), |institution| {
            institution.settings.certificate_reading = reading;
        })
        .await;
        for (what, make) in &table {
            check_refused(&guichet, what, &make(&guichet), "organizationIdentifier").await;
        }
        check_alive(&guichet, &guichet.pisp(PISP)).await;
    }
}

#[tokio::test]
async fn nobody_becomes_another_by_what_else_his_certificate_says() {
    let guichet = Guichet::start().await;
    let victims_host = guichet.pki.tpp(PISP).unwrap().qwac.certificate().unwrap().dns_names()[0].clone();
    let attackers = |change: fn(&mut TppProfile, &str)| {
        let host = victims_host.clone();
        forge::qtsp_issued(&guichet, Kind::Qwac, ATTACKER, move |profile| change(profile, &host))
    };
    let table = [
        ("nothing", attackers(|_, _| {})),
        ("the victim's common name", attackers(|profile, host| host.clone_into(&mut profile.common_name))),
        ("its number as common name", attackers(|profile, _| PISP.clone_into(&mut profile.common_name))),
        (
            "its number as organisation",
            attackers(|profile, _| PISP.clone_into(&mut profile.organization_name)),
        ),
        (
            "its number behind a comma",
            attackers(|profile, _| {
                "Attacker, organizationIdentifier=PSDFR-ACPR-12345"
                    .clone_into(&mut profile.organization_name);
            }),
        ),
        (
            "its host as alternative name",
            attackers(|profile, host| profile.dns_names.insert(0, host.to_owned())),
        ),
        ("the bank's host", attackers(|profile, _| profile.dns_names.insert(0, HOST.to_owned()))),
        ("every host", attackers(|profile, _| profile.dns_names.insert(0, "*".to_owned()))),
        ("its number as host", attackers(|profile, _| profile.dns_names = vec![PISP.to_ascii_lowercase()])),
    ];
    let qseal = &guichet.pki.tpp(PISP).unwrap().qseal;
    for (what, qwac) in table {
        let secret = format!("a token that was given to: {what}");
        guichet.give_token(&secret, PISP, &qwac).await;
        let attacker = guichet.caller(Some(&qwac), qseal, PISP);
        let before = Stored::read(&guichet);
        let answer = attacker.send(ask(&attacker.token_form())).await;
        check_no_token(what, &answer, (401, "invalid_client", "is not the one of the certificate"));
        let answer = attacker.sign_and_send(attacker.post(&secret, &guichet.body())).await;
        let rule = (401, "BE05", "given to another organisation");
        check_answer(&guichet, what, &answer, rule).await;
        before.check_unchanged(&guichet, what);
    }
    check_alive(&guichet, &guichet.pisp(PISP)).await;
}

#[tokio::test]
async fn a_certificate_for_another_role_initiates_nothing() {
    let guichet = Guichet::start().await;
    for role in [Role::AccountInformation, Role::AccountServicing, Role::CardIssuing] {
        let qwac = forge::qtsp_issued(&guichet, Kind::Qwac, PISP, |profile| {
            profile.qc_statements.as_mut().unwrap().psd2.as_mut().unwrap().roles = vec![role];
        });
        let secret = format!("a token of {role}");
        guichet.give_token(&secret, PISP, &qwac).await;
        let caller = guichet.caller(Some(&qwac), &guichet.pki.tpp(PISP).unwrap().qseal, PISP);
        let before = Stored::read(&guichet);
        let rule = "does not state the role PSP_PI";
        let answer = caller.ask_token(HOST, &caller.token_form()).await;
        check_no_token(role.code(), &answer, (400, "unauthorized_client", rule));
        let answer = caller.sign_and_send(caller.post(&secret, &guichet.body())).await;
        check_answer(&guichet, role.code(), &answer, (403, "BE05", rule)).await;
        before.check_unchanged(&guichet, role.code());
    }
    check_alive(&guichet, &guichet.pisp(PISP)).await;
}
