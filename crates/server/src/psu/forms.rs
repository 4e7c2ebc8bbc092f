//! What a browser sends back: read, bounded, and known to come from a page of this visit.

use std::{collections::BTreeMap, time::Duration};

use axum::extract::{FromRequest, FromRequestParts, Request};
use http::{HeaderMap, header::ORIGIN};
use http_body_util::{BodyExt, Limited};
use subtle::ConstantTimeEq;
use tokio::time::timeout;
use url::form_urlencoded;

use super::{problem::Problem, visit::Visit};
use crate::{App, caller};

/// More than all our fields together, in bytes.
const MAX_BYTES: usize = 16 * 1024;
/// How long a form may take to arrive.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// A form sent from a page of a visit: to hold one is to know that its token is the visit's own.
pub(super) struct Form {
    /// The visit.
    pub(super) visit: Visit,
    /// The fields.
    pub(super) fields: Fields,
}

/// Fields of a form by name; a name that comes twice counts once.
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// What was typed, without the spaces around it; empty if the field was not sent.
    pub(super) fn typed(&self, name: &str) -> &str {
        self.exactly(name).trim()
    }

    /// What was sent, to the last space; empty if the field was not sent.
    pub(super) fn exactly(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl FromRequest<App> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, app).await?;
        let host = caller::host(&parts);
        if !is_same_origin(&parts.headers, host.as_deref(), app.psu_tls) {
            return Err(Problem::Foreign);
        }
        let body = timeout(TIME_LIMIT, Limited::new(body, MAX_BYTES).collect()).await;
        let body = body.map_err(|_elapsed| Problem::TooSlow)?;
        let fields = Fields::parse(&body.map_err(|_| Problem::TooLarge)?.to_bytes());
        let ours = visit.journey.csrf.as_bytes();
        if bool::from(ours.ct_eq(fields.exactly("csrf").as_bytes())) {
            Ok(Self { visit, fields })
        } else {
            Err(Problem::Foreign)
        }
    }
}

/// Whether the browser says that the form stood on our own page. One that says nothing is left to the
/// form's token.
fn is_same_origin(headers: &HeaderMap, host: Option<&str>, tls: bool) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(ORIGIN.as_str()) else {
        return true;
    };
    let scheme = if tls { "https://" } else { "http://" };
    host.is_some() && origin.strip_prefix(scheme) == host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_another_origin_is_told_from_ours() {
        let table = [
            (None, None, true),
            (Some("same-origin"), None, true),
            (Some("same-origin"), Some("null"), true),
            (Some("same-site"), Some("https://bank.example:8444"), false),
            (Some("cross-site"), None, false),
            (None, Some("https://bank.example:8444"), true),
            (None, Some("http://bank.example:8444"), false),
            (None, Some("https://bank.example"), false),
            (None, Some("https://evil.example"), false),
            (None, Some("null"), false),
        ];
        for (site, origin, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().unwrap());
            }
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            let host = Some("bank.example:8444");
            assert_eq!(is_same_origin(&headers, host, true), expected, "{site:?} {origin:?}");
        }
    }
}
