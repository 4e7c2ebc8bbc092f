//! What else a proxy tells about a request: its client's address, and the part of the path it took away.

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
};

use axum::http::{Extensions, HeaderMap, HeaderName, Uri};

use super::{Network, Unclear, only_one};

/// The addresses a request has passed, the last one added by the proxy nearest to us.
pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The part of the path that the proxy took away.
pub(crate) const X_FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// Most bytes of a prefix.
const MAX_PREFIX: usize = 256;
/// Most addresses looked at.
const MAX_HOPS: usize = 16;

/// The nearest address that is none of our proxies': the last one somebody we trust has seen himself.
/// Whatever stands before it may be invented.
pub(crate) fn client_address(headers: &HeaderMap, proxies: &[Network]) -> Option<IpAddr> {
    let values: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().collect();
    let hops = values.iter().rev().flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
    for hop in hops.take(MAX_HOPS) {
        let address = address_of(hop.trim())?;
        if !proxies.iter().any(|network| network.contains(address)) {
            return Some(address.to_canonical());
        }
    }
    None
}

/// An address, or one with the port that some proxies add: `192.0.2.7:443`, `[2001:db8::1]:443`.
fn address_of(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    bare.parse().or_else(|_| hop.parse().map(|with_port: SocketAddr| with_port.ip())).ok()
}

/// What the client wrote before the path that we see. A PISP signs the path it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prefix(String);

impl Prefix {
    /// Reads it; none if the proxy took nothing away.
    ///
    /// # Errors
    ///
    /// [`Unclear`] if there are two, or one that can be no path.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Option<Self>, Unclear> {
        let Some(value) = only_one(headers, &X_FORWARDED_PREFIX)? else { return Ok(None) };
        let text = value.to_str().map_err(|_| Unclear::Prefix)?.trim_end_matches('/');
        if text.is_empty() {
            return Ok(None);
        }
        let is_path = text.starts_with('/')
            && !text.starts_with("//")
            && text.len() <= MAX_PREFIX
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte));
        if is_path { Ok(Some(Self(text.to_owned()))) } else { Err(Unclear::Prefix) }
    }
}

/// The path and query as the client wrote them, which is what it signs and what answers are signed for.
pub(crate) fn target<'a>(uri: &'a Uri, extensions: &Extensions) -> Cow<'a, str> {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    match extensions.get::<Prefix>() {
        Some(Prefix(prefix)) => format!("{prefix}{target}").into(),
        None => target.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_client_is_the_last_hop_that_is_none_of_our_proxies() {
        let proxies = ["10.0.0.0/8", "::1"].map(|text| Network::parse(text).unwrap());
        let table: [(&[&str], Option<&str>); 19] = [
            (&[], None),
            (&["192.0.2.7"], Some("192.0.2.7")),
            (&["192.0.2.7, 10.0.0.1"], Some("192.0.2.7")),
            (&["192.0.2.7,10.0.0.1", "::1"], Some("192.0.2.7")),
            (&["203.0.113.1, 192.0.2.7"], Some("192.0.2.7")),
            (&["203.0.113.1", "192.0.2.7"], Some("192.0.2.7")),
            (&["2001:db8::1"], Some("2001:db8::1")),
            (&["192.0.2.7, unknown"], None),
            (&["192.0.2.7, "], None),
            (&["10.0.0.1"], None),
            (&["192.0.2.7:5678"], Some("192.0.2.7")),
            (&["203.0.113.1, 192.0.2.7:5678, 10.0.0.1:80"], Some("192.0.2.7")),
            (&["[2001:db8::1]:443, [::1]:1"], Some("2001:db8::1")),
            (&["[2001:db8::1]"], Some("2001:db8::1")),
            (&["[::ffff:192.0.2.7]:443"], Some("192.0.2.7")),
            (&["192.0.2.7:"], None),
            (&["192.0.2.7:65536"], None),
            (&["203.0.113.1, [2001:db8::1"], None),
            (&["203.0.113.1, 2001:db8::1]:443"], None),
        ];
        for (values, expected) in table {
            let found = client_address(&headers(&X_FORWARDED_FOR, values), &proxies);
            assert_eq!(found.map(|found| found.to_string()).as_deref(), expected, "{values:?}");
        }
    }

    #[test]
    fn a_prefix_stands_before_the_path_and_must_be_one() {
        let uri: Uri = "/stet?a=b".parse().unwrap();
        let of = |values: &[&str]| {
            let mut extensions = Extensions::new();
            if let Some(prefix) = Prefix::read(&headers(&X_FORWARDED_PREFIX, values))? {
                extensions.insert(prefix);
            }
            Ok(target(&uri, &extensions).into_owned())
        };
        let long = format!("/{}", "x".repeat(MAX_PREFIX));
        let table: [(&[&str], Result<&str, Unclear>); 12] = [
            (&[], Ok("/stet?a=b")),
            (&[""], Ok("/stet?a=b")),
            (&["/"], Ok("/stet?a=b")),
            (&["/bank"], Ok("/bank/stet?a=b")),
            (&["/bank/one/"], Ok("/bank/one/stet?a=b")),
            (&["/a", "/a"], Err(Unclear::Twice)),
            (&["bank"], Err(Unclear::Prefix)),
            (&["//evil.example"], Err(Unclear::Prefix)),
            (&["/a?b"], Err(Unclear::Prefix)),
            (&["/a b"], Err(Unclear::Prefix)),
            (&["/a, /b"], Err(Unclear::Prefix)),
            (&[&long], Err(Unclear::Prefix)),
        ];
        for (values, expected) in table {
            assert_eq!(of(values), expected.map(str::to_owned), "{values:?}");
        }
    }
}
