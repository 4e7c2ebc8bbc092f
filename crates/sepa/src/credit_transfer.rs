//! A credit transfer from bank to bank: pacs.008.001.08.

use jiff::{Timestamp, civil::Date};
use payments::{
    request::Product,
    values::{Amount, Bic, EndToEndId, Iban, Id35, Remittance},
};

use crate::{
    InvalidMessage, SepaText,
    wire::{
        common::{Agent, Code, CurrencyAmount, parse_time, render_time},
        pacs_008 as wire,
    },
    xml,
};

/// Marks [`MessageId`].
#[derive(Debug)]
pub enum Message {}
/// Marks [`TransactionId`].
#[derive(Debug)]
pub enum Transaction {}

/// `MsgId`: what the sender calls a message; sent again, a message keeps it.
pub type MessageId = Id35<Message>;
/// `TxId`: what the debtor's bank calls a transfer, carried unchanged through the chain.
pub type TransactionId = Id35<Transaction>;

/// What stands where no end-to-end id was given (EPC125-05, AT-T014).
pub(crate) const NOT_PROVIDED: &str = "NOTPROVIDED";

/// One SEPA credit transfer in a message of its own (pacs.008.001.08; EPC115-06, EPC122-16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditTransfer {
    /// The message that carries it.
    pub message_id: MessageId,
    /// When the message was made, to the millisecond.
    pub created_at: Timestamp,
    /// The day the banks settle.
    pub settlement_date: Date,
    /// The scheme.
    pub product: Product,
    /// When the debtor's bank took the order and the ten seconds began, to the millisecond: with instant
    /// transfers and only there.
    pub accepted_at: Option<Timestamp>,
    /// The debtor bank's reference.
    pub transaction_id: TransactionId,
    /// The debtor's reference; absent is written `NOTPROVIDED`, and that word is read as absent.
    pub end_to_end_id: Option<EndToEndId>,
    /// How much.
    pub amount: Amount,
    /// Who pays.
    pub debtor_name: SepaText<70>,
    /// From which account.
    pub debtor_account: Iban,
    /// At which bank.
    pub debtor_agent: Bic,
    /// Who is paid.
    pub creditor_name: SepaText<70>,
    /// On which account.
    pub creditor_account: Iban,
    /// At which bank.
    pub creditor_agent: Bic,
    /// On whose behalf the creditor is paid, at most 70 characters; `UltmtCdtr`.
    pub ultimate_creditor_name: Option<SepaText<70>>,
    /// What it is about.
    pub remittance: Option<RemittanceInformation>,
}

/// Remittance information in the alphabet of the scheme: one of the two forms (EPC125-05, AT-T009).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemittanceInformation {
    /// `Ustrd`: one line of free text.
    Unstructured(SepaText<140>),
    /// `Strd` with a creditor reference, `SCOR`.
    CreditorReference(SepaText<35>),
}

impl From<&Remittance> for RemittanceInformation {
    fn from(remittance: &Remittance) -> Self {
        match remittance {
            Remittance::Unstructured(line) => Self::Unstructured(SepaText::transliterate(line.as_str())),
            Remittance::CreditorReference(reference) => {
                Self::CreditorReference(SepaText::transliterate(reference.as_str()))
            }
        }
    }
}

impl CreditTransfer {
    /// The message, as XML.
    pub fn render(&self) -> String {
        xml::write(&wire::Document {
            namespace: wire::NAMESPACE.to_owned(),
            message: wire::Message { group_header: self.group_header(), transfer: self.transfer() },
        })
    }

    /// Parses a message that carries exactly one transfer.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`]: the first rule of schema or scheme that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidMessage> {
        let document: wire::Document = xml::read(bytes)?;
        if document.namespace != wire::NAMESPACE {
            return Err(InvalidMessage::Schema);
        }
        let wire::Message { group_header: header, transfer } = document.message;
        let amount = transfer.settlement_amount.parse("IntrBkSttlmAmt")?;
        check_header(&header, amount)?;
        let product = parse_product(&header.payment_type)?;
        Ok(Self {
            message_id: Id35::parse(&header.message_id).map_err(|_| InvalidMessage::Value("MsgId"))?,
            created_at: parse_time(&header.created_at, "CreDtTm")?,
            settlement_date: parse_date(&header.settlement_date)?,
            product,
            accepted_at: parse_acceptance(&transfer, product)?,
            transaction_id: parse_id(&transfer.ids.transaction_id, "TxId")?,
            end_to_end_id: parse_end_to_end_id(&transfer.ids.end_to_end_id, "EndToEndId")?,
            amount,
            debtor_name: parse_name(&transfer.debtor, "Dbtr/Nm")?,
            debtor_account: parse_iban(&transfer.debtor_account, "DbtrAcct/Id/IBAN")?,
            debtor_agent: transfer.debtor_agent.parse("DbtrAgt/FinInstnId/BICFI")?,
            creditor_name: parse_name(&transfer.creditor, "Cdtr/Nm")?,
            creditor_account: parse_iban(&transfer.creditor_account, "CdtrAcct/Id/IBAN")?,
            creditor_agent: transfer.creditor_agent.parse("CdtrAgt/FinInstnId/BICFI")?,
            ultimate_creditor_name: transfer
                .ultimate_creditor
                .map(|party| parse_name(&party, "UltmtCdtr/Nm"))
                .transpose()?,
            remittance: transfer.remittance.map(|given| parse_remittance(&given)).transpose()?,
        })
    }

    fn group_header(&self) -> wire::GroupHeader {
        wire::GroupHeader {
            message_id: self.message_id.as_str().to_owned(),
            created_at: render_time(self.created_at),
            number_of_transactions: "1".to_owned(),
            total_settlement_amount: CurrencyAmount::euros(self.amount),
            settlement_date: self.settlement_date.to_string(),
            settlement: wire::Settlement { method: "CLRG".to_owned() },
            payment_type: wire::PaymentType {
                service_level: Code::of("SEPA"),
                local_instrument: (self.product == Product::SctInst).then(|| Code::of("INST")),
            },
            instructing_agent: Agent::of(&self.debtor_agent),
        }
    }

    fn transfer(&self) -> wire::Transfer {
        wire::Transfer {
            ids: wire::PaymentIdentification {
                end_to_end_id: render_end_to_end_id(self.end_to_end_id.as_ref()),
                transaction_id: self.transaction_id.as_str().to_owned(),
            },
            settlement_amount: CurrencyAmount::euros(self.amount),
            accepted_at: self.accepted_at.map(render_time),
            charge_bearer: "SLEV".to_owned(),
            debtor: render_name(&self.debtor_name),
            debtor_account: render_iban(&self.debtor_account),
            debtor_agent: Agent::of(&self.debtor_agent),
            creditor_agent: Agent::of(&self.creditor_agent),
            creditor: render_name(&self.creditor_name),
            creditor_account: render_iban(&self.creditor_account),
            ultimate_creditor: self.ultimate_creditor_name.as_ref().map(render_name),
            remittance: self.remittance.as_ref().map(render_remittance),
        }
    }
}

/// The header must say of the group what is true of its one transfer.
fn check_header(header: &wire::GroupHeader, amount: Amount) -> Result<(), InvalidMessage> {
    if header.number_of_transactions != "1" {
        return Err(InvalidMessage::Value("NbOfTxs"));
    }
    if header.total_settlement_amount.parse("TtlIntrBkSttlmAmt")? != amount {
        return Err(InvalidMessage::Value("TtlIntrBkSttlmAmt"));
    }
    if header.settlement.method != "CLRG" {
        return Err(InvalidMessage::Value("SttlmMtd"));
    }
    header.instructing_agent.parse("InstgAgt/FinInstnId/BICFI").map(|_| ())
}

fn parse_product(kind: &wire::PaymentType) -> Result<Product, InvalidMessage> {
    if kind.service_level.code != "SEPA" {
        return Err(InvalidMessage::Value("SvcLvl"));
    }
    match kind.local_instrument.as_ref().map(|instrument| instrument.code.as_str()) {
        None => Ok(Product::Sct),
        Some("INST") => Ok(Product::SctInst),
        Some(_) => Err(InvalidMessage::Value("LclInstrm")),
    }
}

fn parse_acceptance(
    transfer: &wire::Transfer,
    product: Product,
) -> Result<Option<Timestamp>, InvalidMessage> {
    if transfer.charge_bearer != "SLEV" {
        return Err(InvalidMessage::Value("ChrgBr"));
    }
    match (&transfer.accepted_at, product) {
        (Some(at), Product::SctInst) => parse_time(at, "AccptncDtTm").map(Some),
        (None, Product::Sct) => Ok(None),
        _ => Err(InvalidMessage::Value("AccptncDtTm")),
    }
}

fn parse_date(text: &str) -> Result<Date, InvalidMessage> {
    let date = text.len() == 10;
    let date = date.then(|| text.parse().ok()).flatten();
    date.ok_or(InvalidMessage::Value("IntrBkSttlmDt"))
}

pub(crate) fn parse_id<Kind>(text: &str, element: &'static str) -> Result<Id35<Kind>, InvalidMessage> {
    Id35::parse(text).map_err(|_| InvalidMessage::Value(element))
}

pub(crate) fn render_end_to_end_id(id: Option<&EndToEndId>) -> String {
    id.map_or(NOT_PROVIDED, EndToEndId::as_str).to_owned()
}

pub(crate) fn parse_end_to_end_id(
    text: &str,
    element: &'static str,
) -> Result<Option<EndToEndId>, InvalidMessage> {
    if text == NOT_PROVIDED {
        return Ok(None);
    }
    parse_id(text, element).map(Some)
}

fn render_name(name: &SepaText<70>) -> wire::Party {
    wire::Party { name: name.as_str().to_owned() }
}

fn parse_name(party: &wire::Party, element: &'static str) -> Result<SepaText<70>, InvalidMessage> {
    SepaText::parse(&party.name).map_err(|_| InvalidMessage::Value(element))
}

fn render_iban(iban: &Iban) -> wire::Account {
    wire::Account { id: wire::AccountIdentification { iban: iban.as_str().to_owned() } }
}

fn parse_iban(account: &wire::Account, element: &'static str) -> Result<Iban, InvalidMessage> {
    Iban::parse(&account.id.iban).map_err(|_| InvalidMessage::Value(element))
}

fn render_remittance(remittance: &RemittanceInformation) -> wire::Remittance {
    match remittance {
        RemittanceInformation::Unstructured(line) => {
            wire::Remittance { unstructured: Some(line.as_str().to_owned()), structured: None }
        }
        RemittanceInformation::CreditorReference(reference) => wire::Remittance {
            unstructured: None,
            structured: Some(wire::Structured {
                creditor_reference: wire::CreditorReference {
                    kind: wire::CreditorReferenceType {
                        code: Code::of("SCOR"),
                        // The issuer tells an ISO 11649 reference from one of the creditor's own.
                        issuer: reference.as_str().starts_with("RF").then(|| "ISO".to_owned()),
                    },
                    reference: reference.as_str().to_owned(),
                },
            }),
        },
    }
}

fn parse_remittance(given: &wire::Remittance) -> Result<RemittanceInformation, InvalidMessage> {
    let text = match (&given.unstructured, &given.structured) {
        (Some(line), None) => SepaText::parse(line).map(RemittanceInformation::Unstructured),
        (None, Some(structured)) if structured.creditor_reference.kind.code.code == "SCOR" => {
            SepaText::parse(&structured.creditor_reference.reference)
                .map(RemittanceInformation::CreditorReference)
        }
        _ => return Err(InvalidMessage::Value("RmtInf")),
    };
    text.map_err(|_| InvalidMessage::Value("RmtInf"))
}
