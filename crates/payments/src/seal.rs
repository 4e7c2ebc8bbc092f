//! The seal: who approved what, by which authentication, when, signed with the bank's key.
//!
//! A payment is executed only if its seal verifies and says, word for word, what is about to be
//! executed. The statement is kept as the exact text that was signed, so it can be verified offline
//! with the bank's certificate and any tool (PSD2 Art. 72; RTS (EU) 2018/389, Art. 5 and 29).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Payment,
    encoding::hex,
    lifecycle::Debtor,
    request::Product,
    transfer::TransferOrder,
    values::{Amount, Bic, EndToEndId, Iban, InstitutionCode, Name, PaymentId, Remittance, TppId},
};

/// What the PSU approved, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The payment.
    pub payment: PaymentId,
    /// The institution that was asked.
    pub institution: InstitutionCode,
    /// The PISP.
    pub tpp: TppId,
    /// Who pays, from which account.
    pub debtor: Debtor,
    /// How much.
    pub amount: Amount,
    /// Always `EUR`.
    pub currency: String,
    /// Who is paid.
    pub creditor_name: Name,
    /// Where.
    pub creditor_account: Iban,
    /// His bank, where given.
    pub creditor_agent: Option<Bic>,
    /// On whose behalf he is paid, where given.
    pub ultimate_creditor: Option<Name>,
    /// Which scheme.
    pub product: Product,
    /// The reference the payee gets.
    pub end_to_end_id: Option<EndToEndId>,
    /// What it is about.
    pub remittance: Remittance,
    /// The day the debtor account is debited, in Paris.
    pub execution_day: jiff::civil::Date,
    /// How the PSU proved that it is he.
    pub authentication: Authentication,
    /// When he approved.
    pub approved_at: Timestamp,
}

/// How an approval was authenticated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Authentication {
    /// Password and a one-time code bound to amount and payee (RTS (EU) 2018/389, Art. 4 and 5).
    PasswordAndOneTimeCode {
        /// SHA-256 of what the code was bound to, in hex.
        dynamic_link_sha256: String,
    },
}

/// A signed statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The payment.
    pub payment: PaymentId,
    /// Canonical JSON of the [`Statement`]: the bytes that were signed.
    pub text: String,
    /// Name of the signature algorithm: `rsa-sha256` or `ecdsa-sha256`.
    pub algorithm: String,
    /// SHA-256 of the bank's seal certificate, in hex.
    pub certificate_sha256: String,
    /// The signature over `text`.
    #[serde(with = "crate::encoding::base64")]
    pub signature: Vec<u8>,
}

/// Signs statements for an institution and verifies its own signatures.
pub trait Sealer: Send + Sync {
    /// Signs `text`; gives algorithm, hex SHA-256 of the certificate and signature.
    fn sign(&self, text: &[u8]) -> (String, String, Vec<u8>);

    /// Whether `signature` over `text` was made with the key of the certificate with this hash.
    fn verify(&self, certificate_sha256: &str, text: &[u8], signature: &[u8]) -> bool;
}

/// Why a seal does not let an order pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealBroken {
    /// There is no seal for this payment, or it is not the one the approval names.
    #[error("the payment has no such seal")]
    Missing,
    /// The signature is not the bank's.
    #[error("the seal's signature does not verify")]
    Signature,
    /// The statement cannot be read.
    #[error("the seal's statement cannot be read")]
    Unreadable,
    /// What was sealed is not what would be executed.
    #[error("the seal says something else than the order")]
    Difference,
}

impl Statement {
    /// The statement of what `debtor` approves of `payment`.
    pub fn new(
        payment: &Payment,
        debtor: &Debtor,
        execution_day: jiff::civil::Date,
        authentication: Authentication,
        approved_at: Timestamp,
    ) -> Self {
        let registration = payment.registration();
        let request = payment.request();
        Self {
            payment: payment.id().clone(),
            institution: registration.institution.clone(),
            tpp: registration.tpp.clone(),
            debtor: debtor.clone(),
            amount: request.amount,
            currency: "EUR".to_owned(),
            creditor_name: request.beneficiary.creditor.name.clone(),
            creditor_account: request.beneficiary.creditor_account.clone(),
            creditor_agent: request.beneficiary.creditor_agent.clone(),
            ultimate_creditor: request.ultimate_creditor.as_ref().map(|party| party.name.clone()),
            product: request.product,
            end_to_end_id: request.end_to_end_id.clone(),
            remittance: request.remittance.clone(),
            execution_day,
            authentication,
            approved_at,
        }
    }

    /// Signs the statement.
    pub fn seal(&self, sealer: &dyn Sealer) -> Seal {
        let text = serde_json::to_string(self).expect("a statement has only string keys and integers");
        let (algorithm, certificate_sha256, signature) = sealer.sign(text.as_bytes());
        Seal { payment: self.payment.clone(), text, algorithm, certificate_sha256, signature }
    }

    fn says(&self, order: &TransferOrder) -> bool {
        self.payment == order.payment
            && self.institution == order.institution
            && self.debtor == order.debtor
            && self.amount == order.amount
            && self.currency == "EUR"
            && self.creditor_name == order.creditor_name
            && self.creditor_account == order.creditor_account
            && self.creditor_agent == order.creditor_agent
            && self.ultimate_creditor == order.ultimate_creditor
            && self.execution_day == order.execution_day
            && self.product == order.product
            && self.end_to_end_id == order.end_to_end_id
            && self.remittance == order.remittance
            && self.approved_at == order.approved_at
    }
}

impl Seal {
    /// SHA-256 of the signed text, in hex: how the payment's approval names its seal.
    pub fn sha256(&self) -> String {
        hex(&Sha256::digest(self.text.as_bytes()))
    }

    /// The statement, if the signature is the bank's.
    ///
    /// # Errors
    ///
    /// [`SealBroken::Signature`] or [`SealBroken::Unreadable`].
    pub fn open(&self, sealer: &dyn Sealer) -> Result<Statement, SealBroken> {
        if !sealer.verify(&self.certificate_sha256, self.text.as_bytes(), &self.signature) {
            return Err(SealBroken::Signature);
        }
        serde_json::from_str(&self.text).map_err(|_| SealBroken::Unreadable)
    }

    /// Whether this seal lets `payment` be executed as `order`: the signature is the bank's, the
    /// approval names this seal, and it says exactly what the order says.
    ///
    /// # Errors
    ///
    /// [`SealBroken`]: the payment must stop.
    pub fn permits(
        &self,
        payment: &Payment,
        order: &TransferOrder,
        sealer: &dyn Sealer,
    ) -> Result<(), SealBroken> {
        let named = payment.state().authorisation().map(|approval| approval.seal_sha256.as_str());
        if named != Some(self.sha256().as_str()) || self.payment != *payment.id() {
            return Err(SealBroken::Missing);
        }
        if self.open(sealer)?.says(order) { Ok(()) } else { Err(SealBroken::Difference) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        journal::Actor,
        lifecycle::{Authorisation, Event},
        samples,
        values::PsuId,
    };

    fn approved() -> (Payment, Seal) {
        let (mut payment, _) = Payment::register(samples::registration());
        let now = samples::now();
        let debtor = samples::debtor();
        let authentication = Authentication::PasswordAndOneTimeCode { dynamic_link_sha256: "ab".to_owned() };
        let day = crate::values::paris_day(now);
        let seal = Statement::new(&payment, &debtor, day, authentication, now).seal(&samples::TestSealer);
        payment.record(Event::Prepare(debtor.clone()), Actor::Psu, now).unwrap();
        let approval = Authorisation { debtor, seal_sha256: seal.sha256(), at: now, confirmed_at: None };
        payment.record(Event::Authorise(approval), Actor::Psu, now).unwrap();
        (payment, seal)
    }

    #[test]
    fn a_seal_permits_exactly_the_order_it_states() {
        let (payment, seal) = approved();
        let order = TransferOrder::of(&payment).unwrap();
        assert_eq!(seal.permits(&payment, &order, &samples::TestSealer), Ok(()));

        type Change = fn(&mut TransferOrder);
        let changes: [Change; 12] = [
            |order| order.amount = Amount::from_cents(12_436).unwrap(),
            |order| order.creditor_account = Iban::parse("DE89370400440532013000").unwrap(),
            |order| order.creditor_name = Name::parse("Somebody Else").unwrap(),
            |order| order.debtor.account = Iban::parse("FR7617515900000800123457584").unwrap(),
            |order| order.debtor.psu = PsuId::parse("170000002").unwrap(),
            |order| order.product = Product::SctInst,
            |order| order.end_to_end_id = None,
            |order| order.creditor_agent = Some(Bic::parse("BNPAFRPP").unwrap()),
            |order| order.ultimate_creditor = Some(Name::parse("Somebody Else").unwrap()),
            |order| order.execution_day = jiff::civil::date(2026, 3, 3),
            |order| order.remittance = Remittance::Unstructured(crate::values::Text::parse("x").unwrap()),
            |order| order.institution = InstitutionCode::parse("11425").unwrap(),
        ];
        for change in changes {
            let mut other = order.clone();
            change(&mut other);
            assert_eq!(seal.permits(&payment, &other, &samples::TestSealer), Err(SealBroken::Difference));
        }
    }

    #[test]
    fn a_forged_or_exchanged_seal_permits_nothing() {
        let (payment, seal) = approved();
        let order = TransferOrder::of(&payment).unwrap();
        let unsigned = Seal { signature: vec![0; 32], ..seal.clone() };
        assert_eq!(unsigned.permits(&payment, &order, &samples::TestSealer), Err(SealBroken::Signature));
        let retold = Seal { text: seal.text.replace("12435", "12434"), ..seal.clone() };
        assert_eq!(retold.permits(&payment, &order, &samples::TestSealer), Err(SealBroken::Missing));
        let (unapproved, _) = Payment::register(samples::registration());
        assert_eq!(seal.permits(&unapproved, &order, &samples::TestSealer), Err(SealBroken::Missing));
    }
}
