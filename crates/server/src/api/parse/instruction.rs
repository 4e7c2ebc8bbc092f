//! The only credit transfer of a request.

use payments::{
    request::{Beneficiary, Purpose},
    values::{Amount, EndToEndId, Id35, InstructionId, Moment, Party, Remittance, Text},
};
use stet::RemittanceInformation;

use super::{
    field::{InvalidField, Parsed, Within, code, given, mandatory, optional, valid},
    party::{beneficiary, party},
};
use crate::api::{
    codes::{CURRENCIES, EXECUTION_RULES, PURPOSES},
    edition::Edition,
};

/// An instruction whose members are proven; whether they fit those at payment level is yet to be seen.
pub(super) struct Transfer {
    pub(super) instruction_id: InstructionId,
    pub(super) end_to_end_id: Option<EndToEndId>,
    pub(super) requested_execution_date: Option<Moment>,
    pub(super) amount: Amount,
    pub(super) ultimate_debtor: Option<Party>,
    pub(super) beneficiary: Option<Beneficiary>,
    pub(super) ultimate_creditor: Option<Party>,
    pub(super) purpose: Option<Purpose>,
    pub(super) remittance: Remittance,
}

/// Members in the order of the standard's table; those not for SEPA are ignored.
pub(super) fn instruction(edition: &Edition, wire: &stet::CreditTransferTransaction) -> Parsed<Transfer> {
    let payment_id = given("paymentId", wire.payment_id.as_ref())?;
    let (instruction_id, end_to_end_id) = identifiers(edition, payment_id).within("paymentId")?;
    let requested_execution_date =
        optional("requestedExecutionDate", wire.requested_execution_date.as_ref(), Moment::parse)?;
    no_standing_order(wire)?;
    let amount = amount(wire)?;
    Ok(Transfer {
        instruction_id,
        end_to_end_id,
        requested_execution_date,
        amount,
        ultimate_debtor: some_party("ultimateDebtor", wire.ultimate_debtor.as_ref())?,
        beneficiary: some_beneficiary(wire.beneficiary.as_ref())?,
        ultimate_creditor: some_party("ultimateCreditor", wire.ultimate_creditor.as_ref())?,
        purpose: code("purpose", wire.purpose.as_ref(), PURPOSES)?,
        remittance: remittance(given("remittanceInformation", wire.remittance_information.as_ref())?)?,
    })
}

/// A party that may be left out.
pub(super) fn some_party(field: &str, wire: Option<&stet::PartyIdentification>) -> Parsed<Option<Party>> {
    wire.map(party).transpose().within(field)
}

/// A beneficiary that may stand elsewhere.
pub(super) fn some_beneficiary(wire: Option<&stet::Beneficiary>) -> Parsed<Option<Beneficiary>> {
    wire.map(beneficiary).transpose().within("beneficiary")
}

fn identifiers(
    edition: &Edition,
    wire: &stet::PaymentIdentification,
) -> Parsed<(InstructionId, Option<EndToEndId>)> {
    let instruction_id = mandatory("instructionId", wire.instruction_id.as_ref(), Id35::parse)?;
    if edition.all_codes_are_mandatory {
        given("endToEndId", wire.end_to_end_id.as_ref())?;
    }
    let end_to_end_id = optional("endToEndId", wire.end_to_end_id.as_ref(), Id35::parse)?;
    Ok((instruction_id, end_to_end_id))
}

/// Standing orders are not offered in these editions. `executionRule` alone means nothing to a transfer of
/// today: `FWNG`, which live clients send with every transfer, is ignored.
fn no_standing_order(wire: &stet::CreditTransferTransaction) -> Parsed<()> {
    const RULE: &str = "must not be given: standing orders are not offered";
    if wire.end_date.is_some() {
        return Err(InvalidField::new("endDate", RULE));
    }
    code("executionRule", wire.execution_rule.as_ref(), EXECUTION_RULES)?;
    if wire.frequency.is_some() {
        return Err(InvalidField::new("frequency", RULE));
    }
    Ok(())
}

fn amount(wire: &stet::CreditTransferTransaction) -> Parsed<Amount> {
    if wire.has_equivalent_amount {
        return Err(InvalidField::new(
            "equivalentAmount",
            "must not be given: only euro transfers are offered",
        ));
    }
    let instructed = given("instructedAmount", wire.instructed_amount.as_ref())?;
    euros(instructed).within("instructedAmount")
}

fn euros(wire: &stet::AmountType) -> Parsed<Amount> {
    given("currency", wire.currency.as_ref())?;
    code("currency", wire.currency.as_ref(), CURRENCIES)?;
    let amount = given("amount", wire.amount.as_ref())?;
    // JSON has an exponent form for numbers; the standard's pattern for strings has none.
    if let stet::Amount::Text(text) = amount
        && text.contains(['e', 'E'])
    {
        return Err(InvalidField::new("amount", "must be a decimal number"));
    }
    valid("amount", Amount::parse(amount.as_str()))
}

/// Either form in either edition: clients of 1.4.2 send the list of 1.4.0 and the other way round.
fn remittance(wire: &RemittanceInformation) -> Parsed<Remittance> {
    const FIELD: &str = "remittanceInformation";
    match wire {
        RemittanceInformation::Lines(lines) => line(FIELD, lines),
        RemittanceInformation::Object { unstructured, structured } => {
            // An empty list says as little as no list.
            let lines = unstructured.as_deref().unwrap_or_default();
            let references = structured.as_deref().unwrap_or_default();
            match (lines, references) {
                ([], []) => Err(InvalidField::new(FIELD, "must hold one line")),
                (lines, []) => line("unstructured", lines).within(FIELD),
                ([], references) => reference(references).within(FIELD),
                _ => Err(InvalidField::new(FIELD, "must be structured or unstructured, not both")),
            }
        }
    }
}

fn line(field: &str, lines: &[String]) -> Parsed<Remittance> {
    match lines {
        [line] => Ok(Remittance::Unstructured(valid(field, Text::parse(line))?)),
        _ => Err(InvalidField::new(field, "must hold one line")),
    }
}

fn reference(references: &[stet::StructuredRemittanceInformation]) -> Parsed<Remittance> {
    let [structured] = references else {
        return Err(InvalidField::new("structured", "must hold one reference"));
    };
    let creditor = given("creditorReferenceInformation", structured.creditor_reference_information.as_ref())
        .within("structured[0]")?;
    let text = mandatory("reference", creditor.reference.as_ref(), Text::parse)
        .within("structured[0].creditorReferenceInformation")?;
    Ok(Remittance::CreditorReference(text))
}
