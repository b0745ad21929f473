//! What a plain scalar means: go-yaml's resolver, in its YAML 1.1 (v2) and 1.2 (v3) forms.

use crate::compose::Dialect;
use crate::scalar::is_word;
use crate::timestamp::parse_timestamp;

/// What a plain scalar resolves to.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `null`, `~` or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above the signed range.
    Uint(u64),
    /// A float, infinite and NaN included.
    Float(f64),
    /// A timestamp, in RFC 3339 form.
    Timestamp(String),
    /// Plain text.
    Text,
}

/// Resolves a plain scalar.
pub fn resolve(text: &str, dialect: Dialect) -> Scalar {
    let Some(first) = text.bytes().next() else {
        return Scalar::Null;
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text, dialect).unwrap_or(Scalar::Text)
        }
        b'.' => word(text, dialect)
            .or_else(|| float(text))
            .unwrap_or(Scalar::Text),
        b'+' | b'-' | b'0'..=b'9' => word(text, dialect)
            .or_else(|| number(text))
            .unwrap_or(Scalar::Text),
        _ => Scalar::Text,
    }
}

fn word(text: &str, dialect: Dialect) -> Option<Scalar> {
    Some(match text {
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ if dialect == Dialect::V2 => return old_bool(text).map(Scalar::Bool),
        _ => return None,
    })
}

/// The booleans of YAML 1.1 beyond `true` and `false`.
fn old_bool(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Option<Scalar> {
    if let Some(timestamp) = parse_timestamp(text) {
        return Some(Scalar::Timestamp(timestamp));
    }
    let without: String;
    let plain = if text.contains('_') {
        without = text.replace('_', "");
        without.as_str()
    } else {
        text
    };
    integer(plain).or_else(|| {
        if is_yaml_float(plain) {
            float(plain)
        } else {
            None
        }
    })
}

/// `strconv.ParseInt` and `ParseUint` with base 0: prefixes `0x`, `0b`, `0o` and `0` for octal.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, signed, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let bytes = unsigned.as_bytes();
    let (radix, digits) = match bytes {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if digits.is_empty() || !digits.bytes().all(|b| char::from(b).is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match i64::try_from(magnitude) {
        Ok(value) => Some(Scalar::Int(if negative { -value } else { value })),
        Err(_) if negative && magnitude == i64::MIN.unsigned_abs() => Some(Scalar::Int(i64::MIN)),
        Err(_) if signed => None,
        Err(_) => Some(Scalar::Uint(magnitude)),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_yaml_float(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(rest);
    let mut rest = &rest[whole..];
    if let Some(after) = rest.strip_prefix('.') {
        let fraction = digits(after);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &after[fraction..];
    } else if whole == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
    }
}

fn float(text: &str) -> Option<Scalar> {
    if !is_yaml_float(text) {
        return None;
    }
    text.parse::<f64>()
        .ok()
        .filter(|f| f.is_finite())
        .map(Scalar::Float)
}

/// Whether a YAML 1.1 parser reads the text, unquoted, as something else than a string: what kyaml quotes when it sets a field.
pub fn is_yaml_1_1_non_string(text: &str) -> bool {
    if text.is_empty() || text.as_bytes().contains(&b'\n') {
        return false;
    }
    match resolve(text, Dialect::V2) {
        Scalar::Text if is_word(text) => false,
        Scalar::Text => reads_as_collection(text),
        // A timestamp stays a string in a generic value.
        Scalar::Timestamp(_) => false,
        _ => true,
    }
}

/// Text that unquoted is no scalar at all: a flow or block collection, a comment, an alias.
fn reads_as_collection(text: &str) -> bool {
    let bytes = text.as_bytes();
    let suspicious = matches!(
        bytes[0],
        b'{' | b'['
            | b'#'
            | b'-'
            | b'?'
            | b'!'
            | b'&'
            | b'"'
            | b'\''
            | b' '
            | b'|'
            | b'>'
            | b'%'
            | b'.'
    ) || text.contains(": ")
        || text.ends_with(':')
        || text.contains(" #")
        || text.contains('\t');
    if !suspicious {
        return false;
    }
    match crate::compose::compose(bytes, Dialect::V2) {
        Err(_) => false,
        Ok(None) => true,
        Ok(Some(node)) => !matches!(
            crate::json::scalar_of(&node, Dialect::V2),
            Some(Scalar::Text | Scalar::Timestamp(_))
        ),
    }
}
