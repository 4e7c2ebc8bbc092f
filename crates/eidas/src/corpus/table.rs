//! The odd certificates and their verdicts.

use rcgen::{ExtendedKeyUsagePurpose as Eku, KeyUsagePurpose as Ku};

use super::{almost_correct, broken as broken_files};
use crate::Kind;
use crate::testing::{self as der, Key, Leaf, TestCa, at, oid, sequence, utf8};

/// The names of all departures.
pub(super) const DEPARTURES: &[&str] = &[
    "statements_nested",
    "statement_bare",
    "statement_repeated",
    "compliance_value",
    "qc_type_bare",
    "qc_type_as_statement",
    "qc_type_several",
    "licence_nested",
    "licence_flat",
    "explicit_tag",
    "member_order",
    "nca_name_missing",
    "nca_id_prefix",
    "nca_id_part",
    "roles_set",
    "roles_flat",
    "roles_nested",
    "role_order",
    "role_name_missing",
    "role_name",
    "role_oid",
    "text_type",
    "text_encoding",
    "whitespace",
    "letter_case",
    "dash",
    "organization_identifier_several",
];

/// What a file holds.
pub(super) enum Made {
    /// A certificate, or what is to pass for one.
    Der(Vec<u8>),
    /// A text as it is.
    Text(String),
}

/// One file of the corpus.
pub(super) struct Odd {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// `ok`, or the rule that is broken.
    pub(super) strict: &'static str,
    /// `ok` and the departures taken, or the rule that is broken.
    pub(super) lenient: &'static str,
    pub(super) oddity: Oddity,
}

pub(super) enum Oddity {
    /// A certificate in order, changed.
    Leaf(fn(&mut Leaf)),
    /// A QWAC in order, its bytes changed after it was signed.
    Bytes(fn(&mut Vec<u8>)),
    /// A file of its own.
    File(fn() -> Made),
}

impl Odd {
    pub(super) fn make(&self, issuer: &TestCa) -> Made {
        let mut leaf = match self.kind {
            Kind::Qwac => Leaf::qwac(),
            Kind::Qseal => Leaf::qseal(),
        };
        leaf.not_after = at("2046-01-01T00:00:00Z");
        match self.oddity {
            Oddity::Leaf(change) => {
                change(&mut leaf);
                Made::Der(issuer.issue(&leaf))
            }
            Oddity::Bytes(change) => {
                let mut der = issuer.issue(&leaf);
                change(&mut der);
                Made::Der(der)
            }
            Oddity::File(make) => make(),
        }
    }
}

pub(super) const WEB: &str = "0.4.0.1862.1.6.3";
pub(super) const SEAL: &str = "0.4.0.1862.1.6.2";
pub(super) const SIGN: &str = "0.4.0.1862.1.6.1";
pub(super) const PI: &str = "0.4.0.19495.1.2";
pub(super) const AI: &str = "0.4.0.19495.1.3";

pub(super) fn compliance() -> Vec<u8> {
    sequence(&[oid("0.4.0.1862.1.1")])
}

pub(super) fn qc_type(content: &[u8]) -> Vec<u8> {
    sequence(&[oid("0.4.0.1862.1.6"), content.to_vec()])
}

pub(super) fn web() -> Vec<u8> {
    qc_type(&sequence(&[oid(WEB)]))
}

pub(super) fn psd2(content: &[Vec<u8>]) -> Vec<u8> {
    sequence(&[oid("0.4.0.19495.2"), sequence(content)])
}

pub(super) fn role(id: &str, name: &str) -> Vec<u8> {
    sequence(&[oid(id), utf8(name)])
}

pub(super) fn pi() -> Vec<u8> {
    role(PI, "PSP_PI")
}

pub(super) fn name() -> Vec<u8> {
    utf8("Autorité d'essai")
}

pub(super) fn id() -> Vec<u8> {
    utf8("FR-ACPR")
}

pub(super) fn licence() -> Vec<u8> {
    psd2(&[sequence(&[pi()]), name(), id()])
}

/// The statements of a QWAC with this PSD2 statement.
pub(super) fn with_psd2(statement: Vec<u8>) -> Vec<u8> {
    sequence(&[compliance(), web(), statement])
}

/// The statements of a QWAC with these members of the PSD2 statement.
pub(super) fn with(members: &[Vec<u8>]) -> Vec<u8> {
    with_psd2(psd2(members))
}

pub(super) fn with_roles(roles: &[Vec<u8>]) -> Vec<u8> {
    with(&[sequence(roles), name(), id()])
}

pub(super) fn with_name(name: Vec<u8>) -> Vec<u8> {
    with(&[sequence(&[pi()]), name, id()])
}

pub(super) fn with_id(id: Vec<u8>) -> Vec<u8> {
    with(&[sequence(&[pi()]), name(), id])
}

pub(super) fn standard(types: &[&str], roles: &[&str], nca_id: &str) -> Vec<u8> {
    der::qc_statements(true, types, Some((roles, nca_id)))
}

/// All files, in the order of the table.
pub(super) fn all() -> Vec<Odd> {
    let mut all = in_order();
    all.extend(almost_correct::statements());
    all.extend(almost_correct::licences());
    all.extend(almost_correct::texts());
    all.extend(broken_files::certificates());
    all.extend(broken_files::keys());
    all.extend(broken_files::usages());
    all.extend(broken_files::statements());
    all.extend(broken_files::unreadable_statements());
    all.extend(broken_files::subjects());
    all.extend(broken_files::no_certificates());
    all
}

pub(super) fn leaf(
    kind: Kind,
    name: &'static str,
    strict: &'static str,
    lenient: &'static str,
    change: fn(&mut Leaf),
) -> Odd {
    Odd { name, kind, strict, lenient, oddity: Oddity::Leaf(change) }
}

pub(super) fn qwac(
    name: &'static str,
    strict: &'static str,
    lenient: &'static str,
    change: fn(&mut Leaf),
) -> Odd {
    leaf(Kind::Qwac, name, strict, lenient, change)
}

pub(super) fn qseal(
    name: &'static str,
    strict: &'static str,
    lenient: &'static str,
    change: fn(&mut Leaf),
) -> Odd {
    leaf(Kind::Qseal, name, strict, lenient, change)
}

/// Broken in both readings.
pub(super) fn broken(name: &'static str, rule: &'static str, change: fn(&mut Leaf)) -> Odd {
    qwac(name, rule, rule, change)
}

pub(super) fn bytes(name: &'static str, rule: &'static str, change: fn(&mut Vec<u8>)) -> Odd {
    Odd { name, kind: Kind::Qwac, strict: rule, lenient: rule, oddity: Oddity::Bytes(change) }
}

pub(super) fn text(name: &'static str, make: fn() -> Made) -> Odd {
    let rule = "certificate.pem";
    Odd { name, kind: Kind::Qwac, strict: rule, lenient: rule, oddity: Oddity::File(make) }
}

fn in_order() -> Vec<Odd> {
    vec![
        qwac("qwac", "ok", "ok", |_| {}),
        qseal("qseal", "ok", "ok", |_| {}),
        qwac("qwac_rsa_2048", "ok", "ok", |l| l.key = Key::FakeRsa(2048)),
        qwac("qwac_rsa_8192", "ok", "ok", |l| l.key = Key::FakeRsa(8192)),
        qwac("qwac_p384", "ok", "ok", |l| l.key = Key::P384),
        qwac("qwac_without_ext_key_usage", "ok", "ok", |l| l.extended_key_usages = vec![]),
        qwac("qwac_key_encipherment_too", "ok", "ok", |l| l.key_usages.push(Ku::KeyEncipherment)),
        qwac("qwac_only_account_information", "ok", "ok", |l| {
            l.qc_statements = Some(standard(&[WEB], &[AI], "FR-ACPR"));
        }),
        qwac("qwac_unknown_role_too", "ok", "ok", |l| {
            l.qc_statements = Some(with_roles(&[role("0.4.0.19495.1.9", "PSP_CB"), pi()]));
        }),
        qwac("qwac_german", "ok", "ok", |l| {
            l.organization_identifiers = vec!["PSDDE-BAFIN-1.2/3+4_5-6"];
            l.qc_statements = Some(standard(&[WEB], &[PI], "DE-BAFIN"));
        }),
        qwac("statements_in_another_order", "ok", "ok", |l| {
            l.qc_statements = Some(sequence(&[licence(), web(), compliance()]));
        }),
        qwac("other_statements_too", "ok", "ok", |l| {
            let pds = sequence(&[oid("0.4.0.1862.1.5"), sequence(&[utf8("https://qtsp.example/pds")])]);
            let sscd = sequence(&[oid("0.4.0.1862.1.4")]);
            l.qc_statements = Some(sequence(&[compliance(), pds, sscd, web(), licence()]));
        }),
        qseal("qseal_seals_only", "ok", "ok", |l| l.key_usages = vec![Ku::ContentCommitment]),
        qseal("qseal_signs_only", "ok", "ok", |l| l.key_usages = vec![Ku::DigitalSignature]),
        qseal("qseal_for_mail", "ok", "ok", |l| l.extended_key_usages = vec![Eku::EmailProtection]),
    ]
}
