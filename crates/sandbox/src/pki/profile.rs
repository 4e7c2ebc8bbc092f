//! What a QWAC or QSealC is to say.

use eidas::revocation::{Candidate, Locations};
use eidas::{Certificate, Kind, OrganizationIdentifier, Psd2Statement, QcStatements, QcType, Role};
use rcgen::{
    CertificateParams, CrlDistributionPoint, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, KeyUsagePurpose,
};

use super::{KeyType, PkiError, Validity, der};

const ORGANIZATION_IDENTIFIER: [u64; 4] = [2, 5, 4, 97];
const AUTHORITY_INFO_ACCESS: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 1];
const QC_STATEMENTS: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 3];

/// The content of a QWAC or QSealC. [`TppProfile::new`] gives one that is in order; change a field to have
/// one that is not.
#[derive(Clone, Debug)]
pub struct TppProfile {
    /// Subject: organizationIdentifier, as a text so that it can be wrong.
    pub organization_identifier: Option<String>,
    /// Subject: organisation name.
    pub organization_name: String,
    /// Subject: common name.
    pub common_name: String,
    /// Subject: country, ISO 3166-1 alpha-2.
    pub country: String,
    /// DNS names of the subject.
    pub dns_names: Vec<String>,
    /// What the issuer states; `None` leaves the extension out.
    pub qc_statements: Option<QcStatements>,
    /// What the key may be used for.
    pub key_usages: Vec<KeyUsagePurpose>,
    /// What the certificate may be used for; none leaves the extension out.
    pub extended_key_usages: Vec<ExtendedKeyUsagePurpose>,
    /// Where its issuer can be asked whether it is revoked.
    pub locations: Locations,
    /// The kind of key.
    pub key: KeyType,
    /// From when until when.
    pub validity: Validity,
}

impl TppProfile {
    /// A certificate in order for this provider (ETSI TS 119 495, 5), on P-256.
    pub fn new(kind: Kind, oid: &OrganizationIdentifier, roles: &[Role], validity: Validity) -> Self {
        let licence = Psd2Statement {
            roles: roles.to_vec(),
            nca_name: authority_name(oid.nca_id()).to_owned(),
            nca_id: oid.nca_id().to_owned(),
        };
        let host = format!("{}.tpp.example", oid.as_str().to_ascii_lowercase());
        let mut profile = Self {
            organization_identifier: Some(oid.as_str().to_owned()),
            organization_name: oid.as_str().to_owned(),
            common_name: oid.as_str().to_owned(),
            country: oid.country().to_owned(),
            dns_names: vec![],
            qc_statements: Some(QcStatements {
                compliance: true,
                types: vec![QcType::ESeal],
                psd2: Some(licence),
            }),
            key_usages: vec![KeyUsagePurpose::DigitalSignature],
            extended_key_usages: vec![],
            locations: Locations::default(),
            key: KeyType::P256,
            validity,
        };
        match kind {
            Kind::Qwac => {
                profile.common_name.clone_from(&host);
                profile.dns_names = vec![host];
                if let Some(statements) = &mut profile.qc_statements {
                    statements.types = vec![QcType::Web];
                }
                profile.extended_key_usages =
                    vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
            }
            Kind::Qseal => profile.key_usages.push(KeyUsagePurpose::ContentCommitment),
        }
        profile
    }

    /// Whether a certificate says who and what this profile says, whenever it is valid.
    pub(super) fn describes(&self, certificate: &Certificate) -> bool {
        certificate.organization_identifier_text() == self.organization_identifier.as_deref()
            && certificate.organization_name() == Some(self.organization_name.as_str())
            && certificate.common_name() == Some(self.common_name.as_str())
            && *certificate.qc_statements() == self.qc_statements.clone().unwrap_or_default()
            && self.key.made(certificate)
            && Candidate::of(certificate).is_ok_and(|found| *found.locations() == self.locations)
    }

    /// Everything but the key, to be changed further or to be issued.
    ///
    /// # Errors
    ///
    /// [`PkiError::Issue`] if a text of the profile cannot be written into a certificate.
    pub fn params(&self) -> Result<CertificateParams, PkiError> {
        let mut params = CertificateParams::new(self.dns_names.as_slice())?;
        self.validity.write(&mut params);
        params.distinguished_name = self.subject();
        params.key_usages.clone_from(&self.key_usages);
        params.extended_key_usages.clone_from(&self.extended_key_usages);
        params.crl_distribution_points =
            self.locations.crl.iter().map(|uri| CrlDistributionPoint { uris: vec![uri.clone()] }).collect();
        if !self.locations.ocsp.is_empty() {
            let content = der::authority_info_access(&self.locations.ocsp);
            params.custom_extensions.push(CustomExtension::from_oid_content(&AUTHORITY_INFO_ACCESS, content));
        }
        if let Some(statements) = &self.qc_statements {
            let content = der::qc_statements(statements);
            params.custom_extensions.push(CustomExtension::from_oid_content(&QC_STATEMENTS, content));
        }
        Ok(params)
    }

    fn subject(&self) -> DistinguishedName {
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CountryName, self.country.as_str());
        subject.push(DnType::OrganizationName, self.organization_name.as_str());
        if let Some(oid) = &self.organization_identifier {
            subject.push(DnType::CustomDnType(ORGANIZATION_IDENTIFIER.to_vec()), oid.as_str());
        }
        subject.push(DnType::CommonName, self.common_name.as_str());
        subject
    }
}

fn authority_name(nca_id: &str) -> &str {
    match nca_id {
        "FR-ACPR" => "Autorité de contrôle prudentiel et de résolution",
        "DE-BAFIN" => "Bundesanstalt für Finanzdienstleistungsaufsicht",
        other => other,
    }
}
