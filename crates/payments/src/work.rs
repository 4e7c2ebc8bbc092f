//! Work that waits: rows with a due time, claimed with a lease, never a timer a restart forgets.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::values::PaymentId;

/// Something to be done about a payment at a time. There is at most one of each task per payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// The payment.
    pub payment: PaymentId,
    /// What to do.
    pub task: Task,
    /// From when.
    pub due: Timestamp,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Reject the payment if the PSU has not decided.
    Expire,
    /// Hand the payment to the rail, or follow it there.
    Execute,
    /// Give reserved funds back.
    Release,
}

impl Task {
    /// Every task.
    pub const ALL: [Self; 3] = [Self::Expire, Self::Execute, Self::Release];

    /// The task's name in the store and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Expire => "expire",
            Self::Execute => "execute",
            Self::Release => "release",
        }
    }

    /// The task with this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.name() == name)
    }
}

/// Names a claim: whoever holds another one must not finish the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease(pub u64);

/// Work that a worker holds until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The work.
    pub work: Work,
    /// How often it has been claimed before.
    pub attempt: u32,
    /// The claim.
    pub lease: Lease,
}
