//! Dates and durations.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::arguments::text;
use super::{Entry, Outcome, any};
use crate::exec::Runtime;
use crate::function::CallError;
use crate::strconv::parse_int;
use crate::time::{GoTime, Location, duration_text, parse_duration, round, since_epoch};
use crate::types::IntKind;
use crate::value::{Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("ago", "any -> string", ago),
    ("date", "string, any -> string", |runtime, arguments| {
        let layout = text(arguments, 0);
        Ok(shown(runtime, &layout.lossy(), any(arguments, 1), "Local"))
    }),
    ("dateInZone", IN_ZONE, date_in_zone),
    ("dateModify", MODIFY, |_, arguments| {
        modified(arguments, false)
    }),
    ("date_in_zone", IN_ZONE, date_in_zone),
    ("date_modify", MODIFY, |_, arguments| {
        modified(arguments, false)
    }),
    ("duration", "any -> string", duration),
    ("durationRound", "any -> string", duration_round),
    ("htmlDate", "any -> string", |runtime, arguments| {
        Ok(shown(runtime, HTML, any(arguments, 0), "Local"))
    }),
    (
        "htmlDateInZone",
        "any, string -> string",
        |runtime, arguments| {
            let zone = text(arguments, 1);
            Ok(shown(runtime, HTML, any(arguments, 0), &zone.lossy()))
        },
    ),
    ("mustDateModify", MODIFY, |_, arguments| {
        modified(arguments, true)
    }),
    (
        "mustToDate",
        "string, string -> time",
        |runtime, arguments| read(runtime, arguments).map_err(CallError::new),
    ),
    ("must_date_modify", MODIFY, |_, arguments| {
        modified(arguments, true)
    }),
    ("now", "-> time", |runtime, _| {
        Ok(Value::Time(now(runtime)).into())
    }),
    ("toDate", "string, string -> time", |runtime, arguments| {
        let read = read(runtime, arguments);
        Ok(read.unwrap_or_else(|_| Value::Time(GoTime::zero()).into()))
    }),
    ("unixEpoch", "time -> string", |_, arguments| {
        let seconds = match any(arguments, 0) {
            Value::Time(time) => since_epoch(time, 1_000_000_000),
            _ => 0,
        };
        Ok(Value::text(seconds.to_string()).into())
    }),
];

const HTML: &str = "2006-01-02";
const IN_ZONE: &str = "string, any, string -> string";
const MODIFY: &str = "string, time -> time";
const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;

fn now(runtime: &mut Runtime<'_>) -> GoTime {
    let (instant, reading) = runtime.clock();
    let zone = runtime.environment().time_zone();
    GoTime {
        instant,
        location: Location::Local(zone, reading),
    }
}

fn unix(seconds: i64) -> Option<GoTime> {
    let instant = Timestamp::from_second(seconds).ok()?;
    Some(GoTime::new(instant, TimeZone::UTC))
}

/// A date: a time, or seconds since the epoch as one of these integer types; now for anything else.
fn date_of(runtime: &mut Runtime<'_>, value: &Value, kinds: &[IntKind]) -> GoTime {
    let time = match value {
        Value::Time(time) => Some(time.clone()),
        Value::Int(kind, seconds) if kinds.contains(kind) => unix(*seconds),
        _ => None,
    };
    time.unwrap_or_else(|| now(runtime))
}

fn shown(runtime: &mut Runtime<'_>, layout: &str, value: &Value, zone: &str) -> Operand {
    let kinds = [IntKind::Int, IntKind::Int32, IntKind::Int64];
    let time = date_of(runtime, value, &kinds);
    let zone = match zone {
        "Local" => runtime.environment().time_zone(),
        "" | "UTC" => TimeZone::UTC,
        name => TimeZone::get(name).unwrap_or(TimeZone::UTC),
    };
    Value::text(time.within(zone).format(layout)).into()
}

fn date_in_zone(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let (layout, zone) = (text(arguments, 0), text(arguments, 2));
    Ok(shown(
        runtime,
        &layout.lossy(),
        any(arguments, 1),
        &zone.lossy(),
    ))
}

fn modified(arguments: &[Operand], must: bool) -> Outcome {
    let Value::Time(time) = any(arguments, 1) else {
        return Ok(Value::Time(GoTime::zero()).into());
    };
    match parse_duration(&text(arguments, 0).lossy()) {
        Ok(nanoseconds) => Ok(Value::Time(time.plus(nanoseconds)).into()),
        Err(message) if must => Err(CallError::new(message)),
        Err(_) => Ok(Value::Time(time.clone()).into()),
    }
}

fn read(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Result<Operand, String> {
    let zone = runtime.environment().time_zone();
    let (layout, source) = (text(arguments, 0), text(arguments, 1));
    let time = GoTime::parse(&layout.lossy(), &source.lossy(), &zone)?;
    Ok(Value::Time(time).into())
}

fn ago(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let kinds = [IntKind::Int, IntKind::Int64];
    let time = date_of(runtime, any(arguments, 0), &kinds);
    let since = now(runtime).since(&time);
    let rounded = round(since, NANOSECONDS_PER_SECOND);
    Ok(Value::text(duration_text(rounded)).into())
}

/// Seconds as a duration. (Only `int64` and strings count, not `int`.)
fn duration(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let seconds = match any(arguments, 0) {
        Value::Int(IntKind::Int64, seconds) => *seconds,
        Value::String(text) => parse_int(&text.lossy(), 10).unwrap_or_default(),
        _ => 0,
    };
    let nanoseconds = seconds.wrapping_mul(NANOSECONDS_PER_SECOND);
    Ok(Value::text(duration_text(nanoseconds)).into())
}

fn duration_round(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let nanoseconds = match any(arguments, 0) {
        Value::String(text) => parse_duration(&text.lossy()).unwrap_or_default(),
        Value::Int(IntKind::Int64, nanoseconds) => *nanoseconds,
        Value::Time(time) => now(runtime).since(time),
        _ => 0,
    };
    const SECOND: u64 = NANOSECONDS_PER_SECOND as u64;
    const HOUR: u64 = 3_600 * SECOND;
    const UNITS: [(u64, &str); 6] = [
        (365 * 24 * HOUR, "y"),
        (30 * 24 * HOUR, "mo"),
        (24 * HOUR, "d"),
        (HOUR, "h"),
        (60 * SECOND, "m"),
        (SECOND, "s"),
    ];
    let magnitude = nanoseconds.unsigned_abs();
    let unit = UNITS.iter().find(|(unit, _)| magnitude > *unit);
    let shown = match unit {
        Some((unit, name)) => format!("{}{name}", magnitude / unit),
        None => "0s".to_owned(),
    };
    Ok(Value::text(shown).into())
}
