//! Everything a request handler may need, behind one cheap clone.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use jiff::Timestamp;
use payments::{
    Payment,
    institution::Institution,
    ports::{Bank, Messenger, Rail, Store},
    sca::CodeKey,
    seal::Sealer,
    values::{InstitutionCode, PaymentId},
};
use tokio::sync::Notify;

use crate::{
    bank_seal::BankSeal,
    limits::TppPace,
    link::LinkKey,
    revocation::Revocation,
    trust::{Live, Trust},
};

/// Tells the time. Only the implementations in this file and a sandbox's test clock read a real clock.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock everybody else asks")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Makes identifiers and secrets.
pub trait Ids: Send + Sync {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// The next number of the sequence in payment ids.
    fn next_sequence(&self) -> u64;
}

/// The operating system's randomness, and a sequence that starts where the store ended.
pub struct SystemIds {
    random: SystemRandom,
    sequence: std::sync::atomic::AtomicU64,
}

impl SystemIds {
    /// Ids whose sequence goes on after `last_sequence`.
    pub fn after(last_sequence: u64) -> Self {
        Self { random: SystemRandom::new(), sequence: (last_sequence + 1).into() }
    }
}

impl Ids for SystemIds {
    fn fill(&self, bytes: &mut [u8]) {
        self.random.fill(bytes).expect("the operating system gives random bytes");
    }

    fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }
}

/// The server, as its handlers see it.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] is made of.
pub struct Parts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers and secrets.
    pub ids: Arc<dyn Ids>,
    /// Everything kept.
    pub store: Arc<dyn Store>,
    /// The bank behind us.
    pub bank: Arc<dyn Bank>,
    /// How money leaves.
    pub rail: Arc<dyn Rail>,
    /// How codes reach PSUs.
    pub messenger: Arc<dyn Messenger>,
    /// The institutions served.
    pub counters: Counters,
    /// Whose certificates are trusted.
    pub trust: Live<Trust>,
    /// Which of them have been revoked.
    pub revocation: Revocation,
    /// Key of the nonces in consent links.
    pub link_key: LinkKey,
    /// Key of the one-time codes.
    pub code_key: CodeKey,
    /// Whether the PSU's pages are served over TLS: decides the form of the session cookie.
    pub psu_tls: bool,
    /// How long a call of the bank or the rail may take.
    pub bank_timeout: Duration,
    /// How often each TPP has called lately.
    pub tpp_pace: TppPace,
    /// Rung when work is committed that is due at once.
    pub bell: WorkBell,
}

/// One institution with what the server needs to speak for it.
pub struct Counter {
    /// The institution.
    pub institution: Institution,
    /// Its seal.
    pub seal: BankSeal,
    /// Where its PSU pages are reached, without a final slash: `https://www.17515.example:8444`.
    pub psu_url: String,
    /// Where its API is reached, without a final slash.
    pub tpp_url: String,
}

/// The institutions served; a reload may replace them.
pub struct Counters(Live<Vec<Arc<Counter>>>);

impl Counters {
    /// The institutions served.
    pub fn new(counters: Vec<Counter>) -> Self {
        Self(Live::new(counters.into_iter().map(Arc::new).collect()))
    }

    /// The institution reached under `host` (a `Host` header: the port does not count).
    pub fn by_host(&self, host: &str) -> Option<Arc<Counter>> {
        let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
        if !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let name = name.to_ascii_lowercase();
        self.find(|counter| counter.institution.hosts.contains(&name))
    }

    /// The institution with this code.
    pub fn by_code(&self, code: &InstitutionCode) -> Option<Arc<Counter>> {
        self.find(|counter| counter.institution.code == *code)
    }

    /// Every institution.
    pub fn all(&self) -> Arc<Vec<Arc<Counter>>> {
        self.0.current()
    }

    /// Puts others in their place. Requests in flight go on with the ones they began with.
    pub fn replace(&self, counters: Vec<Arc<Counter>>) {
        self.0.replace(counters);
    }

    fn find(&self, is_it: impl Fn(&Counter) -> bool) -> Option<Arc<Counter>> {
        self.0.current().iter().find(|counter| is_it(counter)).cloned()
    }
}

impl std::ops::Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A fresh id for a payment request registered at `now`.
    pub fn new_payment_id(&self, now: Timestamp) -> PaymentId {
        let at_ms = u64::try_from(now.as_millisecond()).unwrap_or_default();
        PaymentId::new(self.ids.next_sequence(), at_ms, self.random_u64())
    }

    /// A random number.
    pub fn random_u64(&self) -> u64 {
        u64::from_be_bytes(self.random_bytes())
    }

    /// Random bytes.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.ids.fill(&mut bytes);
        bytes
    }

    /// The institution a payment was asked of.
    pub fn counter_of(&self, payment: &Payment) -> Option<Arc<Counter>> {
        self.counters.by_code(&payment.registration().institution)
    }
}

impl Counter {
    /// The institution's seal, as the domain asks for it.
    pub fn sealer(&self) -> &dyn Sealer {
        &self.seal
    }
}

/// Wakes whoever waits for work, so that a payment need not wait for the next look at the queue.
#[derive(Default)]
pub struct WorkBell(Notify);

impl WorkBell {
    /// There is work.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits until there may be work.
    pub async fn heard(&self) {
        self.0.notified().await;
    }
}
