//! ISO 20022 messages for SEPA credit transfers, written and read.
//!
//! The profile is the one of the EPC schemes: SCT (EPC115-06) and SCT Inst (EPC122-16), inter-PSP.
//! Nothing here knows a network or a clock; a value goes in and a document comes out, and back.
//!
//! | Message | Here |
//! | --- | --- |
//! | pacs.008.001.08, a credit transfer from bank to bank | [`CreditTransfer`] |
//! | pacs.002.001.10, what became of it | [`StatusReport`] |
//!
//! What the scheme's alphabet cannot carry is transliterated when a [`SepaText`] is made, at this edge
//! and nowhere else: what the PSU saw and approved stays as it was written.

mod charset;
mod credit_transfer;
mod invalid_message;
mod status_report;
mod wire;
mod xml;

pub use charset::{InvalidSepaText, SepaText};
pub use credit_transfer::{CreditTransfer, MessageId, RemittanceInformation, TransactionId};
pub use invalid_message::InvalidMessage;
pub use status_report::{ReasonCode, StatusReport, TransferStatus};
pub use xml::MAX_MESSAGE_BYTES;
