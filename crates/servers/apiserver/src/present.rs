//! Stored objects as a client sees them: converted to the requested version, as list items, tables or metadata.

use serde_json::{Map, Value, json};
use skein_object::Object;
use skein_store::Stored;

use crate::convert;
use crate::resource::Resource;

/// The object at the resource's version.
pub(crate) fn object(resource: &Resource, stored: &Stored) -> Object {
    let mut object = stored.object.clone();
    convert::from_storage(&mut object, resource, stored.revision);
    object
}

/// Whether the stored JSON can be sent as it is.
pub(crate) fn is_native(resource: &Resource, stored: &Stored) -> bool {
    stored.object.api_version() == resource.api_version()
        && stored.object.kind() == resource.kind
        && !convert::is_old(resource, stored.revision)
}

/// An item of a list: built-in kinds leave out apiVersion and kind, as the real server does.
pub(crate) fn list_item(resource: &Resource, stored: &Stored) -> Value {
    let mut object = object(resource, stored);
    if resource.custom.is_none() {
        object.as_map_mut().remove("apiVersion");
        object.as_map_mut().remove("kind");
    }
    object.into_value()
}

/// Metadata of a list.
pub(crate) struct ListMeta {
    pub(crate) revision: u64,
    pub(crate) continue_token: String,
    pub(crate) remaining: Option<u64>,
}

impl ListMeta {
    pub(crate) fn to_value(&self) -> Value {
        let mut map = Map::new();
        map.insert("resourceVersion".into(), self.revision.to_string().into());
        if !self.continue_token.is_empty() {
            map.insert("continue".into(), self.continue_token.as_str().into());
        }
        if let Some(remaining) = self.remaining {
            map.insert("remainingItemCount".into(), remaining.into());
        }
        Value::Object(map)
    }
}

/// A list of whole objects.
pub(crate) fn list(resource: &Resource, meta: &ListMeta, items: Vec<Value>) -> Value {
    let mut metadata = meta.to_value();
    if resource.custom.is_some() && metadata.get("continue").is_none() {
        metadata["continue"] = "".into();
    }
    json!({
        "kind": resource.list_kind,
        "apiVersion": resource.api_version(),
        "metadata": metadata,
        "items": items,
    })
}

/// Rewrites what is of meta.k8s.io/v1 in a table or in metadata to v1beta1.
pub(crate) fn to_beta(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, child) in map.iter_mut() {
                match key.as_str() {
                    "apiVersion" if child == "meta.k8s.io/v1" => {
                        *child = "meta.k8s.io/v1beta1".into();
                    }
                    "rows" | "items" | "object" => to_beta(child),
                    _ => {}
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(to_beta),
        _ => {}
    }
}

/// The type of an object (or of a list) as Go's encoder names it in refusals.
pub(crate) fn go_type(resource: &Resource, list: bool) -> String {
    let list = if list { "List" } else { "" };
    if resource.custom.is_some() {
        return format!("*unstructured.Unstructured{list}");
    }
    // The internal types are in packages named after the first word of the group.
    let package = match resource.storage.group().split('.').next() {
        None | Some("") => "core",
        Some(word) => word,
    };
    format!("*{package}.{}{list}", resource.kind)
}

/// Only the metadata of an object.
pub(crate) fn metadata(object: &Object) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object.at(&["metadata"]).cloned().unwrap_or_default(),
    })
}

/// A list of metadata.
pub(crate) fn metadata_list(meta: &ListMeta, items: Vec<Value>) -> Value {
    json!({
        "kind": "PartialObjectMetadataList",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta.to_value(),
        "items": items,
    })
}
