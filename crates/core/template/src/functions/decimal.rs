//! Decimal arithmetic of any size, as shopspring/decimal does it: `addf 0.1 0.2` is 0.3.

use num_bigint::BigInt;

/// `coefficient * 10^exponent`.
#[derive(Clone, Debug)]
pub struct Decimal {
    coefficient: BigInt,
    exponent: i32,
}

/// Digits behind the point of a quotient.
const DIVISION_DIGITS: i32 = 16;

impl Decimal {
    /// The shortest decimal that means this float; `None` when it is not finite.
    pub fn from_float(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let exponent: i32 = exponent.parse().ok()?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        Some(Self {
            coefficient: format!("{whole}{fraction}").parse().ok()?,
            exponent: exponent - i32::try_from(fraction.len()).ok()?,
        })
    }

    /// The nearest float.
    pub fn to_float(&self) -> f64 {
        let text = format!("{}e{}", self.coefficient, self.exponent);
        text.parse().unwrap_or_default()
    }

    fn scaled(&self, exponent: i32) -> BigInt {
        let shift = u32::try_from(self.exponent - exponent).unwrap_or_default();
        &self.coefficient * BigInt::from(10).pow(shift)
    }

    /// The sum.
    pub fn add(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        Self {
            coefficient: self.scaled(exponent) + other.scaled(exponent),
            exponent,
        }
    }

    /// The difference.
    pub fn subtract(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        Self {
            coefficient: self.scaled(exponent) - other.scaled(exponent),
            exponent,
        }
    }

    /// The product.
    pub fn multiply(&self, other: &Self) -> Self {
        Self {
            coefficient: &self.coefficient * &other.coefficient,
            exponent: self.exponent + other.exponent,
        }
    }

    /// The quotient to 16 digits, halves away from zero; `None` for a division by zero.
    pub fn divide(&self, other: &Self) -> Option<Self> {
        let zero = BigInt::from(0);
        if other.coefficient == zero {
            return None;
        }
        let shift = self.exponent - other.exponent + DIVISION_DIGITS;
        let power = BigInt::from(10).pow(shift.unsigned_abs());
        let (dividend, divisor) = if shift >= 0 {
            (&self.coefficient * power, other.coefficient.clone())
        } else {
            (self.coefficient.clone(), &other.coefficient * power)
        };
        let quotient = &dividend / &divisor;
        let rest = &dividend - &quotient * &divisor;
        let negative = (dividend < zero) != (divisor < zero);
        let doubled: BigInt = magnitude(rest) * 2;
        let coefficient = if doubled < magnitude(divisor) {
            quotient
        } else if negative {
            quotient - 1
        } else {
            quotient + 1
        };
        Some(Self {
            coefficient,
            exponent: -DIVISION_DIGITS,
        })
    }
}

fn magnitude(value: BigInt) -> BigInt {
    if value < BigInt::from(0) {
        -value
    } else {
        value
    }
}
