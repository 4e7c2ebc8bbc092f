//! ISO 20022 messages for SEPA credit transfers, written and read.
