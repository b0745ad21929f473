//! What a value breaks in a schema, worded and laid out as Helm prints it.

use std::fmt::Write;

use serde_json::Value;

/// One thing that is wrong, with what lies behind it.
#[derive(Debug)]
pub(super) struct Problem {
    /// Where in the values.
    pub(super) place: Vec<String>,
    pub(super) kind: Kind,
    pub(super) causes: Vec<Problem>,
}

/// What is wrong.
#[derive(Debug)]
pub(super) enum Kind {
    /// Several problems of one value; never printed itself.
    Group,
    /// Behind a `$ref`; printed only when there is more than one cause.
    Reference,
    /// Anything else.
    Text(String),
}

impl Problem {
    /// The problem and what lies behind it, one per line.
    pub(super) fn print(&self, indent: usize, out: &mut String) {
        let skipped = matches!(self.kind, Kind::Reference) && self.causes.len() == 1;
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
                .map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1")))
                .collect();
            let text = match &self.kind {
                Kind::Group | Kind::Reference => "validation failed",
                Kind::Text(text) => text,
            };
            let _ = write!(out, "at {}: {text}", quote(&place));
        }
        for cause in &self.causes {
            cause.print(below, out);
        }
    }
}

/// A string in single quotes.
pub(super) fn quote(text: &str) -> String {
    let quoted = format!("{text:?}")
        .replace("\\\"", "\"")
        .replace("\\'", "'")
        .replace('\'', "\\'");
    format!("'{}'", &quoted[1..quoted.len() - 1])
}

/// Strings in quotes, with commas.
pub(super) fn quote_all<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(|text| quote(text)).collect();
    quoted.join(", ")
}

/// A value of `enum` or `const`.
pub(super) fn display(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Null => "<nil>".to_owned(),
        Value::Array(_) | Value::Object(_) => "value".to_owned(),
        other => other.to_string(),
    }
}

/// A number as English writes it: `70,000`.
pub(super) fn english(number: f64) -> String {
    let text = number.to_string();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.as_str()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A count as English writes it.
pub(super) fn english_count(count: usize) -> String {
    english(count as f64)
}
