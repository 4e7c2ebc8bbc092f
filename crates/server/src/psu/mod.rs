//! The customer's pages: from the consent link to the way back to the PISP.
//!
//! Plain HTML, rendered here, that works without JavaScript. Every form is answered by a redirect to
//! the page the visit has come to, so reloading and going back are harmless: a page that is not the
//! current one leads to the current one.
//!
//! | Page | Path | File |
//! | --- | --- | --- |
//! | the link is opened | [`CONSENT_PATH`], [`AUTHORIZE_PATH`] | `open.rs`, `asked.rs`, `initiator.rs` |
//! | P-1 who are you | `/psu/identify` | `identify.rs` |
//! | P-2 prove it | `/psu/password` | `password.rs` |
//! | P-3 which account | `/psu/account` | `account.rs` |
//! | P-4 read what you approve | `/psu/review` | `review.rs` |
//! | P-5 approve | `/psu/authenticate` | `authenticate.rs` |
//! | refuse, from any page | `/psu/refuse` | `refuse.rs` |
//! | P-6, P-7 what happened | `/psu/outcome`, `/psu/return` | `outcome.rs` |
//! | P-8, P-10 what went wrong | any | `problem.rs` |

mod account;
mod asked;
mod assets;
mod authenticate;
mod decide;
pub(crate) mod format;
mod forms;
mod frame;
pub(crate) mod headers;
mod identify;
mod initiator;
mod language;
mod open;
mod outcome;
mod pages;
mod password;
mod problem;
mod refuse;
mod review;
mod texts;
mod visit;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    App,
    link::{AUTHORIZE_PATH, CONSENT_PATH},
};
pub(crate) use frame::turned_away;
use problem::Problem;

/// Every page of the customer, for all institutions; the host of a request decides which one is meant.
pub fn router(app: App) -> Router {
    Router::new()
        .route(CONSENT_PATH, get(open::open))
        .route(AUTHORIZE_PATH, get(open::open))
        .route("/psu", get(visit::resume))
        .route("/psu/identify", get(identify::show).post(identify::submit))
        .route("/psu/identify/again", post(identify::again))
        .route("/psu/password", get(password::show).post(password::submit))
        .route("/psu/account", get(account::show).post(account::submit))
        .route("/psu/account/again", post(account::again))
        .route("/psu/review", get(review::show).post(review::submit))
        .route("/psu/authenticate", get(authenticate::show).post(authenticate::submit))
        .route("/psu/authenticate/again", post(review::resend))
        .route("/psu/refuse", post(refuse::submit))
        .route("/psu/outcome", get(outcome::show))
        .route("/psu/return", get(outcome::leave))
        .route("/psu/language/{code}", get(language::choose))
        .route("/psu/assets/{file}", get(assets::serve))
        .fallback(async || Problem::NoSuchPage)
        .method_not_allowed_fallback(async || Problem::NoSuchMethod)
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn_with_state(app.clone(), frame::frame))
        .with_state(app)
}
