//! Specifications of pods as Go prints them: in refusals of changed templates, and as differences of changed pods.

use serde_json::Value;

use crate::go_dump::{compact, lines};

mod types;
mod volumes;

use types::{EPHEMERAL_CONTAINER, NODE_SELECTOR_TERM, POD_SPEC};

/// Fields of a pod that Go's internal type keeps with its security.
const MOVED: [&str; 5] = [
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "shareProcessNamespace",
    "hostUsers",
];

/// The lines of a pod's specification.
pub(crate) fn specification(spec: &Value) -> Vec<String> {
    let mut spec = spec.clone();
    for name in MOVED {
        let value = spec.as_object_mut().and_then(|map| map.remove(name));
        if let (Some(value), Some(security)) = (value, spec.get_mut("securityContext")) {
            security[name] = value;
        }
    }
    lines(POD_SPEC, &spec)
}

/// The lines of an ephemeral container.
pub(crate) fn ephemeral_container(container: &Value) -> Vec<String> {
    lines(EPHEMERAL_CONTAINER, container)
}

/// A term of nodes on one line.
pub(crate) fn node_selector_term(term: &Value) -> String {
    compact(&lines(NODE_SELECTOR_TERM, term))
}

/// Terms of nodes on one line.
pub(crate) fn node_selector_terms(terms: &Value) -> String {
    let terms = terms.as_array().map_or(&[][..], Vec::as_slice);
    let shown: Vec<String> = terms.iter().map(node_selector_term).collect();
    match shown.is_empty() {
        true => "null".to_owned(),
        false => format!("[{}]", shown.join(",")),
    }
}

/// A template of pods on one line.
pub(crate) fn template(template: &Value) -> String {
    let metadata = template.get("metadata").and_then(Value::as_object);
    let mut out = String::from("{");
    for name in ["name", "labels", "annotations"] {
        if let Some(value) = metadata.and_then(|metadata| metadata.get(name)) {
            out.push_str(&format!("\"{name}\":{value},"));
        }
    }
    let spec = template.get("spec").unwrap_or(&Value::Null);
    out.push_str(&format!("\"Spec\":{}}}", compact(&specification(spec))));
    out
}
