//! Bad objects, compared: good ones are broken in every place, and both servers must refuse (or complete) them alike.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use skein_object::{GroupVersionKind, Object};
use skein_schema::builtin;

use crate::client::Client;
use crate::compare::{comparable, differences};
use crate::kinds::NAMESPACE;
use crate::request::Answer;

const GOOD: &str = include_str!("refusals.yaml");

/// What a run looks at.
#[derive(Debug, Default)]
pub struct Scope {
    /// Only objects of this kind.
    pub kind: Option<String>,
    /// Every how many-th broken object is sent; 1 for all.
    pub stride: usize,
    /// Percent of answers that must be equal; 100 without one.
    pub floor: Option<f64>,
}

#[derive(Debug, Default)]
struct Tally {
    equal: usize,
    total: usize,
}

/// Breaks everything and compares; answers whether enough was equal.
pub fn run(real: &Client, ours: &Client, scope: &Scope) -> Result<bool> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut counter = 0;
    for document in skein_yaml::documents(GOOD.as_bytes())? {
        let object = Object::from_value(document.value)?;
        if scope
            .kind
            .as_deref()
            .is_some_and(|kind| kind != object.kind())
        {
            continue;
        }
        let place = Place::of(&object)?;
        place.create(real, ours, &object)?;
        let tally = tallies.entry(object.kind().to_owned()).or_default();
        for (title, broken) in broken(&object.to_value()) {
            for change in [false, true] {
                counter += 1;
                if counter % scope.stride.max(1) == 0 {
                    place.compare(real, ours, &title, &broken, change, tally)?;
                }
            }
        }
        place.remove(real, ours, object.name())?;
    }
    let (mut equal, mut total) = (0, 0);
    for (kind, tally) in &tallies {
        println!(
            "{kind:<28} {:>5} of {:>5} answers equal",
            tally.equal, tally.total
        );
        equal += tally.equal;
        total += tally.total;
    }
    let share = 100.0 * equal as f64 / total.max(1) as f64;
    println!("{equal} of {total} answers to broken objects equal ({share:.1} %)");
    let holds = share >= scope.floor.unwrap_or(100.0);
    let failed = if holds { 0 } else { total - equal };
    println!("{equal} passed, {failed} failed");
    Ok(holds)
}

/// Where objects of a kind are sent to.
struct Place {
    collection: String,
}

impl Place {
    fn of(object: &Object) -> Result<Self> {
        let gvk: GroupVersionKind = object.gvk();
        let resource = builtin::resources()
            .iter()
            .find(|resource| {
                resource.parts().1.is_none()
                    && resource.gvk() == gvk
                    && resource.verbs.iter().any(|verb| verb == "create")
            })
            .with_context(|| format!("no resource for {gvk}"))?;
        let root = if gvk.group.is_empty() {
            "/api"
        } else {
            "/apis"
        };
        let namespace = if resource.namespaced {
            format!("/namespaces/{NAMESPACE}")
        } else {
            String::new()
        };
        let collection = format!("{root}/{}{namespace}/{}", gvk.api_version(), resource.name);
        Ok(Self { collection })
    }

    fn create(&self, real: &Client, ours: &Client, object: &Object) -> Result<()> {
        let body = object.to_value().to_string();
        for (side, client) in [("real", real), ("ours", ours)] {
            let answer = client.call("POST", &self.collection, "application/json", &body)?;
            if !matches!(answer.code, 201 | 409) {
                let (kind, name) = (object.kind(), object.name());
                println!(
                    "--- {kind} {name}: {side} refuses the good one: {}",
                    answer.body["message"]
                );
            }
        }
        Ok(())
    }

    fn remove(&self, real: &Client, ours: &Client, name: &str) -> Result<()> {
        let target = format!("{}/{name}", self.collection);
        let release = json!({"metadata": {"finalizers": null}}).to_string();
        for client in [real, ours] {
            client.call("PATCH", &target, "application/merge-patch+json", &release)?;
            client.call("DELETE", &target, "application/json", "")?;
            client.call("PATCH", &target, "application/merge-patch+json", &release)?;
        }
        Ok(())
    }

    /// Sends the object as a new one under another name, or as a change of the good one.
    fn compare(
        &self,
        real: &Client,
        ours: &Client,
        title: &str,
        broken: &Value,
        change: bool,
        tally: &mut Tally,
    ) -> Result<()> {
        let mut body = broken.clone();
        let name = body["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let target = if change {
            if name.is_empty() || name.contains(|c: char| !c.is_ascii_graphic() || c == '/') {
                return Ok(());
            }
            format!("{}/{name}?dryRun=All", self.collection)
        } else {
            if !name.is_empty() && body["kind"] != "CustomResourceDefinition" {
                body["metadata"]["name"] = format!("{name}-x").into();
            }
            format!("{}?dryRun=All", self.collection)
        };
        let method = if change { "PUT" } else { "POST" };
        let text = body.to_string();
        let target = format!("{target}&fieldManager=tester&fieldValidation=Strict");
        let send = |client: &Client| client.call(method, &target, "application/json", &text);
        let (expected, seen) = (send(real)?, send(ours)?);
        tally.total += 1;
        let found = differences(&plain(&expected), &plain(&seen));
        if found.is_empty() {
            tally.equal += 1;
            return Ok(());
        }
        println!(
            "--- {} {name}, {method}: {title}",
            body["kind"].as_str().unwrap_or_default()
        );
        found
            .iter()
            .take(6)
            .for_each(|line| println!("    {line:.600}"));
        Ok(())
    }
}

/// Values that a server gives out.
const GIVEN: &[&str] = &["clusterIP", "clusterIPs", "nodePort", "healthCheckNodePort"];

/// How the volume with the token of a pod is called; five characters of chance follow.
const ACCESS: &str = "kube-api-access-";

/// The answer in a form in which two servers can agree.
pub fn plain(answer: &Answer) -> Value {
    let mut out = comparable(answer);
    let uid = answer.body["metadata"]["uid"].as_str().unwrap_or_default();
    if !uid.is_empty() {
        let text = out.to_string().replace(uid, "<uid>");
        out = serde_json::from_str(&text).unwrap_or(out);
    }
    forget(&mut out);
    out
}

fn forget(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, field) in map.iter_mut() {
                let given = GIVEN.contains(&key.as_str()) && *field != "None";
                if given && !field.is_object() {
                    *field = "<given>".into();
                } else if field.as_str().is_some_and(|text| text.starts_with(ACCESS)) {
                    *field = ACCESS.into();
                } else {
                    forget(field);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(forget),
        _ => {}
    }
}

/// The object, broken: a title and the outcome for each place and way.
fn broken(object: &Value) -> Vec<(String, Value)> {
    let mut out = Vec::new();
    let mut paths = Vec::new();
    places(object, &mut Vec::new(), &mut paths);
    for path in paths {
        let pointer = format!("/{}", path.join("/"));
        if matches!(pointer.as_str(), "/apiVersion" | "/kind") {
            continue;
        }
        let Some(now) = at(object, &path) else {
            continue;
        };
        for (way, new) in ways(now) {
            let mut copy = object.clone();
            put(&mut copy, &path, new.clone());
            out.push((format!("{pointer} {way}"), copy));
        }
    }
    out
}

fn places(value: &Value, path: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    let mut below = |key: String, value: &Value| {
        path.push(key);
        out.push(path.clone());
        places(value, path, out);
        path.pop();
    };
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, value)| below(key.clone(), value)),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(index, value)| below(index.to_string(), value)),
        _ => {}
    }
}

fn at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| match value {
        Value::Object(map) => map.get(key),
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Sets a place; `None` removes it.
fn put(value: &mut Value, path: &[String], new: Option<Value>) {
    let Some((key, rest)) = path.split_first() else {
        return;
    };
    let child = match value {
        Value::Object(map) if rest.is_empty() => {
            match new {
                Some(new) => drop(map.insert(key.clone(), new)),
                None => drop(map.remove(key)),
            }
            return;
        }
        Value::Array(list) if rest.is_empty() => {
            let Ok(index) = key.parse::<usize>() else {
                return;
            };
            match new {
                Some(new) => list[index] = new,
                None => drop(list.remove(index)),
            }
            return;
        }
        Value::Object(map) => map.get_mut(key),
        Value::Array(list) => key
            .parse::<usize>()
            .ok()
            .and_then(|index| list.get_mut(index)),
        _ => None,
    };
    if let Some(child) = child {
        put(child, rest, new);
    }
}

/// Ways to break a value.
fn ways(value: &Value) -> Vec<(&'static str, Option<Value>)> {
    let mut out = vec![("removed", None)];
    let mut add = |name, value| out.push((name, Some(value)));
    match value {
        Value::String(_) => {
            add("empty", json!(""));
            add("unknown", json!("Unknown"));
            add("lower", json!("other"));
            add("odd", json!("-a_B c/"));
            add("long", json!("x".repeat(300)));
            add("a number", json!(7));
            add("a numeral", json!("0"));
            add("negative", json!("-1"));
        }
        Value::Number(_) => {
            add("negative", json!(-1));
            add("zero", json!(0));
            add("large", json!(70_000));
            add("a text", json!("text"));
            add("huge", json!(5_000_000_000_i64));
        }
        Value::Bool(flag) => {
            add("turned", json!(!flag));
            add("a text", json!("yes"));
        }
        Value::Array(list) => {
            add("emptied", json!([]));
            let mut twice = list.clone();
            twice.extend(list.first().cloned());
            add("first one twice", Value::Array(twice));
            add("a text", json!("text"));
        }
        Value::Object(map) => {
            add("emptied", json!({}));
            let mut more: Map<String, Value> = map.clone();
            more.insert("bad key!".to_owned(), json!("v"));
            add("with an odd key", Value::Object(more));
            add("a list", json!([]));
        }
        Value::Null => {}
    }
    out
}
