//! What became of a credit transfer: pacs.002.001.10.

use std::fmt;

use jiff::Timestamp;
use payments::values::{Bic, EndToEndId};

use crate::{
    InvalidMessage, MessageId, TransactionId,
    credit_transfer::{parse_end_to_end_id, parse_id, render_end_to_end_id},
    wire::{
        common::{Agent, Code, parse_time, render_time},
        pacs_002 as wire,
    },
    xml,
};

/// The name by which the original message is called here.
const ORIGINAL_MESSAGE_NAME: &str = "pacs.008.001.08";

/// The answer to one credit transfer (pacs.002.001.10; EPC115-06, EPC122-16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The message that carries the answer.
    pub message_id: MessageId,
    /// When it was made, to the millisecond.
    pub created_at: Timestamp,
    /// Who answers.
    pub instructing_agent: Bic,
    /// The message that is answered.
    pub original_message_id: MessageId,
    /// The debtor's reference of the transfer.
    pub original_end_to_end_id: Option<EndToEndId>,
    /// The debtor bank's reference of the transfer.
    pub original_transaction_id: TransactionId,
    /// What became of it.
    pub status: TransferStatus,
    /// When the transfer was taken by the debtor's bank, where the report repeats it.
    pub accepted_at: Option<Timestamp>,
}

/// The status of a transfer, `TxSts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferStatus {
    /// `ACCC`: credited to the creditor's account, as instant transfers are.
    Credited,
    /// `ACSC`: settled between the banks.
    Settled,
    /// `PDNG`: taken, outcome open.
    Pending,
    /// `RJCT`, and why.
    Rejected(ReasonCode),
}

/// A code of ISO 20022's external status reasons: 1 to 4 letters or digits. Wider than
/// [`payments::Reason`], since a clearing may say what our PISPs cannot be told.
#[derive(Clone, PartialEq, Eq)]
pub struct ReasonCode(String);

impl ReasonCode {
    /// Parses a code.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage::Value`] if it is not 1 to 4 capital letters or digits.
    pub fn parse(text: &str) -> Result<Self, InvalidMessage> {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if (1..=4).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidMessage::Value("StsRsnInf/Rsn/Cd"))
        }
    }

    /// The code as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<payments::Reason> for ReasonCode {
    fn from(reason: payments::Reason) -> Self {
        Self(reason.code().to_owned())
    }
}

impl fmt::Debug for ReasonCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TransferStatus {
    /// The four-letter code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Credited => "ACCC",
            Self::Settled => "ACSC",
            Self::Pending => "PDNG",
            Self::Rejected(_) => "RJCT",
        }
    }
}

impl StatusReport {
    /// The message, as XML.
    pub fn render(&self) -> String {
        xml::write(&wire::Document {
            namespace: wire::NAMESPACE.to_owned(),
            message: wire::Message {
                group_header: wire::GroupHeader {
                    message_id: self.message_id.as_str().to_owned(),
                    created_at: render_time(self.created_at),
                    instructing_agent: Agent::of(&self.instructing_agent),
                },
                original_group: wire::OriginalGroup {
                    message_id: self.original_message_id.as_str().to_owned(),
                    message_name: ORIGINAL_MESSAGE_NAME.to_owned(),
                },
                transaction: self.transaction(),
            },
        })
    }

    /// Parses a message that answers exactly one transfer.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`]: the first rule of schema or scheme that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidMessage> {
        let document: wire::Document = xml::read(bytes)?;
        let wire::Message { group_header: header, original_group: original, transaction } = document.message;
        if document.namespace != wire::NAMESPACE {
            return Err(InvalidMessage::Schema);
        }
        if original.message_name != ORIGINAL_MESSAGE_NAME {
            return Err(InvalidMessage::Value("OrgnlMsgNmId"));
        }
        Ok(Self {
            message_id: parse_id(&header.message_id, "MsgId")?,
            created_at: parse_time(&header.created_at, "CreDtTm")?,
            instructing_agent: header.instructing_agent.parse("InstgAgt/FinInstnId/BICFI")?,
            original_message_id: parse_id(&original.message_id, "OrgnlMsgId")?,
            original_end_to_end_id: parse_end_to_end_id(&transaction.end_to_end_id, "OrgnlEndToEndId")?,
            original_transaction_id: parse_id(&transaction.transaction_id, "OrgnlTxId")?,
            status: parse_status(&transaction)?,
            accepted_at: transaction
                .accepted_at
                .as_deref()
                .map(|at| parse_time(at, "AccptncDtTm"))
                .transpose()?,
        })
    }

    fn transaction(&self) -> wire::TransactionStatus {
        let reason = match &self.status {
            TransferStatus::Rejected(code) => Some(self.reason(code)),
            _ => None,
        };
        wire::TransactionStatus {
            end_to_end_id: render_end_to_end_id(self.original_end_to_end_id.as_ref()),
            transaction_id: self.original_transaction_id.as_str().to_owned(),
            status: self.status.code().to_owned(),
            reason,
            accepted_at: self.accepted_at.map(render_time),
        }
    }

    fn reason(&self, code: &ReasonCode) -> wire::StatusReason {
        let bic = self.instructing_agent.as_str().to_owned();
        wire::StatusReason {
            originator: wire::Originator {
                id: wire::OriginatorId { organisation: wire::OrganisationId { bic } },
            },
            reason: Code::of(code.as_str()),
        }
    }
}

fn parse_status(transaction: &wire::TransactionStatus) -> Result<TransferStatus, InvalidMessage> {
    match (transaction.status.as_str(), &transaction.reason) {
        ("ACCC", None) => Ok(TransferStatus::Credited),
        ("ACSC", None) => Ok(TransferStatus::Settled),
        ("PDNG", None) => Ok(TransferStatus::Pending),
        ("RJCT", Some(given)) => ReasonCode::parse(&given.reason.code).map(TransferStatus::Rejected),
        ("ACCC" | "ACSC" | "PDNG" | "RJCT", _) => Err(InvalidMessage::Value("StsRsnInf")),
        _ => Err(InvalidMessage::Value("TxSts")),
    }
}
