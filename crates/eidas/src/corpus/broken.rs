//! Certificates that break a rule, and bytes that are no certificates.

use rcgen::{ExtendedKeyUsagePurpose as Eku, KeyUsagePurpose as Ku};

use super::table::with_roles;
use super::table::{
    AI, Made, Odd, Oddity, PI, SEAL, SIGN, WEB, broken, bytes, compliance, id, name, pi, psd2,
};
use super::table::{qc_type, qseal, qwac, role, standard, text, web, with, with_id, with_name, with_psd2};
use crate::Kind;
use crate::testing::{self as der, Key, TestCa, at, oid, sequence, tlv, unhex, utf8};

pub(super) fn certificates() -> Vec<Odd> {
    vec![
        broken("version_1", "certificate.version", |l| {
            l.edit = |tbs| der::replace(tbs, &[0xa0, 3, 2, 1, 2], &[0xa0, 3, 2, 1, 0]);
        }),
        broken("serial_zero", "certificate.serial_number", |l| l.serial = &[0]),
        broken("serial_negative", "certificate.serial_number", |l| {
            l.edit = |tbs| der::replace(tbs, &[2, 3, 1, 2, 0xff], &[2, 3, 0x81, 2, 0xff]);
        }),
        broken("serial_21_bytes", "certificate.serial_number", |l| l.serial = &[0x11; 21]),
        qwac("serial_20_bytes", "ok", "ok", |l| l.serial = &[0xff; 20]),
        broken("critical_qc_statements", "certificate.critical_extensions", |l| {
            l.qc_statements_critical = true;
        }),
        broken("critical_unknown_extension", "certificate.critical_extensions", |l| {
            // A private extension that rcgen writes as not critical becomes critical in the same length.
            l.extensions.push((&[1, 2, 3, 4], vec![5, 0, 5, 0, 5, 0]));
            l.edit = |tbs| {
                let from = unhex("300d 0603 2a0304 0406 050005000500");
                der::replace(tbs, &from, &unhex("300d 0603 2a0304 0101ff 0403 050005"));
            };
        }),
        broken("authority", "certificate.end_entity", |l| l.is_ca = true),
        broken("signs_certificates", "certificate.end_entity", |l| l.key_usages.push(Ku::KeyCertSign)),
        broken("expired", "validity.not_after", |l| l.not_after = at("2026-11-22T12:00:00Z")),
        broken("not_yet_valid", "validity.not_before", |l| l.not_before = at("2026-11-22T12:00:01Z")),
        broken("ends_before_it_begins", "validity.not_after", |l| {
            l.not_before = at("2026-06-01T00:00:00Z");
            l.not_after = at("2026-01-01T00:00:00Z");
        }),
        broken("signed_with_sha_224", "signature.hash", |l| l.sha1 = true),
        Odd {
            name: "self_signed_ca",
            kind: Kind::Qwac,
            strict: "certificate.end_entity",
            lenient: "certificate.end_entity",
            oddity: Oddity::File(|| Made::Der(TestCa::with_name("Corpus Root CA").der().to_vec())),
        },
        broken("several_defects", "validity.not_after", |l| {
            l.not_after = at("2026-11-01T00:00:00Z");
            l.key = Key::FakeRsa(1024);
            l.extended_key_usages = vec![Eku::ServerAuth];
            l.organization_identifiers = vec!["VATFR-12345678901"];
            l.qc_statements = Some(standard(&[SEAL], &[AI], "DE-BAFIN"));
        }),
    ]
}

pub(super) fn keys() -> Vec<Odd> {
    vec![
        broken("rsa_1024", "key.kind", |l| l.key = Key::FakeRsa(1024)),
        broken("rsa_2047", "key.kind", |l| l.key = Key::FakeRsa(2047)),
        broken("rsa_8200", "key.kind", |l| l.key = Key::FakeRsa(8200)),
        broken("ed25519", "key.kind", |l| l.key = Key::Ed25519),
        broken("p256_compressed", "key.kind", |l| l.key = Key::CompressedP256),
        broken("rsa_exponent_1", "key.rsa_exponent", |l| l.key = Key::FakeRsaExponent(&[1])),
        broken("rsa_exponent_3", "key.rsa_exponent", |l| l.key = Key::FakeRsaExponent(&[3])),
        broken("rsa_exponent_even", "key.rsa_exponent", |l| l.key = Key::FakeRsaExponent(&[1, 0, 2])),
        broken("rsa_exponent_endless", "key.rsa_exponent", |l| l.key = Key::FakeRsaExponent(&[0x7f; 33])),
    ]
}

pub(super) fn usages() -> Vec<Odd> {
    vec![
        broken("no_key_usage", "qwac.key_usage", |l| l.key_usages = vec![]),
        broken("key_encipherment_only", "qwac.key_usage", |l| l.key_usages = vec![Ku::KeyEncipherment]),
        broken("key_usage_no_bit_string", "qwac.key_usage", |l| {
            l.key_usages = vec![];
            l.extensions.push((&[2, 5, 29, 15], vec![4, 1, 0x80]));
        }),
        broken("server_auth_only", "qwac.extended_key_usage", |l| {
            l.extended_key_usages = vec![Eku::ServerAuth];
        }),
        broken("any_ext_key_usage", "qwac.extended_key_usage", |l| l.extended_key_usages = vec![Eku::Any]),
        broken("ext_key_usage_null", "qwac.extended_key_usage", |l| {
            l.extended_key_usages = vec![];
            l.extensions.push((&[2, 5, 29, 37], vec![5, 0]));
        }),
        qseal("qseal_no_key_usage", "qseal.key_usage", "qseal.key_usage", |l| l.key_usages = vec![]),
        qseal("qseal_key_encipherment_only", "qseal.key_usage", "qseal.key_usage", |l| {
            l.key_usages = vec![Ku::KeyEncipherment];
        }),
    ]
}

pub(super) fn statements() -> Vec<Odd> {
    vec![
        broken("no_qc_statements", "qc.compliance", |l| l.qc_statements = None),
        broken("not_qualified", "qc.compliance", |l| {
            l.qc_statements = Some(der::qc_statements(false, &[WEB], Some((&[PI], "FR-ACPR"))));
        }),
        broken("seal_as_qwac", "qwac.qc_type", |l| {
            l.qc_statements = Some(standard(&[SEAL], &[PI], "FR-ACPR"));
        }),
        broken("signature_as_qwac", "qwac.qc_type", |l| {
            l.qc_statements = Some(standard(&[SIGN], &[PI], "FR-ACPR"));
        }),
        broken("no_qc_type", "qwac.qc_type", |l| l.qc_statements = Some(standard(&[], &[PI], "FR-ACPR"))),
        qseal("web_as_qseal", "qseal.qc_type", "qseal.qc_type", |l| {
            l.qc_statements = Some(standard(&[WEB], &[PI], "FR-ACPR"));
        }),
        broken("no_psd2_statement", "psd2.statement", |l| {
            l.qc_statements = Some(der::qc_statements(true, &[WEB], None));
        }),
        broken("no_roles", "psd2.roles", |l| l.qc_statements = Some(standard(&[WEB], &[], "FR-ACPR"))),
        broken("unknown_roles_only", "psd2.roles", |l| {
            l.qc_statements = Some(with_roles(&[role("0.4.0.19495.1.9", "PSP_CB")]));
        }),
        broken("nca_id_of_another_authority", "psd2.nca_id", |l| {
            l.qc_statements = Some(standard(&[WEB], &[PI], "DE-BAFIN"));
        }),
        broken("nca_id_cut_off", "psd2.nca_id", |l| {
            l.qc_statements = Some(standard(&[WEB], &[PI], "FR-ACP"));
        }),
        broken("nca_id_of_another_country", "psd2.nca_id", |l| {
            l.qc_statements = Some(standard(&[WEB], &[PI], "BE-ACPR"));
        }),
    ]
}

pub(super) fn unreadable_statements() -> Vec<Odd> {
    const RULE: &str = "qc.statements";
    vec![
        broken("statements_no_sequence", RULE, |l| l.qc_statements = Some(utf8("qualified"))),
        broken("statements_empty_value", RULE, |l| l.qc_statements = Some(vec![])),
        broken("statements_truncated", RULE, |l| {
            l.qc_statements.as_mut().unwrap().truncate(60);
        }),
        broken("statements_trailing_bytes", RULE, |l| l.qc_statements.as_mut().unwrap().extend([0, 0])),
        broken("statements_open_length", RULE, |l| {
            let statements = l.qc_statements.as_mut().unwrap();
            statements[1] = 0x80;
        }),
        broken("statements_long_length", RULE, |l| {
            let content = compliance();
            let length = u8::try_from(content.len()).unwrap();
            l.qc_statements = Some([vec![0x30, 0x81, length], content].concat());
        }),
        broken("statements_two_types", RULE, |l| {
            let other = qc_type(&sequence(&[oid(SEAL)]));
            l.qc_statements = Some(sequence(&[compliance(), web(), other]));
        }),
        broken("statements_two_licences", RULE, |l| {
            let licence = |role| psd2(&[sequence(&[role]), name(), id()]);
            let two = [compliance(), web(), licence(role(AI, "PSP_AI")), licence(pi())];
            l.qc_statements = Some(sequence(&two));
        }),
        broken("licence_without_content", RULE, |l| {
            l.qc_statements = Some(with_psd2(sequence(&[oid("0.4.0.19495.2")])));
        }),
        broken("licence_without_authority", RULE, |l| l.qc_statements = Some(with(&[sequence(&[pi()])]))),
        broken("licence_with_a_number", RULE, |l| l.qc_statements = Some(with_name(tlv(2, &[1])))),
        broken("nca_id_empty", RULE, |l| l.qc_statements = Some(with_id(utf8("")))),
        broken("nca_id_with_escape", RULE, |l| l.qc_statements = Some(with_id(utf8("FR-\u{1b}[31mACPR")))),
        broken("nca_name_endless", RULE, |l| l.qc_statements = Some(with_name(utf8(&"A".repeat(257))))),
        broken("role_is_a_huge_number", RULE, |l| {
            l.qc_statements = Some(with_roles(&[sequence(&[tlv(2, &[0x7f; 2000]), utf8("PSP_PI")])]));
        }),
    ]
}

pub(super) fn subjects() -> Vec<Odd> {
    const RULE: &str = "subject.organization_identifier";
    vec![
        broken("no_identifier", RULE, |l| l.organization_identifiers = vec![]),
        broken("vat_number", RULE, |l| l.organization_identifiers = vec!["VATFR-12345678901"]),
        broken("identifier_of_one_letter_authority", RULE, |l| {
            l.organization_identifiers = vec!["PSDFR-A-12345"];
        }),
        broken("identifier_without_number", RULE, |l| l.organization_identifiers = vec!["PSDFR-ACPR-"]),
        broken("identifier_with_space_in_its_number", RULE, |l| {
            l.organization_identifiers = vec!["PSDFR-ACPR-1 2345"];
        }),
        broken("identifier_with_markup", RULE, |l| {
            l.organization_identifiers = vec!["PSDFR-ACPR-<script>alert(1)</script>"];
        }),
        broken("two_identifiers", RULE, |l| {
            l.organization_identifiers = vec!["PSDFR-ACPR-12345", "PSDFR-ACPR-54321"];
        }),
        broken("hostile_texts", RULE, |l| {
            l.organization_name = "Acme\r\n\u{1b}[2J\u{202e}elgooG\u{200b}";
            l.organization_identifiers = vec!["PSDFR-ACPR-\u{1b}[31m1\n2"];
        }),
    ]
}

pub(super) fn no_certificates() -> Vec<Odd> {
    vec![
        bytes("der_truncated", "certificate.der", |der| der.truncate(300)),
        bytes("der_trailing_byte", "certificate.der", |der| der.push(0)),
        bytes("der_open_length", "certificate.der", |der| der[1] = 0x80),
        bytes("der_long_length", "certificate.der", |der| {
            // The same length in one byte more: BER.
            let length = [der[2], der[3]];
            der.splice(1..4, [0x83, 0, length[0], length[1]]);
        }),
        bytes("der_serial_not_shortest", "certificate.der", |der| {
            der::replace(der, &[2, 3, 1, 2, 0xff], &[2, 3, 0, 2, 0xff]);
        }),
        bytes("der_serial_null", "certificate.der", |der| {
            der::replace(der, &[2, 3, 1, 2, 0xff], &[5, 3, 1, 2, 0xff]);
        }),
        bytes("der_empty", "certificate.der", Vec::clear),
        bytes("der_null", "certificate.der", |der| *der = vec![5, 0]),
        bytes("der_huge_integer", "certificate.der", |der| *der = sequence(&[tlv(2, &[0x7f; 9000])])),
        bytes("der_too_large", "certificate.size", |der| *der = vec![0x30; 16 * 1024 + 1]),
        bytes("algorithms_differ", "certificate.signature_algorithm", |der| {
            let algorithm = oid("1.2.840.10045.4.3.2");
            let last = der.len() - 80;
            let at = (0..last).rev().find(|at| der[*at..].starts_with(&algorithm)).unwrap();
            der[at + algorithm.len() - 1] = 3;
        }),
        broken("extension_twice", "certificate.extensions", |l| {
            l.extensions.push((&[1, 3, 6, 1, 5, 5, 7, 1, 3], vec![0x30, 0]));
        }),
        text("pem_private_key", || Made::Text(der::pem("PRIVATE KEY", &[0x30, 0]))),
        text("pem_certificate_request", || Made::Text(der::pem("CERTIFICATE REQUEST", &[0x30, 0]))),
        text("pem_no_base64", || {
            Made::Text("-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n".to_owned())
        }),
        text("pem_cut_off", || Made::Text("-----BEGIN CERTIFICATE-----\nMIIB\n".to_owned())),
        text("text_of_another_kind", || Made::Text("{\"keys\": []}\n".to_owned())),
        text("empty_file", || Made::Text(String::new())),
    ]
}
