//! Durations as text: `1h2m3.5s`.

use crate::strconv::quote_bytes;

const NANOSECOND: u64 = 1;
const MICROSECOND: u64 = 1_000 * NANOSECOND;
const MILLISECOND: u64 = 1_000 * MICROSECOND;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Nanoseconds as Go prints a duration.
pub fn duration_text(nanoseconds: i64) -> String {
    let magnitude = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    if magnitude == 0 {
        return "0s".to_owned();
    }
    if magnitude < SECOND {
        let (unit, name) = match magnitude {
            0..MICROSECOND => (NANOSECOND, "ns"),
            MICROSECOND..MILLISECOND => (MICROSECOND, "µs"),
            _ => (MILLISECOND, "ms"),
        };
        return format!("{sign}{}{name}", fraction(magnitude, unit));
    }
    let seconds = fraction(magnitude % MINUTE, SECOND);
    let minutes = magnitude / MINUTE;
    if minutes == 0 {
        return format!("{sign}{seconds}s");
    }
    let hours = minutes / 60;
    if hours == 0 {
        return format!("{sign}{minutes}m{seconds}s");
    }
    format!("{sign}{hours}h{}m{seconds}s", minutes % 60)
}

/// A number of units with as many decimals as it needs.
fn fraction(value: u64, unit: u64) -> String {
    let rest = value % unit;
    if rest == 0 {
        return (value / unit).to_string();
    }
    let places = unit.ilog10() as usize;
    let decimals = format!("{rest:0places$}");
    format!("{}.{}", value / unit, decimals.trim_end_matches('0'))
}

/// Reads `-1h2.5m` into nanoseconds, by the rules of `time.ParseDuration`; the error is Go's.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quote_bytes(text.as_bytes()));
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (part, left) = part(text, rest)?;
        total = total
            .checked_add(part)
            .filter(|total| *total <= 1 << 63)
            .ok_or_else(invalid)?;
        rest = left;
    }
    if negative {
        return Ok((total as i64).wrapping_neg());
    }
    i64::try_from(total).map_err(|_| invalid())
}

/// One number with its unit, in nanoseconds, and what follows.
fn part<'t>(whole: &str, text: &'t str) -> Result<(u64, &'t str), String> {
    let invalid = || format!("time: invalid duration {}", quote_bytes(whole.as_bytes()));
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let length = digits(text);
    let (integer, rest) = text.split_at(length);
    let (decimals, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    if integer.is_empty() && decimals.is_empty() {
        return Err(invalid());
    }
    let mut value: u64 = 0;
    if !integer.is_empty() {
        value = integer.parse().map_err(|_| invalid())?;
    }
    let end = rest
        .find(|c: char| c == '.' || c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit_name, rest) = rest.split_at(end);
    let unit = match unit_name {
        "" => {
            return Err(format!(
                "time: missing unit in duration {}",
                quote_bytes(whole.as_bytes())
            ));
        }
        "ns" => NANOSECOND,
        "us" | "µs" | "μs" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        other => {
            return Err(format!(
                "time: unknown unit {} in duration {}",
                quote_bytes(other.as_bytes()),
                quote_bytes(whole.as_bytes())
            ));
        }
    };
    value = value
        .checked_mul(unit)
        .filter(|value| *value <= 1 << 63)
        .ok_or_else(invalid)?;
    if !decimals.is_empty() {
        let share: f64 = format!("0.{decimals}").parse().unwrap_or_default();
        value += (share * unit as f64) as u64;
    }
    Ok((value, rest))
}
