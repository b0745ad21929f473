//! Defaults of built-in kinds, compared: real manifests are created on the server (dry run), and by the library.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use skein_object::{GroupVersionKind, Object};
use skein_schema::{ApiResource, api_defaults, builtin, normal, unknown};

use crate::client::Client;
use crate::compare::differences;
use crate::kinds::NAMESPACE;

/// Fields that the server sets by allocation, admission or registry code, not by defaulting.
const SET_ELSEWHERE: &[&str] = &[
    "/metadata/uid",
    "/metadata/creationTimestamp",
    "/metadata/generation",
    "/metadata/managedFields",
    "/metadata/resourceVersion",
    "/metadata/namespace",
    "/status",
    "/spec/clusterIP",
    "/spec/clusterIPs",
    "/spec/ipFamilies",
    "/spec/ipFamilyPolicy",
    "/spec/healthCheckNodePort",
    "/spec/finalizers",
    "/spec/ports/0/nodePort",
    "/spec/ports/1/nodePort",
    "/spec/taints",
    "/spec/priority",
    "/spec/preemptionPolicy",
    "/spec/tolerations",
];

/// Of Jobs, the selector and its labels are made by registry code.
const SET_IN_JOBS: &[&str] = &["/spec/selector", "/spec/template/metadata/labels"];

/// Compares all built-in objects of the YAML files below a folder; answers whether all were equal.
pub fn run(client: &Client, folder: &str) -> Result<bool> {
    let mut files = Vec::new();
    collect(Path::new(folder), &mut files)?;
    files.sort();
    let mut tally: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for file in files {
        let Ok(text) = std::fs::read(&file) else {
            continue;
        };
        let Ok(documents) = skein_yaml::documents(&text) else {
            continue;
        };
        for document in documents {
            if let Ok(object) = Object::from_value(document.value) {
                compare(client, &file, object, &mut tally)?;
            }
        }
    }
    let mut total = [0; 3];
    for (kind, counts) in &tally {
        println!(
            "{kind:<32} equal {:>4}  different {:>3}  refused {:>3}",
            counts[0], counts[1], counts[2]
        );
        for (sum, count) in total.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    println!(
        "{:<32} equal {:>4}  different {:>3}  refused {:>3}",
        "all", total[0], total[1], total[2]
    );
    Ok(total[1] == 0)
}

/// All YAML files below a folder.
pub fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|name| name == "yaml" || name == "yml")
        {
            files.push(path);
        }
    }
    Ok(())
}

fn resource(gvk: &GroupVersionKind) -> Option<&'static ApiResource> {
    let creatable = |resource: &&ApiResource| {
        resource.parts().1.is_none()
            && resource.gvk() == *gvk
            && resource.verbs.iter().any(|verb| verb == "create")
    };
    builtin::resources().iter().find(creatable)
}

fn compare(
    client: &Client,
    file: &Path,
    mut object: Object,
    tally: &mut BTreeMap<String, [usize; 3]>,
) -> Result<()> {
    let gvk = object.gvk();
    let (Some(resource), Some(schema)) = (resource(&gvk), builtin::schema(&gvk)) else {
        return Ok(());
    };
    let prefix = if gvk.group.is_empty() {
        "/api"
    } else {
        "/apis"
    };
    let mut path = format!("{prefix}/{}", gvk.api_version());
    if resource.namespaced {
        object.set(&["metadata", "namespace"], json!(NAMESPACE));
        path.push_str(&format!("/namespaces/{NAMESPACE}"));
    }
    if gvk.kind == "Pod" {
        // Admission would mount a token and name the account.
        object.set(&["spec", "automountServiceAccountToken"], json!(false));
        if object.at(&["spec", "serviceAccountName"]).is_none() {
            object.set(&["spec", "serviceAccountName"], json!("default"));
        }
    }
    let path = format!("{path}/{}?dryRun=All", resource.name);
    let answer = client.call(
        "POST",
        &path,
        "application/json",
        &object.to_value().to_string(),
    )?;
    let counts = tally.entry(gvk.to_string()).or_default();
    if answer.code != 201 {
        counts[2] += 1;
        println!(
            "--- {gvk} in {} refused: {}",
            file.display(),
            answer.body["message"]
        );
        return Ok(());
    }
    let mut map = object.into_value().as_object().cloned().unwrap_or_default();
    unknown::drop_unknown(&mut map, &schema);
    normal::normalise(&mut map, &schema);
    let mut ours = Object::from_value(Value::Object(map))?;
    api_defaults::apply(&mut ours);
    if let Some(finalizer) = api_defaults::create_finalizer(&gvk.group, &gvk.kind) {
        ours.set(&["metadata", "finalizers"], json!([finalizer]));
    }
    let found = differences(&plain(answer.body), &plain(ours.clone().into_value()));
    if found.is_empty() {
        counts[0] += 1;
        return Ok(());
    }
    counts[1] += 1;
    println!("--- {gvk} {} in {}", ours.name(), file.display());
    found.iter().take(6).for_each(|line| println!("    {line}"));
    Ok(())
}

fn plain(mut value: Value) -> Value {
    let more: &[&str] = match value["kind"].as_str() {
        Some("Job") => SET_IN_JOBS,
        Some("DaemonSet") => &["/metadata/annotations"],
        _ => &[],
    };
    for pointer in SET_ELSEWHERE.iter().chain(more) {
        if let Some((parent, name)) = pointer.rsplit_once('/')
            && let Some(Value::Object(map)) = value.pointer_mut(parent)
        {
            Map::remove(map, name);
        }
    }
    value
}
