//! What the server does with each kind beyond its schema: resets, generation, allocation, immutable fields.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use skein_object::Object;
use skein_schema::api_defaults;

use crate::admit;
use crate::api::{Api, Call};
use crate::convert;
use crate::failure::{Cause, Outcome};
use crate::resource::Resource;

mod armor;
mod certificates;
mod gates;
pub(crate) mod pods;
mod services;
mod warnings;

pub(crate) use warnings::{early_warnings, warnings};

/// Built-in kinds that count changes of their specification.
const WITH_GENERATION: &[(&str, &[&str])] = &[
    (
        "apps",
        &["daemonsets", "deployments", "replicasets", "statefulsets"],
    ),
    ("batch", &["cronjobs", "jobs"]),
    ("", &["pods", "podtemplates", "replicationcontrollers"]),
    ("discovery.k8s.io", &["endpointslices"]),
    (
        "flowcontrol.apiserver.k8s.io",
        &["flowschemas", "prioritylevelconfigurations"],
    ),
    (
        "networking.k8s.io",
        &["ingresses", "ingressclasses", "networkpolicies"],
    ),
    ("policy", &["poddisruptionbudgets"]),
    ("resource.k8s.io", &["deviceclasses", "resourceslices"]),
    ("apiextensions.k8s.io", &["customresourcedefinitions"]),
    (
        "admissionregistration.k8s.io",
        &[
            "mutatingwebhookconfigurations",
            "validatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
        ],
    ),
];

/// Kinds that a PUT to an absent name creates.
const CREATED_ON_UPDATE: &[(&str, &[&str])] = &[
    ("", &["endpoints", "events", "limitranges", "services"]),
    ("coordination.k8s.io", &["leases"]),
    ("node.k8s.io", &["runtimeclasses"]),
    (
        "rbac.authorization.k8s.io",
        &[
            "clusterrolebindings",
            "clusterroles",
            "rolebindings",
            "roles",
        ],
    ),
];

/// Kinds whose updates must name the revision they are based on.
const CONDITIONAL_UPDATE: &[(&str, &[&str])] = &[
    ("coordination.k8s.io", &["leases"]),
    ("node.k8s.io", &["runtimeclasses"]),
    ("policy", &["poddisruptionbudgets"]),
    (
        "storage.k8s.io",
        &[
            "csidrivers",
            "csinodes",
            "csistoragecapacities",
            "volumeattachments",
        ],
    ),
    ("apiextensions.k8s.io", &["customresourcedefinitions"]),
    ("apiregistration.k8s.io", &["apiservices"]),
    (
        "admissionregistration.k8s.io",
        &[
            "mutatingwebhookconfigurations",
            "validatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
        ],
    ),
];

/// Kinds whose removal answers the object and not a `Status`.
const RETURNED_ON_DELETE: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "namespaces",
            "persistentvolumeclaims",
            "persistentvolumes",
            "pods",
            "podtemplates",
            "resourcequotas",
            "serviceaccounts",
            "services",
        ],
    ),
    (
        "storage.k8s.io",
        &[
            "csidrivers",
            "csinodes",
            "storageclasses",
            "volumeattachments",
            "volumeattributesclasses",
        ],
    ),
];

fn listed(table: &[(&str, &[&str])], resource: &Resource) -> bool {
    let plural = resource.plural.as_str();
    table
        .iter()
        .any(|(group, plurals)| *group == resource.group && plurals.contains(&plural))
}

pub(crate) fn creates_on_update(resource: &Resource) -> bool {
    resource.custom.is_none() && listed(CREATED_ON_UPDATE, resource)
}

pub(crate) fn updates_unconditionally(resource: &Resource) -> bool {
    resource.custom.is_none() && !listed(CONDITIONAL_UPDATE, resource)
}

pub(crate) fn returned_on_delete(resource: &Resource) -> bool {
    resource.custom.is_none() && listed(RETURNED_ON_DELETE, resource)
}

/// Deleting a Job leaves its pods, unless the client says otherwise; clients are warned.
pub(crate) fn orphans_by_default(resource: &Resource) -> bool {
    resource.is("batch", "jobs")
}

fn has_generation(resource: &Resource) -> bool {
    resource.custom.is_some() || listed(WITH_GENERATION, resource)
}

/// Sets what a new object of the kind starts with.
pub(crate) fn prepare_create(resource: &Resource, object: &mut Object, call: Option<&Call>) {
    convert::as_stored(object, resource, |object| begin(resource, object, call));
}

fn begin(resource: &Resource, object: &mut Object, call: Option<&Call>) {
    // Priority classes have a generation that never rises.
    if has_generation(resource) || resource.is("scheduling.k8s.io", "priorityclasses") {
        object.set(&["metadata", "generation"], 1.into());
    }
    // A kubelet that registers its node says what state it is in.
    if resource.has_status() && !resource.is("", "nodes") {
        reset_status(resource, object);
    }
    add_finalizer(resource, object);
    gates::drop_closed(resource, None, object);
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "namespaces") => {
            object.set(&["spec", "finalizers"], json!(["kubernetes"]));
            object.set(&["status"], json!({"phase": "Active"}));
            let name = object.name().to_owned();
            object.set_label("kubernetes.io/metadata.name", &name);
        }
        ("", "pods") => {
            pods::created(object);
            armor::copy(object);
        }
        ("", "services") => {
            services::align_addresses(None, object);
            object.set(&["status"], json!({"loadBalancer": {}}));
        }
        ("", "persistentvolumeclaims") => object.set(&["status"], json!({"phase": "Pending"})),
        ("", "persistentvolumes") => {
            let now = object
                .str_at(&["metadata", "creationTimestamp"])
                .unwrap_or_default();
            let status = json!({"phase": "Pending", "lastPhaseTransitionTime": now});
            object.set(&["status"], status);
        }
        ("", "nodes") => node_created(object),
        ("apps", "daemonsets") => object.set_annotation(TEMPLATE_GENERATION, "1"),
        ("coordination.k8s.io", "leases") => drop_election(None, object),
        ("batch", "jobs") => job_created(object),
        ("apiregistration.k8s.io", "apiservices") => service_created(object),
        ("apiextensions.k8s.io", "customresourcedefinitions") => definition_created(object),
        ("certificates.k8s.io", "certificatesigningrequests") => {
            if let Some(call) = call {
                object.set(&["spec", "username"], call.user.name.as_str().into());
                object.set(&["spec", "groups"], json!(call.user.groups));
            }
        }
        _ => {}
    }
}

/// What protects volumes and claims that are in use.
fn add_finalizer(resource: &Resource, object: &mut Object) {
    let Some(finalizer) = api_defaults::create_finalizer(&resource.group, &resource.kind) else {
        return;
    };
    let mut finalizers: Vec<&str> = object.finalizers();
    if !finalizers.contains(&finalizer) {
        finalizers.push(finalizer);
        object.set(&["metadata", "finalizers"], json!(finalizers));
    }
}

/// Built-in kinds have an empty status at once; custom resources the default of their schema, if there is one.
fn reset_status(resource: &Resource, object: &mut Object) {
    if let Some(custom) = &resource.custom {
        object.remove(&["status"]);
        let mut value = object.to_value();
        // A real server fills in defaults whenever it reads an object from its store.
        skein_schema::defaulting::apply_defaults(&mut value, &custom.version.schema);
        if let Some(status) = value.get_mut("status").map(Value::take) {
            object.set(&["status"], status);
        }
        return;
    }
    let empty = match (resource.group.as_str(), resource.plural.as_str()) {
        ("apps", "daemonsets") => json!({
            "currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0,
            "numberReady": 0,
        }),
        ("apps", "replicasets") | ("", "replicationcontrollers") => json!({"replicas": 0}),
        ("apps", "statefulsets") => json!({"availableReplicas": 0, "replicas": 0}),
        ("autoscaling", _) => json!({"currentMetrics": null, "desiredReplicas": 0}),
        ("networking.k8s.io", "ingresses") => json!({"loadBalancer": {}}),
        ("policy", _) => json!({
            "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0,
        }),
        _ => json!({}),
    };
    object.set(&["status"], empty);
}

/// A job without an own selector gets one by its uid, and its pods the labels for it.
fn job_created(object: &mut Object) {
    object.set(&["status"], json!({}));
    if object.bool_at(&["spec", "manualSelector"]) == Some(true) {
        return;
    }
    let template = ["spec", "template", "metadata", "labels"];
    let of_template = object.at(&template).and_then(Value::as_object);
    // Labels that are there but none are shared, too.
    let shared = object.labels() == of_template
        || object.labels().is_none() && of_template.is_some_and(Map::is_empty);
    let (uid, name) = (object.uid().to_owned(), object.name().to_owned());
    let labels = [
        ("batch.kubernetes.io/controller-uid", uid.as_str()),
        ("batch.kubernetes.io/job-name", name.as_str()),
        ("controller-uid", uid.as_str()),
        ("job-name", name.as_str()),
    ];
    for (key, value) in labels {
        object.set(
            &["spec", "template", "metadata", "labels", key],
            value.into(),
        );
    }
    // Labels that were left out are those of the template, for Go the very same map.
    if shared && let Some(labels) = object.at(&template).cloned() {
        object.set(&["metadata", "labels"], labels);
    }
    let own = [
        "spec",
        "selector",
        "matchLabels",
        "batch.kubernetes.io/controller-uid",
    ];
    if object.at(&own).is_none() {
        object.set(&own, uid.into());
    }
}

/// What the server serves itself is there at once.
fn service_created(object: &mut Object) {
    if object
        .at(&["spec", "service"])
        .is_some_and(|service| !service.is_null())
    {
        return;
    }
    let now = object
        .str_at(&["metadata", "creationTimestamp"])
        .unwrap_or_default();
    let condition = json!({
        "lastTransitionTime": now, "message": "Local APIServices are always available",
        "reason": "Local", "status": "True", "type": "Available",
    });
    object.set(&["status"], json!({"conditions": [condition]}));
}

/// A new node is not ready; Go writes what its status lacks as empty.
fn node_created(object: &mut Object) {
    const NOT_READY: &str = "node.kubernetes.io/not-ready";
    let taint = json!({"effect": "NoSchedule", "key": NOT_READY});
    let taints = object.at(&["spec", "taints"]).and_then(Value::as_array);
    let mut taints = taints.cloned().unwrap_or_default();
    let same = |known: &Value| known["key"] == taint["key"] && known["effect"] == taint["effect"];
    if !taints.iter().any(same) {
        taints.push(taint);
        object.set(&["spec", "taints"], Value::Array(taints));
    }
    if object.at(&["status", "daemonEndpoints"]).is_none() {
        let endpoints = json!({"kubeletEndpoint": {"Port": 0}});
        object.set(&["status", "daemonEndpoints"], endpoints);
    }
    if object.at(&["status", "nodeInfo"]).is_none() {
        let info = [
            "architecture",
            "bootID",
            "containerRuntimeVersion",
            "kernelVersion",
            "kubeProxyVersion",
            "kubeletVersion",
            "machineID",
            "operatingSystem",
            "osImage",
            "systemUUID",
        ];
        let info: Map<String, Value> = info
            .into_iter()
            .map(|name| (name.to_owned(), "".into()))
            .collect();
        object.set(&["status", "nodeInfo"], Value::Object(info));
    }
}

fn definition_created(object: &mut Object) {
    let versions = object.at(&["spec", "versions"]).and_then(Value::as_array);
    let storage = versions
        .into_iter()
        .flatten()
        .find(|v| v.get("storage") == Some(&true.into()));
    let name = storage.and_then(|version| version.get("name")).cloned();
    let stored = Value::Array(name.into_iter().collect());
    object.set(
        &["status"],
        json!({"acceptedNames": {"kind": "", "plural": ""}, "conditions": null, "storedVersions": stored}),
    );
}

/// The version that is stored now belongs to those that have been stored.
fn note_storage(definition: &mut Object) {
    let versions = definition
        .at(&["spec", "versions"])
        .and_then(Value::as_array);
    let storage = versions
        .into_iter()
        .flatten()
        .find(|version| version.get("storage") == Some(&true.into()));
    let storage = storage.and_then(|version| version.get("name")).cloned();
    let mut stored: Vec<Value> = definition
        .at(&["status", "storedVersions"])
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if let Some(storage) = storage.filter(|storage| !stored.contains(storage)) {
        stored.push(storage);
        definition.set(&["status", "storedVersions"], Value::Array(stored));
    }
}

/// Undoes what an update through this endpoint may not change, and counts the generation.
pub(crate) fn prepare_update(
    resource: &Resource,
    subresource: &str,
    old: &Object,
    new: &mut Object,
) {
    let old = convert::inner(resource, old);
    convert::as_stored(new, resource, |new| {
        settle(resource, subresource, &old, new)
    });
}

fn settle(resource: &Resource, subresource: &str, old: &Object, new: &mut Object) {
    if subresource == "status" {
        keep_all_but_status(resource, old, new);
    } else if subresource == "ephemeralcontainers" {
        pods::keep_all_but_ephemeral(old, new);
    } else if subresource == "resize" {
        pods::keep_all_but_resources(old, new);
    } else if matches!(subresource, "" | "finalize") && resource.has_status() {
        restore(old, new, &["status"]);
    }
    // Through `status` only Nodes can be told what is closed.
    if subresource != "status" || resource.is("", "nodes") {
        gates::drop_closed(resource, Some(old), new);
    }
    let stored = new
        .at(&["status", "storedVersions"])
        .and_then(Value::as_array);
    let has_none = stored.is_none_or(Vec::is_empty);
    if resource.is("apiextensions.k8s.io", "customresourcedefinitions")
        && subresource == "status"
        && has_none
    {
        note_storage(new);
    }
    if subresource == "finalize" {
        let name = new.name().to_owned();
        new.set_label("kubernetes.io/metadata.name", &name);
    }
    if subresource.is_empty() {
        prepare_kind(resource, old, new);
    }
    let annotated = resource.is("apps", "deployments") && old.annotations() != new.annotations()
        || resource.is("discovery.k8s.io", "endpointslices")
            && old.at(&["metadata", "labels"]) != new.at(&["metadata", "labels"]);
    // The generation of a driver starts at nothing.
    let counts = has_generation(resource) || resource.is("storage.k8s.io", "csidrivers");
    if counts
        && !matches!(subresource, "status" | "binding")
        && (annotated || is_respecified(resource, old, new))
    {
        new.set(&["metadata", "generation"], (old.generation() + 1).into());
    }
}

fn prepare_kind(resource: &Resource, old: &Object, new: &mut Object) {
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "namespaces") => {
            restore(old, new, &["spec"]);
            let name = new.name().to_owned();
            new.set_label("kubernetes.io/metadata.name", &name);
        }
        ("apiextensions.k8s.io", "customresourcedefinitions") => {
            note_storage(new);
        }
        ("", "services") => services::prepare_update(old, new),
        ("", "pods") => pods::keep(old, new),
        ("apps", "daemonsets") => count_templates(old, new),
        ("coordination.k8s.io", "leases") => drop_election(Some(old), new),
        _ => {}
    }
}

/// Fields of Leases that only count where a feature is switched on that is off by default.
fn drop_election(old: Option<&Object>, new: &mut Object) {
    for field in ["strategy", "preferredHolder"] {
        let path = ["spec", field];
        if old.is_none_or(|old| old.at(&path).is_none()) {
            new.remove(&path);
        }
    }
}

/// How often the template of a DaemonSet was changed; kept as an annotation since the field is gone.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// A field that has gone from the API is shown as an annotation of every DaemonSet that is read.
pub(crate) fn show_hidden_fields(resource: &Resource, object: &mut Object) {
    if resource.is("apps", "daemonsets") && object.annotation(TEMPLATE_GENERATION).is_none() {
        object.set_annotation(TEMPLATE_GENERATION, "0");
    }
}

fn count_templates(old: &Object, new: &mut Object) {
    let template = ["spec", "template"];
    let before: i64 = old
        .annotation(TEMPLATE_GENERATION)
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    let rise = i64::from(old.at(&template) != new.at(&template));
    new.set_annotation(TEMPLATE_GENERATION, &(before + rise).to_string());
}

fn restore(old: &Object, new: &mut Object, path: &[&str]) {
    match old.at(path) {
        Some(value) => new.set(path, value.clone()),
        None => {
            new.remove(path);
        }
    }
}

fn keep_all_but_status(resource: &Resource, old: &Object, new: &mut Object) {
    let status = new.at(&["status"]).cloned();
    let owners = new.at(&["metadata", "managedFields"]).cloned();
    let metadata = new.at(&["metadata"]).cloned();
    let mut kept = old.clone();
    match status {
        Some(status) => kept.set(&["status"], status),
        None if resource.custom.is_some() => {
            kept.remove(&["status"]);
        }
        None => kept.set(&["status"], json!({})),
    }
    if resource.custom.is_none()
        && let Some(metadata) = metadata
    {
        let labels = old.at(&["metadata", "labels"]).cloned();
        kept.set(&["metadata"], metadata);
        if resource.is("apps", "deployments") {
            match labels {
                Some(labels) => kept.set(&["metadata", "labels"], labels),
                None => {
                    kept.remove(&["metadata", "labels"]);
                }
            }
        }
    }
    match owners {
        Some(owners) => kept.set(&["metadata", "managedFields"], owners),
        // Nobody owns what does not fit the schema any more.
        None => {
            kept.remove(&["metadata", "managedFields"]);
        }
    }
    *new = kept;
}

/// Kinds whose specification has changed, for the API server, when an empty list or map was sent that storage does not keep.
const EXACTLY_COMPARED: &[(&str, &[&str])] = &[
    ("networking.k8s.io", &["networkpolicies"]),
    (
        "admissionregistration.k8s.io",
        &[
            "mutatingwebhookconfigurations",
            "validatingwebhookconfigurations",
        ],
    ),
];

pub(crate) fn is_exactly_compared(resource: &Resource) -> bool {
    resource.custom.is_none() && listed(EXACTLY_COMPARED, resource)
}

fn is_respecified(resource: &Resource, old: &Object, new: &Object) -> bool {
    let before = specification(resource, old);
    if before == specification(resource, new) {
        return false;
    }
    let mut stored = new.clone();
    admit::lose_empties(resource, &mut stored);
    is_exactly_compared(resource) || before != specification(resource, &stored)
}

/// What a change of counts as a new generation.
fn specification(resource: &Resource, object: &Object) -> Map<String, Value> {
    let mut map = object.as_map().clone();
    map.remove("metadata");
    map.remove("apiVersion");
    map.remove("kind");
    if resource.has_status() {
        map.remove("status");
    }
    map
}

/// Gives out addresses and ports; a dry run takes none.
pub(crate) fn allocate(
    api: &Api,
    resource: &Resource,
    old: Option<&Object>,
    object: &mut Object,
    dry_run: bool,
) -> Outcome<()> {
    if resource.is("", "services") {
        services::allocate(api, resource, old, object, dry_run)?;
    }
    Ok(())
}

/// Problems of a new object of a built-in kind.
pub(crate) fn validate_create(resource: &Resource, object: &Object) -> Vec<Cause> {
    if resource.custom.is_some() {
        return Vec::new();
    }
    let errors = skein_validation::check(&judged(resource, object), object.api_version());
    errors.iter().map(admit::cause).collect()
}

/// The object in the version in which it is judged: that of the store, whatever the request came through.
fn judged<'a>(resource: &Resource, object: &'a Object) -> Cow<'a, Object> {
    if object.api_version() == resource.storage_api_version {
        return Cow::Borrowed(object);
    }
    let mut stored = object.clone();
    convert::to_stored_version(&mut stored, resource);
    Cow::Owned(stored)
}

/// Problems of a changed object of a built-in kind.
pub(crate) fn validate_update(
    resource: &Resource,
    subresource: &str,
    old: &Object,
    new: &Object,
) -> Vec<Cause> {
    if resource.custom.is_some() {
        return Vec::new();
    }
    let (old, new) = (&judged(resource, old), &judged(resource, new));
    let errors = match subresource {
        "status" => skein_validation::check_status(old, new),
        _ => {
            // Changes are those of what is stored; problems are told of what was sent.
            let mut stored = new.as_ref().clone();
            admit::lose_empties(resource, &mut stored);
            match subresource {
                // Who places a pod is not asked what it is.
                "binding" => Vec::new(),
                "resize" => skein_validation::check_resize(old, &stored, new),
                "ephemeralcontainers" => {
                    skein_validation::check_ephemeral_containers(old, &stored, new)
                }
                _ => skein_validation::check_change(old, &stored, new, &resource.api_version()),
            }
        }
    };
    errors.iter().map(admit::cause).collect()
}
