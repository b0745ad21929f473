//! JSON types of built-in kinds, refused in the words of Go's decoder.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};
use skein_gowords::{TimeLayout, time_error};
use skein_object::{Object, quantity};
use skein_schema::{Additional, Schema, SchemaRef, ValueType, builtin};

mod go_names;

use crate::failure::{Failure, Outcome};
use crate::resource::Resource;

/// Deepest level that is looked at.
const MAX_DEPTH_LEVELS: usize = 64;

/// Refuses a value whose JSON type the kind's Go type cannot hold.
pub(crate) fn check(
    object: &Object,
    resource: &Resource,
    schema: &SchemaRef,
    words: Words,
) -> Outcome<()> {
    let root = Place {
        words,
        owner: resource.kind.clone(),
        field: String::new(),
        path: Vec::new(),
    };
    let problem = walk(&object.to_value(), schema, &root);
    match problem {
        None => Ok(()),
        Some(text) => Err(Failure::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: {text}",
            resource.kind, resource.version, resource.kind
        ))),
    }
}

/// What is wrong with the types of an object's metadata when it is read by itself.
pub(crate) fn metadata_problem(metadata: &Value, schema: &SchemaRef) -> Option<String> {
    if !metadata.is_object() {
        let found = found_type(metadata);
        return Some(format!(
            "json: cannot unmarshal {found} into Go value of type v1.ObjectMeta"
        ));
    }
    let root = Place {
        words: Words::Decoder,
        owner: "ObjectMeta".to_owned(),
        field: String::new(),
        path: Vec::new(),
    };
    walk(metadata, schema, &root)
}

impl Place {
    /// The refusal of a JSON type that the field's Go type cannot hold.
    fn refusal(&self, found: &str, wanted: &str) -> String {
        let (owner, path) = (&self.owner, self.path.join("."));
        format!(
            "json: cannot unmarshal {found} into Go struct field {owner}.{path} of type {wanted}"
        )
    }
}

/// Whose words a refusal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// Of the decoder of JSON.
    Decoder,
    /// Of the converter of maps to structs, through which strategic patches and applies go.
    Converter,
}

/// Where a value lies: the struct that declares its field, the field, and the way from the root.
#[derive(Clone)]
struct Place {
    words: Words,
    owner: String,
    field: String,
    path: Vec<String>,
}

fn walk(value: &Value, schema: &Schema, place: &Place) -> Option<String> {
    if place.path.len() > MAX_DEPTH_LEVELS || value.is_null() {
        return None;
    }
    if schema.format.as_deref() == Some("byte")
        && let Value::String(text) = value
    {
        let problem = base64_problem(text);
        return match place.words {
            Words::Decoder => problem,
            Words::Converter => problem.map(|text| format!("error decoding from json: {text}")),
        };
    }
    if schema.name.as_deref() == Some(builtin::QUANTITY) {
        return quantity_problem(value);
    }
    if schema.format.as_deref() == Some("int-or-string") {
        return fits_int_or_string(value)
            .then_some(())
            .map_or_else(|| Some(mismatch(value, schema, place)), |()| None);
    }
    if schema.format.as_deref() == Some("date-time") {
        let is_micro = schema
            .name
            .as_deref()
            .is_some_and(|name| name.ends_with(".MicroTime"));
        let layout = if is_micro {
            TimeLayout::Micro
        } else {
            TimeLayout::Rfc3339
        };
        let Value::String(text) = value else {
            let found = found_type(value);
            return Some(match place.words {
                Words::Decoder => place.refusal(found, "string"),
                // Times read themselves, and do not know where they are.
                Words::Converter => {
                    format!("json: cannot unmarshal {found} into Go value of type string")
                }
            });
        };
        return time_error(text, layout);
    }
    if is_free(schema) {
        return None;
    }
    let fits = match (schema.value_type, value) {
        (Some(ValueType::Object), Value::Object(_))
        | (Some(ValueType::Array), Value::Array(_))
        | (Some(ValueType::Boolean), Value::Bool(_))
        | (Some(ValueType::Number), Value::Number(_))
        | (None, _) => true,
        (Some(ValueType::String), Value::String(_)) => true,
        (Some(ValueType::Integer), Value::Number(number)) => fits_integer(number, schema),
        _ => false,
    };
    if !fits {
        return Some(mismatch(value, schema, place));
    }
    match value {
        Value::Object(map) => map.iter().find_map(|(key, child)| {
            let field = schema.field(key)?;
            if !schema.properties.contains_key(key) {
                return walk(child, field, place);
            }
            let owner = schema
                .name
                .as_deref()
                .and_then(|name| name.rsplit('.').next())
                .unwrap_or(&place.owner);
            let mut path = place.path.clone();
            path.extend(go_names::embedded(owner, key).map(str::to_owned));
            path.push(key.clone());
            let place = Place {
                words: place.words,
                owner: owner.to_owned(),
                field: key.clone(),
                path,
            };
            walk(child, field, &place)
        }),
        Value::Array(list) => {
            let items = schema.items.as_ref()?;
            list.iter().find_map(|child| walk(child, items, place))
        }
        _ => None,
    }
}

fn fits_int_or_string(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Number(number) => number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        _ => false,
    }
}

fn fits_integer(number: &Number, schema: &Schema) -> bool {
    match (number.as_i64(), schema.format.as_deref()) {
        (Some(number), Some("int32")) => i32::try_from(number).is_ok(),
        (found, _) => found.is_some(),
    }
}

/// A text or number that is no quantity.
fn quantity_problem(value: &Value) -> Option<String> {
    if quantity::canonical(value).is_some() {
        return None;
    }
    Some(
        match has_quantity_form(value.as_str().unwrap_or_default()) {
            true => "unable to parse quantity's suffix".to_owned(),
            false => QUANTITY_TEXT.to_owned(),
        },
    )
}

/// Whether a text can be taken apart into sign, number, letters and exponent; what the letters mean is another question.
fn has_quantity_form(text: &str) -> bool {
    let digit = |c: char| c.is_ascii_digit();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let rest = unsigned.trim_start_matches(digit);
    let rest = rest
        .strip_prefix('.')
        .map_or(rest, |fraction| fraction.trim_start_matches(digit));
    let rest = rest.trim_start_matches(|c| QUANTITY_LETTERS.contains(c));
    let exponent = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    !text.is_empty() && exponent.trim_start_matches(digit).is_empty()
}

/// Letters that the suffix of a quantity may be made of.
const QUANTITY_LETTERS: &str = "eEinumkKMGTP";

const QUANTITY_TEXT: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// Types that decode themselves: quantities, times, int-or-string, raw objects.
fn is_free(schema: &Schema) -> bool {
    schema.preserve_unknown_fields
        || schema.format.as_deref() == Some("quantity")
        || schema.name.as_deref().is_some_and(|name| {
            [
                "Time",
                "MicroTime",
                "RawExtension",
                "FieldsV1",
                "JSON",
                "Duration",
            ]
            .contains(&name.rsplit('.').next().unwrap_or_default())
        })
}

/// Where text stops being base64, in the words of Go's decoder (which skips line breaks).
fn base64_problem(text: &str) -> Option<String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(&byte);
    let at = match text.bytes().position(|byte| !good(byte)) {
        Some(at) => at,
        None => {
            let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            if STANDARD.decode(&plain).is_ok() {
                return None;
            }
            text.len() / 4 * 4
        }
    };
    Some(format!("illegal base64 data at input byte {at}"))
}

fn found_type(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) | Value::Null => "object",
    }
}

/// What the converter says of a value that does not fit.
fn unconvertible(value: &Value, schema: &Schema, place: &Place) -> String {
    let found = match value {
        Value::Null => "interface",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    };
    let wanted = match (schema.value_type, schema.format.as_deref()) {
        (Some(ValueType::Object), _) if matches!(schema.additional, Additional::Schema(_)) => {
            return format!("cannot restore map from {found}");
        }
        (Some(ValueType::Object), _) => return format!("cannot restore struct from: {found}"),
        (Some(ValueType::Array), _) => return format!("cannot restore slice from {found}"),
        (Some(ValueType::Integer), Some("int32")) => "int32",
        (Some(ValueType::Integer), _) => "int64",
        (Some(ValueType::Number), _) => "float64",
        (Some(ValueType::Boolean), _) => "bool",
        _ => "string",
    };
    if value.is_number() && wanted != "bool" {
        let named = go_names::named(&place.owner, &place.field);
        let wanted = named.map_or(wanted, |named| named.trim_start_matches("[]"));
        return format!("cannot convert {found} to {wanted}");
    }
    format!("unrecognized type: {wanted}")
}

fn mismatch(value: &Value, schema: &Schema, place: &Place) -> String {
    let reads_itself = schema.format.as_deref() == Some("int-or-string");
    if place.words == Words::Converter && !reads_itself {
        return unconvertible(value, schema, place);
    }
    let is_number = schema.value_type == Some(ValueType::Integer)
        || schema.format.as_deref() == Some("int-or-string");
    let found = match value {
        Value::Number(number) if is_number => format!("number {number}"),
        other => found_type(other).to_owned(),
    };
    let named = go_names::named(&place.owner, &place.field);
    let wanted = match (named, value) {
        _ if schema.format.as_deref() == Some("int-or-string") => "int32".to_owned(),
        // The type of the list, or of one element.
        (Some(named), _) if schema.value_type == Some(ValueType::Array) => named.to_owned(),
        (Some(named), _) if schema.value_type == Some(ValueType::String) => {
            named.trim_start_matches("[]").to_owned()
        }
        (Some(named), _) => named.to_owned(),
        (None, _) => go_type(schema),
    };
    place.refusal(&found, &wanted)
}

fn go_type(schema: &Schema) -> String {
    let short = |name: &str| {
        let parts: Vec<&str> = name.rsplit('.').take(2).collect();
        match parts.as_slice() {
            [kind, package] => format!("{package}.{kind}"),
            _ => name.to_owned(),
        }
    };
    if let Some(name) = &schema.name {
        return short(name);
    }
    match schema.value_type {
        Some(ValueType::String) if schema.format.as_deref() == Some("byte") => "[]uint8".to_owned(),
        Some(ValueType::String) => "string".to_owned(),
        Some(ValueType::Boolean) => "bool".to_owned(),
        Some(ValueType::Number) => "float64".to_owned(),
        Some(ValueType::Integer) => schema
            .format
            .clone()
            .filter(|f| f.starts_with("int"))
            .unwrap_or_else(|| "int".to_owned()),
        Some(ValueType::Array) => {
            format!(
                "[]{}",
                schema
                    .items
                    .as_ref()
                    .map_or_else(|| "interface {}".into(), |i| go_type(i))
            )
        }
        Some(ValueType::Object) => match &schema.additional {
            Additional::Schema(values) => format!("map[string]{}", go_type(values)),
            _ => "map[string]interface {}".to_owned(),
        },
        None => "interface {}".to_owned(),
    }
}
