//! What a value breaks in a schema: every kind of problem with its words, laid out as Helm prints them.

use std::fmt::{Display, Formatter, Write};

use serde_json::Value;

use super::address::escape;

/// Digits of an exponent; one below ten gets a zero before it.
const EXPONENT_DIGITS: usize = 2;
/// Powers of ten from which on a number is written with an exponent.
const LARGE_EXPONENT: i32 = 6;
/// Powers of ten below which a number is written with an exponent.
const SMALL_EXPONENT: i32 = -4;

/// One thing that is wrong, with what lies behind it.
#[derive(Debug)]
pub(super) struct Problem {
    /// Where in the values.
    pub(super) place: Vec<String>,
    pub(super) kind: Box<Kind>,
    pub(super) causes: Vec<Problem>,
}

/// What is wrong.
#[derive(Debug)]
pub(super) enum Kind {
    /// Several problems of one value; never printed itself.
    Group,
    /// Behind a `$ref`; printed only when there is more than one cause.
    Reference,
    /// A schema leads back to itself: keywords to both places, and the address.
    Cycle([String; 2], String),
    FalseSchema,
    /// The type, and those wanted.
    Type(&'static str, String),
    Enum(Vec<Value>),
    Const(Value),
    /// The text, the format, and what is wrong.
    Format(String, String, String),
    /// A keyword with a limit of a length: the keyword, what there is, the limit.
    Count(&'static str, usize, usize),
    /// A keyword with a limit of a number.
    Bound(&'static str, f64, f64),
    Required(Vec<String>),
    /// What is missing, and because of what.
    Dependency(Vec<String>, String),
    AdditionalProperties(Vec<String>),
    PropertyName(String),
    AdditionalItems(usize),
    UniqueItems(usize, usize),
    Contains,
    /// What is wanted, and the items that fit.
    MinContains(usize, Vec<usize>),
    MaxContains(usize, Vec<usize>),
    /// The text and the expression.
    Pattern(String, String),
    Not,
    AllOf,
    AnyOf,
    /// Two that fit; nothing when none does.
    OneOf(Option<(usize, usize)>),
    /// A limit of ours.
    TooComplex,
}

impl Display for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Group | Self::Reference => f.write_str("validation failed"),
            Self::Cycle([first, second], address) => {
                let address = skein_gowords::quote(address);
                write!(
                    f,
                    "both {first} and {second} resolve to {address} causing reference cycle"
                )
            }
            Self::FalseSchema => f.write_str("false schema"),
            Self::Type(got, want) => write!(f, "got {got}, want {want}"),
            Self::Enum(wanted) => write_enum(f, wanted),
            Self::Const(Value::Array(_) | Value::Object(_)) => f.write_str("'const' failed"),
            Self::Const(wanted) => write!(f, "value must be {}", display(wanted)),
            Self::Format(text, format, problem) => {
                write!(f, "{} is not valid {format}: {problem}", quote(text))
            }
            Self::Count(keyword, got, want) => {
                let (got, want) = (english_count(*got), english_count(*want));
                write!(f, "{keyword}: got {got}, want {want}")
            }
            Self::Bound(keyword, got, want) => {
                write!(
                    f,
                    "{keyword}: got {}, want {}",
                    english(*got),
                    english(*want)
                )
            }
            Self::Required(missing) => match missing.as_slice() {
                [one] => write!(f, "missing property {}", quote(one)),
                many => write!(f, "missing properties {}", quote_all(many)),
            },
            Self::Dependency(missing, name) => {
                let (missing, name) = (quote_all(missing), quote(name));
                write!(f, "properties {missing} required, if {name} exists")
            }
            Self::AdditionalProperties(names) => {
                write!(f, "additional properties {} not allowed", quote_all(names))
            }
            Self::PropertyName(name) => write!(f, "invalid propertyName {}", quote(name)),
            Self::AdditionalItems(count) => {
                let count = english_count(*count);
                write!(f, "last {count} additionalItem(s) not allowed")
            }
            Self::UniqueItems(first, second) => {
                let (first, second) = (english_count(*first), english_count(*second));
                write!(f, "items at {first} and {second} are equal")
            }
            Self::Contains => f.write_str("no items match contains schema"),
            Self::MinContains(want, matched) => write_contains(f, "min", *want, matched),
            Self::MaxContains(want, matched) => write_contains(f, "max", *want, matched),
            Self::Pattern(text, pattern) => {
                write!(
                    f,
                    "{} does not match pattern {}",
                    quote(text),
                    quote(pattern)
                )
            }
            Self::Not => f.write_str("'not' failed"),
            Self::AllOf => f.write_str("'allOf' failed"),
            Self::AnyOf => f.write_str("'anyOf' failed"),
            Self::OneOf(None) => f.write_str("'oneOf' failed, none matched"),
            Self::OneOf(Some((first, second))) => {
                let (first, second) = (english_count(*first), english_count(*second));
                write!(f, "'oneOf' failed, subschemas {first}, {second} matched")
            }
            Self::TooComplex => f.write_str("the schema is too complex"),
        }
    }
}

fn write_enum(f: &mut Formatter<'_>, wanted: &[Value]) -> std::fmt::Result {
    if wanted
        .iter()
        .any(|item| item.is_array() || item.is_object())
    {
        return f.write_str("'enum' failed");
    }
    let texts: Vec<String> = wanted.iter().map(display).collect();
    match texts.as_slice() {
        [one] => write!(f, "value must be {one}"),
        many => write!(f, "value must be one of {}", many.join(", ")),
    }
}

fn write_contains(
    f: &mut Formatter<'_>,
    which: &str,
    want: usize,
    matched: &[usize],
) -> std::fmt::Result {
    let want = english_count(want);
    write!(
        f,
        "{which} {want} items required to match contains schema, but "
    )?;
    if matched.is_empty() {
        return f.write_str("none matched");
    }
    let at: Vec<String> = matched.iter().map(usize::to_string).collect();
    let count = english_count(matched.len());
    write!(f, "matched {count} items at {}", at.join(" "))
}

impl Problem {
    /// The problem and what lies behind it, one per line.
    pub(super) fn print(&self, indent: usize, out: &mut String) {
        let skipped = matches!(*self.kind, Kind::Reference) && self.causes.len() == 1;
        let below = if skipped { indent } else { indent + 1 };
        if !skipped {
            if indent > 0 {
                out.push('\n');
                out.push_str(&"  ".repeat(indent - 1));
                out.push_str("- ");
            }
            let place: String = self
                .place
                .iter()
                .map(|part| format!("/{}", escape(part)))
                .collect();
            let _ = write!(out, "at {}: {}", quote(&place), self.kind);
        }
        for cause in &self.causes {
            cause.print(below, out);
        }
    }
}

/// A string in single quotes.
pub(super) fn quote(text: &str) -> String {
    let quoted = skein_gowords::quote(text);
    let inner = quoted.strip_prefix('"').unwrap_or(&quoted);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    format!("'{}'", inner.replace("\\\"", "\"").replace('\'', "\\'"))
}

/// A character in single quotes.
pub(super) fn quote_character(character: char) -> String {
    quote(character.encode_utf8(&mut [0; 4]))
}

/// Strings in quotes, with commas.
fn quote_all(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    quoted.join(", ")
}

/// A value of `enum` or `const`.
fn display(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Null => "<nil>".to_owned(),
        Value::Array(_) | Value::Object(_) => "value".to_owned(),
        other => other.to_string(),
    }
}

/// A number as English writes it: `70,000`, and from a million on `1×10⁰⁶`.
pub(super) fn english(number: f64) -> String {
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or_default();
    if number != 0.0 && !(SMALL_EXPONENT..LARGE_EXPONENT).contains(&power) {
        return format!("{mantissa}×10{}", superscript(power));
    }
    let text = number.to_string();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.as_str()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = format!("{sign}{}", grouped(whole));
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn superscript(power: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let sign = if power < 0 { "⁻" } else { "" };
    let digits = format!("{:0EXPONENT_DIGITS$}", power.unsigned_abs());
    let raised = digits
        .chars()
        .filter_map(|digit| digit.to_digit(10))
        .filter_map(|digit| DIGITS.get(digit as usize));
    format!("{sign}{}", raised.collect::<String>())
}

fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count as English writes it.
fn english_count(count: usize) -> String {
    grouped(&count.to_string())
}
