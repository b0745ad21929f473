//! Random request sequences about one object.

use serde_json::{Map, Value, json};

use crate::kinds::{Body, Kind, NAMESPACE};
use crate::mutate;
use crate::random::Random;
use crate::request::{Request, Verb};

/// Requests per sequence.
pub const STEPS: usize = 9;

const MANAGERS: [&str; 3] = ["alpha", "beta", "gamma"];

/// The next request of a sequence, given the object as the real server has it now.
pub fn next(random: &mut Random, kind: &Kind, name: &str, live: Option<&Value>) -> Request {
    let version = match kind.versions.len() {
        1 => 0,
        several => random.below(several),
    };
    let manager = (*random.pick(&MANAGERS)).to_owned();
    let dry_run = random.percent(6);
    let mut make = Maker {
        random,
        kind,
        name,
        version,
    };
    let (verb, body) = make.verb_and_body(live);
    let is_status = kind.has_status && live.is_some() && random.percent(10);
    let is_fit = matches!(verb, Verb::Apply { .. } | Verb::MergePatch);
    let (body, subresource) = match is_status && is_fit {
        true => (status_body(random, kind, version, name, &verb), "status"),
        false => (body, ""),
    };
    let dry_run = dry_run && !matches!(verb, Verb::Get | Verb::Delete);
    Request {
        verb,
        manager,
        subresource,
        version,
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

/// Makes bodies of one object through one version.
struct Maker<'a> {
    random: &'a mut Random,
    kind: &'a Kind,
    name: &'a str,
    version: usize,
}

impl Maker<'_> {
    fn verb_and_body(&mut self, live: Option<&Value>) -> (Verb, Value) {
        let roll = self.random.below(100);
        let Some(live) = live else {
            return match roll {
                ..45 => (Verb::Create, self.whole()),
                45..95 => (apply_verb(self.random), self.whole()),
                _ => (Verb::MergePatch, self.merge_patch()),
            };
        };
        match roll {
            ..55 => (apply_verb(self.random), self.applied()),
            55..65 => (Verb::Put, self.put(live)),
            65..76 => (Verb::MergePatch, self.merge_patch()),
            76..86 => (Verb::JsonPatch, self.json_patch(live)),
            86..96 if self.kind.builtin => (Verb::StrategicPatch, self.strategic_patch()),
            86..98 => (Verb::Create, self.whole()),
            98 => (Verb::Delete, Value::Null),
            _ => (Verb::Get, Value::Null),
        }
    }

    fn body(&mut self, times: usize) -> Map<String, Value> {
        let mut value = match &self.kind.body {
            Body::Made(make) => return make(self.random),
            Body::Sample(sample) => sample.clone(),
        };
        mutate::vary(self.random, &mut value, times);
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    fn whole(&mut self) -> Value {
        let times = self.random.below(3);
        let map = self.body(times);
        self.named(map)
    }

    /// A configuration: of samples often a part only, for others own the rest.
    fn applied(&mut self) -> Value {
        let times = self.random.below(3);
        let mut map = self.body(times);
        if matches!(self.kind.body, Body::Sample(_)) && self.random.percent(60) {
            let share = *self.random.pick(&[20, 50, 80]);
            mutate::part(self.random, &mut map, share);
        }
        self.named(map)
    }

    fn named(&mut self, mut map: Map<String, Value>) -> Value {
        let mut metadata = metadata(self.random);
        let version = &self.kind.versions[self.version];
        metadata.insert("name".to_owned(), json!(self.name));
        if version.collection.contains("/namespaces/") {
            metadata.insert("namespace".to_owned(), json!(NAMESPACE));
        }
        map.insert("metadata".to_owned(), Value::Object(metadata));
        map.insert("apiVersion".to_owned(), json!(version.api_version));
        map.insert("kind".to_owned(), json!(self.kind.name));
        Value::Object(map)
    }

    /// A new object under the live one's identity, or the live one with a small change.
    fn put(&mut self, live: &Value) -> Value {
        let same_version = live["apiVersion"] == self.kind.versions[self.version].api_version;
        // A pod has a volume with a name of chance, another one on each side.
        let is_own = self.kind.name != "Pod";
        let mut body = if same_version && is_own && self.random.percent(50) {
            let mut body = live.clone();
            body["metadata"]["labels"] = json!({ "l1": self.random.pick(&["a", "b", "c"]) });
            if self.random.percent(30)
                && let Some(metadata) = body["metadata"].as_object_mut()
            {
                metadata.remove("managedFields");
            }
            body
        } else {
            self.whole()
        };
        // Versions and ids differ between the two servers: a put without them is unconditional.
        if let Some(metadata) = body["metadata"].as_object_mut() {
            metadata.remove("resourceVersion");
            metadata.remove("uid");
            metadata.remove("creationTimestamp");
        }
        if self.random.percent(10) {
            body["metadata"]["managedFields"] = json!([]);
        }
        body
    }

    fn merge_patch(&mut self) -> Value {
        let mut map = self.body(1);
        if matches!(self.kind.body, Body::Sample(_)) {
            mutate::part(self.random, &mut map, 30);
        }
        // Some fields of the patch remove instead of set.
        for value in map.values_mut() {
            if let Value::Object(fields) = value {
                for value in fields.values_mut() {
                    if self.random.percent(20) {
                        *value = Value::Null;
                    }
                }
            }
        }
        let metadata = metadata(self.random);
        if !metadata.is_empty() {
            map.insert("metadata".to_owned(), Value::Object(metadata));
        }
        Value::Object(map)
    }

    fn strategic_patch(&mut self) -> Value {
        let mut patch = self.merge_patch();
        if self.random.percent(30)
            && let Some(map) = patch.as_object_mut()
        {
            let labels = json!({ "$patch": "replace", "l1": "z" });
            map.insert(
                "metadata".to_owned(),
                json!({ "$deleteFromPrimitiveList/finalizers": ["x.dev/a"], "labels": labels }),
            );
        }
        if self.random.percent(60) {
            mutate::direct(self.random, &mut patch, 0);
        }
        patch
    }

    fn json_patch(&mut self, live: &Value) -> Value {
        if self.random.percent(30) {
            return json_patch(self.random, live);
        }
        let body = Value::Object(self.body(2));
        mutate::operations(self.random, live, &body)
    }
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

fn status_body(random: &mut Random, kind: &Kind, version: usize, name: &str, verb: &Verb) -> Value {
    let status = match kind.name.as_str() {
        "Deployment" => json!({ "replicas": random.below(2), "observedGeneration": 1 }),
        "Service" => {
            json!({ "conditions": [{ "type": "T", "status": "True", "reason": "R", "message": "m", "lastTransitionTime": "2026-01-01T00:00:00Z" }] })
        }
        _ => {
            json!({ "phase": random.pick(&["p", "q"]), "conditions": [{ "type": "Ready", "status": random.pick(&["True", "False"]) }] })
        }
    };
    let mut body = json!({ "status": status });
    if random.percent(10) {
        body = json!({ "spec": { "text": "s" } });
    }
    if random.percent(30) {
        body["metadata"] = json!({ "labels": { "l1": "s" } });
    }
    if matches!(verb, Verb::Apply { .. }) {
        body["apiVersion"] = json!(kind.versions[version].api_version);
        body["kind"] = json!(kind.name);
        body["metadata"]["name"] = json!(name);
        body["metadata"]["namespace"] = json!(NAMESPACE);
    }
    body
}
