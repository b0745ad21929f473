//! Discovery: `/api`, `/apis` and below, in the legacy and the aggregated form.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, VARY};
use serde_json::{Value, json};
use skein_object::GroupVersionKind;

use crate::api::{Api, Call};
use crate::failure::{Failure, Outcome};
use crate::negotiate::Encoding;
use crate::resource::{Index, Resource};
use crate::respond::{self, Reply};

/// Bytes of a digest that mark a storage version.
const STORAGE_HASH_BYTES: usize = 8;

/// Answers a discovery path; `None` when the path is something else.
pub(crate) fn answer(api: &Api, call: &Call) -> Outcome<Option<Reply>> {
    let path = call.info.path.trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    if !matches!(parts.as_slice(), ["api" | "apis", ..]) || parts.len() > 3 {
        return Ok(None);
    }
    if !matches!(call.method, Method::GET | Method::HEAD) {
        return Err(Failure::unsupported_method());
    }
    let index = api.registry.current();
    let reply = match parts.as_slice() {
        ["api"] => root(call, &index, true, || {
            json!({
                "kind": "APIVersions",
                "versions": ["v1"],
                "serverAddressByClientCIDRs":
                    [{"clientCIDR": "0.0.0.0/0", "serverAddress": api.address}],
            })
        }),
        ["apis"] => root(call, &index, false, || group_list(&index)),
        ["api", version] => resources(&index, "", version)?,
        ["apis", group] => {
            let found = index.groups.iter().find(|(name, _)| name == group);
            let (name, versions) = found.ok_or_else(Failure::page_not_found)?;
            let mut value = group_value(name, versions);
            value["kind"] = "APIGroup".into();
            value["apiVersion"] = "v1".into();
            respond::value(200, Encoding::Json, &value)
        }
        ["apis", group, version] => resources(&index, group, version)?,
        _ => return Ok(None),
    };
    Ok(Some(reply))
}

/// Whether the client asks for the aggregated form, and in which version.
fn aggregated(accept: &str) -> Option<&'static str> {
    accept.split(',').find_map(|clause| {
        let has = |part: &str| clause.split(';').any(|piece| piece.trim() == part);
        let wanted = has("g=apidiscovery.k8s.io") && has("as=APIGroupDiscoveryList");
        match (wanted, has("v=v2"), has("v=v2beta1")) {
            (true, true, _) => Some("v2"),
            (true, _, true) => Some("v2beta1"),
            _ => None,
        }
    })
}

fn root(call: &Call, index: &Index, core: bool, legacy: impl FnOnce() -> Value) -> Reply {
    let mut reply = match aggregated(call.header("accept")) {
        None => respond::value(200, Encoding::Json, &legacy()),
        Some(version) => {
            let items: Vec<Value> = index
                .groups
                .iter()
                .filter(|(name, _)| name.is_empty() == core)
                .map(|(name, versions)| group_discovery(index, name, versions))
                .collect();
            let list = json!({
                "kind": "APIGroupDiscoveryList",
                "apiVersion": format!("apidiscovery.k8s.io/{version}"),
                "metadata": {},
                "items": items,
            });
            let mut reply = respond::value(200, Encoding::Json, &list);
            let content_type = match version {
                "v2" => "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
                _ => "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
            };
            let headers = reply.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("public"));
            if let Ok(tag) = HeaderValue::from_str(&format!("\"{:016X}\"", index.fingerprint)) {
                headers.insert(ETAG, tag);
            }
            reply
        }
    };
    reply
        .headers_mut()
        .insert(VARY, HeaderValue::from_static("Accept"));
    reply
}

fn group_value(name: &str, versions: &[String]) -> Value {
    let entry = |version: &String| {
        let group_version = GroupVersionKind::new(name, version.as_str(), "").api_version();
        json!({"groupVersion": group_version, "version": version})
    };
    let list: Vec<Value> = versions.iter().map(entry).collect();
    let preferred = list.first().cloned().unwrap_or_default();
    json!({"name": name, "versions": list, "preferredVersion": preferred})
}

fn group_list(index: &Index) -> Value {
    let named = index.groups.iter().filter(|(name, _)| !name.is_empty());
    let groups: Vec<Value> = named
        .map(|(name, versions)| group_value(name, versions))
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

fn resources(index: &Index, group: &str, version: &str) -> Outcome<Reply> {
    let found = index
        .of_version(group, version)
        .ok_or_else(|| index.nothing_there(group))?;
    let mut entries = Vec::new();
    for resource in found {
        entries.push(resource_value(resource));
        for sub in &resource.subresources {
            let mut entry = json!({
                "name": format!("{}/{}", resource.plural, sub.name),
                "singularName": "",
                "namespaced": resource.namespaced,
                "kind": sub.gvk.kind,
                "verbs": sub.verbs,
            });
            if sub.gvk.group != resource.group || sub.gvk.version != resource.version {
                entry["group"] = sub.gvk.group.as_str().into();
                entry["version"] = sub.gvk.version.as_str().into();
            }
            entries.push(entry);
        }
    }
    let group_version = GroupVersionKind::new(group, version, "").api_version();
    let mut list = json!({
        "kind": "APIResourceList",
        "groupVersion": group_version,
        "resources": entries,
    });
    if !group.is_empty() {
        // The oldest list says nothing of its own version.
        list["apiVersion"] = "v1".into();
    }
    Ok(respond::value(200, Encoding::Json, &list))
}

/// Kinds that a real server still stores in an older version.
fn stored_as_beta(resource: &Resource) -> bool {
    matches!(
        (resource.group.as_str(), resource.plural.as_str()),
        ("apiextensions.k8s.io", "customresourcedefinitions")
            | (
                "admissionregistration.k8s.io",
                "mutatingadmissionpolicies" | "mutatingadmissionpolicybindings"
            )
    )
}

/// Marks the version in which objects are stored: the start of a digest of group, version and kind.
fn storage_hash(resource: &Resource) -> Option<String> {
    let is_stored = resource.allows("get") && resource.allows("create");
    let (group, version) = match resource.storage_api_version.split_once('/') {
        Some((group, _)) if stored_as_beta(resource) => (group, "v1beta1"),
        Some(parts) => parts,
        None => ("", resource.storage_api_version.as_str()),
    };
    let text = format!("{group}/{version}/{}", resource.kind);
    let digest = digest(&SHA256, text.as_bytes());
    let start = digest.as_ref().get(..STORAGE_HASH_BYTES)?;
    is_stored.then(|| STANDARD.encode(start))
}

fn resource_value(resource: &Resource) -> Value {
    let mut value = json!({
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": resource.told_verbs(),
    });
    if !resource.short_names.is_empty() {
        value["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        value["categories"] = json!(resource.categories);
    }
    if let Some(hash) = storage_hash(resource) {
        value["storageVersionHash"] = hash.into();
    }
    value
}

fn group_discovery(index: &Index, name: &str, versions: &[String]) -> Value {
    let version = |version: &String| {
        let resources = index.of_version(name, version).unwrap_or_default();
        let resources: Vec<Value> = resources.iter().map(|r| resource_discovery(r)).collect();
        json!({"version": version, "resources": resources, "freshness": "Current"})
    };
    let versions: Vec<Value> = versions.iter().map(version).collect();
    let metadata = if name.is_empty() {
        json!({})
    } else {
        json!({"name": name})
    };
    json!({"metadata": metadata, "versions": versions})
}

fn resource_discovery(resource: &Resource) -> Value {
    let kind = |gvk: &GroupVersionKind| {
        // Kinds of the same group and version leave both out.
        let same = gvk.group == resource.group && gvk.version == resource.version;
        let (group, version) = if same {
            ("", "")
        } else {
            (gvk.group.as_str(), gvk.version.as_str())
        };
        let custom = resource.custom.is_some() && same;
        let (group, version) = if custom {
            (resource.group.as_str(), resource.version.as_str())
        } else {
            (group, version)
        };
        json!({"group": group, "version": version, "kind": gvk.kind})
    };
    let mut value = json!({
        "resource": resource.plural,
        "responseKind": kind(&resource.gvk()),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": resource.told_verbs(),
    });
    if !resource.short_names.is_empty() {
        value["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        value["categories"] = json!(resource.categories);
    }
    let subresources: Vec<Value> = resource
        .subresources
        .iter()
        .map(|sub| json!({"subresource": sub.name, "responseKind": kind(&sub.gvk), "verbs": sub.verbs}))
        .collect();
    if !subresources.is_empty() {
        value["subresources"] = Value::Array(subresources);
    }
    value
}
