//! A bank with its pages, a clock to move and a bank behind it that can fail.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use payments::{
    Payment, PaymentRequest,
    institution::Institution,
    journal::Entry,
    lifecycle::Event,
    payment::Registration,
    ports::{
        Account, Bank, CodeMessage, Messenger, NewPayment, Password, PaymentStore as _, Psu, Rail,
        RequestKey, Reservation, Reserved, TppStore as _, TppWrite, Unavailable, WorkStore as _,
    },
    samples, seal,
    tpp::{Registrar, Tpp},
    values::{Iban, InstitutionCode, PsuId, Reference},
    work::{Lease, Task, Work},
};
use sandbox::{
    bank::SandboxBank,
    pki::{KeyType, PkiOptions, TestPki},
};
use server::{
    App, Counter, Counters, Parts,
    app::{Clock, SystemIds, WorkBell},
    bank_seal::BankSeal,
    link::LinkKey,
    trust::{Live, Trust},
};
use store::sqlite::SqliteStore;

use crate::{browser::Browser, rail::WatchedRail};

/// The host of Caisse 17515.
pub(crate) const HOST: &str = "www.17515.sandbox.localhost:8444";
/// The host of Caisse 11425.
pub(crate) const OTHER_HOST: &str = "www.11425.sandbox.localhost:8444";
/// CAMILLE ESSAI, who has two accounts.
pub(crate) const CAMILLE: &str = "170000001";
/// Her first account, with 2 500 euros.
pub(crate) const FIRST: &str = "FR7617515900000800123456711";
/// Her second account, with 310.20 euros.
pub(crate) const SECOND: &str = "FR7617515900000800123457584";
/// What every persona types.
pub(crate) const PASSWORD: &str = "sandbox";

/// A clock that stands until it is moved.
pub(crate) struct TestClock(Mutex<Timestamp>);

impl TestClock {
    /// Moves forward.
    pub(crate) fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// How the bank behind us answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Fine,
    /// At once, that it cannot.
    Down,
    /// Never.
    Silent,
    /// By panicking.
    Mad,
}

/// The sandbox bank, in a mood.
pub(crate) struct MoodyBank {
    bank: SandboxBank,
    mood: AtomicU8,
    meddling: Mutex<Option<(When, Meddling)>>,
}

/// When something happens that nobody expected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Before the bank has made a reservation.
    Before,
    /// After it has, before anybody knows.
    After,
}

/// Something that happens while the bank thinks about a reservation.
type Meddling = Pin<Box<dyn Future<Output = ()> + Send>>;

impl MoodyBank {
    pub(crate) fn set(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::SeqCst);
    }

    /// The newest code on a customer's phone.
    pub(crate) fn code(&self, psu: &str) -> String {
        let psu = PsuId::parse(psu).unwrap();
        let messages = self.bank.phone(&institution_code(), &psu).unwrap();
        messages.first().expect("a message on the phone").code.clone()
    }

    /// Lets `meddling` happen before the next reservation is made.
    pub(crate) fn meddle(&self, meddling: impl Future<Output = ()> + Send + 'static) {
        self.meddle_when(When::Before, meddling);
    }

    /// Lets `meddling` happen around the next reservation.
    pub(crate) fn meddle_when(&self, when: When, meddling: impl Future<Output = ()> + Send + 'static) {
        *self.meddling.lock().unwrap() = Some((when, Box::pin(meddling)));
    }

    /// The bank itself, in no mood.
    pub(crate) fn books(&self) -> &SandboxBank {
        &self.bank
    }

    async fn happen(&self, now: When) {
        let due = self.meddling.lock().unwrap().take_if(|(when, _)| *when == now);
        if let Some((_, meddling)) = due {
            meddling.await;
        }
    }

    async fn feel(&self) -> Result<(), Unavailable> {
        match self.mood.load(Ordering::SeqCst) {
            mood if mood == Mood::Down as u8 => Err(Unavailable("out to lunch".to_owned())),
            mood if mood == Mood::Silent as u8 => std::future::pending().await,
            mood if mood == Mood::Mad as u8 => panic!("the bank has gone mad"),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Bank for MoodyBank {
    async fn authenticate(
        &self,
        institution: &InstitutionCode,
        psu: &PsuId,
        password: &Password,
    ) -> Result<Option<Psu>, Unavailable> {
        self.feel().await?;
        self.bank.authenticate(institution, psu, password).await
    }

    async fn accounts(
        &self,
        institution: &InstitutionCode,
        psu: &PsuId,
    ) -> Result<Vec<Account>, Unavailable> {
        self.feel().await?;
        self.bank.accounts(institution, psu).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, Unavailable> {
        self.feel().await?;
        self.happen(When::Before).await;
        let reserved = self.bank.reserve(reservation).await;
        self.happen(When::After).await;
        reserved
    }

    async fn release(&self, institution: &InstitutionCode, reference: &Reference) -> Result<(), Unavailable> {
        self.bank.release(institution, reference).await
    }
}

#[async_trait]
impl Messenger for MoodyBank {
    async fn send_code(&self, message: &CodeMessage) -> Result<(), Unavailable> {
        self.feel().await?;
        self.bank.send_code(message).await
    }
}

/// Everything a test of the pages, or of what follows them, needs.
pub(crate) struct Town {
    pub(crate) app: App,
    pub(crate) bank: Arc<MoodyBank>,
    pub(crate) rail: Arc<WatchedRail>,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) clock: Arc<TestClock>,
    /// Gone with the town.
    dir: tempfile::TempDir,
}

impl Town {
    /// A town whose pages are served over plain HTTP.
    pub(crate) async fn new() -> Self {
        Self::build(false).await
    }

    /// A town whose pages are served over TLS.
    pub(crate) async fn with_tls() -> Self {
        Self::build(true).await
    }

    async fn build(psu_tls: bool) -> Self {
        let clock = Arc::new(TestClock(Mutex::new(samples::now())));
        let town = Self::open(tempfile::tempdir().unwrap(), clock, psu_tls).await;
        town.put_tpp(samples::tpp()).await;
        town
    }

    async fn open(dir: tempfile::TempDir, clock: Arc<TestClock>, psu_tls: bool) -> Self {
        let told = Arc::clone(&clock);
        let books = dir.path().join("bank.db");
        let sandbox = SandboxBank::open(&books, Arc::new(move || told.now())).await.unwrap();
        let store = Arc::new(SqliteStore::open(&dir.path().join("store.db")).unwrap());
        let bank = Arc::new(MoodyBank {
            bank: sandbox.clone(),
            mood: AtomicU8::new(Mood::Fine as u8),
            meddling: Mutex::new(None),
        });
        let rail = Arc::new(WatchedRail::new(sandbox));
        let app = App::new(parts(&dir, &clock, &store, &bank, &rail, psu_tls));
        Self { app, bank, rail, store, clock, dir }
    }

    /// The same town after its process has ended: whatever was not committed is gone.
    pub(crate) async fn restarted(self) -> Self {
        self.store.close();
        self.bank.bank.close();
        Self::open(self.dir, self.clock, self.app.psu_tls).await
    }

    /// Another server on the same store and bank, which waits this long for the bank.
    pub(crate) fn another_server(&self, bank_timeout: Duration) -> App {
        let tls = self.app.psu_tls;
        let parts = parts(&self.dir, &self.clock, &self.store, &self.bank, &self.rail, tls);
        App::new(Parts { bank_timeout, ..parts })
    }

    /// Registers a TPP, or changes a registration to this.
    pub(crate) async fn put_tpp(&self, tpp: Tpp) {
        let before = self.store.find_tpp(&tpp.id).await.unwrap();
        let write = TppWrite::put(before, tpp, Registrar::Operator, self.app.now());
        self.store.change_tpp(write).await.unwrap();
    }

    /// Takes the registers of licences out of the store behind its back, or puts them there again.
    pub(crate) fn break_registers(&self, broken: bool) {
        let (from, to) = if broken { ("listings", "gone") } else { ("gone", "listings") };
        let database = rusqlite::Connection::open(self.dir.path().join("store.db")).unwrap();
        database.busy_timeout(Duration::from_secs(10)).unwrap();
        database.execute(&format!("ALTER TABLE {from} RENAME TO {to}"), ()).unwrap();
    }

    /// Moves the clock forward.
    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.advance(seconds);
    }

    /// Registers a payment as a PISP would; gives its consent link, without scheme and host.
    pub(crate) async fn ask(&self, change: impl FnOnce(&mut PaymentRequest)) -> (Payment, String) {
        self.register(|registration| change(&mut registration.request)).await
    }

    /// As [`Town::ask`], for any part of the registration.
    pub(crate) async fn register(&self, change: impl FnOnce(&mut Registration)) -> (Payment, String) {
        let now = self.app.now();
        let mut registration = samples::registration();
        registration.id = self.app.new_payment_id(now);
        registration.at = now;
        registration.expires_at = now + SignedDuration::from_mins(60);
        change(&mut registration);
        let (payment, entry) = Payment::register(registration);
        let expiry = Work {
            payment: payment.id().clone(),
            task: Task::Expire,
            due: payment.registration().expires_at,
        };
        let key = RequestKey {
            request_id: payment.id().to_string(),
            body_sha256: [0; 32],
            content_sha256: self.app.random_bytes(),
        };
        let new = NewPayment { payment: payment.clone(), entry, key, token: None, work: vec![expiry] };
        self.store.insert(new).await.unwrap();
        let url = self.app.link_key.consent_url(&self.app.counter_of(&payment).unwrap(), &payment);
        let path = url.match_indices('/').nth(2).unwrap().0;
        (payment, url.get(path..).unwrap().to_owned())
    }

    /// A browser that has never been here.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(server::psu::router(self.app.clone()), HOST)
    }

    /// A browser whose PSU has signed in for a payment that is asked as `change` says.
    pub(crate) async fn signed_in(
        &self,
        psu: &str,
        change: impl FnOnce(&mut PaymentRequest),
    ) -> (Payment, Browser) {
        let (payment, link) = self.ask(change).await;
        let mut browser = self.browser();
        browser.open(&link).await;
        browser.sign_in(psu, PASSWORD).await;
        (payment, browser)
    }

    /// A browser at the page where CAMILLE types the code of her first account.
    pub(crate) async fn at_the_code(&self) -> (Payment, Browser) {
        let (payment, mut browser) = self.signed_in(CAMILLE, |_| {}).await;
        browser.submit("/psu/account", &[("account", FIRST)]).await;
        browser.submit("/psu/review", &[]).await;
        (payment, browser)
    }

    /// The newest code on a customer's phone.
    pub(crate) fn code(&self, psu: &str) -> String {
        self.bank.code(psu)
    }

    /// How many messages a customer's phone shows.
    pub(crate) fn codes(&self, psu: &str) -> usize {
        let psu = PsuId::parse(psu).unwrap();
        self.bank.bank.phone(&institution_code(), &psu).unwrap().len()
    }

    /// What an account has available, in cents.
    pub(crate) async fn available(&self, psu: &str, account: &str) -> i64 {
        let psu = PsuId::parse(psu).unwrap();
        let accounts = self.bank.bank.accounts(&institution_code(), &psu).await.unwrap();
        let iban = Iban::parse(account).unwrap();
        let account = accounts.into_iter().find(|account| account.iban == iban);
        account.unwrap().available_cents
    }

    /// The payment as it is stored.
    pub(crate) async fn payment(&self, payment: &Payment) -> Payment {
        self.store.load(payment.id()).await.unwrap().unwrap()
    }

    /// Status and reason, such as `RJCT CUST`.
    pub(crate) async fn status(&self, payment: &Payment) -> String {
        let payment = self.payment(payment).await;
        match payment.state() {
            payments::lifecycle::State::Rejected(rejection) => format!("RJCT {}", rejection.reason.code()),
            state => state.status().code().to_owned(),
        }
    }

    /// The names of what happened to the payment after its registration.
    pub(crate) async fn events(&self, payment: &Payment) -> Vec<String> {
        let journal = self.store.journal(payment.id()).await.unwrap();
        assert_eq!(Payment::replay(&journal).unwrap(), self.payment(payment).await);
        journal.iter().filter_map(event).map(|event| event.name().to_owned()).collect()
    }

    /// The seal of the payment.
    pub(crate) async fn seal(&self, payment: &Payment) -> Option<seal::Seal> {
        self.store.seal(payment.id()).await.unwrap()
    }

    /// The tasks that are due.
    pub(crate) async fn tasks(&self) -> Vec<Task> {
        let now = self.app.now();
        let until = now + SignedDuration::from_secs(1);
        let claimed = self.store.claim(now, until, 100, Lease(self.app.random_u64())).await.unwrap();
        let mut tasks = Vec::new();
        for piece in claimed {
            self.store.put_back(&piece, piece.work.due).await.unwrap();
            tasks.push(piece.work.task);
        }
        tasks
    }
}

/// The parts of a server of this town.
fn parts(
    dir: &tempfile::TempDir,
    clock: &Arc<TestClock>,
    store: &Arc<SqliteStore>,
    bank: &Arc<MoodyBank>,
    rail: &Arc<WatchedRail>,
    psu_tls: bool,
) -> Parts {
    let pki = pki(dir);
    let scheme = if psu_tls { "https" } else { "http" };
    let counters = institutions().map(|institution| counter(institution, &pki, scheme));
    Parts {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        ids: Arc::new(SystemIds::after(0)),
        store: Arc::clone(store) as Arc<dyn payments::ports::Store>,
        bank: Arc::clone(bank) as Arc<dyn Bank>,
        rail: Arc::clone(rail) as Arc<dyn Rail>,
        messenger: Arc::clone(bank) as Arc<dyn Messenger>,
        counters: Counters::new(counters.into()),
        trust: Live::new(Trust::new(pki.anchors().unwrap(), Vec::new())),
        revocation: server::revocation::Revocation::none(),
        link_key: LinkKey::new(&[1; 32]),
        code_key: payments::sca::CodeKey([2; 32]),
        psu_tls,
        bank_timeout: Duration::from_secs(1),
        tpp_pace: server::limits::TppPace::default(),
        bell: WorkBell::default(),
    }
}

fn event(entry: &Entry) -> Option<Event> {
    match entry.read().unwrap().fact {
        payments::journal::Fact::Happened(event) => Some(event),
        payments::journal::Fact::Registered(_) => None,
    }
}

fn institution_code() -> InstitutionCode {
    samples::institution().code
}

fn institutions() -> [Institution; 2] {
    let other = Institution {
        code: InstitutionCode::parse("11425").unwrap(),
        name: "Caisse d'Epargne Normandie".to_owned(),
        hosts: vec!["www.11425.sandbox.localhost".to_owned()],
        ..samples::institution()
    };
    [samples::institution(), other]
}

fn pki(dir: &tempfile::TempDir) -> TestPki {
    let named: Vec<_> = institutions().into();
    let banks: Vec<_> = named
        .iter()
        .map(|bank| sandbox::pki::Institution { code: bank.code.as_str(), name: &bank.name })
        .collect();
    let options = PkiOptions { tpp_seal_key: KeyType::P256, ..PkiOptions::default() };
    TestPki::load_or_create(&dir.path().join("pki"), samples::now(), &[], &banks, options).unwrap()
}

fn counter(institution: Institution, pki: &TestPki, scheme: &str) -> Counter {
    let keys = pki.seal(institution.code.as_str()).unwrap();
    let host = institution.hosts.first().unwrap();
    Counter {
        seal: BankSeal::from_pem(keys.key_pem(), keys.pem()).unwrap(),
        psu_url: format!("{scheme}://{host}:8444"),
        tpp_url: format!("https://{host}:8443"),
        institution,
    }
}
