//! Requests signed once with an RSA-2048 key by an independent program: what our verification has to take, and
//! what it has to refuse.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;

use super::super::{
    Leniency, MalformedSignature, Policy, Refusal, Rules, SignatureHeader, SignedMessage, Verified, verify,
};
use crate::seal_key::VerifyingKey;
use crate::seal_key::tests::{p256_key, rsa_key};

const PUBLIC_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtGfmYOLf8VPWiYGKPkqSaTfoTRs+PmdOqD84IUKdGoC6uGmV1RiThrwy2XmsV3fOPRMuiS4LdfTyDCUMEa7xVbnb9QXBIn/HAqApyu53Tt1qWO1HTOWnbUxksmnqEAm9aZ4B7vrGhjuTS/RBm2GdGS41TDdPm0PQjceNAD9I6q+k7TBYuyeFHRBp0UpN8ppVEP1fYPMgYFBPaRSSnWQAYsuXvAIzXX+lyQOq0crEsPQvDJA8W5Hptz4u/46TbMG3tQE3f11fMd12v3nfCuqpUYP5qxP98Q6XIi98mqcI/qbocVJuJu1ucLUEJ3KO9cR5VdzGxSqbppEeIlT3vQv/WQIDAQAB";
const BODY: &[u8] = include_bytes!("../testdata/payment_request.json");
const COLLECTION: &str = "/stet/psd2/v1/payment-requests";
const RESOURCE: &str = "/stet/psd2/v1/payment-requests/0000000123-177244293000011234567890";
const CONTENT_DIGEST: &str = "SHA-256=ZxB/dwhRICHDPWbpEozrN3y/0XwtApi6+Y8F8KcKWOY=";

const SIGNATURE_A: &str = "RsjX4HophHKIsSHLTdXJ/y9YvArRGvim6qPB+tOjcTy8sv9FE7bs5I2iV4I+zpgf3pWseOz9xUmh7JxjM30IP3o/Dlb7v8MboDhbdsZGbyd1ZhC0xNpFrhGiGvQf5W5V7qDj81T7QVg8wGYG0ZtcmaQss9FIEzmLS2k5upSi2GFr9dEEAn8KwcmKG7cF2yRNrF/NRazTwCSNNNKqo6KmgJ3vKsbezHg66xmDgg3gA2A3IgvvP8Z8r6W5qF/DnntDqCK/mWs+HD+3ltPYBs410r8gPr4b13N/yeU1bmjrc0AszyOFZcKATnMYh7FOvH9Ew4shRIFRQ8hUC8pIoj51BQ==";
const SIGNATURE_B: &str = "oLyBeWpxAReW4LncahFrlK/TcHjhRYF6n/IiD3SxGHnslu+Yei3njWAyvBV41wNkgqRyUb60/Qkw+QcB1cQ/9VHCWnx6IX1rJd+t2GpRnenI9gRwW+LMvsLtwrvahUR4yA1Q4U+LKzkQt2xLLlbM7ZlYnLGHTSyS+Cd87KkBeqZz2qkaQKrXmWjAwG7KRpGZtoo1+eJCsqHyi64zxQtCXfdzH6a1uzdM6PgGZMULrMhf6NeuL6h3I3jokezjqDCKBq369IMVI1swvdpnqvI03OYyTRZLb+NJWp72ykzERQu9ZZAJFKM9omv5vwt5Rohu6I1twwMkgBgkZw3dKR82ZA==";
const SIGNATURE_C: &str = "ViUpI2M+kD3EBKj/Av2Ww9LIIn/2p2fMThyArQumI3gp9+96VZGyymcnP07EfFjsxnDY0CPrZhvmHRvj7ZFS0sRJJZpSAi92eT6fN1KXwSXkS/SzmZDrFVD1TAbnRSbXswwnqneoExcEiMh1cHd36m+1TjP5VDG2vOpvGrzdFDHnryr2xHqbWdjHvPx7dFQmZyddgrAlRBBPgPkMEEumxkQPbJyRruHEEcdJhPLcMiMfawje8menFzr+gXjVi2zJTbwyehtCfFcvP4UiguDKMGTuukqJ0iNKW1BC8yxi5JF1asCh19sZrL9nzeRP7FsStQoNS6VlmoGCjh50JKw8yQ==";

/// A request whose parts a test can spoil.
#[derive(Clone)]
struct Request {
    method: Method,
    target: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    covered: &'static str,
    algorithm: &'static str,
    signature: String,
}

impl Request {
    fn verify(&self, keys: &[&VerifyingKey], rules: Rules) -> Result<Verified, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let signature = format!(
            r#"keyId="k",algorithm="{}",headers="{}",signature="{}""#,
            self.algorithm, self.covered, self.signature
        );
        let signature = SignatureHeader::parse(&signature)?;
        let message =
            SignedMessage { method: &self.method, target: self.target, headers: &headers, body: &self.body };
        let now: Timestamp = "2026-03-02T09:16:00Z".parse().unwrap();
        verify(&message, &signature, keys, rules, now)
    }

    fn verify_under(&self, policy: Policy) -> Result<Verified, Refusal> {
        self.verify(&[&public_key()], Rules { policy, ..Rules::default() })
    }

    fn with(&self, spoil: impl FnOnce(&mut Self)) -> Self {
        let mut request = self.clone();
        spoil(&mut request);
        request
    }

    fn set(&mut self, name: &str, value: &str) {
        let header = self.headers.iter_mut().find(|(known, _)| *known == name).unwrap();
        value.clone_into(&mut header.1);
    }
}

fn public_key() -> VerifyingKey {
    VerifyingKey::from_spki_der(&STANDARD.decode(PUBLIC_KEY).unwrap()).unwrap()
}

/// Strict POST.
fn vector_a() -> Request {
    Request {
        method: Method::POST,
        target: COLLECTION,
        headers: vec![
            ("date", "Mon, 02 Mar 2026 09:15:30 GMT".to_owned()),
            ("digest", CONTENT_DIGEST.to_owned()),
            ("content-type", "application/json".to_owned()),
            ("content-length", "811".to_owned()),
            ("x-request-id", "7c9b1f2e-3a4d-4e5f-8a9b-0c1d2e3f4a5b".to_owned()),
            ("psu-ip-address", "203.0.113.7".to_owned()),
        ],
        body: BODY.to_vec(),
        covered: "(request-target) date digest content-type content-length x-request-id psu-ip-address",
        algorithm: "rsa-sha256",
        signature: SIGNATURE_A.to_owned(),
    }
}

/// POST as one connector in the field signs it.
fn vector_b() -> Request {
    vector_a().with(|request| {
        request.covered = "(request-target) date digest x-request-id";
        SIGNATURE_B.clone_into(&mut request.signature);
    })
}

/// GET without digest.
fn vector_c() -> Request {
    Request {
        method: Method::GET,
        target: RESOURCE,
        headers: vec![("x-request-id", "7c9b1f2e-3a4d-4e5f-8a9b-0c1d2e3f4a5c".to_owned())],
        body: Vec::new(),
        covered: "(request-target) x-request-id",
        algorithm: "rsa-sha256",
        signature: SIGNATURE_C.to_owned(),
    }
}

#[test]
fn each_vector_verifies_under_the_policies_that_allow_it() {
    let not_covered = Err(Refusal::NotCovered("Content-Type"));
    let taken = || Ok(Verified { key: 0, leniencies: Vec::new() });
    let table = [
        ("A", vector_a(), [taken(), taken(), taken()]),
        ("B", vector_b(), [taken(), taken(), not_covered]),
        ("C", vector_c(), [taken(), taken(), taken()]),
    ];
    for (name, request, expected) in table {
        let policies = [Policy::Lenient, Policy::Standard, Policy::Strict];
        for (policy, expected) in policies.into_iter().zip(expected) {
            assert_eq!(request.verify_under(policy), expected, "{name} {policy:?}");
        }
    }
}

#[test]
fn hs2019_stands_for_rsa_with_sha256() {
    let request = vector_a().with(|request| request.algorithm = "hs2019");
    assert!(request.verify_under(Policy::Strict).is_ok());
}

#[test]
fn every_negative_variant_is_refused_for_its_reason() {
    let wrong = Refusal::WrongSignature;
    let bad_base64 = Refusal::Malformed(MalformedSignature::Base64);
    let url_safe = SIGNATURE_A.replace('+', "-").replace('/', "_");
    let a = vector_a();
    let table = [
        ("a byte of the body", a.with(|r| r.body[100] ^= 1), Refusal::WrongDigest),
        ("a byte more", a.with(|r| r.body.push(b'\n')), Refusal::WrongDigest),
        (
            "body and digest",
            a.with(|r| {
                r.body[100] ^= 1;
                let digest = super::super::digest_value(&r.body);
                r.set("digest", &digest);
            }),
            wrong,
        ),
        (
            "header order",
            a.with(|r| {
                r.covered =
                    "date (request-target) digest content-type content-length x-request-id psu-ip-address";
            }),
            wrong,
        ),
        ("x-request-id", a.with(|r| r.set("x-request-id", "other")), wrong),
        ("psu-ip-address", a.with(|r| r.set("psu-ip-address", "203.0.113.8")), wrong),
        ("date", a.with(|r| r.set("date", "Mon, 02 Mar 2026 09:15:31 GMT")), wrong),
        ("a header twice", a.with(|r| r.headers.push(("psu-ip-address", "::1".to_owned()))), wrong),
        ("method", a.with(|r| r.method = Method::PUT), wrong),
        ("path", a.with(|r| r.target = "/stet/psd2/v1.4.2/payment-requests"), wrong),
        ("query", a.with(|r| r.target = "/stet/psd2/v1/payment-requests?a=b"), wrong),
        ("signature of B", a.with(|r| SIGNATURE_B.clone_into(&mut r.signature)), wrong),
        ("base64url", a.with(|r| r.signature = url_safe), bad_base64),
        ("algorithm", a.with(|r| r.algorithm = "ecdsa-sha256"), Refusal::UnsuitableAlgorithm),
        ("hmac", a.with(|r| r.algorithm = "hmac-sha256"), Refusal::Malformed(MalformedSignature::Algorithm)),
        (
            "covered but absent",
            a.with(|r| r.headers.retain(|(name, _)| *name != "content-length")),
            Refusal::CoveredButAbsent("Content-Length"),
        ),
        ("no digest", a.with(|r| r.headers.retain(|(name, _)| *name != "digest")), Refusal::MissingDigest),
    ];
    assert!(a.verify_under(Policy::Strict).is_ok());
    for (name, request, expected) in table {
        assert_eq!(request.verify_under(Policy::Strict), Err(expected), "{name}");
    }
}

#[test]
fn the_key_of_another_client_does_not_verify_and_the_right_one_is_told_by_its_position() {
    let (rsa, p256) = (rsa_key(), p256_key());
    let (other_rsa, other_p256) = (rsa.verifying_key(), p256.verifying_key());
    let right = public_key();
    let rules = Rules::default();
    let verify = |keys: &[&VerifyingKey]| vector_a().verify(keys, rules).map(|found| found.key);
    assert_eq!(verify(&[]), Err(Refusal::UnknownKey));
    assert_eq!(verify(&[other_rsa]), Err(Refusal::WrongSignature));
    assert_eq!(verify(&[other_p256]), Err(Refusal::UnsuitableAlgorithm));
    assert_eq!(verify(&[other_p256, other_rsa, &right]), Ok(2));
}

#[test]
fn a_covered_date_is_taken_up_to_the_tolerance_and_not_beyond() {
    // The vector is signed at 09:15:30, and verified at 09:16:00.
    let table = [(30, Ok(())), (29, Err(Refusal::DateOutOfTolerance)), (0, Ok(()))];
    for (date_tolerance_s, expected) in table {
        let rules = Rules { date_tolerance_s, ..Rules::default() };
        let found = vector_b().verify(&[&public_key()], rules).map(|_| ());
        assert_eq!(found, expected, "{date_tolerance_s}");
    }
    let dates = [
        ("yesterday", Refusal::MalformedDate),
        ("", Refusal::MalformedDate),
        ("2026-03-02T09:15:30Z", Refusal::MalformedDate),
        ("Mon, 02 Mar 2026 09:22:00 GMT", Refusal::DateOutOfTolerance),
        ("Mon, 02 Mar 2026 09:10:00 GMT", Refusal::DateOutOfTolerance),
    ];
    for (date, expected) in dates {
        let request = vector_b().with(|request| request.set("date", date));
        assert_eq!(request.verify_under(Policy::Standard), Err(expected), "{date}");
    }
}

#[test]
fn a_date_that_is_not_covered_is_not_looked_at() {
    let request = vector_c().with(|request| request.headers.push(("date", "whenever".to_owned())));
    assert!(request.verify_under(Policy::Standard).is_ok());
    let refused = request.verify_under(Policy::Strict);
    assert_eq!(refused, Err(Refusal::NotCovered("Date")));
}

#[test]
fn a_digest_of_nothing_on_a_get_is_checked_although_not_covered() {
    let with_digest = |digest: &str| {
        let digest = digest.to_owned();
        vector_c().with(|request| request.headers.push(("digest", digest)))
    };
    let right = with_digest("SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    assert!(right.verify_under(Policy::Standard).is_ok());
    let wrong = with_digest(CONTENT_DIGEST);
    assert_eq!(wrong.verify_under(Policy::Standard), Err(Refusal::WrongDigest));
}

#[test]
fn a_body_that_is_not_covered_passes_under_lenient_only_and_is_reported() {
    // Nothing in vector C covers a body, so one can be put beside it.
    let request = vector_c().with(|request| request.body = b"{}".to_vec());
    let expected = Verified { key: 0, leniencies: vec![Leniency::BodyNotCovered] };
    assert_eq!(request.verify_under(Policy::Lenient), Ok(expected));
    for policy in [Policy::Standard, Policy::Strict] {
        assert_eq!(request.verify_under(policy), Err(Refusal::MissingDigest));
    }
}
