//! The kinds that are compared and random values for them.

mod samples;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::random::Random;

/// Namespace in which everything happens.
pub const NAMESPACE: &str = "oracle";

/// One kind, through one of its versions or more.
pub struct Kind {
    /// What `--kind` and reports call it: the kind, and the name of the sample where it is one.
    pub title: String,
    pub name: String,
    pub group: &'static str,
    pub plural: String,
    /// The versions through which requests go; the first one is that of the objects that are compared.
    pub versions: Vec<Version>,
    pub builtin: bool,
    /// Has a status sub-resource that the generator uses.
    pub has_status: bool,
    /// Makes a random specification: the fields beside metadata.
    pub body: Body,
}

/// A served version of a kind.
pub struct Version {
    pub api_version: String,
    pub collection: String,
}

/// How bodies of a kind are made.
pub enum Body {
    /// By a function that knows the kind.
    Made(fn(&mut Random) -> Map<String, Value>),
    /// A good object, varied.
    Sample(Value),
}

impl Kind {
    /// The version in which objects are stored.
    pub fn api_version(&self) -> &str {
        &self.versions[0].api_version
    }

    /// Whether our library alone can play the server for it.
    pub fn has_model(&self) -> bool {
        matches!(self.body, Body::Made(_)) && self.versions.len() == 1
    }
}

type Make = fn(&mut Random) -> Map<String, Value>;

/// The kinds whose bodies are made by functions: name, plural, whether they have a status, and the function.
const BUILTIN: [(&str, &str, &str, bool, Make); 3] = [
    ("ConfigMap", "v1", "configmaps", false, config_map),
    ("Deployment", "apps/v1", "deployments", true, deployment),
    ("Service", "v1", "services", true, service),
];
const CUSTOM: [(&str, &str, &[&str], bool, Make); 4] = [
    ("Widget", "widgets", &["v1"], true, widget),
    ("Blob", "blobs", &["v1"], false, blob),
    ("Gadget", "gadgets", &["v1"], false, gadget),
    ("Gizmo", "gizmos", &["v1", "v1beta1"], true, gizmo),
];
/// Group of the custom kinds.
const GROUP: &str = "oracle.skein.dev";

/// All kinds.
pub fn kinds() -> Result<Vec<Kind>> {
    let mut all = Vec::new();
    for (name, plural, versions, has_status, make) in CUSTOM {
        let version = |version: &&str| Version {
            api_version: format!("{GROUP}/{version}"),
            collection: format!("/apis/{GROUP}/{version}/namespaces/{NAMESPACE}/{plural}"),
        };
        all.push(Kind {
            title: name.to_owned(),
            name: name.to_owned(),
            group: GROUP,
            plural: plural.to_owned(),
            versions: versions.iter().map(version).collect(),
            builtin: false,
            has_status,
            body: Body::Made(make),
        });
    }
    for (name, api_version, plural, has_status, make) in BUILTIN {
        let root = if api_version.contains('/') {
            "apis"
        } else {
            "api"
        };
        all.push(Kind {
            title: name.to_owned(),
            name: name.to_owned(),
            group: api_version.split_once('/').map_or("", |(group, _)| group),
            plural: plural.to_owned(),
            versions: vec![Version {
                api_version: api_version.to_owned(),
                collection: format!("/{root}/{api_version}/namespaces/{NAMESPACE}/{plural}"),
            }],
            builtin: true,
            has_status,
            body: Body::Made(make),
        });
    }
    all.extend(samples::kinds()?);
    Ok(all)
}

fn put(map: &mut Map<String, Value>, name: &str, value: Value) {
    map.insert(name.to_owned(), value);
}

fn word(random: &mut Random) -> Value {
    json!(random.pick(&["a", "b", "c", "d"]))
}

fn string_map(random: &mut Random) -> Value {
    let mut map = Map::new();
    for key in ["k1", "k2", "k3"] {
        if random.percent(50) {
            put(&mut map, key, word(random));
        }
    }
    Value::Object(map)
}

fn words(random: &mut Random) -> Value {
    let mut list: Vec<&str> = Vec::new();
    for value in ["w", "x", "y", "z"] {
        if random.percent(50) {
            list.insert(random.below(list.len() + 1), value);
        }
    }
    json!(list)
}

fn keyed(random: &mut Random, key: &str, make: fn(&mut Random) -> Map<String, Value>) -> Value {
    let mut list: Vec<Value> = Vec::new();
    for name in ["one", "two", "three"] {
        if random.percent(55) {
            let mut map = make(random);
            put(&mut map, key, json!(name));
            list.insert(random.below(list.len() + 1), Value::Object(map));
        }
    }
    Value::Array(list)
}

fn config_map(random: &mut Random) -> Map<String, Value> {
    let mut map = Map::new();
    if random.percent(80) {
        put(&mut map, "data", string_map(random));
    }
    if random.percent(20) {
        put(&mut map, "binaryData", json!({ "b": "aGVsbG8=" }));
    }
    map
}

fn widget(random: &mut Random) -> Map<String, Value> {
    let mut spec = Map::new();
    let item = |random: &mut Random| {
        let mut map = Map::new();
        if random.percent(60) {
            put(&mut map, "value", word(random));
        }
        if random.percent(30) {
            put(&mut map, "tags", words(random));
        }
        map
    };
    type Make = fn(&mut Random) -> Value;
    let scalars: [(&str, Make); 8] = [
        ("text", word),
        ("count", |random| json!(random.below(3))),
        ("flag", |random| json!(random.percent(50))),
        ("size", |random| {
            random.pick(&[json!(1), json!("50%")]).clone()
        }),
        ("mode", |random| {
            json!(random.pick(&["auto", "manual", "manual", "other"]))
        }),
        ("labels", string_map),
        ("atomicMap", string_map),
        ("atomicList", words),
    ];
    for (name, make) in scalars {
        if random.percent(30) {
            put(&mut spec, name, make(random));
        }
    }
    if random.percent(40) {
        put(&mut spec, "set", words(random));
    }
    if random.percent(50) {
        put(&mut spec, "items", keyed(random, "name", item));
    }
    if random.percent(40) {
        put(&mut spec, "ports", ports(random));
    }
    if random.percent(40) {
        put(&mut spec, "nested", nested(random));
    }
    if random.percent(25) {
        put(&mut spec, "free", free(random));
    }
    if random.percent(4) {
        put(&mut spec, "unknown", word(random));
    }
    if random.percent(3) {
        put(&mut spec, "count", json!("many"));
    }
    let mut map = Map::new();
    if random.percent(92) {
        put(&mut map, "spec", Value::Object(spec));
    }
    if random.percent(15) {
        put(&mut map, "status", json!({ "phase": word(random) }));
    }
    map
}

fn ports(random: &mut Random) -> Value {
    let mut list: Vec<Value> = Vec::new();
    for (port, protocol) in [
        (80, None),
        (80, Some("UDP")),
        (443, Some("TCP")),
        (53, Some("UDP")),
    ] {
        if random.percent(45) {
            let mut map = Map::new();
            put(&mut map, "port", json!(port));
            if let Some(protocol) = protocol {
                put(&mut map, "protocol", json!(protocol));
            }
            if random.percent(50) {
                put(&mut map, "note", word(random));
            }
            list.insert(random.below(list.len() + 1), Value::Object(map));
        }
    }
    Value::Array(list)
}

fn nested(random: &mut Random) -> Value {
    let mut map = Map::new();
    if random.percent(60) {
        let mut inner = Map::new();
        for name in ["a", "b"] {
            if random.percent(50) {
                put(&mut inner, name, word(random));
            }
        }
        put(&mut map, "inner", Value::Object(inner));
    }
    if random.percent(40) {
        put(
            &mut map,
            "maybe",
            if random.percent(40) {
                Value::Null
            } else {
                word(random)
            },
        );
    }
    Value::Object(map)
}

fn free(random: &mut Random) -> Value {
    let mut map = Map::new();
    if random.percent(60) {
        put(&mut map, "x", word(random));
    }
    if random.percent(50) {
        put(
            &mut map,
            "list",
            json!([{ "name": word(random) }, word(random)]),
        );
    }
    if random.percent(50) {
        put(&mut map, "deep", json!({ "y": word(random), "z": {} }));
    }
    if random.percent(20) {
        put(&mut map, "nothing", Value::Null);
    }
    Value::Object(map)
}

fn blob(random: &mut Random) -> Map<String, Value> {
    let mut map = Map::new();
    for name in ["spec", "other"] {
        if random.percent(60) {
            put(&mut map, name, free(random));
        }
    }
    map
}

/// Of a kind with two versions: the older one does not know `extra`, and has another default of `mode`.
fn gizmo(random: &mut Random) -> Map<String, Value> {
    let mut spec = Map::new();
    type Make = fn(&mut Random) -> Value;
    let fields: [(&str, usize, Make); 8] = [
        ("text", 50, word),
        ("mode", 30, word),
        ("extra", 25, word),
        ("labels", 40, string_map),
        ("list", 40, words),
        ("set", 40, words),
        ("ports", 40, ports),
        (
            "rows",
            30,
            |random| json!([{ "cells": words(random) }, { "cells": words(random), "title": word(random) }]),
        ),
    ];
    for (name, share, make) in fields {
        if random.percent(share) {
            put(&mut spec, name, make(random));
        }
    }
    if random.percent(10) {
        put(&mut spec, "text", Value::Null);
    }
    let mut map = Map::new();
    put(&mut map, "spec", Value::Object(spec));
    map
}

fn gadget(random: &mut Random) -> Map<String, Value> {
    let mut spec = Map::new();
    if random.percent(90) {
        put(
            &mut spec,
            "min",
            random
                .pick(&[
                    json!(1),
                    json!(5),
                    json!(5),
                    json!(45),
                    json!(60),
                    json!("x"),
                ])
                .clone(),
        );
    }
    let optional: [(&str, Vec<Value>); 7] = [
        ("max", vec![json!(3), json!(10), json!(100)]),
        (
            "name",
            vec![
                json!("ab"),
                json!("cd"),
                json!("a"),
                json!("toolongname"),
                json!("A1"),
            ],
        ),
        ("in-put", vec![json!("a"), json!("xy"), json!("abcdef")]),
        (
            "when",
            vec![
                json!("2026-02-01T00:00:00Z"),
                json!("2025-01-01T00:00:00Z"),
                json!("soon"),
            ],
        ),
        ("wait", vec![json!("5m"), json!("2h"), json!("long")]),
        (
            "limits",
            vec![
                json!({"a": "1"}),
                json!({"a": "11"}),
                json!({"a": "1", "b": "2", "c": "3"}),
                json!({"a": "bad"}),
            ],
        ),
        ("size", vec![json!(1), json!("a"), json!(true), json!(1.5)]),
    ];
    for (name, values) in &optional {
        if random.percent(16) {
            put(&mut spec, name, random.pick(values).clone());
        }
    }
    if random.percent(35) {
        let item = |random: &mut Random| {
            let mut map = Map::new();
            if random.percent(70) {
                put(&mut map, "value", json!(random.below(4)));
            }
            map
        };
        put(&mut spec, "items", keyed(random, "name", item));
    }
    let mut map = Map::new();
    put(&mut map, "spec", Value::Object(spec));
    map
}

fn deployment(random: &mut Random) -> Map<String, Value> {
    let mut spec = Map::new();
    put(
        &mut spec,
        "selector",
        json!({ "matchLabels": { "app": "x" } }),
    );
    if random.percent(60) {
        put(&mut spec, "replicas", json!(random.below(3)));
    }
    if random.percent(30) {
        put(&mut spec, "paused", json!(true));
    }
    if random.percent(30) {
        put(&mut spec, "strategy", strategy(random));
    }
    if random.percent(20) {
        put(&mut spec, "minReadySeconds", json!(5));
    }
    let mut labels = Map::new();
    put(&mut labels, "app", json!("x"));
    if random.percent(40) {
        put(&mut labels, "tier", word(random));
    }
    let mut pod = Map::new();
    let mut containers = vec![container(random, "main")];
    if random.percent(40) {
        containers.insert(random.below(2), container(random, "side"));
    }
    put(&mut pod, "containers", Value::Array(containers));
    if random.percent(30) {
        put(&mut pod, "volumes", volumes(random));
    }
    if random.percent(30) {
        put(&mut pod, "terminationGracePeriodSeconds", json!(10));
    }
    if random.percent(25) {
        put(&mut pod, "nodeSelector", string_map(random));
    }
    if random.percent(25) {
        put(
            &mut pod,
            "tolerations",
            json!([{ "key": "k", "operator": "Exists" }]),
        );
    }
    put(
        &mut spec,
        "template",
        json!({ "metadata": { "labels": labels }, "spec": pod }),
    );
    let mut map = Map::new();
    put(&mut map, "spec", Value::Object(spec));
    map
}

fn strategy(random: &mut Random) -> Value {
    random
        .pick(&[
            json!({ "type": "Recreate" }),
            json!({ "type": "RollingUpdate" }),
            json!({ "rollingUpdate": { "maxSurge": 1 } }),
            json!({ "rollingUpdate": { "maxUnavailable": "10%" }, "type": "RollingUpdate" }),
        ])
        .clone()
}

fn container(random: &mut Random, name: &str) -> Value {
    let mut map = Map::new();
    put(&mut map, "name", json!(name));
    put(
        &mut map,
        "image",
        json!(random.pick(&["nginx", "nginx:1.27", "nginx:latest"])),
    );
    if random.percent(50) {
        put(&mut map, "ports", container_ports(random));
    }
    if random.percent(50) {
        let variable = |random: &mut Random| {
            let mut map = Map::new();
            put(&mut map, "value", word(random));
            map
        };
        put(&mut map, "env", keyed(random, "name", variable));
    }
    if random.percent(30) {
        put(&mut map, "args", words(random));
    }
    if random.percent(30) {
        put(
            &mut map,
            "resources",
            json!({ "limits": { "cpu": random.pick(&["1", "500m", "1.5"]) } }),
        );
    }
    if random.percent(30) {
        put(
            &mut map,
            "readinessProbe",
            json!({ "httpGet": { "path": "/", "port": 80 } }),
        );
    }
    if random.percent(20) {
        put(&mut map, "securityContext", json!({ "runAsNonRoot": true }));
    }
    if random.percent(20) {
        put(
            &mut map,
            "volumeMounts",
            json!([{ "name": "one", "mountPath": "/one" }]),
        );
    }
    Value::Object(map)
}

fn container_ports(random: &mut Random) -> Value {
    let mut list = Vec::new();
    for (port, name) in [(80, "http"), (443, "https")] {
        if random.percent(60) {
            let mut map = Map::new();
            put(&mut map, "containerPort", json!(port));
            if random.percent(50) {
                put(&mut map, "name", json!(name));
            }
            if random.percent(30) {
                put(&mut map, "protocol", json!("TCP"));
            }
            list.push(Value::Object(map));
        }
    }
    Value::Array(list)
}

fn volumes(random: &mut Random) -> Value {
    let mut list = vec![json!({ "name": "one", "emptyDir": {} })];
    if random.percent(50) {
        list.push(json!({ "name": "two", "configMap": { "name": "cm" } }));
    }
    if random.percent(30) {
        list.push(json!({ "name": "three", "secret": { "secretName": "s" } }));
    }
    Value::Array(list)
}

fn service(random: &mut Random) -> Map<String, Value> {
    let mut spec = Map::new();
    if random.percent(70) {
        put(&mut spec, "selector", string_map(random));
    }
    let mut ports = Vec::new();
    for (name, port) in [("http", 80), ("https", 443)] {
        let mut map = Map::new();
        put(&mut map, "name", json!(name));
        put(&mut map, "port", json!(port));
        if random.percent(40) {
            put(
                &mut map,
                "targetPort",
                random.pick(&[json!(8080), json!("web")]).clone(),
            );
        }
        if random.percent(30) {
            put(&mut map, "protocol", json!("TCP"));
        }
        ports.push(Value::Object(map));
    }
    put(&mut spec, "ports", Value::Array(ports));
    put(&mut spec, "clusterIP", json!("None"));
    if random.percent(20) {
        put(&mut spec, "sessionAffinity", json!("ClientIP"));
    }
    let mut map = Map::new();
    put(&mut map, "spec", Value::Object(spec));
    map
}
