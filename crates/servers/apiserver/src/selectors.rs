//! Label and field selectors of lists and watches.

use std::borrow::Cow;

use serde_json::{Map, Value};
use skein_object::selector::SelectorError;
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
    /// Of events in their newer version, whose fields have other names than in the store.
    of_new_events: bool,
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
    /// Reads both selectors of a query.
    pub(crate) fn read(query: &Query) -> Outcome<(LabelSelector, FieldSelector)> {
        let bad = |error: SelectorError| Failure::bad_request(error.to_string());
        let labels = LabelSelector::parse(query.text("labelSelector")).map_err(bad)?;
        let fields = FieldSelector::parse(query.text("fieldSelector")).map_err(bad)?;
        Ok((labels, fields))
    }

    /// Selectors checked against what the resource supports.
    pub(crate) fn new(
        labels: LabelSelector,
        fields: FieldSelector,
        resource: &Resource,
    ) -> Outcome<Self> {
        for term in fields.terms() {
            if !supports(resource, &term.field) {
                return Err(unsupported(resource, &term.field));
            }
        }
        let defaults = FIELD_DEFAULTS
            .iter()
            .find(|(plural, _)| *plural == resource.plural);
        Ok(Self {
            labels,
            fields,
            defaults: defaults.map_or(&[], |(_, list)| *list),
            of_new_events: resource.is("events.k8s.io", "events"),
        })
    }

    /// Only the object of that name (of the path); an empty one changes nothing.
    pub(crate) fn named(mut self, name: &str) -> Outcome<Self> {
        if name.is_empty() {
            return Ok(self);
        }
        if self.fields.is_empty() {
            self.fields = FieldSelector::exactly("metadata.name", name);
            return Ok(self);
        }
        if self.single_name() == Some(name) {
            return Ok(self);
        }
        Err(Failure::bad_request(
            "fieldSelector metadata.name doesn't match requested name",
        ))
    }

    /// The only name that can match, if the selector names one.
    pub(crate) fn single_name(&self) -> Option<&str> {
        let mut terms = self.fields.terms().iter();
        let term = terms.find(|term| term.field == "metadata.name" && term.equal);
        term.map(|term| term.value.as_str())
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(crate) fn matches(&self, object: &Object) -> bool {
        if !self.labels.matches(object.labels()) {
            return false;
        }
        self.fields.terms().iter().all(|term| {
            let stored = match self.of_new_events {
                true => stored_event_field(&term.field),
                false => Cow::Borrowed(term.field.as_str()),
            };
            let path: Vec<&str> = stored.split('.').collect();
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

/// Events are looked at as they are stored, in the older version.
fn stored_event_field(field: &str) -> Cow<'_, str> {
    match field.strip_prefix("regarding.") {
        Some(rest) => Cow::Owned(format!("involvedObject.{rest}")),
        None if field == "reportingController" => Cow::Borrowed("reportingComponent"),
        None => Cow::Borrowed(field),
    }
}

/// Two ways to say that a field cannot be selected by: of kinds with fields of their own and custom ones, and of others.
fn unsupported(resource: &Resource, field: &str) -> Box<Failure> {
    if resource.is("batch", "jobs") {
        let text = format!("field label {field:?} not supported for Job");
        return Failure::bad_request(text);
    }
    if resource.custom.is_some() || own_fields(resource).is_some() {
        return Failure::bad_request(format!("field label not supported: {field}"));
    }
    Failure::bad_request(format!(
        "{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
    ))
}

/// The fields of a kind that has some besides the common ones.
fn own_fields(resource: &Resource) -> Option<&'static [&'static str]> {
    let own = FIELDS
        .iter()
        .find(|(group, plural, _)| resource.is(group, plural));
    own.map(|(_, _, fields)| *fields)
}

fn supports(resource: &Resource, field: &str) -> bool {
    if field == "metadata.name" {
        return true;
    }
    if let Some(custom) = &resource.custom {
        return (field == "metadata.namespace" && resource.namespaced)
            || custom.selectable.iter().any(|path| path == field);
    }
    match own_fields(resource) {
        Some(fields) => {
            (field == "metadata.namespace" && resource.namespaced) || fields.contains(&field)
        }
        None => field == "metadata.namespace",
    }
}
