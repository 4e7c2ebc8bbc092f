//! P-3: which account is to pay?

use axum::{extract::State, response::Response};
use payments::{
    PaymentRequest, Reason,
    journal::Actor,
    journey::Step,
    lifecycle::{Debtor, Event},
    ports::{Account, Standing},
    values::{Amount, PsuId},
};

use super::{
    decide::{Draft, in_time, keep, tell, until_saved},
    format::{available, plain},
    forms::Form,
    frame::Frame,
    pages::{AccountPage, Choice, html},
    problem::Problem,
    texts::Texts,
    visit::{Notice, Page, Told, Visit},
};
use crate::App;

/// What comes after signing in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum First {
    /// The PSU chooses an account.
    Choose,
    /// The account named by the PISP can pay: nothing is left to choose.
    Review(Debtor),
    /// No account can ever pay.
    Reject(Reason),
}

/// Decides what comes after signing in (STET, `acceptDebtorAccountChange`).
pub(super) fn first(request: &PaymentRequest, psu: &PsuId, accounts: &[Account]) -> First {
    let Some(named) = &request.debtor_account else {
        return choice(accounts);
    };
    match accounts.iter().find(|account| account.iban == *named) {
        Some(account) => match account.obstacle(request.amount) {
            None => First::Review(debtor(psu, account)),
            // Money may come in, or another account may do; a closed account stays closed.
            Some(Reason::Am04) => First::Choose,
            Some(obstacle) => First::Reject(obstacle),
        },
        None if request.debtor_account_may_change() => choice(accounts),
        None => First::Reject(Reason::Rr01),
    }
}

fn choice(accounts: &[Account]) -> First {
    let obstacle = |account: &Account| account.standing.obstacle();
    if accounts.iter().any(|account| obstacle(account).is_none()) {
        return First::Choose;
    }
    let payment_account = accounts.iter().find(|account| account.standing != Standing::Savings);
    let reason = payment_account.or(accounts.first()).and_then(obstacle);
    First::Reject(reason.unwrap_or(Reason::Ag01))
}

fn debtor(psu: &PsuId, account: &Account) -> Debtor {
    Debtor { psu: psu.clone(), name: account.holder.clone(), account: account.iban.clone() }
}

/// The accounts to choose from: savings pay nobody, and a PISP may insist on the account it named.
fn offered<'a>(request: &'a PaymentRequest, accounts: &'a [Account]) -> impl Iterator<Item = &'a Account> {
    let fixed = request.debtor_account.as_ref().filter(|_| !request.debtor_account_may_change());
    accounts
        .iter()
        .filter(|account| account.standing != Standing::Savings)
        .filter(move |account| fixed.is_none_or(|iban| account.iban == *iban))
}

/// `GET /psu/account`.
pub(super) async fn show(
    visit: Visit,
    Told(notice): Told,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let Some(psu) = signed_in(&visit) else {
        return Ok(visit.to_page());
    };
    let accounts = in_time(&app, app.bank.accounts(&visit.journey.institution, psu)).await?;
    let t = visit.texts();
    let request = visit.payment.request();
    let choices: Vec<_> =
        offered(request, &accounts).map(|account| Choice::of(t, account, request.amount)).collect();
    let alert = match notice {
        Some(Notice::Missing) => Some(t.account.missing),
        Some(Notice::Changed) => Some(t.account.not_any_more),
        _ => None,
    };
    let not_yours = request
        .debtor_account
        .as_ref()
        .is_some_and(|named| accounts.iter().all(|account| account.iban != *named));
    html(&AccountPage {
        payable: choices.iter().filter(|choice| choice.obstacle.is_none()).count(),
        choices,
        not_yours,
        frame: Frame::of(&visit, t.account.title).alerting(alert.map(str::to_owned), "account-1"),
    })
}

impl Choice {
    fn of(t: &'static Texts, account: &Account, amount: Amount) -> Self {
        Self {
            iban: account.iban.as_str().to_owned(),
            last_four: account.iban.last_four().to_owned(),
            label: plain(&account.label),
            available: available(t, account.available_cents),
            obstacle: account.obstacle(amount).map(|obstacle| match obstacle {
                Reason::Am04 => t.account.insufficient,
                Reason::Ac04 => t.account.closed,
                _ => t.account.blocked,
            }),
        }
    }
}

/// `POST /psu/account`.
pub(super) async fn submit(State(app): State<App>, form: Form) -> Result<Response, Problem> {
    let chosen = form.fields.typed("account").to_owned();
    until_saved(&app, form.visit, |visit| choose(&app, visit, &chosen)).await
}

async fn choose(app: &App, visit: Visit, chosen: &str) -> Result<Response, Problem> {
    let Some(psu) = signed_in(&visit) else {
        return Ok(visit.to_page());
    };
    if chosen.is_empty() {
        return tell(app, &visit, Notice::Missing).await;
    }
    let accounts = in_time(app, app.bank.accounts(&visit.journey.institution, psu)).await?;
    let request = visit.payment.request();
    let account = offered(request, &accounts)
        .find(|account| account.iban.as_str() == chosen && account.obstacle(request.amount).is_none());
    let Some(account) = account else {
        return tell(app, &visit, Notice::Changed).await;
    };
    let debtor = debtor(psu, account);
    Draft::of(&visit, visit.at(Step::Review(debtor.clone())))
        .record(Event::Prepare(debtor), Actor::Psu)?
        .commit(app)
        .await?;
    Ok(Page::Review.next())
}

/// `POST /psu/account/again`: another account is to pay.
pub(super) async fn again(State(app): State<App>, form: Form) -> Result<Response, Problem> {
    until_saved(&app, form.visit, |visit| choose_again(&app, visit)).await
}

async fn choose_again(app: &App, visit: Visit) -> Result<Response, Problem> {
    match &visit.journey.step {
        Step::Review(debtor) | Step::Authenticate(debtor, _)
            if visit.page() != Page::Outcome && visit.payment.request().debtor_account_may_change() =>
        {
            keep(app, &visit, visit.at(Step::Account(debtor.psu.clone()))).await?;
            Ok(Page::Account.next())
        }
        _ => Ok(visit.to_page()),
    }
}

/// Why a PSU who leaves the choice of accounts does so: not because he refuses, if none of his accounts
/// has the money. A bank that does not answer must not keep him from leaving.
pub(super) async fn reason_to_leave(app: &App, visit: &Visit) -> Option<Reason> {
    let psu = signed_in(visit)?;
    let accounts = in_time(app, app.bank.accounts(&visit.journey.institution, psu)).await;
    let accounts = accounts.ok()?;
    let request = visit.payment.request();
    let can_pay = offered(request, &accounts).any(|account| account.obstacle(request.amount).is_none());
    (!can_pay).then_some(Reason::Am04)
}

fn signed_in(visit: &Visit) -> Option<&PsuId> {
    match &visit.journey.step {
        Step::Account(psu) if visit.page() == Page::Account => Some(psu),
        _ => None,
    }
}
