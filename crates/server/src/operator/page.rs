//! What the operator's pages have in common: the frame, the style sheet, the headers; HTML or JSON.

use std::sync::LazyLock;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Request},
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use payments::encoding::hex;
use sha2::{Digest as _, Sha256};

use super::{explain, trust};
use crate::psu::headers::secure;

const STYLE: &str =
    concat!(include_str!("../../assets/guichet.css"), include_str!("../../assets/operator.css"));
const ICON: &str = include_str!("../../assets/guichet.svg");

/// Path of the style sheet; it changes with its content.
static STYLE_PATH: LazyLock<String> = LazyLock::new(|| path_of(STYLE, "css"));
/// Path of the icon.
static ICON_PATH: LazyLock<String> = LazyLock::new(|| path_of(ICON, "svg"));

fn path_of(content: &str, extension: &str) -> String {
    let hash = hex(&Sha256::digest(content.as_bytes()));
    format!("/operator/assets/guichet-{}.{extension}", hash.get(..12).unwrap_or_default())
}

/// The parts all pages share.
pub(super) struct Frame {
    /// What the page is called.
    pub(super) title: &'static str,
    /// Its path.
    pub(super) path: &'static str,
    /// Path of the style sheet.
    pub(super) style: &'static str,
    /// Path of the icon.
    pub(super) icon: &'static str,
}

impl Frame {
    /// The frame of the page at `path`.
    pub(super) fn of(path: &'static str, title: &'static str) -> Self {
        Self { title, path, style: &STYLE_PATH, icon: &ICON_PATH }
    }

    /// Every page, by path, with its name.
    #[expect(clippy::unused_self, reason = "templates ask the frame")]
    pub(super) fn pages(&self) -> &'static [(&'static str, &'static str)] {
        &[(explain::PATH, "Certificates"), (trust::PATH, "Trust")]
    }
}

/// `routes` with the style sheet and the headers that pages carry.
pub(super) fn with_frame(routes: Router) -> Router {
    routes.route("/operator/assets/{file}", get(asset)).layer(from_fn(headers))
}

async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    secure(&mut response, false);
    response
}

async fn asset(Path(file): Path<String>) -> Response {
    let path = format!("/operator/assets/{file}");
    let (content, kind) = match path {
        path if path == *STYLE_PATH => (STYLE, "text/css; charset=utf-8"),
        path if path == *ICON_PATH => (ICON, "image/svg+xml"),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, content).into_response()
}

/// The page as an answer.
pub(super) fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page for operators was not rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Whether a program asks: it prefers JSON, a browser does not.
pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}
