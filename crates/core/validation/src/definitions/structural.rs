//! What makes a schema structural: types everywhere, conditions (`allOf`, `anyOf`, `oneOf`, `not`) that add no structure.

use serde_json::{Map, Value};
use skein_schema::FieldError;
use skein_schema::field_error::FieldPath;

use crate::spot::{Errors, Spot};

use super::property;

/// Deepest nesting that is looked at, in levels; the parser has refused what lies deeper.
const MAX_DEPTH: usize = 200;

/// Where a part of the schema stands.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    Root,
    Item,
    Field,
}

/// Whether the schema says nothing that structural schemas have no place for; what it says is told where it stands.
pub(super) fn converts(schema: &Value, depth: usize) -> bool {
    const UNKNOWN: [&str; 6] = [
        "id",
        "additionalItems",
        "patternProperties",
        "definitions",
        "dependencies",
        "$ref",
    ];
    let Some(map) = schema.as_object().filter(|_| depth <= MAX_DEPTH) else {
        return true;
    };
    let says_something = |value: &Value| match value {
        Value::Null => false,
        Value::Object(map) => !map.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    };
    if UNKNOWN
        .iter()
        .any(|name| map.get(*name).is_some_and(says_something))
        || map.get("items").is_some_and(Value::is_array)
    {
        return false;
    }
    let one = |name: &str| map.get(name).into_iter();
    let several = |name: &str| {
        map.get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let properties = map.get("properties").and_then(Value::as_object);
    let fields = properties.into_iter().flat_map(serde_json::Map::values);
    one("items")
        .chain(one("additionalProperties"))
        .chain(one("not"))
        .chain(several("allOf"))
        .chain(several("anyOf"))
        .chain(several("oneOf"))
        .chain(fields)
        .all(|inner| converts(inner, depth + 1))
}

/// Everything that makes the schema non-structural, in the order of the messages.
pub(super) fn check(errors: &mut Errors, root: &Spot<'_>) {
    let mut found = Vec::new();
    let mut walk = Walk { found: &mut found };
    walk.invariants(root, Level::Root, 0);
    walk.completeness(root, root.value, &root.path, 0);
    found.sort_by_cached_key(ToString::to_string);
    errors.add_all(found);
}

struct Walk<'a> {
    found: &'a mut Vec<FieldError>,
}

fn kind<'a>(schema: &Spot<'a>) -> &'a str {
    schema.get("type").text()
}

fn properties<'a>(schema: &Spot<'a>) -> Vec<(&'a str, Spot<'a>)> {
    schema.get("properties").members()
}

/// A field whose value is a schema.
fn inner<'a>(schema: &Spot<'a>, name: &str) -> Option<Spot<'a>> {
    let spot = schema.get(name);
    spot.value.is_object().then_some(spot)
}

/// Whether the alternatives are the two of `x-kubernetes-int-or-string`.
fn is_int_or_string(alternatives: &Spot<'_>) -> bool {
    let only = |schema: &Spot<'_>, name: &str| schema.len() == 1 && kind(schema) == name;
    let all: Vec<Spot<'_>> = alternatives.items().collect();
    matches!(all.as_slice(), [a, b] if only(a, "integer") && only(b, "string"))
}

impl Walk<'_> {
    fn add(&mut self, error: FieldError) {
        self.found.push(error);
    }

    fn invariants(&mut self, schema: &Spot<'_>, level: Level, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let items = inner(schema, "items");
        if kind(schema) == "array" && items.is_none() {
            self.add(schema.get("items").required("must be specified"));
        }
        if let Some(items) = items {
            self.invariants(&items, Level::Item, depth + 1);
        }
        for (name, mut field) in properties(schema) {
            field.path = property(&schema.path, name);
            self.invariants(&field, Level::Field, depth + 1);
        }
        let additional = schema.get("additionalProperties");
        if additional.is_set() {
            if level == Level::Root {
                self.add(additional.forbidden("must not be used at the root"));
            }
            if additional.value.is_object() {
                self.invariants(&additional, Level::Field, depth + 1);
            }
        }
        self.extensions(schema);
        let any_of = is_int_or_string(&schema.get("anyOf"));
        let first = schema.get("allOf").items().next();
        let all_of = first.is_some_and(|first| is_int_or_string(&first.get("anyOf")));
        self.conditions(schema, any_of, all_of, level, depth);
        self.types(schema, level);
        self.metadata(schema, level);
    }

    fn extensions(&mut self, schema: &Spot<'_>) {
        if !schema.get("x-kubernetes-int-or-string").is_true() {
            return;
        }
        for name in [
            "x-kubernetes-preserve-unknown-fields",
            "x-kubernetes-embedded-resource",
        ] {
            let spot = schema.get(name);
            if spot.is_true() {
                self.add(spot.invalid("must be false if x-kubernetes-int-or-string is true"));
            }
        }
    }

    fn types(&mut self, schema: &Spot<'_>, level: Level) {
        let at = schema.get("type");
        let is_embedded = schema.get("x-kubernetes-embedded-resource").is_true();
        let is_free = [
            "x-kubernetes-int-or-string",
            "x-kubernetes-preserve-unknown-fields",
        ]
        .iter()
        .any(|name| schema.get(name).is_true());
        if is_embedded && at.text() != "object" {
            let text = "must be object if x-kubernetes-embedded-resource is true";
            self.add(if at.is_blank() {
                at.required(text)
            } else {
                at.invalid(text)
            });
        } else if at.is_blank() && !is_free {
            self.add(at.required(match level {
                Level::Root => "must not be empty at the root",
                Level::Item => "must not be empty for specified array items",
                Level::Field => "must not be empty for specified object fields",
            }));
        }
        if is_embedded && schema.get("additionalProperties").is_set() {
            let text = "must not be used if x-kubernetes-embedded-resource is set";
            self.add(schema.get("additionalProperties").forbidden(text));
        }
        if level == Level::Root && !at.is_blank() && at.text() != "object" {
            self.add(at.invalid("must be object at the root"));
        }
    }

    fn metadata(&mut self, schema: &Spot<'_>, level: Level) {
        let is_embedded = schema.get("x-kubernetes-embedded-resource").is_true();
        let is_resource = level == Level::Root || is_embedded;
        let find = |name: &str| {
            let value = schema.get("properties").value.get(name)?;
            Some(Spot::new(Some(value), property(&schema.path, name)))
        };
        for name in ["kind", "apiVersion"] {
            if let Some(field) = find(name).filter(|field| is_resource && kind(field) != "string") {
                self.add(field.get("type").invalid_as(kind(&field), "must be string"));
            }
        }
        if let Some(metadata) = find("metadata") {
            if is_resource && kind(&metadata) != "object" {
                let at = metadata.get("type");
                self.add(at.invalid_as(kind(&metadata), "must be object"));
            }
            if level == Level::Root && !says_only_names(metadata.map()) {
                self.add(metadata.forbidden("must not specify anything other than name and generateName, but metadata is implicitly specified"));
            }
        }
        let preserves = schema.get("x-kubernetes-preserve-unknown-fields").is_true();
        if is_embedded && !preserves && schema.get("properties").len() == 0 {
            let text = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
            self.add(schema.get("properties").required(text));
        }
    }

    /// `allOf`, `anyOf`, `oneOf`, `not` and the pattern of a part.
    fn conditions(
        &mut self,
        schema: &Spot<'_>,
        skip_any_of: bool,
        skip_first_all_of: bool,
        level: Level,
        depth: usize,
    ) {
        if !skip_any_of {
            for nested in schema.get("anyOf").items() {
                self.nested(&nested, false, level, depth + 1);
            }
        }
        for (index, nested) in schema.get("allOf").items().enumerate() {
            self.nested(&nested, skip_first_all_of && index == 0, level, depth + 1);
        }
        for nested in schema.get("oneOf").items() {
            self.nested(&nested, false, level, depth + 1);
        }
        if let Some(not) = inner(schema, "not") {
            self.nested(&not, false, level, depth + 1);
        }
        let pattern = schema.get("pattern");
        if let Err(problem) = skein_gowords::regex(pattern.text()) {
            self.add(pattern.invalid(format!(
                "must be a valid regular expression, but isn't: {problem}"
            )));
        }
    }

    /// A condition: it may not say what only structure may say.
    fn nested(&mut self, schema: &Spot<'_>, skip_any_of: bool, level: Level, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        self.conditions(schema, skip_any_of, false, level, depth);
        if let Some(items) = inner(schema, "items") {
            self.nested(&items, false, level, depth + 1);
        }
        for (name, mut field) in properties(schema) {
            field.path = property(&schema.path, name);
            self.nested(&field, false, Level::Field, depth + 1);
        }
        for (name, text) in [
            ("type", "must be empty to be structural"),
            ("additionalProperties", "must be undefined to be structural"),
            ("default", "must be undefined to be structural"),
            ("title", "must be empty to be structural"),
            ("description", "must be empty to be structural"),
            ("nullable", "must be false to be structural"),
            (
                "x-kubernetes-preserve-unknown-fields",
                "must be false to be structural",
            ),
            (
                "x-kubernetes-embedded-resource",
                "must be false to be structural",
            ),
            (
                "x-kubernetes-int-or-string",
                "must be false to be structural",
            ),
            (
                "x-kubernetes-list-map-keys",
                "must be empty to be structural",
            ),
            (
                "x-kubernetes-list-type",
                "must be undefined to be structural",
            ),
            (
                "x-kubernetes-map-type",
                "must be undefined to be structural",
            ),
            ("x-kubernetes-validations", "must be empty to be structural"),
        ] {
            let spot = schema.get(name);
            let says = match spot.value {
                Value::Null | Value::Bool(false) if name != "additionalProperties" => false,
                Value::Null => false,
                Value::String(text) => !text.is_empty(),
                Value::Array(list) => !list.is_empty(),
                _ => true,
            };
            if says {
                self.add(spot.forbidden(text));
            }
        }
        if schema.get("properties").value.get("metadata").is_some() {
            let at = property(&schema.path, "metadata");
            self.add(FieldError::forbidden(
                at,
                "must not be specified in a nested context",
            ));
        }
    }

    /// Every field and list that a condition names must be part of the structure, too.
    fn completeness(&mut self, said: &Spot<'_>, schema: &Value, at: &FieldPath, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        if let Some(not) = inner(said, "not") {
            self.complete_nested(&not, Some(schema), at, depth + 1);
        }
        for name in ["allOf", "anyOf", "oneOf"] {
            for nested in said.get(name).items() {
                self.complete_nested(&nested, Some(schema), at, depth + 1);
            }
        }
    }

    fn complete_nested(
        &mut self,
        said: &Spot<'_>,
        schema: Option<&Value>,
        at: &FieldPath,
        depth: usize,
    ) {
        let Some(schema) = schema else {
            let text = format!("because it is defined in {}", said.path);
            self.add(FieldError::required(at.clone(), text));
            return;
        };
        self.completeness(said, schema, at, depth);
        if let Some(items) = inner(said, "items") {
            let structure = schema.get("items").filter(|items| items.is_object());
            self.complete_nested(&items, structure, &at.child("items"), depth + 1);
        }
        for (name, mut field) in properties(said) {
            field.path = property(&said.path, name);
            let structure = schema.get("properties").and_then(|all| all.get(name));
            self.complete_nested(&field, structure, &property(at, name), depth + 1);
        }
    }
}

/// Whether the metadata of a root restricts nothing but the names.
fn says_only_names(metadata: Option<&Map<String, Value>>) -> bool {
    let names = |value: &Value| {
        value.as_object().is_some_and(|properties| {
            properties
                .keys()
                .all(|name| matches!(name.as_str(), "name" | "generateName"))
        })
    };
    metadata
        .into_iter()
        .flatten()
        .all(|(key, value)| match key.as_str() {
            "type" | "default" => true,
            "properties" => names(value),
            _ => {
                matches!(value, Value::Null | Value::Bool(false))
                    || value.as_str() == Some("")
                    || value.as_array().is_some_and(Vec::is_empty)
            }
        })
}
