//! pacs.002.001.10, `FIToFIPaymentStatusReportV10`.

use serde::{Deserialize, Serialize};

use super::common::{Agent, Code};

pub(crate) const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10";

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Document {
    #[serde(rename = "@xmlns")]
    pub(crate) namespace: String,
    #[serde(rename = "FIToFIPmtStsRpt")]
    pub(crate) message: Message,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    #[serde(rename = "GrpHdr")]
    pub(crate) group_header: GroupHeader,
    #[serde(rename = "OrgnlGrpInfAndSts")]
    pub(crate) original_group: OriginalGroup,
    #[serde(rename = "TxInfAndSts")]
    pub(crate) transaction: TransactionStatus,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GroupHeader {
    #[serde(rename = "MsgId")]
    pub(crate) message_id: String,
    #[serde(rename = "CreDtTm")]
    pub(crate) created_at: String,
    #[serde(rename = "InstgAgt")]
    pub(crate) instructing_agent: Agent,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OriginalGroup {
    #[serde(rename = "OrgnlMsgId")]
    pub(crate) message_id: String,
    #[serde(rename = "OrgnlMsgNmId")]
    pub(crate) message_name: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TransactionStatus {
    #[serde(rename = "OrgnlEndToEndId")]
    pub(crate) end_to_end_id: String,
    #[serde(rename = "OrgnlTxId")]
    pub(crate) transaction_id: String,
    #[serde(rename = "TxSts")]
    pub(crate) status: String,
    #[serde(rename = "StsRsnInf", skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<StatusReason>,
    #[serde(rename = "AccptncDtTm", skip_serializing_if = "Option::is_none")]
    pub(crate) accepted_at: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StatusReason {
    #[serde(rename = "Orgtr")]
    pub(crate) originator: Originator,
    #[serde(rename = "Rsn")]
    pub(crate) reason: Code,
}

/// Who refused: a bank or a clearing, by its BIC.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Originator {
    #[serde(rename = "Id")]
    pub(crate) id: OriginatorId,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OriginatorId {
    #[serde(rename = "OrgId")]
    pub(crate) organisation: OrganisationId,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OrganisationId {
    #[serde(rename = "AnyBIC")]
    pub(crate) bic: String,
}
