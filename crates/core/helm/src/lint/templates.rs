//! What `helm lint` says about templates and CRDs.

use serde_json::Value;
use skein_template::Environment;

use super::listening::Listening;
use super::{LintOptions, Linted, Severity};
use crate::chart::Chart;
use crate::decode::{Decoder, GoType};
use crate::render::{KubeVersion, RenderError, RenderOptions, render_files};
use crate::values::Values;
use skein_template::raw_text;

/// Kinds of Kubernetes that are deprecated, in the words of its API server.
const DEPRECATIONS: &str = include_str!("deprecations.txt");
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
     start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end \
     with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const OLD_LABEL: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
     character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is \
     '[a-z]([-a-z0-9]*[a-z0-9])?')";

/// Renders and looks at every template.
pub(super) fn lint(
    chart: &Chart,
    values: &Values,
    options: &LintOptions,
    environment: &mut dyn Environment,
    linter: &mut Linted,
) {
    const FOLDER: &str = "templates/";
    let render = RenderOptions {
        release_name: "test-release".to_owned(),
        namespace: options.namespace.clone(),
        is_upgrade: false,
        kube_version: options.kube_version.clone(),
        skip_schema_validation: options.skip_schema_validation,
        lint: true,
        ..RenderOptions::default()
    };
    let mut world = Listening {
        world: environment,
        heard: Vec::new(),
    };
    let outcome = render_files(chart, values, &render, &mut world, &mut linter.warnings);
    linter.warnings.append(&mut world.heard);
    let outputs = match outcome {
        Ok(outputs) => outputs,
        Err(RenderError::Dependencies(_) | RenderError::Values(_)) => return,
        Err(error) => return linter.say(Severity::Error, FOLDER, error.to_string()),
    };
    for template in &chart.templates {
        let name = &template.name;
        let extension = name.rsplit('/').next().unwrap_or(name).rsplit_once('.');
        let extension = extension.map_or(String::new(), |(_, end)| format!(".{end}"));
        if ![".yaml", ".yml", ".tpl", ".txt"].contains(&extension.as_str()) {
            let problem = format!(
                "file extension '{extension}' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt"
            );
            linter.say(Severity::Error, name, problem);
        }
        if ![".yaml", ".yml"].contains(&extension.to_lowercase().as_str()) {
            continue;
        }
        let path = format!("{}/{name}", chart.name());
        let output = outputs.iter().find(|(known, _)| *known == path);
        let Some((_, text)) = output.filter(|(_, text)| !text.trim().is_empty()) else {
            continue;
        };
        if !one(name, text, options.kube_version.as_ref(), linter) {
            return;
        }
    }
}

/// Looks at one rendered file; false when it is no YAML, which ends the linting of templates.
fn one(name: &str, text: &str, version: Option<&KubeVersion>, linter: &mut Linted) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty());
    if let Some(line) = first.filter(|line| line.starts_with([' ', '\t'])) {
        let problem = format!(
            "document starts with an illegal indent: {line:?}, which may cause parsing problems"
        );
        linter.say(Severity::Warning, name, problem);
    }
    for document in documents(text) {
        let object = match document.and_then(object) {
            Ok(Some(object)) => object,
            Ok(None) => continue,
            Err(problem) => {
                let problem = format!("unable to parse YAML: {problem}");
                linter.say(Severity::Error, name, problem);
                return false;
            }
        };
        if let Some(problem) = name_problem(&object) {
            linter.say(Severity::Warning, name, problem);
        }
        if let Some(problem) = deprecation(&object, version) {
            linter.say(Severity::Warning, name, problem);
        }
        let checks = [selector(&object, text), list_policy(&object)];
        for problem in checks.into_iter().flatten() {
            linter.say(Severity::Error, name, problem);
        }
    }
    true
}

/// Looks at the files of crds/.
pub(super) fn lint_crds(chart: &Chart, linter: &mut Linted) {
    for crd in chart.custom_resources() {
        let text = String::from_utf8_lossy(&crd.data);
        for document in documents(&text) {
            let object = match document.and_then(object) {
                Ok(Some(object)) => object,
                Ok(None) => continue,
                Err(problem) => {
                    let problem = format!("unable to parse YAML: {problem}");
                    return linter.say(Severity::Error, &crd.name, problem);
                }
            };
            if !object.api_version.starts_with("apiextensions.k8s.io") {
                let problem = "apiVersion is not in 'apiextensions.k8s.io'".to_owned();
                linter.say(Severity::Error, &crd.name, problem);
            }
            if object.kind != "CustomResourceDefinition" {
                let problem = "object kind is not 'CustomResourceDefinition'".to_owned();
                linter.say(Severity::Error, &crd.name, problem);
            }
        }
    }
}

/// Documents as Kubernetes' decoder cuts them: at lines that begin with `---`, behind which only a comment may stand.
fn documents(text: &str) -> Vec<Result<&str, String>> {
    let mut documents = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        if let Some(behind) = line.strip_prefix("---") {
            let behind = behind.trim();
            if !behind.is_empty() && !behind.starts_with('#') {
                documents.push(Err(format!("invalid Yaml document separator: {behind}")));
                return documents;
            }
            if at > start {
                documents.push(Ok(&text[start..at]));
                start = end;
            }
        }
        at = end;
    }
    if at > start {
        documents.push(Ok(&text[start..at]));
    }
    documents
}

const HEAD: &[&str] = &["apiVersion", "Kind", "Metadata"];
const METADATA: &[&str] = &["Namespace", "Name"];

/// The part of an object that the rules look at.
struct Object {
    api_version: String,
    kind: String,
    name: String,
    whole: Value,
}

fn object(document: &str) -> Result<Option<Object>, String> {
    let (mut decoder, whole) = match Decoder::new(&raw_text::to_bytes(document)) {
        Ok(read) => read,
        // What begins with a brace was read as JSON first, and that error is the one to tell.
        Err(problem) => return Err(json_problem(document).unwrap_or(problem)),
    };
    if whole.is_null() {
        return Ok(None);
    }
    let (mut api_version, mut kind, mut name) = (String::new(), String::new(), String::new());
    let wanted = GoType("rules.k8sYamlStruct");
    decoder.object(
        &whole,
        "k8sYamlStruct",
        wanted,
        HEAD,
        |decoder, field, value| match field {
            "apiVersion" => decoder.text(value, "k8sYamlStruct", &mut api_version),
            "Kind" => decoder.text(value, "k8sYamlStruct", &mut kind),
            _ => {
                let wanted = GoType("rules.k8sYamlMetadata");
                let owner = if value.is_object() {
                    "k8sYamlMetadata"
                } else {
                    "k8sYamlStruct"
                };
                decoder.object(value, owner, wanted, METADATA, |decoder, field, value| {
                    let mut namespace = String::new();
                    let into = if field == "Name" {
                        &mut name
                    } else {
                        &mut namespace
                    };
                    decoder.text(value, "k8sYamlMetadata", into);
                });
            }
        },
    );
    decoder.finish()?;
    Ok(Some(Object {
        api_version,
        kind,
        name,
        whole,
    }))
}

/// Go's error for text that looks like JSON and is none.
fn json_problem(document: &str) -> Option<String> {
    if !document.trim_start().starts_with('{') {
        return None;
    }
    let (problem, offset) = skein_template::json_problem(document)?;
    Some(format!("json: offset {offset}: {problem}"))
}

fn is_label(text: &str) -> bool {
    let is_edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(is_edge)
        && text.ends_with(is_edge)
        && text.chars().all(|c| is_edge(c) || c == '-')
}

/// Why Kubernetes would refuse the object's name.
fn name_problem(object: &Object) -> Option<String> {
    let name = &object.name;
    let (fits, rule, longest) = match object.kind.to_lowercase().as_str() {
        "certificatesigningrequest" => return None,
        "role" | "clusterrole" | "rolebinding" | "clusterrolebinding" => {
            let rule = match name.as_str() {
                "." | ".." => format!("may not be '{name}'"),
                name => {
                    let found = ["/", "%"].into_iter().filter(|text| name.contains(text));
                    let rules: Vec<String> = found
                        .map(|text| format!("may not contain '{text}'"))
                        .collect();
                    return bad_name(name, &rules);
                }
            };
            return bad_name(name, &[rule]);
        }
        "service" => (
            is_label(name) && !name.starts_with(|c: char| c.is_ascii_digit()),
            OLD_LABEL,
            63,
        ),
        "namespace" => (is_label(name), LABEL, 63),
        _ => (name.split('.').all(is_label), SUBDOMAIN, 253),
    };
    let mut rules = vec![];
    if name.len() > longest {
        rules.push(format!("must be no more than {longest} characters"));
    }
    if !fits {
        rules.push(rule.to_owned());
    }
    bad_name(name, &rules)
}

/// The rules that a name breaks; nothing when it breaks none.
fn bad_name(name: &str, rules: &[String]) -> Option<String> {
    let problems: Vec<String> = rules
        .iter()
        .map(|rule| format!("metadata.name: Invalid value: {name:?}: {rule}"))
        .collect();
    let all = match problems.as_slice() {
        [] => return None,
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    Some(format!(
        "object name does not conform to Kubernetes naming requirements: {name:?}: {all}"
    ))
}

/// What the API server says about a deprecated kind, if it is one in this version of Kubernetes.
fn deprecation(object: &Object, version: Option<&KubeVersion>) -> Option<String> {
    let known = format!(
        "{} {} is deprecated in v1.",
        object.api_version, object.kind
    );
    let line = DEPRECATIONS.lines().find(|line| line.starts_with(&known))?;
    let since = line[known.len()..].split('+').next()?;
    let since: u64 = since.parse().ok()?;
    let version = version.cloned().unwrap_or_default();
    let now: (u64, u64) = (version.major.parse().ok()?, version.minor.parse().ok()?);
    ((1, since) <= now).then(|| line.to_owned())
}

fn selector(object: &Object, text: &str) -> Option<String> {
    let kind = object.kind.as_str();
    let needs = ["Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"].contains(&kind);
    let has = text.contains("matchLabels") || text.contains("matchExpressions");
    (needs && !has).then(|| {
        let name = &object.name;
        format!("a {kind} must contain matchLabels or matchExpressions, and {name:?} does not")
    })
}

fn list_policy(object: &Object) -> Option<String> {
    let items = object.whole.get("items").and_then(Value::as_array);
    let has = |item: &Value| {
        item.pointer("/metadata/annotations/helm.sh~1resource-policy")
            .is_some()
    };
    (object.kind == "List" && items.is_some_and(|items| items.iter().any(has)))
        .then(|| "annotation 'helm.sh/resource-policy' within List objects are ignored".to_owned())
}
