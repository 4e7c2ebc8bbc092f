//! The parameters of the token endpoint.

use axum::{
    body::Body,
    http::{HeaderMap, request::Parts},
};
use stet::OAuthErrorCode as Code;

use super::refused::{Refused, refused};
use crate::api::body;

/// The parameters, wherever they stood: the body counts, the query fills in, and one that comes twice
/// with two values is refused.
#[derive(Default)]
pub(super) struct Form {
    pub(super) grant_type: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) code: Option<String>,
    pub(super) redirect_uri: Option<String>,
    pub(super) code_verifier: Option<String>,
}

impl Form {
    pub(super) async fn read(parts: &Parts, body: Body) -> Result<Self, Refused> {
        let query = parts.uri.query().unwrap_or_default();
        let body = body::read(body).await.map_err(Refused::Body)?;
        if !body.is_empty() && !is_form(&parts.headers) {
            return Err(Refused::ContentType);
        }
        let mut form = Self::default();
        for part in [body.as_ref(), query.as_bytes()] {
            for (name, value) in url::form_urlencoded::parse(part) {
                form.take(&name, &value)?;
            }
        }
        Ok(form)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Refused> {
        let slot = match name {
            "grant_type" => &mut self.grant_type,
            "client_id" => &mut self.client_id,
            "scope" => &mut self.scope,
            "code" => &mut self.code,
            "redirect_uri" => &mut self.redirect_uri,
            "code_verifier" => &mut self.code_verifier,
            _ => return Ok(()),
        };
        if slot.as_deref().is_some_and(|first| first != value) {
            return Err(refused(Code::InvalidRequest, "a parameter is given twice with different values"));
        }
        *slot = Some(value.to_owned());
        Ok(())
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    body::media_type(headers)
        .is_some_and(|found| found.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}
