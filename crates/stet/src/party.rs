//! Parties, their accounts and their banks.
//!
//! All of this is personal data: `Debug` does not show it.

use std::fmt;

use serde::Serialize;

use crate::json::Value;
use crate::read::Read;
use crate::read_error::ReadError;

/// Who is to be paid, and where (STET 1.4.0.47, Beneficiary).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Beneficiary {
    /// The PISP's or the bank's name for this beneficiary (id35).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether the PSU considers this payee as trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_trusted: Option<bool>,
    /// The creditor's bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_agent: Option<FinancialInstitutionIdentification>,
    /// The creditor; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor: Option<PartyIdentification>,
    /// The creditor's account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_account: Option<AccountIdentification>,
}

impl Read for Beneficiary {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            id: object.member("id")?,
            is_trusted: object.member("isTrusted")?,
            creditor_agent: object.member("creditorAgent")?,
            creditor: object.member("creditor")?,
            creditor_account: object.member("creditorAccount")?,
        })
    }
}

/// A person or an organisation (STET 1.4.0.47, `PartyIdentification`).
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartyIdentification {
    /// Name, at most 140 characters; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_address: Option<PostalAddress>,
    /// Identification of an organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<GenericIdentification>,
    /// Identification of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_id: Option<GenericIdentification>,
}

impl Read for PartyIdentification {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            name: object.member("name")?,
            postal_address: object.member("postalAddress")?,
            organisation_id: object.member("organisationId")?,
            private_id: object.member("privateId")?,
        })
    }
}

impl fmt::Debug for PartyIdentification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartyIdentification").finish_non_exhaustive()
    }
}

/// A postal address (STET 1.4.0.47, `PostalAddress`; the structured members from 1.4.2 on).
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PostalAddress {
    /// Type of address, 1.4.2; not for SEPA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_type: Option<String>,
    /// Division of an organisation, 1.4.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Division of a department, 1.4.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_department: Option<String>,
    /// Street, 1.4.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_name: Option<String>,
    /// Number in the street, 1.4.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building_number: Option<String>,
    /// Name of the building, 1.4.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building_name: Option<String>,
    /// Postal code, 1.4.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_code: Option<String>,
    /// Town, 1.4.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub town_name: Option<String>,
    /// State or region, 1.4.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_sub_division: Option<String>,
    /// Country, ISO 3166 alpha-2; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// At most two lines of 70 characters; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_line: Option<Vec<String>>,
}

impl Read for PostalAddress {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            address_type: object.member("addressType")?,
            department: object.member("department")?,
            sub_department: object.member("subDepartment")?,
            street_name: object.member("streetName")?,
            building_number: object.member("buildingNumber")?,
            building_name: object.member("buildingName")?,
            post_code: object.member("postCode")?,
            town_name: object.member("townName")?,
            country_sub_division: object.member("countrySubDivision")?,
            country: object.member("country")?,
            address_line: object.member("addressLine")?,
        })
    }
}

impl fmt::Debug for PostalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostalAddress").finish_non_exhaustive()
    }
}

/// An identification under a named scheme (STET 1.4.0.47, `GenericIdentification`).
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GenericIdentification {
    /// The identification itself, at most 70 characters; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identification: Option<String>,
    /// `BANK`, `COID`, `SREN`, `SRET`, `NIDN`, `OAUT` or `CPAN`; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme_name: Option<String>,
    /// Who gave it, at most 35 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

impl Read for GenericIdentification {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            identification: object.member("identification")?,
            scheme_name: object.member("schemeName")?,
            issuer: object.member("issuer")?,
        })
    }
}

impl fmt::Debug for GenericIdentification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenericIdentification")
            .field("scheme_name", &self.scheme_name)
            .finish_non_exhaustive()
    }
}

/// An account (STET 1.4.0.47, `AccountIdentification`).
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountIdentification {
    /// IBAN in electronic form (ISO 13616-1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iban: Option<String>,
    /// An account without IBAN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<GenericIdentification>,
    /// Currency of the account, ISO 4217 alphabetic, 1.4.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

impl Read for AccountIdentification {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            iban: object.member("iban")?,
            other: object.member("other")?,
            currency: object.member("currency")?,
        })
    }
}

impl fmt::Debug for AccountIdentification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountIdentification").field("currency", &self.currency).finish_non_exhaustive()
    }
}

/// A bank (STET 1.4.0.47, `FinancialInstitutionIdentification`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FinancialInstitutionIdentification {
    /// BIC (ISO 9362); mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bic_fi: Option<String>,
    /// Its identification in a clearing system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clearing_system_member_id: Option<ClearingSystemMemberIdentification>,
    /// Name, at most 140 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_address: Option<PostalAddress>,
}

impl Read for FinancialInstitutionIdentification {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            bic_fi: object.member("bicFi")?,
            clearing_system_member_id: object.member("clearingSystemMemberId")?,
            name: object.member("name")?,
            postal_address: object.member("postalAddress")?,
        })
    }
}

/// A bank's identification in a clearing system (STET 1.4.0.47, `ClearingSystemMemberIdentification`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClearingSystemMemberIdentification {
    /// The clearing system, at most 35 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clearing_system_id: Option<String>,
    /// The member, at most 35 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_id: Option<String>,
}

impl Read for ClearingSystemMemberIdentification {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self {
            clearing_system_id: object.member("clearingSystemId")?,
            member_id: object.member("memberId")?,
        })
    }
}
