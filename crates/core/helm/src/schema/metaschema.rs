//! What a schema itself has to look like in each draft of JSON Schema: the structure of the published metaschemas, built from tables of keywords.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::document::{Document, Draft};

/// Keywords, each with the shape of its value.
type Keywords = &'static [(&'static str, &'static str)];

/// Keywords of all drafts before 2019-09 whose shape never changed.
const EARLY: Keywords = &[
    ("title", "string"),
    ("description", "string"),
    ("maximum", "number"),
    ("minimum", "number"),
    ("maxLength", "count"),
    ("minLength", "count-or-none"),
    ("pattern", "regex"),
    ("items", "schema-or-schemas"),
    ("maxItems", "count"),
    ("minItems", "count-or-none"),
    ("uniqueItems", "boolean"),
    ("maxProperties", "count"),
    ("minProperties", "count-or-none"),
    ("required", "strings"),
    ("definitions", "map"),
    ("properties", "map"),
    ("dependencies", "map-or-strings"),
    ("type", "types"),
    ("format", "string"),
    ("allOf", "schemas"),
    ("anyOf", "schemas"),
    ("oneOf", "schemas"),
    ("not", "schema"),
    ("$schema", "uri"),
];
const ONLY_4: Keywords = &[
    ("id", "string"),
    ("$ref", "string"),
    ("multipleOf", "positive-4"),
    ("exclusiveMaximum", "boolean"),
    ("exclusiveMinimum", "boolean"),
    ("additionalItems", "boolean-or-schema"),
    ("additionalProperties", "boolean-or-schema"),
    ("patternProperties", "map"),
    ("enum", "choices"),
];
const FROM_6: Keywords = &[
    ("$id", "reference"),
    ("$ref", "reference"),
    ("multipleOf", "positive"),
    ("exclusiveMaximum", "number"),
    ("exclusiveMinimum", "number"),
    ("additionalItems", "schema"),
    ("additionalProperties", "schema"),
    ("contains", "schema"),
    ("propertyNames", "schema"),
    ("enum", "choices"),
];
const ONLY_6: Keywords = &[("patternProperties", "map")];
const ONLY_7: Keywords = &[
    ("patternProperties", "map-of-patterns"),
    ("$comment", "string"),
    ("readOnly", "boolean"),
    ("writeOnly", "boolean"),
    ("examples", "list"),
    ("contentMediaType", "string"),
    ("contentEncoding", "string"),
    ("if", "schema"),
    ("then", "schema"),
    ("else", "schema"),
];
const CORE_2019: Keywords = &[
    ("$id", "id"),
    ("$schema", "string"),
    ("$anchor", "anchor-2019"),
    ("$ref", "string"),
    ("$recursiveRef", "string"),
    ("$recursiveAnchor", "boolean"),
    ("$vocabulary", "booleans"),
    ("$comment", "string"),
    ("$defs", "map"),
];
const CORE_2020: Keywords = &[
    ("$id", "id-2020"),
    ("$schema", "named-string"),
    ("$anchor", "anchor-2020"),
    ("$ref", "named-string"),
    ("$dynamicRef", "named-string"),
    ("$dynamicAnchor", "anchor-2020"),
    ("$vocabulary", "booleans"),
    ("$comment", "string"),
    ("$defs", "map"),
];
const APPLICATOR: Keywords = &[
    ("contains", "schema"),
    ("additionalProperties", "schema"),
    ("properties", "map"),
    ("patternProperties", "map"),
    ("dependentSchemas", "map"),
    ("propertyNames", "schema"),
    ("if", "schema"),
    ("then", "schema"),
    ("else", "schema"),
    ("allOf", "schemas"),
    ("anyOf", "schemas"),
    ("oneOf", "schemas"),
    ("not", "schema"),
];
const APPLICATOR_2019: Keywords = &[
    ("additionalItems", "schema"),
    ("items", "schema-or-schemas"),
    ("unevaluatedItems", "schema"),
    ("unevaluatedProperties", "schema"),
];
const APPLICATOR_2020: Keywords = &[("prefixItems", "schemas"), ("items", "schema")];
const UNEVALUATED: Keywords = &[
    ("unevaluatedItems", "schema"),
    ("unevaluatedProperties", "schema"),
];
const VALIDATION: Keywords = &[
    ("multipleOf", "positive"),
    ("maximum", "number"),
    ("exclusiveMaximum", "number"),
    ("minimum", "number"),
    ("exclusiveMinimum", "number"),
    ("maxLength", "count"),
    ("minLength", "count-or-none"),
    ("pattern", "string"),
    ("maxItems", "count"),
    ("minItems", "count-or-none"),
    ("uniqueItems", "boolean"),
    ("maxContains", "count"),
    ("minContains", "count"),
    ("maxProperties", "count"),
    ("minProperties", "count-or-none"),
    ("required", "strings"),
    ("dependentRequired", "map-of-strings"),
    ("enum", "list"),
    ("type", "types"),
];
const META_DATA: Keywords = &[
    ("title", "string"),
    ("description", "string"),
    ("deprecated", "boolean"),
    ("readOnly", "boolean"),
    ("writeOnly", "boolean"),
    ("examples", "list"),
];
const FORMAT: Keywords = &[("format", "string")];
const CONTENT: Keywords = &[
    ("contentMediaType", "string"),
    ("contentEncoding", "string"),
    ("contentSchema", "schema"),
];

/// The address under which the draft's metaschema is known.
pub(super) fn address(draft: Draft) -> &'static str {
    match draft {
        Draft::D4 => "http://json-schema.org/draft-04/schema#",
        Draft::D6 => "http://json-schema.org/draft-06/schema#",
        Draft::D7 => "http://json-schema.org/draft-07/schema#",
        Draft::D2019 => "https://json-schema.org/draft/2019-09/schema#",
        Draft::D2020 => "https://json-schema.org/draft/2020-12/schema#",
    }
}

/// The metaschema of a draft, made once.
pub(super) fn document(draft: Draft) -> &'static Result<Document, String> {
    type Made = LazyLock<Result<Document, String>>;
    static MADE: [Made; 5] = [
        Made::new(|| Document::new(of(Draft::D4), Draft::D4)),
        Made::new(|| Document::new(of(Draft::D6), Draft::D6)),
        Made::new(|| Document::new(of(Draft::D7), Draft::D7)),
        Made::new(|| Document::new(of(Draft::D2019), Draft::D2019)),
        Made::new(|| Document::new(of(Draft::D2020), Draft::D2020)),
    ];
    &MADE[draft as usize]
}

/// The schema that the schemas of a draft fit.
fn of(draft: Draft) -> Value {
    let kinds = match draft {
        Draft::D4 => json!("object"),
        _ => json!(["object", "boolean"]),
    };
    let part = |tables: &[Keywords]| json!({ "type": kinds, "properties": properties(tables) });
    let vocabularies: Vec<Value> = match draft {
        Draft::D4 => {
            let mut schema = part(&[EARLY, ONLY_4]);
            schema["dependencies"] =
                json!({ "exclusiveMaximum": ["maximum"], "exclusiveMinimum": ["minimum"] });
            schema["$defs"] = definitions(draft);
            return schema;
        }
        Draft::D6 | Draft::D7 => {
            let last = if draft == Draft::D6 { ONLY_6 } else { ONLY_7 };
            let mut schema = part(&[EARLY, FROM_6, last]);
            schema["$defs"] = definitions(draft);
            return schema;
        }
        Draft::D2019 => vec![
            part(&[CORE_2019]),
            part(&[APPLICATOR, APPLICATOR_2019]),
            part(&[VALIDATION]),
            part(&[META_DATA]),
            part(&[FORMAT]),
            part(&[CONTENT]),
        ],
        Draft::D2020 => vec![
            part(&[CORE_2020]),
            part(&[APPLICATOR, APPLICATOR_2020]),
            part(&[UNEVALUATED]),
            part(&[VALIDATION]),
            part(&[META_DATA]),
            part(&[FORMAT]),
            part(&[CONTENT]),
        ],
    };
    let mut all = definitions(draft);
    let mut references = Vec::new();
    for (index, vocabulary) in vocabularies.into_iter().enumerate() {
        all[format!("vocabulary-{index}")] = vocabulary;
        references.push(json!({ "$ref": format!("#/$defs/vocabulary-{index}") }));
    }
    json!({
        "type": kinds,
        "allOf": references,
        "properties": properties(&[&[("definitions", "map"), ("dependencies", "map-or-strings")]]),
        "$defs": all,
    })
}

fn properties(tables: &[Keywords]) -> Value {
    let keywords = tables.iter().copied().flatten();
    let shapes: Map<String, Value> = keywords
        .map(|(keyword, name)| ((*keyword).to_owned(), shape(name)))
        .collect();
    Value::Object(shapes)
}

/// What shapes refer to.
fn definitions(draft: Draft) -> Value {
    let mut strings =
        json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true });
    if draft == Draft::D4 {
        strings["minItems"] = json!(1);
    }
    let count_or_none = match draft {
        Draft::D2019 | Draft::D2020 => json!({ "$ref": "#/$defs/count" }),
        _ => json!({ "allOf": [{ "$ref": "#/$defs/count" }, {}] }),
    };
    json!({
        "schemas": { "type": "array", "minItems": 1, "items": { "$ref": "#" } },
        "count": { "type": "integer", "minimum": 0 },
        "count-or-none": count_or_none,
        "type": { "enum": ["array", "boolean", "integer", "null", "number", "object", "string"] },
        "strings": strings,
        "named-string": { "type": "string" },
        "anchor-2020": { "type": "string", "pattern": "^[A-Za-z_][-A-Za-z0-9._]*$" },
    })
}

fn shape(name: &str) -> Value {
    match name {
        "string" | "number" | "boolean" => json!({ "type": name }),
        "list" => json!({ "type": "array" }),
        "choices" => json!({ "type": "array", "minItems": 1, "uniqueItems": true }),
        "positive" => json!({ "type": "number", "exclusiveMinimum": 0 }),
        "positive-4" => json!({ "type": "number", "minimum": 0, "exclusiveMinimum": true }),
        "regex" => json!({ "type": "string", "format": "regex" }),
        "uri" => json!({ "type": "string", "format": "uri" }),
        "reference" => json!({ "type": "string", "format": "uri-reference" }),
        "id" => json!({ "type": "string", "pattern": "^[^#]*#?$" }),
        "id-2020" => json!({ "$ref": "#/$defs/named-string", "pattern": "^[^#]*#?$" }),
        "anchor-2019" => json!({ "type": "string", "pattern": "^[A-Za-z][-A-Za-z0-9.:_]*$" }),
        "schema" => json!({ "$ref": "#" }),
        "boolean-or-schema" => json!({ "anyOf": [{ "type": "boolean" }, { "$ref": "#" }] }),
        "schema-or-schemas" => json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#/$defs/schemas" }] }),
        "map" => json!({ "type": "object", "additionalProperties": { "$ref": "#" } }),
        "map-of-patterns" => json!({
            "type": "object",
            "additionalProperties": { "$ref": "#" },
            "propertyNames": { "format": "regex" },
        }),
        "map-of-strings" => {
            json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/strings" } })
        }
        "map-or-strings" => json!({
            "type": "object",
            "additionalProperties": { "anyOf": [{ "$ref": "#" }, { "$ref": "#/$defs/strings" }] },
        }),
        "booleans" => json!({ "type": "object", "additionalProperties": { "type": "boolean" } }),
        "types" => json!({ "anyOf": [
            { "$ref": "#/$defs/type" },
            { "type": "array", "items": { "$ref": "#/$defs/type" }, "minItems": 1, "uniqueItems": true },
        ] }),
        // `schemas`, `strings`, `count` and the other definitions.
        name => json!({ "$ref": format!("#/$defs/{name}") }),
    }
}
