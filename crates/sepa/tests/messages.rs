//! Messages against golden files, and properties of writer and reader together.
//!
//! `GOLDEN=write cargo nextest run -p sepa` rewrites the files; review them like code.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its values has failed")]

use jiff::{Timestamp, civil::date};
use payments::{
    Reason,
    request::Product,
    values::{Amount, Bic, Iban, Id35, Remittance, Text},
};
use proptest::prelude::*;
use sepa::{
    CreditTransfer, InvalidMessage, MAX_MESSAGE_BYTES, ReasonCode, RemittanceInformation, SepaText,
    StatusReport, TransferStatus,
};

fn sct() -> CreditTransfer {
    CreditTransfer {
        message_id: Id35::parse("0000000123-177244293000011234567890").unwrap(),
        created_at: "2026-03-02T09:16:30.120Z".parse().unwrap(),
        settlement_date: date(2026, 3, 2),
        product: Product::Sct,
        accepted_at: None,
        transaction_id: Id35::parse("0000000123-177244293000011234567890").unwrap(),
        end_to_end_id: Some(Id35::parse("E2E-0001").unwrap()),
        amount: Amount::from_cents(12_435).unwrap(),
        debtor_name: SepaText::transliterate("CAMILLE ESSAI"),
        debtor_account: Iban::parse("FR7617515900000800123456711").unwrap(),
        debtor_agent: Bic::parse("CEPAFRPP751").unwrap(),
        creditor_name: SepaText::transliterate("Café « Chez Zoë » & Fils"),
        creditor_account: Iban::parse("FR7630004008250001020304004").unwrap(),
        creditor_agent: Bic::parse("BNPAFRPP").unwrap(),
        ultimate_creditor_name: Some(SepaText::transliterate("Zoë Exemple")),
        remittance: Some(RemittanceInformation::Unstructured(SepaText::transliterate("Commande n°4711"))),
    }
}

fn instant() -> CreditTransfer {
    CreditTransfer {
        product: Product::SctInst,
        accepted_at: Some("2026-03-02T09:16:29.500Z".parse().unwrap()),
        end_to_end_id: None,
        ultimate_creditor_name: None,
        remittance: Some((&Remittance::CreditorReference(Text::parse("RF18539007547034").unwrap())).into()),
        ..sct()
    }
}

fn report(status: TransferStatus) -> StatusReport {
    StatusReport {
        message_id: Id35::parse("S-0000000123-1772442930000112345678").unwrap(),
        created_at: "2026-03-02T09:16:31Z".parse().unwrap(),
        instructing_agent: Bic::parse("SBOXFR20").unwrap(),
        original_message_id: instant().message_id,
        original_end_to_end_id: None,
        original_transaction_id: instant().transaction_id,
        status,
        accepted_at: instant().accepted_at,
    }
}

fn assert_golden(name: &str, rendered: &str) {
    let path = format!("{}/tests/golden/{name}.xml", env!("CARGO_MANIFEST_DIR"));
    if std::env::var("GOLDEN").is_ok_and(|wish| wish == "write") {
        std::fs::write(&path, rendered).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert_eq!(rendered, golden, "{name}");
}

#[test]
fn every_message_is_written_as_its_golden_file_and_read_back_as_itself() {
    let transfers = [("pacs.008-sct", sct()), ("pacs.008-sct-inst", instant())];
    for (name, transfer) in transfers {
        let rendered = transfer.render();
        assert_golden(name, &rendered);
        assert_eq!(CreditTransfer::parse(rendered.as_bytes()), Ok(transfer), "{name}");
    }
    let reports = [
        ("pacs.002-accc", TransferStatus::Credited),
        ("pacs.002-acsc", TransferStatus::Settled),
        ("pacs.002-pdng", TransferStatus::Pending),
        ("pacs.002-rjct", TransferStatus::Rejected(Reason::Ac04.into())),
    ];
    for (name, status) in reports {
        let report = report(status);
        let rendered = report.render();
        assert_golden(name, &rendered);
        assert_eq!(StatusReport::parse(rendered.as_bytes()), Ok(report), "{name}");
    }
}

#[test]
fn a_transfer_that_breaks_a_rule_of_the_scheme_is_refused() {
    let sct = sct().render();
    let instant = instant().render();
    let acceptance = "<AccptncDtTm>2026-03-02T09:16:29.500Z</AccptncDtTm>";
    let table = [
        (&sct, "Ccy=\"EUR\"", "Ccy=\"USD\"", "IntrBkSttlmAmt"),
        (&sct, ">124.35</I", ">124.350</I", "IntrBkSttlmAmt"),
        (&sct, ">124.35</I", ">1.2435E2</I", "IntrBkSttlmAmt"),
        (&sct, ">124.35</I", ">0.00</I", "IntrBkSttlmAmt"),
        (&sct, ">124.35</T", ">124.36</T", "TtlIntrBkSttlmAmt"),
        (&sct, "<NbOfTxs>1", "<NbOfTxs>2", "NbOfTxs"),
        (&sct, "CLRG", "COVE", "SttlmMtd"),
        (&sct, "<Cd>SEPA", "<Cd>URGP", "SvcLvl"),
        (&instant, "<Cd>INST", "<Cd>B2B", "LclInstrm"),
        (&instant, acceptance, "", "AccptncDtTm"),
        (&instant, "T09:16:29.500Z", "", "AccptncDtTm"),
        (&sct, "SLEV", "SHAR", "ChrgBr"),
        (&sct, "FR7630004008250001020304004", "FR7630004008250001020304005", "CdtrAcct/Id/IBAN"),
        (&sct, "<BICFI>BNPAFRPP", "<BICFI>BNPA", "CdtrAgt/FinInstnId/BICFI"),
        (&sct, "CAMILLE", "CAMILLÉ", "Dbtr/Nm"),
        (&sct, "E2E-0001", "E2E_0001", "EndToEndId"),
        (&sct, "<MsgId>0000000123", "<MsgId>00000000000123", "MsgId"),
        (&sct, "<IntrBkSttlmDt>2026-03-02", "<IntrBkSttlmDt>2026-02-30", "IntrBkSttlmDt"),
        (&instant, "SCOR", "PUOR", "RmtInf"),
    ];
    for (message, from, to, element) in table {
        let broken = message.replace(from, to);
        assert_ne!(&broken, message, "{from} stands in the message");
        assert_eq!(CreditTransfer::parse(broken.as_bytes()), Err(InvalidMessage::Value(element)), "{to}");
    }
}

#[test]
fn a_document_of_another_shape_is_refused() {
    let sct = sct().render();
    let transaction = sct.split("<CdtTrfTxInf>").nth(1).unwrap().split("</CdtTrfTxInf>").next().unwrap();
    let twice = format!("</CdtTrfTxInf><CdtTrfTxInf>{transaction}</CdtTrfTxInf>");
    let entity = "<!DOCTYPE Document [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<Document";
    let table = [
        ("two transfers", sct.replace("</CdtTrfTxInf>", &twice)),
        ("another version", sct.replace("pacs.008.001.08", "pacs.008.001.02")),
        ("a document type", sct.replacen("<Document", entity, 1)),
        ("no creditor", sct.replace("Cdtr>", "Xxxx>")),
        ("cut short", sct[..sct.len() / 2].to_owned()),
        ("nothing", String::new()),
    ];
    for (what, message) in table {
        assert_eq!(CreditTransfer::parse(message.as_bytes()), Err(InvalidMessage::Schema), "{what}");
    }
    let long = format!("{sct}{}", " ".repeat(MAX_MESSAGE_BYTES));
    assert_eq!(CreditTransfer::parse(long.as_bytes()), Err(InvalidMessage::TooLong));
    assert_eq!(CreditTransfer::parse(b"\xff\xfe"), Err(InvalidMessage::Schema));
}

#[test]
fn a_report_that_breaks_a_rule_of_the_scheme_is_refused() {
    let rejected = report(TransferStatus::Rejected(Reason::Ms03.into())).render();
    let table = [
        ("RJCT", "ACSC", "StsRsnInf"),
        ("RJCT", "WHAT", "TxSts"),
        ("MS03", "ms03", "StsRsnInf/Rsn/Cd"),
        ("MS03", "MS0300", "StsRsnInf/Rsn/Cd"),
        ("pacs.008.001.08", "pain.001.001.09", "OrgnlMsgNmId"),
    ];
    for (from, to, element) in table {
        let broken = rejected.replace(from, to);
        assert_eq!(StatusReport::parse(broken.as_bytes()), Err(InvalidMessage::Value(element)), "{to}");
    }
}

fn moments() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000_000).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap())
}

fn ibans() -> impl Strategy<Value = Iban> {
    prop::sample::select(vec![
        Iban::parse("FR7630004008250001020304004").unwrap(),
        Iban::parse("FR1420041010050500013M02606").unwrap(),
        Iban::parse("DE89370400440532013000").unwrap(),
    ])
}

/// What ids may hold, spaces at the ends included: the reader must not lose them.
const ID: &str = "[a-zA-Z0-9/?:().,' -]{1,35}";

prop_compose! {
    fn transfers()(
        (message_id, transaction_id, end_to_end_id) in (ID, ID, prop::option::of(ID)),
        (created_at, accepted_at) in (moments(), prop::option::of(moments())),
        cents in 1_u64..=99_999_999_999,
        (debtor_name, creditor_name, about) in (any::<String>(), any::<String>(), any::<String>()),
        (debtor_account, creditor_account) in (ibans(), ibans()),
        kind in 0..3,
    ) -> CreditTransfer {
        CreditTransfer {
            message_id: Id35::parse(&message_id).unwrap(),
            created_at,
            settlement_date: date(2026, 3, 2),
            product: if accepted_at.is_some() { Product::SctInst } else { Product::Sct },
            accepted_at,
            transaction_id: Id35::parse(&transaction_id).unwrap(),
            end_to_end_id: end_to_end_id.map(|id| Id35::parse(&id).unwrap()),
            amount: Amount::from_cents(cents).unwrap(),
            debtor_name: SepaText::transliterate(&debtor_name),
            debtor_account,
            debtor_agent: Bic::parse("CEPAFRPP751").unwrap(),
            creditor_name: SepaText::transliterate(&creditor_name),
            creditor_account,
            creditor_agent: Bic::parse("BNPAFRPP").unwrap(),
            ultimate_creditor_name: None,
            remittance: match kind {
                0 => None,
                1 => Some(RemittanceInformation::Unstructured(SepaText::transliterate(&about))),
                _ => Some(RemittanceInformation::CreditorReference(SepaText::transliterate(&about))),
            },
        }
    }
}

proptest! {
    #[test]
    fn every_transfer_reads_back_as_itself(transfer in transfers()) {
        prop_assert_eq!(CreditTransfer::parse(transfer.render().as_bytes()), Ok(transfer));
    }

    #[test]
    fn every_report_reads_back_as_itself(at in moments(), code in "[A-Z0-9]{1,4}", kind in 0..4, id in ID) {
        let status = match kind {
            0 => TransferStatus::Credited,
            1 => TransferStatus::Settled,
            2 => TransferStatus::Pending,
            _ => TransferStatus::Rejected(ReasonCode::parse(&code).unwrap()),
        };
        let mut report = report(status);
        report.created_at = at;
        report.original_end_to_end_id = Some(Id35::parse(&id).unwrap());
        prop_assert_eq!(StatusReport::parse(report.render().as_bytes()), Ok(report));
    }

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = CreditTransfer::parse(&bytes);
        let _ = StatusReport::parse(&bytes);
    }

    #[test]
    fn no_damage_to_a_message_makes_the_readers_panic(
        at in 0_usize..2_000,
        cut in 0_usize..40,
        put in "[<>&;/!\\[\\]A-Za-z0-9\"'=? \u{0}-\u{20}é]{0,20}",
    ) {
        for message in [instant().render(), report(TransferStatus::Rejected(Reason::Ac04.into())).render()] {
            let start = at.min(message.len());
            let end = (start + cut).min(message.len());
            let mut bytes = message.into_bytes();
            bytes.splice(start..end, put.bytes());
            let _ = CreditTransfer::parse(&bytes);
            let _ = StatusReport::parse(&bytes);
        }
    }
}
