//! The objects that a new cluster starts with: namespaces, roles and bindings, priority classes, services and flow control of the API.

use std::sync::Arc;

use serde_json::{Value, json};
use skein_object::Object;
use skein_store::{Key, WriteError};

use crate::api::{self, Api};
use crate::controllers;
use crate::failure::{Failure, Outcome};
use crate::resource::Resource;
use crate::{ownership, write};

/// Roles, bindings, priority classes, APIServices and flow control of Kubernetes 1.36, one JSON object a line.
const OBJECTS: &str = include_str!("../data/bootstrap.txt");

/// Namespaces of every cluster.
const NAMESPACES: &[&str] = &["default", "kube-node-lease", "kube-public", "kube-system"];

/// Makes what is absent, and serves the definitions that are stored.
pub(crate) async fn run(api: &Arc<Api>) -> Outcome<()> {
    for name in NAMESPACES {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        ensure(api, "", "v1", "namespaces", namespace).await?;
    }
    for line in OBJECTS.lines() {
        let value: Value = serde_json::from_str(line).map_err(|error| {
            Failure::internal(format!("the bootstrap data is damaged: {error}"))
        })?;
        put(api, value).await?;
    }
    let id = skein_store::ResourceId::new("rbac.authorization.k8s.io", "clusterroles");
    controllers::roles::aggregate(api, &api.store.list(&id, None).items).await;
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "kubernetes", "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {"clusterIP": "10.96.0.1", "type": "ClusterIP", "sessionAffinity": "None",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]},
    });
    ensure(api, "", "v1", "services", service).await?;
    controllers::definitions::refresh(api);
    Ok(())
}

/// Creates an object through the ordinary way unless it is there.
async fn ensure(
    api: &Arc<Api>,
    group: &str,
    version: &str,
    plural: &str,
    value: Value,
) -> Outcome<()> {
    let Some(resource) = api.registry.current().find(group, version, plural) else {
        return Ok(());
    };
    let mut object =
        Object::from_value(value).map_err(|error| Failure::internal(error.to_string()))?;
    let key = Key::new(&resource.storage, object.namespace(), object.name());
    if api.store.get(&key).is_some() {
        return Ok(());
    }
    skein_schema::api_defaults::apply(&mut object);
    let options = write::own_options("kube-apiserver");
    write::insert(api, &resource, object, &options, None)
        .await
        .map(|_| ())
}

/// The group of flow control, whose objects are not written by the API server at large.
const FLOW_CONTROL: &str = "flowcontrol.apiserver.k8s.io";
const FLOW_WRITER: &str = "api-priority-and-fairness-config-producer-v1";
const FLOW_REPORTER: &str = "api-priority-and-fairness-config-consumer-v1";

/// Gives a bootstrap object its status, whose conditions begin now.
fn report(resource: &Resource, object: &mut Object, mut status: Value, now: &str) -> Outcome<()> {
    let conditions = status.get_mut("conditions").and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        condition["lastTransitionTime"] = now.into();
    }
    if !resource.is(FLOW_CONTROL, "flowschemas") {
        object.set(&["status"], status);
        return Ok(());
    }
    let configuration = json!({"apiVersion": object.api_version(), "kind": object.kind(),
        "metadata": {"name": object.name()}, "status": status});
    let configuration =
        Object::from_value(configuration).map_err(|error| Failure::internal(error.to_string()))?;
    let live = Some(&*object);
    *object = ownership::apply(
        resource,
        "status",
        live,
        &configuration,
        FLOW_REPORTER,
        true,
        now,
    )?;
    Ok(())
}

/// Stores a bootstrap object as it is unless it is there.
async fn put(api: &Api, value: Value) -> Outcome<()> {
    let mut object =
        Object::from_value(value).map_err(|error| Failure::internal(error.to_string()))?;
    let Some(resource) = api.registry.current().find_kind(&object.gvk()) else {
        return Ok(());
    };
    let key = Key::new(&resource.storage, object.namespace(), object.name());
    if api.store.get(&key).is_some() {
        return Ok(());
    }
    object.set(
        &["metadata", "uid"],
        uuid::Uuid::new_v4().to_string().into(),
    );
    let now = api::now();
    let status = object.remove(&["status"]);
    let writer = match resource.group == FLOW_CONTROL {
        true => FLOW_WRITER,
        false => "kube-apiserver",
    };
    ownership::track(&resource, "", None, &mut object, writer, &now);
    object.set(&["metadata", "creationTimestamp"], now.as_str().into());
    if let Some(status) = status {
        report(&resource, &mut object, status, &now)?;
    }
    match api.store.create(key, object).await {
        Ok(_) | Err(WriteError::Exists(_)) => Ok(()),
        Err(error) => Err(Failure::internal(error.to_string())),
    }
}
