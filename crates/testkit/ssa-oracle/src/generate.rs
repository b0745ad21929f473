//! Random request sequences about one object.

use serde_json::{Map, Value, json};

use crate::kinds::{Kind, NAMESPACE};
use crate::random::Random;
use crate::request::{Request, Verb};

/// Requests per sequence.
pub const STEPS: usize = 9;

const MANAGERS: [&str; 3] = ["alpha", "beta", "gamma"];

/// The next request of a sequence, given the object as the real server has it now.
pub fn next(random: &mut Random, kind: &Kind, name: &str, live: Option<&Value>) -> Request {
    let manager = (*random.pick(&MANAGERS)).to_owned();
    let dry_run = random.percent(6);
    let roll = random.below(100);
    let (verb, body) = match live {
        None if roll < 45 => (Verb::Create, whole(random, kind, name)),
        None if roll < 95 => (apply_verb(random), whole(random, kind, name)),
        None => (Verb::MergePatch, merge_patch(random, kind)),
        Some(live) => match roll {
            0..55 => (apply_verb(random), whole(random, kind, name)),
            55..65 => (Verb::Put, put(random, kind, name, live)),
            65..80 => (Verb::MergePatch, merge_patch(random, kind)),
            80..88 => (Verb::JsonPatch, json_patch(random, live)),
            88..96 if kind.builtin => (Verb::StrategicPatch, strategic_patch(random, kind)),
            96..98 => (Verb::Create, whole(random, kind, name)),
            98..99 => (Verb::Delete, Value::Null),
            _ => (Verb::Get, Value::Null),
        },
    };
    let status = kind.has_status && live.is_some() && random.percent(10);
    let (body, subresource) = match (&verb, status) {
        (Verb::Apply { .. } | Verb::MergePatch, true) => {
            (status_body(random, kind, name, &verb), "status")
        }
        _ => (body, ""),
    };
    let dry_run = dry_run && !matches!(verb, Verb::Get | Verb::Delete);
    Request {
        verb,
        manager,
        subresource,
        dry_run,
        body,
    }
}

fn apply_verb(random: &mut Random) -> Verb {
    Verb::Apply {
        force: random.percent(45),
    }
}

fn metadata(random: &mut Random) -> Map<String, Value> {
    let mut map = Map::new();
    for (field, keys) in [("labels", ["l1", "l2"]), ("annotations", ["a1", "a2"])] {
        if !random.percent(45) {
            continue;
        }
        let mut values = Map::new();
        for key in keys {
            if random.percent(60) {
                values.insert(key.to_owned(), json!(random.pick(&["a", "b"])));
            }
        }
        map.insert(field.to_owned(), Value::Object(values));
    }
    if random.percent(8) {
        let finalizers = random
            .pick(&[json!(["x.dev/a"]), json!(["x.dev/a", "x.dev/b"])])
            .clone();
        map.insert("finalizers".to_owned(), finalizers);
    }
    map
}

fn whole(random: &mut Random, kind: &Kind, name: &str) -> Value {
    let mut map = (kind.body)(random);
    let mut metadata = metadata(random);
    metadata.insert("name".to_owned(), json!(name));
    metadata.insert("namespace".to_owned(), json!(NAMESPACE));
    map.insert("metadata".to_owned(), Value::Object(metadata));
    map.insert("apiVersion".to_owned(), json!(kind.api_version));
    map.insert("kind".to_owned(), json!(kind.name));
    Value::Object(map)
}

/// A new object under the live one's identity, or the live one with a small change.
fn put(random: &mut Random, kind: &Kind, name: &str, live: &Value) -> Value {
    let mut body = if random.percent(50) {
        let mut body = live.clone();
        body["metadata"]["labels"] = json!({ "l1": random.pick(&["a", "b", "c"]) });
        if random.percent(30)
            && let Some(metadata) = body["metadata"].as_object_mut()
        {
            metadata.remove("managedFields");
        }
        body
    } else {
        whole(random, kind, name)
    };
    // Versions and ids differ between the two servers: a put without them is unconditional.
    if let Some(metadata) = body["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
        metadata.remove("uid");
        metadata.remove("creationTimestamp");
    }
    if random.percent(10) {
        body["metadata"]["managedFields"] = json!([]);
    }
    body
}

fn merge_patch(random: &mut Random, kind: &Kind) -> Value {
    let mut map = (kind.body)(random);
    // Some fields of the patch remove instead of set.
    for value in map.values_mut() {
        if let Value::Object(fields) = value {
            for value in fields.values_mut() {
                if random.percent(25) {
                    *value = Value::Null;
                }
            }
        }
    }
    let metadata = metadata(random);
    if !metadata.is_empty() {
        map.insert("metadata".to_owned(), Value::Object(metadata));
    }
    Value::Object(map)
}

fn strategic_patch(random: &mut Random, kind: &Kind) -> Value {
    let mut patch = merge_patch(random, kind);
    if random.percent(30)
        && let Some(metadata) = patch.as_object_mut()
    {
        metadata.insert(
            "metadata".to_owned(),
            json!({ "$deleteFromPrimitiveList/finalizers": ["x.dev/a"], "labels": { "$patch": "replace", "l1": "z" } }),
        );
    }
    let containers = patch.pointer_mut("/spec/template/spec/containers");
    if let Some(Value::Array(containers)) = containers
        && random.percent(40)
    {
        containers.push(json!({ "name": "side", "$patch": "delete" }));
        if let Some(ports) = containers[0].get_mut("ports").and_then(Value::as_array_mut)
            && random.percent(50)
        {
            ports.push(json!({ "$patch": "replace" }));
        }
    }
    patch
}

fn json_patch(random: &mut Random, live: &Value) -> Value {
    let mut operations = Vec::new();
    for _ in 0..=random.below(2) {
        operations.push(match random.below(6) {
            0 => json!({ "op": "add", "path": "/metadata/labels", "value": { "l1": random.pick(&["a", "j"]) } }),
            1 => json!({ "op": "replace", "path": "/metadata/labels/l1", "value": "k" }),
            2 => json!({ "op": "remove", "path": "/metadata/annotations/a1" }),
            3 => json!({ "op": "add", "path": "/metadata/annotations", "value": { "a2": "j" } }),
            4 => json!({ "op": "test", "path": "/metadata/name", "value": live["metadata"]["name"] }),
            _ => json!({ "op": "copy", "from": "/metadata/name", "path": "/metadata/labels/l2" }),
        });
    }
    Value::Array(operations)
}

fn status_body(random: &mut Random, kind: &Kind, name: &str, verb: &Verb) -> Value {
    let status = match kind.name {
        "Deployment" => json!({ "replicas": random.below(2), "observedGeneration": 1 }),
        "Service" => {
            json!({ "conditions": [{ "type": "T", "status": "True", "reason": "R", "message": "m", "lastTransitionTime": "2026-01-01T00:00:00Z" }] })
        }
        _ => {
            json!({ "phase": random.pick(&["p", "q"]), "conditions": [{ "type": "Ready", "status": random.pick(&["True", "False"]) }] })
        }
    };
    let mut body = json!({ "status": status });
    if random.percent(30) {
        body["metadata"] = json!({ "labels": { "l1": "s" } });
    }
    if matches!(verb, Verb::Apply { .. }) {
        body["apiVersion"] = json!(kind.api_version);
        body["kind"] = json!(kind.name);
        body["metadata"]["name"] = json!(name);
        body["metadata"]["namespace"] = json!(NAMESPACE);
    }
    body
}
