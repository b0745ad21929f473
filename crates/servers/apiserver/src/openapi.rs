//! OpenAPI documents made from the schemas: version 3 per group and version, and the least of version 2.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use skein_object::GroupVersionKind;
use skein_schema::Definitions;

use crate::api::{Api, Call};
use crate::failure::Outcome;
use crate::negotiate::Encoding;
use crate::resource::{Index, Resource};
use crate::respond::{self, Reply};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

/// The form in which kubectl asks for the older document, when the newer one does not know a kind.
const PROTOBUF: &str = "proto-openapi.spec.v2";
const PROTOBUF_TYPE: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
/// A document of version 2 that describes nothing: fields 1 (`swagger`) and 2 (`info` with a title and a version).
const EMPTY_DOCUMENT: &[u8] = b"\x0a\x032.0\x12\x15\x0a\x0aKubernetes\x12\x07v1.36.3";

/// Answers paths below `/openapi/`.
pub(crate) fn answer(api: &Api, call: &Call) -> Outcome<Reply> {
    let index = api.registry.current();
    let path = call.info.path.trim_end_matches('/');
    let reply = match path {
        "/openapi/v3" => respond::value(200, Encoding::Json, &paths(&index)),
        "/openapi/v2" if call.header("accept").contains(PROTOBUF) => {
            respond::raw(200, PROTOBUF_TYPE, Bytes::from_static(EMPTY_DOCUMENT))
        }
        "/openapi/v2" => respond::value(200, Encoding::Json, &version2(&index)),
        _ => match document(&index, path) {
            Some(document) => respond::value(200, Encoding::Json, &document),
            None if path.starts_with("/openapi/v3/") => respond::empty(404),
            None => respond::text(404, "404 page not found\n"),
        },
    };
    Ok(reply)
}

fn prefix(group: &str, version: &str) -> String {
    if group.is_empty() {
        format!("api/{version}")
    } else {
        format!("apis/{group}/{version}")
    }
}

fn paths(index: &Index) -> Value {
    let mut map = Map::new();
    for (group, versions) in &index.groups {
        for version in versions {
            let path = prefix(group, version);
            let custom = if index.is_custom_group(group) {
                index.fingerprint
            } else {
                0
            };
            let url = format!("/openapi/v3/{path}?hash={custom:016X}");
            map.insert(path, json!({ "serverRelativeURL": url }));
        }
    }
    json!({ "paths": map })
}

fn document(index: &Index, path: &str) -> Option<Value> {
    let rest = path.strip_prefix("/openapi/v3/")?;
    let (group, version) = match rest.split('/').collect::<Vec<_>>().as_slice() {
        ["api", version] => (String::new(), (*version).to_owned()),
        ["apis", group, version] => ((*group).to_owned(), (*version).to_owned()),
        _ => return None,
    };
    let resources = index.of_version(&group, &version)?;
    let mut schemas = Definitions::closure(Definitions::of_group_version(&group, &version));
    let mut paths = Map::new();
    for resource in resources {
        let name = definition_name(resource);
        if resource.custom.is_some() {
            schemas.extend(custom_schemas(resource, &name));
        }
        for (path, item) in path_items(resource, &name) {
            paths.insert(path, item);
        }
    }
    Some(json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.36.3"},
        "paths": paths,
        "components": {"schemas": schemas},
    }))
}

/// Name of the definition of a resource's kind.
fn definition_name(resource: &Resource) -> String {
    if let Some(name) = resource
        .schema
        .as_ref()
        .and_then(|schema| schema.name.clone())
    {
        return name;
    }
    let reversed: Vec<&str> = resource.group.rsplit('.').collect();
    format!(
        "{}.{}.{}",
        reversed.join("."),
        resource.version,
        resource.kind
    )
}

fn custom_schemas(resource: &Resource, name: &str) -> BTreeMap<String, Value> {
    let mut schemas = Definitions::closure([OBJECT_META, LIST_META]);
    let openapi = resource
        .custom
        .as_ref()
        .map(|custom| (*custom.openapi).clone());
    let mut schema = openapi.unwrap_or(Value::Null);
    if !schema.is_object() {
        schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    }
    let gvk =
        json!([{ "group": resource.group, "version": resource.version, "kind": resource.kind }]);
    schema["x-kubernetes-group-version-kind"] = gvk;
    if !schema["properties"].is_object() {
        schema["properties"] = json!({});
    }
    schema["properties"]["apiVersion"] = json!({"type": "string"});
    schema["properties"]["kind"] = json!({"type": "string"});
    let meta = format!("#/components/schemas/{OBJECT_META}");
    schema["properties"]["metadata"] = json!({"allOf": [{"$ref": meta}]});
    schemas.insert(name.to_owned(), schema);
    let item = format!("#/components/schemas/{name}");
    let list = json!({
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "items": {"type": "array", "items": {"$ref": item}},
            "metadata": {"$ref": format!("#/components/schemas/{LIST_META}")},
        },
        "x-kubernetes-group-version-kind":
            [{"group": resource.group, "version": resource.version, "kind": resource.list_kind}],
    });
    schemas.insert(format!("{name}List"), list);
    schemas
}

/// The paths of a resource: kubectl reads from them which parameters a patch takes.
fn path_items(resource: &Resource, name: &str) -> Vec<(String, Value)> {
    let GroupVersionKind {
        group,
        version,
        kind,
    } = resource.gvk();
    let scope = if resource.namespaced {
        "/namespaces/{namespace}"
    } else {
        ""
    };
    let base = format!("/{}{scope}/{}", prefix(&group, &version), resource.plural);
    let gvk = json!({"group": group, "version": version, "kind": kind});
    let parameter = |name: &str, kind: &str| json!({"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": true}});
    let write: Vec<Value> = ["dryRun", "fieldManager", "fieldValidation"]
        .map(|name| parameter(name, "string"))
        .to_vec();
    let body = json!({"$ref": format!("#/components/schemas/{name}")});
    let answer =
        json!({"200": {"description": "OK", "content": {"application/json": {"schema": body}}}});
    let operation = |action: &str, parameters: Vec<Value>| {
        json!({
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": gvk,
            "parameters": parameters,
            "responses": answer,
        })
    };
    let mut patch = operation("patch", write.clone());
    if let Some(list) = patch["parameters"].as_array_mut() {
        list.push(parameter("force", "boolean"));
    }
    let mut collection = Map::new();
    let mut single = Map::new();
    let add = |map: &mut Map<String, Value>, verb: &str, method: &str, value: Value| {
        if resource.allows(verb) {
            map.insert(method.to_owned(), value);
        }
    };
    add(
        &mut collection,
        "list",
        "get",
        operation("list", Vec::new()),
    );
    add(
        &mut collection,
        "create",
        "post",
        operation("post", write.clone()),
    );
    add(&mut single, "get", "get", operation("get", Vec::new()));
    add(&mut single, "update", "put", operation("put", write));
    add(&mut single, "patch", "patch", patch);
    add(
        &mut single,
        "delete",
        "delete",
        operation("delete", Vec::new()),
    );
    vec![
        (base.clone(), collection.into()),
        (format!("{base}/{{name}}"), single.into()),
    ]
}

/// Enough of version 2 for clients that only look whether it is there and which kinds it has.
fn version2(index: &Index) -> Value {
    let mut definitions = Map::new();
    for resource in index.stored_once() {
        let gvk = json!([{ "group": resource.group, "version": resource.version, "kind": resource.kind }]);
        let definition = json!({"type": "object", "x-kubernetes-group-version-kind": gvk});
        definitions.insert(definition_name(&resource), definition);
    }
    json!({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "v1.36.3"},
        "paths": {},
        "definitions": definitions,
    })
}
