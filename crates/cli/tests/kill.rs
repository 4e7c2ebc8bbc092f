//! `kill -9` at any moment: nothing acknowledged is lost, nothing is executed twice, everything is sealed.
//!
//! Several PISPs and customers are at work on the real binary when it is killed, after a number of events
//! that a seed decides. A failure names its seed; `GUICHET_KILL_SEED` replays it, as far as threads allow.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests say what is wrong by failing")]

mod support;

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Sender, channel},
    },
    time::{Duration, Instant},
};

use payments::{
    Payment,
    lifecycle::Status,
    ports::PaymentStore,
    values::{Iban, PaymentId},
};
use sandbox::bank::SandboxBank;
use store::SqliteStore;
use support::{Sandbox, guichet, output_of};

const ROUNDS: u32 = 12;
const WORKERS: u64 = 4;
/// Events before a kill: at least, and at most so many more.
const EVENTS: (u64, u64) = (4, 16);
/// How long the last run may take to finish what is waiting.
const PATIENCE: Duration = Duration::from_secs(30);
/// Customers for whom everything works.
const CUSTOMERS: [&str; 3] = ["170000001", "170000003", "170000007"];

/// What PISPs and customers were told.
#[derive(Default)]
struct Told {
    /// Payments whose consent link a PISP got.
    created: Mutex<BTreeSet<String>>,
    /// Payments whose customer was sent back after his approval.
    approved: Mutex<BTreeSet<String>>,
    /// Makes every payment another amount.
    cents: AtomicU64,
}

#[test]
fn whatever_was_acknowledged_survives_kill_9_and_is_executed_once() {
    let mut random = Random::seeded();
    let home = tempfile::tempdir().unwrap();
    let told = Told::default();
    for _ in 0..ROUNDS {
        round(home.path(), &told, EVENTS.0 + random.below(EVENTS.1));
    }
    finish(home.path());
    let (code, output) = output_of(guichet(&["audit", "--data", home.path().to_str().unwrap()]));
    assert_eq!(code, 0, "{output}");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (created, approved) = (told.created.into_inner().unwrap(), told.approved.into_inner().unwrap());
    eprintln!("{} payments, {} approvals were acknowledged", created.len(), approved.len());
    runtime.block_on(compare(home.path(), &created, &approved));
}

/// One life of the sandbox: it is killed after so many events.
fn round(data: &Path, told: &Told, events: u64) {
    let sandbox = Sandbox::start(data);
    let over = AtomicBool::new(false);
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (sandbox, over, sender) = (&sandbox, &over, sender.clone());
            scope.spawn(
                move || while !over.load(Ordering::Relaxed) && work(sandbox, told, worker, &sender) {},
            );
        }
        for _ in 0..events {
            receiver.recv_timeout(PATIENCE).expect("something happens");
        }
        over.store(true, Ordering::Relaxed);
        sandbox.kill_now();
    });
}

/// One payment: asked for by a PISP, approved by a customer. False once the sandbox is gone.
fn work(sandbox: &Sandbox, told: &Told, worker: u64, event: &Sender<()>) -> bool {
    let cents = told.cents.fetch_add(1, Ordering::Relaxed);
    // Below 60, where no cents mean mischief.
    let amount = format!("{}.{:02}", 1 + cents / 60, cents % 60);
    let Some(payment) = sandbox.pay(&["--amount", &amount]).created() else {
        return false;
    };
    told.created.lock().unwrap().insert(payment.clone());
    let _ = event.send(());
    let customer = CUSTOMERS.get(usize::try_from(worker).unwrap() % CUSTOMERS.len()).unwrap();
    let body = format!(r#"{{"psu":"{customer}"}}"#);
    let _ = event.send(());
    let Ok(answer) = sandbox.call("POST", &format!("/sandbox/psu/{payment}/approve"), &body) else {
        return false;
    };
    // Whoever answers is alive, so the customer must have come through.
    let sent_back = answer.get("sent_back").and_then(|url| url.as_str());
    assert!(sent_back.is_some_and(|url| !url.contains("error")), "{payment}: {answer}");
    told.approved.lock().unwrap().insert(payment);
    let _ = event.send(());
    true
}

/// The last life: the clock moves past every lease that the dead held and past the time that customers had,
/// so that everything comes to its end and nothing stays reserved.
fn finish(data: &Path) {
    let sandbox = Sandbox::start(data);
    sandbox.post("/sandbox/clock", r#"{"advance":"PT31M"}"#);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let metrics = sandbox.text("/metrics");
        let is_zero = |name: &str| {
            let mut counts = metrics.lines().filter_map(|line| line.strip_prefix(name));
            counts.all(|count| count.trim() == "0")
        };
        let open = ["ACTC", "ACCP", "ACSP", "PDNG"];
        let all_over = open.iter().all(|status| is_zero(&format!("guichet_payments{{status=\"{status}\"}}")));
        if all_over && is_zero("guichet_work_oldest_due_ms ") {
            break;
        }
        assert!(Instant::now() < deadline, "work is still waiting:\n{metrics}");
    }
    // What is under way at this moment is finished.
    sandbox.stop();
}

/// What was told is what is stored, and what is stored is what was booked.
async fn compare(data: &Path, created: &BTreeSet<String>, approved: &BTreeSet<String>) {
    let store = SqliteStore::open(&data.join("guichet.sqlite")).unwrap();
    assert!(!created.is_empty() && !approved.is_empty(), "nothing happened");
    for id in created {
        let payment = find(&store, id).await;
        assert_eq!(Payment::replay(&store.journal(payment.id()).await.unwrap()).unwrap(), payment);
    }
    for id in approved {
        let payment = find(&store, id).await;
        assert_eq!(payment.status(), Status::Acsc, "{id}");
        let seal = store.seal(payment.id()).await.unwrap().expect("what was approved is sealed");
        assert_eq!(payment.state().authorisation().unwrap().seal_sha256, seal.sha256());
    }
    let counts = store.count_by_status().await.unwrap();
    let settled = counts.iter().find(|(status, _)| *status == Status::Acsc).map_or(0, |(_, count)| *count);
    let bank = SandboxBank::open(&data.join("bank.sqlite"), std::sync::Arc::new(jiff_now)).await.unwrap();
    let books = bank.check().unwrap();
    assert_eq!((books.settled, books.open, books.holds), (settled, 0, 0), "{counts:?}");
    let account = Iban::parse("FR7617515900000800123456711").unwrap();
    assert!(!bank.statement(&account).unwrap().is_empty(), "the first customer paid");
}

async fn find(store: &SqliteStore, id: &str) -> Payment {
    let id = PaymentId::parse(id).unwrap();
    store.load(&id).await.unwrap().unwrap_or_else(|| panic!("{id} was acknowledged and is gone"))
}

/// The books are only read.
fn jiff_now() -> jiff::Timestamp {
    jiff::Timestamp::UNIX_EPOCH
}

/// `SplitMix64` (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn seeded() -> Self {
        let wish = std::env::var("GUICHET_KILL_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = wish.unwrap_or_else(|| u64::from(std::process::id()));
        eprintln!("GUICHET_KILL_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
