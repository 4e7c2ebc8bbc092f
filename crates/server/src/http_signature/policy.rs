//! What a signature has to cover.

use super::SignedMessage;
use super::header::SignatureHeader;
use super::refusal::Refusal;
use super::signing_string::spelling;

pub use payments::institution::{DateRule, SignaturePolicy as Policy};

/// When `Digest` is required, whatever the policy says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigestRule {
    /// When the policy asks for it: payment endpoints.
    #[default]
    AsPolicy,
    /// Always, covered: register endpoints.
    Always,
}

/// The rules one request is verified under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The policy of the client.
    pub policy: Policy,
    /// The rule of the endpoint.
    pub digest: DigestRule,
    /// How far a covered `Date` may be from our clock, in seconds, either way; 0 does not look at it.
    pub date_tolerance_s: u32,
    /// Whether `Date` has to be there and covered: then a signed request is worth nothing once the tolerance
    /// has passed, whoever recorded it.
    pub date: DateRule,
}

impl Default for Rules {
    /// The standard policy, and five minutes.
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            digest: DigestRule::default(),
            date_tolerance_s: 300,
            date: DateRule::default(),
        }
    }
}

/// Whether the signature covers what the rules ask for.
pub(super) fn check_coverage(
    message: &SignedMessage<'_>,
    signature: &SignatureHeader,
    rules: Rules,
) -> Result<(), Refusal> {
    if !signature.covers_request_target() {
        return Err(Refusal::NotCovered("(request-target)"));
    }
    require("x-request-id", "X-Request-ID", signature)?;
    check_digest_covered(message, signature, rules)?;
    if rules.date == DateRule::Required {
        require("date", "Date", signature)?;
    }
    if rules.policy == Policy::Strict {
        check_strict(message, signature)?;
    }
    Ok(())
}

fn require(name: &str, spelling: &'static str, signature: &SignatureHeader) -> Result<(), Refusal> {
    if signature.covers(name) { Ok(()) } else { Err(Refusal::NotCovered(spelling)) }
}

fn check_digest_covered(
    message: &SignedMessage<'_>,
    signature: &SignatureHeader,
    rules: Rules,
) -> Result<(), Refusal> {
    let present = message.headers.contains_key("digest");
    let has_body = !message.body.is_empty();
    let required = rules.digest == DigestRule::Always || (has_body && rules.policy != Policy::Lenient);
    if required && !present {
        return Err(Refusal::MissingDigest);
    }
    // Without a body, standard and strict only check that a digest is right: it can say one thing only.
    if required || (present && rules.policy == Policy::Lenient) {
        require("digest", "Digest", signature)?;
    }
    Ok(())
}

fn check_strict(message: &SignedMessage<'_>, signature: &SignatureHeader) -> Result<(), Refusal> {
    if !message.body.is_empty() {
        require("content-type", "Content-Type", signature)?;
    }
    if message.headers.contains_key("date") {
        require("date", "Date", signature)?;
    }
    let mut psu_headers = message.headers.keys().filter(|name| name.as_str().starts_with("psu-"));
    psu_headers.try_for_each(|name| require(name.as_str(), spelling(name), signature))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, Method};

    use super::*;

    const CORE: &str = "(request-target) x-request-id";

    fn check(rules: Rules, present: &str, body: &[u8], covered: &str) -> Result<(), Refusal> {
        let mut headers = HeaderMap::new();
        for name in present.split_whitespace() {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.insert(name, HeaderValue::from_static("x"));
        }
        let text = format!(r#"keyId="k",algorithm="rsa-sha256",headers="{covered}",signature="AQI=""#);
        let signature = SignatureHeader::parse(&text).unwrap();
        let message = SignedMessage { method: &Method::POST, target: "/", headers: &headers, body };
        check_coverage(&message, &signature, rules)
    }

    #[test]
    fn each_policy_asks_for_what_its_row_says() {
        // headers there | body | covered beside the core | lenient | standard | strict
        let table = "\
            -                     | no  | -                       | ok     | ok     | ok
            digest                | no  | digest                  | ok     | ok     | ok
            digest                | no  | -                       | Digest | ok     | ok
            -                     | yes | -                       | ok     | none   | none
            digest                | yes | -                       | Digest | Digest | Digest
            digest                | yes | digest                  | ok     | ok     | Content-Type
            digest,content-type   | yes | digest                  | ok     | ok     | Content-Type
            digest,content-type   | yes | digest content-type     | ok     | ok     | ok
            content-type          | no  | -                       | ok     | ok     | ok
            date                  | no  | -                       | ok     | ok     | Date
            date                  | no  | date                    | ok     | ok     | ok
            psu-ip-address        | no  | -                       | ok     | ok     | PSU-IP-Address
            psu-ip-address,psu-x  | no  | psu-ip-address          | ok     | ok     | PSU-*
            psu-ip-address,psu-x  | no  | psu-x psu-ip-address    | ok     | ok     | ok
            host,accept           | no  | -                       | ok     | ok     | ok";
        let mut checked = 0;
        for row in table.lines() {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let present = format!("x-request-id {}", cells[0].replace(['-'; 1], "-").replace(',', " "));
            let present = if cells[0] == "-" { "x-request-id".to_owned() } else { present };
            let body: &[u8] = if cells[1] == "yes" { b"{}" } else { b"" };
            let covered = if cells[2] == "-" { CORE.to_owned() } else { format!("{CORE} {}", cells[2]) };
            for (policy, cell) in
                [Policy::Lenient, Policy::Standard, Policy::Strict].into_iter().zip(&cells[3..])
            {
                let rules = Rules { policy, ..Rules::default() };
                let expected = match *cell {
                    "ok" => "ok".to_owned(),
                    "none" => Refusal::MissingDigest.to_string(),
                    name => format!("header 'Signature' must cover '{name}'"),
                };
                let found = check(rules, &present, body, &covered)
                    .map_or_else(|refusal| refusal.to_string(), |()| "ok".to_owned());
                assert_eq!(found, expected, "{policy:?}: {row}");
                checked += 1;
            }
        }
        assert_eq!(checked, 15 * 3);
    }

    #[test]
    fn every_policy_asks_for_the_request_target_and_the_request_id() {
        for policy in [Policy::Lenient, Policy::Standard, Policy::Strict] {
            let rules = Rules { policy, ..Rules::default() };
            for (covered, lacking) in
                [("x-request-id digest", "(request-target)"), ("(request-target) digest", "X-Request-ID")]
            {
                let refused = check(rules, "x-request-id digest", b"", covered);
                assert_eq!(refused, Err(Refusal::NotCovered(lacking)), "{policy:?}");
            }
        }
    }

    #[test]
    fn where_a_date_is_required_every_policy_asks_for_a_covered_one() {
        for policy in [Policy::Lenient, Policy::Standard, Policy::Strict] {
            let rules = Rules { policy, date: DateRule::Required, ..Rules::default() };
            for present in ["x-request-id", "x-request-id date"] {
                assert_eq!(check(rules, present, b"", CORE), Err(Refusal::NotCovered("Date")), "{policy:?}");
            }
            assert_eq!(check(rules, "x-request-id date", b"", &format!("{CORE} date")), Ok(()));
        }
    }

    #[test]
    fn register_endpoints_ask_for_a_covered_digest_under_every_policy() {
        for policy in [Policy::Lenient, Policy::Standard, Policy::Strict] {
            let rules = Rules { policy, digest: DigestRule::Always, ..Rules::default() };
            let present = "x-request-id digest";
            assert_eq!(check(rules, "x-request-id", b"", CORE), Err(Refusal::MissingDigest));
            assert_eq!(check(rules, present, b"", CORE), Err(Refusal::NotCovered("Digest")));
            assert_eq!(check(rules, present, b"", &format!("{CORE} digest")), Ok(()));
        }
    }
}
