//! Changes of payments, with everything that belongs to them.

use std::sync::Arc;

use jiff::ToSpan;
use payments::{
    journey::Step,
    lifecycle::Event,
    ports::{Change, Store, StoreError},
    samples as domain,
    sca::Lockout,
    seal::{Authentication, Seal, Statement},
    values::PaymentId,
    work::{Claimed, Lease, Task, Work},
};
use tokio::task::JoinSet;

use super::samples::{change, id, new_payment};

/// An approval brings its seal, the visit, the PSU's clean sheet and the execution that waits.
pub async fn a_change_is_saved_with_everything_that_belongs_to_it(store: Arc<dyn Store>) {
    let new = new_payment(1);
    store.insert(new.clone()).await.unwrap();
    let approval = approval(&store, &new.payment).await;
    store.save(approval.clone()).await.unwrap();
    assert_eq!(store.load(&id(1)).await.unwrap().as_ref(), Some(&approval.payment));
    assert_eq!(store.journal(&id(1)).await.unwrap()[1..], approval.entries);
    assert_eq!(store.seal(&id(1)).await.unwrap(), approval.seal);
    let journey = approval.journey.unwrap();
    assert_eq!(store.find_journey(&journey.id).await.unwrap(), Some(journey));
    let (_, after) = approval.lockout.unwrap();
    assert_eq!(store.lockout(&after.institution, &after.psu).await.unwrap(), after);
    assert_eq!(claim(&store, Lease(1)).await.pop().unwrap().work, approval.work[0]);

    // A success wipes the sheet clean.
    let prepared = new_payment(2);
    store.insert(prepared.clone()).await.unwrap();
    let mut success = change(&prepared.payment, &[Event::Prepare(domain::debtor())]);
    success.lockout = Some((after.clone(), after.after_success()));
    store.save(success).await.unwrap();
    let clean = Lockout::none(after.institution.clone(), after.psu.clone());
    assert_eq!(store.lockout(&after.institution, &after.psu).await.unwrap(), clean);
}

/// Many decide on the same reading: one of them wins, the others change nothing.
pub async fn of_many_changes_of_one_state_one_is_saved(store: Arc<dyn Store>) {
    let new = new_payment(1);
    store.insert(new.clone()).await.unwrap();
    let mut savers = JoinSet::new();
    for number in 0..16_u8 {
        let store = Arc::clone(&store);
        let mut events = vec![Event::Open];
        if number % 2 == 0 {
            events.push(Event::Refuse);
        }
        let change = change(&new.payment, &events);
        savers.spawn(async move { (store.save(change.clone()).await, change) });
    }
    let (saved, refused): (Vec<_>, Vec<_>) =
        savers.join_all().await.into_iter().partition(|(result, _)| result.is_ok());
    assert_eq!((saved.len(), refused.len()), (1, 15));
    assert!(refused.iter().all(|(result, _)| matches!(result, Err(StoreError::Conflict))));
    let (_, winner) = &saved[0];
    assert_eq!(store.load(&id(1)).await.unwrap().as_ref(), Some(&winner.payment));
    assert_eq!(store.journal(&id(1)).await.unwrap()[1..], winner.entries);

    // A payment that was never stored cannot be changed either.
    let stranger = change(&new_payment(2).payment, &[Event::Open]);
    assert!(matches!(store.save(stranger).await, Err(StoreError::Conflict)));
    assert_eq!(store.journal(&id(2)).await.unwrap(), []);
}

/// Two visits of one PSU fail at once: both failures count, since the second must read again.
pub async fn a_change_that_meets_other_failures_saves_nothing(store: Arc<dyn Store>) {
    let psu = domain::debtor().psu;
    let clean = Lockout::none(domain::institution().code, psu.clone());
    let failed = clean.after_failure(domain::now());
    for number in [1, 2] {
        store.insert(new_payment(number)).await.unwrap();
    }
    let event = [Event::FailAuthentication { failures: 1 }];
    let failure = |number| {
        let mut failure = change(&new_payment(number).payment, &event);
        failure.lockout = Some((clean.clone(), failed.clone()));
        failure.journey = Some(domain::journey());
        failure
    };
    store.save(failure(1)).await.unwrap();
    let mut second = failure(2);
    second.journey.as_mut().unwrap().failures = 1;
    assert!(matches!(store.save(second.clone()).await, Err(StoreError::Conflict)));
    assert_untouched(&store, 2).await;
    let journey = store.find_journey(&domain::journey().id).await.unwrap();
    assert_eq!(journey, Some(domain::journey()));
    assert_eq!(store.lockout(&failed.institution, &psu).await.unwrap(), failed);

    let twice = failed.after_failure(domain::now());
    second.lockout = Some((failed, twice.clone()));
    store.save(second).await.unwrap();
    assert_eq!(store.lockout(&twice.institution, &psu).await.unwrap(), twice);
}

/// Who has lost his lease saves nothing: somebody else is at work.
pub async fn a_change_whose_lease_was_lost_saves_nothing(store: Arc<dyn Store>) {
    let new = new_payment(1);
    store.insert(new.clone()).await.unwrap();
    let lost = claim_until(&store, Lease(1), domain::now() + 24.hours()).await.pop().unwrap();
    let held = claim(&store, Lease(u64::MAX)).await.pop().unwrap();
    let expired =
        |done: &Claimed| Change { done: Some(done.clone()), ..change(&new.payment, &[Event::Expire]) };
    assert!(matches!(store.save(expired(&lost)).await, Err(StoreError::Conflict)));
    assert_untouched(&store, 1).await;
    store.save(expired(&held)).await.unwrap();
    assert_eq!(claim_all(&store).await, []);
    // And what is done is not done again.
    assert!(matches!(store.save(expired(&held)).await, Err(StoreError::Conflict)));
}

/// Done work is gone, unless the same change says that it waits again.
pub async fn a_change_does_claimed_work_and_may_leave_more_of_it(store: Arc<dyn Store>) {
    let new = new_payment(1);
    store.insert(new.clone()).await.unwrap();
    let approval = approval(&store, &new.payment).await;
    store.save(approval.clone()).await.unwrap();
    let held = claim(&store, Lease(1)).await.pop().unwrap();
    assert_eq!(held.work.task, Task::Execute);
    let later = Work { due: held.work.due + 5.minutes(), ..held.work.clone() };
    let submitted = Change {
        work: vec![later.clone()],
        done: Some(held),
        ..change(&approval.payment, &[Event::Submit(domain::submission())])
    };
    store.save(submitted.clone()).await.unwrap();
    let again = claim(&store, Lease(2)).await;
    assert_eq!(again.len(), 1);
    assert_eq!((&again[0].work, again[0].attempt), (&later, 0));
    let settled = Change {
        done: again.first().cloned(),
        ..change(&submitted.payment, &[Event::Settle(domain::now())])
    };
    store.save(settled).await.unwrap();
    assert_eq!(claim_all(&store).await, []);
}

/// Approved, refused: either way nothing waits to expire. While the PSU is still at it, it does.
pub async fn a_decided_payment_no_longer_waits_to_expire(store: Arc<dyn Store>) {
    for number in [1, 2, 3] {
        store.insert(new_payment(number)).await.unwrap();
    }
    let approval = approval(&store, &new_payment(1).payment).await;
    store.save(approval).await.unwrap();
    store.save(change(&new_payment(2).payment, &[Event::Refuse])).await.unwrap();
    store.save(change(&new_payment(3).payment, &[Event::Open])).await.unwrap();
    let waiting: Vec<(PaymentId, Task)> = claim_all(&store)
        .await
        .into_iter()
        .map(|claimed| (claimed.work.payment, claimed.work.task))
        .collect();
    assert_eq!(waiting, [(id(1), Task::Execute), (id(3), Task::Expire)]);
}

/// An approval of `payment` with everything it brings.
async fn approval(store: &Arc<dyn Store>, payment: &payments::Payment) -> Change {
    let debtor = domain::debtor();
    let lockout = store.lockout(&domain::institution().code, &debtor.psu).await.unwrap();
    let mut journey = domain::journey();
    journey.step = Step::Over;
    let failed_once = lockout.after_failure(domain::now());
    Change {
        seal: Some(seal(payment)),
        journey: Some(journey),
        lockout: Some((lockout, failed_once)),
        work: vec![Work { payment: payment.id().clone(), task: Task::Execute, due: domain::now() }],
        ..change(payment, &[Event::Prepare(debtor), Event::Authorise(domain::authorisation())])
    }
}

/// A seal of `payment`.
pub(super) fn seal(payment: &payments::Payment) -> Seal {
    let authentication = Authentication::PasswordAndOneTimeCode { dynamic_link_sha256: "00".repeat(32) };
    let day = jiff::civil::date(2026, 3, 2);
    Statement::new(payment, &domain::debtor(), day, authentication, domain::now()).seal(&domain::TestSealer)
}

async fn assert_untouched(store: &Arc<dyn Store>, number: u64) {
    let new = new_payment(number);
    assert_eq!(store.load(&id(number)).await.unwrap(), Some(new.payment));
    assert_eq!(store.journal(&id(number)).await.unwrap(), [new.entry]);
}

/// Everything that is due within a day, held for another.
async fn claim(store: &Arc<dyn Store>, lease: Lease) -> Vec<Claimed> {
    claim_until(store, lease, domain::now() + 48.hours()).await
}

async fn claim_until(store: &Arc<dyn Store>, lease: Lease, until: jiff::Timestamp) -> Vec<Claimed> {
    let now = domain::now() + 24.hours();
    store.claim(now, until, 100, lease).await.unwrap()
}

/// Everything that waits, whoever held it.
async fn claim_all(store: &Arc<dyn Store>) -> Vec<Claimed> {
    let now = domain::now() + 96.hours();
    store.claim(now, now + 1.hour(), 100, Lease(99)).await.unwrap()
}
