//! Which provider the subject of a certificate is.

use crate::departure::{Departure, TextField};
use crate::organization_identifier::{InvalidOrganizationIdentifier, OrganizationIdentifier};
use crate::qc_statements::{Departures, Psd2Statement, tidy_identifier};

/// What the organizationIdentifier attributes of a subject come to (ETSI TS 119 495, 5.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Organization {
    /// There is no such attribute.
    Missing,
    /// There are several, and not exactly one of them is a payment service provider's.
    Ambiguous,
    /// There is one, and it is no authorisation number.
    Invalid(InvalidOrganizationIdentifier),
    /// This provider.
    Is(OrganizationIdentifier),
}

impl Organization {
    /// Reads the attributes of a subject, and notes what it takes to understand them.
    pub(crate) fn read(attributes: &[String], departures: &mut Departures) -> Self {
        let text = match attributes {
            [] => return Self::Missing,
            [only] => only,
            several => {
                departures.note(Departure::OrganizationIdentifierSeveral);
                match the_providers(several) {
                    Some(text) => text,
                    None => return Self::Ambiguous,
                }
            }
        };
        match OrganizationIdentifier::parse(text) {
            Ok(identifier) => Self::Is(identifier),
            Err(as_it_stands) => tidied(text, departures).map_or(Self::Invalid(as_it_stands), Self::Is),
        }
    }
}

/// The one attribute that is of a provider; the same text twice is one.
fn the_providers(attributes: &[String]) -> Option<&String> {
    let of_providers = |text: &&String| tidied(text, &mut Departures::default()).is_some();
    let mut found: Vec<&String> = attributes.iter().filter(of_providers).collect();
    found.dedup();
    match found.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// An authorisation number, once spaces around its parts are taken away, dashes are hyphens and letters are capitals.
fn tidied(text: &str, departures: &mut Departures) -> Option<OrganizationIdentifier> {
    let mut noted = Departures::default();
    let hyphenated = tidy_identifier(text, TextField::OrganizationIdentifier, &mut noted);
    let separated = with_hyphens(&hyphenated);
    noted.note_if(separated != hyphenated, Departure::Dash(TextField::OrganizationIdentifier));
    let capitals = with_capitals(&separated);
    noted.note_if(capitals != separated, Departure::LetterCase(TextField::OrganizationIdentifier));
    let identifier = OrganizationIdentifier::parse(&capitals).ok()?;
    noted.as_slice().iter().for_each(|departure| departures.note(*departure));
    Some(identifier)
}

/// An underscore before and after the authority becomes a hyphen; in the number it stays.
fn with_hyphens(text: &str) -> String {
    let mut separators = 2;
    let hyphen = |c| match c {
        '-' | '_' if separators > 0 => {
            separators -= 1;
            '-'
        }
        c => c,
    };
    text.chars().map(hyphen).collect()
}

/// Country and authority are in capital letters; the case of the number is the authority's affair.
fn with_capitals(text: &str) -> String {
    let mut separators = 0;
    let capital = |c: char| {
        separators += usize::from(c == '-');
        if separators < 2 { c.to_ascii_uppercase() } else { c }
    };
    text.chars().map(capital).collect()
}

/// Completes an nCAId that holds a part of what the organizationIdentifier says, or all of it.
pub(crate) fn complete(
    licence: &mut Psd2Statement,
    organization: &OrganizationIdentifier,
    departures: &mut Departures,
) {
    let nca_id = organization.nca_id();
    let parts = [organization.country(), nca_id.get(3..).unwrap_or_default(), organization.as_str()];
    if licence.nca_id != nca_id && parts.contains(&licence.nca_id.as_str()) {
        departures.note(Departure::NcaIdPart);
        nca_id.clone_into(&mut licence.nca_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Departure::{Dash, LetterCase, OrganizationIdentifierSeveral, Whitespace};
    use InvalidOrganizationIdentifier as Invalid;
    use TextField::OrganizationIdentifier as Id;

    fn is(text: &str) -> Organization {
        Organization::Is(OrganizationIdentifier::parse(text).unwrap())
    }

    #[test]
    fn almost_correct_identifiers_are_understood() {
        let table: &[(&[&str], Organization, &[Departure])] = &[
            (&[], Organization::Missing, &[]),
            (&["PSDFR-ACPR-12345"], is("PSDFR-ACPR-12345"), &[]),
            (&["PSDFR-ACPR-a_b"], is("PSDFR-ACPR-a_b"), &[]),
            (&[" PSDFR-ACPR-12345"], is("PSDFR-ACPR-12345"), &[Whitespace(Id)]),
            (&["PSDFR - ACPR\u{a0}-\u{200b} 12345 "], is("PSDFR-ACPR-12345"), &[Whitespace(Id)]),
            (&["PSDFR _ ACPR _ 1_2"], is("PSDFR-ACPR-1_2"), &[Whitespace(Id), Dash(Id)]),
            // Without their spaces the first two would be one provider.
            (&["PSDMT-MFSA-A 12345"], Organization::Invalid(Invalid::Number), &[]),
            (&["PSDMT-MFSA-A1 2345"], Organization::Invalid(Invalid::Number), &[]),
            (&["PSDMT-MFSA-A\u{200b}12345"], Organization::Invalid(Invalid::Number), &[]),
            (&["PSDNL-DNB-33031431 - 0"], Organization::Invalid(Invalid::Number), &[]),
            (&["PSDNL-DNB--1"], is("PSDNL-DNB--1"), &[]),
            (&["PSDNL--DNB-1"], Organization::Invalid(Invalid::Authority), &[]),
            (&["PSD FR-ACPR-12345"], Organization::Invalid(Invalid::Country), &[]),
            (&["PSDFR-AC PR-12345"], Organization::Invalid(Invalid::Authority), &[]),
            (&["PSDFR-ACPR-12345\n"], is("PSDFR-ACPR-12345"), &[Whitespace(Id)]),
            (&["PSDFR-ACPR-12345\0"], is("PSDFR-ACPR-12345"), &[Whitespace(Id)]),
            (&["PSDFR-ACPR-12345\0.x"], Organization::Invalid(Invalid::Number), &[]),
            (&["psdfr-acpr-12a45"], is("PSDFR-ACPR-12a45"), &[LetterCase(Id)]),
            (&["PSDFR\u{2013}ACPR\u{2013}12345"], is("PSDFR-ACPR-12345"), &[Dash(Id)]),
            (&["PSDFR_ACPR_1_2"], is("PSDFR-ACPR-1_2"), &[Dash(Id)]),
            (&["VATFR-123"], Organization::Invalid(Invalid::Prefix), &[]),
            (&["PSDFR-ACPR"], Organization::Invalid(Invalid::Authority), &[]),
            (&[""], Organization::Invalid(Invalid::Prefix), &[]),
            (&["PSDFR-AC PR-"], Organization::Invalid(Invalid::Authority), &[]),
            (&["PSDFR-ACPR-1", "PSDFR-ACPR-1"], is("PSDFR-ACPR-1"), &[OrganizationIdentifierSeveral]),
            (&["VATFR-1", "PSDFR-ACPR-1"], is("PSDFR-ACPR-1"), &[OrganizationIdentifierSeveral]),
            (&["PSDFR-ACPR-1", "PSDFR-ACPR-2"], Organization::Ambiguous, &[OrganizationIdentifierSeveral]),
            (&["VATFR-1", "NTRFR-2"], Organization::Ambiguous, &[OrganizationIdentifierSeveral]),
        ];
        for (attributes, expected, noted) in table {
            let attributes: Vec<String> = attributes.iter().map(ToString::to_string).collect();
            let mut departures = Departures::default();
            assert_eq!(Organization::read(&attributes, &mut departures), *expected, "{attributes:?}");
            assert_eq!(departures.as_slice(), *noted, "{attributes:?}");
        }
    }

    #[test]
    fn an_nca_id_is_completed_from_the_number_it_is_part_of_and_from_no_other() {
        let organization = OrganizationIdentifier::parse("PSDFR-ACPR-12345").unwrap();
        let table = [
            ("FR-ACPR", "FR-ACPR", false),
            ("FR", "FR-ACPR", true),
            ("ACPR", "FR-ACPR", true),
            ("PSDFR-ACPR-12345", "FR-ACPR", true),
            ("PSDFR-ACPR-54321", "PSDFR-ACPR-54321", false),
            ("DE", "DE", false),
            ("", "", false),
            ("AC", "AC", false),
        ];
        for (nca_id, expected, departs) in table {
            let mut licence =
                Psd2Statement { roles: vec![], nca_name: String::new(), nca_id: nca_id.to_owned() };
            let mut departures = Departures::default();
            complete(&mut licence, &organization, &mut departures);
            assert_eq!(licence.nca_id, expected);
            assert_eq!(departures.as_slice().contains(&Departure::NcaIdPart), departs, "{nca_id}");
        }
    }
}
