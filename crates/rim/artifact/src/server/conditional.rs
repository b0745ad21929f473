//! Conditional and range requests: dates, `If-Modified-Since`, `Range`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::{HeaderMap, header};

const SECONDS_PER_DAY: u64 = 86_400;
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Which bytes are asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ByteRange {
    /// No range, or one that is ignored.
    Whole,
    /// One range inside the file.
    Part { start: u64, length: u64 },
    /// A range outside the file.
    Unsatisfiable,
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map(|elapsed| elapsed.as_secs())
        .unwrap_or_default()
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn http_date(time: SystemTime) -> String {
    let seconds = seconds(time);
    let (days, rest) = (seconds / SECONDS_PER_DAY, seconds % SECONDS_PER_DAY);
    let (year, month, day) = civil_date(days);
    format!(
        "{}, {day:02} {} {year} {:02}:{:02}:{:02} GMT",
        DAYS[(days % 7) as usize],
        MONTHS[(month - 1) as usize],
        rest / 3600,
        rest / 60 % 60,
        rest % 60,
    )
}

/// Year, month and day of a day count since 1970 (Howard Hinnant's algorithm).
fn civil_date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

/// Reads the one date format that is in use; others are ignored.
fn parse_date(text: &str) -> Option<SystemTime> {
    let rest = text.split_once(", ")?.1;
    let parts: Vec<&str> = rest.split(' ').collect();
    let [day, month, year, clock, "GMT"] = parts.as_slice() else {
        return None;
    };
    let (day, year): (u64, u64) = (day.parse().ok()?, year.parse().ok()?);
    let month = MONTHS.iter().position(|name| name == month)? as u64 + 1;
    let clock: Vec<u64> = clock
        .split(':')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let [hour, minute, second] = clock.as_slice() else {
        return None;
    };
    if !(1970..10_000).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let year_of_era = shifted_year % 400;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = shifted_year / 400 * 146_097 + day_of_era - 719_468;
    let total = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    Some(UNIX_EPOCH + Duration::from_secs(total))
}

fn date_header(headers: &HeaderMap, name: header::HeaderName) -> Option<SystemTime> {
    parse_date(headers.get(name)?.to_str().ok()?)
}

/// Whether the client's copy is as new as the file.
pub(super) fn not_modified(headers: &HeaderMap, modified: SystemTime) -> bool {
    date_header(headers, header::IF_MODIFIED_SINCE)
        .is_some_and(|since| seconds(modified) <= seconds(since))
}

/// The requested range; several ranges in one request are answered with the whole file.
pub(super) fn requested_range(headers: &HeaderMap, size: u64, modified: SystemTime) -> ByteRange {
    if headers.contains_key(header::IF_RANGE)
        && date_header(headers, header::IF_RANGE).map(seconds) != Some(seconds(modified))
    {
        return ByteRange::Whole;
    }
    let Some(range) = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
    else {
        return ByteRange::Whole;
    };
    match range.strip_prefix("bytes=") {
        Some(spec) if spec.contains(',') => ByteRange::Whole,
        Some(spec) => parse_range(spec.trim(), size).unwrap_or(ByteRange::Unsatisfiable),
        None => ByteRange::Unsatisfiable,
    }
}

fn parse_range(spec: &str, size: u64) -> Option<ByteRange> {
    let (first, last) = spec.split_once('-')?;
    let (start, end) = if first.is_empty() {
        let wanted: u64 = last.parse().ok()?;
        (size.saturating_sub(wanted), size)
    } else {
        let start: u64 = first.parse().ok()?;
        let end = match last {
            "" => size,
            last => last.parse::<u64>().ok()?.saturating_add(1).min(size),
        };
        (start, end)
    };
    (start < end).then(|| ByteRange::Part {
        start,
        length: end - start,
    })
}
