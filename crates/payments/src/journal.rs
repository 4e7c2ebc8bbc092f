//! The journal: one entry for everything that happened to a payment, each chained to the one before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{lifecycle::Event, payment::Registration, values::PaymentId};

/// Who made something happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The PISP, by an API call.
    Tpp,
    /// The PSU, on our pages.
    Psu,
    /// The bank behind us, or its rail.
    Bank,
    /// Time.
    Clock,
}

/// What an entry records: the first is the registration, every other an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// The payment request came into being.
    Registered(Box<Registration>),
    /// Something happened to it.
    Happened(Event),
}

/// SHA-256 of an entry, chaining the next one to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryHash(#[serde(with = "crate::encoding::hex32")] pub [u8; 32]);

impl EntryHash {
    /// What the first entry of a payment is chained to.
    pub const GENESIS: Self = Self([0; 32]);
}

/// One entry as it is stored: the text is what was hashed, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The payment.
    pub payment: PaymentId,
    /// 1 for the registration, then one more each.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Canonical JSON of actor and fact, time and sequence included.
    pub text: String,
    /// Hash of the entry before.
    pub previous: EntryHash,
    /// Hash of this entry.
    pub hash: EntryHash,
}

/// The content of [`Entry::text`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The payment.
    pub payment: PaymentId,
    /// As [`Entry::seq`].
    pub seq: u64,
    /// As [`Entry::at`].
    pub at: Timestamp,
    /// Who made it happen.
    pub actor: Actor,
    /// What happened.
    pub fact: Fact,
}

/// What is wrong with a journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenJournal {
    /// There is no entry at all.
    #[error("the journal is empty")]
    Empty,
    /// An entry is missing, doubled or belongs elsewhere.
    #[error("entry {seq} is out of sequence")]
    Sequence {
        /// The expected sequence number.
        seq: u64,
    },
    /// An entry was changed after it was written.
    #[error("entry {seq} does not match its hash")]
    Hash {
        /// Its sequence number.
        seq: u64,
    },
    /// The text is not a record, or tells another time or number than its row.
    #[error("entry {seq} cannot be read")]
    Unreadable {
        /// Its sequence number.
        seq: u64,
    },
    /// The recorded event is not allowed where it stands.
    #[error("entry {seq} records a change that is not allowed")]
    Illegal {
        /// Its sequence number.
        seq: u64,
    },
}

impl Entry {
    /// Writes the record down, chained to `previous`.
    pub fn new(record: &Record, previous: EntryHash) -> Self {
        let text = serde_json::to_string(record).expect("a record has only string keys and finite numbers");
        let hash = hash(previous, &text);
        Self { payment: record.payment.clone(), seq: record.seq, at: record.at, text, previous, hash }
    }

    /// Reads the record back after checking that nothing was changed.
    ///
    /// # Errors
    ///
    /// [`BrokenJournal`] if the hash, the text or the row around it do not agree.
    pub fn read(&self) -> Result<Record, BrokenJournal> {
        if hash(self.previous, &self.text) != self.hash {
            return Err(BrokenJournal::Hash { seq: self.seq });
        }
        let record: Record =
            serde_json::from_str(&self.text).map_err(|_| BrokenJournal::Unreadable { seq: self.seq })?;
        if record.payment != self.payment || record.seq != self.seq || record.at != self.at {
            return Err(BrokenJournal::Unreadable { seq: self.seq });
        }
        Ok(record)
    }
}

fn hash(previous: EntryHash, text: &str) -> EntryHash {
    EntryHash(Sha256::new().chain_update(previous.0).chain_update(text.as_bytes()).finalize().into())
}
