//! The style sheet and the icon, in the binary and under names that change with their content.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use payments::encoding::hex;
use sha2::{Digest, Sha256};

use super::problem::Problem;

const STYLE: &str = include_str!("../../assets/guichet.css");
const ICON: &str = include_str!("../../assets/guichet.svg");

/// Path of the style sheet.
pub(super) static STYLE_PATH: LazyLock<String> = LazyLock::new(|| path_of(STYLE, "css"));
/// Path of the icon.
pub(super) static ICON_PATH: LazyLock<String> = LazyLock::new(|| path_of(ICON, "svg"));

fn path_of(content: &str, extension: &str) -> String {
    let hash = hex(&Sha256::digest(content.as_bytes()));
    let short = hash.get(..12).unwrap_or_default();
    format!("/psu/assets/guichet-{short}.{extension}")
}

/// `GET /psu/assets/{file}`.
pub(super) async fn serve(Path(file): Path<String>) -> Result<Response, Problem> {
    let path = format!("/psu/assets/{file}");
    let (content, kind) = match path {
        path if path == *STYLE_PATH => (STYLE, "text/css; charset=utf-8"),
        path if path == *ICON_PATH => (ICON, "image/svg+xml"),
        _ => return Err(Problem::NoSuchPage),
    };
    let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, content).into_response())
}
