//! What can go wrong for a visitor other than his own decisions: one page each, never a redirect to the PISP.

use std::any::Any;

use axum::{
    Extension,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, Uri};
use payments::ports::StoreError;

use super::{
    asked::InvalidLink,
    frame::Frame,
    language::{Language, in_other_language},
    pages::{ProblemPage, html},
    texts::{ProblemText, Texts},
};

/// Why a visitor is shown an error page. `frame.rs` renders it in his language.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Problem {
    /// Nothing is served there, or the host is none of ours.
    #[error("no such page")]
    NoSuchPage,
    /// The page is not reached that way.
    #[error("no such method")]
    NoSuchMethod,
    /// The link names no payment that waits for a decision here. Why is not told (P-8).
    #[error("the link is not valid, or not any more")]
    LinkOver,
    /// The link is good, and the bank does not work with the initiator of the payment today.
    #[error("this bank takes no payments of this initiator today")]
    KeptOut,
    /// The link is ours, and what was added to it is not right.
    #[error("{0}")]
    InvalidLink(InvalidLink),
    /// There is no visit, or it has taken too long (P-8).
    #[error("the visit is over")]
    VisitOver,
    /// The form was sent from elsewhere, or by an earlier visit.
    #[error("the form does not belong to this visit")]
    Foreign,
    /// More than any of our forms holds.
    #[error("the form is too large")]
    TooLarge,
    /// The visitor, or others at his address, asked for too many pages.
    #[error("too many requests")]
    TooMany,
    /// The request can be understood in two ways.
    #[error("{0}")]
    Unclear(String),
    /// The form did not come in time.
    #[error("the form was not received in time")]
    TooSlow,
    /// A dependency failed, or a handler panicked; nothing was changed as far as we know (P-10).
    #[error("{0}")]
    Technical(String),
    /// Somebody else saved first: read again, decide again. Shown only when that happens too often.
    #[error("the payment was changed in the meantime")]
    Raced,
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPage => StatusCode::NOT_FOUND,
            Self::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::LinkOver | Self::VisitOver => StatusCode::GONE,
            Self::Foreign | Self::KeptOut => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::InvalidLink(_) | Self::Unclear(_) => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Technical(_) | Self::Raced => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn text(&self, texts: &'static Texts) -> &'static ProblemText {
        let problems = &texts.problems;
        match self {
            Self::NoSuchPage | Self::NoSuchMethod => &problems.no_such_page,
            Self::LinkOver => &problems.link_over,
            Self::KeptOut => &problems.kept_out,
            Self::InvalidLink(_) => &problems.invalid_link,
            Self::VisitOver => &problems.visit_over,
            Self::Foreign => &problems.foreign,
            Self::TooLarge => &problems.too_large,
            Self::TooMany => &problems.too_many,
            Self::Unclear(_) | Self::TooSlow | Self::Technical(_) | Self::Raced => &problems.technical,
        }
    }

    /// What the developer of the PISP has to know.
    fn detail(&self) -> Option<String> {
        match self {
            Self::InvalidLink(wrong) => Some(wrong.to_string()),
            _ => None,
        }
    }

    /// Whether the visit goes on, so that the page can lead back to it.
    fn can_resume(&self) -> bool {
        matches!(
            self,
            Self::Foreign | Self::TooLarge | Self::TooMany | Self::TooSlow | Self::Technical(_) | Self::Raced
        )
    }

    /// Whether the cookie has served its time.
    pub(super) fn ends_visit(&self) -> bool {
        matches!(self, Self::VisitOver)
    }

    /// The page, in the words of `language`.
    pub(super) fn page(
        &self,
        institution: &str,
        language: Language,
        (method, uri): (&Method, &Uri),
    ) -> Response {
        let texts = language.texts();
        let text = self.text(texts);
        let page = ProblemPage {
            frame: Frame::bare(texts, institution, text.title, in_other_language(language, method, uri)),
            text,
            detail: self.detail(),
            resume: self.can_resume(),
        };
        let mut response = html(&page).unwrap_or_else(|_| self.status().into_response());
        *response.status_mut() = self.status();
        response
    }
}

impl IntoResponse for Problem {
    /// An empty answer that carries the problem to where it is rendered.
    fn into_response(self) -> Response {
        (self.status(), Extension(self)).into_response()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Raced,
            other => Self::Technical(other.to_string()),
        }
    }
}

/// The answer in place of a handler that panicked.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Problem::Technical("a handler panicked".to_owned()).into_response()
}
