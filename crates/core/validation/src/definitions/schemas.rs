//! The schema of a version: first its structure, then its defaults, then every part of it.

use serde_json::Value;
use skein_schema::parse::parse_plain;
use skein_schema::validation::STRING_FORMATS;

use crate::spot::{Errors, Spot};

use super::openapi::{self, Costs};
use super::{defaults, structural};

/// What may stand at the root when there is a status sub-resource, by the names of the API's own type.
const AT_ROOT_WITH_STATUS: &str = "[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]";
/// The same by the names in JSON.
const KEYS_AT_ROOT: [&str; 22] = [
    "description",
    "type",
    "format",
    "title",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "multipleOf",
    "required",
    "items",
    "properties",
    "externalDocs",
    "example",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

/// Everything that is wrong with `schema` (of a version, or of all) where it stands.
pub(super) fn check(errors: &mut Errors, schema: &Spot<'_>, has_status: bool) {
    let root = schema.get("openAPIV3Schema");
    if !root.is_set() {
        return;
    }
    if has_status {
        check_root(errors, &root);
    }
    if root.get("nullable").is_true() {
        errors.add(
            root.get("nullable")
                .forbidden("nullable cannot be true at the root"),
        );
    }
    let mut found = Errors::default();
    let parsed = parse_plain(root.value).ok();
    let converts = structural::converts(root.value, 0);
    if converts {
        structural::check(&mut found, &root);
    }
    if found.0.is_empty()
        && let Some(parsed) = &parsed
    {
        defaults::check(&mut found, parsed, &root.path);
    }
    let is_structural = converts && found.0.is_empty();
    errors.add_all(found.0);
    let mut costs = Costs::default();
    errors.add_all(openapi::check(&root, is_structural, &mut costs));
    errors.add_all(costs.too_high(&root.path));
}

fn check_root(errors: &mut Errors, root: &Spot<'_>) {
    let kind = root.get("type");
    for (name, value) in root.map().into_iter().flatten() {
        if name == "type" {
            if kind.text() != "object" {
                errors.add(kind.invalid_as(kind.text(), "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled"));
                break;
            }
        } else if !is_zero(value) && !KEYS_AT_ROOT.contains(&name.as_str()) {
            errors.add(root.invalid(format!("only {AT_ROOT_WITH_STATUS} fields are allowed at the root of the schema if the status subresource is enabled")));
            break;
        }
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// Formats in the schemas of a definition that the API server does not know and warns of, in the order in which it meets them.
pub fn unrecognized_formats(spec: &Value) -> Vec<String> {
    let versions = spec.get("versions").and_then(Value::as_array);
    let mut schemas: Vec<&Value> = versions
        .into_iter()
        .flatten()
        .filter_map(|version| version.pointer("/schema/openAPIV3Schema"))
        .collect();
    if schemas.windows(2).all(|pair| pair[0] == pair[1]) {
        schemas.truncate(1);
    }
    let mut out = Vec::new();
    for schema in schemas {
        collect_formats(schema, &mut out);
    }
    out
}

fn collect_formats(schema: &Value, out: &mut Vec<String>) {
    let text = |name: &str| schema.get(name).and_then(Value::as_str).unwrap_or_default();
    let format = text("format");
    let is_known = match text("type") {
        "" | "string" => STRING_FORMATS.contains(&format.replace('-', "").as_str()),
        "integer" => matches!(format, "int32" | "int64"),
        "number" => matches!(format, "float" | "double"),
        _ => false,
    };
    if !format.is_empty() && !is_known {
        out.push(format.to_owned());
    }
    for name in ["items", "not", "additionalProperties"] {
        if let Some(inner) = schema.get(name).filter(|inner| inner.is_object()) {
            collect_formats(inner, out);
        }
    }
    for name in ["allOf", "anyOf", "oneOf"] {
        let list = schema.get(name).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .for_each(|inner| collect_formats(inner, out));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .for_each(|(_, inner)| collect_formats(inner, out));
}
