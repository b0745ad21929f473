//! Go's duration strings (`1h30m0s`), parsed and printed as Go's `time` package does.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is no Go duration; the messages are those of Go's `time.ParseDuration`.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DurationError {
    /// The text has no number, or something that is neither number nor unit.
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {0:?}")]
    MissingUnit(String),
    /// A unit that Go does not know.
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// The unknown unit.
        unit: String,
        /// The whole text.
        text: String,
    },
}

/// A signed duration in nanoseconds, as in Go.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct GoDuration(i64);

const NANOSECOND: i64 = 1;
const MICROSECOND: i64 = 1_000 * NANOSECOND;
const MILLISECOND: i64 = 1_000 * MICROSECOND;
const SECOND: i64 = 1_000 * MILLISECOND;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

impl GoDuration {
    /// From nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From whole seconds; saturates.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(SECOND))
    }

    /// From a standard duration; saturates.
    pub fn from_std(duration: Duration) -> Self {
        Self(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }

    /// Nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// As a standard duration; negative durations are zero.
    pub fn as_std(self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }

    /// Rounded to a multiple of `unit` (half away from zero), as Go's `Duration.Round`.
    pub fn round(self, unit: Self) -> Self {
        if unit.0 <= 0 {
            return self;
        }
        let rest = self.0 % unit.0;
        let down = self.0 - rest;
        if rest.abs().saturating_mul(2) >= unit.0 {
            Self(down.saturating_add(unit.0 * rest.signum()))
        } else {
            Self(down)
        }
    }
}

fn unit_nanos(unit: &str) -> Option<i64> {
    Some(match unit {
        "ns" => NANOSECOND,
        "us" | "µs" | "μs" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        _ => return None,
    })
}

/// One `number unit` pair from the front of `rest`: nanoseconds and what follows.
fn parse_component<'a>(rest: &'a str, text: &str) -> Result<(i64, &'a str), DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let whole_len = digits(rest);
    let (whole, mut rest) = rest.split_at(whole_len);
    let mut fraction = "";
    if let Some(after) = rest.strip_prefix('.') {
        let len = digits(after);
        (fraction, rest) = after.split_at(len);
    }
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let unit_len = rest
        .find(|c: char| c == '.' || c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(unit_len);
    if unit.is_empty() {
        return Err(DurationError::MissingUnit(text.to_owned()));
    }
    let scale = unit_nanos(unit).ok_or_else(|| DurationError::UnknownUnit {
        unit: unit.to_owned(),
        text: text.to_owned(),
    })?;
    let whole: i64 = if whole.is_empty() {
        0
    } else {
        whole.parse().map_err(|_| invalid())?
    };
    let mut nanos = whole.checked_mul(scale).ok_or_else(invalid)?;
    if !fraction.is_empty() {
        let extra = fraction
            .bytes()
            .take(18)
            .fold(0f64, |sum, digit| sum * 10.0 + f64::from(digit - b'0'));
        let places = i32::try_from(fraction.len().min(18)).unwrap_or(18);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "Go computes the fraction in float64 and truncates"
        )]
        let add = (extra * (scale as f64 / 10f64.powi(places))) as i64;
        nanos = nanos.checked_add(add).ok_or_else(invalid)?;
    }
    Ok((nanos, rest))
}

impl FromStr for GoDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let invalid = || DurationError::Invalid(text.to_owned());
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total = 0i64;
        while !rest.is_empty() {
            let (nanos, after) = parse_component(rest, text)?;
            total = total.checked_add(nanos).ok_or_else(invalid)?;
            rest = after;
        }
        Ok(Self(if negative { -total } else { total }))
    }
}

impl TryFrom<String> for GoDuration {
    type Error = DurationError;
    fn try_from(text: String) -> Result<Self, DurationError> {
        text.parse()
    }
}

impl From<GoDuration> for String {
    fn from(duration: GoDuration) -> Self {
        duration.to_string()
    }
}

fn write_fraction(f: &mut fmt::Formatter<'_>, value: u64, scale: u64, unit: &str) -> fmt::Result {
    let (whole, rest) = (value / scale, value % scale);
    if rest == 0 {
        return write!(f, "{whole}{unit}");
    }
    let width = scale.ilog10() as usize;
    let digits = format!("{rest:0width$}");
    write!(f, "{whole}.{}{unit}", digits.trim_end_matches('0'))
}

/// Go's `Duration.String`: `1h30m0s`, `1.5s`, `100ms`, `0s`.
impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let nanos = self.0.unsigned_abs();
        if nanos < 1_000 {
            return write!(f, "{nanos}ns");
        }
        if nanos < 1_000_000 {
            return write_fraction(f, nanos, 1_000, "µs");
        }
        if nanos < 1_000_000_000 {
            return write_fraction(f, nanos, 1_000_000, "ms");
        }
        let (minutes, rest) = (nanos / 60_000_000_000, nanos % 60_000_000_000);
        if minutes >= 60 {
            write!(f, "{}h", minutes / 60)?;
        }
        if minutes > 0 {
            write!(f, "{}m", minutes % 60)?;
        }
        write_fraction(f, rest, 1_000_000_000, "s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_prints_as_go() {
        for (text, printed) in [
            ("0", "0s"),
            ("1h", "1h0m0s"),
            ("90m", "1h30m0s"),
            ("1.5s", "1.5s"),
            ("100ms", "100ms"),
            ("1m0.5s", "1m0.5s"),
            ("-3s", "-3s"),
            ("1us", "1µs"),
            ("1500ns", "1.5µs"),
            (".5h", "30m0s"),
            ("59m30s", "59m30s"),
        ] {
            let parsed: GoDuration = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(parsed.to_string(), printed, "{text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for (text, message) in [
            ("", "time: invalid duration \"\""),
            ("5", "time: missing unit in duration \"5\""),
            ("1d", "time: unknown unit \"d\" in duration \"1d\""),
            ("abc", "time: invalid duration \"abc\""),
            ("99999999999h", "time: invalid duration \"99999999999h\""),
        ] {
            let error = text.parse::<GoDuration>().expect_err(text);
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn rounds_half_away_from_zero() {
        let unit = GoDuration::from_secs(1);
        assert_eq!(
            "1.5s"
                .parse::<GoDuration>()
                .unwrap()
                .round(unit)
                .to_string(),
            "2s"
        );
        assert_eq!(
            "-1.5s"
                .parse::<GoDuration>()
                .unwrap()
                .round(unit)
                .to_string(),
            "-2s"
        );
        assert_eq!(
            "1.4s"
                .parse::<GoDuration>()
                .unwrap()
                .round(unit)
                .to_string(),
            "1s"
        );
    }
}
