//! The bytes that are signed.

use http::{HeaderMap, HeaderName};

use super::SignedMessage;

/// One name in the `headers` parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Covered {
    /// `(request-target)`: method and target.
    RequestTarget,
    /// A header.
    Header(HeaderName),
}

/// A header that is covered is not there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Absent<'a>(pub(super) &'a HeaderName);

/// Writes the signing string (draft-cavage-http-signatures, 2.3): `name: value` for each name in order,
/// joined by LF, none at the end. `method` is in lower case.
pub(super) fn signing_string<'a>(
    covered: &'a [Covered],
    method: &str,
    message: &SignedMessage<'_>,
) -> Result<Vec<u8>, Absent<'a>> {
    let mut out = Vec::with_capacity(512);
    for (i, covered) in covered.iter().enumerate() {
        if i > 0 {
            out.push(b'\n');
        }
        match covered {
            Covered::RequestTarget => {
                for part in ["(request-target): ", method, " ", message.target] {
                    out.extend_from_slice(part.as_bytes());
                }
            }
            Covered::Header(name) => {
                out.extend_from_slice(name.as_str().as_bytes());
                out.extend_from_slice(b": ");
                if !write_joined(message.headers, name, &mut out) {
                    return Err(Absent(name));
                }
            }
        }
    }
    Ok(out)
}

/// The lines of one header, trimmed and joined by `, `; nothing if the header is absent.
pub(super) fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    write_joined(headers, name, &mut out).then_some(out)
}

fn write_joined(headers: &HeaderMap, name: &HeaderName, out: &mut Vec<u8>) -> bool {
    let mut present = false;
    for value in headers.get_all(name) {
        if present {
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(value.as_bytes().trim_ascii());
        present = true;
    }
    present
}

/// The headers a message may name, in the standard's spelling; others were made up by the caller.
const SPELLINGS: [&str; 21] = [
    "Accept",
    "Authorization",
    "Content-Length",
    "Content-Type",
    "Date",
    "Digest",
    "Host",
    "X-Request-ID",
    "PSU-IP-Address",
    "PSU-IP-Port",
    "PSU-HTTP-Method",
    "PSU-Date",
    "PSU-User-Agent",
    "PSU-Referer",
    "PSU-Accept",
    "PSU-Accept-Charset",
    "PSU-Accept-Encoding",
    "PSU-Accept-Language",
    "PSU-GEO-Location",
    "PSU-Device-ID",
    "PSU-Last-Logon",
];

/// The name to put into a message: never one that only the caller knows.
pub(super) fn spelling(name: &HeaderName) -> &'static str {
    let unknown = if name.as_str().starts_with("psu-") { "PSU-*" } else { "(unknown)" };
    SPELLINGS.into_iter().find(|known| known.eq_ignore_ascii_case(name.as_str())).unwrap_or(unknown)
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Method};

    use super::*;

    fn header(name: &'static str) -> Covered {
        Covered::Header(HeaderName::from_static(name))
    }

    fn string_of(covered: &[Covered], target: &str, headers: &HeaderMap) -> String {
        let message = SignedMessage { method: &Method::GET, target, headers, body: b"" };
        String::from_utf8(signing_string(covered, "get", &message).unwrap()).unwrap()
    }

    #[test]
    fn the_string_follows_the_given_order_and_has_no_lf_at_its_end() {
        let mut headers = HeaderMap::new();
        headers.append("date", HeaderValue::from_static("d"));
        headers.append("x-request-id", HeaderValue::from_static("r"));
        let covered = [header("x-request-id"), Covered::RequestTarget, header("date")];
        let expected = "x-request-id: r\n(request-target): get /a?b=c&d=%20e\ndate: d";
        assert_eq!(string_of(&covered, "/a?b=c&d=%20e", &headers), expected);
        assert_eq!(string_of(&covered[..1], "/", &headers), "x-request-id: r");
    }

    #[test]
    fn lines_of_one_header_are_trimmed_and_joined() {
        let mut headers = HeaderMap::new();
        for value in [" one\t", "two , three", "", " "] {
            headers.append("psu-accept", HeaderValue::from_str(value).unwrap());
        }
        assert_eq!(string_of(&[header("psu-accept")], "/", &headers), "psu-accept: one, two , three, , ");
    }

    #[test]
    fn an_absent_header_is_told_and_an_empty_one_is_not_absent() {
        let mut headers = HeaderMap::new();
        headers.append("psu-referer", HeaderValue::from_static(""));
        assert_eq!(string_of(&[header("psu-referer")], "/", &headers), "psu-referer: ");
        let message = SignedMessage { method: &Method::GET, target: "/", headers: &headers, body: b"" };
        let covered = [Covered::RequestTarget, header("date")];
        let absent = signing_string(&covered, "get", &message).unwrap_err();
        assert_eq!(spelling(absent.0), "Date");
    }

    #[test]
    fn names_that_only_the_caller_knows_are_not_repeated() {
        assert_eq!(spelling(&HeaderName::from_static("psu-iban-fr76")), "PSU-*");
        assert_eq!(spelling(&HeaderName::from_static("x-secret")), "(unknown)");
        assert_eq!(spelling(&HeaderName::from_static("psu-device-id")), "PSU-Device-ID");
    }
}
