//! Parties, their accounts and their banks.

use payments::{
    request::Beneficiary,
    values::{Address, Bic, GenericIdentification, Iban, Party, PartyIdentity, Text},
};

use super::field::{InvalidField, Parsed, Within, code, given, mandatory, optional, valid};
use crate::api::codes::CURRENCIES;

/// The payee and his account; `id` has no meaning here.
pub(super) fn beneficiary(wire: &stet::Beneficiary) -> Parsed<Beneficiary> {
    let creditor_agent = wire.creditor_agent.as_ref().map(agent).transpose();
    Ok(Beneficiary {
        is_trusted: wire.is_trusted,
        creditor_agent: creditor_agent.within("creditorAgent")?,
        creditor: party(given("creditor", wire.creditor.as_ref())?).within("creditor")?,
        creditor_account: account(given("creditorAccount", wire.creditor_account.as_ref())?)
            .within("creditorAccount")?,
    })
}

/// A person or an organisation.
pub(super) fn party(wire: &stet::PartyIdentification) -> Parsed<Party> {
    let address = wire.postal_address.as_ref().map(address).transpose();
    Ok(Party {
        name: mandatory("name", wire.name.as_ref(), Text::parse)?,
        address: address.within("postalAddress")?,
        identity: identity(wire)?,
    })
}

fn identity(wire: &stet::PartyIdentification) -> Parsed<Option<PartyIdentity>> {
    match (&wire.organisation_id, &wire.private_id) {
        (None, None) => Ok(None),
        (Some(id), None) => {
            Ok(Some(PartyIdentity::Organisation(identification(id).within("organisationId")?)))
        }
        (None, Some(id)) => Ok(Some(PartyIdentity::Private(identification(id).within("privateId")?))),
        (Some(_), Some(_)) => Err(InvalidField::new("privateId", "must not be given beside organisationId")),
    }
}

fn identification(wire: &stet::GenericIdentification) -> Parsed<GenericIdentification> {
    Ok(GenericIdentification {
        identification: mandatory("identification", wire.identification.as_ref(), Text::parse)?,
        scheme_name: mandatory("schemeName", wire.scheme_name.as_ref(), Text::parse)?,
        issuer: optional("issuer", wire.issuer.as_ref(), Text::parse)?,
    })
}

/// Country and lines; SEPA carries none of the structured members of 1.4.2, so they are ignored.
fn address(wire: &stet::PostalAddress) -> Parsed<Address> {
    let country = given("country", wire.country.as_ref())?;
    if !stet::syntax::is_country(country) {
        return Err(InvalidField::new("country", "must be 2 capital letters"));
    }
    let lines = given("addressLine", wire.address_line.as_ref())?;
    if !(1..=2).contains(&lines.len()) {
        return Err(InvalidField::new("addressLine", "must hold 1 or 2 lines"));
    }
    let lines: Parsed<Vec<_>> = lines
        .iter()
        .enumerate()
        .map(|(index, line)| valid(&format!("addressLine[{index}]"), Text::parse(line)))
        .collect();
    Ok(Address { country: country.clone(), lines: lines? })
}

/// An account, which only an IBAN can name.
pub(super) fn account(wire: &stet::AccountIdentification) -> Parsed<Iban> {
    if wire.other.is_some() {
        return Err(InvalidField::new("other", "is not accepted, only iban is"));
    }
    let account = iban(given("iban", wire.iban.as_ref())?)?;
    code("currency", wire.currency.as_ref(), CURRENCIES)?;
    Ok(account)
}

/// An IBAN as the standard writes it: the printed form with spaces, which the domain also reads, is for people.
fn iban(text: &str) -> Parsed<Iban> {
    let proven = if stet::syntax::is_iban(text) {
        valid("iban", Iban::parse(text))
    } else {
        Err(InvalidField::new("iban", "must be an IBAN in electronic form"))
    };
    proven.map_err(|error| error.with_code("AC01"))
}

/// A bank, which only a BIC can name.
pub(super) fn agent(wire: &stet::FinancialInstitutionIdentification) -> Parsed<Bic> {
    mandatory("bicFi", wire.bic_fi.as_ref(), Bic::parse)
}
