//! kustomize's words for errors in what a kustomization lists, and in the files that it names.

use serde_json::{Map, Value};
use skein_yaml::{Node, YamlError};

use crate::error::{BuildError, Problem};
use crate::kustomization::{Patch, refusal};
use crate::selector::Selector;

/// A path below the directory of the tree, marked for the caller's root.
pub(crate) fn absolute(path: &str) -> String {
    if path.is_empty() {
        "{root}".to_owned()
    } else {
        format!("{{root}}/{path}")
    }
}

/// What is said of a directory that is not there; `missing` is the first part of the path that is not.
fn no_directory(path: &str, missing: &str) -> String {
    let (path, missing) = (absolute(path), absolute(missing));
    format!(
        "must build at directory: not a valid directory: evalsymlink failure on '{path}' : lstat {missing}: no such file or directory"
    )
}

/// A file that is not there.
pub(crate) fn no_file(error: BuildError, clean: &str) -> BuildError {
    error.upstream(|_| format!("open {}: no such file or directory", absolute(clean)))
}

/// A directory where a file is due.
pub(crate) fn directory_as_file(error: BuildError, clean: &str) -> BuildError {
    error.upstream(|_| format!("read {}: is a directory", absolute(clean)))
}

/// A resource file that could not be read as objects. `path` is as listed, `clean` in the tree.
pub(crate) fn bad_file(error: BuildError, path: &str, clean: &str) -> BuildError {
    match &error.problem {
        Problem::Yaml(yaml @ YamlError::Syntax { .. }) => {
            let text = yaml.to_string();
            let problem = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest).to_owned();
            let line = yaml.line();
            error.upstream(|_| {
                format!(
                    "accumulating resources: accumulating resources from '{path}': MalformedYAMLError: yaml: line {line}: {problem} in File: {path}"
                )
            })
        }
        _ => error.upstream(|inner| {
            let clean = absolute(clean);
            format!(
                "accumulating resources: accumulation err='{inner}': must build at directory: '{clean}': file is not directory"
            )
        }),
    }
}

/// Two objects within one file, or a file that holds none.
pub(crate) fn in_file(error: BuildError, path: &str) -> BuildError {
    error.upstream(|inner| format!("accumulating resources from '{path}': {inner}"))
}

/// An object of a file beside those of others.
pub(crate) fn merging_file(error: BuildError, path: &str) -> BuildError {
    error.upstream(|inner| format!("merging resources from '{path}': {inner}"))
}

/// A base that is not there at all.
pub(crate) fn no_base(error: BuildError, path: &str, clean: &str, missing: &str) -> BuildError {
    let (file, directory) = (absolute(clean), no_directory(clean, missing));
    error.upstream(|_| {
        format!(
            "accumulating resources: accumulation err='accumulating resources from '{path}': open {file}: no such file or directory': {directory}"
        )
    })
}

/// An error about a base.
pub(crate) fn in_base(error: BuildError, path: &str, clean: &str) -> BuildError {
    let directory = absolute(clean);
    error.upstream(|inner| {
        format!(
            "accumulating resources: accumulation err='accumulating resources from '{path}': read {directory}: is a directory': {inner}"
        )
    })
}

/// A component that is not there, or a file (`is_file`).
pub(crate) fn no_component(
    error: BuildError,
    clean: &str,
    missing: &str,
    is_file: bool,
) -> BuildError {
    let why = if is_file {
        format!(
            "must build at directory: '{}': file is not directory",
            absolute(clean)
        )
    } else {
        no_directory(clean, missing)
    };
    error.upstream(|_| format!("accumulating components: loader.New {why:?}"))
}

/// An error about a component.
pub(crate) fn in_component(error: BuildError) -> BuildError {
    error.upstream(|inner| format!("accumulating components: accumulateDirectory: {inner:?}"))
}

/// A step with the kustomization of a base or component: reading it, building it, merging what it gives.
pub(crate) fn step(error: BuildError, what: Step, clean: &str) -> BuildError {
    let what = match what {
        Step::Reading => "couldn't make target for path",
        Step::Building => "recursed accumulation of path",
        Step::Merging => "recursed merging from path",
    };
    error.upstream(|inner| format!("{what} '{}': {inner}", absolute(clean)))
}

/// What is done with a base or component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Reading,
    Building,
    Merging,
}

/// A generator or transformer that cannot be configured.
pub(crate) fn configuring(error: BuildError, kind: &str, config: &Value) -> BuildError {
    let config = skein_yaml::to_string(config);
    error.upstream(|inner| {
        format!("trouble configuring builtin {kind} with config: `\n{config}`: {inner}")
    })
}

/// An error in a file of a generator or transformer, read as a resource.
pub(crate) fn of_plugins(error: BuildError, of_generators: bool) -> BuildError {
    error.upstream(|inner| {
        let inner = inner
            .strip_prefix("accumulating resources: ")
            .unwrap_or(inner);
        if of_generators {
            format!("loading generator plugins: {inner}")
        } else {
            inner.to_owned()
        }
    })
}

/// Puts the fields that say something into a map.
pub(crate) fn filled<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let is_filled = |value: &Value| match value {
        Value::String(text) => !text.is_empty(),
        Value::Null | Value::Bool(false) => false,
        Value::Object(map) => !map.is_empty(),
        _ => true,
    };
    let fields = fields.into_iter().filter(|(_, value)| is_filled(value));
    let map: Map<String, Value> = fields.map(|(k, v)| (k.to_owned(), v)).collect();
    Value::Object(map)
}

fn selector(selector: &Selector) -> Value {
    filled([
        ("group", selector.id.gvk.group.as_str().into()),
        ("version", selector.id.gvk.version.as_str().into()),
        ("kind", selector.id.gvk.kind.as_str().into()),
        ("name", selector.id.name.as_str().into()),
        ("namespace", selector.id.namespace.as_str().into()),
        (
            "annotationSelector",
            selector.annotation_selector.as_str().into(),
        ),
        ("labelSelector", selector.label_selector.as_str().into()),
    ])
}

/// What kustomize configures its transformer with for a patch; `text_field` is where the text of an inline one stands.
pub(crate) fn patch_config(patch: &Patch, text_field: &str) -> Value {
    let options = filled([
        ("allowNameChange", patch.allow_name_change.into()),
        ("allowKindChange", patch.allow_kind_change.into()),
    ]);
    let has_options = patch.allow_name_change || patch.allow_kind_change;
    filled([
        ("path", patch.path.as_str().into()),
        (text_field, patch.patch.as_str().into()),
        (
            "target",
            patch.target.as_ref().map_or(Value::Null, selector),
        ),
        ("options", if has_options { options } else { Value::Null }),
    ])
}

/// A field of a file of `configurations` that is unknown.
pub(crate) fn unknown_field(error: BuildError) -> BuildError {
    match &error.problem {
        Problem::Invalid(text) if text.starts_with("unknown field") => error.upstream(|inner| {
            format!("error unmarshaling JSON: while decoding JSON: json: {inner}")
        }),
        _ => error,
    }
}

/// A kustomization file that is no YAML.
pub(crate) fn invalid_kustomization(error: BuildError) -> BuildError {
    let words = match &error.problem {
        Problem::Yaml(yaml) => yaml.go_text(),
        _ => return error,
    };
    error.upstream(|_| format!("invalid Kustomization: {words}"))
}

/// A field of a kustomization that is unknown, or has a value of another type.
pub(crate) fn bad_field(error: BuildError, file: &Value) -> BuildError {
    let Some(path) = &error.place.field else {
        return error;
    };
    let words = match &error.problem {
        Problem::Invalid(text) if text.starts_with("unknown field") => {
            Some(format!("json: {text}"))
        }
        _ => refusal(file, path),
    };
    match words {
        Some(words) => error.upstream(|_| format!("invalid Kustomization: {words}")),
        None => error,
    }
}

/// What is missing in a document that should be an object.
pub(crate) fn no_object(node: &Node) -> String {
    let known = ["apiVersion", "kind", "metadata"];
    if !node.is_mapping() || known.iter().all(|field| node.get(field).is_none()) {
        return "missing Resource metadata".to_owned();
    }
    let metadata = node.get("metadata");
    let text = |field: &str| metadata.map_or("", |m| m.text(field));
    let map = |field: &str| {
        let map = metadata.and_then(|m| m.get(field));
        let mut pairs: Vec<String> = map
            .into_iter()
            .flat_map(Node::entries)
            .map(|(key, value)| format!("{}:{}", key.value, value.value))
            .collect();
        pairs.sort_unstable();
        pairs.join(" ")
    };
    let kind = node.text("kind");
    let what = if kind.is_empty() {
        "kind"
    } else {
        "metadata.name"
    };
    format!(
        "missing {what} in object {{{{{} {kind}}} {{{{{} {}}} map[{}] map[{}]}}}}",
        node.text("apiVersion"),
        text("name"),
        text("namespace"),
        map("labels"),
        map("annotations")
    )
}
