use der::asn1::{AnyRef, ObjectIdentifier, Utf8StringRef};
use der::{Decode, Sequence};

use super::read::Understood;
use super::*;
use crate::departure::Departure as D;
use crate::departure::TextField::{NcaId, NcaName, RoleName};
use crate::testing::{oid, sequence, tlv, unhex, utf8};
use crate::text;

fn role(id: &str, name: &str) -> Vec<u8> {
    sequence(&[oid(id), utf8(name)])
}

fn pi() -> Vec<u8> {
    role("0.4.0.19495.1.2", "PSP_PI")
}

fn nca() -> [Vec<u8>; 2] {
    [utf8("Autorité"), utf8("FR-ACPR")]
}

fn licence(roles: &[Vec<u8>], rest: &[Vec<u8>]) -> Vec<u8> {
    sequence(&[vec![sequence(roles)], rest.to_vec()].concat())
}

fn psd2(content: &[u8]) -> Vec<u8> {
    sequence(&[oid("0.4.0.19495.2"), content.to_vec()])
}

fn psd2_statement(roles: &[Vec<u8>], rest: &[Vec<u8>]) -> Vec<u8> {
    psd2(&licence(roles, rest))
}

/// With QcCompliance and a QcType of web before it.
fn with(psd2_statement: Vec<u8>) -> Vec<u8> {
    sequence(&[
        sequence(&[oid("0.4.0.1862.1.1")]),
        sequence(&[oid("0.4.0.1862.1.6"), sequence(&[oid("0.4.0.1862.1.6.3")])]),
        psd2_statement,
    ])
}

fn as_type(tag: u8, text: &str) -> Vec<u8> {
    tlv(tag, text.as_bytes())
}

fn good() -> QcStatements {
    QcStatements {
        compliance: true,
        types: vec![QcType::Web],
        psd2: Some(Psd2Statement {
            roles: vec![Role::PaymentInitiation],
            nca_name: "Autorité".to_owned(),
            nca_id: "FR-ACPR".to_owned(),
        }),
    }
}

#[test]
fn a_qwac_written_out_byte_by_byte_is_read() {
    let hex = "304c\
        3008 0606 04008e460101\
        3013 0606 04008e460106 3009 0607 04008e46010603\
        302b 0606 040081982702 3021 \
            3013 3011 0607 04008198270102 0c06 5053505f5049\
            0c01 41 0c07 46522d41435052";
    let mut expected = good();
    expected.psd2.as_mut().unwrap().nca_name = "A".to_owned();
    let understood = read(&unhex(hex)).unwrap();
    assert_eq!(understood.statements, expected);
    assert_eq!(understood.departures.as_slice(), []);
}

#[test]
fn two_encodings_of_one_licence_that_are_in_use_mean_the_same() {
    // The second has all roles in one RoleOfPSP; a generator of signing requests wrote it for years.
    let standard = "306e3013060604008e4601063009060704008e46010603305706060400819827\
        02304d302630110607040081982701020c065053505f504930110607040081982701030c065053505f\
        41490c1b46696e616e6369616c20436f6e6475637420417574686f726974790c0647422d464341";
    let flat = "306c3013060604008e4601063009060704008e4601060330550606040081982702304b3024302206070\
        40081982701020c065053505f50490607040081982701030c065053505f41490c1b46696e616e6369616c20436f6e\
        6475637420417574686f726974790c0647422d464341";
    let (standard, flat) = (read(&unhex(standard)).unwrap(), read(&unhex(flat)).unwrap());
    assert_eq!(standard.statements, flat.statements);
    assert_eq!(standard.statements.psd2.unwrap().roles, [Role::PaymentInitiation, Role::AccountInformation]);
    assert_eq!(standard.departures.as_slice(), []);
    assert_eq!(flat.departures.as_slice(), [D::RolesFlat]);
    assert_eq!(
        QcStatements::read(&unhex("0500")),
        Err(Fault { at: 0, what: "something else than a SEQUENCE" })
    );
}

#[test]
fn unknown_statements_types_and_roles_are_passed_over() {
    let der = sequence(&[
        sequence(&[oid("0.4.0.1862.1.4")]),
        sequence(&[oid("0.4.0.1862.1.5"), sequence(&[utf8("https://qtsp.example/pds")])]),
        sequence(&[oid("0.4.0.1862.1.6"), sequence(&[oid("1.2.3"), oid("0.4.0.1862.1.6.2")])]),
        psd2_statement(
            &[
                role("1.2.3", "PSP_XX"),
                role("0.4.0.19495.1.3", "PSP_AI"),
                role("0.4.0.19495.1.1", "PSP_AS"),
                role("0.4.0.19495.1.3", "PSP_AI"),
            ],
            &nca(),
        ),
    ]);
    let Understood { statements, departures } = read(&der).unwrap();
    assert!(!statements.compliance);
    assert_eq!(statements.types, [QcType::ESeal]);
    assert_eq!(statements.psd2.unwrap().roles, [Role::AccountInformation, Role::AccountServicing]);
    assert_eq!(departures.as_slice(), []);
}

#[test]
fn departures_of_the_psd2_statement_are_understood_and_named() {
    let set = |items: &[Vec<u8>]| tlv(0x31, &items.concat());
    let explicit = |value: Vec<u8>| tlv(0xa0, &value);
    let bmp: Vec<u8> = "FR-ACPR".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let [name, id] = nca();
    let named = |name: &str| psd2_statement(&[pi()], &[utf8(name), id.clone()]);
    let identified = |id: &str| psd2_statement(&[pi()], &[name.clone(), utf8(id)]);
    let roles = |roles: &[Vec<u8>]| psd2_statement(roles, &nca());
    let pisp = Role::PaymentInitiation;
    let table: Vec<(Vec<u8>, Vec<D>)> = vec![
        (psd2(&licence(&[pi()], &nca())), vec![]),
        (psd2(&sequence(&[licence(&[pi()], &nca())])), vec![D::LicenceNested]),
        (
            sequence(&[oid("0.4.0.19495.2"), sequence(&[pi()]), name.clone(), id.clone()]),
            vec![D::LicenceFlat],
        ),
        (psd2(&explicit(licence(&[pi()], &nca()))), vec![D::ExplicitTag]),
        (psd2(&licence(&[explicit(pi())], &nca())), vec![D::ExplicitTag]),
        (psd2(&licence(&[pi()], &[explicit(name.clone()), id.clone()])), vec![D::ExplicitTag]),
        (psd2_statement(&[pi()], &[id.clone(), name.clone()]), vec![D::MemberOrder]),
        (psd2(&sequence(&[name.clone(), id.clone(), sequence(&[pi()])])), vec![D::MemberOrder]),
        (psd2(&sequence(&[sequence(&[pi()]), id.clone()])), vec![D::NcaNameMissing]),
        (named(""), vec![D::NcaNameMissing]),
        (identified("PSDFR-ACPR"), vec![D::NcaIdPrefix]),
        (identified("psdfr-acpr"), vec![D::LetterCase(NcaId), D::NcaIdPrefix]),
        (identified("fr-acpr"), vec![D::LetterCase(NcaId)]),
        (identified(" FR-ACPR "), vec![D::Whitespace(NcaId)]),
        (identified("FR - ACPR"), vec![D::Whitespace(NcaId)]),
        (identified("FR-ACPR\r\n"), vec![D::Whitespace(NcaId)]),
        (identified("FR-\u{200b}ACPR"), vec![D::Whitespace(NcaId)]),
        (identified("FR\u{2013}ACPR"), vec![D::Dash(NcaId)]),
        (identified("FR_ACPR"), vec![D::Dash(NcaId)]),
        (named("  Autorité\t"), vec![D::Whitespace(NcaName)]),
        (named("\u{202e}Autorité"), vec![D::Whitespace(NcaName)]),
        (psd2_statement(&[pi()], &[name.clone(), as_type(0x13, "FR-ACPR")]), vec![D::TextType(NcaId)]),
        (psd2_statement(&[pi()], &[name.clone(), as_type(0x16, "FR-ACPR")]), vec![D::TextType(NcaId)]),
        (psd2_statement(&[pi()], &[name.clone(), tlv(0x1e, &bmp)]), vec![D::TextType(NcaId)]),
        (psd2_statement(&[pi()], &[tlv(0x14, b"Autorit\xe9"), id.clone()]), vec![D::TextType(NcaName)]),
        (psd2_statement(&[pi()], &[tlv(0x0c, b"Autorit\xe9"), id.clone()]), vec![D::TextEncoding(NcaName)]),
        (psd2(&sequence(&[set(&[pi()]), name.clone(), id.clone()])), vec![D::RolesSet]),
        (roles(&[set(&[oid("0.4.0.19495.1.2"), utf8("PSP_PI")])]), vec![D::RolesSet]),
        (roles(&[oid("0.4.0.19495.1.2"), utf8("PSP_PI")]), vec![D::RolesFlat]),
        (roles(&[sequence(&[pi()])]), vec![D::RolesNested]),
        (roles(&[sequence(&[utf8("PSP_PI"), oid("0.4.0.19495.1.2")])]), vec![D::RoleOrder]),
        (roles(&[sequence(&[oid("0.4.0.19495.1.2")])]), vec![D::RoleNameMissing(pisp)]),
        (roles(&[oid("0.4.0.19495.1.2")]), vec![D::RolesFlat, D::RoleNameMissing(pisp)]),
        (roles(&[role("0.4.0.19495.1.2", "PSP_AI")]), vec![D::RoleName(pisp)]),
        (roles(&[role("0.4.0.19495.1.2", "psp_pi")]), vec![D::RoleName(pisp)]),
        (roles(&[role("0.4.0.19495.1.2", "PSP_PI ")]), vec![D::Whitespace(RoleName)]),
        (roles(&[role("1.2.3", "PSP_PI")]), vec![D::RoleOid(pisp)]),
        (roles(&[role("1.2.3", "psp-pi")]), vec![D::RoleOid(pisp)]),
        (roles(&[sequence(&[utf8("PSP_PI")])]), vec![D::RoleOid(pisp)]),
        (
            psd2(&sequence(&[as_type(0x13, " fr-acpr"), as_type(0x13, "Autorité"), sequence(&[pi()])])),
            vec![
                D::MemberOrder,
                D::TextType(NcaName),
                D::TextType(NcaId),
                D::Whitespace(NcaId),
                D::LetterCase(NcaId),
            ],
        ),
    ];
    for (row, (statement, expected)) in table.into_iter().enumerate() {
        let understood = read(&with(statement)).unwrap_or_else(|fault| panic!("row {row}: {fault}"));
        let mut read = understood.statements;
        let licence = read.psd2.as_mut().unwrap();
        if expected.contains(&D::NcaNameMissing) {
            assert_eq!(licence.nca_name, "");
            "Autorité".clone_into(&mut licence.nca_name);
        }
        assert_eq!(read, good(), "row {row}");
        assert_eq!(understood.departures.as_slice(), expected, "row {row}");
    }
}

#[test]
fn swapped_role_names_leave_the_object_identifiers_to_decide() {
    let swapped = [role("0.4.0.19495.1.2", "PSP_AI"), role("0.4.0.19495.1.3", "PSP_PI")];
    let understood = read(&with(psd2_statement(&swapped, &nca()))).unwrap();
    let (pi, ai) = (Role::PaymentInitiation, Role::AccountInformation);
    assert_eq!(understood.statements.psd2.unwrap().roles, [pi, ai]);
    assert_eq!(understood.departures.as_slice(), [D::RoleName(pi), D::RoleName(ai)]);
}

#[test]
fn departures_of_the_other_statements_are_understood_and_named() {
    let compliance = || sequence(&[oid("0.4.0.1862.1.1")]);
    let qc_type = || sequence(&[oid("0.4.0.1862.1.6"), sequence(&[oid("0.4.0.1862.1.6.3")])]);
    let licence = || psd2_statement(&[pi()], &nca());
    let all = || vec![compliance(), qc_type(), licence()];
    let table: Vec<(Vec<u8>, Vec<D>)> = vec![
        (sequence(&all()), vec![]),
        (sequence(&[licence(), qc_type(), compliance()]), vec![]),
        (sequence(&[sequence(&all())]), vec![D::StatementsNested]),
        (sequence(&[oid("0.4.0.1862.1.1"), qc_type(), licence()]), vec![D::StatementBare]),
        (sequence(&[compliance(), compliance(), qc_type(), licence()]), vec![D::StatementRepeated]),
        (sequence(&[compliance(), qc_type(), qc_type(), licence()]), vec![D::StatementRepeated]),
        (sequence(&[compliance(), qc_type(), licence(), licence()]), vec![D::StatementRepeated]),
        (
            sequence(&[sequence(&[oid("0.4.0.1862.1.1"), utf8("qualified")]), qc_type(), licence()]),
            vec![D::ComplianceValue],
        ),
        (
            sequence(&[compliance(), sequence(&[oid("0.4.0.1862.1.6"), oid("0.4.0.1862.1.6.3")]), licence()]),
            vec![D::QcTypeBare],
        ),
        (
            sequence(&[compliance(), sequence(&[oid("0.4.0.1862.1.6.3")]), licence()]),
            vec![D::QcTypeAsStatement],
        ),
    ];
    for (row, (der, expected)) in table.into_iter().enumerate() {
        let understood = read(&der).unwrap_or_else(|fault| panic!("row {row}: {fault}"));
        assert_eq!(understood.statements, good(), "row {row}");
        assert_eq!(understood.departures.as_slice(), expected, "row {row}");
    }
    let two = sequence(&[oid("0.4.0.1862.1.6.3"), oid("0.4.0.1862.1.6.2")]);
    let understood = read(&sequence(&[sequence(&[oid("0.4.0.1862.1.6"), two])])).unwrap();
    assert_eq!(understood.statements.types, [QcType::Web, QcType::ESeal]);
    assert_eq!(understood.departures.as_slice(), [D::QcTypeSeveral]);
}

#[test]
fn what_is_not_certain_is_refused_and_its_place_is_given() {
    let qc_type = |oids: &[Vec<u8>]| sequence(&[oid("0.4.0.1862.1.6"), sequence(oids)]);
    let mut trailing = with(psd2_statement(&[pi()], &nca()));
    let end = trailing.len();
    trailing.push(0);
    let mut indefinite = with(psd2_statement(&[pi()], &nca()));
    indefinite[1] = 0x80;
    let other = psd2_statement(&[role("0.4.0.19495.1.3", "PSP_AI")], &nca());
    let table: Vec<(&str, Vec<u8>, usize)> = vec![
        ("nothing", vec![], 0),
        ("not a sequence", utf8("x"), 0),
        ("bytes after the end", trailing, end),
        ("a length left open", indefinite, 0),
        ("an empty statement", sequence(&[sequence(&[])]), 2),
        ("a statement that starts with a text", sequence(&[sequence(&[utf8("x")])]), 4),
        ("two values", sequence(&[sequence(&[oid("1.2.3"), utf8("a"), utf8("b")])]), 11),
        ("two QcTypes", sequence(&[qc_type(&[oid("0.4.0.1862.1.6.3")]), qc_type(&[])]), 33),
        ("QcType without a type", sequence(&[sequence(&[oid("0.4.0.1862.1.6")])]), 2),
        ("two licences", sequence(&[psd2_statement(&[pi()], &nca()), other]), 55),
        ("no content", sequence(&[sequence(&[oid("0.4.0.19495.2")])]), 2),
        ("content that is a number", sequence(&[psd2(&[2, 1, 1])]), 12),
        ("no roles", sequence(&[psd2(&sequence(&nca()))]), 2),
        ("no authority", sequence(&[psd2_statement(&[pi()], &[])]), 2),
        ("only the authority's name", sequence(&[psd2_statement(&[pi()], &[utf8("Autorité")])]), 2),
        ("an empty nCAId", sequence(&[psd2_statement(&[pi()], &[utf8("Autorité"), utf8("")])]), 46),
        ("an endless name", sequence(&[psd2_statement(&[pi()], &[utf8(&"x".repeat(257)), utf8("FR")])]), 41),
        ("a bell", sequence(&[psd2_statement(&[pi()], &[utf8("a\u{7}b"), utf8("FR-ACPR")])]), 35),
        ("a number for a role", sequence(&[psd2_statement(&[sequence(&[vec![2, 1, 1]])], &nca())]), 18),
        (
            "an unknown role without a name",
            sequence(&[psd2_statement(&[sequence(&[oid("1.2.3")])], &nca())]),
            18,
        ),
        (
            "an unknown role without an identifier",
            sequence(&[psd2_statement(&[sequence(&[utf8("X")])], &nca())]),
            18,
        ),
        (
            "a fourth member",
            sequence(&[psd2_statement(&[pi()], &[utf8("A"), utf8("FR-ACPR"), utf8("B")])]),
            47,
        ),
    ];
    for (what, der, at) in table {
        let fault = read(&der).expect_err(what);
        assert_eq!(fault.at, at, "{what}: {fault}");
    }
}

/// The standards to the letter, decoded by the structures of their ASN.1 modules: what the reader takes
/// without a departure must be just what this takes.
mod to_the_letter {
    use super::*;

    #[derive(Sequence)]
    struct Statement<'a> {
        id: ObjectIdentifier,
        #[asn1(optional = "true")]
        info: Option<AnyRef<'a>>,
    }

    #[derive(Sequence)]
    struct Psd2QcType<'a> {
        roles_of_psp: Vec<RoleOfPsp<'a>>,
        nca_name: Utf8StringRef<'a>,
        nca_id: Utf8StringRef<'a>,
    }

    #[derive(Sequence)]
    struct RoleOfPsp<'a> {
        oid: ObjectIdentifier,
        name: Utf8StringRef<'a>,
    }

    /// Statements of others may hold values of types that the `der` crate does not know; the reader passes
    /// over them.
    pub(super) fn has_unknown_tag(extension: &[u8]) -> bool {
        use der::ErrorKind as E;
        let read = Vec::<Statement<'_>>::from_der(extension);
        read.is_err_and(|error| matches!(error.kind(), E::TagUnknown { .. } | E::TagNumberInvalid))
    }

    pub(super) fn read(extension: &[u8]) -> Option<QcStatements> {
        let mut found = QcStatements::default();
        let mut seen = Vec::new();
        for statement in Vec::<Statement<'_>>::from_der(extension).ok()? {
            let id = statement.id.to_string();
            match (id.as_str(), statement.info) {
                ("0.4.0.1862.1.1", None) => found.compliance = true,
                ("0.4.0.1862.1.1", Some(_)) => return None,
                ("0.4.0.1862.1.6", info) => {
                    let oids: Vec<ObjectIdentifier> = info?.decode_as().ok()?;
                    let known =
                        |oid: &ObjectIdentifier| super::super::read::known(oid, &QcType::ALL, QcType::oid);
                    found.types = oids.iter().filter_map(known).collect();
                }
                ("0.4.0.19495.2", info) => found.psd2 = Some(licence(&info?.decode_as().ok()?)?),
                (id, None) if QcType::ALL.iter().any(|qc_type| qc_type.oid() == id) => return None,
                _ => continue,
            }
            if seen.contains(&id) {
                return None;
            }
            seen.push(id);
        }
        (found.types.len() <= 1).then_some(found)
    }

    fn licence(psd2: &Psd2QcType<'_>) -> Option<Psd2Statement> {
        let mut roles = Vec::new();
        for role in &psd2.roles_of_psp {
            let name = text(role.name)?;
            let by_name = Role::ALL
                .into_iter()
                .find(|role| role.code() == name.to_ascii_uppercase().replace(['-', ' '], "_"));
            match (super::super::read::known(&role.oid, &Role::ALL, Role::oid), by_name) {
                (Some(known), _) if known.code() == name => {
                    roles.extend((!roles.contains(&known)).then_some(known));
                }
                (None, None) => {}
                _ => return None,
            }
        }
        let (nca_name, nca_id) = (text(psd2.nca_name)?, text(psd2.nca_id)?);
        let spoiled = |c: char| c.is_ascii_lowercase() || "_\u{2013}".contains(c);
        // A space within a part is none of ours to take away: such an identifier is nobody's.
        let spaced = nca_id.splitn(3, '-').any(|part| part.trim() != part);
        let prefixed = nca_id.strip_prefix("PSD").is_some_and(|rest| rest.get(2..3) == Some("-"));
        if nca_id.contains(spoiled) || spaced || prefixed {
            return None;
        }
        Some(Psd2Statement { roles, nca_name, nca_id })
    }

    fn text(text: Utf8StringRef<'_>) -> Option<String> {
        let text = text.as_str();
        let tidy = text::tidy(text) == text && !text.contains(char::is_control);
        (tidy && (1..=256).contains(&text.chars().count())).then(|| text.to_owned())
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let _ = read(&bytes);
    }

    #[test]
    fn without_departures_means_to_the_letter(
        changes in proptest::collection::vec((0_usize..2000, proptest::num::u8::ANY), 0..4),
    ) {
        let roles = [pi(), role("0.4.0.19495.1.3", "PSP_AI")];
        let mut der = with(psd2_statement(&roles, &nca()));
        for (at, byte) in changes {
            let at = at % der.len();
            der[at] = byte;
        }
        if to_the_letter::has_unknown_tag(&der) {
            return Ok(());
        }
        let exact = read(&der).ok().filter(|understood| understood.departures.as_slice().is_empty());
        let exact = exact.map(|understood| understood.statements);
        proptest::prop_assert_eq!(exact, to_the_letter::read(&der), "{}", text::hex(&der));
    }
}
