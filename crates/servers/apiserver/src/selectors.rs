//! Label and field selectors of lists and watches.

use serde_json::{Map, Value};
use skein_object::{FieldSelector, LabelSelector, Object};

use crate::failure::{Failure, Outcome};
use crate::request::Query;
use crate::resource::Resource;

/// Which objects a list or watch wants.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    labels: LabelSelector,
    fields: FieldSelector,
    defaults: &'static [(&'static str, &'static str)],
}

/// Fields of built-in kinds that selectors may name besides `metadata.name` and `metadata.namespace`.
const FIELDS: &[(&str, &str, &[&str])] = &[
    (
        "",
        "pods",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
    ),
    (
        "",
        "events",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
    (
        "events.k8s.io",
        "events",
        &[
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "regarding.apiVersion",
            "regarding.resourceVersion",
            "regarding.fieldPath",
            "reason",
            "reportingController",
            "type",
        ],
    ),
    ("", "secrets", &["type"]),
    ("", "services", &["spec.clusterIP", "spec.type"]),
    ("", "namespaces", &["status.phase"]),
    ("", "nodes", &["spec.unschedulable"]),
    ("", "replicationcontrollers", &["status.replicas"]),
    ("apps", "replicasets", &["status.replicas"]),
    ("batch", "jobs", &["status.successful"]),
    (
        "certificates.k8s.io",
        "certificatesigningrequests",
        &["spec.signerName"],
    ),
];

/// Values that fields have when an object does not carry them.
const FIELD_DEFAULTS: &[(&str, &[(&str, &str)])] = &[
    ("nodes", &[("spec.unschedulable", "false")]),
    ("pods", &[("spec.hostNetwork", "false")]),
    ("jobs", &[("status.successful", "0")]),
];

impl Selection {
    /// From the query, checked against what the resource supports.
    pub(crate) fn parse(query: &Query, resource: &Resource) -> Outcome<Self> {
        let label_text = query.text("labelSelector");
        let field_text = query.text("fieldSelector");
        let labels = LabelSelector::parse(label_text)
            .map_err(|error| Failure::bad_request(error.to_string()))?;
        let fields = FieldSelector::parse(field_text)
            .map_err(|error| Failure::bad_request(error.to_string()))?;
        for term in fields.terms() {
            if !supports(resource, &term.field) {
                return Err(unsupported(resource, &term.field, label_text, field_text));
            }
        }
        let defaults = FIELD_DEFAULTS
            .iter()
            .find(|(plural, _)| *plural == resource.plural);
        Ok(Self {
            labels,
            fields,
            defaults: defaults.map_or(&[], |(_, list)| *list),
        })
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(crate) fn matches(&self, object: &Object) -> bool {
        if !self.labels.matches(object.labels()) {
            return false;
        }
        self.fields.terms().iter().all(|term| {
            let path: Vec<&str> = term.field.split('.').collect();
            let value = self.field(object.as_map(), &path, &term.field);
            (value == term.value) == term.equal
        })
    }

    fn field(&self, object: &Map<String, Value>, path: &[&str], name: &str) -> String {
        let found = path.split_first().and_then(|(first, rest)| {
            rest.iter()
                .try_fold(object.get(*first)?, |value, key| value.get(*key))
        });
        match found {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(flag)) => flag.to_string(),
            _ => {
                let default = self.defaults.iter().find(|(field, _)| *field == name);
                default.map_or_else(String::new, |(_, value)| (*value).to_owned())
            }
        }
    }
}

/// Three ways to say that a field cannot be selected by: kinds with fields of their own, custom resources, others.
fn unsupported(resource: &Resource, field: &str, labels: &str, fields: &str) -> Box<Failure> {
    let own = FIELDS
        .iter()
        .any(|(group, plural, _)| resource.is(group, plural));
    if resource.custom.is_some() {
        return Failure::bad_request(format!("field label not supported: {field}"));
    }
    if !own {
        return Failure::bad_request(format!(
            "{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ));
    }
    let version = if resource.group.is_empty() {
        format!("/{}", resource.version)
    } else {
        resource.api_version()
    };
    Failure::bad_request(format!(
        "Unable to find {:?} that match label selector {labels:?}, field selector {fields:?}: field label not supported: {field}",
        format!("{version}, Resource={}", resource.plural),
    ))
}

fn supports(resource: &Resource, field: &str) -> bool {
    if field == "metadata.name" || (field == "metadata.namespace" && resource.namespaced) {
        return true;
    }
    if let Some(custom) = &resource.custom {
        return custom.selectable.iter().any(|path| path == field);
    }
    FIELDS
        .iter()
        .any(|(group, plural, fields)| resource.is(group, plural) && fields.contains(&field))
}
