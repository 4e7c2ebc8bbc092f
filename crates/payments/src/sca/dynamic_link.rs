//! What an authentication code is bound to.

use sha2::{Digest, Sha256};

use jiff::civil::Date;

use crate::{Payment, encoding::hex, lifecycle::Debtor};

/// The bytes that make a code specific to this amount, payee, account and payment (RTS (EU) 2018/389,
/// Art. 5(1)): any change gives other bytes, and with them another code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DynamicLink(Vec<u8>);

impl DynamicLink {
    /// Binds `payment`, paid by `debtor` on `day`.
    pub fn new(payment: &Payment, debtor: &Debtor, day: Date) -> Self {
        let request = payment.request();
        let beneficiary = &request.beneficiary;
        let cents = request.amount.cents().to_be_bytes();
        let name = Sha256::digest(beneficiary.creditor.name.as_str().as_bytes());
        let day = day.to_string();
        let fields: [&[u8]; 7] = [
            payment.id().as_str().as_bytes(),
            &cents,
            b"EUR",
            beneficiary.creditor_account.as_str().as_bytes(),
            &name,
            debtor.account.as_str().as_bytes(),
            day.as_bytes(),
        ];
        // Each field carries its length, so that no two lists of fields give the same bytes.
        let framed = fields.iter().flat_map(|field| {
            let length = u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes();
            length.into_iter().chain(field.iter().copied())
        });
        Self(framed.collect())
    }

    /// The bound bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// SHA-256 of the bound bytes, in hex: how a seal names them.
    pub fn sha256(&self) -> String {
        hex(&Sha256::digest(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        PaymentRequest, samples,
        values::{Amount, Iban, Name, PaymentId},
    };

    const TODAY: Date = jiff::civil::date(2026, 3, 2);

    #[test]
    fn every_field_the_psu_agreed_to_changes_the_link() {
        type Change = fn(&mut PaymentRequest);
        let changes: [Change; 3] = [
            |request| request.amount = Amount::from_cents(12_436).unwrap(),
            |request| request.beneficiary.creditor_account = Iban::parse("DE89370400440532013000").unwrap(),
            |request| request.beneficiary.creditor.name = Name::parse("Boutique Example").unwrap(),
        ];
        let (payment, _) = Payment::register(samples::registration());
        let agreed = DynamicLink::new(&payment, &samples::debtor(), TODAY);
        for change in changes {
            let mut registration = samples::registration();
            change(&mut registration.request);
            let (other, _) = Payment::register(registration);
            assert_ne!(DynamicLink::new(&other, &samples::debtor(), TODAY), agreed);
        }
        let mut registration = samples::registration();
        registration.id = PaymentId::new(9, 9, 9);
        let (other, _) = Payment::register(registration);
        assert_ne!(DynamicLink::new(&other, &samples::debtor(), TODAY), agreed);
        let mut debtor = samples::debtor();
        debtor.account = Iban::parse("FR7617515900000800123457584").unwrap();
        assert_ne!(DynamicLink::new(&payment, &debtor, TODAY), agreed);
        let tomorrow = jiff::civil::date(2026, 3, 3);
        assert_ne!(DynamicLink::new(&payment, &samples::debtor(), tomorrow), agreed);
    }
}
