//! `cargo xtask schemas`: writes the built-in schemas of skein-schema from a running kube-apiserver.
//!
//! Structure only is kept: types, keys, defaults, enums, list and map kinds. Descriptions are dropped. The server is
//! asked with `kubectl get --raw`, so whatever the kubeconfig names is the source. What OpenAPI does not tell (which
//! scalar fields Go leaves out when they are zero) comes from a small Go program over the same API types.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

/// Folder of the written files, relative to the root of the repository.
const DATA_DIR: &str = "crates/core/schema/data";

/// Module in which the Go program that lists omitted fields is run: it pins the version of Kubernetes.
const GO_MODULE: &str = "e2e/upstream/kubernetes";
/// The Go program, relative to [`GO_MODULE`].
const GO_PROGRAM: &str = "../../../xtask/src/schemas/omitted.go";
/// Key under which the omitted fields are written.
const OMITTED_KEY: &str = "x-skein-omit-zero";
/// Key under which the fields are written that are null when they are not set.
const NULL_KEY: &str = "x-skein-null-when-unset";

/// OpenAPI keys that carry structure.
const KEPT_KEYS: &[&str] = &[
    "type",
    "format",
    "required",
    "default",
    "enum",
    "nullable",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "x-kubernetes-patch-strategy",
    "x-kubernetes-patch-merge-key",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-int-or-string",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-group-version-kind",
];

/// Runs the sub-command: `schemas KUBECONFIG [KUBECTL]`.
pub fn run(arguments: &[String]) -> Result<()> {
    let (kubeconfig, kubectl) = match arguments {
        [kubeconfig] => (kubeconfig.as_str(), "kubectl"),
        [kubeconfig, kubectl] => (kubeconfig.as_str(), kubectl.as_str()),
        _ => bail!("usage: cargo xtask schemas KUBECONFIG [KUBECTL]"),
    };
    let server = Server {
        kubeconfig,
        kubectl,
    };
    let index = server.get("/openapi/v3")?;
    let paths = index["paths"]
        .as_object()
        .context("/openapi/v3 has no paths")?;
    let custom = custom_groups(&server)?;
    let mut definitions = BTreeMap::new();
    let built_in = |path: &&String| {
        is_group_version(path)
            && !custom
                .iter()
                .any(|group| path.split('/').nth(1) == Some(group))
    };
    for path in paths.keys().filter(built_in) {
        let document = server.get(&format!("/openapi/v3/{path}"))?;
        let schemas = document["components"]["schemas"]
            .as_object()
            .with_context(|| format!("/openapi/v3/{path} has no schemas"))?;
        for (name, schema) in schemas {
            definitions.insert(name.clone(), structure(schema));
        }
    }
    add_omitted(&mut definitions)?;
    let directory = Path::new(DATA_DIR);
    fs::create_dir_all(directory)?;
    fs::write(
        directory.join("definitions.txt"),
        definition_lines(&definitions)?,
    )?;
    fs::write(
        directory.join("resources.txt"),
        resource_lines(&server, &custom)?,
    )?;
    println!("{} definitions written to {DATA_DIR}", definitions.len());
    Ok(())
}

struct Server<'a> {
    kubeconfig: &'a str,
    kubectl: &'a str,
}

impl Server<'_> {
    fn get(&self, path: &str) -> Result<Value> {
        let output = Command::new(self.kubectl)
            .args(["--kubeconfig", self.kubeconfig, "get", "--raw", path])
            .output()
            .with_context(|| format!("running {}", self.kubectl))?;
        if !output.status.success() {
            bail!(
                "GET {path}: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        serde_json::from_slice(&output.stdout).with_context(|| format!("GET {path}: no JSON"))
    }
}

/// Groups of the CustomResourceDefinitions that the server happens to have; they are not built in.
fn custom_groups(server: &Server<'_>) -> Result<Vec<String>> {
    let list = server.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")?;
    let definitions = list["items"].as_array().into_iter().flatten();
    Ok(definitions
        .filter_map(|definition| definition["spec"]["group"].as_str())
        .map(str::to_owned)
        .collect())
}

fn is_group_version(path: &str) -> bool {
    path == "api/v1" || (path.starts_with("apis/") && path.matches('/').count() == 2)
}

/// Adds to each definition the scalar fields that Go leaves out when they are false, zero or empty.
fn add_omitted(definitions: &mut BTreeMap<String, Value>) -> Result<()> {
    let output = Command::new("go")
        .args(["run", GO_PROGRAM])
        .current_dir(GO_MODULE)
        .output()
        .context("running go")?;
    if !output.status.success() {
        bail!(
            "go run {GO_PROGRAM}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    for line in String::from_utf8(output.stdout)?.lines() {
        let mut words = line.split(' ');
        let Some(definition) = words.next().and_then(|name| definitions.get_mut(name)) else {
            continue;
        };
        let (nulls, omitted): (Vec<&str>, Vec<&str>) =
            words.partition(|word| word.starts_with('!'));
        let nulls: Vec<&str> = nulls
            .iter()
            .map(|word| word.trim_start_matches('!'))
            .collect();
        for (key, fields) in [(OMITTED_KEY, omitted), (NULL_KEY, nulls)] {
            if !fields.is_empty() {
                definition[key] = fields.into();
            }
        }
    }
    Ok(())
}

/// One line per definition: name, blank, schema as compact JSON with sorted keys.
fn definition_lines(definitions: &BTreeMap<String, Value>) -> Result<String> {
    let mut text = String::new();
    for (name, schema) in definitions {
        writeln!(text, "{name} {}", serde_json::to_string(schema)?)?;
    }
    Ok(text)
}

/// The schema without prose, with keys in sorted order.
fn structure(schema: &Value) -> Value {
    let Some(schema) = schema.as_object() else {
        return schema.clone();
    };
    let mut out = BTreeMap::new();
    for key in KEPT_KEYS {
        if let Some(value) = schema.get(*key) {
            out.insert((*key).to_owned(), value.clone());
        }
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let sorted: BTreeMap<_, _> = properties
            .iter()
            .map(|(name, schema)| (name.clone(), structure(schema)))
            .collect();
        out.insert("properties".to_owned(), json!(sorted));
    }
    for key in ["items", "additionalProperties"] {
        if let Some(value) = schema.get(key) {
            out.insert(key.to_owned(), structure(value));
        }
    }
    let reference = schema
        .get("$ref")
        .or_else(|| schema.get("allOf")?.get(0)?.get("$ref"));
    if let Some(reference) = reference {
        out.insert("$ref".to_owned(), reference.clone());
    }
    Value::Object(out.into_iter().collect::<Map<_, _>>())
}

/// One line per resource: group/version, plural, singular, kind, scope, verbs, short names, categories and
/// sub-resources, as one compact JSON object.
fn resource_lines(server: &Server<'_>, custom: &[String]) -> Result<String> {
    let mut text = String::new();
    let mut group_versions = vec![("v1".to_owned(), "/api/v1".to_owned())];
    let groups = server.get("/apis")?;
    for group in groups["groups"].as_array().context("/apis has no groups")? {
        if group["name"]
            .as_str()
            .is_some_and(|name| custom.iter().any(|group| group == name))
        {
            continue;
        }
        for version in group["versions"].as_array().into_iter().flatten() {
            let name = version["groupVersion"]
                .as_str()
                .context("a group without a version")?;
            group_versions.push((name.to_owned(), format!("/apis/{name}")));
        }
    }
    for (group_version, path) in group_versions {
        let list = server.get(&path)?;
        for resource in list["resources"].as_array().into_iter().flatten() {
            let mut line = json!({ "gv": group_version });
            for key in [
                "name",
                "singularName",
                "kind",
                "group",
                "version",
                "namespaced",
                "verbs",
                "shortNames",
                "categories",
            ] {
                if let Some(value) = resource.get(key) {
                    line[key] = value.clone();
                }
            }
            writeln!(text, "{}", serde_json::to_string(&line)?)?;
        }
    }
    Ok(text)
}
