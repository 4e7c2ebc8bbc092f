//! The qcStatements extension, read: what it says, and where it departs from the standards.

use der::asn1::ObjectIdentifier;

use super::{Psd2Statement, QcStatements, QcType, licence};
use crate::departure::Departure;
use crate::tlv::{Fault, OBJECT_IDENTIFIER, SEQUENCE, Tlv};

const QC_COMPLIANCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.1");
const QC_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6");
const PSD2: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.19495.2");

/// What the statements of a certificate say, and the departures it took to understand them.
///
/// Without departures they follow the standards to the letter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Understood {
    pub(crate) statements: QcStatements,
    pub(crate) departures: Departures,
}

/// Departures in the order in which they are met, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Departures(Vec<Departure>);

impl Departures {
    pub(crate) fn note(&mut self, departure: Departure) {
        if !self.0.contains(&departure) {
            self.0.push(departure);
        }
    }

    pub(crate) fn note_if(&mut self, departs: bool, departure: Departure) {
        if departs {
            self.note(departure);
        }
    }

    pub(crate) fn as_slice(&self) -> &[Departure] {
        &self.0
    }
}

/// Reads the value of the qcStatements extension (RFC 3739, 3.2.6).
///
/// Statements, types and roles with an object identifier that we do not know are passed over.
///
/// # Errors
///
/// The place from which on nothing sure can be said about what is meant.
pub(crate) fn read(extension: &[u8]) -> Result<Understood, Fault> {
    let mut reader = Reader::default();
    let outer = Tlv::only(extension, 0)?;
    for statement in reader.statements(outer)? {
        reader.statement(statement)?;
    }
    Ok(reader.understood())
}

#[derive(Default)]
struct Reader<'a> {
    departures: Departures,
    compliance: bool,
    types: Option<(&'a [u8], Vec<QcType>)>,
    licence: Option<(&'a [u8], Psd2Statement)>,
}

impl<'a> Reader<'a> {
    fn understood(self) -> Understood {
        let types = self.types.map(|(_, types)| types).unwrap_or_default();
        let mut departures = self.departures;
        departures.note_if(types.len() > 1, Departure::QcTypeSeveral);
        let psd2 = self.licence.map(|(_, licence)| licence);
        Understood { statements: QcStatements { compliance: self.compliance, types, psd2 }, departures }
    }

    fn statements(&mut self, outer: Tlv<'a>) -> Result<Vec<Tlv<'a>>, Fault> {
        let statements = sequence(&outer)?;
        match statements.as_slice() {
            [only] if only.tag == SEQUENCE && only.children()?.first().is_some_and(|c| c.tag == SEQUENCE) => {
                self.departures.note(Departure::StatementsNested);
                only.children()
            }
            _ => Ok(statements),
        }
    }

    /// `QCStatement`: an object identifier and what goes with it.
    fn statement(&mut self, statement: Tlv<'a>) -> Result<(), Fault> {
        let parts = if statement.tag == OBJECT_IDENTIFIER {
            self.departures.note(Departure::StatementBare);
            vec![statement]
        } else {
            sequence(&statement)?
        };
        let Some((id, values)) = parts.split_first() else {
            return Err(statement.fault("a statement without an object identifier"));
        };
        match (object_identifier(id)?, values) {
            (PSD2, values) => self.licence(&statement, values),
            (_, [_, extra, ..]) => Err(extra.fault("a statement with more than one value")),
            (QC_COMPLIANCE, value) => {
                self.departures.note_if(self.compliance, Departure::StatementRepeated);
                self.departures.note_if(!value.is_empty(), Departure::ComplianceValue);
                self.compliance = true;
                Ok(())
            }
            (QC_TYPE, [value]) => self.types(statement.whole, value),
            (QC_TYPE, []) => Err(statement.fault("a QcType statement without a type")),
            (id, values) => {
                if let (Some(qc_type), []) = (known(&id, &QcType::ALL, QcType::oid), values) {
                    self.departures.note(Departure::QcTypeAsStatement);
                    return self.set_types(statement.whole, vec![qc_type], &statement);
                }
                Ok(())
            }
        }
    }

    fn types(&mut self, whole: &'a [u8], value: &Tlv<'a>) -> Result<(), Fault> {
        let oids = if value.tag == OBJECT_IDENTIFIER {
            self.departures.note(Departure::QcTypeBare);
            vec![*value]
        } else {
            sequence(value)?
        };
        let mut types = Vec::new();
        for oid in oids {
            types.extend(known(&object_identifier(&oid)?, &QcType::ALL, QcType::oid));
        }
        self.set_types(whole, types, value)
    }

    /// Two statements of one kind could contradict each other: only the same one may come again.
    fn set_types(&mut self, whole: &'a [u8], types: Vec<QcType>, at: &Tlv<'_>) -> Result<(), Fault> {
        match &self.types {
            None => self.types = Some((whole, types)),
            Some((before, _)) if *before == whole => self.departures.note(Departure::StatementRepeated),
            Some((_, before)) if *before == types => self.departures.note(Departure::StatementRepeated),
            Some(_) => return Err(at.fault("a second QcType statement that says something else")),
        }
        Ok(())
    }

    fn licence(&mut self, statement: &Tlv<'a>, values: &[Tlv<'a>]) -> Result<(), Fault> {
        match &self.licence {
            Some((before, _)) if *before == statement.whole => {
                self.departures.note(Departure::StatementRepeated);
                return Ok(());
            }
            Some(_) => return Err(statement.fault("a second PSD2 statement that says something else")),
            None => {}
        }
        let licence = licence::read(statement, values, &mut self.departures)?;
        self.licence = Some((statement.whole, licence));
        Ok(())
    }
}

/// The members of a SEQUENCE.
pub(super) fn sequence<'a>(value: &Tlv<'a>) -> Result<Vec<Tlv<'a>>, Fault> {
    if value.tag == SEQUENCE { value.children() } else { Err(value.fault("something else than a SEQUENCE")) }
}

pub(super) fn object_identifier(value: &Tlv<'_>) -> Result<ObjectIdentifier, Fault> {
    if value.tag != OBJECT_IDENTIFIER {
        return Err(value.fault("something else than an object identifier"));
    }
    ObjectIdentifier::from_bytes(value.content)
        .map_err(|_| value.fault("an object identifier that is not one"))
}

pub(super) fn known<T: Copy>(oid: &ObjectIdentifier, all: &[T], oid_of: fn(T) -> &'static str) -> Option<T> {
    let oid = oid.to_string();
    all.iter().copied().find(|known| oid_of(*known) == oid)
}
