//! JSON as rules see it: only what the schema declares, names escaped, times and durations typed.

use serde_json::Value;
use skein_cel::Data;

use crate::model::{Additional, Schema};

/// Words of CEL that are no names.
const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// The value of `self` or `oldSelf`. At the root and in embedded resources, apiVersion, kind and the name are there
/// whatever the schema says.
pub(super) fn data(value: &Value, schema: &Schema, root: bool) -> Data {
    match value {
        Value::Object(map) if schema.properties.is_empty() => match &schema.additional {
            Additional::Schema(field) => Data::map(
                map.iter()
                    .map(|(name, value)| (name.clone(), data(value, field, false))),
            ),
            _ if root || schema.embedded_resource => Data::map(type_meta(value)),
            _ => Data::json(value),
        },
        Value::Object(map) => {
            let mut fields: Vec<(String, Data)> = map
                .iter()
                .filter_map(|(name, value)| {
                    let field = schema.properties.get(name)?;
                    Some((name, data(value, field, false)))
                })
                .flat_map(|(name, value)| names(name).map(move |name| (name, value.clone())))
                .collect();
            if root || schema.embedded_resource {
                let known: Vec<String> = fields.iter().map(|(name, _)| name.clone()).collect();
                let meta = type_meta(value).into_iter();
                fields.extend(meta.filter(|(name, _)| name == "metadata" || !known.contains(name)));
            }
            Data::map(fields)
        }
        Value::Array(list) => match &schema.items {
            Some(items) => Data::list(list.iter().map(|value| data(value, items, false))),
            None => Data::json(value),
        },
        Value::String(text) => match schema.format.as_deref() {
            Some("date-time" | "datetime") => Data::timestamp(text),
            Some("date") => Data::timestamp(&format!("{text}T00:00:00Z")),
            Some("duration") => Data::duration(text),
            _ => Data::json(value),
        },
        other => Data::json(other),
    }
}

fn type_meta(object: &Value) -> Vec<(String, Data)> {
    let text = |name: &str| {
        object
            .get(name)
            .map(|value| (name.to_owned(), Data::json(value)))
    };
    let metadata = object.get("metadata").and_then(Value::as_object);
    let names = ["name", "generateName"].into_iter().filter_map(|name| {
        let value = metadata?.get(name)?;
        Some((name.to_owned(), Data::json(value)))
    });
    let mut out: Vec<(String, Data)> = ["apiVersion", "kind"]
        .into_iter()
        .filter_map(text)
        .collect();
    out.push(("metadata".to_owned(), Data::map(names)));
    out
}

/// The names by which CEL reaches a field: words of CEL under their own and under their escaped name, as Kubernetes 1.36 does.
fn names(name: &str) -> impl Iterator<Item = String> + use<> {
    let own = RESERVED.contains(&name).then(|| name.to_owned());
    escape(name).into_iter().chain(own)
}

/// The name by which CEL reaches a field; `None` when there is none.
pub(super) fn escape(name: &str) -> Option<String> {
    if RESERVED.contains(&name) {
        return Some(format!("__{name}__"));
    }
    let escaped = name
        .replace("__", "__underscores__")
        .replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__");
    let start = escaped.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = escaped
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_');
    (start && plain).then_some(escaped)
}
