//! What the fields of a certificate say, in words.

use der::Decode;

use super::input::Input;
use super::{names, place};
use crate::certificate::Certificate;
use crate::departure::Departure;
use crate::extensions::{BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, KEY_USAGE, QC_STATEMENTS};
use crate::judge::Kind;
use crate::organization::Organization;
use crate::public_key::KeyKind;
use crate::qc_statements::{Psd2Statement, QcType};
use crate::rule_id::RuleId;
use crate::text::{self, hex, shown};
use crate::tlv::Tlv;

/// A certificate with the structures it was read from.
pub(super) struct Evidence<'a> {
    certificate: &'a Certificate,
    extensions: Vec<Extension>,
    signature_algorithm: String,
}

struct Extension {
    id: String,
    critical: bool,
    value: Vec<u8>,
}

/// What the bytes are, for the rules about their form.
pub(super) fn form(rule: RuleId, input: &Input) -> String {
    match rule {
        RuleId::Pem if input.pem => match input.rest.len() {
            0 => "PEM with one certificate".to_owned(),
            rest => format!("PEM with one certificate and {rest} more behind it"),
        },
        RuleId::Pem => "DER".to_owned(),
        RuleId::Size => format!("{} bytes", input.der.len()),
        RuleId::Der => match x509_cert::Certificate::from_der(&input.der) {
            Ok(_) => "an X.509 certificate".to_owned(),
            Err(_) => place::of_the_fault(&input.der),
        },
        _ => match x509_cert::Certificate::from_der(&input.der) {
            Ok(read) if rule == RuleId::SignatureAlgorithm => {
                let inner = read.tbs_certificate().signature().oid.to_string();
                let outer = read.signature_algorithm().oid.to_string();
                if inner == outer {
                    names::signature(&outer)
                } else {
                    format!("{} outside, {} inside", names::signature(&outer), names::signature(&inner))
                }
            }
            Ok(read) => listed(extensions_of(&read).iter().map(|e| names::extension(&e.id))),
            Err(_) => String::new(),
        },
    }
}

/// What a certificate is shown for, by what it says: first its `QcType`, then its extended key usages.
pub(super) fn guess_kind(certificate: &Certificate) -> Kind {
    match certificate.qc_statements().types.as_slice() {
        [QcType::Web] => Kind::Qwac,
        [QcType::ESeal | QcType::ESign] => Kind::Qseal,
        _ if certificate.extended_key_usages().is_some() && certificate.allows_client_auth() => Kind::Qwac,
        _ if certificate.dns_names().is_empty() => Kind::Qseal,
        _ => Kind::Qwac,
    }
}

/// Kind and length of the key.
pub(super) fn key(certificate: &Certificate) -> String {
    match certificate.public_key().kind() {
        KeyKind::Rsa { bits } => format!("RSA of {bits} bits"),
        KeyKind::P256 => "P-256".to_owned(),
        KeyKind::P384 => "P-384".to_owned(),
        KeyKind::Other => {
            let info =
                x509_cert::spki::SubjectPublicKeyInfoOwned::from_der(certificate.public_key().spki_der());
            let named = info.map(|info| {
                let curve = info.algorithm.parameters;
                let curve = curve.and_then(|p| p.decode_as::<der::asn1::ObjectIdentifier>().ok());
                let curve = curve.map(|curve| format!(", curve {curve}")).unwrap_or_default();
                format!("{}{curve}", names::key(&info.algorithm.oid.to_string()))
            });
            format!("another kind of key: {}", named.unwrap_or_default())
        }
    }
}

impl<'a> Evidence<'a> {
    pub(super) fn of(certificate: &'a Certificate) -> Self {
        let read = x509_cert::Certificate::from_der(certificate.der());
        let (extensions, signature_algorithm) = match &read {
            Ok(read) => (extensions_of(read), read.signature_algorithm().oid.to_string()),
            Err(_) => (vec![], String::new()),
        };
        Self { certificate, extensions, signature_algorithm }
    }

    /// The bytes of the field that a rule is about.
    pub(super) fn bytes(&self, rule: RuleId) -> Option<&[u8]> {
        match rule {
            RuleId::EndEntity => self.extension(BASIC_CONSTRAINTS),
            RuleId::QwacKeyUsage | RuleId::QsealKeyUsage => self.extension(KEY_USAGE),
            RuleId::QwacExtendedKeyUsage => self.extension(EXTENDED_KEY_USAGE),
            RuleId::QcStatements => self.extension(QC_STATEMENTS),
            RuleId::QcCompliance => self.statement("0.4.0.1862.1.1"),
            RuleId::QwacQcType | RuleId::QsealQcType => self.statement("0.4.0.1862.1.6"),
            RuleId::Psd2Statement | RuleId::Psd2Roles => self.statement("0.4.0.19495.2"),
            RuleId::NcaName => self.authority().map(|(name, _)| name.whole),
            RuleId::NcaId => self.authority().map(|(_, id)| id.whole),
            RuleId::OrganizationIdentifier => {
                self.certificate.organization_identifiers().first().map(String::as_bytes)
            }
            _ => None,
        }
    }

    /// What the field that a rule is about says.
    pub(super) fn words(&self, rule: RuleId) -> String {
        let certificate = self.certificate;
        match rule {
            RuleId::Version => format!("version {}", certificate.facts().version),
            RuleId::SerialNumber => shown(certificate.serial()),
            RuleId::CriticalExtensions => {
                let critical = self.extensions.iter().filter(|extension| extension.critical);
                format!("critical: {}", listed(critical.map(|extension| names::extension(&extension.id))))
            }
            RuleId::EndEntity => self.end_entity(),
            RuleId::NotBefore => format!("from {}", certificate.not_before()),
            RuleId::NotAfter => format!("until {}", certificate.not_after()),
            RuleId::Key => key(certificate),
            RuleId::RsaExponent => self.exponent(),
            RuleId::SignatureHash => names::signature(&self.signature_algorithm),
            RuleId::QwacKeyUsage | RuleId::QsealKeyUsage => match certificate.facts().key_usage {
                Ok(Some(usage)) => usage.to_string(),
                Ok(None) => "no keyUsage".to_owned(),
                Err(fault) => fault.to_string(),
            },
            RuleId::QwacExtendedKeyUsage => self.purposes(),
            RuleId::QcStatements => self.statements(),
            RuleId::QcCompliance if certificate.qc_statements().compliance => "stated".to_owned(),
            RuleId::QcCompliance => "not stated".to_owned(),
            RuleId::QwacQcType | RuleId::QsealQcType => {
                let types = certificate.qc_statements().types.iter();
                listed(types.map(|qc_type| format!("{} {}", qc_type.name(), qc_type.oid())))
            }
            RuleId::OrganizationIdentifier => self.organization(),
            _ => match &certificate.qc_statements().psd2 {
                Some(licence) => self.licence(rule, licence),
                None => "no PSD2 statement".to_owned(),
            },
        }
    }

    fn extension(&self, oid: &str) -> Option<&[u8]> {
        self.extensions.iter().find(|extension| extension.id == oid).map(|found| found.value.as_slice())
    }

    /// A statement as it is encoded, where the encoding lets it be found.
    fn statement(&self, oid: &str) -> Option<&[u8]> {
        let id = der::asn1::ObjectIdentifier::new(oid).ok()?;
        let outer = Tlv::only(self.extension(QC_STATEMENTS)?, 0).ok()?;
        let statements = outer.children().ok()?;
        let found = statements.iter().find(|statement| {
            Tlv::first(statement.content, 0).is_ok_and(|first| first.content == id.as_bytes())
        });
        found.map(|statement| statement.whole)
    }

    /// `nCAName` and `nCAId` as they are encoded, where they stand in the standard's place.
    fn authority(&self) -> Option<(Tlv<'_>, Tlv<'_>)> {
        let statement = Tlv::only(self.statement("0.4.0.19495.2")?, 0).ok()?;
        let parts = statement.children().ok()?;
        let members = parts.get(1)?.children().ok()?;
        let (name, id) = (members.get(1)?, members.get(2)?);
        (members.len() == 3 && !self.certificate.departures().contains(&Departure::MemberOrder))
            .then_some((*name, *id))
    }

    fn end_entity(&self) -> String {
        let authority = match (self.extension(BASIC_CONSTRAINTS), self.certificate.facts().is_authority) {
            (_, true) => "basicConstraints has cA",
            (Some(_), false) => "basicConstraints without cA",
            (None, false) => "no basicConstraints",
        };
        let signs = self.certificate.key_usage().is_some_and(crate::KeyUsage::key_cert_sign);
        format!("{authority}{}", if signs { "; keyUsage has keyCertSign" } else { "" })
    }

    fn exponent(&self) -> String {
        match self.certificate.public_key().rsa_exponent() {
            None => "not an RSA key".to_owned(),
            Some(exponent) if exponent.len() <= 8 => {
                exponent.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte)).to_string()
            }
            Some(exponent) => format!("a number of {} bytes", exponent.len()),
        }
    }

    fn purposes(&self) -> String {
        match &self.certificate.facts().extended_key_usages {
            Ok(None) => "no extKeyUsage, so nothing is ruled out".to_owned(),
            Ok(Some(purposes)) => listed(purposes.iter().map(|oid| names::purpose(&oid.to_string()))),
            Err(fault) => fault.to_string(),
        }
    }

    fn statements(&self) -> String {
        let Some(extension) = self.extension(QC_STATEMENTS) else {
            return "no qcStatements".to_owned();
        };
        if let Err(fault) = &self.certificate.facts().statements {
            let near =
                extension.get(fault.at..extension.len().min(fault.at + 8)).map(hex).unwrap_or_default();
            return format!("{fault} of the extension ({near}…)");
        }
        let statements = Tlv::only(extension, 0).and_then(|outer| outer.children()).unwrap_or_default();
        listed(statements.iter().map(|statement| {
            let id = Tlv::first(statement.content, 0).ok();
            let id = id.and_then(|id| der::asn1::ObjectIdentifier::from_bytes(id.content).ok());
            id.map_or_else(|| "one in another form".to_owned(), |id| names::statement(&id.to_string()))
        }))
    }

    fn licence(&self, rule: RuleId, licence: &Psd2Statement) -> String {
        let typed = |text: &str, value: Option<Tlv<'_>>| {
            let other = value.map(|value| value.tag).filter(|tag| *tag != text::UTF8_STRING);
            let other = other.map(|tag| format!(", a {}", text::type_name(tag))).unwrap_or_default();
            format!("\"{}\"{other}", shown(text))
        };
        match rule {
            RuleId::Psd2Roles => names::roles(&licence.roles),
            RuleId::NcaName => typed(&licence.nca_name, self.authority().map(|(name, _)| name)),
            RuleId::NcaId => {
                let nca_id = typed(&licence.nca_id, self.authority().map(|(_, id)| id));
                match &self.certificate.facts().organization {
                    Organization::Is(provider) => {
                        format!("{nca_id}; the organizationIdentifier has {}", provider.nca_id())
                    }
                    _ => nca_id,
                }
            }
            _ => {
                let roles = listed(licence.roles.iter().map(ToString::to_string));
                format!("{roles} by {}, \"{}\"", shown(&licence.nca_id), shown(&licence.nca_name))
            }
        }
    }

    fn organization(&self) -> String {
        let attributes = self.certificate.organization_identifiers();
        let as_they_stand = listed(attributes.iter().map(|text| format!("\"{}\"", shown(text))));
        match &self.certificate.facts().organization {
            Organization::Is(provider) if attributes != [provider.as_str()] => {
                format!("{as_they_stand}, read as {provider}")
            }
            _ => as_they_stand,
        }
    }
}

fn extensions_of(read: &x509_cert::Certificate) -> Vec<Extension> {
    let all = read.tbs_certificate().extensions().into_iter().flatten();
    let all = all.map(|extension| Extension {
        id: extension.extn_id.to_string(),
        critical: extension.critical,
        value: extension.extn_value.as_bytes().to_vec(),
    });
    all.collect()
}

/// The first of them, and how many there are if that is not all.
fn listed(items: impl Iterator<Item = String>) -> String {
    const MAX_LISTED: usize = 16;
    let items: Vec<_> = items.collect();
    match items.get(..MAX_LISTED) {
        _ if items.is_empty() => "none".to_owned(),
        Some(first) if items.len() > MAX_LISTED => format!("{}… ({})", first.join(", "), items.len()),
        _ => items.join(", "),
    }
}
