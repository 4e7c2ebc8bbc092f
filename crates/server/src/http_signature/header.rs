//! The `Signature` header, read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};

use super::key_id::KeyId;
use super::refusal::{MalformedSignature, Refusal};
use super::signing_string::Covered;
use crate::seal_key::SignatureAlgorithm;

const MAX_HEADER_BYTES: usize = 8_192;
const MAX_PARAMETERS: usize = 16;
const MAX_KEY_ID_BYTES: usize = 1_024;
const MAX_COVERED: usize = 64;

/// A `Signature` header that parses (draft-cavage-http-signatures, 2.1 and 4.1).
///
/// Parameters come in any order, quoted or not; unknown ones are ignored, repeated ones refused. The
/// parameter `headers` is required: its default, `date` alone, would leave the request itself uncovered.
/// The names in it and in `algorithm` are the ones we take; `hs2019` stands for RSA with SHA-256.
pub struct SignatureHeader {
    key_id: KeyId,
    algorithm: SignatureAlgorithm,
    covered: Vec<Covered>,
    signature: Vec<u8>,
}

impl SignatureHeader {
    /// Reads the one `Signature` header of a message.
    ///
    /// # Errors
    ///
    /// [`Refusal::MissingHeader`], [`Refusal::RepeatedHeader`] or [`Refusal::Malformed`], all 400.
    pub fn find(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut values = headers.get_all("signature").iter();
        let value = values.next().ok_or(Refusal::MissingHeader("Signature"))?;
        if values.next().is_some() {
            return Err(Refusal::RepeatedHeader("Signature"));
        }
        let text = value.to_str().map_err(|_| MalformedSignature::NotAscii)?;
        Ok(Self::parse(text)?)
    }

    /// Reads the value of a `Signature` header.
    ///
    /// # Errors
    ///
    /// [`MalformedSignature`]: the first rule that fails.
    pub fn parse(text: &str) -> Result<Self, MalformedSignature> {
        if text.len() > MAX_HEADER_BYTES {
            return Err(MalformedSignature::TooLong);
        }
        let parameters = Parameters::parse(text)?;
        let algorithm = parse_algorithm(parameters.find("algorithm")?)?;
        let covered = parse_covered(parameters.find("headers")?)?;
        let signature =
            STANDARD.decode(parameters.find("signature")?).map_err(|_| MalformedSignature::Base64)?;
        let key_id = parameters.find("keyId")?;
        if key_id.len() > MAX_KEY_ID_BYTES {
            return Err(MalformedSignature::KeyIdTooLong);
        }
        Ok(Self { key_id: KeyId::classify(key_id), algorithm, covered, signature })
    }

    /// What the signer says the key is.
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// The algorithm the signer says it used.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// What the signature covers, in the order of the signing string.
    pub(super) fn covered(&self) -> &[Covered] {
        &self.covered
    }

    /// Whether the signature covers the method and the target.
    pub(super) fn covers_request_target(&self) -> bool {
        self.covered.contains(&Covered::RequestTarget)
    }

    /// Whether the signature covers the header `name`, given in lower case.
    pub(super) fn covers(&self, name: &str) -> bool {
        self.covered
            .iter()
            .any(|covered| matches!(covered, Covered::Header(header) if header.as_str() == name))
    }

    /// The signature, decoded.
    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }
}

fn parse_algorithm(name: &str) -> Result<SignatureAlgorithm, MalformedSignature> {
    // `hs2019` leaves the choice to the key. PSS would be a guess, so it is PKCS#1 v1.5 as everybody else does.
    let known = [
        ("rsa-sha256", SignatureAlgorithm::RsaSha256),
        ("hs2019", SignatureAlgorithm::RsaSha256),
        ("ecdsa-sha256", SignatureAlgorithm::EcdsaSha256),
    ];
    known
        .into_iter()
        .find(|(known, _)| name.eq_ignore_ascii_case(known))
        .map(|(_, algorithm)| algorithm)
        .ok_or(MalformedSignature::Algorithm)
}

fn parse_covered(list: &str) -> Result<Vec<Covered>, MalformedSignature> {
    let covered = list
        .split(' ')
        .take(MAX_COVERED + 1)
        .map(|name| match name {
            "(request-target)" => Some(Covered::RequestTarget),
            _ => HeaderName::from_lowercase(name.as_bytes()).ok().map(Covered::Header),
        })
        .collect::<Option<Vec<_>>>()
        .ok_or(MalformedSignature::HeaderList)?;
    if covered.len() > MAX_COVERED {
        return Err(MalformedSignature::HeaderList);
    }
    Ok(covered)
}

/// The parameters of the header, each name once. Names are compared without regard to case (RFC 9110, 11.2).
struct Parameters<'a>(Vec<(&'a str, String)>);

impl<'a> Parameters<'a> {
    fn parse(text: &'a str) -> Result<Self, MalformedSignature> {
        let mut parameters: Vec<(&str, String)> = Vec::with_capacity(4);
        let mut rest = Some(text);
        while let Some(text) = rest {
            let (name, value, after) = split_parameter(text).ok_or(MalformedSignature::Syntax)?;
            if parameters.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                return Err(MalformedSignature::RepeatedParameter);
            }
            if parameters.len() == MAX_PARAMETERS {
                return Err(MalformedSignature::TooManyParameters);
            }
            parameters.push((name, value));
            rest = after;
        }
        Ok(Self(parameters))
    }

    fn find(&self, name: &'static str) -> Result<&str, MalformedSignature> {
        self.0
            .iter()
            .find(|(known, value)| known.eq_ignore_ascii_case(name) && !value.is_empty())
            .map(|(_, value)| value.as_str())
            .ok_or(MalformedSignature::Missing(name))
    }
}

/// Splits the first parameter off: its name, its value, and what follows the comma if there is one.
fn split_parameter(text: &str) -> Option<(&str, String, Option<&str>)> {
    // Only the first '=' separates: base64 ends in '=' and a URL may hold any number of them.
    let (name, rest) = text.split_once('=')?;
    let name = name.trim_ascii();
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if name.is_empty() || !name.bytes().all(is_token) {
        return None;
    }
    let rest = rest.trim_ascii_start();
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => split_quoted(quoted)?,
        None => split_unquoted(rest)?,
    };
    match rest.trim_ascii_start() {
        "" => Some((name, value, None)),
        rest => Some((name, value, Some(rest.strip_prefix(',')?))),
    }
}

/// Splits after the closing quote; a backslash takes the next character as it is (RFC 9110, 5.6.4).
fn split_quoted(text: &str) -> Option<(String, &str)> {
    let end = text.find(['"', '\\'])?;
    let (mut value, mut rest) = text.split_at_checked(end).map(|(v, r)| (v.to_owned(), r))?;
    loop {
        let mut characters = rest.chars();
        match characters.next()? {
            '"' => return Some((value, characters.as_str())),
            '\\' => value.push(characters.next()?),
            plain => value.push(plain),
        }
        rest = characters.as_str();
    }
}

fn split_unquoted(text: &str) -> Option<(String, &str)> {
    let end = text.find(',').unwrap_or(text.len());
    let (value, rest) = text.split_at_checked(end)?;
    let value = value.trim_ascii();
    (!value.contains('"')).then(|| (value.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(header: &SignatureHeader) -> Vec<String> {
        let name = |covered: &Covered| match covered {
            Covered::RequestTarget => "(request-target)".to_owned(),
            Covered::Header(name) => name.to_string(),
        };
        header.covered().iter().map(name).collect()
    }

    #[test]
    fn well_formed_headers_are_read_whatever_their_order_and_quotes() {
        let table = [
            r#"keyId="k",algorithm="rsa-sha256",headers="(request-target) x-request-id",signature="AQI=""#,
            r#"signature="AQI=",headers="(request-target) x-request-id",algorithm="rsa-sha256",keyId="k""#,
            r#"keyId=k,algorithm=rsa-sha256,headers="(request-target) x-request-id",signature=AQI="#,
            r"keyId=k, algorithm=hs2019, headers=(request-target) x-request-id, signature=AQI=",
            "keyId = \"k\" ,\talgorithm=\"RSA-SHA256\" , headers=\"(request-target) x-request-id\",signature=\"AQI=\" ",
            r#"keyid="k",Algorithm="hs2019",Headers="(request-target) x-request-id",SIGNATURE="AQI=""#,
            r#"created=1402170695,expires="x,y=\"z",keyId="\k",algorithm="rsa-sha256",headers="(request-target) x-request-id",signature="AQI=",z="""#,
        ];
        for text in table {
            let header = SignatureHeader::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(header.key_id(), &KeyId::Name("k".to_owned()), "{text}");
            assert_eq!(header.algorithm(), SignatureAlgorithm::RsaSha256, "{text}");
            assert_eq!(names(&header), ["(request-target)", "x-request-id"], "{text}");
            assert_eq!(header.signature(), [1, 2], "{text}");
        }
    }

    #[test]
    fn commas_equals_signs_and_escapes_inside_quotes_belong_to_the_value() {
        let text = r#"keyId="https://x/a,b=c,signature=\"\\d\"",algorithm="ecdsa-sha256",headers="date",signature="AQ==""#;
        let header = SignatureHeader::parse(text).unwrap();
        let url = r#"https://x/a,b=c,signature="\d""#;
        assert_eq!(header.key_id(), &KeyId::Url(url.to_owned()));
        assert_eq!(header.algorithm(), SignatureAlgorithm::EcdsaSha256);
        assert!(header.covers("date") && !header.covers("digest"));
        assert!(!header.covers_request_target());
    }

    #[test]
    fn malformed_headers_are_refused_for_the_rule_they_break() {
        use MalformedSignature as M;
        let usual = [("keyId", "k"), ("algorithm", "rsa-sha256"), ("headers", "date"), ("signature", "AQI=")];
        let with = |changed: &str, value: &str| {
            let value_of = |name, usual| if name == changed { value } else { usual };
            usual.map(|(name, usual)| format!("{name}=\"{}\"", value_of(name, usual))).join(",")
        };
        let good = with("", "");
        assert!(SignatureHeader::parse(&good).is_ok());
        let many = ",p1=,p2=,p3=,p4=,p5=,p6=,p7=,p8=,p9=,p10=,p11=,p12=,p13=";
        let table = [
            (String::new(), M::Syntax),
            (format!("{good},"), M::Syntax),
            (format!(",{good}"), M::Syntax),
            (format!("Signature {good}"), M::Syntax),
            (format!("{good} x=1"), M::Syntax),
            (format!("{good},x"), M::Syntax),
            (format!("{good},x=\"open"), M::Syntax),
            (format!("{good},x=\"open\\"), M::Syntax),
            (format!("{good},x=a\"b\""), M::Syntax),
            (good.replace(',', ";"), M::Syntax),
            (format!("{good},keyId=\"other\""), M::RepeatedParameter),
            (format!("{good},KEYID=other"), M::RepeatedParameter),
            (format!("{good},x=1,x=1"), M::RepeatedParameter),
            (format!("{good}{many}"), M::TooManyParameters),
            (format!("{good},x={}", "a".repeat(MAX_HEADER_BYTES)), M::TooLong),
            (good.replace("keyId", "k"), M::Missing("keyId")),
            (good.replace("algorithm", "a"), M::Missing("algorithm")),
            (good.replace("headers", "h"), M::Missing("headers")),
            (good.replace("signature", "s"), M::Missing("signature")),
            (with("signature", ""), M::Missing("signature")),
            (with("headers", ""), M::Missing("headers")),
            (with("headers", "Date"), M::HeaderList),
            (with("headers", "date  digest"), M::HeaderList),
            (with("headers", " date"), M::HeaderList),
            (with("headers", "date,digest"), M::HeaderList),
            (with("headers", "(created)"), M::HeaderList),
            (with("headers", &["a"; MAX_COVERED + 1].join(" ")), M::HeaderList),
            (with("keyId", &"k".repeat(MAX_KEY_ID_BYTES + 1)), M::KeyIdTooLong),
            (with("algorithm", "hmac-sha256"), M::Algorithm),
            (with("algorithm", "rsa-sha1"), M::Algorithm),
            (with("algorithm", "rsa-sha512"), M::Algorithm),
            (with("algorithm", "none"), M::Algorithm),
            (with("signature", "AQI"), M::Base64),
            (with("signature", "AQI=="), M::Base64),
            (with("signature", "AQJ="), M::Base64),
            (with("signature", "AQ I="), M::Base64),
            (with("signature", "-_-_"), M::Base64),
        ];
        for (text, expected) in table {
            assert_eq!(SignatureHeader::parse(&text).err(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_missing_repeated_or_binary_header_is_refused() {
        let mut headers = HeaderMap::new();
        let refusal = |headers: &HeaderMap| SignatureHeader::find(headers).err().unwrap();
        assert_eq!(refusal(&headers), Refusal::MissingHeader("Signature"));
        headers.append("signature", http::HeaderValue::from_bytes(b"\xe9").unwrap());
        assert_eq!(refusal(&headers), Refusal::Malformed(MalformedSignature::NotAscii));
        headers.append("signature", http::HeaderValue::from_static("keyId=k"));
        assert_eq!(refusal(&headers), Refusal::RepeatedHeader("Signature"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(?s).{0,200}") {
            let _ = SignatureHeader::parse(&text);
        }

        #[test]
        fn any_arrangement_of_the_separators_is_read_or_refused(text in r#"([ ,="\\]|keyId|headers|signature|a|é){0,40}"#) {
            let _ = SignatureHeader::parse(&text);
        }

        #[test]
        fn any_key_id_in_quotes_is_read_back(key_id in "[ -~]{1,60}") {
            let quoted = key_id.replace('\\', "\\\\").replace('"', "\\\"");
            let text = format!(r#"keyId="{quoted}",algorithm="hs2019",headers="date",signature="AQI=""#);
            let header = SignatureHeader::parse(&text).unwrap();
            prop_assert_eq!(header.key_id(), &KeyId::classify(&key_id));
        }
    }
}
