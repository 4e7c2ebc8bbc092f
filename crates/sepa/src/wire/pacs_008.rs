//! pacs.008.001.08, `FIToFICustomerCreditTransferV08`.

use serde::{Deserialize, Serialize};

use super::common::{Agent, Code, CurrencyAmount};

pub(crate) const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08";

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Document {
    #[serde(rename = "@xmlns")]
    pub(crate) namespace: String,
    #[serde(rename = "FIToFICstmrCdtTrf")]
    pub(crate) message: Message,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    #[serde(rename = "GrpHdr")]
    pub(crate) group_header: GroupHeader,
    #[serde(rename = "CdtTrfTxInf")]
    pub(crate) transfer: Transfer,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GroupHeader {
    #[serde(rename = "MsgId")]
    pub(crate) message_id: String,
    #[serde(rename = "CreDtTm")]
    pub(crate) created_at: String,
    #[serde(rename = "NbOfTxs")]
    pub(crate) number_of_transactions: String,
    #[serde(rename = "TtlIntrBkSttlmAmt")]
    pub(crate) total_settlement_amount: CurrencyAmount,
    #[serde(rename = "IntrBkSttlmDt")]
    pub(crate) settlement_date: String,
    #[serde(rename = "SttlmInf")]
    pub(crate) settlement: Settlement,
    #[serde(rename = "PmtTpInf")]
    pub(crate) payment_type: PaymentType,
    #[serde(rename = "InstgAgt")]
    pub(crate) instructing_agent: Agent,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Settlement {
    #[serde(rename = "SttlmMtd")]
    pub(crate) method: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PaymentType {
    #[serde(rename = "SvcLvl")]
    pub(crate) service_level: Code,
    #[serde(rename = "LclInstrm", skip_serializing_if = "Option::is_none")]
    pub(crate) local_instrument: Option<Code>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Transfer {
    #[serde(rename = "PmtId")]
    pub(crate) ids: PaymentIdentification,
    #[serde(rename = "IntrBkSttlmAmt")]
    pub(crate) settlement_amount: CurrencyAmount,
    #[serde(rename = "AccptncDtTm", skip_serializing_if = "Option::is_none")]
    pub(crate) accepted_at: Option<String>,
    #[serde(rename = "ChrgBr")]
    pub(crate) charge_bearer: String,
    #[serde(rename = "Dbtr")]
    pub(crate) debtor: Party,
    #[serde(rename = "DbtrAcct")]
    pub(crate) debtor_account: Account,
    #[serde(rename = "DbtrAgt")]
    pub(crate) debtor_agent: Agent,
    #[serde(rename = "CdtrAgt")]
    pub(crate) creditor_agent: Agent,
    #[serde(rename = "Cdtr")]
    pub(crate) creditor: Party,
    #[serde(rename = "CdtrAcct")]
    pub(crate) creditor_account: Account,
    #[serde(rename = "UltmtCdtr", skip_serializing_if = "Option::is_none")]
    pub(crate) ultimate_creditor: Option<Party>,
    #[serde(rename = "RmtInf", skip_serializing_if = "Option::is_none")]
    pub(crate) remittance: Option<Remittance>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PaymentIdentification {
    #[serde(rename = "EndToEndId")]
    pub(crate) end_to_end_id: String,
    #[serde(rename = "TxId")]
    pub(crate) transaction_id: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Party {
    #[serde(rename = "Nm")]
    pub(crate) name: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    #[serde(rename = "Id")]
    pub(crate) id: AccountIdentification,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccountIdentification {
    #[serde(rename = "IBAN")]
    pub(crate) iban: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Remittance {
    #[serde(rename = "Ustrd", skip_serializing_if = "Option::is_none")]
    pub(crate) unstructured: Option<String>,
    #[serde(rename = "Strd", skip_serializing_if = "Option::is_none")]
    pub(crate) structured: Option<Structured>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Structured {
    #[serde(rename = "CdtrRefInf")]
    pub(crate) creditor_reference: CreditorReference,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CreditorReference {
    #[serde(rename = "Tp")]
    pub(crate) kind: CreditorReferenceType,
    #[serde(rename = "Ref")]
    pub(crate) reference: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CreditorReferenceType {
    #[serde(rename = "CdOrPrtry")]
    pub(crate) code: Code,
    #[serde(rename = "Issr", skip_serializing_if = "Option::is_none")]
    pub(crate) issuer: Option<String>,
}
