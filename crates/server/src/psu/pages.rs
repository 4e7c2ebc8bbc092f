//! The pages as data: each holds what its template shows, ready to be shown.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use super::{
    frame::Frame,
    problem::Problem,
    texts::{ProblemText, RefusalText},
};

/// The page as an answer.
pub(super) fn html(page: &impl Template) -> Result<Response, Problem> {
    page.render()
        .map(|text| Html(text).into_response())
        .map_err(|error| Problem::Technical(error.to_string()))
}

/// P-1.
#[derive(Template)]
#[template(path = "psu/identify.html")]
pub(super) struct IdentifyPage {
    pub(super) frame: Frame,
}

/// P-2.
#[derive(Template)]
#[template(path = "psu/password.html")]
pub(super) struct PasswordPage {
    pub(super) frame: Frame,
    /// The customer number that was typed.
    pub(super) customer: String,
}

/// P-3.
#[derive(Template)]
#[template(path = "psu/account.html")]
pub(super) struct AccountPage {
    pub(super) frame: Frame,
    pub(super) choices: Vec<Choice>,
    /// How many of them can pay; a single one is chosen already.
    pub(super) payable: usize,
    /// Whether the PISP named an account that is none of the PSU's.
    pub(super) not_yours: bool,
}

/// An account to choose.
pub(super) struct Choice {
    pub(super) iban: String,
    pub(super) last_four: String,
    pub(super) label: String,
    pub(super) available: String,
    /// Why it cannot be chosen.
    pub(super) obstacle: Option<&'static str>,
}

/// P-4.
#[derive(Template)]
#[template(path = "psu/review.html")]
pub(super) struct ReviewPage {
    pub(super) frame: Frame,
    /// The account's holder.
    pub(super) holder: String,
    pub(super) last_four: String,
    /// Whether another account may be chosen.
    pub(super) may_change: bool,
    /// Whether another code may be sent.
    pub(super) has_codes: bool,
    /// Names what is shown, so that nothing else can be approved with this page.
    pub(super) shown: String,
}

/// P-5.
#[derive(Template)]
#[template(path = "psu/authenticate.html")]
pub(super) struct AuthenticatePage {
    pub(super) frame: Frame,
    /// The account's holder.
    pub(super) holder: String,
    pub(super) last_four: String,
    /// Until when the code counts.
    pub(super) valid_until: String,
    /// Whether it is not the first code.
    pub(super) sent_again: bool,
    /// Whether another code may be sent.
    pub(super) has_codes: bool,
    /// Names what is shown, so that nothing else can be approved with this page.
    pub(super) shown: String,
}

/// P-6 and P-7.
#[derive(Template)]
#[template(path = "psu/outcome.html")]
pub(super) struct OutcomePage {
    pub(super) frame: Frame,
    /// Why nothing was paid, if so.
    pub(super) refusal: Option<&'static RefusalText>,
    /// What an approval means.
    pub(super) approved_text: String,
    /// What follows an approval.
    pub(super) approved_next: String,
    /// Whether the browser goes back to the PISP by itself.
    pub(super) leads_on: bool,
}

/// P-8, P-10 and their like.
#[derive(Template)]
#[template(path = "psu/problem.html")]
pub(super) struct ProblemPage {
    pub(super) frame: Frame,
    pub(super) text: &'static ProblemText,
    /// What the developer of the PISP has to know, in English.
    pub(super) detail: Option<String>,
    /// Whether there is a visit to go back to.
    pub(super) resume: bool,
}
