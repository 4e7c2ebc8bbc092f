//! Amounts of euro, exact to the cent.

use serde::{Deserialize, Serialize};

/// Smallest and largest amount of one SEPA credit transfer, in cents (EPC125-05, Amount).
const MIN_CENTS: u64 = 1;
const MAX_CENTS: u64 = 99_999_999_999;

/// An amount in euro cents within the bounds of the SEPA schemes: 0.01 to 999 999 999.99 (EPC125-05, Amount).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Amount(u64);

/// Why a text or number is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAmount {
    /// Not a plain decimal number.
    #[error("must be a decimal number")]
    Syntax,
    /// More than two decimals: the euro has cents and nothing smaller.
    #[error("must have at most 2 decimals")]
    Decimals,
    /// Zero, negative or above the scheme's ceiling.
    #[error("must be between 0.01 and 999999999.99")]
    Bounds,
}

impl Amount {
    /// Parses `124.35`, `42`, `42.5` or an exponent form such as `1.0E7`, digit by digit.
    ///
    /// # Errors
    ///
    /// The first rule that fails, in the order of [`InvalidAmount`].
    pub fn parse(text: &str) -> Result<Self, InvalidAmount> {
        let (mantissa, exponent) = split_exponent(text)?;
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > 13
            || fraction.len() > 13
            || !all_digits(whole)
            || !all_digits(fraction)
        {
            return Err(InvalidAmount::Syntax);
        }
        // The exponent form is how some JSON writers print a large number; a fraction they pad
        // with zeros ("1.0E7") is not a third decimal.
        let fraction = if exponent == 0 { fraction } else { fraction.trim_end_matches('0') };
        let scale = i32::try_from(fraction.len()).map_err(|_| InvalidAmount::Syntax)?;
        let power = exponent + 2 - scale;
        let cents = in_cents(whole, fraction, power)?;
        if negative {
            return Err(InvalidAmount::Bounds);
        }
        Self::from_cents(cents)
    }

    /// The amount of this many cents.
    ///
    /// # Errors
    ///
    /// [`InvalidAmount::Bounds`].
    pub fn from_cents(cents: u64) -> Result<Self, InvalidAmount> {
        if (MIN_CENTS..=MAX_CENTS).contains(&cents) { Ok(Self(cents)) } else { Err(InvalidAmount::Bounds) }
    }

    /// The amount in euro cents.
    pub fn cents(self) -> u64 {
        self.0
    }

    /// The amount with two decimals and a point, as every wire version and ISO 20022 write it: `124.35`.
    pub fn to_decimal(self) -> String {
        format!("{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// Splits `1.0E7` into `1.0` and 7; a plain number has exponent 0.
fn split_exponent(text: &str) -> Result<(&str, i32), InvalidAmount> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return Ok((text, 0));
    };
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if digits.is_empty() || digits.len() > 2 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidAmount::Syntax);
    }
    let exponent: i32 = exponent.trim_start_matches('+').parse().map_err(|_| InvalidAmount::Syntax)?;
    Ok((mantissa, exponent))
}

/// `whole.fraction`, taken as one integer, times ten to the `power`, in cents.
fn in_cents(whole: &str, fraction: &str, power: i32) -> Result<u64, InvalidAmount> {
    let digits: u128 = format!("{whole}{fraction}").parse().map_err(|_| InvalidAmount::Syntax)?;
    let factor = 10_u128.checked_pow(power.unsigned_abs()).ok_or(InvalidAmount::Bounds)?;
    let cents = if power >= 0 {
        digits.checked_mul(factor).ok_or(InvalidAmount::Bounds)?
    } else if digits.is_multiple_of(factor) && fraction.is_empty() {
        digits / factor
    } else {
        return Err(InvalidAmount::Decimals);
    };
    u64::try_from(cents).map_err(|_| InvalidAmount::Bounds)
}

impl TryFrom<u64> for Amount {
    type Error = InvalidAmount;
    fn try_from(cents: u64) -> Result<Self, InvalidAmount> {
        Self::from_cents(cents)
    }
}

impl From<Amount> for u64 {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_amount_is_read_digit_by_digit() {
        let table = [
            ("124.35", Ok(12_435)),
            ("42", Ok(4_200)),
            ("42.0", Ok(4_200)),
            ("42.5", Ok(4_250)),
            ("0.01", Ok(1)),
            ("007.10", Ok(710)),
            ("999999999.99", Ok(99_999_999_999)),
            ("1.0E7", Ok(1_000_000_000)),
            ("1.25e1", Ok(1_250)),
            ("1250e-2", Ok(1_250)),
            ("1E+2", Ok(10_000)),
            ("1000000000.00", Err(InvalidAmount::Bounds)),
            ("0", Err(InvalidAmount::Bounds)),
            ("0.00", Err(InvalidAmount::Bounds)),
            ("-5", Err(InvalidAmount::Bounds)),
            ("1E60", Err(InvalidAmount::Bounds)),
            ("0.005", Err(InvalidAmount::Decimals)),
            ("10.500", Err(InvalidAmount::Decimals)),
            ("1.234", Err(InvalidAmount::Decimals)),
            ("1e-3", Err(InvalidAmount::Decimals)),
            ("", Err(InvalidAmount::Syntax)),
            (".5", Err(InvalidAmount::Syntax)),
            ("1,50", Err(InvalidAmount::Syntax)),
            ("+1", Err(InvalidAmount::Syntax)),
            ("1 000", Err(InvalidAmount::Syntax)),
            ("1E", Err(InvalidAmount::Syntax)),
            ("0x10", Err(InvalidAmount::Syntax)),
            ("NaN", Err(InvalidAmount::Syntax)),
            ("12345678901234", Err(InvalidAmount::Syntax)),
        ];
        for (text, expected) in table {
            assert_eq!(Amount::parse(text).map(Amount::cents), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_reads_back_as_itself(cents in MIN_CENTS..=MAX_CENTS) {
            let amount = Amount::from_cents(cents).unwrap();
            prop_assert_eq!(Amount::parse(&amount.to_decimal()).unwrap(), amount);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = Amount::parse(&text);
        }
    }
}
