//! The PSU's pages.

use axum::Router;

use crate::App;

/// Routes for PSUs.
pub fn router(_app: App) -> Router {
    Router::new()
}
