//! P-4: read what you are about to approve; then a code is sent that counts for exactly that.

use axum::{extract::State, response::Response};
use payments::{
    journal::Actor,
    journey::{Journey, MAX_CODES, Step},
    lifecycle::{Debtor, Event, State as PaymentState},
    ports::CodeMessage,
    sca::{Challenge, DynamicLink},
};

use super::{
    decide::{Draft, in_time, tell, until_saved},
    format::plain,
    forms::Form,
    frame::Frame,
    pages::{ReviewPage, html},
    problem::Problem,
    visit::{Notice, Page, Told, Visit},
};
use crate::App;

/// `GET /psu/review`.
pub(super) async fn show(visit: Visit, Told(notice): Told) -> Result<Response, Problem> {
    let Some(debtor) = under_review(&visit) else {
        return Ok(visit.to_page());
    };
    let t = visit.texts();
    let alert = match notice {
        Some(Notice::NoMoreCodes) => Some(t.review.no_more_codes),
        Some(Notice::Changed) => Some(t.review.changed),
        _ => None,
    };
    html(&ReviewPage {
        holder: plain(debtor.name.as_str()),
        last_four: debtor.account.last_four().to_owned(),
        may_change: visit.payment.request().debtor_account_may_change(),
        has_codes: visit.journey.codes_sent < MAX_CODES,
        shown: DynamicLink::new(&visit.payment, debtor, visit.day()).sha256(),
        frame: Frame::of(&visit, t.review.title).alerting(alert.map(str::to_owned), ""),
    })
}

/// `POST /psu/review`: what was read is right, send a code.
pub(super) async fn submit(State(app): State<App>, form: Form) -> Result<Response, Problem> {
    let shown = form.fields.typed("shown").to_owned();
    until_saved(&app, form.visit, |visit| accept(&app, visit, &shown)).await
}

async fn accept(app: &App, visit: Visit, shown: &str) -> Result<Response, Problem> {
    let Some(debtor) = under_review(&visit) else {
        return Ok(visit.to_page());
    };
    // Another tab may have chosen another account since this page was shown.
    if shown != DynamicLink::new(&visit.payment, debtor, visit.day()).sha256() {
        return tell(app, &visit, Notice::Changed).await;
    }
    send_code(app, &visit, debtor, Page::Authenticate.next()).await
}

/// `POST /psu/authenticate/again`: the code did not come, send another.
pub(super) async fn resend(State(app): State<App>, form: Form) -> Result<Response, Problem> {
    until_saved(&app, form.visit, |visit| send_another(&app, visit)).await
}

async fn send_another(app: &App, visit: Visit) -> Result<Response, Problem> {
    match &visit.journey.step {
        Step::Authenticate(debtor, _) if visit.page() == Page::Authenticate => {
            send_code(app, &visit, debtor, Page::Authenticate.with(Notice::Sent)).await
        }
        _ => Ok(visit.to_page()),
    }
}

/// Sends a code bound to amount and payee (RTS (EU) 2018/389, Art. 5(1)). It is written down before it
/// is sent, so that no code is on a phone that was not counted.
async fn send_code(app: &App, visit: &Visit, debtor: &Debtor, sent: Response) -> Result<Response, Problem> {
    if visit.journey.codes_sent >= MAX_CODES {
        return tell(app, visit, Notice::NoMoreCodes).await;
    }
    let challenge = Challenge::new(app.random_bytes(), visit.now);
    let message = message(app, visit, debtor, &challenge);
    let step = Step::Authenticate(debtor.clone(), challenge);
    let journey = Journey { codes_sent: visit.journey.codes_sent + 1, ..visit.at(step) };
    let mut draft = Draft::of(visit, journey);
    if !is_prepared_for(visit, debtor) {
        draft = draft.record(Event::Prepare(debtor.clone()), Actor::Psu)?;
    }
    draft.record(Event::Challenge, Actor::Bank)?.commit(app).await?;
    in_time(app, app.messenger.send_code(&message)).await?;
    Ok(sent)
}

fn message(app: &App, visit: &Visit, debtor: &Debtor, challenge: &Challenge) -> CodeMessage {
    let request = visit.payment.request();
    let link = DynamicLink::new(&visit.payment, debtor, visit.day());
    CodeMessage {
        institution: visit.journey.institution.clone(),
        psu: debtor.psu.clone(),
        payment: visit.payment.id().clone(),
        amount: request.amount,
        creditor_name: request.beneficiary.creditor.name.clone(),
        creditor_account: request.beneficiary.creditor_account.clone(),
        code: challenge.code(&link, &app.code_key),
        expires_at: challenge.expires_at(),
        language: visit.journey.language.clone(),
    }
}

/// Whether the payment stands at the account this visit chose; another visit may have moved it.
pub(super) fn is_prepared_for(visit: &Visit, debtor: &Debtor) -> bool {
    matches!(visit.payment.state(), PaymentState::Prepared(prepared) if prepared == debtor)
}

fn under_review(visit: &Visit) -> Option<&Debtor> {
    match &visit.journey.step {
        Step::Review(debtor) if visit.page() == Page::Review => Some(debtor),
        _ => None,
    }
}
