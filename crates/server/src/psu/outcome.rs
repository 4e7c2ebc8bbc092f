//! P-6 and P-7: what happened, what comes next, and the way back to the PISP.
//!
//! The way back is a page of its own that is fetched, because a browser would not let a form lead to
//! another site (CSP, `form-action`). It opens only after the decision has been committed, and leads only
//! to a URL that was checked against the TPP's registered ones: when the payment was registered, or, where
//! the redirect is enforced, when the link was opened.
//!
//! An authorisation code goes with nobody but the visit that approved: whoever else opened the link would
//! confirm at his PISP what somebody else approved (RFC 9700, 4.5).

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{LOCATION, REFERRER_POLICY},
};
use jiff::ToSpan;
use payments::{
    Reason,
    code::{AuthorisationCode, CODE_LIFETIME_S, CodeHash},
    institution::Redirect,
    journey::{Journey, MAX_CALLBACKS},
    lifecycle::{Rejection, State as PaymentState},
};

use super::{
    decide::{keep, until_saved},
    format::{kind, plain},
    frame::Frame,
    initiator,
    pages::{OutcomePage, html},
    problem::Problem,
    texts::{RefusalText, Texts},
    visit::{Page, Visit},
};
use crate::{App, caller::sha256};

/// Browsers keep whole pages in memory for the way back even when told not to store them. Once all is
/// decided nobody needs to see the forms again, with a name and accounts on them (W3C Clear Site Data, 3.1).
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// `GET /psu/outcome`; with the query `stay` it does not lead on by itself, and never to an initiator that the
/// bank keeps out.
pub(super) async fn show(visit: Visit, State(app): State<App>, uri: http::Uri) -> Result<Response, Problem> {
    if visit.page() != Page::Outcome {
        return Ok(visit.to_page());
    }
    let t = visit.texts();
    let is_kept_out = is_kept_out(&app, &visit).await?;
    let refusal = match visit.payment.state() {
        PaymentState::Rejected(_) if is_kept_out => Some(&t.refusals.kept_out),
        PaymentState::Rejected(rejection) => Some(refusal(t, rejection)),
        _ => None,
    };
    let request = visit.payment.request();
    let title = refusal.map_or(t.outcome.approved, |text| text.title);
    let mut page = html(&OutcomePage {
        leads_on: uri.query() != Some("stay") && !is_kept_out && (refusal.is_some() || may_leave(&visit)),
        approved_next: match visit.payment.state() {
            PaymentState::AwaitingConfirmation(..) => {
                (t.outcome.approved_to_confirm)(&plain(&visit.payment.registration().tpp_name))
            }
            _ => t.outcome.approved_next.to_owned(),
        },
        approved_text: (t.outcome.approved_text)(
            &(t.amount)(request.amount.cents()),
            &plain(request.beneficiary.creditor.name.as_str()),
            kind(t, request.product),
        ),
        refusal,
        frame: Frame::of(&visit, title),
    })?;
    page.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\""));
    Ok(page)
}

/// Whether the payment was refused because of its initiator. A bank screens payments under the same reason, so
/// the initiator is asked about again: the customer is never told of it what is not so.
async fn is_kept_out(app: &App, visit: &Visit) -> Result<bool, Problem> {
    match visit.payment.state() {
        PaymentState::Rejected(Rejection { reason: Reason::Rr04, authorisation: None, .. }) => {}
        _ => return Ok(false),
    }
    match initiator::find(app, &visit.counter.institution, &visit.payment).await {
        Err(Problem::KeptOut) => Ok(true),
        found => found.map(|_| false),
    }
}

fn refusal(t: &'static Texts, rejection: &Rejection) -> &'static RefusalText {
    let texts = &t.refusals;
    if rejection.authorisation.is_some() {
        return &texts.not_executed;
    }
    match rejection.reason {
        Reason::Cust => &texts.by_you,
        Reason::Noas => &texts.no_answer,
        Reason::Am04 => &texts.funds,
        Reason::Ac04 => &texts.account_closed,
        Reason::Ac06 => &texts.account_blocked,
        Reason::Rr01 => &texts.not_your_account,
        Reason::Ms03 => &texts.failures,
        _ => &texts.by_the_bank,
    }
}

/// `GET /psu/return`: back to the PISP. What its page is told is no proof; it asks us for the status.
pub(super) async fn leave(visit: Visit, State(app): State<App>) -> Result<Response, Problem> {
    until_saved(&app, visit, |visit| send_back(&app, visit)).await
}

async fn send_back(app: &App, visit: Visit) -> Result<Response, Problem> {
    let request = visit.payment.request();
    let target = match visit.payment.state() {
        state if state.is_open() => return Ok(visit.to_page()),
        PaymentState::Rejected(rejection) => {
            let callback = &visit.journey.callback;
            callback.with_error(request, error_of(rejection), rejection.reason.code())
        }
        _ if !may_leave(&visit) => return Err(Problem::LinkOver),
        _ => match visit.payment.registration().redirect {
            Redirect::Simple => request.successful_report_url.as_str().to_owned(),
            Redirect::Enforced => {
                let code = give_code(app, &visit).await?;
                visit.journey.callback.with_code(request, &code)
            }
        },
    };
    let headers = [(LOCATION, target), (REFERRER_POLICY, "no-referrer".to_owned())];
    Ok((StatusCode::FOUND, headers).into_response())
}

/// Whether an approval leads this visit back: with a code only the one that approved, and not for ever.
fn may_leave(visit: &Visit) -> bool {
    visit.payment.registration().redirect == Redirect::Simple
        || (visit.journey.has_decided() && visit.journey.callbacks < MAX_CALLBACKS)
}

/// 256 random bits for the PISP, their hash for the store. A browser that comes again gets another code: the
/// first may have been lost on the way, and each is good for one exchange.
async fn give_code(app: &App, visit: &Visit) -> Result<String, Problem> {
    let seen = visit.seen();
    keep(app, visit, Journey { callbacks: seen.callbacks.saturating_add(1), ..seen }).await?;
    let code = BASE64_URL_SAFE_NO_PAD.encode(app.random_bytes::<32>());
    let (registration, callback) = (visit.payment.registration(), &visit.journey.callback);
    app.store
        .insert_code(AuthorisationCode {
            hash: CodeHash(sha256(code.as_bytes())),
            tpp: registration.tpp.clone(),
            institution: registration.institution.clone(),
            payment: registration.id.clone(),
            redirect_uri: callback.redirect_uri(&registration.request).clone(),
            challenge: callback.challenge,
            expires_at: visit.now.saturating_add(CODE_LIFETIME_S.seconds()).unwrap_or(visit.now),
        })
        .await?;
    tracing::info!(payment_id = %registration.id, "authorisation code given");
    Ok(code)
}

/// The error in the words of RFC 6749, 4.1.2.1: before approval the PSU or his bank said no, after it
/// the transfer failed.
fn error_of(rejection: &Rejection) -> &'static str {
    match rejection.authorisation {
        None => "access_denied",
        Some(_) => "server_error",
    }
}
