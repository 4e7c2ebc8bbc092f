//! The bank through its ports, on a file of its own and with a clock that stands still.

mod books;
mod concurrency;
mod counter;
mod crashes;
mod phones;
mod properties;
mod transfers;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::Timestamp;
use payments::{
    lifecycle::Debtor,
    ports::{Bank, Reservation, Reserved},
    request::Product,
    transfer::TransferOrder,
    values::{Amount, Iban, InstitutionCode, Name, PaymentId, PsuId, Reference, Remittance, Text, paris_day},
};
use tempfile::TempDir;

use super::SandboxBank;

/// CAMILLE ESSAI's first account, with 2,500.00.
const CAMILLE: (&str, &str) = ("170000001", "FR7617515900000800123456711");
/// A payee at a bank that is not ours.
const NORMAL: &str = "FR7630004008250001020304004";
/// Boutique Exemple, at another of our institutions.
const BOUTIQUE: &str = "FR7611425009000401234567877";

struct TestBank {
    bank: SandboxBank,
    now_s: Arc<AtomicI64>,
    directory: TempDir,
}

impl TestBank {
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let now_s = Arc::new(AtomicI64::new(1_772_442_930));
        let bank = open(directory.path().join("bank.db"), &now_s).await;
        Self { bank, now_s, directory }
    }

    /// The same books after the process ended: whatever was not committed is gone.
    async fn reopened(self) -> Self {
        self.bank.close();
        let bank = open(self.directory.path().join("bank.db"), &self.now_s).await;
        Self { bank, ..self }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now_s.load(Ordering::SeqCst)).unwrap()
    }

    fn pass(&self, seconds: i64) {
        self.now_s.fetch_add(seconds, Ordering::SeqCst);
    }

    fn balance(&self, account: &str) -> i64 {
        let lines = self.bank.statement(&iban(account)).unwrap();
        lines.iter().map(|line| line.cents).sum()
    }

    async fn available(&self, psu: &str, account: &str) -> i64 {
        let accounts = self.bank.accounts(&code("17515"), &psu_id(psu)).await.unwrap();
        accounts.iter().find(|seen| seen.iban == iban(account)).unwrap().available_cents
    }

    /// An order of CAMILLE's, approved now.
    fn order(&self, number: u64, product: Product, creditor: &str, cents: u64) -> TransferOrder {
        TransferOrder {
            reference: reference(number),
            institution: code("17515"),
            payment: payment(number),
            product,
            amount: amount(cents),
            debtor: Debtor { psu: psu_id(CAMILLE.0), name: name("CAMILLE ESSAI"), account: iban(CAMILLE.1) },
            creditor_name: name("Café Zoë"),
            creditor_account: iban(creditor),
            creditor_agent: None,
            ultimate_creditor: None,
            end_to_end_id: None,
            remittance: Remittance::Unstructured(Text::parse("Commande n°4711").unwrap()),
            execution_day: paris_day(self.now()),
            approved_at: self.now(),
            confirmed_at: None,
        }
    }

    /// Sets aside what an order needs.
    async fn reserve(&self, order: &TransferOrder) -> Reserved {
        self.bank.reserve(&reservation(order)).await.unwrap()
    }
}

async fn open(file: PathBuf, now_s: &Arc<AtomicI64>) -> SandboxBank {
    let now_s = Arc::clone(now_s);
    let clock = move || Timestamp::from_second(now_s.load(Ordering::SeqCst)).unwrap();
    SandboxBank::open(&file, Arc::new(clock)).await.unwrap()
}

fn reservation(order: &TransferOrder) -> Reservation {
    Reservation {
        reference: order.reference.clone(),
        institution: order.institution.clone(),
        psu: order.debtor.psu.clone(),
        account: order.debtor.account.clone(),
        amount: order.amount,
        creditor_account: order.creditor_account.clone(),
    }
}

fn payment(number: u64) -> PaymentId {
    PaymentId::new(number, 1_772_442_930_000, number)
}

fn reference(number: u64) -> Reference {
    Reference::of(&payment(number))
}

fn code(text: &str) -> InstitutionCode {
    InstitutionCode::parse(text).unwrap()
}

fn psu_id(text: &str) -> PsuId {
    PsuId::parse(text).unwrap()
}

fn iban(text: &str) -> Iban {
    Iban::parse(text).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn amount(cents: u64) -> Amount {
    Amount::from_cents(cents).unwrap()
}
