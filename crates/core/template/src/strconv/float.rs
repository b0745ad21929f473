//! Floats as text, by the rules of `strconv.FormatFloat` and `strconv.ParseFloat`.

use super::integer::NumberError;

/// Exponent from which the shortest `%g` is written with one.
const SHORTEST_EXPONENT_FROM: i32 = 6;
/// Most digits behind the point; a float64 has no more than 1,074.
const MAX_PRECISION_DIGITS: usize = 2_000;

/// Digits without point (no trailing zeros) and the place of the point behind them: `0.DIGITS * 10^point`.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

/// Writes a float in the format `e`, `E`, `f`, `g`, `G`, `x`, `X` or `b`. A negative precision means as many digits as the value needs.
pub fn format_float(value: f64, format: u8, precision: i32) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let magnitude = value.abs();
    let body = match format {
        b'x' | b'X' => hexadecimal(magnitude, format, precision),
        b'b' => binary(magnitude),
        b'f' | b'F' => fixed(magnitude, precision),
        b'e' | b'E' => exponent(magnitude, format, precision),
        _ => general(magnitude, format, precision),
    };
    format!("{sign}{body}")
}

fn clamp(precision: i32) -> usize {
    usize::try_from(precision)
        .unwrap_or_default()
        .min(MAX_PRECISION_DIGITS)
}

fn fixed(value: f64, precision: i32) -> String {
    if precision < 0 {
        return format!("{value}");
    }
    let mut text = format!("{value:.*}", clamp(precision));
    // No float has more digits than that.
    let more = (precision as usize).saturating_sub(MAX_PRECISION_DIGITS);
    text.extend(std::iter::repeat_n('0', more));
    text
}

fn exponent(value: f64, format: u8, precision: i32) -> String {
    let text = if precision < 0 {
        format!("{value:e}")
    } else {
        format!("{value:.*e}", clamp(precision))
    };
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    with_exponent(digits, format, exponent)
}

fn with_exponent(digits: &str, format: u8, exponent: i32) -> String {
    let letter = if format.is_ascii_uppercase() {
        'E'
    } else {
        'e'
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}{letter}{sign}{:02}", exponent.unsigned_abs())
}

fn general(value: f64, format: u8, precision: i32) -> String {
    let shortest = precision < 0;
    let decimal = decimal_of(
        value,
        if shortest {
            None
        } else {
            Some(clamp(precision).max(1))
        },
    );
    let count = decimal.digits.len() as i32;
    let threshold = if shortest {
        SHORTEST_EXPONENT_FROM
    } else {
        let precision = precision.max(1);
        if precision > count && count >= decimal.point {
            count
        } else {
            precision
        }
    };
    let exponent = if decimal.digits.is_empty() {
        0
    } else {
        decimal.point - 1
    };
    let digits = if decimal.digits.is_empty() {
        "0".to_owned()
    } else {
        String::from_utf8_lossy(&decimal.digits).into_owned()
    };
    if exponent < -4 || exponent >= threshold {
        let (first, rest) = digits.split_at(1);
        let mantissa = if rest.is_empty() {
            first.to_owned()
        } else {
            format!("{first}.{rest}")
        };
        return with_exponent(&mantissa, format, exponent);
    }
    plain(&digits, decimal.point, value == 0.0)
}

fn plain(digits: &str, point: i32, zero: bool) -> String {
    if zero {
        return "0".to_owned();
    }
    if point <= 0 {
        return format!("0.{}{digits}", "0".repeat(point.unsigned_abs() as usize));
    }
    let point = point as usize;
    if point >= digits.len() {
        return format!("{digits}{}", "0".repeat(point - digits.len()));
    }
    format!("{}.{}", &digits[..point], &digits[point..])
}

fn decimal_of(value: f64, significant: Option<usize>) -> Decimal {
    let text = match significant {
        None => format!("{value:e}"),
        Some(count) => format!("{value:.*e}", count - 1),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    let point = if digits.is_empty() { 0 } else { exponent + 1 };
    Decimal { digits, point }
}

/// Fraction bits of a float64.
const FRACTION_BITS: u32 = 52;
const EXPONENT_BIAS: i32 = 1023;

/// Mantissa and binary exponent with the mantissa as an integer.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let exponent = ((bits >> FRACTION_BITS) & 0x7ff) as i32;
    if exponent == 0 {
        (fraction, 1 - EXPONENT_BIAS)
    } else {
        (fraction | 1 << FRACTION_BITS, exponent - EXPONENT_BIAS)
    }
}

fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    let exponent = exponent - FRACTION_BITS as i32;
    let sign = if exponent >= 0 { "+" } else { "" };
    format!("{mantissa}p{sign}{exponent}")
}

fn hexadecimal(value: f64, format: u8, precision: i32) -> String {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    }
    // The leading 1 goes to bit 60, so that 15 hexadecimal digits follow it.
    mantissa <<= 60 - FRACTION_BITS;
    while mantissa != 0 && mantissa & (1 << 60) == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if (0..15).contains(&precision) {
        let shift = (precision * 4) as u32;
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut text = format!("0x{}", (mantissa >> 60) & 1);
    mantissa <<= 4;
    let mut rest = String::new();
    let mut left = mantissa;
    if precision < 0 {
        while left != 0 {
            rest.push_str(&format!("{:x}", left >> 60));
            left <<= 4;
        }
    } else {
        for _ in 0..clamp(precision) {
            rest.push_str(&format!("{:x}", left >> 60));
            left <<= 4;
        }
    }
    if !rest.is_empty() {
        text.push('.');
        text.push_str(&rest);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    text.push_str(&format!("p{sign}{:02}", exponent.unsigned_abs()));
    if format == b'X' {
        text.make_ascii_uppercase();
    }
    text
}

/// Reads a float as Go does: with underscores and hexadecimal only where Go's base prefix allows them.
pub fn parse_float(text: &str) -> Result<f64, NumberError> {
    let (sign, body) = match text.as_bytes().first() {
        Some(b'-') => (-1.0, &text[1..]),
        Some(b'+') => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    let lower = body.to_ascii_lowercase();
    match lower.as_str() {
        "inf" | "infinity" => return Ok(sign * f64::INFINITY),
        "nan" => return Ok(f64::NAN),
        _ => {}
    }
    if let Some(hex) = lower.strip_prefix("0x") {
        return parse_hexadecimal(hex).map(|value| sign * value);
    }
    let lower = if lower.contains('_') {
        if !super::integer::underscores_ok(&lower) {
            return Err(NumberError::Syntax);
        }
        lower.replace('_', "")
    } else {
        lower
    };
    let allowed = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'+' | b'-');
    if !lower.bytes().all(allowed) || !lower.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::Syntax);
    }
    let value: f64 = lower.parse().map_err(|_| NumberError::Syntax)?;
    if value.is_infinite() {
        return Err(NumberError::Range);
    }
    Ok(sign * value)
}

fn parse_hexadecimal(text: &str) -> Result<f64, NumberError> {
    let (mantissa, exponent) = text.split_once('p').ok_or(NumberError::Syntax)?;
    let exponent: i32 = exponent.parse().map_err(|_| NumberError::Syntax)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut value = 0.0_f64;
    let mut any = false;
    for digit in whole.bytes().chain(fraction.bytes()) {
        if digit == b'_' {
            continue;
        }
        let digit = char::from(digit).to_digit(16).ok_or(NumberError::Syntax)?;
        value = value * 16.0 + f64::from(digit);
        any = true;
    }
    if !any {
        return Err(NumberError::Syntax);
    }
    let places = fraction.bytes().filter(|byte| *byte != b'_').count() as i32;
    let value = value * 2.0_f64.powi(exponent.saturating_sub(places.saturating_mul(4)));
    if value.is_infinite() {
        return Err(NumberError::Range);
    }
    Ok(value)
}
