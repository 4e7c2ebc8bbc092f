//! Whether a well-formed request may be asked here and today: products, dates, limits, URLs.
//!
//! These are the refusals known before the PSU appears; they are answered at once and nothing is
//! stored. What depends on the PSU's account is decided later and becomes a status.

use jiff::{Timestamp, ToSpan, civil::Date};

use crate::{
    PaymentRequest, Version,
    institution::{Institution, Redirect},
    request::Product,
    tpp::{GrantType, Tpp},
    values::paris_day,
};

/// A refusal: the code of the list the PISP knows, the field at fault and the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} {rule}")]
pub struct Refusal {
    /// Four-letter code, such as `CH03`.
    pub code: &'static str,
    /// The field at fault, as a path in the body.
    pub field: &'static str,
    /// What it must be.
    pub rule: &'static str,
}

const fn refusal(code: &'static str, field: &'static str, rule: &'static str) -> Refusal {
    Refusal { code, field, rule }
}

/// Decides whether `request`, spoken in `version` by `tpp`, is admitted by `institution` at `now`.
///
/// # Errors
///
/// The first rule that fails: product, debtor side, creditor side, dates, limits, report URLs, confirmation.
pub fn admit(
    request: &PaymentRequest,
    version: Version,
    institution: &Institution,
    tpp: &Tpp,
    now: Timestamp,
) -> Result<(), Refusal> {
    product(request, version, institution)?;
    debtor(request, institution)?;
    creditor(request)?;
    dates(request, institution, now)?;
    limits(request, institution)?;
    report_urls(request, tpp)?;
    confirmation(version, institution, tpp)
}

fn product(request: &PaymentRequest, version: Version, institution: &Institution) -> Result<(), Refusal> {
    if institution.offers(version, request.product) {
        return Ok(());
    }
    Err(match request.product {
        Product::SctInst => refusal(
            "AG01",
            "paymentTypeInformation.localInstrument",
            "INST is not offered by this bank in this version",
        ),
        Product::Sct => {
            refusal("AG01", "paymentTypeInformation", "SEPA is not offered by this bank in this version")
        }
    })
}

fn debtor(request: &PaymentRequest, institution: &Institution) -> Result<(), Refusal> {
    if request.debtor_agent.as_ref().is_some_and(|bic| !same_bank(bic.as_str(), institution.bic.as_str())) {
        return Err(refusal("FF01", "debtorAgent.bicFi", "must be the BIC of this bank"));
    }
    if request.debtor_account.as_ref().is_some_and(|account| !institution.holds(account)) {
        return Err(refusal("RR01", "debtorAccount.iban", "must be an account held at this bank"));
    }
    Ok(())
}

/// Whether two BICs name one bank: a missing branch means the head office, written `XXX` (ISO 9362).
fn same_bank(given: &str, ours: &str) -> bool {
    given == ours || (given.len() == 8 && ours.starts_with(given))
}

fn creditor(request: &PaymentRequest) -> Result<(), Refusal> {
    let beneficiary = &request.beneficiary;
    if !beneficiary.creditor_account.in_euro_area() && beneficiary.creditor_agent.is_none() {
        return Err(refusal(
            "FF01",
            "beneficiary.creditorAgent.bicFi",
            "must be given for an account outside the euro area",
        ));
    }
    Ok(())
}

fn dates(request: &PaymentRequest, institution: &Institution, now: Timestamp) -> Result<(), Refusal> {
    let tolerance_s = i64::from(institution.settings.creation_date_tolerance_s);
    let age_s = now.duration_since(request.creation_date_time.at()).as_secs();
    if tolerance_s > 0 && age_s.abs() > tolerance_s {
        return Err(refusal("FF01", "creationDateTime", "must be within 24 hours of now"));
    }
    match request.requested_execution_date {
        Some(date) => execution_day(date.paris_day(), paris_day(now), institution.settings.max_future_days),
        None => Ok(()),
    }
}

/// Only the calendar day in Paris counts; an hour earlier today is today.
fn execution_day(asked: Date, today: Date, max_future_days: u16) -> Result<(), Refusal> {
    const FIELD: &str = "requestedExecutionDate";
    let last = today.saturating_add(i32::from(max_future_days).days());
    if asked < today {
        Err(refusal("FF01", FIELD, "must not be in the past"))
    } else if asked > last {
        Err(refusal("CH03", FIELD, "is too far ahead"))
    } else if asked > today {
        Err(refusal("FF01", FIELD, "must be today: deferred transfers are not offered"))
    } else {
        Ok(())
    }
}

fn limits(request: &PaymentRequest, institution: &Institution) -> Result<(), Refusal> {
    let too_much = |max| request.amount > max;
    if request.product == Product::SctInst && institution.settings.instant_max_amount.is_some_and(too_much) {
        return Err(refusal(
            "FF01",
            "creditTransferTransaction[0].instructedAmount.amount",
            "is above the limit for instant transfers",
        ));
    }
    Ok(())
}

fn report_urls(request: &PaymentRequest, tpp: &Tpp) -> Result<(), Refusal> {
    const RULE: &str = "must match a registered redirect URI";
    if !tpp.may_redirect_to(&request.successful_report_url) {
        return Err(refusal("FF01", "supplementaryData.successfulReportUrl", RULE));
    }
    if request.unsuccessful_report_url.as_ref().is_some_and(|url| !tpp.may_redirect_to(url)) {
        return Err(refusal("FF01", "supplementaryData.unsuccessfulReportUrl", RULE));
    }
    Ok(())
}

/// Nobody is asked to approve what his PISP could never confirm.
fn confirmation(version: Version, institution: &Institution, tpp: &Tpp) -> Result<(), Refusal> {
    if institution.redirect(version) == Redirect::Simple
        || tpp.grant_types.contains(&GrantType::AuthorizationCode)
    {
        return Ok(());
    }
    Err(refusal("FF01", "the client", "must be registered for authorization_code: this bank asks to confirm"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        samples,
        values::{Bic, Iban, Moment},
    };

    #[test]
    fn every_rule_of_admission_has_its_code_and_field() {
        type Change = fn(&mut PaymentRequest);
        type Expected = Result<(), (&'static str, &'static str)>;
        let table: [(Change, Expected); 15] = [
            (|_| {}, Ok(())),
            (|r| r.product = Product::SctInst, Err(("AG01", "paymentTypeInformation.localInstrument"))),
            (|r| r.debtor_agent = Some(Bic::parse("CEPAFRPP751").unwrap()), Ok(())),
            (|r| r.debtor_agent = Some(Bic::parse("CEPAFRPP").unwrap()), Ok(())),
            (|r| r.debtor_agent = Some(Bic::parse("BNPAFRPP").unwrap()), Err(("FF01", "debtorAgent.bicFi"))),
            (|r| r.debtor_account = Some(iban("FR7617515900000800123456711")), Ok(())),
            (
                |r| r.debtor_account = Some(iban("FR7611425009000401234567877")),
                Err(("RR01", "debtorAccount.iban")),
            ),
            (|r| r.beneficiary.creditor_account = iban("DE89370400440532013000"), Ok(())),
            (
                |r| r.beneficiary.creditor_account = iban("CH9300762011623852957"),
                Err(("FF01", "beneficiary.creditorAgent.bicFi")),
            ),
            (|r| r.creation_date_time = moment("2026-02-28T09:00:00Z"), Err(("FF01", "creationDateTime"))),
            (|r| r.requested_execution_date = Some(moment("2026-03-02T08:00:00+01:00")), Ok(())),
            (
                |r| r.requested_execution_date = Some(moment("2026-03-01")),
                Err(("FF01", "requestedExecutionDate")),
            ),
            (
                |r| r.requested_execution_date = Some(moment("2026-03-03")),
                Err(("FF01", "requestedExecutionDate")),
            ),
            (
                |r| r.requested_execution_date = Some(moment("2026-04-02")),
                Err(("CH03", "requestedExecutionDate")),
            ),
            (
                |r| {
                    r.successful_report_url =
                        crate::tpp::ReportUrl::parse("https://evil.example/cb").unwrap();
                },
                Err(("FF01", "supplementaryData.successfulReportUrl")),
            ),
        ];
        for (change, expected) in table {
            let mut request = samples::request();
            change(&mut request);
            let outcome =
                admit(&request, Version::V1_4_0, &samples::institution(), &samples::tpp(), samples::now());
            assert_eq!(outcome.map_err(|refused| (refused.code, refused.field)), expected);
        }
    }

    #[test]
    fn a_client_that_could_never_confirm_is_told_so_where_it_must() {
        let cannot = Tpp { grant_types: vec![GrantType::ClientCredentials], ..samples::tpp() };
        let mut enforced = samples::institution();
        enforced.settings.redirect_1_4_2 = Redirect::Enforced;
        let table = [
            (samples::institution(), Version::V1_4_2, cannot.clone(), true),
            (enforced.clone(), Version::V1_4_0, cannot.clone(), true),
            (enforced.clone(), Version::V1_4_2, samples::tpp(), true),
            (enforced, Version::V1_4_2, cannot, false),
        ];
        for (institution, version, tpp, admitted) in table {
            let outcome = admit(&samples::request(), version, &institution, &tpp, samples::now());
            assert_eq!(outcome.is_ok(), admitted, "{version:?} {:?}", outcome.err());
        }
    }

    fn iban(text: &str) -> Iban {
        Iban::parse(text).unwrap()
    }

    fn moment(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }
}
