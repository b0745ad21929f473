//! Formats of strings that the API server checks.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::json;

use crate::field_error::{FieldError, FieldErrorKind, FieldPath};
use crate::model::{Schema, ValueType};

pub(super) fn check(text: &str, schema: &Schema, path: &FieldPath, errors: &mut Vec<FieldError>) {
    let Some(format) = effective(schema) else {
        return;
    };
    if fits(format, text) {
        return;
    }
    let quoted = skein_gowords::quote(text);
    let detail = format!(
        "{} in body must be of type {format}: {quoted}",
        path.as_str()
    );
    let kind = FieldErrorKind::TypeInvalid;
    errors.push(FieldError::new(
        kind,
        path.clone(),
        Some(json!(text)),
        detail,
    ));
}

/// Formats of strings that the API server knows, as it compares them: without dashes.
pub const STRING_FORMATS: &[&str] = &[
    "bsonobjectid",
    "uri",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "cidr",
    "mac",
    "uuid",
    "uuid3",
    "uuid4",
    "uuid5",
    "isbn",
    "isbn10",
    "isbn13",
    "creditcard",
    "ssn",
    "hexcolor",
    "rgbcolor",
    "byte",
    "password",
    "date",
    "duration",
    "datetime",
    "k8sshortname",
    "k8slongname",
];

/// The format of a schema, unless it is one that the API server takes no notice of.
pub(super) fn effective(schema: &Schema) -> Option<&str> {
    let format = schema.format.as_deref()?;
    let counts = match schema.value_type {
        Some(ValueType::Integer) => matches!(format, "int32" | "int64"),
        Some(ValueType::Number) => matches!(format, "float" | "double"),
        Some(ValueType::String) | None => {
            STRING_FORMATS.contains(&format.replace('-', "").as_str())
        }
        _ => false,
    };
    counts.then_some(format)
}

fn fits(format: &str, text: &str) -> bool {
    match format {
        "date-time" | "datetime" => is_date_time(text),
        "date" => is_date(text),
        "byte" => BASE64.is_match(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => is_cidr(text),
        "uuid" | "uuid3" | "uuid4" | "uuid5" => UUID.is_match(text),
        "hostname" => HOSTNAME.is_match(text) && text.len() <= 255,
        "mac" => MAC.is_match(text),
        "hexcolor" => HEX_COLOUR.is_match(text),
        "duration" => is_duration(text),
        "email" => is_email(text),
        "uri" => URI.is_match(text),
        "k8s-short-name" => is_short_name(text),
        "k8s-long-name" => text.len() <= MAX_LONG_NAME_BYTES && text.split('.').all(is_part),
        _ => true,
    }
}

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($text).expect("a constant pattern"));
    };
}

pattern!(
    UUID,
    r"^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"
);
pattern!(
    HOSTNAME,
    r"^([a-zA-Z0-9\p{L}]([a-zA-Z0-9\p{L}-]{0,61}[a-zA-Z0-9\p{L}])?)(\.[a-zA-Z0-9\p{L}]([a-zA-Z0-9\p{L}-]{0,61}[a-zA-Z0-9\p{L}])?)*\.?$"
);
pattern!(
    BASE64,
    r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$"
);
pattern!(MAC, r"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$");
pattern!(HEX_COLOUR, r"^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$");
pattern!(URI, r"^([a-zA-Z][a-zA-Z0-9+.-]*:\S+|/\S*)$");
pattern!(
    DATE_TIME,
    r"^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})([.,]\d+)?([Zz]|[+-]\d{2}:?\d{2})?$"
);
pattern!(
    DURATION,
    r"^[+-]?((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$"
);
pattern!(
    WORDED_DURATION,
    r"^\d+\s*(ns|us|µs|ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)$"
);

fn is_date_time(text: &str) -> bool {
    let Some(parts) = DATE_TIME.captures(text) else {
        return false;
    };
    let number = |index: usize| parts[index].parse::<u32>().unwrap_or(u32::MAX);
    is_day(number(1), number(2), number(3)) && number(4) < 24 && number(5) < 60 && number(6) < 60
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let number =
        |text: &str, length: usize| text.parse::<u32>().ok().filter(|_| text.len() == length);
    match (number(year, 4), number(month, 2), number(day, 2)) {
        (Some(year), Some(month), Some(day)) => is_day(year, month, day),
        _ => false,
    }
}

fn is_day(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=last).contains(&day)
}

fn is_duration(text: &str) -> bool {
    text == "0" || DURATION.is_match(text) || WORDED_DURATION.is_match(text)
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return false;
    };
    let limit = if address.parse::<Ipv4Addr>().is_ok() {
        32
    } else if address.parse::<Ipv6Addr>().is_ok() {
        128
    } else {
        return false;
    };
    bits.parse::<u8>().is_ok_and(|bits| bits <= limit)
}

/// Bytes of the longest names.
const MAX_SHORT_NAME_BYTES: usize = 63;
const MAX_LONG_NAME_BYTES: usize = 253;

fn is_short_name(text: &str) -> bool {
    text.len() <= MAX_SHORT_NAME_BYTES && is_part(text)
}

/// Small letters, digits and dashes that neither start nor end it.
fn is_part(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.iter().all(|byte| plain(*byte) || *byte == b'-')
        && bytes.first().is_some_and(|byte| plain(*byte))
        && bytes.last().is_some_and(|byte| plain(*byte))
}

fn is_email(text: &str) -> bool {
    match text.rsplit_once('@') {
        Some((local, domain)) => {
            !local.is_empty() && !domain.is_empty() && !text.contains(char::is_whitespace)
        }
        None => false,
    }
}
