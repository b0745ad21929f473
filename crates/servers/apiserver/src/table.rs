//! Tables: what `kubectl get` prints, for custom resources by their columns and for the usual built-in kinds.

use jiff::Timestamp;
use serde_json::{Value, json};
use skein_object::Object;

use crate::convert;
use crate::failure::{Failure, Outcome};
use crate::present::{self, ListMeta};
use crate::request::Query;
use crate::resource::Resource;

mod builtin;
mod more;
mod rare;

/// A column and the value that an object has in it.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) column_type: &'static str,
    pub(crate) priority: i64,
    pub(crate) cell: fn(&Object) -> Value,
}

/// What a row says of its object besides the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    None,
    Metadata,
    Object,
}

impl Include {
    /// From the parameter `includeObject`.
    pub(crate) fn parse(query: &Query) -> Outcome<Self> {
        match query.text("includeObject") {
            "None" => Ok(Self::None),
            "" | "Metadata" => Ok(Self::Metadata),
            "Object" => Ok(Self::Object),
            other => Err(Failure::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be 'Metadata', 'Object', 'None', or empty"
            ))),
        }
    }
}

/// The group of kinds that kube-apiserver prints without a printer.
const RBAC: &str = "rbac.authorization.k8s.io";
/// An annotation that stands for a field which is gone; rows are made before it is.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// The metadata of an object in a row.
fn row_metadata(resource: &Resource, object: &Object) -> Value {
    let mut value = present::metadata(object);
    if !resource.is("apps", "daemonsets") {
        return value;
    }
    let metadata = value.get_mut("metadata").and_then(Value::as_object_mut);
    let Some(metadata) = metadata else {
        return value;
    };
    let annotations = metadata
        .get_mut("annotations")
        .and_then(Value::as_object_mut);
    if let Some(annotations) = annotations {
        annotations.remove(TEMPLATE_GENERATION);
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    value
}

/// A `Table` of objects.
pub(crate) fn table(
    resource: &Resource,
    meta: &ListMeta,
    objects: &[Object],
    include: Include,
    with_columns: bool,
) -> Value {
    let mut objects: Vec<&Object> = objects.iter().collect();
    if resource.is("flowcontrol.apiserver.k8s.io", "flowschemas") {
        // In the order in which they are asked; those of the same precedence stay sorted by name.
        objects.sort_by_key(|object| builtin::number(object, &["spec", "matchingPrecedence"]));
    }
    let rows: Vec<Value> = objects
        .into_iter()
        .map(|object| {
            let inner = convert::inner(resource, object);
            let mut row = json!({"cells": cells(resource, &inner)});
            row["object"] = match include {
                Include::None => Value::Null,
                Include::Object => object.to_value(),
                Include::Metadata => row_metadata(resource, &inner),
            };
            row
        })
        .collect();
    // Kinds without a printer of their own have no list of rows when there are none.
    let plain = resource.is(RBAC, "roles") || resource.is(RBAC, "clusterroles");
    let rows = match rows.is_empty() && plain {
        true => Value::Null,
        false => Value::Array(rows),
    };
    let columns = if with_columns {
        definitions(resource)
    } else {
        Value::Null
    };
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta.to_value(),
        "columnDefinitions": columns, "rows": rows,
    })
}

fn definition(name: &str, kind: &str, format: &str, description: &str, priority: i64) -> Value {
    json!({
        "name": name, "type": kind, "format": format, "description": description, "priority": priority,
    })
}

fn definitions(resource: &Resource) -> Value {
    let name = definition("Name", "string", "name", "Name of the object", 0);
    let age = |kind| definition("Age", kind, "", "Time since the object was created", 0);
    let mut list = Vec::new();
    if builtin::leads_with_name(resource) {
        list.push(name);
    }
    match &resource.custom {
        Some(custom) if custom.columns.is_empty() => list.push(age("date")),
        Some(custom) => list.extend(custom.columns.iter().map(|c| {
            definition(
                &c.name,
                &c.column_type,
                &c.format,
                &c.description,
                c.priority,
            )
        })),
        None => match builtin::columns(resource) {
            Some(columns) => list.extend(columns.iter().map(|c| {
                let is_name = matches!(c.name, "Name" | "Attacher");
                let format = if is_name { "name" } else { "" };
                definition(c.name, c.column_type, format, c.name, c.priority)
            })),
            None => list.push(age("string")),
        },
    }
    Value::Array(list)
}

fn cells(resource: &Resource, object: &Object) -> Vec<Value> {
    let mut cells = Vec::new();
    if builtin::leads_with_name(resource) {
        cells.push(builtin::name(resource, object));
    }
    match &resource.custom {
        Some(custom) if custom.columns.is_empty() => cells.push(age(object)),
        Some(custom) => {
            let value = object.to_value();
            cells.extend(
                custom
                    .columns
                    .iter()
                    .map(|column| custom_cell(&column.path.find(&value), &column.column_type)),
            );
        }
        None => match builtin::columns(resource) {
            Some(columns) => cells.extend(columns.iter().map(|column| (column.cell)(object))),
            None => cells.push(age(object)),
        },
    }
    cells
}

/// The first value found, as its column type wants it; null when there is none.
fn custom_cell(found: &[&Value], column_type: &str) -> Value {
    let Some(first) = found.first() else {
        return Value::Null;
    };
    match (column_type, *first) {
        ("string", Value::Null) => "<no value>".into(),
        (_, Value::Null) => Value::Null,
        ("integer", Value::Number(number)) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|n| n as i64))
            .into(),
        ("number", Value::Number(number)) => number.clone().into(),
        ("boolean", Value::Bool(flag)) => (*flag).into(),
        ("date", Value::String(text)) => since(text).into(),
        ("string", Value::String(text)) => text.as_str().into(),
        ("string", value) => value.to_string().into(),
        _ => Value::Null,
    }
}

/// Time since creation.
pub(crate) fn age(object: &Object) -> Value {
    let created = object
        .str_at(&["metadata", "creationTimestamp"])
        .unwrap_or_default();
    since(created).into()
}

/// Time since a moment, as kubectl shows it; `<unknown>` when there is none.
pub(crate) fn since(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(moment) => human_duration(Timestamp::now().as_second() - moment.as_second()),
        Err(_) if text.is_empty() => "<unknown>".to_owned(),
        Err(_) => "<invalid>".to_owned(),
    }
}

/// A duration in the two most useful units, by the rules of Kubernetes.
pub(crate) fn human_duration(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let two = |large: i64, name: &str, small: i64, small_name: &str| {
        if small == 0 {
            format!("{large}{name}")
        } else {
            format!("{large}{name}{small}{small_name}")
        }
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(seconds / MINUTE, "m", seconds % MINUTE, "s"),
        600..10_800 => format!("{}m", seconds / MINUTE),
        10_800..28_800 => two(seconds / HOUR, "h", seconds % HOUR / MINUTE, "m"),
        28_800..172_800 => format!("{}h", seconds / HOUR),
        172_800..691_200 => two(seconds / DAY, "d", seconds % DAY / HOUR, "h"),
        691_200..63_072_000 => format!("{}d", seconds / DAY),
        63_072_000..252_288_000 => two(seconds / YEAR, "y", seconds % YEAR / DAY, "d"),
        _ => format!("{}y", seconds / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::human_duration;

    #[test]
    fn durations_read_as_kubectl_prints_them() {
        let cases = [
            (-5, "<invalid>"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (600, "10m"),
            (7_200, "120m"),
            (10_800, "3h"),
            (11_000, "3h3m"),
            (28_800, "8h"),
            (172_800, "2d"),
            (180_000, "2d2h"),
            (691_200, "8d"),
            (63_072_000, "2y"),
            (63_158_400, "2y1d"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(human_duration(seconds), expected, "{seconds}");
        }
    }
}
