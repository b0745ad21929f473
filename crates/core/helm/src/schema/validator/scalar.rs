//! Types, fixed values, texts and numbers.

use serde_json::Value;

use super::{Frame, Validator};
use crate::schema::draft::Draft;
use crate::schema::format;
use crate::schema::number::{equal, is_multiple, is_whole};
use crate::schema::problem::Kind;

/// A keyword, what it wants, and when a number breaks it.
type Bound = (&'static str, Option<f64>, fn(f64, f64) -> bool);

impl<'a> Validator<'a> {
    pub(super) fn string(&mut self, frame: &mut Frame<'a>, text: &str) {
        if frame.get("minLength").is_some() || frame.get("maxLength").is_some() {
            self.limits(frame, ["minLength", "maxLength"], text.chars().count());
        }
        if let Some(Value::String(pattern)) = frame.get("pattern")
            && let Some(regex) = frame.spot.document.patterns.get(pattern)
            && !regex.is_match(text)
        {
            self.say(frame, Kind::Pattern(text.to_owned(), pattern.clone()));
        }
    }

    pub(super) fn number(&mut self, frame: &mut Frame<'a>, got: f64) {
        // In draft 4 a flag makes a limit exclusive.
        let bound = |keyword: &str, exclusive: &str| {
            let limit = frame.number(keyword);
            if frame.get(exclusive) == Some(&Value::Bool(true)) {
                (None, limit)
            } else {
                (limit, frame.number(exclusive))
            }
        };
        let (minimum, above) = bound("minimum", "exclusiveMinimum");
        let (maximum, below) = bound("maximum", "exclusiveMaximum");
        let checks: [Bound; 5] = [
            ("minimum", minimum, |got, want| got < want),
            ("maximum", maximum, |got, want| got > want),
            ("exclusiveMinimum", above, |got, want| got <= want),
            ("exclusiveMaximum", below, |got, want| got >= want),
            ("multipleOf", frame.number("multipleOf"), |got, want| {
                !is_multiple(got, want)
            }),
        ];
        for (keyword, want, breaks) in checks {
            if let Some(want) = want.filter(|want| breaks(got, *want)) {
                self.say(frame, Kind::Bound(keyword, got, want));
            }
        }
    }
}

/// The first of type, const, enum and format that the value breaks.
pub(super) fn first_mismatch(frame: &Frame<'_>, value: &Value) -> Option<Kind> {
    if let Some(types) = frame.get("type") {
        let names: Vec<&str> = match types {
            Value::String(name) => vec![name],
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let got = json_type(value);
        let is_whole = value.as_f64().is_some_and(is_whole);
        let fits =
            |name: &&str| *name == got || (*name == "integer" && got == "number" && is_whole);
        if !names.is_empty() && !names.iter().any(fits) {
            return Some(Kind::Type(got, type_names(&names)));
        }
    }
    if let Some(kind) = const_mismatch(frame, value) {
        return Some(kind);
    }
    if let Some(Value::Array(wanted)) = frame.get("enum")
        && !wanted.iter().any(|wanted| equal(value, wanted))
    {
        return Some(Kind::Enum(wanted.clone()));
    }
    let asserts = frame.draft < Draft::D2019 || frame.spot.document.asserts_formats;
    if let (Some(Value::String(name)), Value::String(text)) = (frame.get("format"), value)
        && asserts
        && let Err(problem) = format::check(name, text)
    {
        return Some(Kind::Format(text.clone(), name.clone(), problem));
    }
    None
}

/// The value that is wanted, if it is not this one.
pub(super) fn const_mismatch(frame: &Frame<'_>, value: &Value) -> Option<Kind> {
    let wanted = frame.get("const").filter(|_| frame.draft >= Draft::D6)?;
    (!equal(value, wanted)).then(|| Kind::Const(wanted.clone()))
}

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The names of types in the library's order.
fn type_names(names: &[&str]) -> String {
    const ORDER: [&str; 7] = [
        "null", "boolean", "number", "integer", "string", "array", "object",
    ];
    let sorted: Vec<&str> = ORDER
        .into_iter()
        .filter(|name| names.contains(name))
        .collect();
    sorted.join(" or ")
}
