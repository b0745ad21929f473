//! Our CRDs say the same as those of Flux 2.9, but for the additions of Flux 2.10 that are listed here.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use skein_object::Object;

/// Facts about the CRDs of Flux 2.9.4: one line per kind, per version and per field, without descriptions.
const FLUX_2_9: &str = include_str!("../flux-2.9-fields.txt");

/// What Flux 2.10 added, by the line that changed or is new.
const ADDED_IN_2_10: &[&str] = &[
    "Alert v1 ",
    "Provider v1 ",
    "Provider v1beta3 .spec.type",
    "ArtifactGenerator v1beta1 .spec",
    "ArtifactGenerator v1beta1 .spec.artifacts[].namespace",
    "ArtifactGenerator v1beta1 .spec.serviceAccountName",
    "HelmChart v1 .spec.sourceRef.kind",
    "HelmRelease v2 .spec.chart.spec.sourceRef.kind",
    "ImageUpdateAutomation v1 .spec.policyChangeDelay",
];

fn without(map: &Value, keys: &[&str]) -> Map<String, Value> {
    let mut map = map.as_object().expect("a map").clone();
    map.retain(|key, _| !keys.contains(&key.as_str()));
    map
}

fn flatten(
    schema: &Value,
    path: &str,
    required: bool,
    prefix: &str,
    out: &mut BTreeMap<String, Value>,
) {
    let mut facts = without(
        schema,
        &[
            "description",
            "properties",
            "items",
            "additionalProperties",
            "required",
        ],
    );
    if required {
        facts.insert("required".into(), true.into());
    }
    let key = if path.is_empty() { "." } else { path };
    out.insert(format!("{prefix} {key}"), Value::Object(facts));
    let needed: Vec<&str> = schema["required"]
        .as_array()
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let is_required = needed.contains(&name.as_str());
        flatten(
            property,
            &format!("{path}.{name}"),
            is_required,
            prefix,
            out,
        );
    }
    if schema["items"].is_object() {
        flatten(&schema["items"], &format!("{path}[]"), false, prefix, out);
    }
    if schema["additionalProperties"].is_object() {
        flatten(
            &schema["additionalProperties"],
            &format!("{path}{{}}"),
            false,
            prefix,
            out,
        );
    }
}

fn facts_of(crd: &Object) -> BTreeMap<String, Value> {
    let value = crd.to_value();
    let kind = value["spec"]["names"]["kind"].as_str().expect("a kind");
    let mut out = BTreeMap::new();
    out.insert(
        kind.to_owned(),
        Value::Object(without(&value["spec"], &["versions"])),
    );
    for version in value["spec"]["versions"].as_array().expect("versions") {
        let prefix = format!("{kind} {}", version["name"].as_str().expect("a name"));
        out.insert(prefix.clone(), Value::Object(without(version, &["schema"])));
        flatten(
            &version["schema"]["openAPIV3Schema"],
            "",
            false,
            &prefix,
            &mut out,
        );
    }
    out
}

#[test]
fn crds_equal_those_of_flux_but_for_the_listed_additions() {
    let ours: BTreeMap<String, Value> = skein_api::crds().iter().flat_map(facts_of).collect();
    let theirs: BTreeMap<String, Value> = FLUX_2_9
        .lines()
        .map(|line| {
            let (key, json) = line.split_at(line.find(" {").expect("facts"));
            (
                key.to_owned(),
                serde_json::from_str(json.trim()).expect("JSON"),
            )
        })
        .collect();
    assert!(theirs.len() > 900, "the list of facts is complete");
    let is_added = |key: &str| {
        ADDED_IN_2_10
            .iter()
            .any(|added| key == added.trim() || (added.ends_with(' ') && key.starts_with(added)))
    };
    let mut differences = Vec::new();
    for key in ours
        .keys()
        .chain(theirs.keys())
        .collect::<std::collections::BTreeSet<_>>()
    {
        let same = ours.get(key) == theirs.get(key);
        if same == is_added(key) {
            differences.push(format!(
                "{key}\n  ours:   {:?}\n  theirs: {:?}",
                ours.get(key),
                theirs.get(key)
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_field_is_described() {
    fn check(schema: &Value, path: &str, missing: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            if property["description"].as_str().is_none_or(str::is_empty) && name != "metadata" {
                missing.push(path.clone());
            }
            check(property, &path, missing);
            check(&property["items"], &path, missing);
            check(&property["additionalProperties"], &path, missing);
        }
    }
    let mut missing = Vec::new();
    for crd in skein_api::crds() {
        let crd = crd.to_value();
        for version in crd["spec"]["versions"].as_array().expect("versions") {
            let kind = crd["spec"]["names"]["kind"].as_str().expect("a kind");
            check(&version["schema"]["openAPIV3Schema"], kind, &mut missing);
        }
    }
    assert!(
        missing.iter().all(|path| path.ends_with(".metadata")),
        "{missing:?}"
    );
}

#[test]
fn schemas_are_structural() {
    fn check(schema: &Value, path: &str) {
        let map = schema.as_object().expect("a schema is a map");
        for key in [
            "$ref",
            "anyOf",
            "oneOf",
            "allOf",
            "not",
            "title",
            "$schema",
            "definitions",
            "const",
        ] {
            assert!(!map.contains_key(key), "{path} has {key}");
        }
        let is_free = map.get("x-kubernetes-preserve-unknown-fields") == Some(&json!(true));
        assert!(
            map.get("type").is_some_and(Value::is_string) || is_free,
            "{path} has no type"
        );
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            check(property, &format!("{path}.{name}"));
        }
        for inner in ["items", "additionalProperties"] {
            if schema[inner].is_object() {
                check(&schema[inner], &format!("{path}[]"));
            }
        }
    }
    for crd in skein_api::crds() {
        let crd = crd.to_value();
        for version in crd["spec"]["versions"].as_array().expect("versions") {
            check(
                &version["schema"]["openAPIV3Schema"],
                crd["metadata"]["name"].as_str().expect("name"),
            );
        }
    }
}
