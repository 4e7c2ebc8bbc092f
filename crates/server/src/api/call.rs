//! A call that may be acted upon: caller, request id and signature have been checked, in that order.

use std::{collections::BTreeMap, net::IpAddr};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, OriginalUri, Request},
    http::{HeaderMap, Method},
};
use payments::request::PsuContext;

use super::{ApiError, body, body::AnswerType, seals};
use crate::{
    App,
    caller::Pisp,
    http_signature::{self, DigestRule, Rules, SignatureHeader, SignedMessage},
    proxy,
};

/// Longest `PSU-*` header that is kept, in bytes; a longer one is left out.
const MAX_PSU_HEADER: usize = 512;
/// The context headers of the standard.
const PSU_HEADERS: [&str; 12] = [
    "psu-ip-address",
    "psu-ip-port",
    "psu-http-method",
    "psu-date",
    "psu-geo-location",
    "psu-user-agent",
    "psu-referer",
    "psu-accept",
    "psu-accept-charset",
    "psu-accept-encoding",
    "psu-accept-language",
    "psu-device-id",
];

/// A signed call of a PISP.
pub(crate) struct Call {
    pub(crate) pisp: Pisp,
    pub(crate) request_id: String,
    pub(crate) answer_type: AnswerType,
    pub(crate) psu_context: PsuContext,
    pub(crate) body: Bytes,
}

impl FromRequest<App> for Call {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let request_id = http_signature::request_id(&parts.headers)?.to_owned();
        let pisp = Pisp::from_request_parts(&mut parts, app).await?;
        let signature = SignatureHeader::find(&parts.headers)?;
        let psu_context = psu_context(&parts.headers)?;
        let answer_type = AnswerType::asked(&parts.headers)?;
        let body = read_body(&parts.method, &parts.headers, body).await?;
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let target = proxy::target(uri, &parts.extensions);
        let covered =
            Covered { method: &parts.method, target: &target, headers: &parts.headers, body: &body };
        verify(app, &pisp, &signature, &covered).await?;
        Ok(Self { pisp, request_id, answer_type, psu_context, body })
    }
}

/// The body of a method that has one; others may send an empty one, which is not kept.
async fn read_body(method: &Method, headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    if method != Method::GET
        && !body::media_type(headers).is_some_and(|found| found.eq_ignore_ascii_case("application/json"))
    {
        return Err(ApiError::ContentType);
    }
    body::read(body).await
}

struct Covered<'a> {
    method: &'a Method,
    target: &'a str,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

/// Checks the signature under the policy of the TPP, or else of the institution. What was only taken by
/// leniency is logged and counted.
async fn verify(
    app: &App,
    pisp: &Pisp,
    signature: &SignatureHeader,
    covered: &Covered<'_>,
) -> Result<(), ApiError> {
    let now = app.now();
    let seals = seals::candidates(app, pisp, signature.key_id()).await?;
    let keys: Vec<_> = seals.iter().filter_map(|seal| seal.key.as_ref()).collect();
    let settings = &pisp.counter.institution.settings;
    let rules = Rules {
        policy: pisp.tpp.signature_policy.unwrap_or(settings.signature_policy),
        digest: DigestRule::AsPolicy,
        date_tolerance_s: settings.signature_date_tolerance_s,
        date: settings.signature_date,
    };
    let message = SignedMessage {
        method: covered.method,
        target: covered.target,
        headers: covered.headers,
        body: covered.body,
    };
    let verified = http_signature::verify(&message, signature, &keys, rules, now)?;
    for leniency in verified.leniencies {
        metrics::counter!("guichet_signature_leniencies_total", "kind" => leniency.as_str()).increment(1);
        tracing::warn!(client_id = %pisp.tpp.id, leniency = leniency.as_str(), "signature taken by leniency");
    }
    Ok(())
}

/// What the PISP tells about the PSU's terminal. Only an address that is none, or more than one, is refused.
fn psu_context(headers: &HeaderMap) -> Result<PsuContext, ApiError> {
    let mut kept = BTreeMap::new();
    for name in PSU_HEADERS {
        let mut values = headers.get_all(name).iter();
        let Some(value) = values.next() else { continue };
        let text = value.to_str().ok().map(str::trim).filter(|_| values.next().is_none());
        if name == "psu-ip-address" && text.is_none_or(|text| text.parse::<IpAddr>().is_err()) {
            return Err(ApiError::Header("PSU-IP-Address must be an IPv4 or IPv6 address"));
        }
        if let Some(text) = text.filter(|text| text.len() <= MAX_PSU_HEADER) {
            kept.insert(name.to_owned(), text.to_owned());
        }
    }
    Ok(PsuContext(kept))
}
