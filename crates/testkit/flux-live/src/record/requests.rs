//! Section `requests`: what the controllers asked the API server about the scenario's objects, from its audit log.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::scenario::{Scenario, text};
use crate::world::World;

/// Place in the audit log from which a step's requests are read; nothing where there is no log.
#[derive(Debug, Clone, Copy)]
pub struct Mark(Option<u64>);

const ACCOUNT: &str = "system:serviceaccount:flux-system:";

/// The end of the log.
pub fn mark(world: &World) -> Mark {
    let length = world
        .target
        .audit_log()
        .and_then(|log| std::fs::metadata(log).ok());
    Mark(length.map(|log| log.len()))
}

/// Requests by controller; those about one Flux object by controller and object.
pub fn section(world: &World, scenario: &Scenario, mark: Mark, once: bool) -> Result<Value> {
    let (Some(log), Mark(Some(offset))) = (world.target.audit_log(), mark) else {
        return Ok(Value::Null);
    };
    let mut file = File::open(&log).context("opening the audit log")?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let content = String::from_utf8_lossy(&bytes);
    let namespaces = scenario.all_namespaces();
    let mut lists = Map::new();
    for line in content.lines() {
        // Most lines are about other scenarios, and reading JSON is dear.
        let is_about = |name: &String| line.contains(name.as_str());
        if !line.contains(ACCOUNT) || !namespaces.iter().any(is_about) {
            continue;
        }
        // The last line may be half written; it belongs to the next step.
        let Ok(event) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        if let Some((list, line)) = request(&event, scenario) {
            let Value::Array(lines) = lists.entry(list).or_insert_with(|| json!([])) else {
                continue;
            };
            let line = Value::String(line);
            if !once || !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    Ok(Value::Object(lists))
}

/// The list and the line of an audit event, if it is recorded.
fn request(event: &Value, scenario: &Scenario) -> Option<(String, String)> {
    let user = text(&event["user"]["username"]);
    let controller = user.strip_prefix(ACCOUNT)?;
    let verb = text(&event["verb"]);
    let code = &event["responseStatus"]["code"];
    let about = &event["objectRef"];
    let resource = text(&about["resource"]);
    if verb == "watch" || resource == "events" || resource == "leases" || code == 409 {
        return None;
    }
    let place = place(about, scenario)?;
    let group = text(&about["apiGroup"]);
    let mut path = match group.as_str() {
        "" => resource.clone(),
        group => format!("{group}/{resource}"),
    };
    let part = text(&about["subresource"]);
    if !part.is_empty() {
        path = format!("{path}/{part}");
    }
    let address = text(&event["requestURI"]);
    let query = address
        .split_once('?')
        .map_or_else(String::new, |(_, query)| format!(" ?{}", decoded(query)));
    let mut line = format!("{verb} {path} {place}{query} -> {code}");
    let other = text(&event["impersonatedUser"]["username"]);
    if !other.is_empty() {
        line.push_str(&format!(" as {other}"));
    }
    let is_flux_object = group.ends_with("toolkit.fluxcd.io") && !text(&about["name"]).is_empty();
    let list = if is_flux_object {
        format!("{controller} {resource} {place}")
    } else {
        controller.to_owned()
    };
    Some((list, line))
}

/// `namespace/name`, or the name of a cluster-wide object, if it belongs to the scenario.
fn place(about: &Value, scenario: &Scenario) -> Option<String> {
    let (namespace, name) = (text(&about["namespace"]), text(&about["name"]));
    if namespace.is_empty() {
        return name.starts_with(&scenario.namespace).then_some(name);
    }
    if !scenario.all_namespaces().contains(&namespace) {
        return None;
    }
    Some(if name.is_empty() {
        namespace
    } else {
        format!("{namespace}/{name}")
    })
}

/// Percent signs of a query undone, as far as it takes to read it.
fn decoded(query: &str) -> String {
    query
        .replace("%3D", "=")
        .replace("%2C", ",")
        .replace("%2F", "/")
        .replace('+', " ")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn scenario() -> Scenario {
        Scenario {
            name: "a/b".into(),
            folder: PathBuf::new(),
            namespace: "ks01".into(),
            namespaces: Vec::new(),
            own_namespaces: Vec::new(),
            cluster_kinds: Vec::new(),
            kinds: Vec::new(),
            steps: Vec::new(),
        }
    }

    #[test]
    fn audit_events_become_lines() {
        let event = json!({
            "user": {"username": "system:serviceaccount:flux-system:kustomize-controller"},
            "verb": "patch", "responseStatus": {"code": 200},
            "requestURI": "/apis/apps/v1/x?dryRun=All&fieldManager=k",
            "impersonatedUser": {"username": "system:serviceaccount:ks01:d"},
            "objectRef": {"apiGroup": "apps", "resource": "deployments", "namespace": "ks01", "name": "web"},
        });
        let (list, line) = request(&event, &scenario()).unwrap();
        assert_eq!(list, "kustomize-controller");
        let expected = "patch apps/deployments ks01/web ?dryRun=All&fieldManager=k -> 200 as system:serviceaccount:ks01:d";
        assert_eq!(line, expected);
    }

    #[test]
    fn other_users_and_other_namespaces_are_left_out() {
        let mut event = json!({
            "user": {"username": "admin"}, "verb": "get", "responseStatus": {"code": 200},
            "objectRef": {"resource": "secrets", "namespace": "ks01", "name": "a"},
        });
        assert_eq!(request(&event, &scenario()), None);
        event["user"]["username"] = json!(format!("{ACCOUNT}source-controller"));
        assert!(request(&event, &scenario()).is_some());
        event["objectRef"]["namespace"] = json!("other");
        assert_eq!(request(&event, &scenario()), None);
    }
}
