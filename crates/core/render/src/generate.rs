//! The root's kustomization.yaml: found or generated, and with the fields of the Kustomization's spec put into it.

use serde_json::{Map, Value, json};
use skein_kustomize::{FileTree, RECOGNIZED_FILE_NAMES};
use skein_yaml::YamlError;

use crate::error::RenderError;

/// Namespace of a kustomization that has no content: without any field the build would refuse it.
const PLACEHOLDER: &str = "_placeholder";

/// Fields of a kustomization that survive being read into kustomize's type. Others vanish from the root's file without an error.
const FIELDS: [&str; 36] = [
    "apiVersion",
    "kind",
    "metadata",
    "openapi",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replacements",
    "replicas",
    "vars",
    "sortOptions",
    "resources",
    "components",
    "crds",
    "bases",
    "configMapGenerator",
    "secretGenerator",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "generatorOptions",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "buildMetadata",
    "inventory",
    "fieldSpecs",
];

/// Writes the kustomization.yaml of a directory into the tree.
pub(crate) fn generate(
    tree: &mut FileTree,
    directory: &str,
    spec: &Value,
    ignored: Option<&dyn Fn(&str) -> bool>,
) -> Result<(), RenderError> {
    let join = |name: &str| {
        if directory.is_empty() {
            name.to_owned()
        } else {
            format!("{directory}/{name}")
        }
    };
    let found = RECOGNIZED_FILE_NAMES
        .iter()
        .map(|name| join(name))
        .find(|path| tree.get(path).is_some());
    let (path, mut kustomization) = match found {
        Some(path) => {
            let kustomization = read(tree, &path)?;
            (path, kustomization)
        }
        None => (
            join(RECOGNIZED_FILE_NAMES[0]),
            scan(tree, directory, ignored)?,
        ),
    };
    if let Some(ignored) = ignored {
        for field in ["resources", "components", "crds"] {
            if let Some(Value::Array(paths)) = kustomization.get_mut(field) {
                paths.retain(|path| !path.as_str().is_some_and(|path| ignored(&join(path))));
            }
        }
    }
    inject(&mut kustomization, spec, tree, directory)?;
    tree.insert(
        &path,
        skein_yaml::to_string(&Value::Object(kustomization)).into_bytes(),
    )?;
    Ok(())
}

fn read(tree: &FileTree, path: &str) -> Result<Map<String, Value>, RenderError> {
    let content = tree.get(path).unwrap_or_default();
    let value = skein_yaml::from_slice(content).map_err(|source| RenderError::Kustomization {
        path: path.to_owned(),
        source,
    })?;
    let mut kustomization = match value {
        Value::Object(map) => map,
        Value::Null => Map::new(),
        _ => {
            return Err(RenderError::NotAMap {
                path: path.to_owned(),
            });
        }
    };
    kustomization.retain(|field, _| FIELDS.contains(&field.as_str()));
    type_meta(&mut kustomization);
    let has_resources = list(&kustomization, "resources").next().is_some();
    if !has_resources {
        // Flux's way to keep a kustomization without resources from being refused as empty.
        kustomization.insert("buildMetadata".to_owned(), json!(["originAnnotations"]));
    }
    Ok(kustomization)
}

fn type_meta(kustomization: &mut Map<String, Value>) {
    for (field, value) in [
        ("apiVersion", "kustomize.config.k8s.io/v1beta1"),
        ("kind", "Kustomization"),
    ] {
        let present = kustomization
            .get(field)
            .and_then(Value::as_str)
            .is_some_and(|v| !v.is_empty());
        if !present {
            kustomization.insert(field.to_owned(), value.into());
        }
    }
}

fn list<'m>(map: &'m Map<String, Value>, field: &str) -> impl Iterator<Item = &'m Value> {
    map.get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// A kustomization of all manifests below the directory; directories with a kustomization of their own are taken as they are.
fn scan(
    tree: &FileTree,
    directory: &str,
    ignored: Option<&dyn Fn(&str) -> bool>,
) -> Result<Map<String, Value>, RenderError> {
    let mut files: Vec<(Vec<&str>, &[u8])> = tree
        .files_below(directory)
        .into_iter()
        .map(|(path, content)| {
            let relative = path[directory.len()..].trim_start_matches('/');
            (relative.split('/').collect(), content)
        })
        .collect();
    // By path components, as a walk over directories goes.
    files.sort_by(|a, b| a.0.cmp(&b.0));
    let mut resources: Vec<Value> = Vec::new();
    let mut taken: Option<Vec<&str>> = None;
    for (parts, content) in &files {
        if taken.as_ref().is_some_and(|root| parts.starts_with(root)) {
            continue;
        }
        let relative = parts.join("/");
        let path = if directory.is_empty() {
            relative.clone()
        } else {
            format!("{directory}/{relative}")
        };
        let parents = (1..parts.len()).map(|depth| &parts[..depth]);
        let root = parents
            .into_iter()
            .find(|parent| is_kustomization_root(tree, directory, parent));
        if let Some(root) = root {
            resources.push(format!("./{}", root.join("/")).into());
            taken = Some(root.to_vec());
            continue;
        }
        let is_manifest = relative.ends_with(".yaml") || relative.ends_with(".yml");
        if !is_manifest || ignored.is_some_and(|ignored| ignored(&path)) {
            continue;
        }
        check_manifest(content).map_err(|reason| RenderError::Manifest { path, reason })?;
        resources.push(format!("./{relative}").into());
    }
    let mut kustomization = Map::new();
    type_meta(&mut kustomization);
    if resources.is_empty() {
        kustomization.insert("namespace".to_owned(), PLACEHOLDER.into());
    } else {
        kustomization.insert("resources".to_owned(), resources.into());
    }
    Ok(kustomization)
}

fn is_kustomization_root(tree: &FileTree, directory: &str, parts: &[&str]) -> bool {
    let path = format!("{directory}/{}", parts.join("/"));
    RECOGNIZED_FILE_NAMES
        .iter()
        .any(|name| tree.get(&format!("{path}/{name}")).is_some())
}

/// Whether every document of the file is a Kubernetes object or a list of them.
fn check_manifest(content: &[u8]) -> Result<(), String> {
    let documents = skein_yaml::documents(content).map_err(|error| go_yaml_message(&error))?;
    for document in documents {
        check_object(&document.value)?;
    }
    Ok(())
}

/// A syntax error in the words of Go's parser, which counts lines of grammar errors from 0 and says nothing about the first.
fn go_yaml_message(error: &YamlError) -> String {
    let YamlError::Syntax { line, problem, .. } = error else {
        return format!("MalformedYAMLError: yaml: {error}");
    };
    let problem = problem.split(" while ").next().unwrap_or(problem);
    let grammar = problem.starts_with("did not find expected");
    let line = if grammar {
        line.saturating_sub(1)
    } else {
        *line
    };
    let place = if line == 0 {
        String::new()
    } else {
        format!("line {line}: ")
    };
    format!("MalformedYAMLError: yaml: {place}{problem}")
}

fn check_object(value: &Value) -> Result<(), String> {
    let map = match value {
        Value::Null => return Ok(()),
        Value::Object(map) if map.is_empty() => return Ok(()),
        Value::Object(map) => map,
        _ => return Err("missing Resource metadata".to_owned()),
    };
    let text = |field: &str| map.get(field).and_then(Value::as_str).unwrap_or_default();
    let metadata = map.get("metadata").and_then(Value::as_object);
    let known = ["apiVersion", "kind", "metadata"]
        .iter()
        .any(|field| map.contains_key(*field));
    if !known {
        return Err("missing Resource metadata".to_owned());
    }
    let name = metadata.and_then(|metadata| metadata.get("name"));
    let kind = text("kind");
    if kind.is_empty() {
        return Err(format!(
            "missing kind in object {}",
            skein_gowords::resource_identity(map)
        ));
    }
    if kind.ends_with("List") {
        let items = map.get("items").and_then(Value::as_array);
        return items.into_iter().flatten().try_for_each(check_object);
    }
    // kustomize takes names as they are written: `n`, which is false in old YAML, and `1` are names.
    let is_named = match name {
        Some(Value::String(name)) => !name.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) => true,
        _ => false,
    };
    if !is_named {
        return Err(format!(
            "missing metadata.name in object {}",
            skein_gowords::resource_identity(map)
        ));
    }
    Ok(())
}

/// Puts the spec's fields into the kustomization, in Flux's order.
fn inject(
    kustomization: &mut Map<String, Value>,
    spec: &Value,
    tree: &FileTree,
    directory: &str,
) -> Result<(), RenderError> {
    for (from, to) in [
        ("targetNamespace", "namespace"),
        ("namePrefix", "namePrefix"),
        ("nameSuffix", "nameSuffix"),
    ] {
        if let Some(text) = spec.get(from).and_then(Value::as_str) {
            kustomization.insert(to.to_owned(), text.into());
        }
    }
    let items = |field: &str| {
        spec.get(field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    for patch in items("patches") {
        push(kustomization, "patches", patch.clone());
    }
    let skip_missing = spec.get("ignoreMissingComponents").and_then(Value::as_bool) == Some(true);
    for component in items("components").filter_map(Value::as_str) {
        if !is_local_path(component) {
            return Err(RenderError::RemoteComponent(component.to_owned()));
        }
        let path = format!("{directory}/{component}");
        if skip_missing && !tree.is_dir(&path) && tree.get(&path).is_none() {
            continue;
        }
        push(kustomization, "components", component.into());
    }
    for (from, patches) in [
        (
            "patchesStrategicMerge",
            items("patchesStrategicMerge")
                .map(|p| Value::from(p.to_string()))
                .collect::<Vec<_>>(),
        ),
        (
            "patchesJson6902",
            items("patchesJson6902").map(json_patch).collect(),
        ),
    ] {
        for patch in patches {
            push(kustomization, from, patch);
        }
    }
    for image in items("images") {
        merge_image(kustomization, image);
    }
    let build_metadata: Vec<Value> = items("buildMetadata").cloned().collect();
    if !build_metadata.is_empty() {
        kustomization.insert("buildMetadata".to_owned(), build_metadata.into());
    }
    Ok(())
}

fn json_patch(patch: &Value) -> Value {
    let operations = patch.get("patch").map(Value::to_string).unwrap_or_default();
    json!({"patch": operations, "target": patch.get("target").cloned().unwrap_or_default()})
}

fn push(kustomization: &mut Map<String, Value>, field: &str, value: Value) {
    let slot = kustomization
        .entry(field)
        .or_insert_with(|| Value::Array(Vec::new()));
    if !slot.is_array() {
        *slot = Value::Array(Vec::new());
    }
    if let Value::Array(list) = slot {
        list.push(value);
    }
}

/// Merges by name: a new name replaces the new name; tag and digest replace each other as a pair.
fn merge_image(kustomization: &mut Map<String, Value>, image: &Value) {
    let text = |field: &str| {
        image
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let name = text("name");
    let images = kustomization
        .get_mut("images")
        .and_then(Value::as_array_mut);
    let known = images
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut);
    let mut known = known.filter(|known| known.get("name").and_then(Value::as_str) == Some(&name));
    if let Some(known) = known.next() {
        let mut set = |field: &str| match text(field) {
            value if value.is_empty() => known.remove(field),
            value => known.insert(field.to_owned(), value.into()),
        };
        if !text("newName").is_empty() {
            set("newName");
        }
        if !text("newTag").is_empty() || !text("digest").is_empty() {
            set("newTag");
            set("digest");
        }
        return;
    }
    let fields = ["name", "newName", "newTag", "digest"].into_iter();
    let fields = fields
        .map(|field| (field.to_owned(), text(field)))
        .filter(|(_, v)| !v.is_empty());
    push(
        kustomization,
        "images",
        fields
            .map(|(k, v)| (k, v.into()))
            .collect::<Map<_, _>>()
            .into(),
    );
}

/// Whether a component path stays in the artifact: no URL, no address of a Git host, not absolute.
pub fn is_local_path(path: &str) -> bool {
    const REMOTE: [&str; 8] = [
        "git::",
        "gh:",
        "ssh://",
        "https://",
        "http://",
        "git@",
        "github.com:",
        "github.com/",
    ];
    let lower = path.to_lowercase();
    let remote = REMOTE
        .iter()
        .any(|prefix| lower.len() > prefix.len() && lower.starts_with(prefix));
    let rest = lower.strip_prefix("file://").unwrap_or(&lower);
    !remote && !path.starts_with('/') && !rest.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// kustomize reads `n` and `1` as texts; only what is no name at all is refused.
    #[test]
    fn names_that_look_like_other_values_are_names() {
        for name in ["n", "true", "1", "1.5", "'x'"] {
            let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
            assert_eq!(check_manifest(text.as_bytes()), Ok(()), "{name}");
        }
        for name in ["", "''", "~", "[a]"] {
            let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
            let refused = check_manifest(text.as_bytes()).unwrap_err();
            assert!(refused.starts_with("missing metadata.name"), "{refused}");
        }
    }
}
