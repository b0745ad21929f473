//! Times of day (RFC 3339), durations (its appendix A) and periods.

use skein_gowords::date_error;

use super::{Fault, ensure};
use crate::schema::problem::quote_character;

/// Minutes of a day.
const DAY_MINUTES: i64 = 24 * 60;
/// Length of a date.
const DATE_BYTES: usize = 10;

pub(super) fn time(text: &str) -> Fault {
    ensure(text.len() >= 9, "less than 9 characters long")?;
    let bytes = text.as_bytes();
    ensure(
        bytes[2] == b':' && bytes[5] == b':',
        "missing colon in correct place",
    )?;
    let mut clock = [0_i64; 3];
    for (number, part) in clock
        .iter_mut()
        .zip([&bytes[..2], &bytes[3..5], &bytes[6..8]])
    {
        *number = two_digits(part, "hour/min/sec")?;
    }
    let [hour, minute, second] = clock;
    ensure(
        hour <= 23 && minute <= 59 && second <= 60,
        "hour/min/sec out of range",
    )?;
    let mut zone = &bytes[8..];
    if let Some(fraction) = zone.strip_prefix(b".") {
        let digits = fraction
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        ensure(digits > 0, "no digits in second fraction")?;
        zone = &fraction[digits..];
    }
    let mut minutes = hour * 60 + minute;
    if zone != b"z" && zone != b"Z" {
        minutes += offset(zone)?;
        if minutes < 0 {
            minutes += DAY_MINUTES;
        }
    }
    // A leap second comes last in a day of UTC.
    ensure(
        second < 60 || minutes == DAY_MINUTES - 1,
        "invalid leap second",
    )
}

/// What is to be added to get UTC, in minutes.
fn offset(zone: &[u8]) -> Result<i64, String> {
    ensure(zone.len() == 6, "offset must be 6 characters long")?;
    let sign = match zone[0] {
        b'+' => -1,
        b'-' => 1,
        _ => return Err("offset must begin with plus/minus".to_owned()),
    };
    ensure(zone[3] == b':', "missing colon in offset in correct place")?;
    let hours = two_digits(&zone[1..3], "hour/min in offset")?;
    let minutes = two_digits(&zone[4..6], "hour/min in offset")?;
    ensure(
        hours <= 23 && minutes <= 59,
        "hour/min in offset out of range",
    )?;
    Ok(sign * (hours * 60 + minutes))
}

/// A number of two characters, of which the first may be a sign.
fn two_digits(bytes: &[u8], what: &str) -> Result<i64, String> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let number: i64 = text.parse().map_err(|_| format!("invalid {what}"))?;
    if number < 0 {
        return Err(format!("non-positive {what}"));
    }
    Ok(number)
}

pub(super) fn date_time(text: &str) -> Fault {
    ensure(text.len() >= 20, "less than 20 characters long")?;
    let separator = text.as_bytes()[DATE_BYTES];
    ensure(
        separator.eq_ignore_ascii_case(&b't'),
        "11th character must be t or T",
    )?;
    let (date, rest) = text.split_at(DATE_BYTES);
    if let Some(problem) = date_error(date) {
        return Err(format!("invalid date element: {problem}"));
    }
    time(&rest[1..]).map_err(|problem| format!("invalid time element: {problem}"))
}

pub(super) fn duration(text: &str) -> Fault {
    let rest = text.strip_prefix('P').ok_or("must start with P")?;
    ensure(!rest.is_empty(), "nothing after P")?;
    if let Some(weeks) = rest.strip_suffix('W') {
        ensure(!weeks.is_empty(), "no number in week")?;
        return ensure(weeks.bytes().all(|b| b.is_ascii_digit()), "invalid week");
    }
    let units = ["YMD", "HMS"];
    for (at, part) in rest.split('T').enumerate() {
        ensure(at == 0 || !part.is_empty(), "no time elements")?;
        let units = units.get(at).ok_or("more than one T")?;
        elements(part, units)?;
    }
    Ok(())
}

fn elements(mut text: &str, units: &str) -> Fault {
    let mut left = units;
    while !text.is_empty() {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        ensure(digits > 0, "missing number")?;
        // Go looks at one byte.
        let unit = text.as_bytes().get(digits).ok_or("missing unit")?;
        let shown = || quote_character(char::from(*unit));
        match left.find(char::from(*unit)) {
            Some(at) => left = &left[at + 1..],
            None if units.contains(char::from(*unit)) => {
                return Err(format!("unit {} out of order", shown()));
            }
            None => return Err(format!("invalid unit {}", shown())),
        }
        text = &text[digits + 1..];
    }
    Ok(())
}

pub(super) fn period(text: &str) -> Fault {
    let (start, end) = text.split_once('/').ok_or("missing slash")?;
    let told = |outcome: Fault, what: &str| {
        outcome.map_err(|problem| format!("invalid {what}: {problem}"))
    };
    if start.starts_with('P') {
        told(duration(start), "start duration")?;
        return told(date_time(end), "end date-time");
    }
    told(date_time(start), "start date-time")?;
    if end.starts_with('P') {
        told(duration(end), "end duration")
    } else {
        told(date_time(end), "end date-time")
    }
}
