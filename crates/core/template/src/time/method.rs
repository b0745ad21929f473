//! Methods of times and durations that templates can call.

use jiff::tz::TimeZone;

use super::{GoTime, Location, duration_text, month_text, weekday_text};
use crate::function::{CallError, Signature};
use crate::types::IntKind;
use crate::value::Value;

const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;

/// The signature of a method of this value.
pub fn method(value: &Value, name: &str) -> Option<Signature> {
    let text = match value {
        Value::Time(_) => time_signature(name)?,
        Value::Int(IntKind::Duration, _) => match name {
            "String" => "-> string",
            "Hours" | "Minutes" | "Seconds" => "-> float64",
            "Milliseconds" | "Microseconds" | "Nanoseconds" => "-> int64",
            "Abs" => "-> duration",
            "Round" | "Truncate" => "duration -> duration",
            _ => return None,
        },
        Value::Int(IntKind::Month | IntKind::Weekday, _) if name == "String" => "-> string",
        _ => return None,
    };
    Some(Signature::parse(text))
}

fn time_signature(name: &str) -> Option<&'static str> {
    Some(match name {
        "Format" => "string -> string",
        "String" => "-> string",
        "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" => "-> int64",
        "Year" | "Day" | "Hour" | "Minute" | "Second" | "Nanosecond" | "YearDay" => "-> int",
        "Month" => "-> time.Month",
        "Weekday" => "-> time.Weekday",
        "UTC" | "Local" => "-> time",
        "In" => "*time.Location -> time",
        "Location" => "-> *time.Location",
        "Add" | "Round" | "Truncate" => "duration -> time",
        "AddDate" => "int, int, int -> time",
        "Sub" => "time -> duration",
        "After" | "Before" | "Equal" => "time -> bool",
        "Compare" => "time -> int",
        "IsZero" | "IsDST" => "-> bool",
        "GoString" => "-> string",
        "MarshalText" | "MarshalJSON" => "-> bytes",
        "AppendFormat" => "bytes, string -> bytes",
        "AppendText" => "bytes -> bytes",
        "Date" => "-> int, time.Month, int",
        "Clock" => "-> int, int, int",
        "ISOWeek" => "-> int, int",
        "Zone" => "-> string, int",
        "ZoneBounds" => "-> time, time",
        _ => return None,
    })
}

/// Calls a method that [`method`] knows.
pub fn call_method(
    value: &Value,
    name: &str,
    arguments: &[Value],
    local: TimeZone,
) -> Result<Value, CallError> {
    let result = match value {
        Value::Time(time) => match name {
            "Local" => Some(Value::Time(GoTime::local(time.instant, local))),
            "In" => return within(time, arguments),
            _ => call_time(time, name, arguments),
        },
        Value::Int(IntKind::Duration, duration) => call_duration(*duration, name, arguments),
        Value::Int(IntKind::Month, month) => Some(Value::text(month_text(*month))),
        Value::Int(_, day) => Some(Value::text(weekday_text(*day))),
        _ => None,
    };
    result.ok_or_else(|| CallError::new(format!("no method {name}")))
}

fn int(value: impl Into<i64>) -> Option<Value> {
    Some(Value::int(value.into()))
}

fn duration_of(arguments: &[Value]) -> Option<i64> {
    match arguments.first()? {
        Value::Int(_, int) => Some(*int),
        _ => None,
    }
}

fn time_of(arguments: &[Value]) -> Option<&GoTime> {
    match arguments.first()? {
        Value::Time(time) => Some(time),
        _ => None,
    }
}

/// Whole units of so many nanoseconds since the epoch, rounded down.
pub fn since_epoch(time: &GoTime, unit: i128) -> i64 {
    time.instant.as_nanosecond().div_euclid(unit) as i64
}

fn call_time(time: &GoTime, name: &str, arguments: &[Value]) -> Option<Value> {
    let civil = time.wall().civil;
    let instant = time.instant;
    match name {
        "Format" => Some(Value::text(
            time.format(&arguments.first()?.as_text()?.lossy()),
        )),
        "String" => Some(Value::text(time.to_string())),
        "Unix" => Some(Value::int64(since_epoch(time, 1_000_000_000))),
        "UnixMilli" => Some(Value::int64(since_epoch(time, 1_000_000))),
        "UnixMicro" => Some(Value::int64(since_epoch(time, 1_000))),
        "UnixNano" => Some(Value::int64(instant.as_nanosecond() as i64)),
        "Year" => int(civil.year()),
        "Day" => int(civil.day()),
        "Hour" => int(civil.hour()),
        "Minute" => int(civil.minute()),
        "Second" => int(civil.second()),
        "Nanosecond" => int(civil.subsec_nanosecond()),
        "YearDay" => int(civil.day_of_year()),
        "Month" => Some(Value::Int(IntKind::Month, i64::from(civil.month()))),
        "Weekday" => {
            let day = civil.weekday().to_sunday_zero_offset();
            Some(Value::Int(IntKind::Weekday, i64::from(day)))
        }
        "UTC" => Some(Value::Time(time.within(TimeZone::UTC))),
        "Add" => Some(Value::Time(time.plus(duration_of(arguments)?))),
        "Sub" => {
            let difference = time.since(time_of(arguments)?);
            Some(Value::Int(IntKind::Duration, difference))
        }
        "Compare" => int(instant.cmp(&time_of(arguments)?.instant) as i64),
        "IsDST" => Some(Value::Bool(time.is_daylight_saving())),
        "GoString" => Some(Value::text(time.go_syntax())),
        "Location" => Some(Value::object(time.location.without_reading())),
        "MarshalText" => Some(Value::Bytes(time.to_rfc3339_nano().into_bytes().into())),
        "MarshalJSON" => {
            let quoted = format!("\"{}\"", time.to_rfc3339_nano());
            Some(Value::Bytes(quoted.into_bytes().into()))
        }
        "AppendText" => appended(arguments, &time.to_rfc3339_nano()),
        "AppendFormat" => {
            let layout = arguments.get(1)?.as_text()?.lossy();
            appended(arguments, &time.format(&layout))
        }
        "After" => Some(Value::Bool(instant > time_of(arguments)?.instant)),
        "Before" => Some(Value::Bool(instant < time_of(arguments)?.instant)),
        "Equal" => Some(Value::Bool(instant == time_of(arguments)?.instant)),
        "IsZero" => Some(Value::Bool(instant == GoTime::zero().instant)),
        "Round" | "Truncate" => {
            let unit = duration_of(arguments)?;
            let time = &GoTime {
                instant: time.instant,
                location: time.location.without_reading(),
            };
            let since_zero = time
                .instant
                .duration_since(GoTime::zero().instant)
                .as_nanos();
            if unit <= 0 {
                return Some(Value::Time(time.clone()));
            }
            let rest = (since_zero % i128::from(unit)) as i64;
            let up = name == "Round" && rest + rest >= unit;
            Some(Value::Time(time.plus(if up { unit - rest } else { -rest })))
        }
        "AddDate" => add_date(time, arguments),
        _ => None,
    }
}

/// `In`: the same instant at the location of the argument.
fn within(time: &GoTime, arguments: &[Value]) -> Result<Value, CallError> {
    let location = match arguments.first() {
        Some(Value::Object(object)) => Location::of(object.as_ref()),
        _ => None,
    };
    let location = location
        .ok_or_else(|| CallError::new("time: missing Location in call to Time.In"))?
        .without_reading();
    Ok(Value::Time(GoTime {
        instant: time.instant,
        location,
    }))
}

/// The bytes of the first argument and a text behind them.
fn appended(arguments: &[Value], text: &str) -> Option<Value> {
    let Value::Bytes(bytes) = arguments.first()? else {
        return None;
    };
    Some(Value::Bytes([bytes, text.as_bytes()].concat().into()))
}

fn add_date(time: &GoTime, arguments: &[Value]) -> Option<Value> {
    let [
        Value::Int(_, years),
        Value::Int(_, months),
        Value::Int(_, days),
    ] = arguments
    else {
        return None;
    };
    let civil = time.wall().civil;
    // Go normalises an overflow of the day: 31 April is 1 May.
    let months = i64::from(civil.year()) * 12 + i64::from(civil.month()) - 1 + years * 12 + months;
    let year = i16::try_from(months.div_euclid(12)).ok()?;
    let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
    let first = jiff::civil::Date::new(year, month, 1).ok()?;
    let span = jiff::Span::new()
        .try_days(i64::from(civil.day()) - 1 + days)
        .ok()?;
    let date = first.checked_add(span).ok()?.to_datetime(civil.time());
    let instant = match &time.location {
        Location::Zone(zone) | Location::Local(zone, _) => {
            zone.to_ambiguous_timestamp(date).compatible().ok()?
        }
        Location::Fixed(offset, _) => offset.to_timestamp(date).ok()?,
    };
    Some(Value::Time(GoTime {
        instant,
        location: time.location.without_reading(),
    }))
}

fn call_duration(duration: i64, name: &str, arguments: &[Value]) -> Option<Value> {
    Some(match name {
        "String" => Value::text(duration_text(duration)),
        "Hours" => Value::Float(parts(duration, 3_600)),
        "Minutes" => Value::Float(parts(duration, 60)),
        "Seconds" => Value::Float(parts(duration, 1)),
        "Milliseconds" => Value::int64(duration / 1_000_000),
        "Microseconds" => Value::int64(duration / 1_000),
        "Nanoseconds" => Value::int64(duration),
        "Abs" => Value::Int(IntKind::Duration, duration.saturating_abs()),
        "Round" => Value::Int(IntKind::Duration, round(duration, duration_of(arguments)?)),
        "Truncate" => Value::Int(
            IntKind::Duration,
            truncate(duration, duration_of(arguments)?),
        ),
        _ => return None,
    })
}

/// A duration in units of so many seconds: whole units and the rest are added as floats, as Go does.
pub fn parts(duration: i64, seconds: i64) -> f64 {
    let unit = seconds * NANOSECONDS_PER_SECOND;
    (duration / unit) as f64 + (duration % unit) as f64 / unit as f64
}

/// `Duration.Round`: halves go away from zero.
pub fn round(duration: i64, unit: i64) -> i64 {
    if unit <= 0 {
        return duration;
    }
    let rest = duration % unit;
    let down = duration - rest;
    if rest.unsigned_abs() + rest.unsigned_abs() < unit.unsigned_abs() {
        return down;
    }
    if duration < 0 {
        down.saturating_sub(unit)
    } else {
        down.saturating_add(unit)
    }
}

/// `Duration.Truncate`: toward zero.
pub fn truncate(duration: i64, unit: i64) -> i64 {
    if unit <= 0 {
        return duration;
    }
    duration - duration % unit
}
