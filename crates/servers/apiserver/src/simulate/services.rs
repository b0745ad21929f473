//! Services: addresses of load balancers, and the endpoints behind a selector.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use skein_object::Object;
use skein_store::{Key, ResourceId, Stored};

use super::world::{self, World, fields, is_ready, owned_by};

/// First two bytes of load balancer addresses.
const NETWORK: (u8, u8) = (172, 18);

/// The Services of the Pod's namespace that select it.
pub(super) fn selecting(world: &World, pod: &Object) -> Vec<Key> {
    let services = world
        .api
        .store
        .list(&ResourceId::new("", "services"), Some(pod.namespace()));
    let mut keys = Vec::new();
    for service in services.items {
        if selects(&service.object, pod) {
            keys.push(service.key.clone());
        }
    }
    keys
}

fn selector(service: &Object) -> Option<&Map<String, Value>> {
    let selector = service.at(&["spec", "selector"])?.as_object()?;
    (!selector.is_empty()).then_some(selector)
}

fn selects(service: &Object, pod: &Object) -> bool {
    let Some(selector) = selector(service) else {
        return false;
    };
    let empty = Map::new();
    let labels = pod.labels().unwrap_or(&empty);
    selector
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
}

/// Gives a load balancer its address and keeps the endpoints.
pub(super) async fn sync(world: &World, key: &Key) -> Option<Duration> {
    let stored = world.get(key)?;
    let service = &stored.object;
    if service.is_deleting() {
        return None;
    }
    let balanced = service.str_at(&["spec", "type"]) == Some("LoadBalancer")
        && service.str_at(&["spec", "loadBalancerClass"]).is_none();
    let addressed = service.at(&["status", "loadBalancer", "ingress"]).is_some();
    if balanced && !addressed {
        let address = balancer_address(service);
        let ingress = json!({"ingress": [{"ip": address, "ipMode": "VIP"}]});
        world.report(key, fields([("loadBalancer", ingress)])).await;
    } else if !balanced && addressed {
        world
            .report(key, fields([("loadBalancer", json!({}))]))
            .await;
    }
    if selector(service).is_some() {
        endpoints(world, service).await;
    }
    None
}

fn balancer_address(service: &Object) -> String {
    let wanted = service
        .str_at(&["spec", "loadBalancerIP"])
        .unwrap_or_default();
    if !wanted.is_empty() {
        return wanted.to_owned();
    }
    let cluster = service
        .str_at(&["spec", "clusterIP"])
        .unwrap_or("10.96.0.1");
    let tail: Vec<&str> = cluster.split('.').skip(2).collect();
    format!("{}.{}.{}", NETWORK.0, NETWORK.1, tail.join("."))
}

/// The number that a Service's port leads to in a Pod.
fn target_port(port: &Value, pod: &Object) -> Option<u64> {
    match port.get("targetPort") {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(name)) => {
            let containers = pod.at(&["spec", "containers"])?.as_array()?;
            containers
                .iter()
                .filter_map(|container| container.get("ports")?.as_array())
                .flatten()
                .find(|port| port.get("name").and_then(Value::as_str) == Some(name))
                .and_then(|port| port.get("containerPort")?.as_u64())
        }
        _ => port.get("port")?.as_u64(),
    }
}

async fn endpoints(world: &World, service: &Object) {
    let pods = world
        .api
        .store
        .list(&ResourceId::new("", "pods"), Some(service.namespace()))
        .items;
    let chosen: Vec<Arc<Stored>> = pods
        .into_iter()
        .filter(|pod| selects(service, &pod.object) && !pod.object.is_deleting())
        .filter(|pod| pod.object.str_at(&["status", "podIP"]).is_some())
        .filter(|pod| {
            !matches!(
                pod.object.str_at(&["status", "phase"]),
                Some("Succeeded" | "Failed")
            )
        })
        .collect();
    let list: Vec<Value> = chosen.iter().map(|pod| endpoint(&pod.object)).collect();
    let ports = service.at(&["spec", "ports"]).and_then(Value::as_array);
    let ports: Vec<Value> = ports
        .into_iter()
        .flatten()
        .map(|port| {
            let target = chosen
                .first()
                .and_then(|pod| target_port(port, &pod.object));
            json!({"name": port.get("name").and_then(Value::as_str).unwrap_or_default(),
                "port": target, "protocol": port.get("protocol").cloned().unwrap_or("TCP".into())})
        })
        .collect();
    let ports = if chosen.is_empty() { Vec::new() } else { ports };
    slice(world, service, list, ports.clone()).await;
    legacy(world, service, &chosen, ports).await;
}

fn endpoint(pod: &Object) -> Value {
    let ready = is_ready(pod);
    json!({
        "addresses": [pod.str_at(&["status", "podIP"]).unwrap_or_default()],
        "conditions": {"ready": ready, "serving": ready, "terminating": false},
        "nodeName": pod.str_at(&["spec", "nodeName"]).unwrap_or_default(),
        "targetRef": {"kind": "Pod", "name": pod.name(), "namespace": pod.namespace(), "uid": pod.uid()},
    })
}

async fn slice(world: &World, service: &Object, endpoints: Vec<Value>, ports: Vec<Value>) {
    let id = ResourceId::new("discovery.k8s.io", "endpointslices");
    let name = format!(
        "{}-{}",
        service.name(),
        &world::hash(&service.uid().into())[..5]
    );
    let key = Key::new(&id, service.namespace(), name.as_str());
    let mut labels = service.labels().cloned().unwrap_or_default();
    labels.insert("kubernetes.io/service-name".into(), service.name().into());
    let manager = "endpointslice-controller.k8s.io";
    labels.insert(
        "endpointslice.kubernetes.io/managed-by".into(),
        manager.into(),
    );
    if service.str_at(&["spec", "clusterIP"]) == Some("None") {
        labels.insert("service.kubernetes.io/headless".into(), "".into());
    }
    if world.get(&key).is_some() {
        let edit = |object: &mut Object| {
            object.set(&["endpoints"], Value::Array(endpoints.clone()));
            object.set(&["ports"], Value::Array(ports.clone()));
        };
        world.change(&key, "", world::MANAGER, edit).await;
        return;
    }
    world
        .create(json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": name, "namespace": service.namespace(), "labels": labels,
                "generateName": format!("{}-", service.name()), "ownerReferences": owned_by(service)},
            "endpoints": endpoints, "ports": ports,
        }))
        .await;
}

async fn legacy(world: &World, service: &Object, pods: &[Arc<Stored>], ports: Vec<Value>) {
    let key = Key::new(
        &ResourceId::new("", "endpoints"),
        service.namespace(),
        service.name(),
    );
    let address = |pod: &Arc<Stored>| {
        let pod = &pod.object;
        json!({"ip": pod.str_at(&["status", "podIP"]).unwrap_or_default(), "nodeName": world::NODE,
            "targetRef": {"kind": "Pod", "name": pod.name(), "namespace": pod.namespace(), "uid": pod.uid()}})
    };
    let part = |ready: bool| -> Vec<Value> {
        pods.iter()
            .filter(|pod| is_ready(&pod.object) == ready)
            .map(address)
            .collect()
    };
    let mut subset = Map::new();
    for (field, list) in [
        ("addresses", part(true)),
        ("notReadyAddresses", part(false)),
        ("ports", ports),
    ] {
        if !list.is_empty() {
            subset.insert(field.into(), Value::Array(list));
        }
    }
    let subsets = if subset.is_empty() {
        Vec::new()
    } else {
        vec![Value::Object(subset)]
    };
    if world.get(&key).is_some() {
        let edit = |object: &mut Object| {
            if subsets.is_empty() {
                object.remove(&["subsets"]);
            } else {
                object.set(&["subsets"], Value::Array(subsets.clone()));
            }
        };
        world.change(&key, "", world::MANAGER, edit).await;
        return;
    }
    let mut labels = service.labels().cloned().unwrap_or_default();
    labels.insert(
        "endpoints.kubernetes.io/managed-by".into(),
        "endpoint-controller".into(),
    );
    let mut object = json!({
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": {"name": service.name(), "namespace": service.namespace(), "labels": labels,
            "ownerReferences": owned_by(service)},
    });
    if !subsets.is_empty() {
        object["subsets"] = Value::Array(subsets);
    }
    world.create(object).await;
}
