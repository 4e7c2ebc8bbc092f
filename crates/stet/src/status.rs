//! Status and reason codes.

use serde::{Deserialize, Serialize};

use crate::json::Value;
use crate::read::Read;
use crate::read_error::{Problem, ReadError};

/// Status of a payment request (STET, `PaymentInformationStatusCode`).
///
/// 1.4.0.47 has all but `ACCO`, `PATC` and `CANC`; 1.4.2 adds `PATC` and `CANC`; `ACCO` is shown by the bank from
/// 1.4.2 on and stands in STET 1.6.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PaymentInformationStatus {
    /// Received: received by the bank.
    Rcvd,
    /// `AcceptedTechnicalValidation`: the PISP is authenticated, syntax and semantics are right.
    Actc,
    /// Pending: further checks and a status update will follow.
    Pdng,
    /// `AcceptedCustomerProfile`: the customer profile check has passed too.
    Accp,
    /// `AcceptedCustomerConfirmed`: the PSU has confirmed, the PISP's confirmation is awaited.
    Acco,
    /// `AcceptedSettlementInProcess`: all checks have passed, accepted for execution.
    Acsp,
    /// `AcceptedSettlementCompleted`: settlement on the debtor's account is done.
    Acsc,
    /// `AcceptedWithChange`: accepted with a change, such as the date.
    Acwc,
    /// `AcceptedWithoutPosting`: accepted, not yet posted to the creditor's account.
    Acwp,
    /// `PartiallyAccepted`: some instructions are accepted, others not yet.
    Part,
    /// `PartiallyAcceptedTechnicalCorrect`: some of several authentications are done.
    Patc,
    /// Cancelled: cancelled upon request, before execution.
    Canc,
    /// Rejected.
    Rjct,
}

impl PaymentInformationStatus {
    /// Every code, in the order of the standard's list.
    pub const ALL: [Self; 13] = [
        Self::Rcvd,
        Self::Actc,
        Self::Pdng,
        Self::Accp,
        Self::Acco,
        Self::Acsp,
        Self::Acsc,
        Self::Acwc,
        Self::Acwp,
        Self::Part,
        Self::Patc,
        Self::Canc,
        Self::Rjct,
    ];

    /// The code as it is written on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Rcvd => "RCVD",
            Self::Actc => "ACTC",
            Self::Pdng => "PDNG",
            Self::Accp => "ACCP",
            Self::Acco => "ACCO",
            Self::Acsp => "ACSP",
            Self::Acsc => "ACSC",
            Self::Acwc => "ACWC",
            Self::Acwp => "ACWP",
            Self::Part => "PART",
            Self::Patc => "PATC",
            Self::Canc => "CANC",
            Self::Rjct => "RJCT",
        }
    }

    /// The code with these letters, if the standard has it.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

impl Read for PaymentInformationStatus {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let code = match value {
            Value::Text(code) => Self::parse(code),
            _ => None,
        };
        code.ok_or(Problem::MustBe("a payment information status code").into())
    }
}

/// Status of one instruction (STET, `TransactionIndividualStatusCode`).
///
/// 1.4.0.47 has `RJCT`, `PDNG`, `ACSP` and `ACSC`; 1.4.2 adds `CANC`, 1.5.0.43 adds `ACTC`. `ACCP` is seen in the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TransactionStatus {
    /// Rejected.
    Rjct,
    /// Pending: further checks and a status update will follow.
    Pdng,
    /// `AcceptedSettlementInProcess`: all checks have passed, accepted for execution.
    Acsp,
    /// `AcceptedSettlementCompleted`: settlement on the debtor's account is done.
    Acsc,
    /// Cancelled: cancelled upon request, before execution.
    Canc,
    /// `AcceptedTechnicalValidation`: syntax and semantics are right.
    Actc,
    /// `AcceptedCustomerProfile`: the customer profile check has passed too.
    Accp,
}

impl TransactionStatus {
    /// Every code, in the order of the standard's list.
    pub const ALL: [Self; 7] =
        [Self::Rjct, Self::Pdng, Self::Acsp, Self::Acsc, Self::Canc, Self::Actc, Self::Accp];

    /// The code as it is written on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Rjct => "RJCT",
            Self::Pdng => "PDNG",
            Self::Acsp => "ACSP",
            Self::Acsc => "ACSC",
            Self::Canc => "CANC",
            Self::Actc => "ACTC",
            Self::Accp => "ACCP",
        }
    }

    /// The code with these letters, if the standard has it.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

impl Read for TransactionStatus {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let code = match value {
            Value::Text(code) => Self::parse(code),
            _ => None,
        };
        code.ok_or(Problem::MustBe("a transaction status code").into())
    }
}

/// Reason of a rejection or cancellation (STET, `StatusReasonInformation`).
///
/// 1.4.0.47 has 16 of them (its `enum` forgets `AM18`). `DUPL` and `TECH` come with 1.4.2, `AG03`, `AM02`, `AM04`, `CH04`
/// and `CNOR` with 1.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StatusReason {
    /// `IncorrectAccountNumber`: account number wrong or without an account.
    Ac01,
    /// `ClosedAccountNumber`: account closed.
    Ac04,
    /// `BlockedAccount`: account blocked.
    Ac06,
    /// `TransactionForbidden`: transaction forbidden on this account.
    Ag01,
    /// `TransactionNotSupported`: transaction type not supported on this account, 1.6.
    Ag03,
    /// `NotAllowedAmount`: amount above the allowed maximum, 1.6.
    Am02,
    /// `InsufficientFunds`: balance too low, 1.6.
    Am04,
    /// `InvalidNumberOfTransactions`: number of transactions wrong or too high.
    Am18,
    /// `RequestedExecutionDateTooFarInFuture`.
    Ch03,
    /// `RequestedExecutionDateTooFarInPast`, 1.6.
    Ch04,
    /// `CreditorBankIsNotRegistered`: creditor bank not registered in the clearing, 1.6.
    Cnor,
    /// `CustomerDecision`: refusal by the debtor, or lack of liquidity.
    Cust,
    /// `OrderCancelled`: cancelled by an authorised user.
    Ds02,
    /// `DuplicatePayment`: set by a PISP to cancel a duplicate, 1.4.2.
    Dupl,
    /// `InvalidFileFormat`: the original request is invalid.
    Ff01,
    /// `FraudulentOriginated`: fraud.
    Frad,
    /// `NotSpecifiedReasonAgentGenerated`: no reason is given.
    Ms03,
    /// `NoAnswerFromCustomer`: time is over.
    Noas,
    /// `MissingDebtorAccountOrIdentification`: debtor account or identification missing or inconsistent.
    Rr01,
    /// `MissingCreditorNameOrAddress`.
    Rr03,
    /// `RegulatoryReason`.
    Rr04,
    /// `InvalidPartyID`: identification of a party missing or invalid.
    Rr12,
    /// `TechnicalProblem`: set by a PISP to cancel after a technical problem, 1.4.2.
    Tech,
}

impl StatusReason {
    /// Every code, in the order of the standard's list.
    pub const ALL: [Self; 23] = [
        Self::Ac01,
        Self::Ac04,
        Self::Ac06,
        Self::Ag01,
        Self::Ag03,
        Self::Am02,
        Self::Am04,
        Self::Am18,
        Self::Ch03,
        Self::Ch04,
        Self::Cnor,
        Self::Cust,
        Self::Ds02,
        Self::Dupl,
        Self::Ff01,
        Self::Frad,
        Self::Ms03,
        Self::Noas,
        Self::Rr01,
        Self::Rr03,
        Self::Rr04,
        Self::Rr12,
        Self::Tech,
    ];

    /// The code as it is written on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ac01 => "AC01",
            Self::Ac04 => "AC04",
            Self::Ac06 => "AC06",
            Self::Ag01 => "AG01",
            Self::Ag03 => "AG03",
            Self::Am02 => "AM02",
            Self::Am04 => "AM04",
            Self::Am18 => "AM18",
            Self::Ch03 => "CH03",
            Self::Ch04 => "CH04",
            Self::Cnor => "CNOR",
            Self::Cust => "CUST",
            Self::Ds02 => "DS02",
            Self::Dupl => "DUPL",
            Self::Ff01 => "FF01",
            Self::Frad => "FRAD",
            Self::Ms03 => "MS03",
            Self::Noas => "NOAS",
            Self::Rr01 => "RR01",
            Self::Rr03 => "RR03",
            Self::Rr04 => "RR04",
            Self::Rr12 => "RR12",
            Self::Tech => "TECH",
        }
    }

    /// The code with these letters, if the standard has it.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

impl Read for StatusReason {
    fn read(value: &Value<'_>) -> Result<Self, ReadError> {
        let code = match value {
            Value::Text(code) => Self::parse(code),
            _ => None,
        };
        code.ok_or(Problem::MustBe("a status reason code").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_as_itself_and_is_written_as_its_code() {
        for status in PaymentInformationStatus::ALL {
            assert_eq!(PaymentInformationStatus::parse(status.code()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.code());
        }
        for status in TransactionStatus::ALL {
            assert_eq!(TransactionStatus::parse(status.code()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.code());
        }
        for reason in StatusReason::ALL {
            assert_eq!(StatusReason::parse(reason.code()), Some(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
    }

    #[test]
    fn codes_are_upper_case_and_whole() {
        for text in ["actc", "ACT", "ACTC ", "", "AC01"] {
            assert_eq!(PaymentInformationStatus::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_code_of_the_published_editions_is_known() {
        for document in [crate::openapi::STET_1_4_0_47, crate::openapi::STET_1_5_0_43] {
            let document: serde_json::Value = serde_json::from_str(document).unwrap();
            let codes = |schema: &str| -> Vec<String> {
                let codes = &document["components"]["schemas"][schema]["enum"];
                serde_json::from_value(codes.clone()).unwrap()
            };
            for code in codes("PaymentInformationStatusCode") {
                assert!(PaymentInformationStatus::parse(&code).is_some(), "{code}");
            }
            for code in codes("TransactionIndividualStatusCode") {
                assert!(TransactionStatus::parse(&code).is_some(), "{code}");
            }
            for code in codes("StatusReasonInformation") {
                assert!(StatusReason::parse(&code).is_some(), "{code}");
            }
        }
    }
}
