//! Which fields a path means: `spec.containers[name=app].image`, `spec.containers.0`, `metadata.annotations["a.b/c"]`.

use anyhow::bail;
use serde_json::Value;
use skein_kustomize::{FieldHistory, History, PathPart};

/// The fields at a path and below it.
pub(super) fn chosen<'h>(
    history: &'h History,
    value: &Value,
    wanted: &str,
) -> anyhow::Result<Vec<&'h FieldHistory>> {
    let parts = parts(wanted)?;
    let path = resolve(value, &parts);
    let found: Vec<&FieldHistory> = history
        .fields
        .iter()
        .filter(|field| field.path.starts_with(&path))
        .collect();
    if found.is_empty() {
        bail!("the object has no field {wanted}, and never had one");
    }
    Ok(found)
}

/// Splits a path at dots and brackets.
fn parts(text: &str) -> anyhow::Result<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let Some((part, after)) = inner.split_once(']') else {
                bail!("'{text}': a bracket is not closed");
            };
            parts.push(part.trim_matches('"').to_owned());
            rest = after.strip_prefix('.').unwrap_or(after);
            continue;
        }
        let mut end = rest.len();
        let mut from = 0;
        while let Some(at) = rest[from..].find(['.', '[']).map(|i| i + from) {
            if at == 0 || !rest[..at].ends_with('\\') {
                end = at;
                break;
            }
            from = at + 1;
        }
        parts.push(rest[..end].replace("\\.", "."));
        rest = rest[end..].strip_prefix('.').unwrap_or(&rest[end..]);
    }
    Ok(parts)
}

/// The path of the parts in a value; parts that lead nowhere are taken as names of fields that are gone.
fn resolve(value: &Value, parts: &[String]) -> Vec<PathPart> {
    let mut at = Some(value);
    let mut path = Vec::with_capacity(parts.len());
    for part in parts {
        let index = match at {
            Some(Value::Array(items)) => index(items, part),
            _ => None,
        };
        at = match (at, index) {
            (Some(Value::Array(items)), Some(index)) => items.get(index),
            (Some(Value::Object(map)), _) => map.get(part),
            _ => None,
        };
        path.push(match index {
            Some(index) => PathPart::Index(index),
            None => PathPart::Field(part.clone()),
        });
    }
    path
}

fn index(items: &[Value], part: &str) -> Option<usize> {
    if let Some((key, wanted)) = part.split_once('=') {
        let text = |v: &Value| match v {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        return items
            .iter()
            .position(|item| item.get(key).is_some_and(|v| text(v) == wanted));
    }
    part.parse().ok()
}
