//! What the creditor is told about a payment.

use std::fmt;

use serde::Serialize;

use crate::json::Value;
use crate::read::Read;
use crate::read_error::{Problem, ReadError};

/// Remittance information in either of its two forms.
///
/// Clients send both in all editions. It is personal data: `Debug` shows the form only.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum RemittanceInformation {
    /// A list of lines of at most 140 characters (STET 1.4.0.47, `UnstructuredRemittanceInformation`).
    Lines(Vec<String>),
    /// Free lines or structured references (STET 1.4.2, `RemittanceInformation`).
    Object {
        /// Lines of at most 140 characters.
        #[serde(skip_serializing_if = "Option::is_none")]
        unstructured: Option<Vec<String>>,
        /// References to documents.
        #[serde(skip_serializing_if = "Option::is_none")]
        structured: Option<Vec<StructuredRemittanceInformation>>,
    },
}

impl Read for RemittanceInformation {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        match value {
            Value::List(_) => Ok(Self::Lines(Read::read(value)?)),
            Value::Object(object) => Ok(Self::Object {
                unstructured: object.member("unstructured")?,
                structured: object.member("structured")?,
            }),
            _ => Err(Problem::MustBe("a list of strings or an object").into()),
        }
    }
}

impl fmt::Debug for RemittanceInformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lines(_) => f.debug_struct("Lines").finish_non_exhaustive(),
            Self::Object { .. } => f.debug_struct("Object").finish_non_exhaustive(),
        }
    }
}

/// A reference that the creditor's systems can match (STET 1.4.2, `StructuredRemittanceInformation`).
///
/// Of its members only the creditor reference travels in a SEPA credit transfer; the others are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StructuredRemittanceInformation {
    /// The creditor's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_reference_information: Option<CreditorReferenceInformation>,
}

impl Read for StructuredRemittanceInformation {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self { creditor_reference_information: object.member("creditorReferenceInformation")? })
    }
}

/// A reference given by the creditor (STET 1.4.2, `CreditorReferenceInformation`).
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreditorReferenceInformation {
    /// What kind of reference it is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<CodeAndIssuer>,
    /// The reference, at most 35 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl Read for CreditorReferenceInformation {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self { kind: object.member("type")?, reference: object.member("reference")? })
    }
}

impl fmt::Debug for CreditorReferenceInformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreditorReferenceInformation").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A code and who issued it (STET 1.5.0.43, `CodeAndIssuer`), such as `SCOR` for a creditor reference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CodeAndIssuer {
    /// The code, at most 4 characters; mandatory in the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who issued it, at most 35 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

impl Read for CodeAndIssuer {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let object = value.object()?;
        Ok(Self { code: object.member("code")?, issuer: object.member("issuer")? })
    }
}
