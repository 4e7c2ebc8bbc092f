//! A register as a table: for national registers, and for what a bank decides itself.
//!
//! Text in UTF-8, fields apart by commas or by semicolons, one header, one provider a line.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Read},
};

use ::csv::{ReaderBuilder, StringRecord, Trim};
use eidas::OrganizationIdentifier;
use payments::licence::{Licence, Listing};

use super::{Bounded, InvalidRegister, Register, is_country, printable};

/// The columns, in any order. Others are not read.
pub const COLUMNS: [&str; 4] = ["organization_identifier", "name", "standing", "payment_initiation_in"];
/// How many wrong rows are told.
const MAX_TOLD: usize = 20;

/// Reads a register.
///
/// # Errors
///
/// [`InvalidRegister`] with the lines that are wrong. One wrong line refuses the file.
pub fn read(source: impl Read, register: &str) -> Result<Register, InvalidRegister> {
    let mut source = BufReader::new(Bounded::new(source));
    let first = source.fill_buf()?;
    let header = first.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = if header.contains(&b';') && !header.contains(&b',') { b';' } else { b',' };
    let mut table = ReaderBuilder::new().delimiter(delimiter).trim(Trim::All).from_reader(source);
    let columns = columns(table.headers().map_err(header_error)?)?;
    let mut rows = Rows { register, columns, listings: BTreeMap::new(), wrong: Vec::new() };
    for record in table.into_records() {
        match record {
            Ok(record) => rows.add(&record),
            Err(error) => rows.refuse(error)?,
        }
        if rows.wrong.len() == MAX_TOLD {
            break;
        }
    }
    rows.finish()
}

fn header_error(error: ::csv::Error) -> InvalidRegister {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error.into(),
        _ => InvalidRegister::Header { what: "it cannot be read".to_owned() },
    }
}

/// Where each of [`COLUMNS`] stands.
fn columns(header: &StringRecord) -> Result<[usize; 4], InvalidRegister> {
    let mut found = [0; 4];
    for (place, column) in found.iter_mut().zip(COLUMNS) {
        let mut places =
            header.iter().enumerate().filter(|(_, name)| *name == column).map(|(place, _)| place);
        *place =
            places.next().ok_or_else(|| InvalidRegister::Header { what: format!("{column} is missing") })?;
        if places.next().is_some() {
            return Err(InvalidRegister::Header { what: format!("{column} is there twice") });
        }
    }
    Ok(found)
}

struct Rows<'a> {
    register: &'a str,
    columns: [usize; 4],
    /// With the line that each stands in.
    listings: BTreeMap<String, (u64, Listing)>,
    wrong: Vec<String>,
}

impl Rows<'_> {
    fn add(&mut self, record: &StringRecord) {
        let line = record.position().map_or(0, ::csv::Position::line);
        match self.listing(record) {
            Ok(listing) => {
                let earlier = self.listings.get(&listing.organization_identifier).map(|(line, _)| *line);
                if let Some(earlier) = earlier {
                    self.wrong.push(format!("line {line}: the provider of line {earlier} again"));
                } else {
                    self.listings.insert(listing.organization_identifier.clone(), (line, listing));
                }
            }
            Err(what) => self.wrong.push(format!("line {line}: {what}")),
        }
    }

    fn refuse(&mut self, error: ::csv::Error) -> Result<(), InvalidRegister> {
        let line = error.position().map_or(0, ::csv::Position::line);
        let what = match error.into_kind() {
            ::csv::ErrorKind::Io(error) => return Err(error.into()),
            ::csv::ErrorKind::Utf8 { .. } => "not in UTF-8".to_owned(),
            ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("{len} fields instead of {expected_len}")
            }
            _ => "cannot be read".to_owned(),
        };
        self.wrong.push(format!("line {line}: {what}"));
        Ok(())
    }

    fn listing(&self, record: &StringRecord) -> Result<Listing, String> {
        let [identifier, name, standing, countries] =
            self.columns.map(|column| record.get(column).unwrap_or_default());
        let identifier = OrganizationIdentifier::parse(identifier).map_err(|error| error.to_string())?;
        let name = printable(name);
        if name.is_empty() {
            return Err("name is empty".to_owned());
        }
        let standing = [Licence::Active, Licence::Suspended, Licence::Withdrawn]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(standing))
            .ok_or("standing must be active, suspended or withdrawn")?;
        let countries: BTreeSet<String> = countries.split_ascii_whitespace().map(str::to_owned).collect();
        if !countries.iter().all(|country| is_country(country)) {
            return Err("payment_initiation_in must be countries such as FR DE, apart by spaces".to_owned());
        }
        Ok(Listing {
            register: self.register.to_owned(),
            organization_identifier: identifier.to_string(),
            name,
            standing,
            payment_initiation_in: countries,
        })
    }

    fn finish(self) -> Result<Register, InvalidRegister> {
        if !self.wrong.is_empty() {
            return Err(InvalidRegister::Rows(self.wrong));
        }
        if self.listings.is_empty() {
            return Err(InvalidRegister::Empty);
        }
        let listings = self.listings.into_values().map(|(_, listing)| listing).collect();
        Ok(Register { listings, ..Register::default() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &[u8] = include_bytes!("../../../../docs/examples/national-register.csv");
    const HEADER: &str = "organization_identifier,name,standing,payment_initiation_in\n";

    #[test]
    fn the_example_lists_its_providers() {
        let register = read(EXAMPLE, "ACPR").unwrap();
        let told: Vec<String> = register
            .listings
            .iter()
            .map(|listing| {
                let countries: Vec<&str> = listing.payment_initiation_in.iter().map(String::as_str).collect();
                format!(
                    "{} {} {} {} [{}]",
                    listing.register,
                    listing.organization_identifier,
                    listing.name,
                    listing.standing.as_str(),
                    countries.join(" ")
                )
            })
            .collect();
        let expected = [
            "ACPR PSDFR-ACPR-12345 Exemple Paiement SAS active [BE DE FR]",
            "ACPR PSDFR-ACPR-23456 Caisse & Cie, Paris suspended [FR]",
            "ACPR PSDFR-ACPR-34567 Ancien Initiateur SA withdrawn [FR]",
            "ACPR PSDFR-ACPR-45678 Comptes Seulement SARL active []",
        ];
        assert_eq!(told, expected);
        assert_eq!((register.published_at, register.passed_over.len()), (None, 0));
    }

    #[test]
    fn order_case_spaces_semicolons_a_mark_and_further_columns_do_not_count() {
        let expected = read(format!("{HEADER}PSDFR-ACPR-1,A,active,FR DE\n").as_bytes(), "X").unwrap();
        let table = [
            "name,standing,organization_identifier,payment_initiation_in\nA,ACTIVE,PSDFR-ACPR-1,DE FR\n",
            "organization_identifier;name;standing;payment_initiation_in\r\nPSDFR-ACPR-1;A;active;FR DE\r\n",
            "\u{feff}organization_identifier,name,standing,payment_initiation_in\nPSDFR-ACPR-1, A ,active,FR  DE",
            "city,organization_identifier,name,standing,payment_initiation_in\nParis,PSDFR-ACPR-1,A,active,\"FR DE\"\n",
        ];
        for text in table {
            assert_eq!(read(text.as_bytes(), "X").unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn one_wrong_line_refuses_the_file_and_is_named() {
        let table = [
            ("", "the register lists no provider"),
            ("PSDFR-ACPR-1,A,active\n", "line 2: 3 fields instead of 4"),
            ("PSDFR-ACPR-1,,active,FR\n", "line 2: name is empty"),
            ("PSDFR-ACPR-1,A,aktiv,FR\n", "line 2: standing must be active, suspended or withdrawn"),
            (
                "PSDFR-ACPR-1,A,active,FR\nPSDFR-ACPR-2,B,active,fr\n",
                "line 3: payment_initiation_in must be countries such as FR DE, apart by spaces",
            ),
            ("FR-ACPR-1,A,active,FR\n", "line 2: organizationIdentifier does not start with PSD"),
            ("PSDFR-ACPR-1,A,active,FR\nPSDFR-ACPR-1,A,active,DE\n", "line 3: the provider of line 2 again"),
        ];
        for (rows, expected) in table {
            let error = read(format!("{HEADER}{rows}").as_bytes(), "X").unwrap_err().to_string();
            assert!(error.starts_with(expected), "{rows}: {error}");
        }
        let several = read(format!("{HEADER}{}", "x,,,\n".repeat(30)).as_bytes(), "X").unwrap_err();
        assert_eq!(several.to_string().lines().count(), MAX_TOLD);
        let latin = read(&[HEADER.as_bytes(), b"PSDFR-ACPR-1,Soci\xe9t\xe9,active,FR\n"].concat()[..], "X");
        assert_eq!(latin.unwrap_err().to_string(), "line 2: not in UTF-8");
    }

    #[test]
    fn a_header_that_is_not_as_documented_is_refused() {
        let table = [
            ("", "organization_identifier is missing"),
            ("PSDFR-ACPR-1,A,active,FR\n", "organization_identifier is missing"),
            ("organization_identifier,name,standing\n", "payment_initiation_in is missing"),
            ("organization_identifier,name,name,standing,payment_initiation_in\n", "name is there twice"),
        ];
        for (text, expected) in table {
            let error = read(text.as_bytes(), "X").unwrap_err().to_string();
            assert!(error.ends_with(expected), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes[..], "X");
            let _ = read(&[HEADER.as_bytes(), &bytes].concat()[..], "X");
        }
    }
}
