//! Versions of a definition as the API server quotes them: Go's own fields in Go's order, encoded as JSON.

use serde_json::{Number, Value};
use skein_gowords::push_json_string;

use Form::{
    Any, Dependencies, Flag, List, Lists, Map, Schema, SchemaOrBool, SchemaOrList, Struct, Text,
};

/// A field: Go's name, the name in the API, and how Go writes its value.
type Field = (&'static str, &'static str, Form);

/// How Go writes the value of a field.
#[derive(Clone, Copy)]
enum Form {
    /// As it stands in the API; null when it is absent.
    Any,
    /// A text, empty when it is absent.
    Text,
    /// A truth value, false when it is absent.
    Flag,
    /// A number, zero when it is absent.
    Count,
    /// A struct; null when it is absent.
    Struct(&'static [Field]),
    /// A list of structs; null when it is absent.
    List(&'static [Field]),
    /// A schema; null when it is absent.
    Schema,
    /// A list of schemas.
    Lists,
    /// Schemas by name.
    Map,
    /// A schema, or whether anything is allowed.
    SchemaOrBool,
    /// A schema, or one for each element.
    SchemaOrList,
    /// Schemas or lists of names, by name.
    Dependencies,
}

/// A version, but for what it shares with the others.
const VERSION: &[Field] = &[
    ("Name", "name", Text),
    ("Served", "served", Flag),
    ("Storage", "storage", Flag),
    ("Deprecated", "deprecated", Flag),
    ("DeprecationWarning", "deprecationWarning", Any),
    ("Schema", "schema", Struct(VALIDATION)),
    ("Subresources", "subresources", Struct(SUBRESOURCES)),
    (
        "AdditionalPrinterColumns",
        "additionalPrinterColumns",
        List(COLUMN),
    ),
    ("SelectableFields", "selectableFields", List(SELECTABLE)),
];

const VALIDATION: &[Field] = &[("OpenAPIV3Schema", "openAPIV3Schema", Schema)];
const SUBRESOURCES: &[Field] = &[
    ("Status", "status", Struct(&[])),
    ("Scale", "scale", Struct(SCALE)),
];
const SCALE: &[Field] = &[
    ("SpecReplicasPath", "specReplicasPath", Text),
    ("StatusReplicasPath", "statusReplicasPath", Text),
    ("LabelSelectorPath", "labelSelectorPath", Any),
];
const COLUMN: &[Field] = &[
    ("Name", "name", Text),
    ("Type", "type", Text),
    ("Format", "format", Text),
    ("Description", "description", Text),
    ("Priority", "priority", Form::Count),
    ("JSONPath", "jsonPath", Text),
];
const SELECTABLE: &[Field] = &[("JSONPath", "jsonPath", Text)];
const DOCUMENTATION: &[Field] = &[("Description", "description", Text), ("URL", "url", Text)];
const RULE: &[Field] = &[
    ("Rule", "rule", Text),
    ("Message", "message", Text),
    ("MessageExpression", "messageExpression", Text),
    ("Reason", "reason", Any),
    ("FieldPath", "fieldPath", Text),
    ("OptionalOldSelf", "optionalOldSelf", Any),
];
const SCHEMA: &[Field] = &[
    ("ID", "id", Text),
    ("Schema", "$schema", Text),
    ("Ref", "$ref", Any),
    ("Description", "description", Text),
    ("Type", "type", Text),
    ("Nullable", "nullable", Flag),
    ("Format", "format", Text),
    ("Title", "title", Text),
    ("Default", "default", Any),
    ("Maximum", "maximum", Any),
    ("ExclusiveMaximum", "exclusiveMaximum", Flag),
    ("Minimum", "minimum", Any),
    ("ExclusiveMinimum", "exclusiveMinimum", Flag),
    ("MaxLength", "maxLength", Any),
    ("MinLength", "minLength", Any),
    ("Pattern", "pattern", Text),
    ("MaxItems", "maxItems", Any),
    ("MinItems", "minItems", Any),
    ("UniqueItems", "uniqueItems", Flag),
    ("MultipleOf", "multipleOf", Any),
    ("Enum", "enum", Any),
    ("MaxProperties", "maxProperties", Any),
    ("MinProperties", "minProperties", Any),
    ("Required", "required", Any),
    ("Items", "items", SchemaOrList),
    ("AllOf", "allOf", Lists),
    ("OneOf", "oneOf", Lists),
    ("AnyOf", "anyOf", Lists),
    ("Not", "not", Schema),
    ("Properties", "properties", Map),
    ("AdditionalProperties", "additionalProperties", SchemaOrBool),
    ("PatternProperties", "patternProperties", Map),
    ("Dependencies", "dependencies", Dependencies),
    ("AdditionalItems", "additionalItems", SchemaOrBool),
    ("Definitions", "definitions", Map),
    ("ExternalDocs", "externalDocs", Struct(DOCUMENTATION)),
    ("Example", "example", Any),
    (
        "XPreserveUnknownFields",
        "x-kubernetes-preserve-unknown-fields",
        Any,
    ),
    ("XEmbeddedResource", "x-kubernetes-embedded-resource", Flag),
    ("XIntOrString", "x-kubernetes-int-or-string", Flag),
    ("XListMapKeys", "x-kubernetes-list-map-keys", Any),
    ("XListType", "x-kubernetes-list-type", Any),
    ("XMapType", "x-kubernetes-map-type", Any),
    ("XValidations", "x-kubernetes-validations", List(RULE)),
];

/// A version; `get` finds what it says by itself.
pub(super) fn version_text<'a>(get: &dyn Fn(&str) -> &'a Value) -> String {
    let mut out = String::new();
    push_struct(&mut out, VERSION, get);
    out
}

/// A struct of Go, whose fields are looked up by their names in the API.
fn push_struct<'a>(out: &mut String, fields: &[Field], get: &dyn Fn(&str) -> &'a Value) {
    out.push('{');
    for (index, (shown, name, form)) in fields.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        out.push_str(&format!("{comma}\"{shown}\":"));
        push(out, *form, get(name));
    }
    out.push('}');
}

fn push(out: &mut String, form: Form, value: &Value) {
    match (form, value) {
        (Text, Value::Null) => out.push_str("\"\""),
        (Flag, Value::Null) => out.push_str("false"),
        (Form::Count, Value::Null) => out.push('0'),
        // Whether anything is allowed stands beside the schema in Go.
        (SchemaOrBool, Value::Bool(allows)) => push_either(out, "Allows", *allows, &Value::Null),
        (SchemaOrBool, Value::Object(_)) => push_either(out, "Allows", true, value),
        (_, Value::Null) => out.push_str("null"),
        (Struct(fields), _) => push_fields(out, fields, value),
        (List(fields), Value::Array(list)) => push_list(out, list, |out, item| {
            push_fields(out, fields, item);
        }),
        (Schema, _) => push_fields(out, SCHEMA, value),
        (Lists, Value::Array(list)) => push_list(out, list, |out, item| push(out, Schema, item)),
        (Map, Value::Object(_)) => push_map(out, value, |out, item| push(out, Schema, item)),
        (Dependencies, Value::Object(_)) => push_map(out, value, |out, item| {
            push_pair(out, item, ("Schema", Schema), ("Property", Any));
        }),
        (SchemaOrList, _) => push_pair(out, value, ("Schema", Schema), ("JSONSchemas", Lists)),
        _ => push_plain(out, value),
    }
}

fn push_fields(out: &mut String, fields: &[Field], value: &Value) {
    push_struct(out, fields, &|name| value.get(name).unwrap_or(&Value::Null));
}

fn push_either(out: &mut String, name: &str, flag: bool, schema: &Value) {
    out.push_str(&format!("{{\"{name}\":{flag},\"Schema\":"));
    push(out, Schema, schema);
    out.push('}');
}

/// Two fields of which one is set: the first unless the value is a list.
fn push_pair(out: &mut String, value: &Value, one: (&str, Form), many: (&str, Form)) {
    let (first, second) = match value.is_array() {
        true => (&Value::Null, value),
        false => (value, &Value::Null),
    };
    out.push_str(&format!("{{\"{}\":", one.0));
    push(out, one.1, first);
    out.push_str(&format!(",\"{}\":", many.0));
    push(out, many.1, second);
    out.push('}');
}

fn push_list(out: &mut String, list: &[Value], item: impl Fn(&mut String, &Value)) {
    out.push('[');
    for (index, value) in list.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        item(out, value);
    }
    out.push(']');
}

/// The members of a map by the order of their names.
fn push_map(out: &mut String, value: &Value, item: impl Fn(&mut String, &Value)) {
    let mut members: Vec<_> = value.as_object().into_iter().flatten().collect();
    members.sort_by_key(|(name, _)| name.as_str());
    out.push('{');
    for (index, (name, value)) in members.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_json_string(out, name);
        out.push(':');
        item(out, value);
    }
    out.push('}');
}

fn push_plain(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => push_json_string(out, text),
        Value::Array(list) => push_list(out, list, push_plain),
        Value::Object(_) => push_map(out, value, push_plain),
        Value::Number(number) => out.push_str(&number_text(number)),
        other => out.push_str(&other.to_string()),
    }
}

/// Go writes whole numbers without a fraction, whatever their type.
fn number_text(number: &Number) -> String {
    /// From here on Go writes an exponent.
    const LARGE: f64 = 1e21;
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < LARGE => {
            format!("{float:.0}")
        }
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{SCHEMA, push_fields, version_text};

    #[test]
    fn a_version_is_written_with_all_fields_of_go() {
        let version = json!({"name": "v1", "served": true, "deprecationWarning": "a<b",
            "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.r"}},
            "additionalPrinterColumns": [{"name": "C", "priority": 1}], "selectableFields": []});
        assert_eq!(
            version_text(&|name| version.get(name).unwrap_or(&Value::Null)),
            r#"{"Name":"v1","Served":true,"Storage":false,"Deprecated":false,"DeprecationWarning":"a\u003cb","Schema":null,"Subresources":{"Status":{},"Scale":{"SpecReplicasPath":".spec.r","StatusReplicasPath":"","LabelSelectorPath":null}},"AdditionalPrinterColumns":[{"Name":"C","Type":"","Format":"","Description":"","Priority":1,"JSONPath":""}],"SelectableFields":[]}"#
        );
    }

    #[test]
    fn schemas_have_their_alternatives_beside_each_other() {
        let schema = json!({"type": "object", "maximum": 5.0, "items": {"type": "string"},
            "additionalProperties": false, "dependencies": {"a": ["b"]}});
        let mut out = String::new();
        push_fields(&mut out, SCHEMA, &schema);
        assert!(
            out.starts_with(r#"{"ID":"","Schema":"","Ref":null,"Description":"","Type":"object""#)
        );
        for part in [
            r#""Maximum":5,"#,
            r#""Items":{"Schema":{"ID":"","#,
            r#""JSONSchemas":null}"#,
            r#""AdditionalProperties":{"Allows":false,"Schema":null}"#,
            r#""Dependencies":{"a":{"Schema":null,"Property":["b"]}}"#,
            r#""XValidations":null}"#,
        ] {
            assert!(out.contains(part), "{part} in {out}");
        }
    }
}
