//! From the domain to the wire: the one door by which a payment goes out to its PISP.
//!
//! The answer is in the form of the version called, whichever version the payment was made in; members an
//! edition does not have are left out.

use payments::{
    Payment, PaymentRequest, Version,
    institution::{Institution, Redirect},
    lifecycle::{State, Status},
    request::Product,
    values::{Address, Amount, Bic, GenericIdentification, Iban, Moment, Party, PartyIdentity},
};
use stet::AuthenticationApproach;

use super::{
    codes::{
        CATEGORY_PURPOSES, CHARGE_BEARERS, CURRENCIES, LOCAL_INSTRUMENTS, PRIORITIES, PURPOSES, SCA_HINTS,
        SERVICE_LEVELS, code,
    },
    edition::{Edition, Place, SelfLink},
};

/// The path of a payment request in `version`, from the root: for `Location` and links.
pub fn path(version: Version, payment: &Payment) -> String {
    format!("{}/payment-requests/{}", version.base_path(), payment.id())
}

/// The answer to `POST /payment-requests`: where the PSU approves, and the nonce in that link.
///
/// The link of a simple redirect is complete as it is; to that of an enforced one the PISP adds.
pub fn creation(redirect: Redirect, consent_url: String, nonce: String) -> stet::PaymentRequestCreation {
    let templated = redirect == Redirect::Enforced;
    stet::PaymentRequestCreation {
        applied_authentication_approach: Some(AuthenticationApproach::Redirect),
        nonce: Some(nonce),
        links: Some(stet::CreationLinks {
            consent_approval: Some(stet::Link { href: consent_url, templated: Some(templated) }),
        }),
    }
}

/// The answer to `GET /payment-requests/{id}`: what was asked, and where it stands.
pub fn payment_request(
    version: Version,
    payment: &Payment,
    institution: &Institution,
) -> stet::HalPaymentRequest {
    let edition = Edition::of(version);
    let status = payment.status();
    stet::HalPaymentRequest {
        payment_request: stet::PaymentRequest {
            resource_id: Some(payment.id().to_string()),
            payment_information_status: Some(payment_status(edition, status)),
            status_reason_information: reason(edition, payment),
            booking: booking(payment),
            debtor_account: debtor_account(payment).map(account),
            debtor_agent: debtor_agent(payment, institution).map(agent),
            credit_transfer_transaction: Some(vec![stet::CreditTransferTransaction {
                payment_id: Some(payment_id(payment)),
                transaction_status: Some(transaction_status(status)),
                status_reason_information: reason(edition, payment),
                ..instruction(edition, payment.request())
            }]),
            ..as_asked(edition, payment.request())
        },
        links: links(edition, path(version, payment), status),
    }
}

/// What the PISP asked at payment level. What both levels could hold stands where the edition has it, date
/// and beneficiary here: clients look for them here when there is but one.
fn as_asked(edition: &Edition, request: &PaymentRequest) -> stet::PaymentRequest {
    let here = edition.purpose_stands == Place::Payment;
    let if_known = |flag: Option<bool>| flag.filter(|_| edition.has_change_members);
    stet::PaymentRequest {
        payment_information_id: Some(request.payment_information_id.as_str().to_owned()),
        batch_booking: if_known(request.batch_booking),
        creation_date_time: Some(request.creation_date_time.to_rfc3339()),
        number_of_transactions: Some(1),
        initiating_party: Some(party(&request.initiating_party)),
        accept_debtor_account_change: if_known(request.accept_debtor_account_change),
        accept_charge_handling_change: if_known(request.accept_charge_handling_change),
        payment_type_information: Some(stet::PaymentTypeInformation {
            instruction_priority: request
                .instruction_priority
                .and_then(|priority| code(PRIORITIES, &priority)),
            service_level: code(SERVICE_LEVELS, &()),
            local_instrument: code(LOCAL_INSTRUMENTS, &request.product),
            category_purpose: code(CATEGORY_PURPOSES, &request.category_purpose),
        }),
        debtor: request.debtor.as_ref().map(party),
        beneficiary: Some(beneficiary(&request.beneficiary)),
        ultimate_creditor: request.ultimate_creditor.as_ref().filter(|_| here).map(party),
        purpose: purpose(request).filter(|_| here),
        charge_bearer: code(CHARGE_BEARERS, &()),
        requested_execution_date: request.requested_execution_date.map(Moment::to_rfc3339),
        supplementary_data: Some(supplementary_data(request)),
        ..stet::PaymentRequest::default()
    }
}

/// What the PISP asked at instruction level.
fn instruction(edition: &Edition, request: &PaymentRequest) -> stet::CreditTransferTransaction {
    let here = edition.purpose_stands == Place::Instruction;
    let ultimate_debtor = request.ultimate_debtor.as_ref();
    stet::CreditTransferTransaction {
        instructed_amount: Some(stet::AmountType {
            currency: code(CURRENCIES, &()),
            amount: Some(amount(edition, request.amount)),
        }),
        ultimate_debtor: ultimate_debtor.filter(|_| edition.has_change_members).map(party),
        ultimate_creditor: request.ultimate_creditor.as_ref().filter(|_| here).map(party),
        purpose: purpose(request).filter(|_| here),
        // A list in both editions, whatever form came in: it is what clients of BPCE read.
        remittance_information: Some(stet::RemittanceInformation::Lines(vec![
            request.remittance.as_str().to_owned(),
        ])),
        ..stet::CreditTransferTransaction::default()
    }
}

fn payment_id(payment: &Payment) -> stet::PaymentIdentification {
    let request = payment.request();
    stet::PaymentIdentification {
        resource_id: Some(payment.id().transfer_id()),
        instruction_id: Some(request.instruction_id.as_str().to_owned()),
        end_to_end_id: request.end_to_end_id.as_ref().map(|id| id.as_str().to_owned()),
    }
}

fn supplementary_data(request: &PaymentRequest) -> stet::SupplementaryData {
    let redirect = || vec![AuthenticationApproach::Redirect.code().to_owned()];
    let unsuccessful = request.unsuccessful_report_url.as_ref();
    stet::SupplementaryData {
        accepted_authentication_approach: request.accepted_redirect.then(redirect),
        applied_authentication_approach: Some(AuthenticationApproach::Redirect),
        sca_hint: request.sca_hint.and_then(|hint| code(SCA_HINTS, &hint)),
        successful_report_url: Some(request.successful_report_url.as_str().to_owned()),
        unsuccessful_report_url: unsuccessful.map(|url| url.as_str().to_owned()),
    }
}

/// An edition without confirmation has no word for waiting for it: there the PSU's approval is under way.
fn payment_status(edition: &Edition, status: Status) -> stet::PaymentInformationStatus {
    match status {
        Status::Acco if edition.confirmation.is_some() => stet::PaymentInformationStatus::Acco,
        Status::Actc => stet::PaymentInformationStatus::Actc,
        Status::Accp | Status::Acco => stet::PaymentInformationStatus::Accp,
        Status::Acsp => stet::PaymentInformationStatus::Acsp,
        Status::Pdng => stet::PaymentInformationStatus::Pdng,
        Status::Acsc => stet::PaymentInformationStatus::Acsc,
        Status::Rjct => stet::PaymentInformationStatus::Rjct,
    }
}

/// 1.4.0.47 has four codes here, and 1.4.2 adds only `CANC`: until the PSU approves, and the PISP confirms
/// where it must, a transfer is pending.
fn transaction_status(status: Status) -> stet::TransactionStatus {
    match status {
        Status::Actc | Status::Accp | Status::Acco | Status::Pdng => stet::TransactionStatus::Pdng,
        Status::Acsp => stet::TransactionStatus::Acsp,
        Status::Acsc => stet::TransactionStatus::Acsc,
        Status::Rjct => stet::TransactionStatus::Rjct,
    }
}

fn reason(edition: &Edition, payment: &Payment) -> Option<stet::StatusReason> {
    match payment.state() {
        State::Rejected(rejection) => Some((edition.reason)(rejection.reason)),
        _ => None,
    }
}

/// Funds are reserved when the PSU approves; the standard has this told for transfers that are not instant.
/// `fundsAvailability` would go with `false` only, which we never say.
fn booking(payment: &Payment) -> Option<bool> {
    let state = payment.state();
    let reserved = state.authorisation().is_some() && !matches!(state, State::Rejected(_));
    (reserved && payment.request().product != Product::SctInst).then_some(true)
}

/// The account the PISP named, or the one the PSU approved: a choice not yet approved is nobody's business.
fn debtor_account(payment: &Payment) -> Option<&Iban> {
    let approved = payment.state().authorisation();
    let approved = approved.map(|approval| &approval.debtor.account);
    approved.or(payment.request().debtor_account.as_ref())
}

/// The bank the PISP named, and ours once it is certain that we debit an account.
fn debtor_agent<'a>(payment: &'a Payment, institution: &'a Institution) -> Option<&'a Bic> {
    let ours = payment.state().authorisation().map(|_| &institution.bic);
    payment.request().debtor_agent.as_ref().or(ours)
}

fn amount(edition: &Edition, amount: Amount) -> stet::Amount {
    if edition.amounts_are_numbers {
        stet::Amount::Number(amount.to_decimal())
    } else {
        stet::Amount::Text(amount.to_decimal())
    }
}

fn purpose(request: &PaymentRequest) -> Option<String> {
    request.purpose.and_then(|purpose| code(PURPOSES, &purpose))
}

fn beneficiary(beneficiary: &payments::request::Beneficiary) -> stet::Beneficiary {
    stet::Beneficiary {
        id: None,
        is_trusted: beneficiary.is_trusted,
        creditor_agent: beneficiary.creditor_agent.as_ref().map(agent),
        creditor: Some(party(&beneficiary.creditor)),
        creditor_account: Some(account(&beneficiary.creditor_account)),
    }
}

fn party(party: &Party) -> stet::PartyIdentification {
    let (organisation_id, private_id) = match &party.identity {
        None => (None, None),
        Some(PartyIdentity::Organisation(id)) => (Some(identification(id)), None),
        Some(PartyIdentity::Private(id)) => (None, Some(identification(id))),
    };
    stet::PartyIdentification {
        name: Some(party.name.as_str().to_owned()),
        postal_address: party.address.as_ref().map(address),
        organisation_id,
        private_id,
    }
}

fn address(address: &Address) -> stet::PostalAddress {
    let lines = address.lines.iter().map(|line| line.as_str().to_owned());
    stet::PostalAddress {
        country: Some(address.country.clone()),
        address_line: Some(lines.collect()),
        ..stet::PostalAddress::default()
    }
}

fn identification(id: &GenericIdentification) -> stet::GenericIdentification {
    stet::GenericIdentification {
        identification: Some(id.identification.as_str().to_owned()),
        scheme_name: Some(id.scheme_name.as_str().to_owned()),
        issuer: id.issuer.as_ref().map(|issuer| issuer.as_str().to_owned()),
    }
}

fn account(iban: &Iban) -> stet::AccountIdentification {
    stet::AccountIdentification {
        iban: Some(iban.as_str().to_owned()),
        ..stet::AccountIdentification::default()
    }
}

fn agent(bic: &Bic) -> stet::FinancialInstitutionIdentification {
    stet::FinancialInstitutionIdentification {
        bic_fi: Some(bic.as_str().to_owned()),
        ..stet::FinancialInstitutionIdentification::default()
    }
}

/// The payment request itself, and where it is confirmed while that is awaited.
fn links(edition: &Edition, path: String, status: Status) -> stet::PaymentRequestLinks {
    let confirmation = edition.confirmation.filter(|_| status == Status::Acco);
    let confirmation = confirmation.map(|name| stet::Link::to(format!("{path}/{name}")));
    let link = Some(stet::Link::to(path));
    match edition.itself {
        SelfLink::Itself => stet::PaymentRequestLinks { itself: link, request: None, confirmation },
        SelfLink::Request => stet::PaymentRequestLinks { itself: None, request: link, confirmation },
    }
}
