//! The extensions of a certificate that concern us.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Decode, Tag, Tagged};
use x509_cert::TbsCertificate;
use x509_cert::ext::pkix::BasicConstraints;

use crate::certificate::InvalidCertificate;
use crate::key_usage::KeyUsage;
use crate::tlv::Fault;

pub(crate) const KEY_USAGE: &str = "2.5.29.15";
const SUBJECT_ALT_NAME: &str = "2.5.29.17";
pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const NAME_CONSTRAINTS: &str = "2.5.29.30";
const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
pub(crate) const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
pub(crate) const QC_STATEMENTS: &str = "1.3.6.1.5.5.7.1.3";

/// Those that may be critical, because somebody who verifies a chain heeds them.
const MAY_BE_CRITICAL: [&str; 6] = [
    KEY_USAGE,
    SUBJECT_ALT_NAME,
    BASIC_CONSTRAINTS,
    NAME_CONSTRAINTS,
    CRL_DISTRIBUTION_POINTS,
    EXTENDED_KEY_USAGE,
];

/// The extensions of a certificate, each at most once.
pub(crate) struct Extensions<'a>(Vec<Extension<'a>>);

struct Extension<'a> {
    id: ObjectIdentifier,
    dotted: String,
    critical: bool,
    value: &'a [u8],
}

impl<'a> Extensions<'a> {
    pub(crate) fn of(tbs: &'a TbsCertificate) -> Result<Self, InvalidCertificate> {
        let mut found: Vec<Extension<'_>> = tbs
            .extensions()
            .into_iter()
            .flatten()
            .map(|extension| Extension {
                id: extension.extn_id,
                dotted: extension.extn_id.to_string(),
                critical: extension.critical,
                value: extension.extn_value.as_bytes(),
            })
            .collect();
        let all = found.len();
        found.sort_by(|a, b| a.dotted.cmp(&b.dotted));
        found.dedup_by(|a, b| a.dotted == b.dotted);
        if found.len() < all {
            return Err(InvalidCertificate::RepeatedExtension);
        }
        Ok(Self(found))
    }

    /// The value of an extension, by its object identifier in dotted form.
    pub(crate) fn find(&self, oid: &str) -> Option<&'a [u8]> {
        self.0.iter().find(|extension| extension.dotted == oid).map(|extension| extension.value)
    }

    /// A critical extension that nobody heeds (RFC 5280, 4.2).
    pub(crate) fn unsupported_critical(&self) -> Option<ObjectIdentifier> {
        let unsupported = |e: &&Extension<'_>| e.critical && !MAY_BE_CRITICAL.contains(&e.dotted.as_str());
        self.0.iter().find(unsupported).map(|extension| extension.id)
    }

    pub(crate) fn key_usage(&self) -> Result<Option<KeyUsage>, Fault> {
        let bits = self.find(KEY_USAGE).map(BitStringRef::from_der).transpose();
        let bits = bits.map_err(|error| fault(&error, "something else than a BIT STRING of key usages"))?;
        Ok(bits.map(|bits| KeyUsage::read(&bits)))
    }

    pub(crate) fn extended_key_usages(&self) -> Result<Option<Vec<ObjectIdentifier>>, Fault> {
        let purposes = self.find(EXTENDED_KEY_USAGE).map(Vec::<ObjectIdentifier>::from_der).transpose();
        purposes.map_err(|error| fault(&error, "something else than a SEQUENCE of object identifiers"))
    }

    /// Whether the subject is an authority (RFC 5280, 4.2.1.9); one that cannot be read says that it may be.
    pub(crate) fn is_authority(&self) -> bool {
        let constraints = self.find(BASIC_CONSTRAINTS).map(BasicConstraints::from_der);
        constraints.is_some_and(|read| read.map_or(true, |constraints| constraints.ca))
    }

    /// They inform and decide nothing, so those that cannot be read are left out.
    pub(crate) fn dns_names(&self) -> Vec<String> {
        let names = self.find(SUBJECT_ALT_NAME).map(Vec::<AnyRef<'_>>::from_der);
        let names = names.and_then(Result::ok).unwrap_or_default();
        names.into_iter().filter_map(dns_name).collect()
    }
}

fn fault(error: &der::Error, what: &'static str) -> Fault {
    let at = error.position().map_or(0, |position| u32::from(position) as usize);
    Fault { at, what }
}

/// A `GeneralName` that is a `dNSName`: context tag 2 (RFC 5280, 4.2.1.6).
fn dns_name(name: AnyRef<'_>) -> Option<String> {
    let is_dns =
        matches!(name.tag(), Tag::ContextSpecific { constructed: false, number } if number.value() == 2);
    let text =
        std::str::from_utf8(name.value()).ok().filter(|text| text.bytes().all(|b| b.is_ascii_graphic()));
    text.filter(|_| is_dns).map(str::to_owned)
}
