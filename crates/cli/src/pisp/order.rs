//! What a PISP orders, as a body of the version spoken.

use jiff::Timestamp;
use payments::{
    Version,
    values::{Amount, Iban, Moment},
};
use stet::{
    AccountIdentification, AmountType, Beneficiary, CreditTransferTransaction, PartyIdentification,
    PaymentIdentification, PaymentRequest, PaymentTypeInformation, RemittanceInformation, SupplementaryData,
};
use url::Url;

use crate::random;

/// A payment to be asked for.
#[derive(Clone)]
pub(crate) struct Order {
    /// Who asks, as the PSU knows him.
    pub(crate) initiating_party: String,
    /// How much.
    pub(crate) amount: Amount,
    /// Whom to pay.
    pub(crate) creditor_name: String,
    /// Where.
    pub(crate) creditor_account: Iban,
    /// From where, if that is known.
    pub(crate) debtor_account: Option<Iban>,
    /// Whether the transfer is to be instant.
    pub(crate) instant: bool,
    /// For whom the payment is made.
    pub(crate) purpose: Purpose,
    /// What it is about.
    pub(crate) remittance: String,
    /// The merchant's reference, which reaches the payee.
    pub(crate) end_to_end_id: String,
    /// Where the PSU's browser goes at the end.
    pub(crate) success_url: Url,
    /// Where it goes when nothing was paid.
    pub(crate) failure_url: Url,
}

/// On whose behalf a payment is made (STET, `categoryPurpose`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Purpose {
    /// The PSU's own transfer.
    Transfer,
    /// A purchase from a merchant.
    Merchant,
}

impl Purpose {
    fn code(self) -> &'static str {
        match self {
            Self::Transfer => "CASH",
            Self::Merchant => "DVPM",
        }
    }
}

impl Order {
    /// The body of `POST /payment-requests` in `version`.
    pub(super) fn body(&self, version: Version, now: Timestamp) -> PaymentRequest {
        let moment = Moment::in_paris(now).to_rfc3339();
        PaymentRequest {
            payment_information_id: Some(format!("PI-{}", random::hex::<12>())),
            creation_date_time: Some(moment.clone()),
            number_of_transactions: Some(1),
            initiating_party: Some(party(&self.initiating_party)),
            payment_type_information: Some(PaymentTypeInformation {
                service_level: Some("SEPA".to_owned()),
                local_instrument: self.instant.then(|| "INST".to_owned()),
                category_purpose: Some(self.purpose.code().to_owned()),
                ..PaymentTypeInformation::default()
            }),
            debtor_account: self.debtor_account.as_ref().map(account),
            beneficiary: Some(Beneficiary {
                creditor: Some(party(&self.creditor_name)),
                creditor_account: Some(account(&self.creditor_account)),
                ..Beneficiary::default()
            }),
            charge_bearer: Some("SLEV".to_owned()),
            requested_execution_date: Some(moment),
            credit_transfer_transaction: Some(vec![self.instruction(version)]),
            supplementary_data: Some(SupplementaryData {
                accepted_authentication_approach: Some(vec!["REDIRECT".to_owned()]),
                successful_report_url: Some(self.success_url.to_string()),
                unsuccessful_report_url: Some(self.failure_url.to_string()),
                ..SupplementaryData::default()
            }),
            ..PaymentRequest::default()
        }
    }

    fn instruction(&self, version: Version) -> CreditTransferTransaction {
        let amount = self.amount.to_decimal();
        let lines = vec![self.remittance.clone()];
        // 1.4.0 writes amounts as strings and remittance as a list; 1.4.2 numbers and an object.
        let (amount, remittance) = match version {
            Version::V1_4_0 => (stet::Amount::Text(amount), RemittanceInformation::Lines(lines)),
            Version::V1_4_2 => (
                stet::Amount::Number(amount),
                RemittanceInformation::Object { unstructured: Some(lines), structured: None },
            ),
        };
        CreditTransferTransaction {
            payment_id: Some(PaymentIdentification {
                instruction_id: Some(format!("INS-{}", random::hex::<12>())),
                end_to_end_id: Some(self.end_to_end_id.clone()),
                ..PaymentIdentification::default()
            }),
            instructed_amount: Some(AmountType { currency: Some("EUR".to_owned()), amount: Some(amount) }),
            remittance_information: Some(remittance),
            ..CreditTransferTransaction::default()
        }
    }
}

fn party(name: &str) -> PartyIdentification {
    PartyIdentification { name: Some(name.to_owned()), ..PartyIdentification::default() }
}

fn account(iban: &Iban) -> AccountIdentification {
    AccountIdentification { iban: Some(iban.as_str().to_owned()), ..AccountIdentification::default() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::pisp) fn order() -> Order {
        Order {
            initiating_party: "Essai Paiement".to_owned(),
            amount: Amount::parse("124.30").unwrap(),
            creditor_name: "Boutique Exemple".to_owned(),
            creditor_account: Iban::parse("FR7611425009000401234567877").unwrap(),
            debtor_account: None,
            instant: true,
            purpose: Purpose::Merchant,
            remittance: "Commande 4711".to_owned(),
            end_to_end_id: "E2E-1".to_owned(),
            success_url: "http://127.0.0.1:1/ok?state=1".parse().unwrap(),
            failure_url: "http://127.0.0.1:1/ko?state=1".parse().unwrap(),
        }
    }

    #[test]
    fn each_version_has_its_own_forms() {
        let now = "2026-03-02T09:15:30Z".parse().unwrap();
        let table = [
            (Version::V1_4_0, r#""amount":"124.30""#, r#""remittanceInformation":["Commande 4711"]"#),
            (
                Version::V1_4_2,
                r#""amount":124.30"#,
                r#""remittanceInformation":{"unstructured":["Commande 4711"]}"#,
            ),
        ];
        for (version, amount, remittance) in table {
            let body = serde_json::to_string(&order().body(version, now)).unwrap();
            for expected in [
                amount,
                remittance,
                r#""localInstrument":"INST""#,
                r#""categoryPurpose":"DVPM""#,
                r#""requestedExecutionDate":"2026-03-02T10:15:30.000+01:00""#,
            ] {
                assert!(body.contains(expected), "{expected} in {body}");
            }
        }
    }

    #[test]
    fn two_orders_have_two_references() {
        let now = "2026-03-02T09:15:30Z".parse().unwrap();
        let id = || order().body(Version::V1_4_0, now).payment_information_id;
        assert_ne!(id(), id());
    }
}
