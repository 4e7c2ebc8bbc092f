//! The ways in which certificates that are in use depart from the standards.

use std::fmt;

use crate::qc_statements::Role;
use crate::rule_id::RuleId;

/// A departure from the letter of the standards that leaves no doubt about what is meant.
///
/// Certificates with each of these are in use. The strict reading refuses them; the lenient one takes them,
/// and says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Departure {
    /// The statements are wrapped in one SEQUENCE too many.
    StatementsNested,
    /// A statement is an object identifier alone, without its SEQUENCE.
    StatementBare,
    /// The same statement comes twice.
    StatementRepeated,
    /// `QcCompliance` has a value, mostly a sentence; it is to have none.
    ComplianceValue,
    /// The value of `QcType` is one object identifier, not a SEQUENCE of them.
    QcTypeBare,
    /// The type stands as a statement of its own, outside `QcType`.
    QcTypeAsStatement,
    /// `QcType` names more than one type.
    QcTypeSeveral,
    /// The PSD2 statement is wrapped in one SEQUENCE too many.
    LicenceNested,
    /// The members of the PSD2 statement lack the SEQUENCE around them.
    LicenceFlat,
    /// Something in the PSD2 statement stands inside a context tag.
    ExplicitTag,
    /// The members of the PSD2 statement are in another order than `rolesOfPSP`, `nCAName`, `nCAId`.
    MemberOrder,
    /// `nCAName` is empty or not there.
    NcaNameMissing,
    /// `nCAId` repeats the `PSD` of the organizationIdentifier.
    NcaIdPrefix,
    /// `nCAId` is the country or the authority alone, or the whole authorisation number.
    NcaIdPart,
    /// `rolesOfPSP` or a role is a SET.
    RolesSet,
    /// The roles stand one after the other without a SEQUENCE around each.
    RolesFlat,
    /// The roles are wrapped in one SEQUENCE too many.
    RolesNested,
    /// In a role the name comes before the object identifier.
    RoleOrder,
    /// A role has no name.
    RoleNameMissing(Role),
    /// A role's name is not the one that goes with its object identifier, which decides.
    RoleName(Role),
    /// A role has its name but another object identifier, or none; the name decides.
    RoleOid(Role),
    /// A text is not a `UTF8String`.
    TextType(TextField),
    /// The bytes of a `UTF8String` are Latin-1.
    TextEncoding(TextField),
    /// Spaces around a text or several in a row, or characters that nobody sees.
    Whitespace(TextField),
    /// Small letters for capital ones.
    LetterCase(TextField),
    /// Another dash, or an underscore, for the hyphen.
    Dash(TextField),
    /// The subject has several organizationIdentifier attributes, one of them of a PSP.
    OrganizationIdentifierSeveral,
}

/// The text that a [`Departure`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TextField {
    /// `roleOfPspName`.
    RoleName,
    /// `nCAName`.
    NcaName,
    /// `nCAId`.
    NcaId,
    /// organizationIdentifier in the subject.
    OrganizationIdentifier,
}

impl TextField {
    /// The name in the standard.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RoleName => "roleOfPspName",
            Self::NcaName => "nCAName",
            Self::NcaId => "nCAId",
            Self::OrganizationIdentifier => "organizationIdentifier",
        }
    }

    fn rule(self) -> RuleId {
        match self {
            Self::RoleName => RuleId::Psd2Roles,
            Self::NcaName => RuleId::NcaName,
            Self::NcaId => RuleId::NcaId,
            Self::OrganizationIdentifier => RuleId::OrganizationIdentifier,
        }
    }
}

impl Departure {
    /// A short name for logs and counters: `role_name`.
    pub fn name(self) -> &'static str {
        match self {
            Self::StatementsNested => "statements_nested",
            Self::StatementBare => "statement_bare",
            Self::StatementRepeated => "statement_repeated",
            Self::ComplianceValue => "compliance_value",
            Self::QcTypeBare => "qc_type_bare",
            Self::QcTypeAsStatement => "qc_type_as_statement",
            Self::QcTypeSeveral => "qc_type_several",
            Self::LicenceNested => "licence_nested",
            Self::LicenceFlat => "licence_flat",
            Self::ExplicitTag => "explicit_tag",
            Self::MemberOrder => "member_order",
            Self::NcaNameMissing => "nca_name_missing",
            Self::NcaIdPrefix => "nca_id_prefix",
            Self::NcaIdPart => "nca_id_part",
            Self::RolesSet => "roles_set",
            Self::RolesFlat => "roles_flat",
            Self::RolesNested => "roles_nested",
            Self::RoleOrder => "role_order",
            Self::RoleNameMissing(_) => "role_name_missing",
            Self::RoleName(_) => "role_name",
            Self::RoleOid(_) => "role_oid",
            Self::TextType(_) => "text_type",
            Self::TextEncoding(_) => "text_encoding",
            Self::Whitespace(_) => "whitespace",
            Self::LetterCase(_) => "letter_case",
            Self::Dash(_) => "dash",
            Self::OrganizationIdentifierSeveral => "organization_identifier_several",
        }
    }

    /// Whether this is the rule that it bends. `QcType` has one for each kind of certificate.
    pub(crate) fn bends(self, rule: RuleId) -> bool {
        let bent = match self {
            Self::StatementsNested | Self::StatementBare | Self::StatementRepeated => RuleId::QcStatements,
            Self::ComplianceValue => RuleId::QcCompliance,
            Self::QcTypeBare | Self::QcTypeAsStatement | Self::QcTypeSeveral => {
                return matches!(rule, RuleId::QwacQcType | RuleId::QsealQcType);
            }
            Self::LicenceNested | Self::LicenceFlat | Self::ExplicitTag | Self::MemberOrder => {
                RuleId::Psd2Statement
            }
            Self::NcaNameMissing => RuleId::NcaName,
            Self::NcaIdPrefix | Self::NcaIdPart => RuleId::NcaId,
            Self::RolesSet
            | Self::RolesFlat
            | Self::RolesNested
            | Self::RoleOrder
            | Self::RoleNameMissing(_)
            | Self::RoleName(_)
            | Self::RoleOid(_) => RuleId::Psd2Roles,
            Self::TextType(field)
            | Self::TextEncoding(field)
            | Self::Whitespace(field)
            | Self::LetterCase(field)
            | Self::Dash(field) => field.rule(),
            Self::OrganizationIdentifierSeveral => RuleId::OrganizationIdentifier,
        };
        bent == rule
    }
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StatementsNested => {
                f.write_str("the qcStatements have one SEQUENCE too many around them (RFC 3739, 3.2.6)")
            }
            Self::StatementBare => f.write_str("a qcStatement has no SEQUENCE around it (RFC 3739, 3.2.6)"),
            Self::StatementRepeated => f.write_str("a qcStatement comes twice (ETSI EN 319 412-5, 4.1)"),
            Self::ComplianceValue => {
                f.write_str("QcCompliance has a value and is to have none (ETSI EN 319 412-5, 4.2.1)")
            }
            Self::QcTypeBare => {
                f.write_str("QcType has no SEQUENCE around its object identifier (ETSI EN 319 412-5, 4.2.3)")
            }
            Self::QcTypeAsStatement => {
                f.write_str("the type is a statement of its own outside QcType (ETSI EN 319 412-5, 4.2.3)")
            }
            Self::QcTypeSeveral => f.write_str("QcType names more than one type (ETSI EN 319 412-5, 4.2.3)"),
            Self::LicenceNested => {
                f.write_str("the PSD2 statement has one SEQUENCE too many (ETSI TS 119 495, annex A)")
            }
            Self::LicenceFlat => f.write_str(
                "the PSD2 statement's members have no SEQUENCE around them (ETSI TS 119 495, annex A)",
            ),
            Self::ExplicitTag => f.write_str(
                "the PSD2 statement has a context tag, which it has not (ETSI TS 119 495, annex A)",
            ),
            Self::MemberOrder => f.write_str(
                "the PSD2 statement's order is not rolesOfPSP, nCAName, nCAId (ETSI TS 119 495, annex A)",
            ),
            Self::NcaNameMissing => {
                f.write_str("nCAName, the authority's name, is missing (ETSI TS 119 495, 5.2.3)")
            }
            Self::NcaIdPrefix => f.write_str("nCAId starts with PSD (ETSI TS 119 495, 5.2.3)"),
            Self::NcaIdPart => {
                f.write_str("nCAId is not country, hyphen and authority: FR-ACPR (ETSI TS 119 495, 5.2.3)")
            }
            Self::RolesSet => {
                f.write_str("a SET is in place of a SEQUENCE of roles (ETSI TS 119 495, annex A)")
            }
            Self::RolesFlat => {
                f.write_str("the roles have no SEQUENCE around each of them (ETSI TS 119 495, annex A)")
            }
            Self::RolesNested => {
                f.write_str("the roles have one SEQUENCE too many around them (ETSI TS 119 495, annex A)")
            }
            Self::RoleOrder => {
                f.write_str("a role's name comes before its object identifier (ETSI TS 119 495, annex A)")
            }
            Self::RoleNameMissing(role) => {
                write!(f, "role {} has no name; it is {role} (ETSI TS 119 495, 5.2.2)", role.oid())
            }
            Self::RoleName(role) => {
                write!(f, "role {} must be named {role} (ETSI TS 119 495, 5.2.2)", role.oid())
            }
            Self::RoleOid(role) => {
                write!(
                    f,
                    "role {role} must have the object identifier {} (ETSI TS 119 495, 5.2.2)",
                    role.oid()
                )
            }
            Self::TextType(field) => {
                write!(f, "{} must be a UTF8String (ETSI TS 119 495, annex A)", field.as_str())
            }
            Self::TextEncoding(field) => {
                write!(f, "{} is a UTF8String with other bytes than UTF-8 (X.680, 41)", field.as_str())
            }
            Self::Whitespace(field) => {
                write!(f, "{} has spaces or invisible characters that do not belong to it", field.as_str())
            }
            Self::LetterCase(field) => {
                write!(f, "{} must be in capital letters (ETSI TS 119 495, 5.2)", field.as_str())
            }
            Self::Dash(field) => {
                write!(
                    f,
                    "{} must have a hyphen, U+002D, between its parts (ETSI TS 119 495, 5.2)",
                    field.as_str()
                )
            }
            Self::OrganizationIdentifierSeveral => {
                f.write_str("the subject has more than one organizationIdentifier (ETSI TS 119 495, 5.2.1)")
            }
        }
    }
}
