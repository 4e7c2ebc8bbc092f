//! Keeps web pages of others away from the operator's listener.
//!
//! It asks nobody who he is, so a browser on this machine must not be made to act on it: neither by a page
//! that sends it a form, nor by a name of somebody else's that leads here (DNS rebinding).

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::caller;

/// Lets a request through that names this machine and that no page of somebody else's made a browser send.
///
/// A link from elsewhere may lead to a page here: whoever follows it sees where he is.
pub async fn only_from_here(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match intruder(&parts) {
        None => next.run(Request::from_parts(parts, body)).await,
        Some(why) => {
            let body = serde_json::json!({ "status": 403, "message": why });
            (StatusCode::FORBIDDEN, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
        }
    }
}

/// Whether a `Host` header names this machine. An address does: no name server can make it lead elsewhere.
pub fn is_loopback_host(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.to_ascii_lowercase();
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name);
    name == "localhost" || name.ends_with(".localhost") || address.parse::<IpAddr>().is_ok()
}

/// What makes this a request that somebody else's page, or name, has caused.
fn intruder(parts: &Parts) -> Option<&'static str> {
    let Some(host) = caller::host(parts).filter(|host| is_loopback_host(host)) else {
        return Some("the operator's listener is reached as localhost, or by its address");
    };
    let headers = &parts.headers;
    let own_page = |site: &str| matches!(site, "same-origin" | "none");
    if !every(headers, "sec-fetch-site", own_page) && !is_link(parts) {
        return Some("a page of another site may not act on the operator's listener (Sec-Fetch-Site)");
    }
    let own_origin = |origin: &str| {
        let (_scheme, authority) = origin.split_once("://").unwrap_or_default();
        authority.eq_ignore_ascii_case(&host)
    };
    if !every(headers, "origin", own_origin) {
        return Some("a page of another origin may not act on the operator's listener (Origin)");
    }
    None
}

/// A link that is followed: the browser goes there and shows the page whole.
fn is_link(parts: &Parts) -> bool {
    let is = |name, expected: &str| parts.headers.get(name).is_some_and(|value| value == expected);
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    reads && is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

/// Whether every header of this name fits; one that is no text does not.
fn every(headers: &HeaderMap, name: &'static str, fits: impl Fn(&str) -> bool) -> bool {
    let mut values = headers.get_all(HeaderName::from_static(name)).iter();
    values.all(|value| value.to_str().is_ok_and(&fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_lead_to_the_operators_listener() {
        let table = [
            ("localhost:9090", true),
            ("localhost", true),
            ("www.17515.sandbox.localhost:9090", true),
            ("127.0.0.1:9090", true),
            ("[::1]:9090", true),
            ("10.0.0.5:9090", true),
            ("evil.example:9090", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("[::1]", true),
            ("[::1].evil.example", false),
            ("localhost:evil.example", false),
            ("localhost:9090:evil.example", false),
            ("", false),
        ];
        for (host, here) in table {
            assert_eq!(is_loopback_host(host), here, "{host}");
        }
    }

    #[test]
    fn a_request_that_a_foreign_page_causes_is_an_intruder() {
        const LINK: [(&str, &str); 2] = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], bool);
        let table: &[Row<'_>] = &[
            // Programs.
            ("POST", "localhost:9090", &[], true),
            ("GET", "127.0.0.1:9090", &[], true),
            // Names of others.
            ("GET", "evil.example:9090", &[], false),
            ("GET", "evil.example", &[("sec-fetch-site", "same-origin")], false),
            ("GET", "", &[], false),
            ("GET", "localhost", &[("host", "localhost")], false),
            // Our own pages.
            ("POST", "localhost:9090", &[("sec-fetch-site", "same-origin")], true),
            ("POST", "localhost:9090", &[("origin", "http://localhost:9090")], true),
            ("POST", "LOCALHOST:9090", &[("origin", "http://localhost:9090")], true),
            ("GET", "localhost:9090", &[("sec-fetch-site", "none")], true),
            // Pages of others.
            ("POST", "localhost:9090", &[("sec-fetch-site", "cross-site")], false),
            ("POST", "localhost:9090", &[("sec-fetch-site", "same-site")], false),
            ("GET", "localhost:9090", &[("sec-fetch-site", "cross-site")], false),
            ("POST", "localhost:9090", &[("origin", "http://evil.example")], false),
            ("POST", "localhost:9090", &[("origin", "http://localhost:8081")], false),
            ("POST", "localhost:9090", &[("origin", "http://evil.example/localhost:9090")], false),
            ("POST", "localhost:9090", &[("origin", "null")], false),
            ("POST", "localhost:9090", &[("sec-fetch-site", "same-origin"), ("origin", "null")], false),
            ("POST", "localhost", &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")], false),
            // Links.
            ("GET", "localhost:9090", &[("sec-fetch-site", "cross-site"), LINK[0], LINK[1]], true),
            ("POST", "localhost:9090", &[("sec-fetch-site", "cross-site"), LINK[0], LINK[1]], false),
            ("GET", "localhost:9090", &[("sec-fetch-site", "cross-site"), LINK[0]], false),
            (
                "GET",
                "localhost:9090",
                &[("sec-fetch-site", "cross-site"), LINK[0], ("sec-fetch-dest", "iframe")],
                false,
            ),
        ];
        for (method, host, headers, welcome) in table {
            let mut request = Request::builder().method(*method).uri("/x");
            if !host.is_empty() {
                request = request.header("host", *host);
            }
            for (name, value) in *headers {
                request = request.header(*name, *value);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(intruder(&parts).is_none(), *welcome, "{method} {host} {headers:?}");
        }
    }
}
