//! From the wire to the domain: the one door by which a payment request comes in.
//!
//! Lenient about what is there, strict about what it means (STET 1.4.0.47 and 1.4.2, `POST
//! /payment-requests`; a single SEPA transfer). The first error is always the same one for the same body:
//!
//! 1. bytes, JSON, duplicate members, JSON types, anywhere in the body;
//! 2. members from the top down in the order of the standard's tables;
//! 3. rules between members: what stands in two places, or in none.
//!
//! Dates against today, limits and registered URLs follow in [`payments::admission`].

mod field;
mod instruction;
mod party;
#[cfg(test)]
mod tests;

use payments::{
    PaymentRequest, Version,
    request::{CategoryPurpose, InstructionPriority, Product, ScaHint},
    tpp::ReportUrl,
    values::{Id35, Moment},
};

pub use self::field::InvalidField;
use self::{
    field::{Parsed, Within, code, given, mandatory, one_place, optional},
    instruction::{Transfer, instruction, some_beneficiary, some_party},
    party::{account, agent, party},
};
use super::{
    codes::{
        CATEGORY_PURPOSES, CHARGE_BEARERS, LOCAL_INSTRUMENTS, PRIORITIES, PURPOSES, SCA_HINTS, SERVICE_LEVELS,
    },
    edition::Edition,
};

const TRANSACTIONS: &str = "creditTransferTransaction";

/// Reads the body of `POST /payment-requests` as spoken in `version`.
///
/// `purpose` and `ultimateCreditor` are taken at payment or instruction level in every version, though each
/// edition has them in one place only. Members that only the bank sets are ignored.
///
/// # Errors
///
/// The first member at fault, with the code the PISP is told.
pub fn payment_request(version: Version, body: &[u8]) -> Result<PaymentRequest, InvalidField> {
    let edition = Edition::of(version);
    let wire = stet::read_payment_request(body, stet::Limits::default())?;

    let payment_information_id =
        mandatory("paymentInformationId", wire.payment_information_id.as_ref(), Id35::parse)?;
    let creation_date_time = mandatory("creationDateTime", wire.creation_date_time.as_ref(), Moment::parse)?;
    number_of_transactions(&wire)?;
    let initiating_party = given("initiatingParty", wire.initiating_party.as_ref())?;
    let initiating_party = party(initiating_party).within("initiatingParty")?;
    let kind = kind(edition, &wire)?;
    let debtor = some_party("debtor", wire.debtor.as_ref())?;
    let debtor_account = wire.debtor_account.as_ref().map(account).transpose();
    let debtor_account = debtor_account.within("debtorAccount")?;
    let debtor_agent = wire.debtor_agent.as_ref().map(agent).transpose();
    let debtor_agent = debtor_agent.within("debtorAgent")?;
    let beneficiary = some_beneficiary(wire.beneficiary.as_ref())?;
    no_flat_creditor(&wire)?;
    let ultimate_creditor = some_party("ultimateCreditor", wire.ultimate_creditor.as_ref())?;
    let purpose = code("purpose", wire.purpose.as_ref(), PURPOSES)?;
    charge_bearer(edition, &wire)?;
    let requested_execution_date =
        optional("requestedExecutionDate", wire.requested_execution_date.as_ref(), Moment::parse)?;
    let transfer = only_instruction(edition, &wire)?;
    let supplementary = given("supplementaryData", wire.supplementary_data.as_ref())?;
    let supplement = supplement(supplementary).within("supplementaryData")?;

    let beneficiary = one_place("beneficiary", beneficiary, transfer.beneficiary)?;
    Ok(PaymentRequest {
        payment_information_id,
        creation_date_time,
        initiating_party,
        product: kind.product,
        instruction_priority: kind.priority,
        category_purpose: kind.category_purpose,
        debtor,
        debtor_account,
        debtor_agent,
        accept_debtor_account_change: wire.accept_debtor_account_change,
        accept_charge_handling_change: wire.accept_charge_handling_change,
        batch_booking: wire.batch_booking,
        beneficiary: given("beneficiary", beneficiary)?,
        ultimate_creditor: one_place("ultimateCreditor", ultimate_creditor, transfer.ultimate_creditor)?,
        ultimate_debtor: transfer.ultimate_debtor,
        purpose: one_place("purpose", purpose, transfer.purpose)?,
        requested_execution_date: one_place(
            "requestedExecutionDate",
            requested_execution_date,
            transfer.requested_execution_date,
        )?,
        instruction_id: transfer.instruction_id,
        end_to_end_id: transfer.end_to_end_id,
        amount: transfer.amount,
        remittance: transfer.remittance,
        accepted_redirect: supplement.accepted_redirect,
        sca_hint: supplement.sca_hint,
        successful_report_url: supplement.successful_report_url,
        unsuccessful_report_url: supplement.unsuccessful_report_url,
    })
}

/// One, and as many as follow. The array is counted here, before its items are looked at, so that a
/// grouped request is told its number and not a slip in its second transfer.
fn number_of_transactions(wire: &stet::PaymentRequest) -> Parsed<()> {
    const FIELD: &str = "numberOfTransactions";
    let number = given(FIELD, wire.number_of_transactions)?;
    if number == 0 {
        return Err(InvalidField::new(FIELD, "must be at least 1"));
    }
    let instructions = wire.credit_transfer_transaction.as_ref().map(Vec::len);
    let wrong = |rule| Err(InvalidField::new(FIELD, rule).with_code("AM18"));
    match (usize::try_from(number), instructions) {
        (Ok(number), Some(count)) if number != count => {
            wrong("must be the number of items in creditTransferTransaction")
        }
        (Ok(1), _) => Ok(()),
        _ => wrong("must be 1"),
    }
}

/// What kind of transfer it is.
struct Kind {
    priority: Option<InstructionPriority>,
    product: Product,
    category_purpose: CategoryPurpose,
}

fn kind(edition: &Edition, wire: &stet::PaymentRequest) -> Parsed<Kind> {
    const FIELD: &str = "paymentTypeInformation";
    let given_kind = given(FIELD, wire.payment_type_information.as_ref())?;
    members_of_kind(edition, given_kind).within(FIELD)
}

fn members_of_kind(edition: &Edition, wire: &stet::PaymentTypeInformation) -> Parsed<Kind> {
    let priority = code("instructionPriority", wire.instruction_priority.as_ref(), PRIORITIES)?;
    given("serviceLevel", wire.service_level.as_ref())?;
    code("serviceLevel", wire.service_level.as_ref(), SERVICE_LEVELS)?;
    let product = code("localInstrument", wire.local_instrument.as_ref(), LOCAL_INSTRUMENTS)?;
    if edition.all_codes_are_mandatory {
        given("categoryPurpose", wire.category_purpose.as_ref())?;
    }
    let category_purpose = code("categoryPurpose", wire.category_purpose.as_ref(), CATEGORY_PURPOSES)?;
    Ok(Kind {
        priority,
        product: product.unwrap_or(Product::Sct),
        category_purpose: category_purpose.unwrap_or(CategoryPurpose::Cash),
    })
}

/// An example of edition 1.4 shows the creditor without `beneficiary`, against its own schema.
fn no_flat_creditor(wire: &stet::PaymentRequest) -> Parsed<()> {
    if wire.has_flat_creditor {
        let rule = "must hold creditor, creditorAccount and creditorAgent";
        return Err(InvalidField::new("beneficiary", rule));
    }
    Ok(())
}

fn charge_bearer(edition: &Edition, wire: &stet::PaymentRequest) -> Parsed<()> {
    if edition.all_codes_are_mandatory {
        given("chargeBearer", wire.charge_bearer.as_ref())?;
    }
    code("chargeBearer", wire.charge_bearer.as_ref(), CHARGE_BEARERS).map(|_| ())
}

fn only_instruction(edition: &Edition, wire: &stet::PaymentRequest) -> Parsed<Transfer> {
    let instructions = given(TRANSACTIONS, wire.credit_transfer_transaction.as_ref())?;
    let first = given(TRANSACTIONS, instructions.first())?;
    instruction(edition, first).within("creditTransferTransaction[0]")
}

/// How the PSU authenticates and where the browser goes then.
struct Supplement {
    accepted_redirect: bool,
    sca_hint: Option<ScaHint>,
    successful_report_url: ReportUrl,
    unsuccessful_report_url: Option<ReportUrl>,
}

fn supplement(wire: &stet::SupplementaryData) -> Parsed<Supplement> {
    Ok(Supplement {
        accepted_redirect: accepted_redirect(wire)?,
        sca_hint: code("scaHint", wire.sca_hint.as_ref(), SCA_HINTS)?,
        successful_report_url: mandatory(
            "successfulReportUrl",
            wire.successful_report_url.as_ref(),
            ReportUrl::parse,
        )?,
        unsuccessful_report_url: optional(
            "unsuccessfulReportUrl",
            wire.unsuccessful_report_url.as_ref(),
            ReportUrl::parse,
        )?,
    })
}

/// Whether `REDIRECT`, the one approach we have, is among those named; other names do no harm beside it.
fn accepted_redirect(wire: &stet::SupplementaryData) -> Parsed<bool> {
    let accepted = wire.accepted_authentication_approach.as_deref();
    let names_redirect = |approaches: &[String]| {
        let redirect = stet::AuthenticationApproach::Redirect.code();
        approaches.iter().any(|approach| approach == redirect)
    };
    match accepted {
        None | Some([]) => Ok(false),
        Some(approaches) if names_redirect(approaches) => Ok(true),
        Some(_) => Err(InvalidField::new("acceptedAuthenticationApproach", "must contain REDIRECT")),
    }
}
