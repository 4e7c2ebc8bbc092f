//! P-6 and P-7: what happened, what comes next, and the way back to the PISP.
//!
//! The way back is a page of its own that is fetched, because a browser would not let a form lead to
//! another site (CSP, `form-action`). It opens only after the decision has been committed, and leads only
//! to the URL that was checked against the TPP's registered ones when the payment was registered.

use axum::response::{IntoResponse, Response};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{LOCATION, REFERRER_POLICY},
};
use payments::{
    Reason,
    lifecycle::{Rejection, State},
};

use super::{
    format::{kind, plain},
    frame::Frame,
    pages::{OutcomePage, html},
    problem::Problem,
    texts::{RefusalText, Texts},
    visit::{Page, Visit},
};

/// Browsers keep whole pages in memory for the way back even when told not to store them. Once all is
/// decided nobody needs to see the forms again, with a name and accounts on them (W3C Clear Site Data, 3.1).
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// `GET /psu/outcome`; with the query `stay` it does not lead on by itself.
pub(super) async fn show(visit: Visit, uri: http::Uri) -> Result<Response, Problem> {
    if visit.page() != Page::Outcome {
        return Ok(visit.to_page());
    }
    let t = visit.texts();
    let refusal = match visit.payment.state() {
        State::Rejected(rejection) => Some(refusal(t, rejection)),
        _ => None,
    };
    let request = visit.payment.request();
    let title = refusal.map_or(t.outcome.approved, |text| text.title);
    let mut page = html(&OutcomePage {
        leads_on: uri.query() != Some("stay"),
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
pub(super) async fn leave(visit: Visit) -> Response {
    let request = visit.payment.request();
    let target = match visit.payment.state() {
        state if state.is_open() => return visit.to_page(),
        State::Rejected(rejection) => {
            request.report_url_of_failure().with_error(error_of(rejection), rejection.reason.code())
        }
        _ => request.successful_report_url.as_str().to_owned(),
    };
    let headers = [(LOCATION, target), (REFERRER_POLICY, "no-referrer".to_owned())];
    (StatusCode::FOUND, headers).into_response()
}

/// The error in the words of RFC 6749, 4.1.2.1: before approval the PSU or his bank said no, after it
/// the transfer failed.
fn error_of(rejection: &Rejection) -> &'static str {
    match rejection.authorisation {
        None => "access_denied",
        Some(_) => "server_error",
    }
}
