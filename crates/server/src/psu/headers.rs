//! The headers every answer to a browser carries.

use axum::response::Response;
use http::{
    HeaderName, HeaderValue,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};

/// Our style sheet and icon, our own forms, and nothing else.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'",
);
/// With `no-referrer` browsers would send `Origin: null` with our own forms; `same-origin` tells other
/// sites just as little.
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const PERMISSIONS: HeaderValue =
    HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()");
const TWO_YEARS: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Adds what the answer has not decided for itself.
pub(crate) fn secure(response: &mut Response, tls: bool) {
    let headers = response.headers_mut();
    let mut add = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    add(CONTENT_SECURITY_POLICY, CSP);
    add(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    add(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    add(REFERRER_POLICY, SAME_ORIGIN);
    add(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    add(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    add(HeaderName::from_static("cross-origin-opener-policy"), SAME_ORIGIN);
    add(HeaderName::from_static("cross-origin-resource-policy"), SAME_ORIGIN);
    if tls {
        add(STRICT_TRANSPORT_SECURITY, TWO_YEARS);
    }
}
