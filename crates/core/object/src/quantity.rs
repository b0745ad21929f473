//! Quantities (`500m`, `1Gi`) in their canonical form.

use serde_json::Value;

/// Most digits of a quantity that are computed with; longer ones stay as they are.
const MAX_DIGITS: usize = 27;

const BINARY: [(&str, u32); 6] = [
    ("Ki", 1),
    ("Mi", 2),
    ("Gi", 3),
    ("Ti", 4),
    ("Pi", 5),
    ("Ei", 6),
];
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

/// A quantity as an exact number: `mantissa` × 10^`exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    mantissa: i128,
    exponent: i32,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Decimal,
    Binary,
    Exponent,
}

/// The canonical text of a quantity given as a string or number; `None` when it is no quantity or too long.
pub fn canonical(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(Quantity::parse(&text)?.to_string())
}

impl Quantity {
    /// Parses a quantity.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text
            .char_indices()
            .find(|(index, c)| {
                !(c.is_ascii_digit() || *c == '.' || (*index == 0 && "+-".contains(*c)))
            })
            .map_or(text.len(), |(index, _)| index);
        let (number, suffix) = text.split_at(end);
        let (mantissa, exponent) = parse_decimal(number)?;
        if let Some((_, power)) = BINARY.iter().find(|(name, _)| *name == suffix) {
            let mantissa = mantissa.checked_mul(1024_i128.checked_pow(*power)?)?;
            return Some(
                Self {
                    mantissa,
                    exponent,
                    form: Form::Binary,
                }
                .rounded(),
            );
        }
        if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
            let form = Form::Decimal;
            return Some(
                Self {
                    mantissa,
                    exponent: exponent + power,
                    form,
                }
                .rounded(),
            );
        }
        let power = suffix.strip_prefix(['e', 'E'])?;
        let power: i32 = power
            .parse()
            .ok()
            .filter(|power| (-40..=40).contains(power))?;
        Some(
            Self {
                mantissa,
                exponent: exponent + power,
                form: Form::Exponent,
            }
            .rounded(),
        )
    }

    /// Smaller than a nano is rounded up, away from zero.
    fn rounded(mut self) -> Self {
        while self.mantissa != 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.exponent += 1;
        }
        while self.exponent < -9 {
            let rest = self.mantissa % 10;
            self.mantissa = self.mantissa / 10 + rest.signum();
            self.exponent += 1;
        }
        if self.mantissa == 0 {
            self.exponent = 0;
        }
        self
    }

    /// As a whole number, rounded up; `None` beyond 64 bits.
    pub fn to_i64(self) -> Option<i64> {
        let mut value = self.mantissa;
        for _ in 0..self.exponent.max(0) {
            value = value.checked_mul(10)?;
        }
        for _ in self.exponent.min(0)..0 {
            value = value / 10 + (value % 10).signum();
        }
        i64::try_from(value).ok()
    }

    /// As a floating-point number.
    pub fn to_f64(self) -> f64 {
        self.mantissa as f64 * 10_f64.powi(self.exponent)
    }

    /// Whether it is a whole number of 64 bits.
    pub fn is_integer(self) -> bool {
        self.exponent >= 0 && self.to_i64().is_some()
    }

    /// Exact sum; `None` on overflow.
    pub fn plus(self, other: Self) -> Option<Self> {
        let (a, b, exponent) = self.aligned(other)?;
        Some(
            Self {
                mantissa: a.checked_add(b)?,
                exponent,
                form: self.form,
            }
            .rounded(),
        )
    }

    /// Exact difference; `None` on overflow.
    pub fn minus(self, other: Self) -> Option<Self> {
        let (a, b, exponent) = self.aligned(other)?;
        Some(
            Self {
                mantissa: a.checked_sub(b)?,
                exponent,
                form: self.form,
            }
            .rounded(),
        )
    }

    /// Order by value; `None` when the two are too far apart to compute with.
    pub fn compare(self, other: Self) -> Option<std::cmp::Ordering> {
        let (a, b, _) = self.aligned(other)?;
        Some(a.cmp(&b))
    }

    /// -1, 0 or 1.
    pub fn sign(self) -> i64 {
        self.mantissa.signum() as i64
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, i32)> {
        let exponent = self.exponent.min(other.exponent);
        let scale = |quantity: Self| {
            let steps = u32::try_from(quantity.exponent - exponent).ok()?;
            quantity.mantissa.checked_mul(10_i128.checked_pow(steps)?)
        };
        Some((scale(self)?, scale(other)?, exponent))
    }
}

fn parse_decimal(text: &str) -> Option<(i128, i32)> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || all.len() > MAX_DIGITS || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mantissa: i128 = all.parse().ok()?;
    Some((sign * mantissa, -i32::try_from(fraction.len()).ok()?))
}

/// The canonical form: the largest suffix with which no fraction is left.
impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.mantissa == 0 {
            return f.write_str("0");
        }
        match self.form {
            Form::Binary => match self.to_i64().filter(|_| self.exponent >= 0) {
                // Small binary quantities and those with a fraction are written in decimal.
                Some(value) if value.unsigned_abs() >= 1024 => write_binary(f, value),
                _ => write_decimal(f, self.mantissa, self.exponent, false),
            },
            Form::Decimal => write_decimal(f, self.mantissa, self.exponent, false),
            Form::Exponent => write_decimal(f, self.mantissa, self.exponent, true),
        }
    }
}

fn write_binary(f: &mut std::fmt::Formatter<'_>, mut value: i64) -> std::fmt::Result {
    let mut power = 0;
    while value % 1024 == 0 && power < BINARY.len() {
        value /= 1024;
        power += 1;
    }
    let suffix = if power == 0 { "" } else { BINARY[power - 1].0 };
    write!(f, "{value}{suffix}")
}

fn write_decimal(
    f: &mut std::fmt::Formatter<'_>,
    mantissa: i128,
    exponent: i32,
    with_exponent: bool,
) -> std::fmt::Result {
    // The exponent becomes the next multiple of three below.
    let steps = exponent.rem_euclid(3);
    let mantissa = mantissa * 10_i128.pow(steps.unsigned_abs());
    let exponent = exponent - steps;
    if with_exponent {
        return if exponent == 0 {
            write!(f, "{mantissa}")
        } else {
            write!(f, "{mantissa}e{exponent}")
        };
    }
    match DECIMAL.iter().find(|(_, power)| *power == exponent) {
        Some((suffix, _)) => write!(f, "{mantissa}{suffix}"),
        None => {
            let zeros = usize::try_from(exponent - 18).unwrap_or_default();
            write!(f, "{mantissa}{}E", "0".repeat(zeros))
        }
    }
}
