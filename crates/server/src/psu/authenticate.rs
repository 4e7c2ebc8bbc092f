//! P-5: approve, with a code only the PSU's phone has shown. What you have is the second element.

use axum::{extract::State, response::Response};
use jiff::{Timestamp, ToSpan};
use payments::{
    Reason,
    institution::Redirect,
    journal::Actor,
    journey::{MAX_CODES, Step},
    lifecycle::{Authorisation, Debtor, Event},
    ports::{Reservation, Reserved},
    sca::{Challenge, DynamicLink, Lockout},
    seal::{Authentication, Seal, Statement},
    values::Reference,
    work::Task,
};

use super::{
    decide::{Draft, fail, in_time, keep, reject, tell, until_saved},
    format::{plain, time},
    forms::Form,
    frame::Frame,
    initiator,
    pages::{AuthenticatePage, html},
    password::warning,
    problem::Problem,
    review::is_prepared_for,
    visit::{Notice, Page, Told, Visit},
};
use crate::App;

/// `GET /psu/authenticate`.
pub(super) async fn show(
    visit: Visit,
    Told(notice): Told,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let Some((debtor, challenge)) = awaiting_code(&visit) else {
        return Ok(visit.to_page());
    };
    let t = visit.texts();
    let alert = match notice {
        Some(Notice::Missing) => Some(t.authenticate.missing.to_owned()),
        Some(Notice::NoMoreCodes) => Some(t.review.no_more_codes.to_owned()),
        Some(Notice::Wrong) => {
            let lockout = app.store.lockout(&visit.journey.institution, &debtor.psu);
            Some(format!("{}{}", t.authenticate.wrong, warning(t, &lockout.await?)))
        }
        _ => None,
    };
    html(&AuthenticatePage {
        holder: plain(debtor.name.as_str()),
        last_four: debtor.account.last_four().to_owned(),
        valid_until: time(challenge.expires_at()),
        sent_again: notice == Some(Notice::Sent),
        has_codes: visit.journey.codes_sent < MAX_CODES,
        shown: DynamicLink::new(&visit.payment, debtor, visit.day()).sha256(),
        frame: Frame::of(&visit, t.authenticate.title).alerting(alert, "code"),
    })
}

/// `POST /psu/authenticate`: the PSU approves.
pub(super) async fn submit(State(app): State<App>, form: Form) -> Result<Response, Problem> {
    let code = form.fields.typed("code").to_owned();
    let shown = form.fields.typed("shown").to_owned();
    until_saved(&app, form.visit, |visit| approve(&app, visit, &code, &shown)).await
}

async fn approve(app: &App, visit: Visit, code: &str, shown: &str) -> Result<Response, Problem> {
    let Some((debtor, challenge)) = awaiting_code(&visit) else {
        return Ok(visit.to_page());
    };
    if code.is_empty() {
        return tell(app, &visit, Notice::Missing).await;
    }
    let link = DynamicLink::new(&visit.payment, debtor, visit.day());
    if shown != link.sha256() || !is_prepared_for(&visit, debtor) {
        return review_again(app, &visit, debtor).await;
    }
    let lockout = app.store.lockout(&visit.journey.institution, &debtor.psu).await?;
    if lockout.blocked_at(visit.now).is_some() {
        return reject(app, &visit, Reason::Ms03).await;
    }
    if challenge.check(code, &link, &app.code_key, visit.now).is_err() {
        return fail(app, &visit, lockout).await;
    }
    match initiator::find(app, &visit.counter.institution, &visit.payment).await {
        Err(Problem::KeptOut) => return reject(app, &visit, Reason::Rr04).await,
        found => found?,
    };
    let reserved = in_time(app, app.bank.reserve(&reservation(&visit, debtor))).await?;
    if let Reserved::Refused(reason) = reserved {
        return reject(app, &visit, reason).await;
    }
    let seal = seal(&visit, debtor, &link);
    authorise(&visit, debtor, seal, lockout)?.commit(app).await?;
    Ok(Page::Outcome.next())
}

/// What was shown is not what would be approved, because another tab or visit chose another account:
/// the PSU reads again, and the code he has counts for nothing.
async fn review_again(app: &App, visit: &Visit, debtor: &Debtor) -> Result<Response, Problem> {
    keep(app, visit, visit.at(Step::Review(debtor.clone()))).await?;
    Ok(Page::Review.with(Notice::Changed))
}

fn seal(visit: &Visit, debtor: &Debtor, link: &DynamicLink) -> Seal {
    let authentication = Authentication::PasswordAndOneTimeCode { dynamic_link_sha256: link.sha256() };
    Statement::new(&visit.payment, debtor, visit.day(), authentication, visit.now)
        .seal(visit.counter.sealer())
}

/// The approval, its seal, the end of the visit, the end of the row of failures, and what follows: the order
/// to execute, or the end of the time in which the PISP is to confirm.
fn authorise(visit: &Visit, debtor: &Debtor, seal: Seal, lockout: Lockout) -> Result<Draft, Problem> {
    let approval = Authorisation {
        debtor: debtor.clone(),
        seal_sha256: seal.sha256(),
        at: visit.now,
        confirmed_at: None,
    };
    let after = lockout.after_success();
    let draft = Draft::of(visit, visit.seen()).over().sealed(seal).failures(lockout, after);
    match visit.payment.registration().redirect {
        Redirect::Simple => Ok(draft.record(Event::Authorise(approval), Actor::Psu)?.then(Task::Execute)),
        Redirect::Enforced => {
            let end = confirmation_end(visit);
            let draft = draft.record(Event::AwaitConfirmation(approval, end), Actor::Psu)?;
            Ok(draft.then_at(Task::Expire, end))
        }
    }
}

fn confirmation_end(visit: &Visit) -> Timestamp {
    let window_s = visit.counter.institution.settings.confirmation_window_s;
    visit.now.saturating_add(i64::from(window_s).seconds()).unwrap_or(visit.now)
}

fn reservation(visit: &Visit, debtor: &Debtor) -> Reservation {
    let request = visit.payment.request();
    Reservation {
        reference: Reference::of(visit.payment.id()),
        institution: visit.journey.institution.clone(),
        psu: debtor.psu.clone(),
        account: debtor.account.clone(),
        amount: request.amount,
        creditor_account: request.beneficiary.creditor_account.clone(),
    }
}

fn awaiting_code(visit: &Visit) -> Option<(&Debtor, &Challenge)> {
    match &visit.journey.step {
        Step::Authenticate(debtor, challenge) if visit.page() == Page::Authenticate => {
            Some((debtor, challenge))
        }
        _ => None,
    }
}
