//! The sandbox bank's rail, watched, and in a mood.

use std::sync::{
    Mutex,
    atomic::{AtomicU8, Ordering},
};

use async_trait::async_trait;
use payments::{
    Payment,
    ports::{Rail, Unavailable},
    transfer::{Outcome, TransferOrder},
    values::{InstitutionCode, Reference},
};
use sandbox::bank::SandboxBank;
use tokio::sync::Notify;

/// How the rail answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RailMood {
    Fine,
    /// At once, that it cannot.
    Down,
    /// Never, and does nothing.
    Silent,
    /// Does what it is asked, but its answer is lost.
    Lossy,
}

/// What the rail was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Submit,
    Inquire,
}

/// The rail behind a town, which remembers what it was asked.
pub(crate) struct WatchedRail {
    bank: SandboxBank,
    mood: AtomicU8,
    asked: Mutex<Vec<(Reference, Asked)>>,
    /// Notified whenever the rail is asked something.
    pub(crate) reached: Notify,
}

impl WatchedRail {
    pub(crate) fn new(bank: SandboxBank) -> Self {
        Self {
            bank,
            mood: AtomicU8::new(RailMood::Fine as u8),
            asked: Mutex::default(),
            reached: Notify::new(),
        }
    }

    pub(crate) fn set(&self, mood: RailMood) {
        self.mood.store(mood as u8, Ordering::SeqCst);
    }

    /// What it was asked about a payment, in order.
    pub(crate) fn asked(&self, payment: &Payment) -> Vec<Asked> {
        let reference = Reference::of(payment.id());
        let asked = self.asked.lock().unwrap();
        let about = asked.iter().filter(|(about, _)| *about == reference);
        about.map(|(_, asked)| *asked).collect()
    }

    async fn answer(
        &self,
        reference: &Reference,
        asked: Asked,
        doing: impl Future<Output = Result<Outcome, Unavailable>> + Send,
    ) -> Result<Outcome, Unavailable> {
        self.asked.lock().unwrap().push((reference.clone(), asked));
        self.reached.notify_one();
        match self.mood.load(Ordering::SeqCst) {
            mood if mood == RailMood::Down as u8 => Err(Unavailable("the line is dead".to_owned())),
            mood if mood == RailMood::Silent as u8 => std::future::pending().await,
            mood if mood == RailMood::Lossy as u8 => {
                doing.await?;
                Err(Unavailable("the answer was lost".to_owned()))
            }
            _ => doing.await,
        }
    }
}

#[async_trait]
impl Rail for WatchedRail {
    async fn submit(&self, order: &TransferOrder) -> Result<Outcome, Unavailable> {
        let doing = self.bank.submit(order);
        self.answer(&order.reference, Asked::Submit, doing).await
    }

    async fn inquire(
        &self,
        institution: &InstitutionCode,
        reference: &Reference,
    ) -> Result<Outcome, Unavailable> {
        let doing = self.bank.inquire(institution, reference);
        self.answer(reference, Asked::Inquire, doing).await
    }
}
