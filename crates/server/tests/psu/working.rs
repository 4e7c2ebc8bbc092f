//! The work loop in a town, and payments that are approved without visiting a page.

use axum::Router;
use jiff::Timestamp;
use payments::{
    Payment, PaymentRequest,
    journal::Actor,
    lifecycle::{Authorisation, Event, Submission},
    ports::{Change, PaymentStore as _, Reservation, Reserved, WorkStore as _},
    samples,
    seal::{Authentication, Seal, Sealer, Statement},
    transfer::TransferOrder,
    values::{Reference, paris_day},
    work::{Task, Work},
};
use sandbox::bank::BooksReport;
use server::{App, Listeners};

use crate::town::{CAMILLE, FIRST, Town};

/// Runs a server without listeners until nothing is due any more, then stops it.
pub(crate) async fn until_idle(app: &App) {
    let idle = async {
        while app.store.oldest_due(app.now()).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    };
    serve(app, idle).await;
}

/// Runs a server without listeners until `shutdown` is done.
pub(crate) async fn serve(app: &App, shutdown: impl Future<Output = ()> + Send) {
    let listeners = Listeners { tpp: None, psu: None, operator: None, operator_extra: Router::new() };
    server::run(app.clone(), listeners, shutdown).await.unwrap();
}

impl Town {
    /// Works until nothing is due any more.
    pub(crate) async fn work(&self) {
        until_idle(&self.app).await;
    }

    /// A payment that CAMILLE has approved from her first account, asked as `change` says.
    pub(crate) async fn approved(&self, change: impl FnOnce(&mut PaymentRequest)) -> Payment {
        self.approved_with(change, |statement, sealer| {
            let seal = statement.seal(sealer);
            (seal.sha256(), Some(seal))
        })
        .await
    }

    /// As [`Town::approved`], but `seal` makes the seal that is stored, and the name of the seal that the
    /// approval bears.
    pub(crate) async fn approved_with(
        &self,
        change: impl FnOnce(&mut PaymentRequest),
        seal: impl FnOnce(Statement, &dyn Sealer) -> (String, Option<Seal>),
    ) -> Payment {
        let (mut payment, _link) = self.ask(change).await;
        let (debtor, now) = (samples::debtor(), self.app.now());
        let counter = self.app.counter_of(&payment).unwrap();
        let authentication = Authentication::PasswordAndOneTimeCode { dynamic_link_sha256: "00".repeat(32) };
        let statement = Statement::new(&payment, &debtor, paris_day(now), authentication, now);
        let (seal_sha256, seal) = seal(statement, counter.sealer());
        let reserved = self.app.bank.reserve(&reservation(&payment)).await.unwrap();
        assert_eq!(reserved, Reserved::Yes);
        let approval = Authorisation { debtor: debtor.clone(), seal_sha256, at: now, confirmed_at: None };
        let steps = [Event::Prepare(debtor), Event::Authorise(approval)];
        let entries = steps.map(|event| payment.record(event, Actor::Psu, now).unwrap());
        let order = Work { payment: payment.id().clone(), task: Task::Execute, due: now };
        let change = Change { seal, work: vec![order], ..Change::of(payment.clone(), entries.into()) };
        self.store.save(change).await.unwrap();
        payment
    }

    /// Commits that the payment is about to be handed to the rail, as the worker does before it does so.
    pub(crate) async fn submitted(&self, payment: &Payment) -> TransferOrder {
        let mut payment = self.payment(payment).await;
        let order = TransferOrder::of(&payment).unwrap();
        let submission =
            Submission { reference: order.reference.clone(), at: self.app.now(), delayed: false };
        let entry = payment.record(Event::Submit(submission), Actor::Bank, self.app.now());
        let change = Change::of(payment, vec![entry.unwrap()]);
        self.store.save(change).await.unwrap();
        order
    }

    /// When the next piece of work is due, if any waits at all.
    pub(crate) async fn next_due(&self) -> Option<Timestamp> {
        self.store.oldest_due(Timestamp::MAX).await.unwrap()
    }

    /// Audits the bank's books.
    pub(crate) fn audit(&self) -> BooksReport {
        self.bank.books().check().unwrap()
    }

    /// What CAMILLE's first account has available, in cents.
    pub(crate) async fn left(&self) -> i64 {
        self.available(CAMILLE, FIRST).await
    }
}

/// What the bank is to set aside for a payment of CAMILLE's first account.
pub(crate) fn reservation(payment: &Payment) -> Reservation {
    let (debtor, request) = (samples::debtor(), payment.request());
    Reservation {
        reference: Reference::of(payment.id()),
        institution: payment.registration().institution.clone(),
        psu: debtor.psu,
        account: debtor.account,
        amount: request.amount,
        creditor_account: request.beneficiary.creditor_account.clone(),
    }
}
