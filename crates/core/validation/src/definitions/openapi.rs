//! Every part of a schema: what OpenAPI may say here, how lists and maps merge, and the rules with their costs.

use std::collections::HashSet;

use serde_json::Value;
use skein_schema::field_error::{FieldError, FieldErrorKind, FieldPath};
use skein_schema::parse::{parse_plain, rule_of};
use skein_schema::rules::{self, Judged};

use crate::spot::{Errors, Spot};

use super::{paths, property};

/// Types that OpenAPI knows.
const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];
/// Reasons that a rule may give.
const REASONS: &[&str] = &[
    "FieldValueDuplicate",
    "FieldValueForbidden",
    "FieldValueInvalid",
    "FieldValueRequired",
];
/// The most that one rule may cost over all values of an object, in units of CEL.
const MAX_RULE_COST: u64 = 10_000_000;
/// The most that all rules of a schema may cost together.
const MAX_TOTAL_COST: u64 = 100_000_000;
/// How many of the most expensive rules are named.
const NAMED_RULES: usize = 4;
/// Deepest nesting that is looked at, in levels.
const MAX_DEPTH: usize = 200;

/// What the rules of a schema cost together.
#[derive(Debug, Default)]
pub(super) struct Costs {
    total: u64,
    expensive: Vec<(FieldPath, u64)>,
}

impl Costs {
    fn add(&mut self, path: FieldPath, cost: u64) {
        self.total = self.total.saturating_add(cost);
        if cost < MAX_TOTAL_COST / 100 {
            return;
        }
        self.expensive.push((path, cost));
        self.expensive
            .sort_by_key(|(_, cost)| std::cmp::Reverse(*cost));
        self.expensive.truncate(NAMED_RULES);
    }

    /// Errors when all rules together cost too much.
    pub(super) fn too_high(self, root: &FieldPath) -> Vec<FieldError> {
        if self.total <= MAX_TOTAL_COST {
            return Vec::new();
        }
        let text = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
        let named = self.expensive.into_iter();
        let mut errors: Vec<FieldError> = named
            .map(|(path, _)| FieldError::forbidden(path, text))
            .collect();
        let name = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
        let text = excess(name, self.total, MAX_TOTAL_COST);
        errors.push(FieldError::forbidden(root.clone(), text));
        errors
    }
}

fn excess(name: &str, cost: u64, limit: u64) -> String {
    let factor = cost as f64 / limit as f64;
    let factor = if factor > 100.0 {
        "more than 100x".to_owned()
    } else if factor < 1.5 {
        format!("{factor:.6}x")
    } else {
        format!("{factor:.1}x")
    };
    format!(
        "{name} exceeds budget by factor of {factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
    )
}

/// What a part has from the parts around it.
#[derive(Clone)]
struct Around {
    depth: usize,
    is_root: bool,
    /// Why defaults are refused here, if they are.
    no_defaults: Option<String>,
    in_metadata: bool,
    /// The first part around it whose old and new values cannot be told to belong together.
    uncorrelated: Option<FieldPath>,
    /// How many values there may be of it at most; nothing where that is not bounded.
    count: Option<u64>,
    /// Whether rules are looked at: not in conditions, nor when the schema is not structural.
    rules: bool,
}

/// Everything that is wrong with a schema and all below it; structure first, then rules.
pub(super) fn check(root: &Spot<'_>, is_structural: bool, costs: &mut Costs) -> Vec<FieldError> {
    let mut walk = Walk {
        structure: Errors::default(),
        rules: Errors::default(),
        costs,
    };
    walk.visit(
        root,
        &Around {
            depth: 0,
            is_root: true,
            no_defaults: None,
            in_metadata: false,
            uncorrelated: None,
            count: Some(1),
            rules: is_structural,
        },
    );
    let mut errors = walk.structure.0;
    errors.extend(walk.rules.0);
    errors
}

struct Walk<'a> {
    structure: Errors,
    rules: Errors,
    costs: &'a mut Costs,
}

impl Walk<'_> {
    fn visit(&mut self, schema: &Spot<'_>, around: &Around) {
        if around.depth > MAX_DEPTH || !schema.value.is_object() {
            return;
        }
        let before = self.structure.0.len();
        check_allowed(&mut self.structure, schema, around);
        self.descend(schema, around);
        check_merging(&mut self.structure, schema);
        let validations = schema.get("x-kubernetes-validations");
        for rule in validations.items() {
            check_rule(&mut self.structure, &rule, schema.value);
        }
        if validations.len() > 0 && around.rules && self.structure.0.len() == before {
            self.judge(schema, &validations, around);
        }
    }

    fn descend(&mut self, schema: &Spot<'_>, around: &Around) {
        let deeper = Around {
            depth: around.depth + 1,
            is_root: false,
            count: count_below(schema, around.count),
            ..around.clone()
        };
        let additional = schema.get("additionalProperties");
        if additional.value.is_object() {
            let mut inside = deeper.clone();
            if around.in_metadata {
                let why = "inside additionalProperties applying to object metadata";
                inside.no_defaults = Some(why.to_owned());
            }
            self.visit(&additional, &inside);
        }
        let is_embedded = schema.get("x-kubernetes-embedded-resource").is_true();
        for (name, mut field) in schema.get("properties").members() {
            let mut inside = deeper.clone();
            if schema.get("x-kubernetes-map-type").text() == "atomic" {
                inside.uncorrelated.get_or_insert(schema.path.clone());
            }
            let is_meta = matches!(name, "metadata" | "kind" | "apiVersion");
            if is_meta && (around.is_root || is_embedded) {
                inside.in_metadata = true;
                if around.is_root {
                    inside.no_defaults = Some(format!("in top-level {name}"));
                }
            }
            field.path = property(&schema.path, name);
            self.visit(&field, &inside);
        }
        let condition = Around {
            rules: false,
            ..deeper.clone()
        };
        self.visit(&schema.get("not"), &condition);
        for name in ["allOf", "oneOf", "anyOf"] {
            for nested in schema.get(name).items() {
                self.visit(&nested, &condition);
            }
        }
        let mut inside = deeper;
        if schema.get("x-kubernetes-list-type").text() != "map" {
            inside.uncorrelated.get_or_insert(schema.path.clone());
        }
        self.visit(&schema.get("items"), &inside);
    }

    /// Compiles the rules of a part and adds up what they may cost.
    fn judge(&mut self, schema: &Spot<'_>, validations: &Spot<'_>, around: &Around) {
        let Ok(parsed) = parse_plain(schema.value) else {
            return;
        };
        let Some(judged) = rules::judge(&parsed, around.is_root) else {
            let text = "internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations";
            let at = validations.path.clone();
            let error = FieldError::new(FieldErrorKind::Internal, at, None, text);
            self.rules.add(error);
            return;
        };
        for (rule, found) in validations.items().zip(&judged.rules) {
            let count = around.count.unwrap_or(judged.most_values);
            self.tell(&rule, found, count, around);
        }
    }

    fn tell(&mut self, rule: &Spot<'_>, found: &Judged, count: u64, around: &Around) {
        let (at, message) = (rule.get("rule"), rule.get("messageExpression"));
        let shown = rule_of(rule.value).go_text();
        let cost = found.cost.saturating_mul(count);
        if cost > MAX_RULE_COST {
            let text = excess("estimated rule cost", cost, MAX_RULE_COST);
            self.rules.add(at.forbidden(&text));
        }
        self.costs.add(at.path.clone(), cost);
        if let Some(error) = &found.error {
            self.rules
                .add(at.invalid(error.as_str()).showing(shown.as_str()));
        }
        if let Some(error) = &found.message_error {
            self.rules
                .add(message.invalid(error.as_str()).showing(shown.as_str()));
        } else if let Some(cost) = found.message_cost {
            if cost > MAX_RULE_COST {
                let text = excess("estimated messageExpression cost", cost, MAX_RULE_COST);
                self.rules.add(message.forbidden(&text));
            }
            self.costs.add(message.path.clone(), cost);
        }
        let optional = rule.get("optionalOldSelf");
        if found.uses_old_self {
            if let Some(path) = &around.uncorrelated {
                self.rules.add(at.invalid(format!(
                    "oldSelf cannot be used on the uncorrelatable portion of the schema within {path}"
                )));
            }
        } else if optional.is_set() {
            self.rules
                .add(optional.invalid("may not be set if oldSelf is not used in rule"));
        }
    }
}

/// How many values there may be of the parts below one.
fn count_below(schema: &Spot<'_>, count: Option<u64>) -> Option<u64> {
    let bound = |name: &str| {
        let limit = schema.get(name).number()?;
        Some(u64::try_from(limit).unwrap_or_default())
    };
    let factor = match schema.get("type").text() {
        "object" if schema.get("additionalProperties").is_set() => bound("maxProperties")?,
        "array" => bound("maxItems")?,
        _ => 1,
    };
    Some(count?.saturating_mul(factor))
}

/// What no schema of a definition may say.
fn check_allowed(errors: &mut Errors, schema: &Spot<'_>, around: &Around) {
    let kind = schema.get("type");
    if !kind.is_blank() && !TYPES.contains(&kind.text()) {
        errors.add(kind.not_supported(TYPES));
    }
    if schema.get("default").is_set()
        && let Some(why) = &around.no_defaults
    {
        let text = format!("must not be set {why}");
        errors.add(schema.get("default").forbidden(&text));
    }
    for (name, text) in [
        ("id", "id is not supported"),
        ("additionalItems", "additionalItems is not supported"),
        ("patternProperties", "patternProperties is not supported"),
        ("definitions", "definitions is not supported"),
        ("dependencies", "dependencies is not supported"),
        ("$ref", "$ref is not supported"),
    ] {
        let spot = schema.get(name);
        let is_empty = matches!(name, "id" | "patternProperties" | "definitions")
            && (spot.is_blank() || spot.map().is_some_and(serde_json::Map::is_empty));
        if spot.is_set() && !is_empty {
            errors.add(spot.forbidden(text));
        }
    }
    if kind.text() == "null" {
        let text = "type cannot be set to null, use nullable as an alternative";
        errors.add(kind.forbidden(text));
    }
    if schema.get("items").value.is_array() {
        let text = "items must be a schema object and not an array";
        errors.add(schema.get("items").forbidden(text));
    }
    let embedded = schema.get("x-kubernetes-embedded-resource");
    if around.in_metadata && embedded.is_true() {
        errors.add(embedded.forbidden("must not be used inside of resource meta"));
    }
    if schema.get("uniqueItems").is_true() {
        let text =
            "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        errors.add(schema.get("uniqueItems").forbidden(text));
    }
    let additional = schema.get("additionalProperties");
    let closes = additional.value.is_object() || *additional.value == Value::Bool(false);
    if schema.get("properties").len() > 0 && closes {
        let text = "additionalProperties and properties are mutual exclusive";
        errors.add(additional.forbidden(text));
    }
}

/// How lists and maps merge.
fn check_merging(errors: &mut Errors, schema: &Spot<'_>) {
    let kind = schema.get("type");
    let preserve = schema.get("x-kubernetes-preserve-unknown-fields");
    if *preserve.value == Value::Bool(false) {
        errors.add(preserve.invalid("must be true or undefined"));
    }
    let (map, list) = (
        schema.get("x-kubernetes-map-type"),
        schema.get("x-kubernetes-list-type"),
    );
    let mut wrong_type = |text: &str| {
        errors.add(if kind.is_blank() {
            kind.required(text)
        } else {
            kind.invalid(text)
        });
    };
    if map.is_set() && kind.text() != "object" {
        wrong_type("must be object if x-kubernetes-map-type is specified");
    }
    let is_misplaced = list.is_set() && kind.text() != "array";
    if map.is_set() && !["atomic", "granular"].contains(&map.text()) {
        errors.add(map.not_supported(&["atomic", "granular"]));
    }
    if is_misplaced {
        let text = "must be array if x-kubernetes-list-type is specified";
        errors.add(if kind.is_blank() {
            kind.required(text)
        } else {
            kind.invalid(text)
        });
    } else if list.text() == "set" {
        check_set(errors, &schema.get("items"));
    }
    if list.is_set() && !["atomic", "set", "map"].contains(&list.text()) {
        errors.add(list.not_supported(&["atomic", "set", "map"]));
    }
    let keys = schema.get("x-kubernetes-list-map-keys");
    if keys.len() > 0 && list.text() != "map" {
        let text = "must be map if x-kubernetes-list-map-keys is non-empty";
        errors.add(if list.is_set() {
            list.invalid(text)
        } else {
            list.required(text)
        });
    }
    if list.text() == "map" {
        check_list_map(errors, schema, &keys);
    }
    check_keys(errors, schema, &list, &keys);
}

/// Elements of a set are replaced as a whole.
fn check_set(errors: &mut Errors, items: &Spot<'_>) {
    let text = "must be atomic as item of a list with x-kubernetes-list-type=set";
    let (list, map) = (
        items.get("x-kubernetes-list-type"),
        items.get("x-kubernetes-map-type"),
    );
    match items.get("type").text() {
        "array" if list.is_set() && list.text() != "atomic" => errors.add(list.invalid(text)),
        // The API server shows the type of the list here.
        "object" if map.text() != "atomic" => {
            errors.add(map.invalid_as(list.value.clone(), text));
        }
        _ => {}
    }
}

fn check_list_map(errors: &mut Errors, schema: &Spot<'_>, keys: &Spot<'_>) {
    if keys.len() == 0 {
        errors.add(keys.required("must not be empty if x-kubernetes-list-type is map"));
    }
    let items = schema.get("items");
    if !items.is_set() {
        errors.add(items.required("must have a schema if x-kubernetes-list-type is map"));
        return;
    }
    let kind = items.get("type");
    if kind.text() != "object" {
        let text = "must be object if parent array's x-kubernetes-list-type is map";
        errors.add(kind.invalid_as(kind.text(), text));
        return;
    }
    let mut seen = HashSet::new();
    for key in keys.items() {
        match items.get("properties").value.get(key.text()) {
            Some(field) => {
                let found = field.get("type").and_then(Value::as_str);
                if matches!(found, Some("array" | "object")) {
                    let at = property(&items.path, key.text()).child("type");
                    let text =
                        "must be a scalar type if parent array's x-kubernetes-list-type is map";
                    errors.add(FieldError::invalid(at, kind.value.clone(), text));
                }
            }
            None => errors.add(keys.invalid("entries must all be names of item properties")),
        }
        if !seen.insert(key.text()) {
            errors.add(keys.invalid("must not contain duplicate entries"));
        }
    }
}

/// Elements of sets and maps cannot be null, and keys of maps must be there.
fn check_keys(errors: &mut Errors, schema: &Spot<'_>, list: &Spot<'_>, keys: &Spot<'_>) {
    let items = schema.get("items");
    if !items.value.is_object() || !matches!(list.text(), "set" | "map") {
        return;
    }
    if items.get("nullable").is_true() {
        let text = format!(
            "cannot be nullable when x-kubernetes-list-type is {}",
            list.text()
        );
        errors.add(items.get("nullable").forbidden(&text));
    }
    if list.text() != "map" {
        return;
    }
    for key in keys.items() {
        let Some(field) = items.get("properties").value.get(key.text()) else {
            continue;
        };
        let at = property(&items.path, key.text());
        let is_required = items
            .get("required")
            .items()
            .any(|name| name.text() == key.text());
        let has_default = field.get("default").is_some_and(|value| !value.is_null());
        if !is_required && !has_default {
            let text = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
            errors.add(FieldError::required(at.child("default"), text));
        }
        if field.get("nullable") == Some(&Value::Bool(true)) {
            let text = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
            errors.add(FieldError::forbidden(at.child("nullable"), text));
        }
    }
}

/// The form of a rule, whatever it says.
fn check_rule(errors: &mut Errors, rule: &Spot<'_>, schema: &Value) {
    let breaks = |text: &str| text.contains(['\n', '\r']);
    let (source, message) = (rule.get("rule"), rule.get("message"));
    let (trimmed, said) = (source.text().trim(), message.text().trim());
    if trimmed.is_empty() {
        errors.add(source.required("rule is not specified"));
    } else if !message.is_blank() && said.is_empty() {
        errors.add(message.invalid("must be non-empty if specified"));
    } else if breaks(said) {
        errors.add(message.invalid("must not contain line breaks"));
    } else if breaks(trimmed) && said.is_empty() {
        errors.add(message.required("message must be specified if rule contains line breaks"));
    }
    let expression = rule.get("messageExpression");
    if !expression.is_blank() && expression.text().trim().is_empty() {
        errors.add(expression.required("messageExpression must be non-empty if specified"));
    }
    let reason = rule.get("reason");
    if reason.is_set() && !REASONS.contains(&reason.text()) {
        errors.add(reason.not_supported(REASONS));
    }
    let path = rule.get("fieldPath");
    if path.is_blank() {
        return;
    }
    if path.text().trim().is_empty() {
        errors.add(path.invalid("must be non-empty if specified"));
    }
    if breaks(path.text()) {
        errors.add(path.invalid("must not contain line breaks"));
    }
    if paths::follow(path.text(), schema, true).is_err() {
        errors.add(path.invalid("must be a valid path"));
    }
}
