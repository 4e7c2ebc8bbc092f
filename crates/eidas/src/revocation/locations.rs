//! Where an issuer says that revocation can be asked about.

use der::{Reader, SliceReader, Tag};

use super::reading::{Extension, content, context, context_primitive, has, next, next_fields, next_if};

/// Locations of a kind kept at most; further ones of a certificate are left out.
pub const MAX_LOCATIONS: usize = 4;
/// Longest location, in bytes; a longer one is left out.
pub const MAX_LOCATION_BYTES: usize = 512;

const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 0x1f];
/// `id-pe-authorityInfoAccess`, 1.3.6.1.5.5.7.1.1
const AUTHORITY_INFO_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
/// `id-ad-ocsp`, 1.3.6.1.5.5.7.48.1
const OCSP: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1];
/// `uniformResourceIdentifier` of `GeneralName` (RFC 5280, 4.2.1.6).
const URI: u32 = 6;

/// The `http` and `https` URLs of `cRLDistributionPoints` and `authorityInfoAccess` (RFC 5280, 4.2.1.13 and
/// 4.2.2.1), in their order.
///
/// They are texts from a certificate: whoever fetches one checks first whose certificate it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locations {
    /// Of whole lists by the issuer itself.
    pub crl: Vec<String>,
    /// Of OCSP responders.
    pub ocsp: Vec<String>,
}

impl Locations {
    /// What cannot be read is left out: it only means that nobody can be asked.
    pub(super) fn of(extensions: &[Extension<'_>]) -> Self {
        let find = |oid| extensions.iter().find(|found| found.oid == oid).map(|found| found.value);
        let crl = find(CRL_DISTRIBUTION_POINTS).and_then(|der| distribution_points(der).ok());
        let ocsp = find(AUTHORITY_INFO_ACCESS).and_then(|der| responders(der).ok());
        Self { crl: kept(crl), ocsp: kept(ocsp) }
    }
}

fn kept(found: Option<Vec<String>>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for location in found.unwrap_or_default() {
        if kept.len() < MAX_LOCATIONS && is_http(&location) && !kept.contains(&location) {
            kept.push(location);
        }
    }
    kept
}

fn is_http(location: &str) -> bool {
    let scheme = location.split_once("://").map_or("", |(scheme, _)| scheme);
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        && location.len() <= MAX_LOCATION_BYTES
        && location.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Points of another issuer, or for some reasons only, are not for us (RFC 5280, 6.3.3).
fn distribution_points(der: &[u8]) -> der::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut points = content(der, Tag::Sequence)?;
    while !points.is_finished() {
        let mut point = next_fields(&mut points, Tag::Sequence)?;
        let name = next_if(&mut point, context(0))?;
        if let (Some(name), true) = (name, point.is_finished()) {
            found.extend(full_name(SliceReader::new(name)?)?);
        }
    }
    Ok(found)
}

/// The URIs of a `DistributionPointName`; a name relative to the issuer has none.
pub(super) fn full_name(mut name: SliceReader<'_>) -> der::Result<Vec<String>> {
    let mut found = Vec::new();
    if let Some(names) = next_if(&mut name, context(0))? {
        let mut names = SliceReader::new(names)?;
        while !names.is_finished() {
            found.extend(uri(&mut names)?);
        }
    }
    Ok(found)
}

fn responders(der: &[u8]) -> der::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut descriptions = content(der, Tag::Sequence)?;
    while !descriptions.is_finished() {
        let mut description = next_fields(&mut descriptions, Tag::Sequence)?;
        let method = next(&mut description, Tag::ObjectIdentifier)?;
        let location = uri(&mut description)?;
        found.extend(location.filter(|_| method == OCSP));
    }
    Ok(found)
}

/// The next `GeneralName`, if it is a URI.
fn uri(names: &mut SliceReader<'_>) -> der::Result<Option<String>> {
    if !has(names, context_primitive(URI)) {
        names.tlv_bytes()?;
        return Ok(None);
    }
    let text = std::str::from_utf8(next(names, context_primitive(URI))?);
    Ok(text.ok().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Certificate;
    use crate::revocation::Candidate;
    use crate::testing::{Leaf, TestCa, oid, sequence, tlv};

    const CRL_OID: &[u64] = &[2, 5, 29, 31];
    const AIA_OID: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];

    fn uri(text: &str) -> Vec<u8> {
        tlv(0x86, text.as_bytes())
    }

    fn point(uris: &[&str], more: &[Vec<u8>]) -> Vec<u8> {
        let names: Vec<u8> = uris.iter().flat_map(|text| uri(text)).collect();
        sequence(&[tlv(0xa0, &tlv(0xa0, &names)), more.concat()])
    }

    fn access(method: &str, text: &str) -> Vec<u8> {
        sequence(&[oid(method), uri(text)])
    }

    fn found(crl: Vec<u8>, ocsp: Vec<u8>) -> Locations {
        let mut leaf = Leaf::qwac();
        leaf.extensions = vec![(CRL_OID, crl), (AIA_OID, ocsp)];
        let der = TestCa::new().issue(&leaf);
        Candidate::of(&Certificate::parse(&der).unwrap()).unwrap().locations().clone()
    }

    #[test]
    fn the_http_locations_are_found_in_their_order() {
        let crl = sequence(&[
            point(&["ldap://a.example/cn=x", "http://a.example/1.crl", "HTTPS://a.example/2.crl"], &[]),
            point(&["http://b.example/3.crl"], &[]),
            // The same again, for some reasons only, of another issuer.
            point(&["http://a.example/1.crl"], &[]),
            point(&["http://a.example/some.crl"], &[tlv(0x81, &[1, 0x40])]),
            point(&["http://a.example/other.crl"], &[tlv(0xa2, &tlv(0xa4, &sequence(&[])))]),
        ]);
        let ocsp = sequence(&[
            access("1.3.6.1.5.5.7.48.2", "http://a.example/ca.crt"),
            access("1.3.6.1.5.5.7.48.1", "http://ocsp.a.example/"),
            access("1.3.6.1.5.5.7.48.1", "ftp://ocsp.a.example/"),
        ]);
        let found = found(crl, ocsp);
        assert_eq!(
            found.crl,
            ["http://a.example/1.crl", "HTTPS://a.example/2.crl", "http://b.example/3.crl"]
        );
        assert_eq!(found.ocsp, ["http://ocsp.a.example/"]);
    }

    #[test]
    fn what_is_too_much_or_no_location_is_left_out() {
        let long = format!("http://a.example/{}", "x".repeat(MAX_LOCATION_BYTES));
        let fitting = format!("http://a.example/{}", "x".repeat(MAX_LOCATION_BYTES - 17));
        let many: Vec<String> = (0..9).map(|n| format!("http://a.example/{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let table: [(&[&str], usize); 8] = [
            (&["http://a.example/a b"], 0),
            (&["http://a.example/\r\nx: y"], 0),
            (&["http://a.exämple/"], 0),
            (&["file:///etc/passwd"], 0),
            (&["httpx://a.example/"], 0),
            (&[&long], 0),
            (&[&fitting], 1),
            (&many, MAX_LOCATIONS),
        ];
        for (uris, expected) in table {
            let crl = sequence(&[point(uris, &[])]);
            assert_eq!(found(crl, sequence(&[])).crl.len(), expected, "{uris:?}");
        }
    }

    #[test]
    fn extensions_that_cannot_be_read_name_no_location() {
        for broken in [vec![], vec![0x30], vec![4, 1, 0], sequence(&[vec![5, 0]]), sequence(&[sequence(&[])])]
        {
            assert_eq!(found(broken.clone(), broken), Locations::default());
        }
    }
}
