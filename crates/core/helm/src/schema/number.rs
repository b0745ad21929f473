//! Numbers of schemas and values, compared by what they mean and not by how they are written.

use serde_json::Value;

/// Largest decimal exponent that is computed with exactly.
const MAX_SCALE: i32 = 36;

/// Whether two values are equal as JSON values: `1` is `1.0`.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| equal(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, l)| right.get(key).is_some_and(|r| equal(l, r)))
        }
        _ => left == right,
    }
}

/// Whether a number is whole.
pub(super) fn is_whole(number: f64) -> bool {
    number.fract() == 0.0
}

/// A number as digits and a power of ten.
fn decimal(number: f64) -> Option<(i128, i32)> {
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e')?;
    let fraction = digits
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    let mantissa = digits.replace('.', "").parse().ok()?;
    Some((
        mantissa,
        exponent.parse::<i32>().ok()? - i32::try_from(fraction).ok()?,
    ))
}

/// Whether a number is a whole multiple of another, counted in decimals: `0.3` is one of `0.1`.
pub(super) fn is_multiple(number: f64, of: f64) -> bool {
    let exact = || {
        let (left, left_scale) = decimal(number)?;
        let (right, right_scale) = decimal(of)?;
        let scale = left_scale.min(right_scale);
        let raise = |mantissa: i128, by: i32| {
            let by = u32::try_from(by).ok().filter(|_| by <= MAX_SCALE)?;
            mantissa.checked_mul(10_i128.checked_pow(by)?)
        };
        let left = raise(left, left_scale - scale)?;
        let right = raise(right, right_scale - scale)?;
        left.checked_rem(right).map(|rest| rest == 0)
    };
    exact().unwrap_or(number % of == 0.0)
}
