//! P-2: prove it. What you know is the first of the two elements (RTS (EU) 2018/389, Art. 6).

use axum::{extract::State, response::Response};
use payments::{
    journal::Actor,
    journey::{Journey, Step},
    lifecycle::Event,
    ports::{Account, Password},
    sca::{Lockout, MAX_FAILURES},
    values::PsuId,
};

use super::{
    account::{First, first},
    decide::{Draft, fail, in_time, tell, until_saved},
    format::time,
    forms::Form,
    frame::Frame,
    pages::{PasswordPage, html},
    problem::Problem,
    texts::Texts,
    visit::{Notice, Page, Told, Visit},
};
use crate::App;

/// `GET /psu/password`.
pub(super) async fn show(
    visit: Visit,
    Told(notice): Told,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let Some(psu) = claimed(&visit) else {
        return Ok(visit.to_page());
    };
    let t = visit.texts();
    let lockout = app.store.lockout(&visit.journey.institution, psu).await?;
    let alert = match notice {
        Some(Notice::Missing) => Some(t.password.missing.to_owned()),
        Some(Notice::Wrong) => Some(format!("{}{}", t.password.wrong, warning(t, &lockout))),
        Some(Notice::Blocked) => {
            lockout.blocked_at(visit.now).map(|until| (t.password.blocked)(&time(until)))
        }
        _ => None,
    };
    html(&PasswordPage {
        customer: psu.as_str().to_owned(),
        frame: Frame::of(&visit, t.password.title).alerting(alert, "password"),
    })
}

/// What comes before a block, told in time (RTS (EU) 2018/389, Art. 4(4)); nothing while it is far off.
pub(super) fn warning(t: &'static Texts, lockout: &Lockout) -> String {
    match MAX_FAILURES.saturating_sub(lockout.failures) {
        left @ 1..=2 => format!(" {}", (t.attempts_left)(left)),
        _ => String::new(),
    }
}

/// `POST /psu/password`.
pub(super) async fn submit(State(app): State<App>, form: Form) -> Result<Response, Problem> {
    let password = Password(form.fields.exactly("password").to_owned());
    until_saved(&app, form.visit, |visit| sign_in(&app, visit, &password)).await
}

async fn sign_in(app: &App, visit: Visit, password: &Password) -> Result<Response, Problem> {
    let Some(id) = claimed(&visit) else {
        return Ok(visit.to_page());
    };
    if password.0.is_empty() {
        return tell(app, &visit, Notice::Missing).await;
    }
    let institution = &visit.journey.institution;
    let lockout = app.store.lockout(institution, id).await?;
    if lockout.blocked_at(visit.now).is_some() {
        return tell(app, &visit, Notice::Blocked).await;
    }
    let psu = in_time(app, app.bank.authenticate(institution, id, password)).await?;
    let Some(psu) = psu else {
        return fail(app, &visit, lockout).await;
    };
    let accounts = in_time(app, app.bank.accounts(institution, &psu.id)).await?;
    go_on(app, &visit, &psu.id, lockout, &accounts).await
}

/// The PSU is known: with an account named by the PISP he goes straight to the review.
async fn go_on(
    app: &App,
    visit: &Visit,
    psu: &PsuId,
    lockout: Lockout,
    accounts: &[Account],
) -> Result<Response, Problem> {
    // A failure now begins a new row as far as the visit goes; the PSU's own count goes on until he has
    // approved something, so that knowing the password does not buy more guesses at codes.
    let journey = |step| Journey { failures: 0, ..visit.at(step) };
    let (step, page) = match first(visit.payment.request(), psu, accounts) {
        First::Choose => (Step::Account(psu.clone()), Page::Account),
        First::Review(debtor) => (Step::Review(debtor), Page::Review),
        First::Reject(reason) => {
            let draft = identified(Draft::of(visit, journey(Step::Over)), psu, lockout)?;
            draft.end(Event::Reject(reason), Actor::Bank)?.commit(app).await?;
            return Ok(Page::Outcome.next());
        }
    };
    let draft = identified(Draft::of(visit, journey(step.clone())), psu, lockout)?;
    let draft = match step {
        Step::Review(debtor) => draft.record(Event::Prepare(debtor), Actor::Psu)?,
        _ => draft,
    };
    draft.commit(app).await?;
    Ok(page.next())
}

/// Nothing of the count changes, but failures elsewhere in the meantime must not be overlooked.
fn identified(draft: Draft, psu: &PsuId, lockout: Lockout) -> Result<Draft, Problem> {
    let draft = draft.record(Event::Identify(psu.clone()), Actor::Psu)?;
    Ok(draft.failures(lockout.clone(), lockout))
}

fn claimed(visit: &Visit) -> Option<&PsuId> {
    match &visit.journey.step {
        Step::Password(psu) if visit.page() == Page::Password => Some(psu),
        _ => None,
    }
}
