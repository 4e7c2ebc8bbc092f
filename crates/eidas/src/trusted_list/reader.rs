//! From elements to a list.

use std::mem;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;

use super::{
    Authority, InvalidTrustedList as Invalid, LeftOut, TrustedList, WhyLeftOut,
    xml::{self, Attributes, Visitor, attribute},
};
use crate::{Anchors, Certificate, InvalidAnchor, one_line};

const ROOT: &str = "tsl:TrustServiceStatusList";
const SCHEME: &str = "tsl:TrustServiceStatusList/tsl:SchemeInformation";
const PROVIDER: &str = "tsl:TrustServiceStatusList/tsl:TrustServiceProviderList/tsl:TrustServiceProvider";
const SERVICE: &str = "/tsl:TSPServices/tsl:TSPService";
const INFORMATION: &str = "/tsl:ServiceInformation";
const EXTENSION: &str = "/tsl:ServiceInformationExtensions/tsl:Extension";

/// A national list of the Union (5.3.3).
const NATIONAL: &str = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric";
/// Versions of the format: ETSI TS 119 612 v2.1.1 to v2.2.1, and v2.3.1 on (5.3.1).
const VERSIONS: [&str; 2] = ["5", "6"];
/// An authority that issues qualified certificates (5.5.1.1).
const QUALIFIED_CERTIFICATES: &str = "http://uri.etsi.org/TrstSvc/Svctype/CA/QC";
/// The one status on which certificates are qualified; `recognisedatnationallevel` is not (5.5.4).
const GRANTED: &str = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted";
/// What an authority is for (5.5.9.4).
const FOR_WEBSITES: &str = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/ForWebSiteAuthentication";
const FOR_SEALS: &str = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/ForeSeals";
const FOR_SIGNATURES: &str = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/ForeSignatures";
/// Extensions that may be critical (5.5.9): the qualifiers say which certificates are qualified, and we ask
/// the certificate itself.
const EXTENSIONS: [&str; 4] = [
    "/tsl:AdditionalServiceInformation",
    "/sie:Qualifications",
    "/tslx:TakenOverBy",
    "/tsl:ExpiredCertsRevocationInfo",
];

const MAX_AUTHORITIES: usize = 10_000;
/// Longest name kept, in characters.
const MAX_NAME: usize = 200;

pub(super) fn read(bytes: &[u8]) -> Result<TrustedList, Invalid> {
    let mut reader = Reader::default();
    xml::walk(bytes, &mut reader)?;
    reader.finish()
}

/// A name in several languages: the English one, or else the first.
#[derive(Default)]
struct Name {
    text: String,
    english: bool,
}

impl Name {
    fn add(&mut self, text: &str, language: &str) {
        let english = language.eq_ignore_ascii_case("en");
        if self.text.is_empty() || (english && !self.english) {
            self.text = one_line(text, MAX_NAME);
            self.english = english;
        }
    }
}

#[derive(Default)]
struct Service {
    kind: Option<String>,
    name: Name,
    status: Option<String>,
    since: Option<String>,
    certificates: Vec<String>,
    purposes: Vec<String>,
    /// The extension being read is critical.
    critical: bool,
    unknown_critical: bool,
}

#[derive(Default)]
struct Reader {
    root: bool,
    version: Option<String>,
    kind: Option<String>,
    sequence_number: Option<String>,
    territory: Option<String>,
    issued_at: Option<String>,
    /// `NextUpdate` was there, with or without a date in it.
    next_update_said: bool,
    next_update: Option<String>,
    /// `xml:lang` of the element that was opened last.
    language: String,
    provider: Name,
    service: Service,
    authorities: Vec<Authority>,
    left_out: Vec<LeftOut>,
    not_granted: usize,
    signatures_only: usize,
}

impl Visitor for Reader {
    fn open(&mut self, path: &str, attributes: &Attributes) -> Result<(), Invalid> {
        if !self.root {
            self.root = path == ROOT;
            return if self.root { Ok(()) } else { Err(Invalid::Root) };
        }
        attribute(attributes, "xml:lang").unwrap_or_default().clone_into(&mut self.language);
        if let Some(extension) = extension(path) {
            if extension.is_empty() {
                let critical = attribute(attributes, "Critical").map(str::trim);
                self.service.critical = matches!(critical, Some("true" | "1"));
            } else if self.service.critical
                && !extension.trim_start_matches('/').contains('/')
                && !EXTENSIONS.contains(&extension)
            {
                self.service.unknown_critical = true;
            }
        }
        Ok(())
    }

    fn close(&mut self, path: &str, text: &str) -> Result<(), Invalid> {
        if let Some(rest) = path.strip_prefix(PROVIDER) {
            self.close_in_provider(rest, text)
        } else if let Some(rest) = path.strip_prefix(SCHEME) {
            self.close_in_scheme(rest, text)
        } else {
            Ok(())
        }
    }
}

/// The part of a path below an extension of a service.
fn extension(path: &str) -> Option<&str> {
    let path = path.strip_prefix(PROVIDER)?.strip_prefix(SERVICE)?;
    path.strip_prefix(INFORMATION)?.strip_prefix(EXTENSION)
}

fn once(slot: &mut Option<String>, text: &str, element: &'static str) -> Result<(), Invalid> {
    if slot.is_some() {
        return Err(Invalid::Repeated { element });
    }
    *slot = Some(text.to_owned());
    Ok(())
}

fn needed<'a>(slot: Option<&'a String>, element: &'static str) -> Result<&'a str, Invalid> {
    slot.map(String::as_str).filter(|text| !text.is_empty()).ok_or(Invalid::Missing { element })
}

fn instant(text: &str, element: &'static str) -> Result<Timestamp, Invalid> {
    text.parse().map_err(|_| Invalid::Malformed { element })
}

impl Reader {
    fn close_in_scheme(&mut self, path: &str, text: &str) -> Result<(), Invalid> {
        match path {
            "/tsl:TSLVersionIdentifier" => once(&mut self.version, text, "TSLVersionIdentifier"),
            "/tsl:TSLSequenceNumber" => once(&mut self.sequence_number, text, "TSLSequenceNumber"),
            "/tsl:TSLType" => once(&mut self.kind, text, "TSLType"),
            "/tsl:SchemeTerritory" => once(&mut self.territory, text, "SchemeTerritory"),
            "/tsl:ListIssueDateTime" => once(&mut self.issued_at, text, "ListIssueDateTime"),
            "/tsl:NextUpdate" if mem::replace(&mut self.next_update_said, true) => {
                Err(Invalid::Repeated { element: "NextUpdate" })
            }
            "/tsl:NextUpdate/tsl:dateTime" => once(&mut self.next_update, text, "NextUpdate"),
            _ => Ok(()),
        }
    }

    fn close_in_provider(&mut self, path: &str, text: &str) -> Result<(), Invalid> {
        match path {
            "" => self.provider = Name::default(),
            "/tsl:TSPInformation/tsl:TSPName/tsl:Name" => self.provider.add(text, &self.language),
            SERVICE => {
                let service = mem::take(&mut self.service);
                self.add(&service)?;
            }
            _ => {
                let information = path.strip_prefix(SERVICE).and_then(|path| path.strip_prefix(INFORMATION));
                if let Some(path) = information {
                    self.close_in_service(path, text)?;
                }
            }
        }
        Ok(())
    }

    fn close_in_service(&mut self, path: &str, text: &str) -> Result<(), Invalid> {
        let service = &mut self.service;
        match path {
            "/tsl:ServiceTypeIdentifier" => once(&mut service.kind, text, "ServiceTypeIdentifier")?,
            "/tsl:ServiceName/tsl:Name" => service.name.add(text, &self.language),
            "/tsl:ServiceStatus" => once(&mut service.status, text, "ServiceStatus")?,
            "/tsl:StatusStartingTime" => once(&mut service.since, text, "StatusStartingTime")?,
            "/tsl:ServiceDigitalIdentity/tsl:DigitalId/tsl:X509Certificate" => {
                service.certificates.push(text.to_owned());
            }
            "/tsl:ServiceInformationExtensions/tsl:Extension/tsl:AdditionalServiceInformation/tsl:URI" => {
                service.purposes.push(text.to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    /// Makes authorities of a service that was read, if it is one we look for.
    fn add(&mut self, service: &Service) -> Result<(), Invalid> {
        if needed(service.kind.as_ref(), "ServiceTypeIdentifier")? != QUALIFIED_CERTIFICATES {
            return Ok(());
        }
        let granted_since =
            instant(needed(service.since.as_ref(), "StatusStartingTime")?, "StatusStartingTime")?;
        if needed(service.status.as_ref(), "ServiceStatus")? != GRANTED {
            self.not_granted += 1;
            return Ok(());
        }
        if self.provider.text.is_empty() {
            return Err(Invalid::Missing { element: "TSPName" });
        }
        if service.name.text.is_empty() {
            return Err(Invalid::Missing { element: "ServiceName" });
        }
        let said = |purpose: &str| service.purposes.iter().any(|said| said == purpose);
        let silent = !said(FOR_WEBSITES) && !said(FOR_SEALS) && !said(FOR_SIGNATURES);
        let (for_websites, for_seals) = (silent || said(FOR_WEBSITES), silent || said(FOR_SEALS));
        if !for_websites && !for_seals {
            self.signatures_only += 1;
            return Ok(());
        }
        if service.unknown_critical {
            self.leave_out(service, WhyLeftOut::CriticalExtension);
            return Ok(());
        }
        if service.certificates.is_empty() {
            self.leave_out(service, WhyLeftOut::NoCertificate);
        }
        for text in &service.certificates {
            match certificate(text) {
                Ok(certificate) => self.authorities.push(Authority {
                    provider: self.provider.text.clone(),
                    service: service.name.text.clone(),
                    granted_since,
                    certificate,
                    for_websites,
                    for_seals,
                }),
                Err(why) => self.leave_out(service, why),
            }
        }
        let found = self.authorities.len() + self.left_out.len();
        if found > MAX_AUTHORITIES { Err(Invalid::TooManyAuthorities) } else { Ok(()) }
    }

    fn leave_out(&mut self, service: &Service, why: WhyLeftOut) {
        self.left_out.push(LeftOut {
            provider: self.provider.text.clone(),
            service: service.name.text.clone(),
            why,
        });
    }

    fn finish(self) -> Result<TrustedList, Invalid> {
        if !VERSIONS.contains(&needed(self.version.as_ref(), "TSLVersionIdentifier")?) {
            return Err(Invalid::Version);
        }
        if needed(self.kind.as_ref(), "TSLType")? != NATIONAL {
            return Err(Invalid::NotNational);
        }
        let territory = needed(self.territory.as_ref(), "SchemeTerritory")?;
        if territory.len() != 2 || !territory.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Invalid::Malformed { element: "SchemeTerritory" });
        }
        let number = needed(self.sequence_number.as_ref(), "TSLSequenceNumber")?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Invalid::Malformed { element: "TSLSequenceNumber" });
        }
        if !self.next_update_said {
            return Err(Invalid::Missing { element: "NextUpdate" });
        }
        Ok(TrustedList {
            territory: territory.to_owned(),
            sequence_number: number
                .parse()
                .map_err(|_| Invalid::Malformed { element: "TSLSequenceNumber" })?,
            issued_at: instant(needed(self.issued_at.as_ref(), "ListIssueDateTime")?, "ListIssueDateTime")?,
            next_update: self.next_update.as_deref().map(|text| instant(text, "NextUpdate")).transpose()?,
            authorities: self.authorities,
            left_out: self.left_out,
            not_granted: self.not_granted,
            signatures_only: self.signatures_only,
        })
    }
}

/// A certificate that can be an anchor, from base64 that may be broken into lines.
fn certificate(text: &str) -> Result<Certificate, WhyLeftOut> {
    let compact: String = text.split_ascii_whitespace().collect();
    let der = BASE64_STANDARD.decode(compact).map_err(|_| WhyLeftOut::Base64)?;
    let certificate = Certificate::parse(&der).map_err(InvalidAnchor::from)?;
    Anchors::from_ders([CertificateDer::from(der)])?;
    Ok(certificate)
}
