//! The link under which the PSU approves, and the nonce in it.

use aws_lc_rs::hmac;
use payments::{Payment, institution::Redirect, values::PaymentId};
use subtle::ConstantTimeEq;

use crate::app::Counter;

/// Path of the consent page; the misspelt query parameter is what live clients look for.
pub const CONSENT_PATH: &str = "/89C3api/accreditation/v1/identificationPisp";
/// Path of the same page as an authorisation endpoint (RFC 6749, 3.1), where the redirect is enforced.
pub const AUTHORIZE_PATH: &str = "/stet/psd2/oauth/authorize";
/// Query parameter naming the payment request, with the double `s` of the live API.
pub const PAYMENT_PARAMETER: &str = "paymentRequestRessourceId";
/// Query parameter naming the payment request in an authorisation request.
pub const CONTEXT_PARAMETER: &str = "context";
/// Query parameter that proves that the link is ours.
pub const NONCE_PARAMETER: &str = "nonce";

const NONCE_ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const NONCE_LENGTH: usize = 20;

/// Key from which the nonce of each payment is made.
///
/// A nonce is a keyed hash of the payment's id, so nothing secret has to be kept per payment and a
/// repeated request can be given the very same link; without the key nobody can tell it.
pub struct LinkKey(hmac::Key);

impl LinkKey {
    /// The key made of these bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The nonce of a payment: 20 letters and digits.
    pub fn nonce(&self, payment: &PaymentId) -> String {
        let tag = hmac::sign(&self.0, format!("nonce:{payment}").as_bytes());
        let mut rest = tag.as_ref().iter().take(16).copied().fold(Wide::default(), Wide::push);
        (0..NONCE_LENGTH).map(|_| char::from(rest.next_letter())).collect()
    }

    /// Whether `given` is the nonce of `payment`.
    pub fn is_nonce(&self, payment: &PaymentId, given: &str) -> bool {
        self.nonce(payment).as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// The absolute link at which the PSU approves `payment`.
    ///
    /// Where the redirect is enforced, it is an authorisation request that the PISP may complete with
    /// `client_id`, `redirect_uri`, `state` and a `code_challenge`. It names the payment twice: some clients
    /// look for it under the name that it has in the other link.
    pub fn consent_url(&self, counter: &Counter, payment: &Payment) -> String {
        let (base, id, nonce) = (&counter.psu_url, payment.id(), self.nonce(payment.id()));
        let naming = format!("{PAYMENT_PARAMETER}={id}&{NONCE_PARAMETER}={nonce}");
        match payment.registration().redirect {
            Redirect::Simple => format!("{base}{CONSENT_PATH}?{naming}"),
            Redirect::Enforced => format!(
                "{base}{AUTHORIZE_PATH}?response_type=code&scope=pisp&{CONTEXT_PARAMETER}={id}&{naming}"
            ),
        }
    }
}

/// The first 128 bits of a hash as a number to be written in base 62: 20 letters use 119 of them.
#[derive(Default)]
struct Wide(u128);

impl Wide {
    fn push(self, byte: u8) -> Self {
        Self(self.0 << 8 | u128::from(byte))
    }

    fn next_letter(&mut self) -> u8 {
        let index = usize::try_from(self.0 % 62).unwrap_or_default();
        self.0 /= 62;
        NONCE_ALPHABET.get(index).copied().unwrap_or(b'A')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_belongs_to_one_payment_and_one_key() {
        let key = LinkKey::new(&[1; 32]);
        let (first, second) = (PaymentId::new(1, 2, 3), PaymentId::new(2, 2, 3));
        let nonce = key.nonce(&first);
        assert!(nonce.len() == 20 && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(key.is_nonce(&first, &nonce));
        assert!(!key.is_nonce(&second, &nonce));
        assert!(!LinkKey::new(&[2; 32]).is_nonce(&first, &nonce));
        assert!(!key.is_nonce(&first, ""));
    }
}
