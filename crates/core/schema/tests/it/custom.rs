//! CRDs: structural check, pruning, defaulting, validation and rules.

use serde_json::{Value, json};
use skein_schema::field_error::{aggregate, invalid_message};
use skein_schema::{
    CrdError, CrdSchemas, FieldPath, defaulting, parse, pruning, rules, validation,
};

fn versions(schema: &Value) -> CrdSchemas {
    let crd = json!({ "metadata": { "name": "widgets.example.com" }, "spec": { "versions": [
        { "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema }, "subresources": { "status": {} } },
    ] } });
    CrdSchemas::from_crd(&crd).expect("a CRD")
}

fn errors(schema: &Value, value: &Value) -> Vec<String> {
    let schemas = versions(schema);
    let schema = &schemas.versions[0].schema;
    validation::validate(value, schema)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn versions_are_read() {
    let schemas = versions(
        &json!({ "type": "object", "properties": { "spec": { "type": "object", "x-kubernetes-embedded-resource": true } } }),
    );
    let version = schemas.version("v1").expect("v1");
    assert!(version.served && version.storage && version.has_status && !version.has_scale);
    assert!(version.merge_schema.at(&["metadata", "labels"]).is_some());
    assert!(
        version
            .merge_schema
            .at(&["spec", "metadata", "labels"])
            .is_some(),
        "embedded resources too"
    );
    assert!(
        !version.schema.properties.contains_key("metadata"),
        "the structural schema stays as given"
    );
    assert!(matches!(
        CrdSchemas::from_crd(&json!({})),
        Err(CrdError::NoVersions { .. })
    ));
    let mut deep = json!({ "type": "string" });
    for _ in 0..200 {
        deep = json!({ "type": "object", "properties": { "a": deep } });
    }
    assert!(matches!(
        parse::parse_plain(&deep),
        Err(parse::ParseError::TooDeep { .. })
    ));
}

#[test]
fn unknown_fields_are_pruned_except_where_preserved() {
    let schemas = versions(
        &json!({ "type": "object", "properties": { "spec": { "type": "object", "properties": {
        "known": { "type": "string" },
        "list": { "type": "array", "items": { "type": "object", "properties": { "a": { "type": "string" } } } },
        "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": { "typed": { "type": "object", "properties": {} } } },
        "map": { "type": "object", "additionalProperties": { "type": "object", "properties": { "x": { "type": "string" } } } },
    } } } }),
    );
    let mut object = json!({
        "apiVersion": "v", "kind": "k", "metadata": { "anything": 1 }, "other": 1,
        "spec": { "known": "a", "bad": 1, "list": [{ "a": "x", "b": 1 }], "free": { "any": { "thing": 1 }, "typed": { "gone": 1 } }, "map": { "k": { "x": "1", "y": 2 } } },
    });
    let paths = pruning::prune(
        object.as_object_mut().expect("a map"),
        &schemas.versions[0].schema,
    );
    assert_eq!(
        paths,
        [
            "other",
            "spec.bad",
            "spec.free.typed.gone",
            "spec.list[0].b",
            "spec.map.k.y"
        ]
    );
    assert_eq!(
        object["spec"],
        json!({ "known": "a", "list": [{ "a": "x" }], "free": { "any": { "thing": 1 }, "typed": {} }, "map": { "k": { "x": "1" } } })
    );
}

#[test]
fn defaults_replace_what_is_absent_or_wrongly_null() {
    let schemas = versions(
        &json!({ "type": "object", "properties": { "spec": { "type": "object", "properties": {
        "mode": { "type": "string", "default": "auto" },
        "none": { "type": "string", "nullable": true, "default": "x" },
        "plain": { "type": "string" },
        "nested": { "type": "object", "default": {}, "properties": { "deep": { "type": "integer", "default": 3 } } },
        "absent": { "type": "object", "properties": { "deep": { "type": "integer", "default": 3 } } },
    } } } }),
    );
    let mut object = json!({ "spec": { "mode": null, "none": null, "plain": null } });
    defaulting::drop_nulls(&mut object, &schemas.versions[0].schema);
    defaulting::apply_defaults(&mut object, &schemas.versions[0].schema);
    assert_eq!(
        object,
        json!({ "spec": { "mode": "auto", "none": null, "nested": { "deep": 3 } } })
    );
}

#[test]
fn validation_texts_are_those_of_the_api_server() {
    let schema = json!({ "type": "object", "required": ["spec"], "properties": { "spec": { "type": "object", "required": ["need"], "properties": {
        "need": { "type": "string" },
        "count": { "type": "integer", "minimum": 1, "maximum": 5 },
        "mode": { "type": "string", "enum": ["a", "b"] },
        "name": { "type": "string", "pattern": "^[a-z]+$", "maxLength": 4, "minLength": 2 },
        "set": { "type": "array", "x-kubernetes-list-type": "set", "items": { "type": "string" }, "maxItems": 2 },
        "items": { "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": { "type": "object", "properties": { "name": { "type": "string" } } } },
        "either": { "x-kubernetes-int-or-string": true },
        "when": { "type": "string", "format": "date-time" },
    } } } });
    let spec = |spec: Value| errors(&schema, &json!({ "spec": spec }));
    assert_eq!(errors(&schema, &json!({})), ["spec: Required value"]);
    assert_eq!(spec(json!({})), ["spec.need: Required value"]);
    for (field, value, text) in [
        (
            "count",
            json!("x"),
            "Invalid value: \"string\": spec.count in body must be of type integer: \"string\"",
        ),
        (
            "count",
            json!(null),
            "Invalid value: \"null\": spec.count in body must be of type integer: \"null\"",
        ),
        (
            "count",
            json!(0),
            "Invalid value: 0: spec.count in body should be greater than or equal to 1",
        ),
        (
            "count",
            json!(9),
            "Invalid value: 9: spec.count in body should be less than or equal to 5",
        ),
        (
            "mode",
            json!("c"),
            "Unsupported value: \"c\": supported values: \"a\", \"b\"",
        ),
        (
            "name",
            json!("Ab"),
            "Invalid value: \"Ab\": spec.name in body should match '^[a-z]+$'",
        ),
        (
            "name",
            json!("abcde"),
            "Too long: may not be more than 4 bytes",
        ),
        (
            "name",
            json!("a"),
            "Invalid value: \"a\": spec.name in body should be at least 2 chars long",
        ),
        (
            "either",
            json!(true),
            "Invalid value: \"boolean\": spec.either in body must be of type integer,string: \"boolean\"",
        ),
        (
            "when",
            json!("soon"),
            "Invalid value: \"soon\": spec.when in body must be of type date-time: \"soon\"",
        ),
    ] {
        assert_eq!(
            spec(json!({ "need": "x", field: value })),
            [format!("spec.{field}: {text}")]
        );
    }
    assert_eq!(
        spec(json!({ "need": "x", "set": ["a", "a"] })),
        ["spec.set[1]: Duplicate value: \"a\""]
    );
    assert_eq!(
        spec(json!({ "need": "x", "set": ["a", "b", "c"] })),
        ["spec.set: Too many: 3: must have at most 2 items"]
    );
    let twice = json!([{ "name": "a" }, { "name": "a" }]);
    assert_eq!(
        spec(json!({ "need": "x", "items": twice })),
        ["spec.items[1]: Duplicate value: {\"name\":\"a\"}"]
    );
}

#[test]
fn what_did_not_change_is_not_judged_again() {
    let schemas = versions(
        &json!({ "type": "object", "properties": { "spec": { "type": "object", "properties": { "old": { "type": "integer", "maximum": 1 }, "new": { "type": "integer", "maximum": 1 } } } } }),
    );
    let old = json!({ "spec": { "old": 5 } });
    let new = json!({ "spec": { "old": 5, "new": 5 } });
    let errors = validation::validate_change(&new, Some(&old), &schemas.versions[0].schema);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].field.as_str(), "spec.new");
}

#[test]
fn rules_blame_explain_and_forgive() {
    let schemas = versions(
        &json!({ "type": "object", "properties": { "spec": { "type": "object",
        "x-kubernetes-validations": [
            { "rule": "self.a <= self.b", "messageExpression": "'a is ' + string(self.a)", "fieldPath": ".a", "reason": "FieldValueForbidden" },
            { "rule": "self.missing == 1", "message": "needs missing" },
        ],
        "properties": { "a": { "type": "integer" }, "b": { "type": "integer" }, "missing": { "type": "integer" },
            "fixed": { "type": "string", "x-kubernetes-validations": [{ "rule": "self == oldSelf", "message": "is immutable" }] } } } } }),
    );
    let schema = &schemas.versions[0].schema;
    let texts = |value: &Value, old: Option<&Value>| -> Vec<String> {
        rules::check(value, old, schema)
            .errors
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    let bad = json!({ "spec": { "a": 2, "b": 1, "missing": 1, "fixed": "x" } });
    assert_eq!(texts(&bad, None), ["spec.a: Forbidden: a is 2"]);
    assert_eq!(texts(&bad, Some(&bad)), Vec::<String>::new(), "unchanged");
    let changed = json!({ "spec": { "a": 1, "b": 1, "missing": 1, "fixed": "y" } });
    assert_eq!(
        texts(&changed, Some(&bad)),
        ["spec.fixed: Invalid value: \"y\": is immutable"]
    );
    let failing = json!({ "spec": { "a": 1, "b": 1 } });
    assert_eq!(
        texts(&failing, None),
        ["spec: Invalid value: \"object\": no such key: missing evaluating rule: needs missing"]
    );
    assert!(rules::has_rules(schema));
    let broken = parse::parse_plain(
        &json!({ "type": "object", "x-kubernetes-validations": [{ "rule": "self. ==" }] }),
    );
    let judged = rules::judge(&broken.expect("a schema"), true).expect("an object");
    assert!(judged.rules[0].error.is_some());
}

#[test]
fn messages_are_put_together_as_in_a_status() {
    let kind = skein_object::GroupKind::new("example.com", "Widget");
    let error = skein_schema::FieldError::required(FieldPath::new("spec.a"), "");
    let one = [error.clone()];
    assert_eq!(
        invalid_message(&kind, "x", &one),
        "Widget.example.com \"x\" is invalid: spec.a: Required value"
    );
    let two = [
        error.clone(),
        skein_schema::FieldError::forbidden(FieldPath::new("b"), "no"),
        error,
    ];
    assert_eq!(
        aggregate(&two),
        "[spec.a: Required value, b: Forbidden: no]"
    );
    assert_eq!(skein_gowords::quote("a\"\n\u{1}é"), "\"a\\\"\\n\\x01é\"");
}
