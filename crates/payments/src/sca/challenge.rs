//! One-time codes.

use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::DynamicLink;

/// How long a code may be typed in.
const LIFETIME_S: i64 = 300;

/// The server's key for one-time codes.
pub struct CodeKey(pub [u8; 32]);

/// An open question to the PSU. It holds nothing from which the code could be told without the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    nonce: [u8; 16],
    expires_at: Timestamp,
}

/// Six digits, shown to the PSU on his phone only. They have a written form for the way to the
/// messenger, and for nothing else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OneTimeCode(String);

/// The text is not a one-time code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 6 digits")]
pub struct InvalidCode;

/// Why a code was not accepted; the PSU is not told which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// Past its lifetime.
    #[error("the code has expired")]
    Expired,
    /// Not the code for this challenge, amount and payee.
    #[error("the code is wrong")]
    Wrong,
}

impl Challenge {
    /// Asks anew; `nonce` is random.
    pub fn new(nonce: [u8; 16], now: Timestamp) -> Self {
        Self { nonce, expires_at: now.saturating_add(LIFETIME_S.seconds()).unwrap_or(now) }
    }

    /// Until when the code is accepted.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The code that answers this challenge for what `link` binds (RTS (EU) 2018/389, Art. 4(2) and 5(1)).
    pub fn code(&self, link: &DynamicLink, key: &CodeKey) -> OneTimeCode {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of any length");
        mac.update(&self.nonce);
        mac.update(&self.expires_at.as_second().to_be_bytes());
        mac.update(link.as_bytes());
        let tag = mac.finalize().into_bytes();
        let number = tag.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        OneTimeCode(format!("{:06}", number % 1_000_000))
    }

    /// Whether `given` answers this challenge for what `link` binds; spaces are ignored.
    ///
    /// # Errors
    ///
    /// [`CodeRefusal`].
    pub fn check(
        &self,
        given: &str,
        link: &DynamicLink,
        key: &CodeKey,
        now: Timestamp,
    ) -> Result<(), CodeRefusal> {
        if now >= self.expires_at {
            return Err(CodeRefusal::Expired);
        }
        let given: String = given.chars().filter(|c| !c.is_whitespace()).collect();
        let right = self.code(link, key).0.as_bytes().ct_eq(given.as_bytes());
        if bool::from(right) { Ok(()) } else { Err(CodeRefusal::Wrong) }
    }
}

impl OneTimeCode {
    /// The six digits, for the message to the PSU.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OneTimeCode {
    type Error = InvalidCode;
    fn try_from(text: String) -> Result<Self, InvalidCode> {
        let six_digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        if six_digits { Ok(Self(text)) } else { Err(InvalidCode) }
    }
}

impl From<OneTimeCode> for String {
    fn from(code: OneTimeCode) -> Self {
        code.0
    }
}

impl std::fmt::Debug for OneTimeCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OneTimeCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Payment, samples,
        values::{Amount, paris_day},
    };

    const KEY: CodeKey = CodeKey([7; 32]);

    fn link(cents: u64) -> DynamicLink {
        let mut registration = samples::registration();
        registration.request.amount = Amount::from_cents(cents).unwrap();
        let day = paris_day(samples::now());
        DynamicLink::new(&Payment::register(registration).0, &samples::debtor(), day)
    }

    #[test]
    fn a_code_answers_its_own_challenge_amount_and_key_in_time() {
        let now = samples::now();
        let challenge = Challenge::new([1; 16], now);
        let code = challenge.code(&link(12_435), &KEY);
        let given = code.as_str();
        let later = |seconds: i64| now + seconds.seconds();
        assert_eq!(challenge.check(given, &link(12_435), &KEY, now), Ok(()));
        let spaced = format!(" {} {} ", &given[..3], &given[3..]);
        assert_eq!(challenge.check(&spaced, &link(12_435), &KEY, later(299)), Ok(()));
        assert_eq!(challenge.check(given, &link(12_435), &KEY, later(300)), Err(CodeRefusal::Expired));
        assert_eq!(challenge.check(given, &link(12_436), &KEY, now), Err(CodeRefusal::Wrong));
        assert_eq!(challenge.check(given, &link(12_435), &CodeKey([8; 32]), now), Err(CodeRefusal::Wrong));
        assert_eq!(
            Challenge::new([2; 16], now).check(given, &link(12_435), &KEY, now),
            Err(CodeRefusal::Wrong)
        );
        assert_eq!(challenge.check("", &link(12_435), &KEY, now), Err(CodeRefusal::Wrong));
    }

    #[test]
    fn a_code_has_six_digits() {
        for nonce in 0..50 {
            let code = Challenge::new([nonce; 16], samples::now()).code(&link(100), &KEY);
            assert!(code.as_str().len() == 6 && code.as_str().bytes().all(|byte| byte.is_ascii_digit()));
        }
    }
}
