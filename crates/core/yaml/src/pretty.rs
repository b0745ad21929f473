//! Go values as go-yaml v3 writes them with an indent of two (Helm's `toYamlPretty`): lists are indented in maps, lines are not folded.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::base64_lines::encode_base64_lines;
use crate::compose::Dialect;
use crate::emit::choice_for;
use crate::sort::sort_entries;
use crate::write::{Output, ScalarChoice, Width};

/// A value on its way to go-yaml's encoder, which sees more kinds than JSON has.
#[derive(Clone, Debug, PartialEq)]
pub enum PrettyValue {
    /// What its text says: a number, a boolean, null, a time.
    Plain(String),
    /// A string.
    Text(String),
    /// A string that is no UTF-8: base64 with a tag.
    Binary(Vec<u8>),
    /// A slice.
    List(Vec<PrettyValue>),
    /// A map: its keys come sorted.
    Map(Vec<(String, PrettyValue)>),
    /// A struct: its fields come in their order.
    Struct(Vec<(String, PrettyValue)>),
}

impl PrettyValue {
    /// A float, which stays one, whole or not.
    pub fn float(float: f64) -> Self {
        Self::Plain(crate::number::float_to_text(float))
    }

    /// The text with its line feed at the end.
    pub fn write(self) -> String {
        let mut out = Output::new(Width::Unlimited);
        value(&mut out, self);
        out.finish()
    }
}

fn value(out: &mut Output, shown: PrettyValue) {
    match shown {
        PrettyValue::Plain(text) => out.scalar(&text, ScalarChoice::Plain, false, Dialect::V3),
        PrettyValue::Text(text) => self::text(out, &text, false),
        PrettyValue::Binary(bytes) => {
            let encoded = encode_base64_lines(&STANDARD.encode(bytes));
            let choice = if encoded.contains('\n') {
                ScalarChoice::Literal
            } else {
                ScalarChoice::Plain
            };
            out.tag("!!binary");
            out.scalar(&encoded, choice, false, Dialect::V3);
        }
        PrettyValue::List(items) if items.is_empty() => out.empty_collection("[", "]"),
        PrettyValue::List(items) => {
            let indent = out.begin_sequence(false);
            for item in items {
                out.sequence_item();
                value(out, item);
            }
            out.set_indent(indent);
        }
        PrettyValue::Map(mut entries) => {
            sort_entries(&mut entries);
            map(out, entries);
        }
        PrettyValue::Struct(fields) => map(out, fields),
    }
}

fn text(out: &mut Output, text: &str, simple_key: bool) {
    let choice = choice_for(text, Dialect::V3);
    out.scalar(text, choice, simple_key, Dialect::V3);
}

fn map(out: &mut Output, entries: Vec<(String, PrettyValue)>) {
    if entries.is_empty() {
        return out.empty_collection("{", "}");
    }
    let indent = out.begin_mapping();
    for (key, item) in entries {
        if Output::is_simple_key(&key) {
            out.simple_key();
            text(out, &key, true);
            out.simple_value();
        } else {
            out.complex_key();
            text(out, &key, false);
            out.complex_value();
        }
        value(out, item);
    }
    out.set_indent(indent);
}
