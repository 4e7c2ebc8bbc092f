//! Certificates that depart from the letter and are still understood.

use super::table::{AI, Odd, PI, SEAL, SIGN, WEB, compliance, id, licence, name, pi, qc_type, qseal, qwac};
use super::table::{role, standard, web, with, with_id, with_name, with_psd2, with_roles};
use crate::testing::{oid, sequence, tlv, utf8};

pub(super) fn statements() -> Vec<Odd> {
    vec![
        qwac("statements_nested", "qc.statements", "ok statements_nested", |l| {
            l.qc_statements = Some(sequence(&[standard(&[WEB], &[PI], "FR-ACPR")]));
        }),
        qwac("statement_bare", "qc.statements", "ok statement_bare", |l| {
            l.qc_statements = Some(sequence(&[oid("0.4.0.1862.1.1"), web(), licence()]));
        }),
        qwac("statement_repeated", "qc.statements", "ok statement_repeated", |l| {
            l.qc_statements = Some(sequence(&[compliance(), web(), licence(), licence()]));
        }),
        qwac("compliance_with_a_sentence", "qc.compliance", "ok compliance_value", |l| {
            let stated = sequence(&[oid("0.4.0.1862.1.1"), utf8("This is a qualified certificate")]);
            l.qc_statements = Some(sequence(&[stated, web(), licence()]));
        }),
        qwac("qc_type_bare", "qwac.qc_type", "ok qc_type_bare", |l| {
            l.qc_statements = Some(sequence(&[compliance(), qc_type(&oid(WEB)), licence()]));
        }),
        qseal("qseal_qc_type_bare", "qseal.qc_type", "ok qc_type_bare", |l| {
            l.qc_statements = Some(sequence(&[compliance(), qc_type(&oid(SEAL)), licence()]));
        }),
        qwac("qc_type_as_statement", "qwac.qc_type", "ok qc_type_as_statement", |l| {
            l.qc_statements = Some(sequence(&[compliance(), sequence(&[oid(WEB)]), licence()]));
        }),
        qwac("qc_type_web_and_seal", "qwac.qc_type", "ok qc_type_several", |l| {
            l.qc_statements = Some(standard(&[WEB, SEAL], &[PI], "FR-ACPR"));
        }),
        qseal("qseal_qc_type_all", "qseal.qc_type", "ok qc_type_several", |l| {
            l.qc_statements = Some(standard(&[SIGN, SEAL, WEB], &[PI], "FR-ACPR"));
        }),
    ]
}

pub(super) fn licences() -> Vec<Odd> {
    vec![
        qwac("licence_nested", "psd2.statement", "ok licence_nested", |l| {
            l.qc_statements = Some(with(&[sequence(&[sequence(&[pi()]), name(), id()])]));
        }),
        qwac("licence_flat", "psd2.statement", "ok licence_flat", |l| {
            let members = [oid("0.4.0.19495.2"), sequence(&[pi()]), name(), id()];
            l.qc_statements = Some(with_psd2(sequence(&members)));
        }),
        qwac("licence_with_explicit_tag", "psd2.statement", "ok explicit_tag", |l| {
            l.qc_statements = Some(with(&[tlv(0xa0, &sequence(&[pi()])), name(), id()]));
        }),
        qwac("nca_name_and_id_swapped", "psd2.statement", "ok member_order", |l| {
            l.qc_statements = Some(with(&[sequence(&[pi()]), id(), name()]));
        }),
        qwac("roles_last", "psd2.statement", "ok member_order", |l| {
            l.qc_statements = Some(with(&[name(), id(), sequence(&[pi()])]));
        }),
        qwac("role_names_swapped", "psd2.roles", "ok role_name role_name", |l| {
            l.qc_statements = Some(with_roles(&[role(PI, "PSP_AI"), role(AI, "PSP_PI")]));
        }),
        qwac("role_name_in_small_letters", "psd2.roles", "ok role_name", |l| {
            l.qc_statements = Some(with_roles(&[role(PI, "psp_pi")]));
        }),
        qwac("role_name_as_in_the_directive", "psd2.roles", "ok role_name", |l| {
            l.qc_statements = Some(with_roles(&[role(PI, "PISP")]));
        }),
        qwac("role_oid_unknown", "psd2.roles", "ok role_oid", |l| {
            l.qc_statements = Some(with_roles(&[role("0.4.0.19495.1.2.1", "PSP_PI")]));
        }),
        qwac("role_without_oid", "psd2.roles", "ok role_oid", |l| {
            l.qc_statements = Some(with_roles(&[sequence(&[utf8("PSP_PI")])]));
        }),
        qwac("role_without_name", "psd2.roles", "ok role_name_missing", |l| {
            l.qc_statements = Some(with_roles(&[sequence(&[oid(PI)])]));
        }),
        qwac("role_parts_swapped", "psd2.roles", "ok role_order", |l| {
            l.qc_statements = Some(with_roles(&[sequence(&[utf8("PSP_PI"), oid(PI)])]));
        }),
        qwac("roles_as_set", "psd2.roles", "ok roles_set", |l| {
            l.qc_statements = Some(with(&[tlv(0x31, &pi()), name(), id()]));
        }),
        qwac("roles_nested", "psd2.roles", "ok roles_nested", |l| {
            l.qc_statements = Some(with_roles(&[sequence(&[pi(), role(AI, "PSP_AI")])]));
        }),
        qwac("roles_flat", "psd2.roles", "ok roles_flat", |l| {
            l.qc_statements = Some(with_roles(&[oid(PI), utf8("PSP_PI"), oid(AI), utf8("PSP_AI")]));
        }),
        qwac("roles_all_in_one", "psd2.roles", "ok roles_flat", |l| {
            l.qc_statements =
                Some(with_roles(&[sequence(&[oid(PI), utf8("PSP_PI"), oid(AI), utf8("PSP_AI")])]));
        }),
        qwac("several_departures", "psd2.statement", SEVERAL, |l| {
            let text = |text: &str| tlv(0x13, text.as_bytes());
            let role = sequence(&[oid(PI), text("PSP_AI")]);
            l.organization_identifiers = vec!["psdfr-acpr-12345 "];
            l.qc_statements = Some(with(&[sequence(&[role]), text(" fr-acpr"), text("Autorite  d'essai")]));
        }),
    ]
}

const SEVERAL: &str = "ok text_type role_name member_order text_type whitespace text_type whitespace \
                       letter_case whitespace letter_case";

pub(super) fn texts() -> Vec<Odd> {
    vec![
        qwac("nca_id_printable_string", "psd2.nca_id", "ok text_type", |l| {
            l.qc_statements = Some(with_id(tlv(0x13, b"FR-ACPR")));
        }),
        qwac("nca_id_ia5_string", "psd2.nca_id", "ok text_type", |l| {
            l.qc_statements = Some(with_id(tlv(0x16, b"FR-ACPR")));
        }),
        qwac("nca_id_bmp_string", "psd2.nca_id", "ok text_type", |l| {
            let units: Vec<u8> = "FR-ACPR".encode_utf16().flat_map(u16::to_be_bytes).collect();
            l.qc_statements = Some(with_id(tlv(0x1e, &units)));
        }),
        qwac("nca_id_with_spaces", "psd2.nca_id", "ok whitespace", |l| {
            l.qc_statements = Some(with_id(utf8(" FR - ACPR ")));
        }),
        qwac("nca_id_with_line_end", "psd2.nca_id", "ok whitespace", |l| {
            l.qc_statements = Some(with_id(utf8("FR-ACPR\r\n")));
        }),
        qwac("nca_id_with_zero_byte", "psd2.nca_id", "ok whitespace", |l| {
            l.qc_statements = Some(with_id(utf8("FR-ACPR\0")));
        }),
        qwac("nca_id_small_letters", "psd2.nca_id", "ok letter_case", |l| {
            l.qc_statements = Some(with_id(utf8("fr-acpr")));
        }),
        qwac("nca_id_long_dash", "psd2.nca_id", "ok dash", |l| {
            l.qc_statements = Some(with_id(utf8("FR\u{2013}ACPR")));
        }),
        qwac("nca_id_with_prefix", "psd2.nca_id", "ok nca_id_prefix", |l| {
            l.qc_statements = Some(with_id(utf8("PSDFR-ACPR")));
        }),
        qwac("nca_id_country_alone", "psd2.nca_id", "ok nca_id_part", |l| {
            l.qc_statements = Some(with_id(utf8("FR")));
        }),
        qwac("nca_id_authority_alone", "psd2.nca_id", "ok nca_id_part", |l| {
            l.qc_statements = Some(with_id(utf8("ACPR")));
        }),
        qwac("nca_id_whole_number", "psd2.nca_id", "ok nca_id_part", |l| {
            l.qc_statements = Some(with_id(utf8("PSDFR-ACPR-12345")));
        }),
        qwac("nca_name_teletex_string", "psd2.nca_name", "ok text_type", |l| {
            l.qc_statements = Some(with_name(tlv(0x14, b"Autorit\xe9")));
        }),
        qwac("nca_name_latin_1", "psd2.nca_name", "ok text_encoding", |l| {
            l.qc_statements = Some(with_name(tlv(0x0c, b"Autorit\xe9")));
        }),
        qwac("nca_name_with_spaces", "psd2.nca_name", "ok whitespace", |l| {
            l.qc_statements = Some(with_name(utf8("Autorité  de contrôle ")));
        }),
        qwac("nca_name_turned_around", "psd2.nca_name", "ok whitespace", |l| {
            l.qc_statements = Some(with_name(utf8("\u{202e}RPCA")));
        }),
        qwac("nca_name_empty", "psd2.nca_name", "ok nca_name_missing", |l| {
            l.qc_statements = Some(with_name(utf8("")));
        }),
        qwac("nca_name_missing", "psd2.nca_name", "ok nca_name_missing", |l| {
            l.qc_statements = Some(with(&[sequence(&[pi()]), id()]));
        }),
        qwac("identifier_with_spaces", "subject.organization_identifier", "ok whitespace", |l| {
            l.organization_identifiers = vec!["PSDFR - ACPR - 12345 "];
        }),
        qwac("identifier_small_letters", "subject.organization_identifier", "ok letter_case", |l| {
            l.organization_identifiers = vec!["psdfr-acpr-12345"];
        }),
        qwac("identifier_underscores", "subject.organization_identifier", "ok dash", |l| {
            l.organization_identifiers = vec!["PSDFR_ACPR_12345"];
        }),
        qwac(
            "identifier_and_vat_number",
            "subject.organization_identifier",
            "ok organization_identifier_several",
            |l| l.organization_identifiers = vec!["VATFR-12345678901", "PSDFR-ACPR-12345"],
        ),
    ]
}
