//! The certificate that a proxy saw in its own handshake, passed on in a header.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};

use super::Unclear;
use crate::connection::PeerCertificate;

/// The header of RFC 9440, which is written as a byte sequence of RFC 8941 and not as PEM.
pub(crate) const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
/// The rest of the chain (RFC 9440, 2.3).
pub(crate) const CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");

/// Most bytes of such a header. A certificate has one to two kilobytes, a third more when it is encoded.
const MAX_BYTES: usize = 16 * 1024;
/// Most certificates read from one.
const MAX_CERTIFICATES: usize = 9;

/// Reads the certificate from the header called `name`; none if it is absent or empty, as proxies send it
/// for clients without one.
///
/// # Errors
///
/// [`Unclear`] if there are two, or one that cannot be decoded: a proxy that lets its clients' headers pass
/// must not make us choose. Bytes that decode and are no certificate are judged as every certificate is.
pub(crate) fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<PeerCertificate>, Unclear> {
    let Some(value) = super::only_one(headers, name)? else { return Ok(None) };
    if value.is_empty() {
        return Ok(None);
    }
    let text = value.to_str().ok().filter(|text| text.len() <= MAX_BYTES).ok_or(Unclear::Certificate)?;
    let chain = if *name == CLIENT_CERT { rfc_9440(text, headers)? } else { escaped_pem(text)? };
    PeerCertificate::read(&chain).map(Some).ok_or(Unclear::Certificate)
}

type Chain = Vec<CertificateDer<'static>>;

/// `:base64:`, with the rest of the chain as a list in a header of its own.
fn rfc_9440(leaf: &str, headers: &HeaderMap) -> Result<Chain, Unclear> {
    let rest = super::only_one(headers, &CLIENT_CERT_CHAIN)?.map(HeaderValue::to_str);
    let rest = rest.transpose().ok().flatten().filter(|rest| rest.len() <= MAX_BYTES).unwrap_or_default();
    let rest = rest.split(',').map(str::trim).filter(|item| !item.is_empty());
    let items = std::iter::once(leaf).chain(rest).take(MAX_CERTIFICATES);
    items.map(byte_sequence).collect::<Option<_>>().ok_or(Unclear::Certificate)
}

/// A byte sequence (RFC 8941, 3.3.5).
fn byte_sequence(item: &str) -> Option<CertificateDer<'static>> {
    let base64 = item.trim().strip_prefix(':')?.strip_suffix(':')?;
    Some(BASE64_STANDARD.decode(base64).ok()?.into())
}

/// PEM, percent-encoded since a header has one line (nginx `$ssl_client_escaped_cert`); the first is the
/// client's, the rest its chain.
fn escaped_pem(text: &str) -> Result<Chain, Unclear> {
    let pem = percent_decoded(text).ok_or(Unclear::Certificate)?;
    let certificates = CertificateDer::pem_slice_iter(&pem).take(MAX_CERTIFICATES);
    certificates.collect::<Result<_, _>>().map_err(|_| Unclear::Certificate)
}

/// Undoes percent-encoding (RFC 3986, 2.1). A plus stays one, since base64 has it; and an escape that is
/// none is no text of a proxy's.
fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            byte => byte,
        });
    }
    Some(decoded)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(der: &[u8]) -> String {
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64_STANDARD.encode(der))
    }

    fn escaped(text: &str) -> String {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
    }

    fn read_from(
        headers: &[(&'static str, &str)],
        name: &'static str,
    ) -> Result<Option<(Vec<u8>, usize)>, Unclear> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let found = read(&map, &HeaderName::from_static(name))?;
        Ok(found.map(|found| (found.der.to_vec(), found.intermediates.len())))
    }

    #[test]
    fn a_certificate_is_read_in_the_form_that_its_header_has() {
        // Bytes whose base64 has a plus and a slash.
        let (der, other) = (vec![0xFB, 0xEF, 0xBE, 0xFF, 0xFF], vec![1, 2, 3]);
        let one = escaped(&pem(&der));
        let lightly = pem(&der).replace('\n', "%0A").replace(' ', "%20");
        let chain = escaped(&format!("{}{}", pem(&der), pem(&other)));
        let bytes = format!(":{}:", BASE64_STANDARD.encode(&der));
        let rest = ":AQID:, :AQID:";
        type Row<'a> = (&'static str, &'a [(&'static str, &'a str)], Option<usize>);
        let table: [Row<'_>; 8] = [
            ("x-client-cert", &[("x-client-cert", &one)], Some(0)),
            ("x-client-cert", &[("x-client-cert", &lightly)], Some(0)),
            ("x-client-cert", &[("x-client-cert", &chain)], Some(1)),
            ("x-client-cert", &[("x-client-cert", "")], None),
            ("x-client-cert", &[], None),
            ("x-client-cert", &[("client-cert", &bytes)], None),
            ("client-cert", &[("client-cert", &bytes)], Some(0)),
            ("client-cert", &[("client-cert", &bytes), ("client-cert-chain", rest)], Some(2)),
        ];
        for (name, headers, intermediates) in table {
            let expected = intermediates.map(|count| (der.clone(), count));
            assert_eq!(read_from(headers, name), Ok(expected), "{headers:?}");
        }
    }

    #[test]
    fn what_leaves_room_for_choice_is_refused() {
        let good = escaped(&pem(&[1, 2, 3]));
        let long = escaped(&pem(&[0; MAX_BYTES]));
        type Row<'a> = (&'static str, &'a [(&'static str, &'a str)]);
        let table: [Row<'_>; 10] = [
            ("x-client-cert", &[("x-client-cert", &good), ("x-client-cert", &good)]),
            ("x-client-cert", &[("x-client-cert", ""), ("x-client-cert", &good)]),
            ("x-client-cert", &[("x-client-cert", "garbage")]),
            ("x-client-cert", &[("x-client-cert", "%")]),
            ("x-client-cert", &[("x-client-cert", "%zz")]),
            ("x-client-cert", &[("x-client-cert", ":AQID:")]),
            ("x-client-cert", &[("x-client-cert", &long)]),
            ("client-cert", &[("client-cert", &good)]),
            ("client-cert", &[("client-cert", ":AQID")]),
            ("client-cert", &[("client-cert", ":AQID:"), ("client-cert-chain", ":A:")]),
        ];
        for (name, headers) in table {
            assert!(read_from(headers, name).is_err(), "{headers:?}");
        }
    }
}
