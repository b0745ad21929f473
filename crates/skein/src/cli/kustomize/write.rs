//! Where a build goes besides the terminal: one file, or a file for each object named as kustomize names them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use crate::output::Output;

/// Writes one file.
pub(super) fn file(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Writes each object to a file of its own.
pub(super) fn files(directory: &Path, values: &[Value], output: &mut Output) -> anyhow::Result<()> {
    let named = named(values);
    for (name, text) in &named.files {
        file(&directory.join(name), text)?;
    }
    for name in &named.repeated {
        output.note_line(&format!(
            "# Warning: several objects have the file name {name}; the last one is in it"
        ))?;
    }
    Ok(())
}

/// What is written, and names that came more than once. As with kustomize, the last object wins.
struct Named {
    files: BTreeMap<String, String>,
    repeated: BTreeSet<String>,
}

/// File names and texts. Names begin with the namespace when there are several.
fn named(values: &[Value]) -> Named {
    let namespaces: BTreeSet<&str> = values.iter().filter_map(namespace).collect();
    let mut named = Named {
        files: BTreeMap::new(),
        repeated: BTreeSet::new(),
    };
    // kustomize writes what has no namespace last.
    let (scoped, unscoped): (Vec<_>, Vec<_>) = values.iter().partition(|v| namespace(v).is_some());
    for value in scoped.into_iter().chain(unscoped) {
        let mut name = file_name(value);
        if let Some(namespace) = namespace(value).filter(|_| namespaces.len() > 1) {
            name = format!("{}_{name}", namespace.to_lowercase());
        }
        let text = skein_yaml::to_string(value);
        if named.files.insert(name.clone(), text).is_some() {
            named.repeated.insert(name);
        }
    }
    named
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

/// The namespace of an object; `None` for what is known to have none.
fn namespace(value: &Value) -> Option<&str> {
    if skein_kustomize::is_cluster_scoped(text(value, "/apiVersion"), text(value, "/kind")) {
        return None;
    }
    let namespace = text(value, "/metadata/namespace");
    Some(if namespace.is_empty() {
        "default"
    } else {
        namespace
    })
}

/// `apps_v1_deployment_web.yaml`
fn file_name(value: &Value) -> String {
    let api_version = text(value, "/apiVersion");
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let parts = [group, version, text(value, "/kind")];
    let parts: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    let stem = format!("{}_{}", parts.join("_"), text(value, "/metadata/name"));
    // A name with slashes must not lead elsewhere.
    format!("{}.yaml", stem.to_lowercase().replace('/', "_"))
}
