//! The extensions of a certificate that concern us.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Decode, Tag, Tagged};
use x509_cert::TbsCertificate;

use crate::certificate::{InvalidCertificate, KeyUsage};
use crate::qc_statements::QcStatements;

const KEY_USAGE: &str = "2.5.29.15";
const SUBJECT_ALT_NAME: &str = "2.5.29.17";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const QC_STATEMENTS: &str = "1.3.6.1.5.5.7.1.3";

/// The extensions of a certificate, each at most once.
pub(crate) struct Extensions<'a>(Vec<(String, &'a [u8])>);

impl<'a> Extensions<'a> {
    pub(crate) fn of(tbs: &'a TbsCertificate) -> Result<Self, InvalidCertificate> {
        let mut found: Vec<(String, &[u8])> = tbs
            .extensions()
            .into_iter()
            .flatten()
            .map(|extension| (extension.extn_id.to_string(), extension.extn_value.as_bytes()))
            .collect();
        let all = found.len();
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        found.dedup_by(|a, b| a.0 == b.0);
        if found.len() < all {
            return Err(InvalidCertificate::RepeatedExtension);
        }
        Ok(Self(found))
    }

    fn find(&self, oid: &str) -> Option<&'a [u8]> {
        self.0.iter().find(|(id, _)| id == oid).map(|(_, value)| *value)
    }

    pub(crate) fn key_usage(&self) -> Result<Option<KeyUsage>, InvalidCertificate> {
        let Some(der) = self.find(KEY_USAGE) else {
            return Ok(None);
        };
        let bits = BitStringRef::from_der(der).map_err(|_| InvalidCertificate::KeyUsage)?;
        let mut bits = bits.bits();
        Ok(Some(KeyUsage {
            digital_signature: bits.next().unwrap_or(false),
            non_repudiation: bits.next().unwrap_or(false),
        }))
    }

    pub(crate) fn extended_key_usages(&self) -> Result<Option<Vec<ObjectIdentifier>>, InvalidCertificate> {
        self.find(EXTENDED_KEY_USAGE)
            .map(Vec::<ObjectIdentifier>::from_der)
            .transpose()
            .map_err(|_| InvalidCertificate::ExtendedKeyUsage)
    }

    pub(crate) fn qc_statements(&self) -> Result<QcStatements, InvalidCertificate> {
        let read = self.find(QC_STATEMENTS).map(QcStatements::read).transpose();
        Ok(read.map_err(|_| InvalidCertificate::QcStatements)?.unwrap_or_default())
    }

    /// They inform and decide nothing, so those that cannot be read are left out.
    pub(crate) fn dns_names(&self) -> Vec<String> {
        let names = self.find(SUBJECT_ALT_NAME).map(Vec::<AnyRef<'_>>::from_der);
        let names = names.and_then(Result::ok).unwrap_or_default();
        names.into_iter().filter_map(dns_name).collect()
    }
}

/// A `GeneralName` that is a `dNSName`: context tag 2 (RFC 5280, 4.2.1.6).
fn dns_name(name: AnyRef<'_>) -> Option<String> {
    let is_dns =
        matches!(name.tag(), Tag::ContextSpecific { constructed: false, number } if number.value() == 2);
    let text =
        std::str::from_utf8(name.value()).ok().filter(|text| text.bytes().all(|b| b.is_ascii_graphic()));
    text.filter(|_| is_dns).map(str::to_owned)
}
