//! What a CustomResourceDefinition serves: its versions as resources, with columns, selectable fields and scale.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use skein_object::Object;
use skein_schema::crd::CrdVersion;
use skein_schema::{CrdSchemas, Schema, SchemaRef};
use skein_store::{Cluster, ResourceId, Snapshot};

use crate::convert;
use crate::failure::{Failure, Outcome};
use crate::jsonpath::JsonPath;
use crate::resource::{Resource, Subresource, compare_versions};
use skein_object::GroupVersionKind;

/// A column of `kubectl get` that a version defines.
#[derive(Clone, Debug)]
pub(crate) struct PrinterColumn {
    pub(crate) name: String,
    pub(crate) column_type: String,
    pub(crate) format: String,
    pub(crate) description: String,
    pub(crate) priority: i64,
    pub(crate) path: JsonPath,
}

/// Where the scale sub-resource finds its numbers, as paths of map keys.
#[derive(Clone, Debug)]
pub(crate) struct ScalePaths {
    pub(crate) spec_replicas: Vec<String>,
    pub(crate) status_replicas: Vec<String>,
    pub(crate) selector: Vec<String>,
}

/// One version of a custom resource.
#[derive(Clone, Debug)]
pub(crate) struct CustomVersion {
    pub(crate) version: CrdVersion,
    /// All versions of the definition, also those that are not served, by `apiVersion`.
    pub(crate) versions: Arc<BTreeMap<String, VersionSchemas>>,
    /// Objects of this revision or an older one may have been stored under another schema.
    pub(crate) since: u64,
    /// The `apiVersion` of a stored object that the definition does not have any more.
    pub(crate) lost: Option<String>,
    /// Whether the definition is being deleted, so that nothing new may come.
    pub(crate) terminating: bool,
    pub(crate) columns: Vec<PrinterColumn>,
    /// Fields that a field selector may name besides name and namespace: `spec.color`.
    pub(crate) selectable: Vec<String>,
    pub(crate) scale: Option<ScalePaths>,
    pub(crate) deprecation: Option<String>,
    /// The openAPIV3Schema as written, for the OpenAPI document.
    pub(crate) openapi: Arc<Value>,
}

/// The structure of one version: for decoding, and for merging.
#[derive(Clone, Debug)]
pub(crate) struct VersionSchemas {
    pub(crate) structure: Arc<Schema>,
    pub(crate) merging: SchemaRef,
}

impl CustomVersion {
    /// The structure of a version of the definition.
    pub(crate) fn structure(&self, api_version: &str) -> Option<&Schema> {
        let schemas = self.versions.get(api_version)?;
        Some(&schemas.structure)
    }
}

/// Fails when a stored object is of a version that its definition does not have any more.
pub(crate) fn check_readable(resource: &Resource, object: &Object) -> Outcome<()> {
    match &resource.custom {
        Some(custom) if !custom.versions.contains_key(object.api_version()) => {
            Err(Failure::new(500, "", lost_text(object.api_version())))
        }
        _ => Ok(()),
    }
}

/// Fails when any object of the resource is of such a version: the cache that lists and watches come from cannot be filled then.
pub(crate) fn check_listable(resource: &Resource) -> Outcome<()> {
    match resource
        .custom
        .as_ref()
        .and_then(|custom| custom.lost.as_deref())
    {
        Some(lost) => Err(Failure::too_many_requests(&format!(
            "storage is (re)initializing: failed to list {}, Kind={}: {}",
            resource.api_version(),
            resource.kind,
            lost_text(lost)
        ))),
        None => Ok(()),
    }
}

fn lost_text(api_version: &str) -> String {
    format!("request to convert CR from an invalid group/version: {api_version}")
}

/// Fails for a new object while its definition is being deleted.
pub(crate) fn check_create(resource: &Resource, object: &Object) -> Outcome<()> {
    match &resource.custom {
        Some(custom) if custom.terminating => {
            let why = "create not allowed while custom resource definition is terminating";
            Err(Failure::forbidden(resource, object.name(), why))
        }
        _ => Ok(()),
    }
}

/// The verbs of every custom resource.
const VERBS: &[&str] = &[
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "create",
    "update",
    "watch",
];

/// The resources that an established CustomResourceDefinition serves.
pub(crate) fn resources(crd: &Object, store: &Cluster) -> Vec<Arc<Resource>> {
    let group = crd.str_at(&["spec", "group"]).unwrap_or_default();
    let schemas = match CrdSchemas::from_crd(&crd.to_value()) {
        Ok(schemas) => schemas,
        Err(error) => {
            tracing::warn!(crd = crd.name(), %error, "a CustomResourceDefinition cannot be served");
            return Vec::new();
        }
    };
    let storage = schemas.versions.iter().find(|version| version.storage);
    let stored_version = storage
        .map_or("", |version| version.name.as_str())
        .to_owned();
    let stored_api_version = GroupVersionKind::new(group, stored_version, "").api_version();
    let of_version = |version: &CrdVersion| {
        let api_version = GroupVersionKind::new(group, &version.name, "").api_version();
        let schemas = VersionSchemas {
            structure: Arc::clone(&version.schema),
            merging: version.merge_schema.clone(),
        };
        (api_version, schemas)
    };
    let versions = schemas.versions.iter().map(of_version).collect();
    let plural = crd.str_at(&["spec", "names", "plural"]).unwrap_or_default();
    let snapshot = store.list(&ResourceId::new(group, plural), None);
    let since = changed_until(&snapshot, &versions);
    let lost = lost_version(&snapshot, &versions);
    let versions = Arc::new(versions);
    let raw = crd.at(&["spec", "versions"]).and_then(Value::as_array);
    let mut served = Vec::new();
    for (version, raw) in schemas.versions.into_iter().zip(raw.into_iter().flatten()) {
        if version.served {
            let mut custom = custom_version(version, raw, crd);
            custom.versions = Arc::clone(&versions);
            custom.since = since;
            custom.lost.clone_from(&lost);
            served.push(Arc::new(resource(crd, group, &stored_api_version, custom)));
        }
    }
    served
}

/// The revision up to which objects have to be read by the schema of today; 0 when all look by it as they are stored.
fn changed_until(snapshot: &Snapshot, versions: &BTreeMap<String, VersionSchemas>) -> u64 {
    let changes = |object: &Object| {
        let Some(schemas) = versions.get(object.api_version()) else {
            return false;
        };
        let mut read = object.clone();
        convert::settle(&mut read, &schemas.structure, true);
        read != *object
    };
    match snapshot.items.iter().any(|stored| changes(&stored.object)) {
        true => snapshot.revision,
        false => 0,
    }
}

/// The first version that an object is stored in and that is not there.
fn lost_version(
    snapshot: &Snapshot,
    versions: &BTreeMap<String, VersionSchemas>,
) -> Option<String> {
    let mut stored = snapshot
        .items
        .iter()
        .map(|stored| stored.object.api_version());
    let lost = stored.find(|version| !versions.contains_key(*version));
    lost.map(str::to_owned)
}

fn resource(
    crd: &Object,
    group: &str,
    stored_api_version: &str,
    custom: CustomVersion,
) -> Resource {
    let version = &custom.version;
    let name = |key: &str| {
        crd.str_at(&["status", "acceptedNames", key])
            .unwrap_or_default()
    };
    let list = |key: &str| texts(crd.at(&["status", "acceptedNames", key]));
    let kind = name("kind").to_owned();
    let gvk = GroupVersionKind::new(group, &version.name, &kind);
    let mut subresources = Vec::new();
    let verbs: Vec<String> = ["get", "patch", "update"].map(str::to_owned).to_vec();
    if version.has_status {
        subresources.push(Subresource {
            name: "status".into(),
            gvk,
            verbs: verbs.clone(),
        });
    }
    if version.has_scale {
        subresources.push(Subresource {
            name: "scale".into(),
            gvk: GroupVersionKind::new("autoscaling", "v1", "Scale"),
            verbs,
        });
    }
    Resource {
        group: group.to_owned(),
        version: version.name.clone(),
        plural: name("plural").to_owned(),
        singular: name("singular").to_owned(),
        list_kind: name("listKind").to_owned(),
        kind,
        namespaced: crd.str_at(&["spec", "scope"]) == Some("Namespaced"),
        verbs: VERBS.iter().map(|verb| (*verb).to_owned()).collect(),
        short_names: list("shortNames"),
        categories: list("categories"),
        subresources,
        storage: ResourceId::new(group, name("plural")),
        storage_api_version: stored_api_version.to_owned(),
        schema: Some(version.merge_schema.clone()),
        custom: Some(Arc::new(custom)),
    }
}

fn custom_version(version: CrdVersion, raw: &Value, crd: &Object) -> CustomVersion {
    let selectable = raw
        .get("selectableFields")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|field| field.get("jsonPath")?.as_str())
        .map(|path| path.trim_start_matches('.').to_owned())
        .collect();
    let scale = version.has_scale.then(|| {
        let path = |key: &str| {
            let text = raw.pointer(&format!("/subresources/scale/{key}"));
            let text = text.and_then(Value::as_str).unwrap_or_default();
            text.split('.')
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        ScalePaths {
            spec_replicas: path("specReplicasPath"),
            status_replicas: path("statusReplicasPath"),
            selector: path("labelSelectorPath"),
        }
    });
    let openapi = raw
        .pointer("/schema/openAPIV3Schema")
        .cloned()
        .unwrap_or(Value::Null);
    CustomVersion {
        columns: columns(raw),
        deprecation: deprecation(raw, &version.name, crd),
        version,
        versions: Arc::default(),
        since: 0,
        lost: None,
        terminating: crd.is_deleting(),
        selectable,
        scale,
        openapi: Arc::new(openapi),
    }
}

fn deprecation(raw: &Value, version: &str, crd: &Object) -> Option<String> {
    if raw.get("deprecated").and_then(Value::as_bool) != Some(true) {
        return None;
    }
    let given = raw.get("deprecationWarning").and_then(Value::as_str);
    let group = crd.str_at(&["spec", "group"]).unwrap_or_default();
    let kind = crd.str_at(&["spec", "names", "kind"]).unwrap_or_default();
    if let Some(given) = given {
        return Some(given.to_owned());
    }
    let text = format!("{group}/{version} {kind} is deprecated");
    Some(match better_version(version, crd) {
        Some(better) => format!("{text}; use {group}/{better} {kind}"),
        None => text,
    })
}

/// The best served version above one that is not deprecated.
fn better_version<'a>(version: &str, crd: &'a Object) -> Option<&'a str> {
    let versions = crd.at(&["spec", "versions"]).and_then(Value::as_array);
    let is = |version: &Value, key: &str| version.get(key) == Some(&Value::Bool(true));
    versions
        .into_iter()
        .flatten()
        .filter(|other| is(other, "served") && !is(other, "deprecated"))
        .filter_map(|other| other.get("name")?.as_str())
        .filter(|other| compare_versions(other, version).is_gt())
        .max_by(|a, b| compare_versions(a, b))
}

fn columns(raw: &Value) -> Vec<PrinterColumn> {
    let list = raw
        .get("additionalPrinterColumns")
        .and_then(Value::as_array);
    let parse = |column: &Value| {
        let text = |key: &str| {
            column
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Some(PrinterColumn {
            name: text("name"),
            column_type: text("type"),
            format: text("format"),
            description: text("description"),
            priority: column
                .get("priority")
                .and_then(Value::as_i64)
                .unwrap_or_default(),
            path: JsonPath::parse(&text("jsonPath"))?,
        })
    };
    list.into_iter().flatten().filter_map(parse).collect()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
