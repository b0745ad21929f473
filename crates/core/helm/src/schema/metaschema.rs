//! What a schema itself has to look like in each draft of JSON Schema: the structure of the published metaschemas, built from tables of keywords.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use skein_gowords::quote;

use super::address::shown;
use super::document::Document;
use super::draft::Draft;
use super::validator;

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
    ("$schema", "uri"),
    ("$anchor", "anchor"),
    ("$ref", "reference"),
    ("$recursiveRef", "reference"),
    ("$recursiveAnchor", "boolean"),
    ("$vocabulary", "vocabularies"),
    ("$comment", "string"),
    ("$defs", "map"),
];
const CORE_2020: Keywords = &[
    ("$id", "named-id"),
    ("$schema", "named-uri"),
    ("$anchor", "named-anchor"),
    ("$ref", "named-reference"),
    ("$dynamicRef", "named-reference"),
    ("$dynamicAnchor", "named-anchor"),
    ("$vocabulary", "named-vocabularies"),
    ("$comment", "string"),
    ("$defs", "map"),
];
const APPLICATOR: Keywords = &[
    ("contains", "schema"),
    ("additionalProperties", "schema"),
    ("properties", "map"),
    ("patternProperties", "map-of-patterns"),
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
    ("pattern", "regex"),
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

/// The vocabularies of a draft that has them: their names in addresses, and their tables.
type Vocabularies = &'static [(&'static str, &'static [Keywords])];

const VOCABULARIES_2019: Vocabularies = &[
    ("core", &[CORE_2019]),
    ("applicator", &[APPLICATOR, APPLICATOR_2019]),
    ("validation", &[VALIDATION]),
    ("meta-data", &[META_DATA]),
    ("format", &[FORMAT]),
    ("content", &[CONTENT]),
];
const VOCABULARIES_2020: Vocabularies = &[
    ("core", &[CORE_2020]),
    ("applicator", &[APPLICATOR, APPLICATOR_2020]),
    ("unevaluated", &[UNEVALUATED]),
    ("validation", &[VALIDATION]),
    ("meta-data", &[META_DATA]),
    ("format-annotation", &[FORMAT]),
    ("content", &[CONTENT]),
];

/// All drafts, each with the address of its metaschema.
const DRAFTS: [(Draft, &str); 5] = [
    (Draft::D4, "http://json-schema.org/draft-04/schema"),
    (Draft::D6, "http://json-schema.org/draft-06/schema"),
    (Draft::D7, "http://json-schema.org/draft-07/schema"),
    (Draft::D2019, "https://json-schema.org/draft/2019-09/schema"),
    (Draft::D2020, "https://json-schema.org/draft/2020-12/schema"),
];

/// Checks a part of a document against the metaschema of its draft.
pub(super) fn check_part(subject: &Document, pointer: &str) -> Result<(), String> {
    let Some(part) = subject.root.pointer(pointer) else {
        return Ok(());
    };
    let draft = subject.resources[subject.resource_at(pointer)].draft;
    let meta = document(draft).as_ref().map_err(Clone::clone)?;
    let problems = validator::check_schema(meta, part, (subject, pointer))?;
    if problems.is_empty() {
        return Ok(());
    }
    let (address, pointer) = subject.place(pointer);
    let mut text = format!(
        "{} is not valid against metaschema: jsonschema validation failed with '{}#'",
        quote(&shown(address, pointer)),
        DRAFTS[draft as usize].1
    );
    for problem in &problems {
        problem.print(1, &mut text);
    }
    Err(text)
}

/// The resource of a metaschema with this address.
pub(super) fn find(address: &str) -> Result<Option<(Draft, &'static Document, usize)>, String> {
    let path = address.strip_prefix("http://");
    let path = path.or_else(|| address.strip_prefix("https://"));
    let wanted = match path {
        Some("json-schema.org/schema") => "json-schema.org/draft/2020-12/schema",
        Some(path) if path.starts_with("json-schema.org/") => path,
        _ => return Ok(None),
    };
    for (draft, root) in DRAFTS {
        let (scheme, root_path) = root.split_once("://").unwrap_or_default();
        let folder = root_path.strip_suffix("schema").unwrap_or_default();
        if wanted.starts_with(folder) {
            let document = document(draft).as_ref().map_err(Clone::clone)?;
            let resource = document.find_resource(&format!("{scheme}://{wanted}"));
            return Ok(resource.map(|resource| (draft, document, resource)));
        }
    }
    Ok(None)
}

/// The metaschema of a draft, made once.
pub(super) fn document(draft: Draft) -> &'static Result<Document, String> {
    type Made = LazyLock<Result<Document, String>>;
    fn make(draft: Draft) -> Result<Document, String> {
        Document::meta(of(draft), DRAFTS[draft as usize].1, draft)
    }
    static MADE: [Made; 5] = [
        Made::new(|| make(Draft::D4)),
        Made::new(|| make(Draft::D6)),
        Made::new(|| make(Draft::D7)),
        Made::new(|| make(Draft::D2019)),
        Made::new(|| make(Draft::D2020)),
    ];
    &MADE[draft as usize]
}

/// The schema that the schemas of a draft fit.
fn of(draft: Draft) -> Value {
    let vocabularies = match draft {
        Draft::D4 => {
            let mut schema = part(draft, &[EARLY, ONLY_4]);
            schema["dependencies"] =
                json!({ "exclusiveMaximum": ["maximum"], "exclusiveMinimum": ["minimum"] });
            schema["definitions"] = definitions(draft);
            return schema;
        }
        Draft::D6 | Draft::D7 => {
            let last = if draft == Draft::D6 { ONLY_6 } else { ONLY_7 };
            let mut schema = part(draft, &[EARLY, FROM_6, last]);
            schema["definitions"] = definitions(draft);
            return schema;
        }
        Draft::D2019 => VOCABULARIES_2019,
        Draft::D2020 => VOCABULARIES_2020,
    };
    let root = DRAFTS[draft as usize].1;
    let folder = root.strip_suffix("schema").unwrap_or_default();
    let mut all = Map::new();
    let mut references = Vec::new();
    for (name, tables) in vocabularies {
        let mut schema = part(draft, tables);
        schema["$id"] = json!(format!("{folder}meta/{name}"));
        schema["$defs"] = definitions(draft);
        mark(&mut schema, draft);
        all.insert((*name).to_owned(), schema);
        references.push(json!({ "$ref": format!("meta/{name}") }));
    }
    let mut schema = part(draft, &[]);
    schema["$id"] = json!(root);
    schema["allOf"] = Value::Array(references);
    schema["$defs"] = Value::Object(all);
    schema["properties"] = json!({
        "definitions": shape("map", draft),
        "dependencies": {
            "type": "object",
            "additionalProperties": {
                "anyOf": [shape("schema", draft), { "$ref": "meta/validation#/$defs/stringArray" }],
            },
        },
    });
    if draft == Draft::D2020 {
        schema["properties"]["$recursiveAnchor"] =
            json!({ "$ref": "meta/core#/$defs/anchorString" });
        schema["properties"]["$recursiveRef"] =
            json!({ "$ref": "meta/core#/$defs/uriReferenceString" });
    }
    mark(&mut schema, draft);
    schema
}

/// A schema of the keywords of some tables.
fn part(draft: Draft, tables: &[Keywords]) -> Value {
    let kinds = match draft {
        Draft::D4 => json!("object"),
        _ => json!(["object", "boolean"]),
    };
    let keywords = tables.iter().copied().flatten();
    let shapes: Map<String, Value> = keywords
        .map(|(keyword, name)| ((*keyword).to_owned(), shape(name, draft)))
        .collect();
    json!({ "type": kinds, "properties": shapes })
}

/// Makes a schema one that others extend.
fn mark(schema: &mut Value, draft: Draft) {
    if draft == Draft::D2020 {
        schema["$dynamicAnchor"] = json!("meta");
    } else {
        schema["$recursiveAnchor"] = json!(true);
    }
}

/// What shapes refer to. Those that a vocabulary does not need do no harm.
fn definitions(draft: Draft) -> Value {
    let schema = shape("schema", draft);
    let mut strings =
        json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true });
    if draft == Draft::D4 {
        strings["minItems"] = json!(1);
    }
    let (count, count_or_none) = count_names(draft);
    let counted = shape("count", draft);
    let mut all = json!({
        "schemaArray": { "type": "array", "minItems": 1, "items": schema },
        "simpleTypes": {
            "enum": ["array", "boolean", "integer", "null", "number", "object", "string"],
        },
        "stringArray": strings,
        "anchorString": { "type": "string", "pattern": "^[A-Za-z_][-A-Za-z0-9._]*$" },
        "uriString": shape("uri", draft),
        "uriReferenceString": shape("reference", draft),
    });
    all[count] = json!({ "type": "integer", "minimum": 0 });
    all[count_or_none] = match draft {
        Draft::D2019 | Draft::D2020 => counted,
        _ => json!({ "allOf": [counted, {}] }),
    };
    all
}

/// What counts are called.
fn count_names(draft: Draft) -> (&'static str, &'static str) {
    if draft == Draft::D4 {
        ("positiveInteger", "positiveIntegerDefault0")
    } else {
        ("nonNegativeInteger", "nonNegativeIntegerDefault0")
    }
}

fn shape(name: &str, draft: Draft) -> Value {
    let schema = || match draft {
        Draft::D2020 => json!({ "$dynamicRef": "#meta" }),
        Draft::D2019 => json!({ "$recursiveRef": "#" }),
        _ => json!({ "$ref": "#" }),
    };
    let folder = if draft < Draft::D2019 {
        "definitions"
    } else {
        "$defs"
    };
    let named = |name: &str| json!({ "$ref": format!("#/{folder}/{name}") });
    match name {
        "string" | "number" | "boolean" => json!({ "type": name }),
        "list" => json!({ "type": "array" }),
        "choices" => json!({ "type": "array", "minItems": 1, "uniqueItems": true }),
        "positive" => json!({ "type": "number", "exclusiveMinimum": 0 }),
        "positive-4" => json!({ "type": "number", "minimum": 0, "exclusiveMinimum": true }),
        "regex" => json!({ "type": "string", "format": "regex" }),
        "uri" => json!({ "type": "string", "format": "uri" }),
        "reference" => json!({ "type": "string", "format": "uri-reference" }),
        "id" => json!({ "type": "string", "format": "uri-reference", "pattern": "^[^#]*#?$" }),
        "named-id" => json!({ "$ref": "#/$defs/uriReferenceString", "pattern": "^[^#]*#?$" }),
        "named-uri" => named("uriString"),
        "named-reference" => named("uriReferenceString"),
        "anchor" => json!({ "type": "string", "pattern": "^[A-Za-z][-A-Za-z0-9.:_]*$" }),
        "named-anchor" => named("anchorString"),
        "vocabularies" | "named-vocabularies" => json!({
            "type": "object",
            "propertyNames": if name == "vocabularies" { shape("uri", draft) } else { named("uriString") },
            "additionalProperties": { "type": "boolean" },
        }),
        "schemas" => named("schemaArray"),
        "strings" => named("stringArray"),
        "count" => named(count_names(draft).0),
        "count-or-none" => named(count_names(draft).1),
        "boolean-or-schema" => json!({ "anyOf": [{ "type": "boolean" }, schema()] }),
        "schema-or-schemas" => json!({ "anyOf": [schema(), named("schemaArray")] }),
        "map" => json!({ "type": "object", "additionalProperties": schema() }),
        "map-of-patterns" => json!({
            "type": "object",
            "additionalProperties": schema(),
            "propertyNames": { "format": "regex" },
        }),
        "map-of-strings" => {
            json!({ "type": "object", "additionalProperties": named("stringArray") })
        }
        "map-or-strings" => json!({
            "type": "object",
            "additionalProperties": { "anyOf": [schema(), named("stringArray")] },
        }),
        "types" => json!({ "anyOf": [
            named("simpleTypes"),
            { "type": "array", "items": named("simpleTypes"), "minItems": 1, "uniqueItems": true },
        ] }),
        _ => schema(),
    }
}
