//! Helm's functions on durations.

use crate::exec::Runtime;
use crate::function::CallError;
use crate::functions::{Entry, Outcome, any};
use crate::strconv::{format_float, parse_float, quote};
use crate::time::{parse_duration, parts, round, truncate};
use crate::types::IntKind;
use crate::value::{Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("durationDays", FLOAT, |_, a| {
        Ok(float(a, |d| parts(d, HOUR) / 24.0))
    }),
    ("durationHours", FLOAT, |_, a| {
        Ok(float(a, |d| parts(d, HOUR)))
    }),
    ("durationMicroseconds", INT, |_, a| Ok(int(a, 1_000))),
    ("durationMilliseconds", INT, |_, a| Ok(int(a, 1_000_000))),
    ("durationMinutes", FLOAT, |_, a| {
        Ok(float(a, |d| parts(d, 60)))
    }),
    ("durationNanoseconds", INT, |_, a| Ok(int(a, 1))),
    ("durationRoundTo", TWO, |_, a| Ok(to_multiple(a, round))),
    ("durationSeconds", FLOAT, |_, a| {
        Ok(float(a, |d| parts(d, 1)))
    }),
    ("durationTruncateTo", TWO, |_, a| {
        Ok(to_multiple(a, truncate))
    }),
    ("durationWeeks", FLOAT, |_, a| {
        Ok(float(a, |d| parts(d, HOUR) / 24.0 / 7.0))
    }),
    ("mustToDuration", "any -> duration", must_to_duration),
];

const FLOAT: &str = "any -> float64";
const INT: &str = "any -> int64";
const TWO: &str = "any, any -> duration";
/// Seconds of an hour.
const HOUR: i64 = 3_600;
const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;

fn duration(nanoseconds: i64) -> Operand {
    Value::Int(IntKind::Duration, nanoseconds).into()
}

fn float(arguments: &[Operand], unit: fn(i64) -> f64) -> Operand {
    let nanoseconds = nanoseconds(any(arguments, 0));
    Value::Float(nanoseconds.map(unit).unwrap_or_default()).into()
}

fn int(arguments: &[Operand], unit: i64) -> Operand {
    let nanoseconds = nanoseconds(any(arguments, 0)).unwrap_or_default();
    Value::int64(nanoseconds / unit).into()
}

fn to_multiple(arguments: &[Operand], step: fn(i64, i64) -> i64) -> Operand {
    match (
        nanoseconds(any(arguments, 0)),
        nanoseconds(any(arguments, 1)),
    ) {
        (Ok(value), Ok(unit)) => duration(step(value, unit)),
        (Ok(value), Err(_)) => duration(value),
        (Err(_), _) => duration(0),
    }
}

fn must_to_duration(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    nanoseconds(any(arguments, 0))
        .map(duration)
        .map_err(CallError::new)
}

/// A duration, a text of one, or a number of seconds.
fn nanoseconds(value: &Value) -> Result<i64, String> {
    match value {
        Value::Int(IntKind::Duration, nanoseconds) => Ok(*nanoseconds),
        Value::Nil => Err("invalid duration".to_owned()),
        Value::String(text) => {
            let shown = text.lossy();
            let trimmed = shown.trim_matches(crate::functions::is_go_space);
            if trimmed.is_empty() {
                return Err("empty duration".to_owned());
            }
            if let Ok(nanoseconds) = parse_duration(trimmed) {
                return Ok(nanoseconds);
            }
            match parse_float(trimmed) {
                Ok(seconds) => from_float(seconds),
                Err(_) => Err(format!("could not parse duration {}", quote(text))),
            }
        }
        Value::Int(_, seconds) => seconds
            .checked_mul(NANOSECONDS_PER_SECOND)
            .ok_or_else(|| format!("duration seconds overflow: {seconds}")),
        Value::Uint(_, seconds) => i64::try_from(*seconds)
            .ok()
            .and_then(|seconds| seconds.checked_mul(NANOSECONDS_PER_SECOND))
            .ok_or_else(|| format!("duration seconds overflow: {seconds}")),
        Value::Float(seconds) => from_float(*seconds),
        Value::Float32(seconds) => from_float(f64::from(*seconds)),
        other => Err(format!("unsupported duration type {}", other.type_name())),
    }
}

fn from_float(seconds: f64) -> Result<i64, String> {
    let shown = || format_float(seconds, b'g', -1);
    if !seconds.is_finite() {
        return Err(format!("invalid duration seconds: {}", shown()));
    }
    let limit = i64::MAX as f64 / NANOSECONDS_PER_SECOND as f64;
    if seconds.abs() > limit {
        return Err(format!("duration seconds overflow: {}", shown()));
    }
    Ok((seconds * NANOSECONDS_PER_SECOND as f64) as i64)
}
