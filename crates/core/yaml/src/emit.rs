//! JSON values written as `sigs.k8s.io/yaml` marshals them: sorted keys, compact lists, lines folded at 80 columns.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use crate::compose::Dialect;
use crate::node::Tag;
use crate::number::float_to_text;
use crate::resolve::{Scalar, resolve};
use crate::scalar::is_word;
use crate::sort::sort_fields;
use crate::write::{Output, ScalarChoice, Width};

/// Whether a value holds characters that JSON leaves as they are and YAML refuses: `sigs.k8s.io/yaml` writes YAML by way of JSON that it reads again,
/// and fails for these.
pub fn has_control_characters(value: &Value) -> bool {
    let refused = |text: &str| {
        text.chars().any(
            |c| matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'),
        )
    };
    match value {
        Value::String(text) => refused(text),
        Value::Array(items) => items.iter().any(has_control_characters),
        Value::Object(map) => map
            .iter()
            .any(|(key, item)| refused(key) || has_control_characters(item)),
        _ => false,
    }
}

/// Writes a value as `sigs.k8s.io/yaml` (and so `kustomize build`, `flux build` and Helm's `toYaml`) does, with a final line feed.
pub fn to_string(value: &Value) -> String {
    write(value, KeyOrder::Natural)
}

/// Writes a value as go-yaml v2 does when its maps come sorted by the bytes of their keys (Flux's digests of Helm values are made of this).
pub fn to_string_sorted_by_bytes(value: &Value) -> String {
    write(value, KeyOrder::Bytes)
}

fn write(value: &Value, order: KeyOrder) -> String {
    let mut emitter = Emitter {
        out: Output::new(Width::Fold),
        order,
    };
    emitter.value(value, false);
    emitter.out.finish()
}

/// In which order the keys of a map come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyOrder {
    /// go-yaml's own: numbers in texts by their value.
    Natural,
    /// By bytes; the value did not go through JSON before.
    Bytes,
}

/// U+0085, which YAML 1.1 takes for a line break.
const NEXT_LINE: char = '\u{85}';

/// A text as Go's `sigs.k8s.io/yaml` marshals it: it reads its JSON as YAML before it writes it, and there a bare U+0085 in a string is a line
/// break that gets folded.
pub fn fold_next_lines(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(NEXT_LINE) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut breaks = 0;
    for (at, line) in text.split(NEXT_LINE).enumerate() {
        // A tab is escaped in JSON, so that it is no blank to YAML.
        let line = if at == 0 {
            line
        } else {
            line.trim_start_matches(' ')
        };
        if at > 0 {
            breaks += 1;
        }
        if line.is_empty() && at > 0 {
            continue;
        }
        push_fold(&mut out, breaks);
        breaks = 0;
        out.push_str(line);
    }
    push_fold(&mut out, breaks);
    Cow::Owned(out)
}

fn push_fold(out: &mut String, breaks: usize) {
    if breaks == 0 {
        return;
    }
    out.truncate(out.trim_end_matches(' ').len());
    match breaks {
        1 => out.push(' '),
        more => out.extend(std::iter::repeat_n('\n', more - 1)),
    }
}

struct Emitter {
    out: Output,
    order: KeyOrder,
}

impl Emitter {
    fn value(&mut self, value: &Value, in_mapping: bool) {
        match value {
            Value::Null => self.plain("null"),
            Value::Bool(true) => self.plain("true"),
            Value::Bool(false) => self.plain("false"),
            Value::Number(number) => self.plain(&number_text(number)),
            Value::String(text) => self.text(text, false),
            Value::Array(items) if items.is_empty() => self.out.empty_collection("[", "]"),
            Value::Array(items) => self.list(items, in_mapping),
            Value::Object(map) if map.is_empty() => self.out.empty_collection("{", "}"),
            Value::Object(map) => self.map(map),
        }
    }

    fn plain(&mut self, text: &str) {
        self.out
            .scalar(text, ScalarChoice::Plain, false, Dialect::V2);
    }

    fn text(&mut self, text: &str, simple_key: bool) {
        if is_word(text) && resolve(text, Dialect::V2) == Scalar::Text {
            return self.out.word(text);
        }
        let text = match self.order {
            KeyOrder::Natural => fold_next_lines(text),
            KeyOrder::Bytes => Cow::Borrowed(text),
        };
        let dialect = Dialect::V2;
        self.out
            .scalar(&text, choice_for(&text, dialect), simple_key, dialect);
    }

    fn list(&mut self, items: &[Value], in_mapping: bool) {
        let indent = self.out.begin_sequence(in_mapping);
        for item in items {
            self.out.sequence_item();
            self.value(item, false);
        }
        self.out.set_indent(indent);
    }

    fn map(&mut self, map: &Map<String, Value>) {
        let indent = self.out.begin_mapping();
        let mut fields: Vec<(&str, &Value)> = Vec::with_capacity(map.len());
        fields.extend(map.iter().map(|(key, value)| (key.as_str(), value)));
        match self.order {
            KeyOrder::Natural => sort_fields(&mut fields),
            KeyOrder::Bytes => fields.sort_unstable_by_key(|(key, _)| *key),
        }
        for (key, value) in fields {
            if Output::is_simple_key(key) {
                self.out.simple_key();
                self.text(key, true);
                self.out.simple_value();
            } else {
                self.out.complex_key();
                self.text(key, false);
                self.out.complex_value();
            }
            self.value(value, true);
        }
        self.out.set_indent(indent);
    }
}

/// go-yaml's choice of style for a string. v3 quotes what was a boolean for v2, too.
pub(crate) fn choice_for(text: &str, dialect: Dialect) -> ScalarChoice {
    let old_bool =
        || dialect == Dialect::V3 && matches!(resolve(text, Dialect::V2), Scalar::Bool(_));
    if text.as_bytes().contains(&b'\n') {
        ScalarChoice::Literal
    } else if resolve(text, dialect) == Scalar::Text && !is_base_60(text) && !old_bool() {
        ScalarChoice::Plain
    } else {
        ScalarChoice::DoubleQuoted
    }
}

/// Whether go-yaml v3 puts a string of one line in quotes although it could be read without: what it resolves to something else, and the
/// booleans and numbers to the base of 60 of YAML 1.1.
pub fn go_quotes(text: &str) -> bool {
    Tag::of_plain(text, Dialect::V3) != Tag::Str
        || matches!(resolve(text, Dialect::V2), Scalar::Bool(_))
        || is_base_60(text)
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: numbers in base 60, which YAML 1.1 parsers would take for numbers.
fn is_base_60(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !rest.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let mut parts = rest.split(':');
    let head = parts.next().unwrap_or_default();
    if !head.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        return false;
    }
    let mut groups: Vec<&str> = parts.collect();
    let Some(last) = groups.pop() else {
        return false;
    };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && is_sixtieth(last)
        && groups.into_iter().all(is_sixtieth)
}

fn is_sixtieth(text: &str) -> bool {
    match text.as_bytes() {
        [a] => a.is_ascii_digit(),
        [a, b] => (b'0'..=b'5').contains(a) && b.is_ascii_digit(),
        _ => false,
    }
}

/// A number as go-yaml prints it after it went through JSON: whole floats below 10^21 are integers when they fit.
fn number_text(number: &Number) -> String {
    if number.is_i64() || number.is_u64() {
        return number.to_string();
    }
    let float = number.as_f64().unwrap_or_default();
    match crate::number::json_number(float) {
        Some(Value::Number(n)) if !n.is_f64() => n.to_string(),
        _ => float_to_text(float),
    }
}
