//! What the issuer of a qualified certificate states about it.

use std::fmt;

use der::asn1::{AnyRef, ObjectIdentifier, Utf8StringRef};
use der::{Decode, Sequence};

const QC_COMPLIANCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.1");
const QC_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6");
const PSD2: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.19495.2");

/// Longest text of a PSD2 statement, in characters (ETSI TS 119 495, annex A).
const MAX_TEXT_CHARS: usize = 256;

/// What a qualified certificate is for (ETSI EN 319 412-5, 4.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QcType {
    /// Electronic signature of a person.
    ESign,
    /// Electronic seal of an organisation: a QSealC.
    ESeal,
    /// Website authentication: a QWAC.
    Web,
}

impl QcType {
    const ALL: [Self; 3] = [Self::ESign, Self::ESeal, Self::Web];

    /// The object identifier, in dotted form.
    pub fn oid(self) -> &'static str {
        match self {
            Self::ESign => "0.4.0.1862.1.6.1",
            Self::ESeal => "0.4.0.1862.1.6.2",
            Self::Web => "0.4.0.1862.1.6.3",
        }
    }
}

/// What a payment service provider is licensed for (ETSI TS 119 495, 5.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// `PSP_AS`: account servicing, the ASPSP.
    AccountServicing,
    /// `PSP_PI`: payment initiation, the PISP.
    PaymentInitiation,
    /// `PSP_AI`: account information, the AISP.
    AccountInformation,
    /// `PSP_IC`: issuing of card-based payment instruments, the CBPII.
    CardIssuing,
}

impl Role {
    /// The four roles, in the order of their object identifiers.
    pub const ALL: [Self; 4] =
        [Self::AccountServicing, Self::PaymentInitiation, Self::AccountInformation, Self::CardIssuing];

    /// The name in the standard: `PSP_PI`.
    pub fn code(self) -> &'static str {
        match self {
            Self::AccountServicing => "PSP_AS",
            Self::PaymentInitiation => "PSP_PI",
            Self::AccountInformation => "PSP_AI",
            Self::CardIssuing => "PSP_IC",
        }
    }

    /// The object identifier, in dotted form.
    pub fn oid(self) -> &'static str {
        match self {
            Self::AccountServicing => "0.4.0.19495.1.1",
            Self::PaymentInitiation => "0.4.0.19495.1.2",
            Self::AccountInformation => "0.4.0.19495.1.3",
            Self::CardIssuing => "0.4.0.19495.1.4",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The licence of a payment service provider, as its certificate states it (ETSI TS 119 495, 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Psd2Statement {
    /// The roles, in the order of the certificate. An object identifier decides, not the name beside it.
    pub roles: Vec<Role>,
    /// The national competent authority's name.
    pub nca_name: String,
    /// The national competent authority's identifier: `FR-ACPR`.
    pub nca_id: String,
}

/// The statements of a qualified certificate that concern us (ETSI EN 319 412-5; ETSI TS 119 495).
///
/// The default states nothing, as a certificate without the extension does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QcStatements {
    /// The issuer states that this is a qualified certificate (QcCompliance).
    pub compliance: bool,
    /// What it is for (QcType).
    pub types: Vec<QcType>,
    /// The licence of the payment service provider.
    pub psd2: Option<Psd2Statement>,
}

impl QcStatements {
    /// Reads the value of the qcStatements extension, to the letter of the standards.
    ///
    /// Statements, types and roles with an object identifier we do not know are passed over.
    pub(crate) fn read(extension: &[u8]) -> der::Result<Self> {
        let mut found = Self::default();
        let mut types = None;
        for statement in Vec::<Statement<'_>>::from_der(extension)? {
            match statement.id {
                QC_COMPLIANCE => found.compliance = true,
                QC_TYPE => set_once(&mut types, qc_types(&statement)?)?,
                PSD2 => set_once(&mut found.psd2, psd2(&statement)?)?,
                _ => {}
            }
        }
        found.types = types.unwrap_or_default();
        Ok(found)
    }
}

/// `QCStatement` (RFC 3739, 3.2.6).
#[derive(Sequence)]
struct Statement<'a> {
    id: ObjectIdentifier,
    #[asn1(optional = "true")]
    info: Option<AnyRef<'a>>,
}

/// `PSD2QcType` (ETSI TS 119 495, annex A).
#[derive(Sequence)]
struct Psd2QcType<'a> {
    roles_of_psp: Vec<RoleOfPsp<'a>>,
    nca_name: Utf8StringRef<'a>,
    nca_id: Utf8StringRef<'a>,
}

/// `RoleOfPSP` (ETSI TS 119 495, annex A).
#[derive(Sequence)]
struct RoleOfPsp<'a> {
    oid: ObjectIdentifier,
    name: Utf8StringRef<'a>,
}

/// Two statements of one kind could contradict each other: neither is taken.
fn set_once<T>(slot: &mut Option<T>, value: T) -> der::Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(der::Tag::Sequence.value_error().into()),
    }
}

fn qc_types(statement: &Statement<'_>) -> der::Result<Vec<QcType>> {
    let oids: Vec<ObjectIdentifier> = info(statement)?.decode_as()?;
    Ok(known(oids.iter(), &QcType::ALL, QcType::oid))
}

fn psd2(statement: &Statement<'_>) -> der::Result<Psd2Statement> {
    let psd2: Psd2QcType<'_> = info(statement)?.decode_as()?;
    for role in &psd2.roles_of_psp {
        text(&role.name)?;
    }
    Ok(Psd2Statement {
        roles: known(psd2.roles_of_psp.iter().map(|role| &role.oid), &Role::ALL, Role::oid),
        nca_name: text(&psd2.nca_name)?,
        nca_id: text(&psd2.nca_id)?,
    })
}

fn info<'a>(statement: &Statement<'a>) -> der::Result<AnyRef<'a>> {
    statement.info.ok_or_else(|| der::Tag::Sequence.value_error().into())
}

fn known<'a, T: Copy>(
    found: impl Iterator<Item = &'a ObjectIdentifier>,
    all: &[T],
    oid_of: fn(T) -> &'static str,
) -> Vec<T> {
    let named = |oid: &ObjectIdentifier| {
        let oid = oid.to_string();
        all.iter().copied().find(|known| oid_of(*known) == oid)
    };
    found.filter_map(named).collect()
}

fn text(value: &Utf8StringRef<'_>) -> der::Result<String> {
    let text = value.as_str();
    let within = (1..=MAX_TEXT_CHARS).contains(&text.chars().count());
    if within && !text.contains(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(der::Tag::Utf8String.value_error().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{oid, sequence, unhex, utf8};

    fn role(id: &str, name: &str) -> Vec<u8> {
        sequence(&[oid(id), utf8(name)])
    }

    fn psd2_statement(roles: &[Vec<u8>], rest: &[Vec<u8>]) -> Vec<u8> {
        let mut content = vec![sequence(roles)];
        content.extend_from_slice(rest);
        sequence(&[oid("0.4.0.19495.2"), sequence(&content)])
    }

    #[test]
    fn a_qwac_written_out_byte_by_byte_is_read() {
        let hex = "304c\
            3008 0606 04008e460101\
            3013 0606 04008e460106 3009 0607 04008e46010603\
            302b 0606 040081982702 3021 \
                3013 3011 0607 04008198270102 0c06 5053505f5049\
                0c01 41 0c07 46522d41435052";
        let read = QcStatements::read(&unhex(hex)).unwrap();
        let expected = QcStatements {
            compliance: true,
            types: vec![QcType::Web],
            psd2: Some(Psd2Statement {
                roles: vec![Role::PaymentInitiation],
                nca_name: "A".to_owned(),
                nca_id: "FR-ACPR".to_owned(),
            }),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn unknown_statements_types_and_roles_are_passed_over() {
        let der = sequence(&[
            sequence(&[oid("0.4.0.1862.1.4")]),
            sequence(&[oid("0.4.0.1862.1.5"), sequence(&[utf8("https://qtsp.example/pds")])]),
            sequence(&[oid("0.4.0.1862.1.6"), sequence(&[oid("1.2.3"), oid("0.4.0.1862.1.6.2")])]),
            psd2_statement(
                &[
                    role("1.2.3", "PSP_PI"),
                    role("0.4.0.19495.1.3", "PSP_PI"),
                    role("0.4.0.19495.1.1", "PSP_AS"),
                ],
                &[utf8("Autorité"), utf8("FR-ACPR")],
            ),
        ]);
        let read = QcStatements::read(&der).unwrap();
        assert!(!read.compliance);
        assert_eq!(read.types, [QcType::ESeal]);
        assert_eq!(read.psd2.unwrap().roles, [Role::AccountInformation, Role::AccountServicing]);
    }

    #[test]
    fn statements_that_bend_the_standard_are_refused() {
        let pi = || role("0.4.0.19495.1.2", "PSP_PI");
        let nca = || [utf8("Autorité"), utf8("FR-ACPR")];
        let good = || psd2_statement(&[pi()], &nca());
        let mut printable = utf8("FR-ACPR");
        printable[0] = 0x13;
        let mut trailing = sequence(&[good()]);
        trailing.push(0);
        let table = [
            ("not a sequence", utf8("x")),
            ("bytes after the end", trailing),
            ("an empty statement", sequence(&[sequence(&[])])),
            ("two PSD2 statements", sequence(&[good(), good()])),
            ("a PSD2 statement without content", sequence(&[sequence(&[oid("0.4.0.19495.2")])])),
            ("no authority identifier", sequence(&[psd2_statement(&[pi()], &[utf8("Autorité")])])),
            ("an empty authority name", sequence(&[psd2_statement(&[pi()], &[utf8(""), utf8("FR-ACPR")])])),
            (
                "an endless authority name",
                sequence(&[psd2_statement(&[pi()], &[utf8(&"x".repeat(257)), utf8("FR-ACPR")])]),
            ),
            (
                "a line break in a name",
                sequence(&[psd2_statement(&[pi()], &[utf8("a\nb"), utf8("FR-ACPR")])]),
            ),
            (
                "PrintableString for UTF8String",
                sequence(&[psd2_statement(&[pi()], &[utf8("Autorité"), printable])]),
            ),
            (
                "a role without a name",
                sequence(&[psd2_statement(&[sequence(&[oid("0.4.0.19495.1.2")])], &nca())]),
            ),
            (
                "a QcType that is no list",
                sequence(&[sequence(&[oid("0.4.0.1862.1.6"), oid("0.4.0.1862.1.6.3")])]),
            ),
        ];
        for (what, der) in table {
            assert!(QcStatements::read(&der).is_err(), "{what}");
        }
        assert!(QcStatements::read(&sequence(&[good()])).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = QcStatements::read(&bytes);
        }
    }
}
